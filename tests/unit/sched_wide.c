/* SPDX-License-Identifier: Apache-2.0 */
#include "sched_wide.h"

#include "lib/run.h"

#include <stdio.h>
#include <string.h>

/* xorshift64* (Vigna 2016): the same on every machine. */
uint32_t wide_draw(uint64_t *state, uint32_t below)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint32_t)((*state * UINT64_C(2685821657736338717)) >> 33) % below;
}

bool wide_chance(uint64_t *state, uint32_t percent)
{
    return wide_draw(state, 100) < percent;
}

/* ---------------------------------------------------------------- names */

void wide_node_name(const struct wide *wide, uint32_t node, char name[16])
{
    static const char *const other[WIDE_NODES] = {"amber", "birch", "cedar", "dogwood", "elm"};
    if (wide->names == WIDE_PLAIN)
        snprintf(name, 16, "n%u", node + 1);
    else
        snprintf(name, 16, "%s", other[node]);
}

/* Resources are never compared by name: the order may turn round. */
static void name_of(const struct wide *wide, char letter, uint32_t number, char name[16])
{
    if (wide->names == WIDE_PLAIN)
        snprintf(name, 16, "%c%u", letter, number);
    else
        snprintf(name, 16, "z%02u%c", 99 - number, (char)('a' + ('z' - letter)));
}

void wide_leaf_name(const struct wide *wide, uint32_t leaf, char name[16])
{
    name_of(wide, 'p', leaf, name);
}

/* ---------------------------------------------------------------- resources */

#define PICK(wide, list) ((list)[wide_draw(&(wide)->r, (uint32_t)(sizeof(list) / sizeof *(list)))])

static void add_nodes(struct wide *wide)
{
    wide->node_count = 1 + wide_draw(&wide->r, WIDE_NODES);
    for (uint32_t i = 0; i < wide->node_count; i++) {
        char name[16];
        wide_node_name(wide, i, name);
        char site = (char)('a' + wide_draw(&wide->r, 2));
        bool standby = wide_chance(&wide->r, 6);
        uint32_t cpu = 4 + wide_draw(&wide->r, 5);
        hy_buf_addf(&wide->configuration, "node %s attributes site=%c%s utilization cpu=%u\n", name, site,
                    standby ? " standby=on" : "", cpu);
    }
}

static void add_leaf(struct wide *wide, bool promotable)
{
    static const char *const on_fail[] = {"restart", "ignore", "block", "stop", "standby"};
    uint32_t leaf = wide->leaf_count++;
    ck_assert_uint_lt(leaf, WIDE_RSCS);
    struct hy_buf *out = &wide->configuration;
    char name[16];
    wide_leaf_name(wide, leaf, name);
    hy_buf_addf(out, "primitive %s ocf:pacemaker:%s", name, promotable ? "Stateful" : "Dummy");
    if (promotable)
        hy_buf_adds(out, " op monitor interval=10s role=Promoted op monitor interval=11s role=Unpromoted");
    else
        hy_buf_adds(out, " op monitor interval=10s");
    if (wide_chance(&wide->r, 20))
        hy_buf_addf(out, " on-fail=%s", PICK(wide, on_fail));
    bool has_priority = wide_chance(&wide->r, 15);
    hy_buf_addf(out, " meta priority=%u", has_priority ? wide_draw(&wide->r, 20) : 0);
    if (wide_chance(&wide->r, 60))
        hy_buf_addf(out, " resource-stickiness=%u", wide_draw(&wide->r, 3) * 50);
    if (wide_chance(&wide->r, 20))
        hy_buf_addf(out, " migration-threshold=%u", 1 + wide_draw(&wide->r, 2));
    if (wide_chance(&wide->r, 20))
        hy_buf_adds(out, " allow-migrate=true");
    if (wide_chance(&wide->r, 4))
        hy_buf_adds(out, " target-role=Stopped");
    if (wide_chance(&wide->r, 4))
        hy_buf_adds(out, " is-managed=false");
    if (wide_chance(&wide->r, 20))
        hy_buf_addf(out, " utilization cpu=%u", 1 + wide_draw(&wide->r, 3));
    hy_buf_addc(out, '\n');
    wide->promotable[leaf] = promotable;
}

static void add_top(struct wide *wide, char letter, uint32_t number, bool promotable)
{
    wide->top_promotable[wide->top_count] = promotable;
    wide->top_clone[wide->top_count] = letter == 'c';
    name_of(wide, letter, number, wide->tops[wide->top_count++]);
}

static void add_group(struct wide *wide, uint32_t number, const char *id)
{
    uint32_t first = wide->leaf_count, count = 2 + wide_draw(&wide->r, 2);
    (void)number;
    for (uint32_t i = 0; i < count; i++)
        add_leaf(wide, false);
    hy_buf_addf(&wide->configuration, "group %s", id);
    for (uint32_t i = 0; i < count; i++) {
        char name[16];
        wide_leaf_name(wide, first + i, name);
        hy_buf_addf(&wide->configuration, " %s", name);
    }
    hy_buf_addc(&wide->configuration, '\n');
}

