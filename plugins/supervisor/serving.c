/* SPDX-License-Identifier: Apache-2.0 */
#include "serving.h"

#include "clock.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t end_of(const struct halyard_host *host, const struct halyard_op *op, int64_t until)
{
    const char *given = host->get(op, "check_timeout");
    int64_t end = sv_now() + (given ? strtoll(given, NULL, 10) : 0);
    return end < until ? end : until;
}

bool sv_check_is_set(const struct halyard_host *host, const struct halyard_op *op)
{
    return host->get(op, "check_port") || host->get(op, "check");
}

bool sv_check(const struct halyard_host *host, const struct halyard_op *op, int64_t until, char *why, size_t room)
{
    const char *port = host->get(op, "check_port"), *command = host->get(op, "check");
    const char *protocol = host->get(op, "check_protocol"), *where = host->get(op, "check_host");
    if (port && !sv_check_port(where ? where : "127.0.0.1", port, protocol && strcmp(protocol, "mysql") == 0,
                               end_of(host, op, until), why, room))
        return false;
    return !command || sv_check_command(command, host->get(op, "check_user"), end_of(host, op, until), why, room);
}

enum halyard_rc sv_check_validate(const struct halyard_host *host, const struct halyard_op *op)
{
    const char *user = host->get(op, "check_user"), *protocol = host->get(op, "check_protocol");
    if (user && !host->get(op, "check")) {
        host->reason(op, "check_user without check: there is no command to run as %s", user);
        return HALYARD_ERR_CONFIGURED;
    }
    if (protocol && strcmp(protocol, "mysql") == 0 && !host->get(op, "check_port")) {
        host->reason(op, "check_protocol=mysql without check_port: set the port at which it serves");
        return HALYARD_ERR_CONFIGURED;
    }
    errno = 0;
    if (user && !getpwnam(user)) {
        host->reason(op, "check_user: this host has no user %s", user);
        return HALYARD_ERR_ARGS;
    }
    return HALYARD_OK;
}
