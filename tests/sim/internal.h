/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the world, for the files of the engine only. */
#ifndef SIM_INTERNAL_H
#define SIM_INTERNAL_H

#include "executor/lane.h"
#include "executor/lease.h"
#include "sim/checks.h"
#include "sim/disk.h"
#include "sim/fault.h"
#include "sim/observer.h"
#include "sim/random.h"

#include <stdio.h>

enum sim_topic { SIM_HEARTBEAT, SIM_RAFT, SIM_COMMANDS, SIM_ORDERS, SIM_GREETING };

/* What the header under the seal bears (core/bus/link_header.h), of all links at once: a number for each, and what is heard
 * there of each peer. */
struct sim_marks {
    uint64_t incarnation;
    uint32_t sent, peers; /* peers: of whom it says something */
    uint32_t numbers[SIM_MAX_LINKS];
    struct hy_meter_report reports[SIM_MAX_LINKS][SIM_MAX_NODES];
};

/* Bytes on their way, shared by all who will get them. */
struct sim_packet {
    unsigned refs;
    size_t size;
    void *data;
    struct sim_marks *marks; /* of a heartbeat; else NULL */
};

enum sim_event_kind {
    SIM_EV_DATAGRAM,   /* node, from, link, packet */
    SIM_EV_BUS,        /* node, from, packet, topic, generation: of the subscriber's socket */
    SIM_EV_PIPE,       /* node: subscriber, from: publisher, generation: the next step of a connection's life */
    SIM_EV_DISK,       /* node, generation: of the writer: the job under way is through */
    SIM_EV_ORDER,      /* node, generation: of the executor: operation, or (rsc NULL) a query */
    SIM_EV_LOOK,       /* node, generation: of the executor: the lease has become shorter */
    SIM_EV_NEWS,       /* node, generation: of the core: news */
    SIM_EV_PULSE,      /* node, generation: of the core: its main thread is woken by the thread of heartbeats */
    SIM_EV_STOP,       /* node, generation: of the core: it is asked to end */
    SIM_EV_RUN,        /* node, run: a child comes to its next stage */
    SIM_EV_CORE_START, /* node, generation: of the executor */
    SIM_EV_START,      /* node, generation: of the host's life: halyardd starts */
    SIM_EV_STOP_LATE,  /* node, generation: of the executor: the core does not end within a minute */
    SIM_EV_CALL,       /* node, call */
    SIM_EV_THAW,       /* node, generation */
    SIM_EV_WILL,       /* node, generation: of the host's life: the guard's next stop */
    SIM_EV_EXPIRE,     /* node, generation: of the host's life: the lifetime of an address is over */
    SIM_EV_FAULT,      /* generation: number of the fault; topic: 0 begins, 1 ends */
    SIM_EV_CONFIGURE,  /* the workload's configuration is requested */
    SIM_EV_HEAL,
    SIM_EV_END,
    SIM_EV_COUNT
};

struct sim_event {
    hy_time at;
    uint64_t order; /* first come, first served at one instant */
    enum sim_event_kind kind;
    uint8_t node, from, topic, link;
    uint64_t generation;
    uint64_t incarnation; /* BUS: the sender's */
    union {
        struct sim_packet *packet;
        struct sim_run *run;
        uint64_t call;
        struct hy_operation *operation;
        struct hy_executor_news *news;
    };
    struct sim_event *next; /* free, or in a backlog */
};

struct sim_slot {
    hy_time at;
    uint64_t order;
    struct sim_event *event;
};

/* What is to come: a 4-ary heap, so that a node's children share a cache line or two. */
struct sim_agenda {
    HY_VEC(struct sim_slot) heap;
    struct sim_event *free;
    HY_VEC(struct sim_event *) blocks;
    uint64_t order;
};

/* Local time as a function of true time, piece by piece. */
struct sim_clock {
    hy_time true_base, local_base;
    int64_t ppm;
    hy_wall wall_offset; /* wall = local + this */
};

/* What passes from one node to another now, from the faults in force. */
struct sim_path {
    unsigned cuts;
    unsigned loss, reorder, duplicate, corrupt; /* per mille */
    bool rough;                                 /* some fault that is no noise */
    hy_time calm_since;
    bool noisy;          /* within the bounds: */
    hy_time noise_most;  /* no datagram takes longer */
    unsigned noise_lost; /* so many are lost in any time `dead_after`, both ways together */
    hy_time reorder_by;
    hy_time base, delay;
    int64_t bytes_per_ms; /* 0: no limit */
    hy_time busy_until;   /* of a slow link */
    hy_time cut_since;
};

