/* SPDX-License-Identifier: Apache-2.0 */
#include "record.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static bool path_of(const char *folder, const char *name, char path[PATH_MAX])
{
    int size = snprintf(path, PATH_MAX, "%s/%s", folder, name);
    return size > 0 && size < PATH_MAX;
}

void sv_record_load(const char *folder, const char *name, struct sv_record *record)
{
    char path[PATH_MAX], its_name[400];
    int pid = 0;
    *record = (struct sv_record){0};
    FILE *file = path_of(folder, "process", path) ? fopen(path, "re") : NULL;
    if (!file)
        return;
    if (fscanf(file, "%399s %d %" SCNu64 " %" SCNd64, its_name, &pid, &record->ticks, &record->started) == 4 &&
        pid > 0 && strcmp(its_name, name) == 0) {
        record->pid = pid;
        while (record->restart_count < SV_RESTARTS_KEPT &&
               fscanf(file, "%" SCNd64, &record->restarts[record->restart_count]) == 1)
            record->restart_count++;
    } else {
        *record = (struct sv_record){0};
    }
    fclose(file);
}

int sv_record_save(const char *folder, const char *name, const struct sv_record *record)
{
    char path[PATH_MAX], fresh[PATH_MAX];
    if (!path_of(folder, "process", path) || !path_of(folder, "process.new", fresh))
        return -ENAMETOOLONG;
    FILE *file = fopen(fresh, "we");
    if (!file)
        return -errno;
    fprintf(file, "%s %d %" PRIu64 " %" PRId64, name, (int)record->pid, record->ticks, record->started);
    for (int i = 0; i < record->restart_count; i++)
        fprintf(file, " %" PRId64, record->restarts[i]);
    fputc('\n', file);
    int rc = fclose(file) == 0 && rename(fresh, path) == 0 ? 0 : -errno;
    if (rc)
        (void)unlink(fresh);
    return rc;
}

void sv_record_remove(const char *folder)
{
    char path[PATH_MAX];
    if (path_of(folder, "process", path))
        (void)unlink(path);
}

int sv_record_add_restart(struct sv_record *record, int64_t within_ms)
{
    struct timespec time;
    clock_gettime(CLOCK_BOOTTIME, &time);
    int64_t now = time.tv_sec, since = now - within_ms / 1000;
    int kept = 0;
    for (int i = record->restart_count == SV_RESTARTS_KEPT; i < record->restart_count; i++)
        if (record->restarts[i] >= since)
            record->restarts[kept++] = record->restarts[i];
    record->restarts[kept++] = now;
    record->restart_count = kept;
    return kept;
}
