/* SPDX-License-Identifier: Apache-2.0 */
/* What /proc tells of processes (proc(5)). */
#ifndef AGENT_TEST_PROCESSES_H
#define AGENT_TEST_PROCESSES_H

#include "base/vec.h"

#include <stdbool.h>
#include <sys/types.h>

struct process {
    pid_t pid;
    pid_t parent;
    char state; /* "R", "S", "Z", ... */
    char name[32];
};

typedef HY_VEC(struct process) process_list;

/* All there are; free with hy_vec_free(). */
void processes_list(process_list *list);
/* False: no such process. */
bool process_find(pid_t pid, struct process *process);
char process_state(pid_t pid); /* 0: no such process */
/* The children of `parent`, by name (NULL: any): how many, and one of them (`one` may be NULL). */
int process_children(pid_t parent, const char *name, pid_t *one);
/* Below `root`, at any depth, without those in `except`. */
void processes_below(pid_t root, const pid_t *except, size_t except_count, process_list *found);
/* Its open descriptors; -1: it cannot be looked at. */
int process_count_fds(pid_t pid);

#endif