/* When the last datagrams of a pair of nodes were lost by noise, the newest first. */
enum { SIM_NOISE_LOST = 8 };
struct sim_noise_lost {
    hy_time at[SIM_NOISE_LOST];
};

/* The bus from one publisher to one subscriber: one connection, over a link that worked when it was made. */
struct sim_pipe {
    uint8_t link;
    enum { SIM_PIPE_NONE, SIM_PIPE_CONNECTING, SIM_PIPE_UP } state;
    uint64_t generation; /* of the subscriber's socket: what was sent before it is lost */
    uint64_t step;       /* of its life: an older event for it is void */
    uint64_t publisher;  /* life of the publisher's core it is connected to */
    uint64_t heard;      /* incarnation in the last message */
    uint64_t wanted;     /* and for which it was connected anew */
    hy_time fresh_since; /* the socket's first attempt, of which nothing is known yet; 0: not so */
    hy_time last;        /* nothing overtakes */
    unsigned stalled_count;
    struct sim_event *stalled, **stalled_end; /* sent into a cut; come when it is over, if the connection lives */
    bool ending;                              /* stalled: an end is on the agenda */
};

/* What a core knows of a peer: see core/bus/contact.c. */
struct sim_contact {
    uint64_t hears_us, greeted_by;
    bool untold; /* the main thread, which stands still, is yet to see it */
};

struct sim_run; /* an operation's child */

/* An executor, its queue and its lease: the real ones (core/executor), on a loop and children of our own. */
struct hy_loop {
    struct sim_world *world;
    uint8_t node;
    HY_VEC(struct hy_timer *) heap;
};

struct sim_executor {
    bool up;
    uint64_t generation;
    struct hy_loop loop;
    struct hy_exec_env env;
    struct hy_lease_page page;
    struct hy_actives actives;
    struct hy_queue *queue;
    struct hy_lease lease;
    hy_time core_started, core_pause;
    bool asked;                    /* to end in good order */
    bool released;                 /* and has let go: it may end */
    hy_time last_order, last_news; /* its socket is first in, first out */
};

struct sim_core {
    struct hy_cluster *cluster; /* NULL: down */
    uint64_t generation;
    uint64_t incarnation;
    uint32_t peers; /* by the numbers of nodes: whom it sends to, and whose bus it has subscribed to */
    hy_time since, peers_since;
    struct sim_meters *meters; /* links.c */
    hy_time due_local;         /* of its next tick, on its clock */
    hy_time pulse_due_local;   /* of its pulse's */
    bool gone, broken, outlived;
    struct hy_cluster_effects held; /* FREEZE_STEP: computed and not carried out */
    bool holds_next, holds_orders;
    bool holds_main; /* holds_next: the main thread alone */
    bool in_step;    /* the main thread is at it; */
    bool in_between; /* and the other has come in between */
};

struct sim_will {
    struct hy_operation *operations; /* stops, in order */
    size_t count, at;
};

struct sim_host {
    /* What each event looks at, side by side. */
    bool powered, retired, installed, witness;
    unsigned core_frozen, host_frozen; /* counts: faults may overlap */
    unsigned main_frozen;              /* of the core, the main thread alone */
    hy_time main_frozen_at;            /* or when all of it went on, if that came later */
    hy_time main_away_since;           /* whatever went on meanwhile */
    struct sim_clock clock;
    struct sim_core core;

    char name[16], address[24];
    uint64_t life; /* of the power */
    uint64_t boots;
    hy_wall next_wall; /* of a host that is off */
    uint32_t config;   /* nodes in its configuration file */
    bool wanted;       /* halyardd is to run */
    int64_t base_ppm;
    uint32_t lies;    /* bit n: the next monitor of a service that hashes to n */
    bool write_fails; /* the next one */
    bool step_frozen; /* by FREEZE_STEP */
    bool step_main_frozen;
    bool order_frozen; /* by FREEZE_ORDER */
    struct sim_executor executor;
    struct sim_disk disk;
    struct hy_raft_servers servers; /* in force when the last core ended */
    HY_VEC(struct sim_service) services;
    HY_VEC(struct sim_run *) runs;
    struct sim_will will;
    uint64_t thaws;
    hy_time thawed_at, stands_since;          /* the whole host */
    hy_time steady_since, frozen_since;       /* of core or host */
    uint64_t latest;                          /* incarnation of all that its cores have had */
    struct sim_event *backlog, **backlog_end; /* came while it stood still */
    unsigned backlog_datagrams;
};

