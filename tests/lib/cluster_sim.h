/* SPDX-License-Identifier: Apache-2.0 */
/*
 * N whole nodes (core/cluster as the daemon runs it) in one process, in virtual time: a network with delay and cuts, disks
 * that need time and lose what was not synced, and executors that run make-believe resources under the lease. Seeded,
 * so a run repeats.
 */
#ifndef TESTS_LIB_CLUSTER_SIM_H
#define TESTS_LIB_CLUSTER_SIM_H

#include "cluster/cluster.h"

#include <stdbool.h>

enum { SIM_MAX_NODES = 24 };

struct sim;

/* Named test1, test2, ... with ids 1, 2, ...; all down, with empty disks; each one's configuration names all. */
struct sim *sim_new(size_t nodes, uint64_t seed);
void sim_free(struct sim **sim);

/* A further host, down; its configuration names itself and all before it. Its number. */
size_t sim_add_host(struct sim *sim);
void sim_witness(struct sim *sim, size_t node); /* before the first start */
void sim_replace_disk(
    struct sim *sim,
    size_t
        node); /* of a node that is down: an empty one with another id, and a configuration that names all there are by now */
/* The clock of a node that is down: by it, its next life is this one. */
void sim_set_back(struct sim *sim, size_t node, uint64_t incarnation);
uint64_t sim_incarnation(const struct sim *sim, size_t node);
size_t sim_restarts(const struct sim *sim, size_t node); /* of its core, because the others knew a later life of it */
uint64_t sim_found(struct sim *sim, size_t node);        /* `hactl cluster found`; ask with sim_answer() */

void sim_boot(struct sim *sim, size_t node);      /* power on: executor empty, disk as it was */
void sim_power_off(struct sim *sim, size_t node); /* all is gone but what was synced */
void sim_kill_core(struct sim *sim, size_t node); /* the executor stays, and keeps what runs until the lease ends */
void sim_start_core(struct sim *sim, size_t node);
void sim_shut_down(struct sim *sim, size_t node); /* in good order; see sim_is_up() */
bool sim_is_up(const struct sim *sim, size_t node);

void sim_cut(struct sim *sim, size_t a, size_t b, bool cut); /* both ways */
void sim_cut_one_way(struct sim *sim, size_t from, size_t to, bool cut);
void sim_adapt(struct sim *sim, hy_time calm);      /* cores that start from now on: dead-after follows the jitter */
void sim_slow_disks(struct sim *sim, hy_time sync); /* what each sync takes from now on; 0: as at first */
void sim_lose(struct sim *sim, unsigned percent);   /* of everything, heartbeats and bus alike */
void sim_connected(struct sim *sim, size_t node, size_t peer); /* HY_CLUSTER_PEER_CONNECTED; never said by itself */

/* The next operation of this kind on the node fails with rc; 0 ends that. */
void sim_break(struct sim *sim, size_t node, const char *rsc, const char *op, int rc);

/* A request of an operator at a node; the number to ask for its answer with. */
uint64_t sim_request(struct sim *sim, size_t node, const char *statements);
bool sim_answer(const struct sim *sim, uint64_t request, int *code, const char **text);
/* The same in a client's session (cib/command.h): with the same number and repeat > 0 it is asked again. */
uint64_t sim_ask(struct sim *sim, size_t node, const char *statements, uint64_t session, uint64_t number,
                 uint64_t repeat);
/* HY_CLUSTER_READ; once it is answered, sim_read_index() is the index of the CIB at that moment. */
uint64_t sim_read(struct sim *sim, size_t node);
uint64_t sim_read_index(const struct sim *sim, uint64_t request);

/* Runs until the condition holds (true) or the time has passed (false). At each moment it is checked that no resource named in
 * `single` runs on two nodes; a violation ends the test. */
typedef bool sim_condition(struct sim *sim, void *context);
bool sim_run_until(struct sim *sim, hy_time at_most, sim_condition *condition, void *context);
void sim_run(struct sim *sim, hy_time duration);
void sim_single(struct sim *sim, const char *rsc);

bool sim_active(const struct sim *sim, size_t node, const char *rsc);
const struct hy_cluster *sim_cluster(const struct sim *sim, size_t node); /* NULL: down */
size_t sim_dc(const struct sim *sim); /* the node that acts as DC; SIM_MAX_NODES: none */
size_t sim_count(const struct sim *sim);
bool sim_is_witness(const struct sim *sim, size_t node);
uint64_t sim_disk(const struct sim *sim, size_t node); /* the id of the one it has now */
void sim_set_clock(struct sim *sim, size_t node, hy_time ahead);
hy_wall sim_wall(const struct sim *sim, size_t node); /* what its clock says */
hy_time sim_now(const struct sim *sim);
size_t sim_operations(const struct sim *sim);               /* starts, stops so far, on all nodes */
size_t sim_logged(const struct sim *sim, const char *text); /* how often, on all nodes: notices and what is graver */

#endif
