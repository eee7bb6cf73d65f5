/* SPDX-License-Identifier: Apache-2.0 */
/* The script that this process is about. An operation runs in a process of its own and has one agent: describe() finds it, and the
 * operation that is called then uses it. */
#ifndef OCF_SCRIPT_H
#define OCF_SCRIPT_H

#include "cache.h"

struct ocf_agent {
    struct ocf_script script;
    struct ocf_meta meta;
    const char *reload; /* the action; NULL: none */
    struct halyard_agent descriptor;
};

/* NULL: describe() has found none. */
const struct ocf_agent *ocf_agent(void);
const void *ocf_describe(const struct halyard_site *site, const char *provider, const char *type,
                         enum halyard_rc *answer);

/* What makes it so that both classes have the same descriptor but for their name. */
#define OCF_PLUGIN(CLASS, BRIEF)                                                                                       \
    {                                                                                                                  \
        .magic = HALYARD_AGENT_MAGIC, .major = HALYARD_AGENT_MAJOR, .minor = HALYARD_AGENT_MINOR,                      \
        .size = sizeof(struct halyard_agent), .param_size = sizeof(struct halyard_param), .caps = HALYARD_CAP_SCRIPT,  \
        .cls = CLASS, .provider = "*", .type = "*", .version = "1.0", .brief = BRIEF, .params = ocf_no_params,         \
        .start = ocf_start, .stop = ocf_stop, .monitor = ocf_monitor, .describe = ocf_describe,                        \
    }
extern const struct halyard_param ocf_no_params[];

/* operations.c */
halyard_op_fn ocf_start, ocf_stop, ocf_monitor, ocf_validate, ocf_promote, ocf_demote, ocf_notify, ocf_reload,
    ocf_migrate_to, ocf_migrate_from;

#endif