struct sim_pending_call {
    struct sim_call call;
    char *statements;
    uint64_t core; /* generation it was handed to; 0: not yet */
};

struct sim_trace {
    uint64_t hash;
    uint64_t steps;
    uint64_t events;
    bool formatted;  /* lines are made */
    bool everything; /* heartbeats and ticks too */
    hy_time from;    /* true time */
    void *out;       /* FILE, NULL: only kept */
    char (*ring)[240];
    size_t ring_count;
    struct hy_log log;
    size_t logging; /* node whose step it is */
};

/* True times of a node's next tick, of its pulse's, and of its executor's next timer. */
struct sim_due {
    hy_time tick, pulse, timer;
};

struct sim_world {
    hy_time now;
    struct sim_due due[SIM_MAX_NODES]; /* all of them are looked at before each event: side by side */
    struct sim_schedule *schedule;
    struct sim_settings settings;
    struct sim_agenda agenda;
    struct sim_event *present;       /* what happens now */
    uint32_t says;                   /* kinds of effects of the step that is told of */
    struct hy_cluster_effects spare; /* empty: memory of the last step's */
    struct sim_host hosts[SIM_MAX_NODES];
    size_t count;
    size_t links;
    struct sim_path paths[SIM_MAX_LINKS][SIM_MAX_NODES][SIM_MAX_NODES];
    struct sim_noise_lost noise_lost[SIM_MAX_LINKS][SIM_MAX_NODES][SIM_MAX_NODES]; /* [smaller][larger] */
    hy_time longest_base;
    struct sim_pipe pipes[SIM_MAX_NODES][SIM_MAX_NODES];       /* [publisher][subscriber] */
    struct sim_contact contacts[SIM_MAX_NODES][SIM_MAX_NODES]; /* [node][peer] */
    HY_VEC(bool) active;                                       /* faults in force */
    struct sim_stream net, hosts_stream, services, workload_stream;
    HY_VEC(struct sim_pending_call) calls;
    uint64_t call_count;
    void *workload;
    hy_time workload_next;
    void *observers[24];
    uint64_t configuration_call;
    bool configured, quiet, over;
    struct sim_trace trace;
    uint64_t corrupted;
    uint64_t bus_messages;
    char violation[64];
    char violation_text[1024];
    hy_time violation_at;
};

/* ---- agenda.c */
struct sim_event *sim_agenda_add(struct sim_world *world, hy_time at, enum sim_event_kind kind, size_t node);
struct sim_event *sim_agenda_make(struct sim_world *world, enum sim_event_kind kind, size_t node); /* not yet in it */
struct sim_event *sim_agenda_take(struct sim_agenda *agenda);
void sim_agenda_again(struct sim_world *world, struct sim_event *event, hy_time at); /* one that was taken */
void sim_agenda_free_event(struct sim_world *world, struct sim_event *event);        /* and what it owns */
void sim_agenda_free(struct sim_world *world);
struct sim_packet *sim_packet_take(void *data, size_t size);
void sim_packet_unref(struct sim_packet *packet);

/* ---- clock.c */
hy_time sim_clock_local(const struct sim_clock *clock, hy_time at);
hy_time sim_clock_true(const struct sim_clock *clock, hy_time local); /* the first true time at which it is `local` */
void sim_clock_set_rate(struct sim_clock *clock, hy_time now, int64_t ppm);

/* ---- net.c: datagrams, and what passes */
void sim_net_init(struct sim_world *world);
void sim_net_compute(struct sim_world *world); /* the faults in force have changed */
void sim_net_datagram(struct sim_world *world, size_t from, uint32_t to, struct sim_packet *packet);
hy_time sim_net_delay(struct sim_world *world, struct sim_path *path, size_t size);
bool sim_net_is_cut(const struct sim_world *world, size_t link, size_t from, size_t to);
bool sim_net_works(const struct sim_world *world, size_t link, size_t a, size_t b); /* no cut, both ways */
bool sim_net_has_carrier(const struct sim_world *world, size_t node);               /* on some link */

