/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/noise.h"

#include "sim/random.h"
#include "sim/settings.h"

#include <stdio.h>

enum { RHO_PPM = 1000, MOST_LOST = 6 };

/* Timers fire, and processes are scheduled, a little late: twice on the way of a heartbeat and its answer, and in the executor. */
static const hy_time SLACK = HY_MS;

struct noise {
    struct sim_stream stream;
    struct sim_schedule *schedule;
    struct sim_settings settings;
    uint32_t all;
    hy_time least_delay; /* no link takes longer by itself */
    hy_time budget;      /* for delays (twice), losses and stalls */
    hy_time stall;       /* s */
};

static void push(struct noise *n, struct sim_fault fault)
{
    hy_vec_push(&n->schedule->faults, fault);
}

static hy_time share(struct noise *n, hy_time whole)
{
    return whole > 0 ? sim_draw_time(&n->stream, 0, whole) : 0;
}

/* One phase after the other, each at its own point of the bound; between two of them a time D without noise, since what is
 * allowed is counted over that long. */
static void add_network(struct noise *n)
{
    hy_time heartbeat = n->settings.heartbeat;
    for (hy_time at = 0; at < n->schedule->duration;) {
        hy_time left = n->budget - n->stall - 2 * n->least_delay;
        int64_t most = left / heartbeat < MOST_LOST ? left / heartbeat : MOST_LOST;
        int64_t lost = (int64_t)sim_draw_below(&n->stream, (uint64_t)most + 1);
        hy_time lasts = sim_draw_time(&n->stream, 5 * HY_SECOND, 90 * HY_SECOND);
        push(n, (struct sim_fault){.at = at,
                                   .lasts = lasts,
                                   .kind = SIM_FAULT_NOISE,
                                   .a = n->all,
                                   .b = n->all,
                                   .v = lost,
                                   .w = n->least_delay + (left - lost * heartbeat) / 2});
        at += lasts + 2 * n->settings.dead_after;
    }
}

/* Hosts stand still: some of them at once, for `stall` at most in any time D. */
static void add_stalls(struct noise *n)
{
    hy_time apart = sim_draw_time(&n->stream, n->settings.dead_after, 20 * n->settings.dead_after);
    for (hy_time at = HY_SECOND; n->stall > HY_MS && at < n->schedule->duration;) {
        uint32_t nodes = (uint32_t)sim_draw(&n->stream) & n->all;
        hy_time lasts = sim_draw_chance(&n->stream, 500) ? n->stall : sim_draw_time(&n->stream, HY_MS, n->stall);
        bool whole = sim_draw_chance(&n->stream, 500);
        push(n, (struct sim_fault){.at = at,
                                   .lasts = lasts,
                                   .kind = whole ? SIM_FAULT_FREEZE_HOST : SIM_FAULT_FREEZE_CORE,
                                   .a = nodes ? nodes : 1});
        at += lasts + n->settings.dead_after + HY_MS + sim_draw_time(&n->stream, 0, apart);
    }
}

static void add_clocks(struct noise *n)
{
    for (hy_time at = 0; at < n->schedule->duration;) {
        hy_time lasts = sim_draw_time(&n->stream, 10 * HY_SECOND, 120 * HY_SECOND);
        uint32_t nodes = (uint32_t)sim_draw(&n->stream) & n->all;
        push(n, (struct sim_fault){.at = at, .lasts = lasts, .kind = SIM_FAULT_RATE, .a = nodes, .v = 1000});
        push(n, (struct sim_fault){.at = at, .lasts = lasts, .kind = SIM_FAULT_RATE, .a = n->all & ~nodes, .v = -1000});
        at += lasts + HY_SECOND;
    }
}

/* One link carries on, for a while; the others die and heal as they like. Then another one does; before that, all are whole for
 * a moment. */
static void add_dead_links(struct noise *n)
{
    static const enum sim_fault_kind kinds[] = {
        SIM_FAULT_CUT,   SIM_FAULT_CUT,     SIM_FAULT_CARRIER,   SIM_FAULT_CARRIER, SIM_FAULT_LOSS,
        SIM_FAULT_DELAY, SIM_FAULT_REORDER, SIM_FAULT_DUPLICATE, SIM_FAULT_CORRUPT, SIM_FAULT_PARTITION};
    size_t links = n->schedule->links;
    hy_time whole = 2 * n->settings.dead_after;
    for (hy_time at = 0; at < n->schedule->duration; at += whole) {
        size_t kept = sim_draw_below(&n->stream, links);
        hy_time ends = at + sim_draw_time(&n->stream, 2 * HY_SECOND, 60 * HY_SECOND);
        for (; ends - at > 2 * HY_MS; at += sim_draw_time(&n->stream, HY_MS, 4 * HY_SECOND)) {
            struct sim_fault fault = {.at = at,
                                      .kind = kinds[sim_draw_below(&n->stream, sizeof kinds / sizeof *kinds)]};
            size_t link = (kept + 1 + sim_draw_below(&n->stream, links - 1)) % links;
            fault.links = sim_draw_chance(&n->stream, 500) ? 1u << link : ((1u << links) - 1) & ~(1u << kept);
            fault.lasts = sim_draw_time(&n->stream, HY_MS, ends - at < 20 * HY_SECOND ? ends - at : 20 * HY_SECOND);
            fault.a = sim_draw_chance(&n->stream, 300) ? n->all : (uint32_t)sim_draw(&n->stream) & n->all;
            fault.b = fault.kind == SIM_FAULT_PARTITION ? 0 : n->all;
            fault.v = fault.kind == SIM_FAULT_DELAY ? sim_draw_time(&n->stream, HY_MS, HY_SECOND)
                                                    : (int64_t)sim_draw_below(&n->stream, 900);
            fault.w = fault.kind == SIM_FAULT_REORDER ? sim_draw_time(&n->stream, HY_MS, 2 * HY_SECOND) : 0;
            push(n, fault);
        }
        at = ends;
    }
}

void sim_noise_generate(struct sim_schedule *schedule)
{
    struct noise n = {.stream = sim_stream(schedule->seed, 8), .schedule = schedule};
    sim_settings_of(schedule, &n.settings);
    const struct sim_settings *s = &n.settings;
    n.all = (1u << schedule->nodes) - 1;
    n.least_delay = sim_settings_longest_delay(s->profile);
    n.budget = s->dead_after - s->dead_after * 2 * RHO_PPM / 1000000 - s->release_margin - 2 * s->heartbeat - SLACK;
    n.stall = sim_draw_chance(&n.stream, 700) ? share(&n, n.budget - 2 * n.least_delay) : 0;
    schedule->kinds = 0;
    add_network(&n);
    add_stalls(&n);
    if (sim_draw_chance(&n.stream, 500))
        add_clocks(&n);
    if (schedule->links > 1 && sim_draw_chance(&n.stream, 800))
        add_dead_links(&n);
    for (size_t i = 0; i < schedule->faults.count; i++)
        schedule->kinds |= UINT64_C(1) << schedule->faults.items[i].kind;
    sim_schedule_sort(schedule);
}
