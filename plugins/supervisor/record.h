/* SPDX-License-Identifier: Apache-2.0 */
/* What the last start, or monitor, saw of the program: kept in the resource's state folder, which a reboot empties. */
#ifndef SUPERVISOR_RECORD_H
#define SUPERVISOR_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { SV_RESTARTS_KEPT = 32 };

struct sv_record {
    pid_t pid;       /* 0: it has not been seen running */
    uint64_t ticks;  /* as struct sv_process has it; 0: its processes cannot be seen from here */
    int64_t started; /* seconds, on supervisord's clock */
    int restart_count;
    int64_t restarts[SV_RESTARTS_KEPT]; /* supervisord's, in seconds since boot; the newest last */
};

/* `name`: one word; a record of another name is none. */
void sv_record_load(const char *folder, const char *name, struct sv_record *record);
/* 0 or -errno. */
int sv_record_save(const char *folder, const char *name, const struct sv_record *record);
void sv_record_remove(const char *folder);

/* Takes note of a restart now; how many there were within the last so many ms, this one among them. */
int sv_record_add_restart(struct sv_record *record, int64_t within_ms);

#endif