/* ---- links.c: the meters of all links, as core/bus/link_meters.c feeds them */
void sim_links_begin(struct sim_world *world, size_t node);
void sim_links_end(struct sim_world *world, size_t node);
void sim_links_peers(struct sim_world *world, size_t node, uint32_t before);
struct sim_marks *sim_links_write(struct sim_world *world, size_t node); /* of a datagram to all */
void sim_links_take(struct sim_world *world, const struct sim_event *event);
void sim_links_step(struct sim_world *world, size_t node);

/* ---- bus.c */
void sim_bus_send(struct sim_world *world, enum sim_topic topic, size_t from, uint32_t to, struct sim_packet *packet);
void sim_bus_reconnect(struct sim_world *world, size_t node, size_t peer, uint64_t incarnation);
void sim_bus_core_started(struct sim_world *world, size_t node);
void sim_bus_peers_changed(struct sim_world *world, size_t node, uint32_t before);
void sim_bus_core_ended(struct sim_world *world, size_t node, bool silently);
void sim_bus_pipe_event(struct sim_world *world, const struct sim_event *event);
void sim_bus_thawed(struct sim_world *world, size_t node); /* its main thread goes on */
void sim_bus_greeted(struct sim_world *world, size_t node, size_t by, uint64_t incarnation);
void sim_bus_path_changed(struct sim_world *world, size_t link, size_t from, size_t to);
void sim_bus_frozen(struct sim_world *world, size_t node);
void sim_bus_reset(struct sim_world *world, size_t a, size_t b);

/* ---- core.c: the glue that core/daemon/node.c is */
void sim_core_start(struct sim_world *world, size_t node);
void sim_core_end(struct sim_world *world, size_t node, const char *why, bool silently);
void sim_core_step(struct sim_world *world, size_t node, const struct hy_cluster_event *event);
void sim_core_pulse(struct sim_world *world, size_t node, const struct hy_cluster_event *event);
void sim_core_ask_to_end(struct sim_world *world, size_t node);
void sim_core_news(struct sim_world *world, size_t node, struct hy_executor_news *news);
void sim_core_tick_moved(struct sim_world *world, size_t node);
void sim_core_thawed(struct sim_world *world, size_t node);

/* ---- executor.c */
void sim_executor_start(struct sim_world *world, size_t node);
void sim_executor_kill(struct sim_world *world, size_t node, bool guard); /* without a word to anybody */
void sim_executor_kill_all(struct sim_world *world, size_t node);         /* the guard too */
void sim_executor_core_begun(struct sim_world *world, size_t node);
void sim_executor_core_died(struct sim_world *world, size_t node, bool for_good);
void sim_executor_order(struct sim_world *world, size_t node, struct hy_operation *operation);
void sim_executor_query(struct sim_world *world, size_t node);
void sim_executor_look(struct sim_world *world, size_t node);
void sim_executor_set_lease(struct sim_world *world, size_t node, hy_time deadline, uint32_t since);
void sim_executor_run_due(struct sim_world *world, size_t node);
void sim_executor_due_moved(struct sim_world *world, size_t node);
void sim_executor_will(struct sim_world *world, size_t node);
void sim_executor_check_end(struct sim_world *world, size_t node); /* has it let go of all, and may it end? */
void sim_loop_enter(struct hy_loop *loop);

/* ---- kernel.c: what a kernel does about addresses */
bool sim_kernel_is_address(const char *agent);
void sim_kernel_added(struct sim_world *world, size_t node, struct sim_service *service);
void sim_kernel_watched(struct sim_world *world, size_t node, struct sim_service *service);
void sim_kernel_adopted(struct sim_world *world, size_t node, struct sim_service *service);
void sim_kernel_executor_dies(struct sim_world *world, size_t node, bool alone);
hy_time sim_kernel_valid_until(const struct sim_world *world, size_t node, const struct sim_service *service);
void sim_kernel_expire(struct sim_world *world, size_t node);
void sim_kernel_thawed(struct sim_world *world, size_t node);
bool sim_kernel_is_answered(struct sim_world *world, size_t node, struct sim_service *service);

