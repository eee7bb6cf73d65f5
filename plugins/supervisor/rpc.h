/* SPDX-License-Identifier: Apache-2.0 */
/* What supervisord's API (supervisord.org/api.html) is asked here. */
#ifndef SUPERVISOR_RPC_H
#define SUPERVISOR_RPC_H

#include "http.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* supervisor.states.ProcessStates */
enum sv_state {
    SV_STOPPED = 0,
    SV_STARTING = 10,
    SV_RUNNING = 20,
    SV_BACKOFF = 30,
    SV_STOPPING = 40,
    SV_EXITED = 100,
    SV_FATAL = 200,
    SV_UNKNOWN = 1000
};

/* supervisor.xmlrpc.Faults; they stand in sv_failure.fault */
enum {
    SV_UNKNOWN_METHOD = 1,
    SV_SHUTDOWN_STATE = 6,
    SV_BAD_NAME = 10,
    SV_NO_FILE = 20,
    SV_NOT_EXECUTABLE = 21,
    SV_FAILED = 30,
    SV_ABNORMAL_TERMINATION = 40,
    SV_SPAWN_ERROR = 50,
    SV_ALREADY_STARTED = 60,
    SV_NOT_RUNNING = 70
};

struct sv_info {
    int state; /* enum sv_state, or a number that is none */
    char state_name[24];
    pid_t pid; /* 0: none */
    int64_t started, now;
    int exit_status;
    char spawn_error[200];
    char description[120];
};

/* Of its configuration, as far as supervisord tells. */
struct sv_program {
    bool autostart;
    bool redirects_stderr;
    int64_t start_secs, stop_secs;
};

/* `name` is always GROUP:PROCESS: supervisord takes a name alone for that of a whole group when there is no such process. */
enum sv_end sv_get_info(const struct sv_server *server, const char *name, int64_t until, struct sv_info *info,
                        struct sv_failure *failure);
enum sv_end sv_start(const struct sv_server *server, const char *name, int64_t until, struct sv_failure *failure);
enum sv_end sv_stop(const struct sv_server *server, const char *name, int64_t until, struct sv_failure *failure);
enum sv_end sv_signal(const struct sv_server *server, const char *name, const char *signal, int64_t until,
                      struct sv_failure *failure);
enum sv_end sv_get_pid(const struct sv_server *server, int64_t until, pid_t *pid, struct sv_failure *failure);
enum sv_end sv_get_program(const struct sv_server *server, const char *name, int64_t until, struct sv_program *program,
                           struct sv_failure *failure);

/* The end of what it wrote to stderr, or to stdout, as one line; "" when there is none, or it cannot be had. */
void sv_get_last_words(const struct sv_server *server, const char *name, int64_t until, char *line, size_t room);
/* Processes of that name in other groups, "web:api, db:api"; "" when there are none. */
void sv_find_namesakes(const struct sv_server *server, const char *process, int64_t until, char *line, size_t room);

#endif
