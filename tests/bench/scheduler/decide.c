/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a decision takes, and how much memory: a CIB in XML is read once, and then decided upon again and again, as the
 * DC does it. Prints one line of JSON.
 *
 *   decide FILE.xml SECONDS-SINCE-1970 [TIMES]
 */
#include "hactl/import.h"
#include "scheduler/scheduler.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { MOST_TIMES = 1001 };

/* Of the processor: a decision waits for nothing, and so it does not matter what else the machine does. */
static double milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* What the kernel says of this process, in KiB: "VmRSS", "VmHWM". */
static long memory(const char *field)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    long value = -1;
    while (file && fgets(line, sizeof line, file))
        if (!strncmp(line, field, strlen(field)))
            value = atol(line + strlen(field) + 1);
    if (file)
        fclose(file);
    return value;
}

/* From here on VmHWM is the peak since now. */
static void forget_peak(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (file) {
        fputs("5", file);
        fclose(file);
    }
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int read_cib(const char *path, struct hactl_import *import)
{
    FILE *file = fopen(path, "r");
    if (!file) {
        perror(path);
        return -1;
    }
    struct hy_buf text = {0};
    static char part[1 << 16];
    for (size_t got; (got = fread(part, 1, sizeof part, file)) > 0;)
        hy_buf_add(&text, part, got);
    fclose(file);
    struct hy_err err = {{0}};
    *import = (struct hactl_import){.with_status = true};
    int status = hactl_import_read(import, hy_buf_text(&text), text.size, &err);
    if (status)
        fprintf(stderr, "%s: %s%s\n", path, err.text, hy_buf_text(&import->refused));
    hy_buf_free(&text);
    return status;
}

int main(int argc, char **argv)
{
    static double took[MOST_TIMES];
    struct hactl_import import;
    if (argc < 3 || read_cib(argv[1], &import))
        return 2;
    size_t times = argc > 3 ? (size_t)atoi(argv[3]) : 11;
    if (times < 1 || times > MOST_TIMES)
        return 2;
    struct hy_sched_input input = {.cib = import.cib, .now = atoll(argv[2]) * HY_SECOND, .quorum = true};
    size_t actions = 0;
    forget_peak();
    long before = memory("VmRSS");
    for (size_t i = 0; i < times; i++) {
        double began = milliseconds();
        struct hy_decision *decision = hy_schedule(&input);
        took[i] = milliseconds() - began;
        actions = decision->action_count;
        hy_decision_free(&decision);
    }
    long peak = memory("VmHWM");
    qsort(took, times, sizeof *took, by_size);
    printf("{\"median_ms\": %.4f, \"least_ms\": %.4f, \"most_ms\": %.4f, \"times\": %zu, \"actions\": %zu, "
           "\"cib_kib\": %ld, \"peak_kib\": %ld}\n",
           took[times / 2], took[0], took[times - 1], times, actions, before, peak);
    hactl_import_free(&import);
    return 0;
}
