/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a DC decides is held against the configuration and the record that it decides by, read plainly and apart from the
 * scheduler ("Pacemaker Explained" has the rules):
 *
 *   start-unconfigured     what is not configured is not started
 *   start-on-unfit-node    nor anything on a node that is no member, standby or leaving
 *   start-banned           nor where a location forbids it
 *   start-while-disabled   nor what has target-role=Stopped
 *   start-over-threshold   nor where it has failed migration-threshold times
 *   start-active-elsewhere nor a single resource that is, or may be, active on another member
 *   start-unprobed         nor before every member has said whether it runs there
 *   start-before-first     nor before what a mandatory order, or its group, wants started first, nor behind that while it is
 *                          blocked
 *   stop-before-then       nothing is stopped under what a mandatory order, or its group, wants stopped first
 *   act-on-unmanaged       what is unmanaged is neither started nor stopped, promoted nor demoted
 */
#include "sim/checks.h"

#include "scheduler/scheduler.h"
#include "sim/decisions.h"
#include "sim/facts.h"

#include <stdlib.h>
#include <string.h>

struct rules {
    struct sim_world *world;
    struct decisions decisions;
};

/* One decision. */
struct judged {
    struct sim_world *world;
    const struct hy_cib *cib;
    struct fact_view view;
    const struct hy_inflight *in_flight;
    size_t in_flight_count;
    const char *rsc, *node;
    char primitive[HY_ID_MAX + 1];
};

static void *open_check(struct sim_world *world)
{
    struct rules *rules = hy_alloc(sizeof *rules);
    rules->world = world;
    return rules;
}

static bool is_in_flight(const struct judged *j, const char *node, const char *rsc, const char *op)
{
    for (size_t i = 0; i < j->in_flight_count; i++) {
        const struct hy_inflight *flight = &j->in_flight[i];
        if ((!node || strcmp(flight->node, node) == 0) && strcmp(flight->rsc, rsc) == 0 && strcmp(flight->op, op) == 0)
            return true;
    }
    return false;
}

/* ---- starts */

static void check_node(const struct judged *j)
{
    const char *unfit = fact_node_unfit(j->cib, j->node), *ban = fact_ban(j->cib, j->rsc, j->node);
    if (unfit)
        sim_violation(j->world, "start-on-unfit-node", "%s on %s: %s", j->rsc, j->node, unfit);
    if (ban)
        sim_violation(j->world, "start-banned", "%s on %s: %s", j->rsc, j->node, ban);
}

static void check_role(const struct judged *j)
{
    const char *role = fact_meta(j->cib, j->rsc, "target-role");
    if (role && strcmp(role, "Stopped") == 0)
        sim_violation(j->world, "start-while-disabled", "%s on %s: target-role=Stopped", j->rsc, j->node);
}

static void check_threshold(const struct judged *j, const struct hy_node_status *status)
{
    const char *value = fact_meta(j->cib, j->rsc, "migration-threshold");
    int threshold = HY_INFINITY;
    if (fact_meta(j->cib, j->rsc, "failure-timeout"))
        return; /* it may be over */
    if (value && (!hy_score_parse(value, &threshold) || threshold <= 0))
        return;
    int failures = hy_cib_failcount(status, j->rsc, NULL);
    if (failures >= threshold)
        sim_violation(j->world, "start-over-threshold", "%s on %s: it has failed there %d times of %d", j->rsc, j->node,
                      failures, threshold);
}

static void check_elsewhere(const struct judged *j)
{
    for (size_t i = 0; i < j->cib->nodes.count; i++) {
        const struct hy_node_status *other = j->cib->nodes.items[i];
        if (other->state != HY_MEMBER_IN || strcmp(other->node, j->node) == 0)
            continue;
        enum fact_belief belief = fact_belief(other, j->rsc);
        if (belief == FACT_ACTIVE || belief == FACT_UNCERTAIN || is_in_flight(j, other->node, j->rsc, "start") ||
            is_in_flight(j, other->node, j->rsc, "stop"))
            sim_violation(j->world, "start-active-elsewhere", "%s on %s: it is, or may be, active on %s", j->rsc,
                          j->node, other->node);
        else if (belief == FACT_UNKNOWN && !other->enrolled.witness) /* check_witness.c: nothing ever ran there */
            sim_violation(j->world, "start-unprobed", "%s on %s: %s has not said whether it runs there", j->rsc,
                          j->node, other->node);
    }
}

/* Is an instance of it up, and left so? On `node`, or anywhere. */
static bool is_up(const struct judged *j, const char *primitive, const char *node)
{
    for (size_t i = 0; i < j->cib->nodes.count; i++) {
        const struct hy_node_status *status = j->cib->nodes.items[i];
        if ((!node || strcmp(status->node, node) == 0) && fact_is_up(&j->view, status, primitive) &&
            !is_in_flight(j, status->node, primitive, "stop"))
            return true;
    }
    return false;
}

