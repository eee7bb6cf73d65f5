/* SPDX-License-Identifier: Apache-2.0 */
/* Processes that are nobody's children here: held by pidfd_open(2), so that a number that is used again is not mistaken. */
#ifndef LSB_PROCESS_H
#define LSB_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct lsb_process {
    int fd; /* readable when it has ended */
    pid_t pid;
    pid_t parent;
    uint64_t started; /* clock ticks since boot: with `pid` this is who it is */
    char name[32];
};

/* 0, or -errno: -ESRCH when there is no such process, or it has ended. */
int lsb_process_open(pid_t pid, struct lsb_process *process);
void lsb_process_close(struct lsb_process *process);

bool lsb_process_has_ended(const struct lsb_process *process);
/* It has ended, and whoever is its parent has taken note: before that, kill(pid, 0) still says that it is there. */
bool lsb_process_is_gone(const struct lsb_process *process);
bool lsb_process_is_same(const struct lsb_process *a, const struct lsb_process *b);

/* Did it start later than `when` by more than so many seconds? Then what was written at `when` is about another. */
bool lsb_process_started_after(const struct lsb_process *process, struct timespec when, int seconds);

/* How it ended: "killed by SIGKILL", "with exit status 1". NULL: the kernel does not tell (before Linux 6.15 only
 * its parent). Of one that is gone. */
const char *lsb_process_how(const struct lsb_process *process, char *text, size_t size);

/*
 * A process of root, or of our user, that runs the script `name` with an action that changes things (all but status), and
 * that was begun after the tick `since`. 0 or -errno: -ESRCH when there is none.
 */
int lsb_process_find_script(const char *name, uint64_t since, struct lsb_process *process);

#endif
