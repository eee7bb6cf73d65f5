/* SPDX-License-Identifier: Apache-2.0 */
#include "agent_test/processes.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool process_find(pid_t pid, struct process *process)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    *process = (struct process){.pid = pid};
    bool done = fscanf(file, "%*d (%31[^)]) %c %d", process->name, &process->state, &process->parent) == 3;
    fclose(file);
    return done;
}

char process_state(pid_t pid)
{
    struct process process;
    return process_find(pid, &process) ? process.state : 0;
}

void processes_list(process_list *list)
{
    DIR *folder = opendir("/proc");
    *list = (process_list){0};
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        struct process process;
        pid_t pid = (pid_t)atoi(entry->d_name);
        if (pid > 0 && process_find(pid, &process))
            hy_vec_push(list, process);
    }
    if (folder)
        closedir(folder);
}

int process_children(pid_t parent, const char *name, pid_t *one)
{
    process_list all;
    int count = 0;
    processes_list(&all);
    for (size_t i = 0; i < all.count; i++) {
        const struct process *process = &all.items[i];
        if (process->parent != parent || (name && strcmp(name, process->name) != 0))
            continue;
        count++;
        if (one)
            *one = process->pid;
    }
    hy_vec_free(&all);
    return count;
}

static bool is_in(pid_t pid, const pid_t *pids, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (pids[i] == pid)
            return true;
    return false;
}

static bool is_below(const process_list *all, const struct process *process, pid_t root)
{
    pid_t at = process->parent;
    for (size_t depth = 0; depth <= all->count && at > 0; depth++) {
        if (at == root)
            return true;
        pid_t parent = 0;
        for (size_t i = 0; i < all->count; i++)
            if (all->items[i].pid == at)
                parent = all->items[i].parent;
        at = parent;
    }
    return false;
}

void processes_below(pid_t root, const pid_t *except, size_t except_count, process_list *found)
{
    process_list all;
    *found = (process_list){0};
    processes_list(&all);
    for (size_t i = 0; i < all.count; i++)
        if (is_below(&all, &all.items[i], root) && !is_in(all.items[i].pid, except, except_count))
            hy_vec_push(found, all.items[i]);
    hy_vec_free(&all);
}

int process_count_fds(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *folder = opendir(path);
    if (!folder)
        return -1;
    int count = 0;
    while (readdir(folder))
        count++;
    closedir(folder);
    return count - 2; /* . and .. */
}