static void add_clone(struct wide *wide, uint32_t number, const char *child, bool promotable)
{
    char id[16];
    name_of(wide, 'c', number, id);
    hy_buf_addf(&wide->configuration, "clone %s %s meta interleave=%s", id, child,
                wide_chance(&wide->r, 60) ? "true" : "false");
    if (wide_chance(&wide->r, 30))
        hy_buf_addf(&wide->configuration, " clone-max=%u", 1 + wide_draw(&wide->r, 3));
    if (wide_chance(&wide->r, 15))
        hy_buf_adds(&wide->configuration, " ordered=true");
    if (promotable)
        hy_buf_addf(&wide->configuration, " promotable=true promoted-max=%u", 1 + wide_draw(&wide->r, 2));
    hy_buf_addc(&wide->configuration, '\n');
    add_top(wide, 'c', number, promotable);
}

static void add_resources(struct wide *wide)
{
    uint32_t count = 1 + wide_draw(&wide->r, 5);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t form = wide_draw(&wide->r, 20), first = wide->leaf_count;
        char leaf[16], group[16];
        name_of(wide, 'g', i, group);
        if (form < 9) {
            add_leaf(wide, false);
            add_top(wide, 'p', first, false);
        } else if (form < 13) {
            add_group(wide, i, group);
            add_top(wide, 'g', i, false);
        } else if (form < 15) {
            add_group(wide, i, group);
            add_clone(wide, i, group, false);
        } else {
            add_leaf(wide, form >= 17);
            wide_leaf_name(wide, first, leaf);
            add_clone(wide, i, leaf, form >= 17);
        }
        for (uint32_t at = first; at < wide->leaf_count && form >= 13; at++)
            wide->cloned[at] = true;
    }
}

/* ---------------------------------------------------------------- constraints */

static void add_location(struct wide *wide, uint32_t number)
{
    static const char *const scores[] = {"inf", "-inf", "-inf", "100", "100", "-100", "50"};
    char node[16], id[16];
    wide_node_name(wide, wide_draw(&wide->r, wide->node_count), node);
    snprintf(id, sizeof id, "l%u", number);
    const char *score = PICK(wide, scores);
    if (wide_chance(&wide->r, 20))
        hy_buf_addf(&wide->configuration, "location %s %s rule %s: site eq %c\n", id, wide->tops[number], score,
                    (char)('a' + wide_draw(&wide->r, 2)));
    else
        hy_buf_addf(&wide->configuration, "location %s %s %s: %s\n", id, wide->tops[number], score, node);
}

/* Constraints go from later to earlier resources: circles are another test's. */
static void add_constraints(struct wide *wide)
{
    static const char *const scores[] = {"inf", "inf", "-inf", "100", "-20"};
    static const char *const kinds[] = {"Mandatory", "Mandatory", "Optional", "Serialize"};
    struct hy_buf *out = &wide->configuration;
    for (uint32_t i = 0; i < wide->top_count; i++)
        if (wide_chance(&wide->r, 40))
            add_location(wide, i);
    for (uint32_t i = 1; i < wide->top_count; i++) {
        uint32_t to = wide_draw(&wide->r, i);
        const char *role = wide->top_promotable[to] && wide_chance(&wide->r, 50) ? ":Promoted" : "";
        /* Two clones that keep apart never come to rest, at the peer neither. */
        const char *score = wide->top_clone[i] && wide->top_clone[to] ? "inf" : PICK(wide, scores);
        if (wide_chance(&wide->r, 35))
            hy_buf_addf(out, "colocation k%u %s: %s %s%s\n", i, score, wide->tops[i], wide->tops[to], role);
        if (wide_chance(&wide->r, 35))
            hy_buf_addf(out, "order o%u %s: %s%s %s%s\n", i, PICK(wide, kinds), wide->tops[to], *role ? ":promote" : "",
                        wide->tops[i], *role ? ":start" : "");
    }
}

/* Sets of resources, of those that are not promotable: what roles do in sets is golden cases' to show. */
static void add_sets(struct wide *wide)
{
    /* What stands before, between and behind the three. */
    static const char *const forms[][4] = {
        {"", " ", " ", ""}, {"( ", " ", " ) ", ""}, {"[ ", " ", " ] ", ""}, {"", " ( ", " ", " )"}};
    const char *names[3];
    size_t count = 0;
    for (uint32_t i = 0; i < wide->top_count && count < 3; i++)
        if (!wide->top_promotable[i])
            names[count++] = wide->tops[i];
    if (count < 3)
        return;
    if (wide_chance(&wide->r, 20)) {
        const char *const *form = PICK(wide, forms);
        hy_buf_addf(&wide->configuration, "order os Mandatory: %s%s%s%s%s%s%s\n", form[0], names[0], form[1], names[1],
                    form[2], names[2], form[3]);
    }
    if (wide_chance(&wide->r, 15))
        hy_buf_addf(&wide->configuration, "colocation ks %s: %s %s %s\n", wide_chance(&wide->r, 60) ? "inf" : "100",
                    names[0], names[1], names[2]);
}