static void check_firsts(const struct judged *j)
{
    const char *firsts[FACT_MANY];
    size_t count = fact_firsts(j->cib, j->primitive, firsts);
    for (size_t i = 0; i < count; i++)
        if (!is_up(j, firsts[i], NULL))
            sim_violation(j->world, "start-before-first", "%s on %s: %s, which is to be started first, is not up",
                          j->rsc, j->node, firsts[i]);
    const char *before = fact_group_neighbour(j->cib, j->primitive, -1);
    if (before && !is_up(j, before, j->node))
        sim_violation(j->world, "start-before-first", "%s on %s: %s, before it in its group, is not up there", j->rsc,
                      j->node, before);
}

static void judge_start(const struct judged *j)
{
    const struct hy_node_status *status = hy_cib_node(j->cib, j->node);
    if (!hy_cib_find_kind(j->cib, HY_PRIMITIVE, j->primitive)) {
        sim_violation(j->world, "start-unconfigured", "%s on %s", j->rsc, j->node);
        return;
    }
    check_node(j);
    check_role(j);
    if (status)
        check_threshold(j, status);
    if (fact_is_single(j->cib, j->rsc))
        check_elsewhere(j);
    check_firsts(j);
}

/* ---- stops */

/* An active one that could be stopped first. */
static bool stands_on_it(const struct judged *j, const char *primitive, const char *node)
{
    for (size_t i = 0; i < j->cib->nodes.count; i++) {
        const struct hy_node_status *status = j->cib->nodes.items[i];
        if (status->state == HY_MEMBER_IN && (!node || strcmp(status->node, node) == 0) &&
            fact_belief(status, primitive) == FACT_ACTIVE && !fact_failed_stop(status, primitive) &&
            fact_is_managed(&j->view, primitive, status->node))
            return true;
    }
    return false;
}

static size_t active_instances(const struct judged *j)
{
    size_t count = 0;
    for (size_t i = 0; i < j->cib->nodes.count; i++) {
        const struct hy_node_status *status = j->cib->nodes.items[i];
        enum fact_belief belief = fact_belief(status, j->rsc);
        count += status->state == HY_MEMBER_IN && (belief == FACT_ACTIVE || belief == FACT_UNCERTAIN);
    }
    return count;
}

static void judge_stop(const struct judged *j)
{
    const char *behind = fact_group_neighbour(j->cib, j->primitive, 1);
    if (behind && stands_on_it(j, behind, j->node))
        sim_violation(j->world, "stop-before-then", "%s on %s: %s, behind it in its group, is active there", j->rsc,
                      j->node, behind);
    /* With several instances of what comes first, those that remain may do. */
    const char *thens[FACT_MANY];
    size_t count = active_instances(j) == 1 ? fact_thens(j->cib, j->primitive, thens) : 0;
    for (size_t i = 0; i < count; i++)
        if (stands_on_it(j, thens[i], NULL))
            sim_violation(j->world, "stop-before-then", "%s on %s: %s, which is to be stopped first, is active", j->rsc,
                          j->node, thens[i]);
}

static void decided(void *context, size_t dc, size_t target, const struct hy_operation *operation)
{
    struct rules *rules = context;
    const struct hy_cluster *cluster = sim_cluster(rules->world, dc);
    struct judged j = {.world = rules->world,
                       .cib = hy_cluster_cib(cluster),
                       .rsc = operation->rsc,
                       .node = sim_name(rules->world, target)};
    j.view = (struct fact_view){.cib = j.cib, .now = sim_wall(rules->world, dc)};
    j.in_flight_count = hy_cluster_in_flight(cluster, &j.in_flight);
    fact_primitive_id(j.rsc, j.primitive);
    bool start = strcmp(operation->op, "start") == 0, stop = strcmp(operation->op, "stop") == 0;
    bool role = strcmp(operation->op, "promote") == 0 || strcmp(operation->op, "demote") == 0;
    if ((start || stop || role) && !fact_is_managed(&j.view, j.rsc, j.node))
        sim_violation(j.world, "act-on-unmanaged", "%s of %s on %s", operation->op, j.rsc, j.node);
    if (start)
        judge_start(&j);
    if (stop)
        judge_stop(&j);
}

static void stepped(void *context, size_t node, const struct hy_cluster_event *event, int rc,
                    const struct hy_cluster_effects *effects)
{
    (void)event;
    (void)rc;
    struct rules *rules = context;
    decisions_see(&rules->decisions, rules->world, node, effects, decided, rules);
}

const struct sim_observer sim_check_rules = {.name = "rules", .open = open_check, .close = free, .stepped = stepped};
