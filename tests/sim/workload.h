/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The workload: clients that edit and read registers and ask again when no answer comes (workload.c), an operator who changes
 * the configuration (workload_operator.c), the configuration to begin with (workload_config.c).
 */
#ifndef SIM_WORKLOAD_H
#define SIM_WORKLOAD_H

#include "base/buf.h"
#include "sim/observer.h"

enum { CLIENTS = 3, PATIENCE_MS = 1500, MOST_HOSTS = 12 };

/* Somebody with a session, who has one request open at a time. */
struct client {
    uint64_t session;
    uint64_t number; /* of the request in the session */
    uint64_t call;   /* the last attempt; 0: nothing is open */
    size_t attempts;
    uint64_t known; /* the index known when the request was first made */
    struct hy_buf statements;
    hy_time next;                          /* when to act again: a new request, or to ask again */
    void (*done)(void *context, int code); /* the operator's; NULL */
};

struct workload {
    struct sim_world *world;
    struct hy_buf configuration;
    struct client clients[CLIENTS];
    struct client operator;
    uint64_t values; /* written so far: none twice */
    uint64_t edits;
    hy_time next_hosts; /* when the operator sees to hosts again */
    size_t down;        /* the host that the operator has shut down; SIM_MAX_NODES: none */
    uint32_t struck;    /* hosts, by number */
    hy_time next_doubt; /* when to look again for a DC that was replaced */
};

/* workload_config.c */
void workload_configure(struct sim_world *world, struct hy_buf *out);

/* workload_operator.c: the next thing it would do, as statements, at a node whose state is this; empty: nothing now. */
void workload_next_edit(struct workload *workload, const struct hy_cib *cib, struct hy_buf *out);
void workload_see_to_hosts(struct workload *workload);

/* workload.c */
bool workload_chance(struct workload *workload, unsigned percent);

#endif
