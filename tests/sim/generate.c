/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A schedule from a seed. Each seed takes some of the kinds only, and some of them much more often than others (swarm
 * testing: Groce and others, 2012): a run with everything at once hides what needs one thing again and again. Faults come in
 * storms, with calms between them in which the cluster gets to its feet.
 */
#include "sim/fault.h"
#include "sim/noise.h"
#include "sim/random.h"

#include <stdio.h>

/* us; v and w: range of the numbers */
static const struct shape {
    enum sim_fault_kind kind;
    unsigned weight;
    hy_time shortest, longest;
    int64_t v_low, v_high, w_low, w_high;
    bool everybody; /* a may be all nodes */
} shapes[] = {
    {SIM_FAULT_LOSS, 3, 500 * HY_MS, 30 * HY_SECOND, 20, 700, 0, 0, true},
    {SIM_FAULT_DELAY, 3, 200 * HY_MS, 20 * HY_SECOND, HY_MS, 400 * HY_MS, 0, 0, true},
    {SIM_FAULT_REORDER, 2, HY_SECOND, 30 * HY_SECOND, 50, 500, HY_MS, 300 * HY_MS, true},
    {SIM_FAULT_DUPLICATE, 2, HY_SECOND, 30 * HY_SECOND, 50, 500, 0, 0, true},
    {SIM_FAULT_CORRUPT, 1, HY_SECOND, 20 * HY_SECOND, 20, 400, 0, 0, true},
    {SIM_FAULT_CUT, 5, 20 * HY_MS, 30 * HY_SECOND, 0, 0, 0, 0, false},
    {SIM_FAULT_PARTITION, 6, 50 * HY_MS, 40 * HY_SECOND, 0, 0, 0, 0, false},
    {SIM_FAULT_SLOW_LINK, 1, HY_SECOND, 20 * HY_SECOND, 5, 200, 0, 0, true},
    {SIM_FAULT_RESET, 4, 0, 0, 0, 0, 0, 0, true},
    {SIM_FAULT_CARRIER, 2, 50 * HY_MS, 20 * HY_SECOND, 0, 0, 0, 0, false},
    {SIM_FAULT_DISK_SLOW, 3, HY_SECOND, 30 * HY_SECOND, 5 * HY_MS, 2 * HY_SECOND, 0, 0, true},
    {SIM_FAULT_DISK_FULL, 1, HY_SECOND, 20 * HY_SECOND, 0, 0, 0, 0, false},
    {SIM_FAULT_DISK_ERROR, 2, 0, 0, 0, 0, 0, 0, false},
    {SIM_FAULT_DISK_LOST, 1, HY_SECOND, 20 * HY_SECOND, 0, 7, 0, 0, false},
    {SIM_FAULT_DISK_FLIP, 1, HY_SECOND, 20 * HY_SECOND, 0, INT64_C(1) << 40, 0, 0, false},
    {SIM_FAULT_RATE, 3, HY_SECOND, 120 * HY_SECOND, -1000, 1000, 0, 0, true},
    {SIM_FAULT_WALL, 2, 0, 0, -HY_SECOND * 7200, HY_SECOND * 7200, 0, 0, false},
    {SIM_FAULT_FREEZE_CORE, 6, 5 * HY_MS, 60 * HY_SECOND, 0, 1, 0, 0, false},
    {SIM_FAULT_FREEZE_STEP, 6, 5 * HY_MS, 30 * HY_SECOND, 0, 1, 0, 0, false},
    {SIM_FAULT_FREEZE_ORDER, 4, 300 * HY_MS, 5 * HY_SECOND, 0, 0, 0, 0, false},
    {SIM_FAULT_FREEZE_HOST, 4, 5 * HY_MS, 120 * HY_SECOND, 0, 0, 0, 0, true},
    {SIM_FAULT_CRASH_CORE, 6, 0, 0, 0, 0, 0, 0, true},
    {SIM_FAULT_CRASH_EXECUTOR, 2, 100 * HY_MS, 10 * HY_SECOND, 0, 0, 0, 0, false},
    {SIM_FAULT_CRASH_HOST, 5, 200 * HY_MS, 40 * HY_SECOND, 0, 7, 0, 0, true},
    {SIM_FAULT_RESTART, 3, 200 * HY_MS, 30 * HY_SECOND, 0, 0, 0, 0, false},
    {SIM_FAULT_SERVICE_FAIL, 3, HY_SECOND, 30 * HY_SECOND, 0, 3, 0, 3, true},
    {SIM_FAULT_SERVICE_HANG, 1, HY_SECOND, 20 * HY_SECOND, 0, 3, 0, 3, true},
    {SIM_FAULT_SERVICE_LATE, 2, HY_SECOND, 30 * HY_SECOND, 0, 3, 0, 3, true},
    {SIM_FAULT_SERVICE_LIE, 2, 0, 0, 0, 3, 0, 0, false},
    {SIM_FAULT_SERVICE_DIE, 3, 0, 0, 0, 3, 0, 0, false},
    {SIM_FAULT_KILL_ALL, 2, 200 * HY_MS, 20 * HY_SECOND, 0, 0, 0, 0, false},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

struct generator {
    struct sim_stream stream, links; /* links: of its own, so that who has one only has the same faults as ever */
    struct sim_schedule *schedule;
    unsigned weights[SHAPES];
    unsigned total;
};

/* As often between 10 and 100 ms as between 10 and 100 s. */
static hy_time log_uniform(struct sim_stream *stream, hy_time low, hy_time high)
{
    if (low <= 0 || low >= high)
        return low;
    int doublings = 0;
    while (low << (doublings + 1) < high)
        doublings++;
    hy_time from = low << sim_draw_below(stream, (uint64_t)doublings + 1);
    hy_time to = from * 2 < high ? from * 2 : high;
    return sim_draw_time(stream, from, to);
}

static void choose_kinds(struct generator *g)
{
    for (size_t i = 0; i < SHAPES; i++) {
        bool on = g->schedule->kinds >> shapes[i].kind & 1;
        bool taken = sim_draw_chance(&g->stream, 450);
        unsigned times = sim_draw_chance(&g->stream, 150) ? 8 : 1;
        g->weights[i] = on && taken ? shapes[i].weight * times : 0;
        g->total += g->weights[i];
    }
    for (size_t i = 0; !g->total && i < SHAPES; i++) { /* it took none of those that are switched on */
        g->weights[i] = g->schedule->kinds >> shapes[i].kind & 1 ? shapes[i].weight : 0;
        if (i == SHAPES - 1)
            for (size_t j = 0; j < SHAPES; j++)
                g->total += g->weights[j];
    }
}

static uint32_t one_node(struct generator *g)
{
    return 1u << sim_draw_below(&g->stream, g->schedule->nodes);
}

static uint32_t some_nodes(struct generator *g)
{
    uint32_t all = (1u << g->schedule->nodes) - 1;
    uint32_t nodes = (uint32_t)sim_draw(&g->stream) & all;
    return nodes ? nodes : one_node(g);
}

static uint32_t nodes_for(struct generator *g, bool everybody)
{
    uint64_t dice = sim_draw_below(&g->stream, 20);
    if (everybody && dice == 0)
        return (1u << g->schedule->nodes) - 1;
    return everybody && dice < 4 ? some_nodes(g) : one_node(g);
}

/* All of them as often as one. */
static uint32_t links_for(struct generator *g)
{
    uint32_t all = (1u << g->schedule->links) - 1;
    uint64_t dice = sim_draw_below(&g->links, 100);
    uint32_t some =
        dice < 85 ? 1u << sim_draw_below(&g->links, g->schedule->links) : (uint32_t)sim_draw(&g->links) & all;
    return dice < 45 || some == all ? 0 : some;
}

static void add(struct generator *g, hy_time at)
{
    uint64_t dice = sim_draw_below(&g->stream, g->total);
    size_t i = 0;
    for (; dice >= g->weights[i]; i++)
        dice -= g->weights[i];
    const struct shape *shape = &shapes[i];
    uint32_t all = (1u << g->schedule->nodes) - 1;
    struct sim_fault fault = {.at = at, .kind = shape->kind};
    fault.lasts = log_uniform(&g->stream, shape->shortest, shape->longest);
    fault.v = sim_draw_time(&g->stream, shape->v_low, shape->v_high);
    fault.w = sim_draw_time(&g->stream, shape->w_low, shape->w_high);
    fault.a = nodes_for(g, shape->everybody);
    if (shape->kind == SIM_FAULT_RATE && sim_draw_chance(&g->stream, 500))
        fault.v = fault.v < 0 ? shape->v_low : shape->v_high;
    if (shape->kind == SIM_FAULT_FREEZE_ORDER) {
        fault.a = all; /* whoever is the DC */
    } else if (shape->kind == SIM_FAULT_PARTITION) {
        fault.a = some_nodes(g);
        fault.b = sim_draw_chance(&g->stream, 250) ? some_nodes(g) & ~fault.a : 0;
    } else if (shape->kind <= SIM_FAULT_RESET) {
        fault.b = sim_draw_chance(&g->stream, 500) ? all : one_node(g);
    }
    if (shape->kind == SIM_FAULT_SERVICE_HANG || shape->kind == SIM_FAULT_DELAY || shape->kind == SIM_FAULT_DISK_SLOW)
        fault.v =
            shape->kind == SIM_FAULT_SERVICE_HANG ? fault.v : log_uniform(&g->stream, shape->v_low, shape->v_high);
    if (g->schedule->links > 1 && (shape->kind <= SIM_FAULT_SLOW_LINK || shape->kind == SIM_FAULT_CARRIER))
        fault.links = links_for(g);
    hy_vec_push(&g->schedule->faults, fault);
    if (shape->kind == SIM_FAULT_RATE && fault.a != all && sim_draw_chance(&g->stream, 700)) {
        fault.a = all & ~fault.a; /* as far apart as clocks may be */
        fault.v = -fault.v;
        hy_vec_push(&g->schedule->faults, fault);
    }
}

/* Two hosts and a witness; of five or more perhaps two. From a stream of its own: whoever draws none has the same faults. */
static uint32_t draw_witnesses(const struct sim_schedule *schedule)
{
    struct sim_stream stream = sim_stream(schedule->seed, 5);
    if (schedule->nodes < 3 || !sim_draw_chance(&stream, 350))
        return 0;
    size_t wanted = schedule->nodes >= 5 && sim_draw_chance(&stream, 500) ? 2 : 1;
    uint32_t witnesses = 0;
    for (size_t count = 0; count < wanted;) {
        uint32_t node = 1u << sim_draw_below(&stream, schedule->nodes);
        count += !(witnesses & node);
        witnesses |= node;
    }
    return witnesses;
}

/* What hosts are like: how many links they have, and whether their kernels take filters. */
static void draw_hosts(struct sim_schedule *schedule)
{
    struct sim_stream stream = sim_stream(schedule->seed, 6);
    uint64_t dice = sim_draw_below(&stream, 100), guards = sim_draw_below(&stream, 100);
    if (!schedule->links)
        schedule->links = dice < 55 ? 1 : dice < 85 ? 2 : 3;
    if (!schedule->guards_given)
        schedule->unguarded = guards < 60 ? 0 : guards < 80 ? UINT16_MAX : (uint32_t)sim_draw(&stream) & UINT16_MAX;
    schedule->addresses = true;
    schedule->gathers = sim_draw_chance(&stream, 750);
}

/* `fast` sends five times as many heartbeats as `lan`, and takes as long to simulate. */
static const char *draw_profile(struct generator *g, bool noise)
{
    static const char *const all[] = {"fast", "lan", "wan"};
    uint64_t dice = sim_draw_below(&g->stream, 1000);
    return noise ? all[dice % 3] : dice < 300 ? "wan" : dice < 360 ? "fast" : "lan";
}

void sim_schedule_generate(struct sim_schedule *schedule)
{
    struct generator g = {
        .stream = sim_stream(schedule->seed, 0), .links = sim_stream(schedule->seed, 7), .schedule = schedule};
    const char *profile = draw_profile(&g, schedule->noise);
    if (!schedule->profile[0])
        snprintf(schedule->profile, sizeof schedule->profile, "%s", profile);
    draw_hosts(schedule);
    if (schedule->witnesses_by_seed)
        schedule->witnesses = draw_witnesses(schedule);
    if (schedule->noise) {
        sim_noise_generate(schedule);
        return;
    }
    choose_kinds(&g);
    hy_time at = sim_draw_time(&g.stream, 0, 5 * HY_SECOND);
    while (g.total && at < schedule->duration) {
        hy_time storm_ends = at + sim_draw_time(&g.stream, HY_SECOND, 30 * HY_SECOND);
        hy_time pause = log_uniform(&g.stream, 300 * HY_MS, 8 * HY_SECOND);
        for (; at < storm_ends && at < schedule->duration; at += sim_draw_time(&g.stream, 1, 2 * pause))
            add(&g, at);
        at += sim_draw_time(&g.stream, 5 * HY_SECOND, 60 * HY_SECOND);
    }
    sim_schedule_sort(schedule);
}
