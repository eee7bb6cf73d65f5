/* SPDX-License-Identifier: Apache-2.0 */
/* Does it serve? A program that runs may not. */
#ifndef SUPERVISOR_SERVING_H
#define SUPERVISOR_SERVING_H

#include "halyard/agent.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The checks that are configured: the port, then the command. False: it does not; `why` is one line. Ends by `until`
 * (sv_now()) and by check_timeout. */
bool sv_check(const struct halyard_host *host, const struct halyard_op *op, int64_t until, char *why, size_t room);

/* Are the parameters sound on this host? HALYARD_OK, or with the reason said. */
enum halyard_rc sv_check_validate(const struct halyard_host *host, const struct halyard_op *op);

bool sv_check_is_set(const struct halyard_host *host, const struct halyard_op *op);

/* check_port */
bool sv_check_port(const char *host, const char *port, bool mysql, int64_t until, char *why, size_t room);
/* check; `user` may be NULL */
bool sv_check_command(const char *command, const char *user, int64_t until, char *why, size_t room);

#endif
