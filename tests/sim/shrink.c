/* SPDX-License-Identifier: Apache-2.0 */
/* Zeller, Hildebrandt, "Simplifying and Isolating Failure-Inducing Input" (2002): ddmin over the faults, then each of them. */
#include "sim/shrink.h"

#include <string.h>
#include <time.h>

enum { RUN_LIMIT = 60 };

struct shrinker {
    struct sim_schedule *best;
    struct sim_result *result;
    time_t ends;
    unsigned tries;
};

static bool is_time_left(const struct shrinker *s)
{
    return time(NULL) < s->ends;
}

/* Takes `candidate` over when it fails in the same way. */
static bool attempt(struct shrinker *s, struct sim_schedule *candidate)
{
    static const struct sim_view nothing = {0};
    struct sim_result result;
    s->tries++;
    sim_run_apart(candidate, &nothing, RUN_LIMIT, &result);
    bool same = strcmp(result.violation, s->result->violation) == 0;
    if (same) {
        struct sim_schedule old = *s->best;
        *s->best = *candidate;
        *candidate = old;
        *s->result = result;
    }
    sim_schedule_free(candidate);
    return same;
}

/* What comes after the violation is of no use. */
static void cut_tail(struct shrinker *s)
{
    struct sim_schedule candidate = sim_schedule_copy(s->best);
    if (s->result->at && s->result->at < candidate.duration) {
        candidate.duration = s->result->at + 1;
        candidate.quiet = 0;
        if (candidate.operator_ends > candidate.duration)
            candidate.operator_ends = candidate.duration;
    }
    while (candidate.faults.count && candidate.faults.items[candidate.faults.count - 1].at >= candidate.duration)
        candidate.faults.count--;
    attempt(s, &candidate);
}

static bool without(struct shrinker *s, size_t from, size_t count)
{
    struct sim_schedule candidate = sim_schedule_copy(s->best);
    size_t rest = candidate.faults.count - from - count;
    if (rest)
        memmove(candidate.faults.items + from, candidate.faults.items + from + count,
                rest * sizeof *candidate.faults.items);
    candidate.faults.count -= count;
    return attempt(s, &candidate);
}

static void fewer_faults(struct shrinker *s)
{
    for (size_t chunk = (s->best->faults.count + 1) / 2; chunk && is_time_left(s);) {
        bool smaller = false;
        for (size_t from = 0; from < s->best->faults.count && is_time_left(s);) {
            size_t count = s->best->faults.count - from < chunk ? s->best->faults.count - from : chunk;
            if (without(s, from, count))
                smaller = true;
            else
                from += count;
        }
        if (chunk == 1 && !smaller)
            break;
        if (chunk > 1)
            chunk = chunk / 2;
    }
}

static void shorter_faults(struct shrinker *s)
{
    for (size_t i = 0; i < s->best->faults.count; i++)
        for (hy_time lasts = s->best->faults.items[i].lasts; lasts > HY_MS && is_time_left(s); lasts /= 2) {
            struct sim_schedule candidate = sim_schedule_copy(s->best);
            candidate.faults.items[i].lasts = lasts / 2;
            if (!attempt(s, &candidate))
                break;
        }
}

static void fewer_nodes_in(struct shrinker *s, size_t fault, bool second)
{
    for (int node = 0; node < SIM_MAX_NODES && is_time_left(s); node++) {
        struct sim_schedule candidate = sim_schedule_copy(s->best);
        struct sim_fault *changed = &candidate.faults.items[fault];
        uint32_t *set = second ? &changed->b : &changed->a;
        uint32_t smaller = *set & ~(1u << node);
        if (smaller == *set || (!smaller && !second)) {
            sim_schedule_free(&candidate);
            continue;
        }
        *set = smaller;
        attempt(s, &candidate);
    }
}

static void simpler_run(struct shrinker *s)
{
    struct sim_schedule candidate = sim_schedule_copy(s->best);
    candidate.operator_ends = 0;
    attempt(s, &candidate);
    for (hy_time ends = s->best->operator_ends / 2; ends > HY_SECOND && is_time_left(s); ends /= 2) {
        candidate = sim_schedule_copy(s->best);
        candidate.operator_ends = ends;
        if (!attempt(s, &candidate))
            break;
    }
    if (s->best->witnesses) {
        candidate = sim_schedule_copy(s->best);
        candidate.witnesses = 0;
        attempt(s, &candidate);
    }
    if (s->best->nodes > 3) {
        candidate = sim_schedule_copy(s->best);
        candidate.nodes = 3;
        attempt(s, &candidate);
    }
}

void sim_shrink(struct sim_schedule *schedule, struct sim_result *result, unsigned seconds)
{
    struct shrinker s = {.best = schedule, .result = result, .ends = time(NULL) + seconds};
    cut_tail(&s);
    simpler_run(&s);
    fewer_faults(&s);
    shorter_faults(&s);
    for (size_t i = 0; i < s.best->faults.count; i++) {
        fewer_nodes_in(&s, i, false);
        fewer_nodes_in(&s, i, true);
    }
    cut_tail(&s);
    printf("shrunk to %zu faults in %u tries\n", s.best->faults.count, s.tries);
}
