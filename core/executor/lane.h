/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a lane, for queue.c, recurring.c, watch.c and release.c only. */
#ifndef HY_EXECUTOR_LANE_H
#define HY_EXECUTOR_LANE_H

#include "base/vec.h"
#include "executor/queue.h"

enum { HY_LANE_REMEMBERED = 4 };

struct hy_lane;

/* A monitor with an interval. */
struct hy_recurring {
    struct hy_lane *lane;
    struct hy_operation operation;
    struct hy_timer timer;
    bool queued;                /* an item for it is in the lane, or running */
    bool ran;                   /* once at least: later runs are by the timer */
    bool cancelled;             /* ends with the run that is under way */
    struct hy_operation cancel; /* the order that is answered then; rsc NULL: none */
    bool reported;
    struct hy_outcome last; /* as reported */
};

/* Something to do in a lane. */
struct hy_item {
    struct hy_recurring *recurring; /* NULL: `operation` */
    struct hy_operation operation;
    hy_time since;         /* it was ordered */
    hy_time queued;        /* how long it waited */
    bool own;              /* the executor's own check after a changed(): not an order */
    bool release;          /* the executor's own stop at the end of the lease */
    struct hy_timer delay; /* start-delay: not in the line before that */
    struct hy_lane *lane;
};

struct hy_lane_watch {
    struct hy_run *run;            /* NULL: not running now */
    struct hy_operation operation; /* rsc NULL: none is wanted */
    struct hy_timer restart;
    hy_time pause;
    hy_time started;
    bool ending; /* the one that runs is of no use any more */
    bool off;    /* it was told that the resource is not managed */
    bool anew;   /* it is being ended to be told otherwise */
};

struct hy_lane {
    struct hy_queue *queue;
    char *rsc;
    HY_VEC(struct hy_item *) items;
    HY_VEC(struct hy_item *) delayed;
    struct hy_item *current; /* what runs */
    struct hy_item *killed;  /* its agent had been called: answered when the stop that follows has been; NULL: none */
    char *killed_why;
    struct hy_run *run;
    HY_VEC(struct hy_recurring *) recurring;
    struct hy_lane_watch watch;
    struct hy_timer check; /* a changed() that came too soon after another */
    hy_time checked;
    char *check_why;
    bool in_line;
    bool nothing_ran; /* what was to be started never was: a stop has nothing to do */
    uint64_t newest;  /* id of the latest change of state that was ordered */
    struct hy_outcome answers[HY_LANE_REMEMBERED];
    size_t answer_count; /* ever */
    enum { HY_KEEP, HY_RELEASE_FAST, HY_RELEASE_SLOW } release;
};

struct hy_release {
    bool under_way;
    bool slow_begun;
    const char *why;
    bool clean;
    struct hy_buf report;
    struct hy_timer slow; /* when the others are begun at the latest */
    hy_released_fn *done;
    void *context;
};

struct hy_queue {
    struct hy_queue_spec spec;
    struct hy_map lanes;
    HY_VEC(struct hy_lane *) line; /* lanes that wait for a child to be free */
    int running;
    int watches;
    struct hy_release release;
    struct hy_map hands_off; /* names of what is not managed */
    bool ending;
    void (*idle)(void *context);
    void *idle_context;
};

/* queue.c */
const struct hy_operation *hy_item_operation(const struct hy_item *item);
void hy_item_free(struct hy_item *item);
struct hy_lane *hy_queue_lane(struct hy_queue *queue, const char *rsc);
/* Puts it into the lane: takes `operation` over, or (NULL) `recurring` is due. */
struct hy_item *hy_lane_add(struct hy_lane *lane, struct hy_operation *operation, struct hy_recurring *recurring);
bool hy_lane_state_is_changing(const struct hy_lane *lane); /* or about to */
/* Takes items out, those of one recurring operation or (NULL) all; answers them as cancelled, but not with `why`
 * NULL. */
void hy_lane_drop_items(struct hy_lane *lane, const struct hy_recurring *of, const char *why);
void hy_lane_begin(struct hy_lane *lane, struct hy_item *item); /* now */
void hy_lane_answer(struct hy_lane *lane, const struct hy_item *item, const struct hy_run_result *result);
void hy_queue_pump(struct hy_queue *queue); /* begins what can begin */
void hy_queue_check_idle(struct hy_queue *queue);

/* recurring.c; the first two take their operation over */
void hy_recurring_order(struct hy_lane *lane, struct hy_operation *operation);
void hy_recurring_cancel(struct hy_lane *lane, struct hy_operation *cancel);
void hy_recurring_ended(struct hy_item *item, const struct hy_run_result *result);
void hy_recurring_end_all(struct hy_lane *lane, const char *why); /* NULL: without a word */
bool hy_recurring_check_now(struct hy_lane *lane);                /* false: there is no monitor */

/* watch.c */
void hy_lane_watch_follow(struct hy_lane *lane, const struct hy_operation *operation,
                          const struct hy_run_result *result); /* an operation has ended: begins or ends the watch */
/* Has what it is told of being managed changed? Then it begins anew. */
void hy_lane_watch_look(struct hy_lane *lane);
bool hy_lane_watch_end(struct hy_lane *lane, bool at_once); /* true: it is still ending */

/* release.c. Must the answer wait for the release's stop? It does then. */
bool hy_release_holds_back(struct hy_lane *lane, struct hy_item *item, const struct hy_run_result *result);
/* An operation has ended in a lane that is to be released */
void hy_release_lane_idle(struct hy_lane *lane, bool was_release, const struct hy_run_result *result);

#endif
