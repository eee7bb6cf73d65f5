/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a script's meta-data say, in the form in which they are kept. Lines of "KEY VALUE"; in a value a newline is written
 * "\n" and a backslash "\\". What belongs to a parameter follows its line.
 *
 *   api 1.1                       the version of the OCF Resource Agent API that it keeps to
 *   version 2.0                   its own
 *   brief TEXT, doc TEXT
 *   action NAME TIMEOUT INTERVAL  in milliseconds; 0: not said
 *   param NAME TYPE FLAGS         TYPE: string, integer, boolean, choice; FLAGS out of: r(equired) u(nique) l(oads again)
 *                                 s(ecret), or -
 *   range TEXT, default TEXT, param-brief TEXT, param-doc TEXT
 *   problem TEXT                  they could not be read, and why; then there is nothing else
 */
#ifndef OCF_META_H
#define OCF_META_H

#include "halyard/agent.h"

#include <stdbool.h>
#include <stddef.h>

struct ocf_meta {
    char *api, *version, *brief, *doc;
    char *problem;                /* NULL: none */
    struct halyard_param *params; /* ends with name == NULL; never NULL */
    size_t param_count;
    uint32_t start_ms, stop_ms, monitor_ms, interval_ms;
    bool has_notify, has_validate, has_reload, has_reload_agent;
};

/* False: not of this form; then `meta` is empty. */
bool ocf_meta_parse(const char *text, struct ocf_meta *meta);
void ocf_meta_free(struct ocf_meta *meta);

/* With what is to be called so that a changed parameter is taken over; NULL: nothing, it is restarted. An agent of OCF 1.1
 * has reload-agent for the parameters it marks. An older one has reload, for all parameters that are not unique
 * ("Pacemaker Administration", "Reloading an agent after a definition change"). */
const char *ocf_meta_reload(const struct ocf_meta *meta);

#endif
