/* SPDX-License-Identifier: Apache-2.0 */
#include "pulse/host_watch.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STAT_ROOM = 128 * HY_HOST_WATCH_CPUS, PRESSURE_ROOM = 512, STEAL_FIELD = 8 };

static int open_in(const char *proc, const char *name)
{
    char *path = hy_asprintf("%s/%s", proc, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    free(path);
    return fd;
}

/* From its beginning; such a file is made anew by each read there. 0: nothing. */
static size_t read_text(int fd, char *text, size_t room)
{
    ssize_t size;
    do {
        size = fd < 0 ? -1 : pread(fd, text, room - 1, 0);
    } while (size < 0 && fd >= 0 && errno == EINTR);
    text[size > 0 ? size : 0] = '\0';
    return size > 0 ? (size_t)size : 0;
}

/* "cpu3 user nice system idle iowait irq softirq steal ...": false when the line is none of a single processor. */
static bool read_cpu(const char *line, size_t *cpu, uint64_t *steal)
{
    char *at;
    if (strncmp(line, "cpu", 3) != 0 || line[3] < '0' || line[3] > '9')
        return false;
    *cpu = strtoul(line + 3, &at, 10);
    *steal = 0; /* where it is not told */
    for (int field = 1; field <= STEAL_FIELD && *at == ' '; field++) {
        uint64_t value = strtoull(at, &at, 10);
        if (field == STEAL_FIELD)
            *steal = value;
    }
    return true;
}

static hy_time look_at_steal(struct hy_host_watch *watch)
{
    uint64_t most = 0;
    if (watch->stat < 0)
        return 0;
    read_text(watch->stat, watch->text, STAT_ROOM);
    for (const char *line = watch->text; line && *line;) {
        const char *end = strchr(line, '\n');
        size_t cpu;
        uint64_t steal;
        bool single = end && read_cpu(line, &cpu, &steal);
        if (!single && strncmp(line, "cpu", 3) != 0)
            break; /* processors come first */
        if (single && cpu < HY_HOST_WATCH_CPUS) {
            uint64_t before = watch->steal[cpu];
            watch->steal[cpu] = steal;
            if (steal > before && steal - before > most) /* it may go back a little: proc(5) */
                most = steal - before;
        }
        line = end ? end + 1 : NULL;
    }
    return (hy_time)(most * (uint64_t)HY_SECOND / (uint64_t)watch->ticks);
}

/* Of "some avg10=0.00 avg60=0.00 avg300=0.00 total=123" the last, of what has come to it since `*known`. */
static hy_time look_at_pressure(int fd, const char *which, uint64_t *known)
{
    char text[PRESSURE_ROOM];
    read_text(fd, text, sizeof text);
    const char *line = strstr(text, which);
    const char *total = line ? strstr(line, "total=") : NULL;
    uint64_t now = total ? strtoull(total + strlen("total="), NULL, 10) : *known;
    uint64_t more = now > *known ? now - *known : 0;
    *known = now;
    return (hy_time)more;
}

void hy_host_watch_open(struct hy_host_watch *watch, const char *proc)
{
    *watch = (struct hy_host_watch){.ticks = sysconf(_SC_CLK_TCK)};
    watch->stat = open_in(proc, "stat");
    watch->cpu = open_in(proc, "pressure/cpu");
    watch->memory = open_in(proc, "pressure/memory");
    watch->text = hy_alloc(STAT_ROOM);
    hy_time stolen, pressure;
    hy_host_watch_look(watch, &stolen, &pressure);
}

void hy_host_watch_close(struct hy_host_watch *watch)
{
    int *all[] = {&watch->stat, &watch->cpu, &watch->memory};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (*all[i] >= 0)
            close(*all[i]);
        *all[i] = -1;
    }
    free(watch->text);
    watch->text = NULL;
}

void hy_host_watch_look(struct hy_host_watch *watch, hy_time *stolen, hy_time *pressure)
{
    *stolen = look_at_steal(watch);
    *pressure = look_at_pressure(watch->cpu, "some", &watch->cpu_some) +
                look_at_pressure(watch->memory, "full", &watch->memory_full);
}
