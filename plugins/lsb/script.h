/* SPDX-License-Identifier: Apache-2.0 */
/* The init script of a resource. */
#ifndef LSB_SCRIPT_H
#define LSB_SCRIPT_H

#include "halyard/agent.h"

#include <limits.h>
#include <stdint.h>

struct lsb_script {
    const struct halyard_host *host;
    const struct halyard_op *op;
    char path[PATH_MAX];
};

/* Each says with host->reason() what is wrong. `find`: name, then check. */
enum halyard_rc lsb_script_name(const struct halyard_host *host, const struct halyard_op *op,
                                struct lsb_script *script);
enum halyard_rc lsb_script_check(const struct lsb_script *script);
enum halyard_rc lsb_script_find(const struct halyard_host *host, const struct halyard_op *op,
                                struct lsb_script *script);

/* The exit status, or -errno. */
int lsb_script_call(const struct lsb_script *script, const char *action);
/* The same, with what it printed. */
int lsb_script_capture(const struct lsb_script *script, const char *action, char *out, uint32_t size);

#endif
