/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/internal.h"
#include "sim/mutants.h"
#include "sim/shrink.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void print_last_lines(const struct sim_trace *trace)
{
    enum { SHOWN = 40 };
    size_t kept = trace->ring_count < 64 ? trace->ring_count : 64;
    size_t shown = kept < SHOWN ? kept : SHOWN;
    for (size_t i = trace->ring_count - shown; i < trace->ring_count; i++)
        printf("  %s\n", trace->ring[i % 64]);
}

void sim_run_here(struct sim_schedule *schedule, const struct sim_view *view, struct sim_result *result)
{
    double began = seconds_now();
    sim_mutant_set(schedule->mutant);
    struct sim_world *world = sim_world_new(schedule);
    world->trace.formatted = view->out || view->last_lines;
    world->trace.everything = view->everything;
    world->trace.from = view->from;
    world->trace.out = view->out;
    sim_world_run(world);
    *result = (struct sim_result){.at = world->violation_at,
                                  .hash = world->trace.hash,
                                  .steps = world->trace.steps,
                                  .events = world->trace.events,
                                  .simulated = world->now};
    memcpy(result->violation, world->violation, sizeof result->violation);
    memcpy(result->text, world->violation_text, sizeof result->text);
    if (world->violation[0] && view->last_lines)
        print_last_lines(&world->trace);
    sim_world_free(&world);
    result->seconds = seconds_now() - began;
}

static void be_child(struct sim_schedule *schedule, const struct sim_view *view, unsigned limit, int fd)
{
    struct sim_result result;
    alarm(limit);
    sim_run_here(schedule, view, &result);
    fflush(NULL);
    if (write(fd, &result, sizeof result) != sizeof result)
        _exit(3);
    exit(0); /* not _exit(): a leak checker runs at the end */
}

static void judge_end(int status, struct sim_result *result)
{
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
        snprintf(result->violation, sizeof result->violation, "hangs");
        snprintf(result->text, sizeof result->text, "the run did not end in time");
    } else if (WIFSIGNALED(status)) {
        snprintf(result->violation, sizeof result->violation, "crashed");
        snprintf(result->text, sizeof result->text, "killed by signal %d", WTERMSIG(status));
    } else if (WEXITSTATUS(status)) {
        snprintf(result->violation, sizeof result->violation, "crashed");
        snprintf(result->text, sizeof result->text, "ended with status %d (a sanitizer?)", WEXITSTATUS(status));
    }
}

void sim_run_apart(struct sim_schedule *schedule, const struct sim_view *view, unsigned limit,
                   struct sim_result *result)
{
    int ends[2];
    *result = (struct sim_result){0};
    fflush(NULL);
    if (pipe(ends)) {
        perror("pipe");
        exit(2);
    }
    pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        exit(2);
    }
    if (!pid) {
        close(ends[0]);
        be_child(schedule, view, limit, ends[1]);
    }
    close(ends[1]);
    ssize_t got = read(ends[0], result, sizeof *result);
    close(ends[0]);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (got != sizeof *result)
        *result = (struct sim_result){0};
    if (status && !result->violation[0])
        judge_end(status, result);
}