static void add_ticket(struct wide *wide)
{
    static const char *const policies[] = {"stop", "demote", "freeze"};
    const char *policy = PICK(wide, policies);
    hy_buf_addf(&wide->configuration, "rsc_ticket t T: %s loss-policy=%s\n",
                wide->tops[wide_draw(&wide->r, wide->top_count)], policy);
    wide->ticket = true;
}

void wide_init(struct wide *wide, uint64_t seed, enum wide_names names)
{
    *wide = (struct wide){.r = seed * 2 + 1, .names = names};
    for (int i = 0; i < 10; i++)
        wide_draw(&wide->r, 2);
    add_nodes(wide);
    add_resources(wide);
    add_constraints(wide);
    add_sets(wide);
    if (wide_chance(&wide->r, 12))
        add_ticket(wide);
    if (wide_chance(&wide->r, 20))
        hy_buf_adds(&wide->configuration, "property placement-strategy=utilization\n");
}

void wide_free(struct wide *wide)
{
    hy_buf_free(&wide->configuration);
    hy_buf_free(&wide->story);
}

/* ---------------------------------------------------------------- what has happened */

static void result(struct wide *wide, struct world *world, const char *node, char *rsc, const char *op,
                   hy_time interval, int rc)
{
    hy_buf_addf(&wide->story, "result %s %s %s", node, rsc, op);
    if (interval)
        hy_buf_addf(&wide->story, "/%llds", (long long)(interval / HY_SECOND));
    hy_buf_addf(&wide->story, " rc=%d\n", rc);
    world_result(world, node,
                 &(struct hy_result){.rsc = rsc, .op = (char *)(uintptr_t)op, .interval = interval, .rc = rc});
}

static void leaf_history(struct wide *wide, struct world *world, uint32_t leaf, const char *node, bool runs)
{
    char rsc[16];
    wide_leaf_name(wide, leaf, rsc);
    result(wide, world, node, rsc, "monitor", 0, 7);
    if (!runs)
        return;
    result(wide, world, node, rsc, "start", 0, 0);
    if (wide->promotable[leaf] && !wide->promoted_once[leaf] && wide_chance(&wide->r, 40)) {
        result(wide, world, node, rsc, "promote", 0, 0);
        wide->promoted_once[leaf] = true;
    }
    if (wide_chance(&wide->r, 6))
        result(wide, world, node, rsc, "monitor", 10 * HY_SECOND, wide_chance(&wide->r, 50) ? 1 : 7);
    else if (wide_chance(&wide->r, 2))
        result(wide, world, node, rsc, "stop", 0, 1);
}

static void grant(struct wide *wide, struct world *world)
{
    bool granted = wide_chance(&wide->r, 50);
    if (!wide->ticket || wide_chance(&wide->r, 30))
        return; /* never granted */
    struct hy_ticket *ticket = hy_vec_add(&world->cib->tickets);
    *ticket = (struct hy_ticket){.name = hy_strdup("T"), .granted = granted, .last_granted = world->now - HY_SECOND};
    hy_buf_addf(&wide->story, "ticket T granted=%s last-granted=1699999999\n", granted ? "true" : "false");
}

void wide_happen(struct wide *wide, struct world *world)
{
    bool in[WIDE_NODES] = {false};
    char node[16];
    grant(wide, world);
    for (uint32_t i = 0; i < wide->node_count; i++) {
        in[i] = !wide_chance(&wide->r, 12);
        wide_node_name(wide, i, node);
        if (!in[i])
            continue;
        world_member(world, node, HY_MEMBER_IN, true);
        hy_buf_addf(&wide->story, "online %s\n", node);
    }
    for (uint32_t leaf = 0; leaf < wide->leaf_count; leaf++) {
        uint32_t home = wide_draw(&wide->r, wide->node_count * 2);
        for (uint32_t i = 0; i < wide->node_count; i++) {
            bool runs = wide->cloned[leaf] ? wide_chance(&wide->r, 50) : i == home;
            wide_node_name(wide, i, node);
            if (in[i])
                leaf_history(wide, world, leaf, node, runs);
            if (in[i] && wide->promotable[leaf] && wide_chance(&wide->r, 80)) {
                char name[32], value[16], rsc[16];
                wide_leaf_name(wide, leaf, rsc);
                snprintf(name, sizeof name, "master-%s", rsc);
                snprintf(value, sizeof value, "%u", 5 * (1 + wide_draw(&wide->r, 3)));
                hy_attrs_set(&hy_cib_node(world->cib, node)->transient, name, value);
                hy_buf_addf(&wide->story, "transient %s %s=%s\n", node, name, value);
            }
        }
    }
}
