/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole cluster in one process, in virtual time. Each node is core/cluster and core/journal as the daemon runs them;
 * network, disks, clocks, executors and services are simulated. A run is a function of its seed and its schedule of
 * faults.
 *
 * A node is a number from 0: number n is the host "test<n+1>" with the id n+1, for ever. What was struck off comes back
 * as a new node with a new number, as in life. Times are true time in microseconds since the run began, unless a name
 * says "local": each host's own clock runs within 1 +- rho of it.
 *
 * Workloads and checks (observer.h) see the world through these functions only. All text that comes from here is valid
 * until the present callback returns.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "cluster/cluster.h"
#include "meter/meter.h"

enum { SIM_MAX_NODES = 16, SIM_MAX_LINKS = 3 };

struct sim_world; /* opaque */

/* The first violation ends the run after the present callback; later ones are not heard. `invariant`: a literal, one
 * short name with dashes; it is what shrinking holds on to. */
void sim_violation(struct sim_world *world, const char *invariant, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A line for --trace and for the last lines before a violation. */
void sim_note(struct sim_world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool sim_is_traced(const struct sim_world *world); /* else notes are dropped unformatted */

/* ---- the run */

/* As the schedule file has it. `faults`: names with commas, see fault.h. */
struct sim_settings {
    uint64_t seed;
    size_t nodes;          /* installed at the beginning */
    hy_time duration;      /* with faults; the quiet phase comes after it */
    hy_time quiet;         /* its length */
    hy_time operator_ends; /* the workload's operator acts no more from then on; at most `duration` */
    bool addresses;        /* what there is to run are addresses, too, of all kinds */
    bool noise;            /* nothing but noise within the bounds: sim/noise.h */
    const char *profile;   /* "fast", "lan", "wan" */
    hy_time heartbeat, dead_after, dead_after_max, release_margin, election_timeout, raft_heartbeat;
};
const struct sim_settings *sim_settings(const struct sim_world *world);

hy_time sim_now(const struct sim_world *world);
bool sim_is_quiet(const struct sim_world *world); /* all faults have been healed, and no more will come */
bool sim_with(const struct sim_world *world,
              const char *fault);                            /* is this kind of fault switched on: "operator", ... */
uint64_t sim_random(struct sim_world *world);                /* the workload's own stream */
uint64_t sim_below(struct sim_world *world, uint64_t limit); /* of that stream: 0 .. limit - 1 */

/* ---- hosts */

size_t sim_node_count(const struct sim_world *world); /* numbers below it exist */
const char *sim_name(const struct sim_world *world, size_t node);
hy_time sim_local(const struct sim_world *world, size_t node); /* its boot clock; 0 when powered off */
hy_wall sim_wall(const struct sim_world *world, size_t node);
bool sim_is_powered(const struct sim_world *world, size_t node);
bool sim_executor_is_up(const struct sim_world *world, size_t node);
bool sim_core_is_up(const struct sim_world *world, size_t node);
bool sim_core_is_frozen(const struct sim_world *world, size_t node); /* takes no event; its executor may well run */
/* The main thread of its core stands still since then, and nothing else there; HY_NEVER: it does not. */
hy_time sim_main_stands_since(const struct sim_world *world, size_t node);
bool sim_host_is_frozen(const struct sim_world *world, size_t node);  /* core, executor and services alike */
hy_time sim_thawed_at(const struct sim_world *world, size_t node);    /* when the host last was; 0: never */
uint64_t sim_boots(const struct sim_world *world, size_t node);       /* of the host */
uint64_t sim_incarnation(const struct sim_world *world, size_t node); /* of the core that runs, or ran last */
uint64_t sim_disk(const struct sim_world *world, size_t node);        /* its id: another one is another disk */
bool sim_is_witness(const struct sim_world *world, size_t node);      /* votes, runs nothing */
bool sim_with_witnesses(const struct sim_world *world);               /* some of those it began with are */
bool sim_is_retired(const struct sim_world *world, size_t node);
bool sim_can_reach(const struct sim_world *world, size_t from, size_t to); /* some link is not cut that way now */

/* In stepped(): is there such an effect? Most steps say next to nothing. */
bool sim_says(const struct sim_world *world, enum hy_cluster_effect_type type);

/* NULL while the core is down. hy_cluster_cib() and the like are read only. */
const struct hy_cluster *sim_cluster(const struct sim_world *world, size_t node);

/* ---- links, and what disturbs them. Links are numbered from 0. */

size_t sim_links(const struct sim_world *world);

/* What is true of the way from one node to another over one link. */
struct sim_way {
    bool cut;
    hy_time cut_since;
    /* No fault is in force, but for doubled datagrams and noise within the stated bounds, since then; HY_NEVER: one is. */
    hy_time calm_since;
    hy_time
        heard; /* when a datagram last came that is no double, to a core that knows the sender; -1: never in its life */
};
struct sim_way sim_way(const struct sim_world *world, size_t link, size_t from, size_t to);
hy_time sim_longest_delay(const struct sim_world *world); /* of a link that is calm, one way */

/* Of a core: since when it has been up and has not stood still (HY_NEVER: it does not run now); since when it has been up, frozen
 * or not; when it last began to stand still (-1: never in its life); since when it has had the peers that it has. */
hy_time sim_steady_since(const struct sim_world *world, size_t node);
hy_time sim_core_since(const struct sim_world *world, size_t node);
hy_time sim_frozen_since(const struct sim_world *world, size_t node);
hy_time sim_peers_since(const struct sim_world *world, size_t node);
bool sim_knows(const struct sim_world *world, size_t node, size_t peer); /* it is a peer on its links */

/* What a node's meter says of a peer on a link. */
enum hy_meter_state sim_meter(const struct sim_world *world, size_t link, size_t node, size_t peer);
hy_time sim_link_dead_after(const struct sim_world *world);

/* ---- what runs there */

enum sim_service_state { SIM_STOPPED, SIM_STARTING, SIM_RUNNING, SIM_STOPPING };

/* What is true of a resource on a node, whatever anybody believes. STARTING begins with the agent's call, STOPPED with
 * the end of its stop, with the service's own death, or with the host's. */
struct sim_service {
    const char *rsc; /* instance name */
    enum sim_service_state state;
    bool promoted;
    bool lease;     /* was started under the lease */
    bool releasing; /* the executor stops it by itself, at the end of the lease */
    hy_time since;  /* of the state */
    uint32_t epoch; /* `since` of the lease page when it was started */
    bool abandoned; /* all who could have stopped it were killed, and nobody has taken it over */
    bool address;   /* what the kernel answers for; and of those: */
    bool guarded;   /* the kernel has taken a filter */
    struct {
        uint64_t page;                  /* the executor's life whose page the filter reads */
        hy_time deadline;               /* what was written there when that executor died */
        uint32_t since, attached_since; /* likewise; and when it was attached */
        hy_time added, watched, alone;  /* local; watched -1: by no watch yet */
        bool unheard;                   /* when its start asked, somebody answered who could not be heard */
    } kernel;
};
size_t sim_services(const struct sim_world *world, size_t node, const struct sim_service **list);
const struct sim_service *sim_service(const struct sim_world *world, size_t node,
                                      const char *rsc); /* NULL: never seen */

/* Does the host answer for an address now? Whatever has become of its processes: the kernel does. */
bool sim_answers(const struct sim_world *world, size_t node, const char *rsc);

/* The lease page: the deadline (local), 0: none; and what the executor makes of it now. */
hy_time sim_lease(const struct sim_world *world, size_t node, uint32_t *since);
bool sim_lease_holds(const struct sim_world *world, size_t node);

/* ---- what a client does, at a node. Each call is answered once through the observer and the workload:
 * -ECONNREFUSED  no core is there, nothing was done
 * -ECONNRESET    the core died before it answered: who knows
 * else what the cluster says */

/* session 0: none; else exactly once by (session, number). `repeat`: see HY_CLUSTER_REQUEST: 0 at the first attempt, else the
 * index that the client knew then, at least 1. */
uint64_t sim_request(struct sim_world *world, size_t node, const char *statements, uint64_t session, uint64_t number,
                     uint64_t repeat);
/* A linearizable read: when it is answered with 0, hy_cluster_cib() of that node, in the callback, is the answer. */
uint64_t sim_read(struct sim_world *world, size_t node);

/* ---- what an operator does with hosts */

/* A new host, installed with the configuration file of the time (all nodes that are not retired, and itself), powered
 * on, its disk empty. Its number; SIM_MAX_NODES: no more. The `enrol` statement is the caller's. */
size_t sim_node_add(struct sim_world *world, bool witness);
void sim_shut_down(struct sim_world *world, size_t node); /* in good order; then the host is on, and no halyardd runs */
void sim_start(struct sim_world *world, size_t node);     /* halyardd again, on a host that is on */
void sim_retire(struct sim_world *world, size_t node);    /* powered off for good, when it was struck: not healed */

#endif
