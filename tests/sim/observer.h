/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who watches a run, and who makes it busy. An observer checks: it changes nothing, and says sim_violation() when an
 * invariant does not hold. A workload is the clients, the operator, and how services behave. The lists are in parts.c.
 */
#ifndef SIM_OBSERVER_H
#define SIM_OBSERVER_H

#include "sim/world.h"

/* What a client asked, and what it was told. */
struct sim_call {
    uint64_t number; /* from sim_request() or sim_read() */
    size_t node;
    bool read;
    const char *statements; /* NULL: a read */
    uint64_t session, in_session, repeat;
    hy_time sent;
    /* in answered(): */
    int code;
    const char *text;
};

/* All callbacks may be NULL. */
struct sim_observer {
    const char *name;
    void *(*open)(struct sim_world *world);
    void (*close)(void *context);
    /* After each step of a core, before its effects are carried out: `node`'s cluster shows the state after the step.
     * `rc`: what the step returned. */
    void (*stepped)(void *context, size_t node, const struct hy_cluster_event *event, int rc,
                    const struct hy_cluster_effects *effects);
    /* The same of a step of the pulse that came in the middle of one of the cluster's: of the node only the membership can be
     * looked at. */
    void (*between)(void *context, size_t node, const struct hy_cluster_event *event, int rc,
                    const struct hy_cluster_effects *effects);
    /* The state of a service has changed just now (sim_now()). */
    void (*service)(void *context, size_t node, const struct sim_service *service);
    /* The filter of an address that ran on was attached anew: what was shut may be open. */
    void (*attached)(void *context, size_t node, const struct sim_service *service);
    /* An operation's agent is called, has ended; answers that the executor gave without a call are ended() only. Those of
     * the executor's own (release) have id 0. */
    void (*began)(void *context, size_t node, const struct hy_operation *operation);
    void (*ended)(void *context, size_t node, const struct hy_outcome *outcome);
    void (*lease)(void *context, size_t node, hy_time local_deadline, uint32_t since); /* the page was written */
    void (*called)(void *context, const struct sim_call *call);
    void (*answered)(void *context, const struct sim_call *call);
    void (*core_started)(void *context, size_t node);
    void (*core_ended)(void *context, size_t node, const char *why); /* the cluster is still there to be looked at */
    /* What `node` says of `peer` on a link has changed; it was `was`. */
    void (*metered)(void *context, size_t link, size_t node, size_t peer, enum hy_meter_state was,
                    enum hy_meter_state is);
    void (*power)(void *context, size_t node, bool on);
    void (*disk_lost)(void *context, size_t node); /* the next core there finds another disk id */
    void (*healed)(void *context);                 /* the quiet phase begins */
    void (*finished)(void *context);               /* the run is over: last checks, liveness among them */
};

/* How an operation of a service goes. */
struct sim_behaviour {
    hy_time takes;     /* until the agent answers; HY_NEVER: it hangs until it is killed */
    enum hy_exec exec; /* DONE, or DIED */
    int rc;            /* what the agent answers; -1: what is true (0, 7, 8 for a monitor; 0 for the others) */
    /* What the operation makes of the service when it ends without 0: a failed start may have started it. */
    bool has_effect;
};

struct sim_workload {
    const char *name;
    void *(*open)(struct sim_world *world);
    void (*close)(void *context);
    /* The statements that the run begins with: configuration as text, one a line; requested again and again from a live
     * node until it is committed. Valid as long as the workload. */
    const char *(*configuration)(void *context);
    hy_time (*next)(void *context); /* when to act again; asked after each act() and answered(); HY_NEVER: not */
    void (*act)(void *context);
    void (*answered)(void *context, const struct sim_call *call);
    /* `behaviour` comes with what is usual (some milliseconds, the truth); faults of the schedule come on top. */
    void (*behave)(void *context, size_t node, const struct hy_operation *operation, struct sim_behaviour *behaviour);
};

/* parts.c: NULL at the end of the list. */
extern const struct sim_observer *const sim_observers[];
extern const struct sim_workload *const sim_the_workload;

#endif
