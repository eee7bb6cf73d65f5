/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes of a program, as the kernel knows them. supervisord may be gone, or not have taken note yet; and a program
 * goes on when its supervisord dies. Each of its processes has the marks that supervisord puts into the environment.
 */
#ifndef SUPERVISOR_PROCESS_H
#define SUPERVISOR_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct sv_process {
    pid_t pid; /* 0: none */
    pid_t parent;
    uint64_t started; /* clock ticks since boot: with `pid` this is who it is */
    bool is_dead;     /* a zombie: its parent has not taken note */
    char name[32];
};

/* False: there is no such process. */
bool sv_process_read(pid_t pid, struct sv_process *process);

/* It is there, is no zombie, and is the one that was read. */
bool sv_process_runs(pid_t pid, uint64_t started);

/* Is it a child of a supervisord, as it is seen from here? What another namespace calls 7 is not our 7. */
bool sv_process_is_supervised(const struct sv_process *process);

/* The descriptor of a process that is the one that was read, readable when it has ended; -errno: -ESRCH. */
int sv_process_open(const struct sv_process *process);

/* "killed by SIGKILL", "with exit status 1"; NULL: the kernel does not tell. */
const char *sv_process_how(int fd, char *text, size_t size);

enum { SV_FOUND_MOST = 256 };

struct sv_found {
    int count;
    struct sv_process all[SV_FOUND_MOST];
};

/* Whoever was started by a supervisord as this process of this group, and descends from it, and still runs. `url`: of our
 * supervisord; who has the mark of another socket is another's. False: /proc cannot be read. */
bool sv_process_find_marked(const char *group, const char *name, const char *url, struct sv_found *found);

#endif
