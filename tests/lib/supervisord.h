/* SPDX-License-Identifier: Apache-2.0 */
/* A real supervisord of the test's own, in a folder of its own, and a stand-in that says what no supervisord would. */
#ifndef TESTS_LIB_SUPERVISORD_H
#define TESTS_LIB_SUPERVISORD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct supervisord {
    char folder[80];
    char socket[104]; /* in it */
    char url[112];
    char conf[104];
    int port;  /* of [inet_http_server]; 0: none */
    pid_t pid; /* 0: it does not run */
};

/* Writes the configuration. `programs`: sections, in which "@" stands for the folder; `port`: of inet_http_server too, for the
 * user "halyard" with the password "se:cret<&>". */
void supervisord_open(struct supervisord *supervisord, const char *folder, const char *programs, bool with_port);
/* Until it answers. */
void supervisord_run(struct supervisord *supervisord);
void supervisord_kill(struct supervisord *supervisord, int signal_number);
void supervisord_await_end(struct supervisord *supervisord);
/* Ends it, and what it has started. */
void supervisord_close(struct supervisord *supervisord);

/* What supervisords below a folder have started, and left behind when they were killed. */
void supervisord_sweep(const char *folder);

/* supervisorctl with these words; its output. */
const char *supervisord_ctl(const struct supervisord *supervisord, const char *words);
/* The pid that supervisorctl gives; 0: it does not run. */
pid_t supervisord_pid_of(const struct supervisord *supervisord, const char *name);
/* Until supervisorctl says that of it. */
void supervisord_await(const struct supervisord *supervisord, const char *name, const char *state);

/* What a stand-in does with each connection, the last of the list again and again. */
struct stand_in_turn {
    const char *answer; /* the body of an answer, with HTTP's head put before it; NULL: see the others */
    const char *raw;    /* sent as it is */
    size_t size;        /* of raw; 0: it is a text */
    int wait_ms;        /* before it says anything */
    bool stays;         /* says nothing more, and keeps the connection */
};

struct stand_in {
    pid_t pid;
    char path[104];
    int port; /* with TCP */
};

void stand_in_run(struct stand_in *stand_in, const char *folder, const struct stand_in_turn *turns, int count);
/* On a port of 127.0.0.1; speaks first. */
void stand_in_run_tcp(struct stand_in *stand_in, const struct stand_in_turn *turns, int count);
void stand_in_end(struct stand_in *stand_in);

/* A port of 127.0.0.1 at which nobody listens. */
int free_port(void);

#endif
