/* SPDX-License-Identifier: Apache-2.0 */
/* A small host for one agent: loads the built shared object, hands it parameters, and keeps what it says. */
#ifndef TESTS_LIB_AGENT_HOST_H
#define TESTS_LIB_AGENT_HOST_H

#include "halyard/agent.h"

#include <stdbool.h>
#include <sys/types.h>

#define AGENT_HOST_VALUES 32

struct agent_value {
    char name[40];
    char text[1200];
};

/* Shared with the process in which watch runs. */
struct agent_shared {
    _Atomic int64_t lease_ms; /* where there is no map */
};

struct agent_host {
    const struct halyard_agent *agent;
    void *library;
    struct agent_value params[AGENT_HOST_VALUES];
    struct agent_value metas[AGENT_HOST_VALUES];
    const char *type;
    struct halyard_site site; /* empty unless the test fills it */
    char state_dir[64];
    int64_t deadline; /* CLOCK_MONOTONIC in ms; INT64_MAX: none */
    struct agent_shared *shared;
    char reason[2048];
    char log[8192];
    char output[65536]; /* the beginning of what programs printed */
    int lease_map;      /* below 0: none */
    struct halyard_lease *lease;
    pid_t watch;
    int changes; /* what watch says, a line each */
    char heard[4096];
    char story[16384]; /* all of it so far */
    int logs;          /* what watch logs, a line each */
    char logged[4096];
};

/* An unchecked fixture: the folder of the tests' state folders, so that one that fails leaves nothing behind either. */
void agent_host_make_folder(void);
void agent_host_remove_folder(void);
const char *agent_host_folder(void);

/* `name`: "ipaddr2", or with its folder in the build "docs/examples/.libs/flagfile". Aborts the test when it cannot be loaded. */
void agent_host_open(struct agent_host *host, const char *name);
/* Ends watch. */
void agent_host_close(struct agent_host *host);

/* Outside of tests. False: the kernel refuses a BPF map; says why on stdout. */
bool agent_host_may_map(void);
/* From now on the lease is in a (new) BPF map, and begins with none. */
void agent_host_use_map(struct agent_host *host);
/* From now on for so long; INT64_MAX: none is required. */
void agent_host_lease(struct agent_host *host, int64_t ms);

/* The descriptor of one of the plug-in's agents becomes the host's; or why there is none stands in `reason`. */
enum halyard_rc agent_host_describe(struct agent_host *host, const char *provider, const char *type);

/* NULL takes the parameter away. */
void agent_host_set(struct agent_host *host, const char *name, const char *text);
void agent_host_set_meta(struct agent_host *host, const char *name, const char *text);
void agent_host_time_left(struct agent_host *host, int64_t ms);

/* Calls an operation in this process; forgets reason and log of the one before. */
enum halyard_rc agent_host_call(struct agent_host *host, halyard_op_fn *operation);
void agent_host_watch(struct agent_host *host);
/* Waits until watch has called changed() with such words in it; false: not within 20 s, or it has ended. */
bool agent_host_hears(struct agent_host *host, const char *words);
/* The same, but does not wait long: for a caller who does something and asks again. */
bool agent_host_hears_soon(struct agent_host *host, const char *words);
/* The next line of changed(), after those that agent_host_hears() has passed over; false as there. */
bool agent_host_next_change(struct agent_host *host, char *line, size_t size);
/* The same for what watch logs; what comes behind the words is kept for the next call. */
bool agent_host_logs(struct agent_host *host, const char *words);
/* Sends the signal, waits for the end and gives the status as wait(2) does. */
int agent_host_end_watch(struct agent_host *host, int signal_number);

#endif