/* ---- run.c */
void sim_run_event(struct sim_world *world, struct sim_run *run);
void sim_runs_drop(struct sim_world *world, size_t node); /* their processes are gone, nobody is told */
struct sim_service *sim_service_get(struct sim_world *world, size_t node, const char *rsc);
void sim_service_set(struct sim_world *world, size_t node, struct sim_service *service, enum sim_service_state state);
void sim_services_power_off(struct sim_world *world, size_t node);
void sim_run_watch_sees(struct sim_world *world, size_t node, const char *rsc);
unsigned sim_service_hash(const char *rsc); /* 0..3 */

/* ---- host.c */
void sim_host_init(struct sim_world *world, size_t node);
void sim_host_power_on(struct sim_world *world, size_t node);
void sim_host_power_off(struct sim_world *world, size_t node);
void sim_host_freeze(struct sim_world *world, size_t node, bool whole);
void sim_host_thaw(struct sim_world *world, size_t node, bool whole);
void sim_host_freeze_main(struct sim_world *world, size_t node); /* the core's main thread */
void sim_host_thaw_main(struct sim_world *world, size_t node);
/* Its main thread stands still for so long that the pulse may have fallen silent. */
bool sim_host_may_be_silent(const struct sim_world *world, size_t node);
void sim_host_stop(struct sim_world *world, size_t node);
void sim_host_want(struct sim_world *world, size_t node);
bool sim_host_holds_back(struct sim_world *world, struct sim_event *event); /* true: taken into the backlog */
void sim_host_free(struct sim_world *world, size_t node);

/* ---- inject.c */
bool sim_is_of_network(enum sim_fault_kind kind);
void sim_inject(struct sim_world *world, size_t number, bool begins);
void sim_inject_behaviour(struct sim_world *world, size_t node, const struct hy_operation *operation,
                          struct sim_behaviour *behaviour);
void sim_inject_order_held(struct sim_world *world); /* one core stands still: the others give theirs */
bool sim_inject_disk_fails(struct sim_world *world, size_t node);
hy_time sim_inject_disk_delay(struct sim_world *world, size_t node);
/* Nobody promises anything when a majority of the disks is lost before the first loss has been made good. */
bool sim_inject_may_lose_disk(const struct sim_world *world, size_t lost);
void sim_heal(struct sim_world *world);

/* ---- calls.c */
void sim_call_event(struct sim_world *world, uint64_t number);
void sim_call_answer(struct sim_world *world, size_t node, uint64_t number, int code, const char *text);
void sim_call_lost(struct sim_world *world, uint64_t number); /* the host went before its core could look at it */
void sim_call_core_ended(struct sim_world *world, size_t node);
void sim_call_free(struct sim_world *world);

/* ---- world.c */
struct sim_world *sim_world_new(struct sim_schedule *schedule);
void sim_world_run(struct sim_world *world);
void sim_world_free(struct sim_world **world);

/* ---- trace.c */
void sim_trace_mix(struct sim_world *world, uint64_t value);
void sim_trace_event(struct sim_world *world, const struct sim_event *event);
void sim_trace_step(struct sim_world *world, size_t node, const struct hy_cluster_event *event, int rc,
                    const struct hy_cluster_effects *effects, const char *why);
void sim_trace_line(struct sim_world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline bool sim_traced(const struct sim_world *world)
{
    return world->trace.formatted && world->now >= world->trace.from;
}

/* SIM_OBSERVE(world, power, (seer, node, true)) */
#define SIM_OBSERVE(world, callback, arguments)                                                                        \
    do {                                                                                                               \
        for (size_t o_ = 0; sim_observers[o_]; o_++) {                                                                 \
            void *seer = (world)->observers[o_];                                                                       \
            if (sim_observers[o_]->callback && !(world)->violation[0])                                                 \
                sim_observers[o_]->callback arguments;                                                                 \
        }                                                                                                              \
    } while (0)

/* The same for what happens most often: written out, so that a compiler which sees all of the program knows whom it calls. */
#define SIM_OBSERVE_OFTEN(world, callback, arguments) SIM_CHECKS(SIM_OBSERVE_ONE, world, callback, arguments)
#define SIM_OBSERVE_ONE(name, number, world, callback, arguments)                                                      \
    if (sim_check_##name.callback && !(world)->violation[0]) {                                                         \
        void *seer = (world)->observers[number];                                                                       \
        sim_check_##name.callback arguments;                                                                           \
    }

#endif
