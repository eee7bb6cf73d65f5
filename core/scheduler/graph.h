/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The action graph: from "where is it, where shall it be" to "what is to be done, and after what".
 *
 * Each resource has the actions that could bring it down from where it is and up again to where it shall be, whether
 * they are needed or not. An action is `optional` until something calls for it, and `runnable` until something forbids
 * it. Links between actions carry both along until nothing changes (propagate.c): the start of what comes first calls
 * for the start of what comes behind it, which calls for its stop; a start that cannot be forbids those behind. Both
 * only ever go one way, so it ends, and the answer does not depend on the order of the work. What is called for and
 * runnable in the end is done, in the order of the links (sorting.c).
 *
 * Groups and clones have actions of their own, which nobody executes, so that a link to n instances is n links and not
 * n times n: one from which all members begin, and one that comes when all are done. What the latter is, is seen from
 * the members each time somebody asks.
 *
 * The order of work, and the files:
 *   graph.c              actions, links, finding them
 *   tasks.c              the actions of a primitive; what is under way already
 *   live_migration.c     moving without a stop
 *   fencing.c            nodes that are to be fenced, what that stands for and what waits for it
 *   collectives.c        those of groups and clones, and the order inside them
 *   orders.c             the orders of the configuration; what keeps apart what may not be together
 *   propagate.c          optional and runnable, carried along
 *   settle.c             what came of each resource
 *   room.c               who needs room that another one leaves
 *   recurring.c probes.c what is watched, what is asked
 *   notices.c            what the instances of a clone are told of each other
 *   sorting.c            an order in which they could be done one by one; the decision's list
 *   actions.c            the decision's list of actions
 *   changes.c            the same as a human calls it
 */
#ifndef HY_SCHEDULER_GRAPH_H
#define HY_SCHEDULER_GRAPH_H

#include "scheduler/model.h"

/* The first four are opposites in pairs (^ 1); HY_TASK_DONE more of them: the end of a group's or clone's. */
enum hy_task {
    HY_TASK_START,
    HY_TASK_STOP,
    HY_TASK_PROMOTE,
    HY_TASK_DEMOTE,
    HY_TASK_STARTED,
    HY_TASK_STOPPED,
    HY_TASK_PROMOTED,
    HY_TASK_DEMOTED,
    HY_TASK_PROBE,
    HY_TASK_MONITOR,
    HY_TASK_CANCEL,
    HY_TASK_RELOAD,
    HY_TASK_MIGRATE_TO,
    HY_TASK_MIGRATE_FROM,
    HY_TASK_NOTIFY,
    HY_TASK_FENCE,
    HY_TASK_FENCED, /* all that are to be fenced are */
    HY_TASK_LEFT,   /* all that take up room on a node, and are to leave it, have left it */
    HY_TASK_GATE    /* runnable when enough of those before it are: clone-min, require-all=false */
};
#define HY_TASK_DONE 4u

enum hy_mark {
    HY_OPTIONAL = 1u << 0,      /* nothing calls for it */
    HY_RUNNABLE = 1u << 1,      /* nothing forbids it; if it is under way: it will be left as it makes it */
    HY_PSEUDO = 1u << 2,        /* nobody executes it */
    HY_MIGRATABLE = 1u << 3,    /* stop and start of what migrates, as long as nothing speaks against it */
    HY_PENDING = 1u << 4,       /* under way already */
    HY_WAITING = 1u << 5,       /* held until a node has said what runs there; counts as runnable */
    HY_UNHEARD = 1u << 6,       /* a start of what may be running already */
    HY_DOUBTFUL = 1u << 7,      /* called for by such a start alone */
    HY_ABSENT_ACTION = 1u << 8, /* stands for the start or promotion of what is not to be started or promoted */
    HY_DANGLING = 1u << 9,      /* clears up after a migration that failed: calls for nothing */
    HY_QUEUED = 1u << 10,       /* in the work list of propagate.c */
    HY_ALONE = 1u << 11,        /* forbidden because what it must be with does not run */
    HY_CARRIES = 1u << 12,      /* something that is left alone stands on what it would stop: it is not done */
    HY_HELD = 1u << 13          /* behind something that is called for and never comes to its end */
};

