/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a CIB says of a resource or a node, read plainly and once more, apart from the scheduler's own reading: so that the two
 * can be held against each other.
 */
#ifndef SIM_FACTS_H
#define SIM_FACTS_H

#include "sim/world.h"

/* Of all cores that are up, the state that is applied furthest; NULL: no core is up. */
const struct hy_cib *fact_newest(const struct sim_world *world);

/* "db:1" is of the primitive "db". Into `id`, at least HY_ID_MAX + 1 bytes. */
const char *fact_primitive_id(const char *rsc, char *id);

/* The clone that the primitive is in, directly or by its group; NULL: none. */
const struct hy_object *fact_clone_of(const struct hy_cib *cib, const char *rsc);
/* Is it a resource of which one instance may run at a time? True of what is configured no more, too. */
bool fact_is_single(const struct hy_cib *cib, const char *rsc);

/* A meta attribute of the primitive, its group, its clone, or rsc_defaults; NULL: not set. */
const char *fact_meta(const struct hy_cib *cib, const char *rsc, const char *name);
bool fact_is_true(const char *value, bool unset);

/* What a DC decides by. */
struct fact_view {
    const struct hy_cib *cib;
    hy_wall now; /* its clock: a failure is failure-timeout old, or not yet */
};

bool fact_is_managed(const struct fact_view *view, const char *rsc, const char *node);
/* It may have nothing started: a witness, standby, leaving, not a member; NULL: it may. */
const char *fact_node_unfit(const struct hy_cib *cib, const char *node);
/* A location constraint of the primitive, its group or its clone bans it there: its id; NULL: none. */
const char *fact_ban(const struct hy_cib *cib, const char *rsc, const char *node);

/* What is on record of an instance on a node. */
enum fact_belief {
    FACT_UNKNOWN, /* nothing */
    FACT_INACTIVE,
    FACT_ACTIVE,
    FACT_UNCERTAIN, /* a start, stop or check failed, or is under way */
};
enum fact_belief fact_belief(const struct hy_node_status *status, const char *rsc);
bool fact_failed_stop(const struct hy_node_status *status, const char *rsc);
/* May what comes after it be started, by the record of this node? When it is active and not blocked (a stop that failed,
 * on-fail=block; once that has expired, what a probe has found counts). What is unmanaged is taken as active when it has failed, too, but not when it was seen not to run. */
bool fact_is_up(const struct fact_view *view, const struct hy_node_status *status, const char *rsc);
/* It is taken as active on some member although it has failed: whether it runs there is nobody's promise. */
bool fact_is_trusted(const struct fact_view *view, const char *rsc);

enum { FACT_MANY = 32 };

/* The primitives that mandatory orders want started before this one; and those that they want stopped before it. */
size_t fact_firsts(const struct hy_cib *cib, const char *primitive, const char *list[FACT_MANY]);
size_t fact_thens(const struct hy_cib *cib, const char *primitive, const char *list[FACT_MANY]);
/* The member before (-1) or behind (1) it in its group; NULL: none. */
const char *fact_group_neighbour(const struct hy_cib *cib, const char *primitive, int step);

/* Members of a primitive, group or clone: the primitives in it, in order. Returns how many, at most `most`. */
size_t fact_primitives(const struct hy_cib *cib, const char *id, const char **list, size_t most);

#endif
