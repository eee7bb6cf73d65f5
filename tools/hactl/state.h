/* SPDX-License-Identifier: Apache-2.0 */
/* The cluster as this node knows it: its report and the CIB, and what the scheduler makes of it. */
#ifndef HACTL_STATE_H
#define HACTL_STATE_H

#include "cib/cib.h"
#include "hactl/hactl.h"
#include "scheduler/scheduler.h"

#include <jansson.h>

struct hactl_state {
    json_t *report; /* keys: core/daemon/report.c */
    struct hy_cib *cib;
    struct hy_decision *decision;
    HY_VEC(struct hy_inflight) inflight; /* strings are the report's */
};

/* From a report's JSON and a CIB, which it owns from then on. Says what is wrong and returns an exit status. */
int hactl_state_make(const struct hy_buf *report, struct hy_cib *cib, struct hactl_state *state);
/* As this node's core knows it now, at once: for a look, and for what is asked again and again. */
int hactl_state_glance(struct hactl *h, struct hactl_state *state);
/* With all that was acknowledged before, anywhere in the cluster: for what decides on it. Fails without quorum. */
int hactl_state_fetch(struct hactl *h, struct hactl_state *state);
/* The same; without quorum what this node knows, with a warning on stderr: for what is shown. */
int hactl_state_show(struct hactl *h, struct hactl_state *state);
void hactl_state_free(struct hactl_state *state);

/* Of the report: "" or 0 or false when it is not there. */
const char *hactl_state_text(const struct hactl_state *state, const char *key);
int64_t hactl_state_number(const struct hactl_state *state, const char *key);
bool hactl_state_flag(const struct hactl_state *state, const char *key);
/* The report's entry of a node; NULL: unknown. */
const json_t *hactl_state_node(const struct hactl_state *state, const char *node);
/* Is the node a member? Without quorum, when nobody can declare it gone: and is it heard? */
bool hactl_state_online(const struct hactl_state *state, const char *node);

/* The resource (primitive, group or clone) of that id, or NULL with a line on stderr. */
struct hy_object *hactl_state_resource(const struct hactl_state *state, const char *id);
/* The outermost resource it belongs to: a clone for its member; itself when it stands alone. */
struct hy_object *hactl_state_top(const struct hactl_state *state, struct hy_object *resource);
/* Does `primitive` belong to `resource` (is it, or is it in it)? */
bool hactl_state_contains(const struct hactl_state *state, const struct hy_object *resource, const char *primitive);
/* The meta attributes of a primitive, group or clone. */
struct hy_attr_sets *hactl_state_meta(struct hy_object *resource);
/* Prints one JSON value and a newline on stdout, and releases it. */
void hactl_print_json(json_t *value);
bool hactl_state_is_node(const struct hactl_state *state, const char *node); /* says so when it is none */

#endif