/* What a link from `first` to `then` says, beside the order of the two. */
enum hy_link_mark {
    HY_LINK_ORDER = 0,
    HY_LINK_NEEDS = 1u << 0,     /* then is runnable only if first is */
    HY_LINK_CALLS = 1u << 1,     /* first called for: then, too */
    HY_LINK_HOLDS = 1u << 2,     /* a stop that is blocked (not merely unmanaged) forbids then */
    HY_LINK_RESTART = 1u << 3,   /* stop and start of one; then called for: first, too */
    HY_LINK_ROLE = 1u << 4,      /* then called for of what is promoted: first, too */
    HY_LINK_ONE_WAY = 1u << 5,   /* an order that is not symmetrical */
    HY_LINK_WEAK = 1u << 7,      /* left out where it would close a circle */
    HY_LINK_SERIAL = 1u << 8,    /* not at the same time, whichever comes first */
    HY_LINK_MIGRATION = 1u << 9, /* then called for: first, too, which is runnable only if then can migrate */
    HY_LINK_PRETENCE = 1u << 10, /* first not runnable: then is real, no pretence any more */
    HY_LINK_INVERSE = 1u << 11,  /* of an order, the other way down: what is behind what stops cannot migrate */
    HY_LINK_PART = 1u << 12      /* waited for whether it can be done or not: of a group with its ends, ... */
};

struct hy_link {
    uint32_t first, then;
    uint32_t marks;
    uint32_t next_out, next_in; /* the next link of `first`, and of `then` */
};

struct hy_step {
    struct hy_srsc *rsc;  /* NULL: of a node, or a gate */
    struct hy_unit *unit; /* NULL: pseudo */
    uint32_t node;        /* HY_NO_NODE: pseudo */
    enum hy_task task;
    uint32_t marks;
    uint32_t next_of_rsc;
    uint32_t out, in;                 /* first links */
    uint32_t required;                /* gates: how many */
    uint32_t called_by, forbidden_by; /* the step that did it first; HY_NO_ACTION: it itself */
    union {
        const struct hy_srsc *carried; /* what stands on it, and keeps it from being done; NULL */
        const struct hy_srsc *gated;   /* gates: what enough is asked of; NULL */
    };
    const struct hy_sop *sop;
    const char *op; /* NULL: the task's word. The decision's string */
    hy_time interval;
    const char *reason;   /* NULL: found when it is known to happen */
    struct hy_attr *meta; /* beside the usual */
    size_t meta_count;
    const char *digest; /* NULL: of its parameters. The decision's string */
};

/* What the graph knows of one resource. */
struct hy_course {
    uint32_t steps;             /* of a primitive: chained by next_of_rsc */
    uint32_t begin[4], done[4]; /* of a group or clone, by task */
    uint32_t waits_for;         /* a node that has not said yet whether it runs there */
    bool unheard;
    bool asked;     /* a probe of it is to be done or under way */
    bool repromote; /* demoted and promoted in place, because it failed as promoted */
    bool restart;   /* it is called for by itself: it failed, changed, ... */
    bool moving;
    bool reload;
};

enum { HY_NUMBERS = 64 };

struct hy_number_text {
    int64_t number;
    const char *text;
};

struct hy_graph {
    struct hy_sched *s;
    struct hy_arena *arena;
    HY_VEC(struct hy_step) steps;
    HY_VEC(struct hy_link) links;
    struct hy_course *courses; /* by number of the resource */
    HY_VEC(uint32_t) queue;
    bool any_flight;
    bool clones_call;                          /* which instances can begin is known */
    bool settled;                              /* all has been carried along */
    bool in_doubt;                             /* while what may be running already is taken for not running */
    struct hy_number_text numbers[HY_NUMBERS]; /* as text, for the agents */
    const char *all_nodes, *nodes_there;       /* likewise; NULL: not made yet */
};

static inline struct hy_course *hy_course_of(const struct hy_graph *g, const struct hy_srsc *rsc)
{
    return &g->courses[rsc->number];
}

static inline struct hy_step *hy_step_at(const struct hy_graph *g, uint32_t step)
{
    return &g->steps.items[step];
}

