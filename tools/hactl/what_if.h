/* SPDX-License-Identifier: Apache-2.0 */
/* Where things would come to rest, and what is lost from one such state to another. */
#ifndef HACTL_WHAT_IF_H
#define HACTL_WHAT_IF_H

#include "hactl/simulate.h"

/* Decided and carried out in thought, until nothing is left to do. */
struct hactl_future {
    struct hy_decision *first; /* what would be done at first */
    struct hactl_state rest;   /* how it comes to rest */
};

/* Takes the CIB. `live`: as for hactl_decide(). */
void hactl_future_make(struct hy_cib *cib, const struct hactl_setting *setting, const struct hactl_state *live,
                       struct hactl_future *future);
void hactl_future_free(struct hactl_future *future);

enum hactl_effect_kind {
    HACTL_LOST,      /* it had a place, and has none */
    HACTL_DEMOTED,   /* it was promoted somewhere, and is nowhere */
    HACTL_MOVED,     /* to another node; of a promotable clone: the promoted instance */
    HACTL_RESTARTED, /* where it is */
    HACTL_FEWER      /* instances of a clone than before */
};

struct hactl_effect {
    enum hactl_effect_kind kind;
    const char *rsc;                      /* a clone's primitive, or the resource */
    const char *from, *to;                /* nodes; NULL */
    size_t before, after;                 /* instances of a clone */
    const char *why;                      /* NULL: nothing is to be said */
    const struct hy_placement *placement; /* LOST: as it comes to rest; NULL: it is not in the configuration any more */
};

struct hactl_effects {
    HY_VEC(struct hactl_effect) list; /* the worst first; strings are the futures', or kept */
    size_t lost;                      /* LOST and DEMOTED */
    struct hy_arena kept;
};

void hactl_effects_find(const struct hactl_future *before, const struct hactl_future *after,
                        struct hactl_effects *effects);
/* Its own copy of all strings, so that the future may go; no placement is known from then on. */
void hactl_effects_keep(struct hactl_effects *effects);
void hactl_effects_free(struct hactl_effects *effects);

/* One thing that might happen. */
struct hactl_what_if_case {
    const char *event; /* "node-down", "standby", "fail" */
    const char *node;
    const char *rsc; /* NULL */
    bool quorum_lost;
    struct hactl_effects effects;
};

typedef HY_VEC(struct hactl_what_if_case) hactl_what_if_cases;

/* `stopped`: for want of quorum everything stops as it is. */
void hactl_what_if_print(const hactl_what_if_cases *cases, bool any, bool stopped, struct hy_buf *out);
json_t *hactl_what_if_json(const hactl_what_if_cases *cases, bool stopped);

#endif