static inline bool hy_step_is(const struct hy_graph *g, uint32_t step, uint32_t marks)
{
    return (g->steps.items[step].marks & marks) == marks;
}

/* graph.c */
void hy_graph_begin(struct hy_graph *g);
void hy_graph_end(struct hy_graph *g);
uint32_t hy_graph_step(struct hy_graph *g, struct hy_srsc *rsc, enum hy_task task, uint32_t node, uint32_t marks);
/* The step of a primitive; node HY_NO_NODE: anywhere. HY_NO_ACTION: none. */
uint32_t hy_graph_find(const struct hy_graph *g, const struct hy_srsc *leaf, enum hy_task task, uint32_t node);
void hy_graph_link(struct hy_graph *g, uint32_t first, uint32_t then, uint32_t marks);
void hy_graph_call(struct hy_graph *g, uint32_t step); /* makes it called for */
/* A start that is under way, and is forbidden now, is undone as soon as it is up. Answers its stop; HY_NO_ACTION: none. */
uint32_t hy_graph_undo(struct hy_graph *g, uint32_t start);
/* All the steps of a task of a primitive: for (step = first; step != HY_NO_ACTION; step = next). */
uint32_t hy_graph_first(const struct hy_graph *g, const struct hy_srsc *leaf, enum hy_task task);
uint32_t hy_graph_next(const struct hy_graph *g, uint32_t step);
int hy_level_of(enum hy_role role); /* 0 stopped, 1 started, 2 promoted */
bool hy_sched_is_active_on(const struct hy_srsc *rsc, uint32_t node);

/* tasks.c */
void hy_graph_tasks(struct hy_graph *g, struct hy_srsc *leaf);

/* live_migration.c */
bool hy_graph_is_half_way(const struct hy_srsc *leaf); /* migrate_to is done, migrate_from goes on */
void hy_graph_migration(struct hy_graph *g, struct hy_srsc *leaf);
void hy_graph_migration_orders(struct hy_graph *g, struct hy_srsc *first, enum hy_task first_task, struct hy_srsc *then,
                               enum hy_task then_task);

/* fencing.c */
void hy_graph_fencing(struct hy_graph *g);
void hy_graph_unfencing(struct hy_graph *g); /* once the probes are there */

/* collectives.c */
void hy_graph_collectives(struct hy_graph *g);
/* Links all steps of one primitive to all of another. */
void hy_graph_link_all(struct hy_graph *g, struct hy_srsc *first, enum hy_task first_task, struct hy_srsc *then,
                       enum hy_task then_task, uint32_t marks);
/* A start or promotion that is not there forbids what comes behind it. */
void hy_graph_ensure(struct hy_graph *g, struct hy_srsc *leaf, enum hy_task task);

/* orders.c */
void hy_graph_orders(struct hy_graph *g);

/* propagate.c */
void hy_graph_propagate(struct hy_graph *g);
/* What `first` is, seen from a node: steps of clones are seen by the instances there. */
uint32_t hy_graph_view(const struct hy_graph *g, uint32_t first, uint32_t node);

/* settle.c */
void hy_graph_carriers(struct hy_graph *g); /* before anything is carried along */
void hy_graph_settle(struct hy_graph *g);

/* room.c */
void hy_graph_room(struct hy_graph *g);

/* probes.c, recurring.c */
void hy_graph_probes(struct hy_graph *g);
/* After the probes: what a stop has to wait for because somebody may be standing on it. */
void hy_graph_answers(struct hy_graph *g);
void hy_graph_doubts(struct hy_graph *g);
void hy_graph_recurring(struct hy_graph *g);

/* notices.c */
void hy_graph_notices(struct hy_graph *g);

/* sorting.c */
struct hy_predecessors {
    const uint32_t *list; /* places in the order, in the decision's arena */
    size_t count;
};
struct hy_order_of_work {
    const uint32_t *steps;
    const struct hy_predecessors *after;
    size_t count;
};
struct hy_order_of_work hy_graph_sort(struct hy_graph *g);

/* actions.c, changes.c */
bool hy_graph_happens(const struct hy_graph *g, uint32_t step); /* it is in the decision's list */
void hy_graph_finish(struct hy_graph *g);
void hy_graph_changes(struct hy_graph *g);

#endif
