/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Once all faults have ended, the cluster comes to rest, and stays there:
 *
 *   no-dc             within MEMBERS_WITHIN there is one DC, all cores agree who, and it acts
 *   not-a-member      and every core that is up is a member
 *   never-quiet       after QUIET_WITHIN nothing happens any more: no order, no command, no change of DC
 *   not-settled       there is nothing left that could be done to get to the wanted state
 *   not-as-decided    what runs is what the DC thinks runs
 *   colocation-broken no mandatory colocation is broken by what runs, and
 *   runs-where-banned nothing runs where a location forbids it, or on a node that is standby
 *   not-reconciled    the servers of consensus are the enrolled nodes, with the disks they have; who was struck is out
 *   not-answered      every request has been answered
 *
 * What is unmanaged or blocked (a stop that has failed) is left as it is, and is no breach.
 */
#include "sim/checks.h"

#include "cluster/internal.h"
#include "scheduler/scheduler.h"
#include "sim/facts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const hy_time MEMBERS_WITHIN = 30 * HY_SECOND;
/* A node that was asked to end before waits up to 45 s for what it cannot stop; the DC then waits for its lease to end. */
static const hy_time LEFT_BEFORE = 5 * HY_SECOND;
/* An operation that hangs is ended after its timeout (at most 30 s), then stopped (30 s more). */
static const hy_time QUIET_WITHIN = 100 * HY_SECOND;

struct liveness {
    struct sim_world *world;
    hy_time healed; /* 0: not yet */
    hy_time left;   /* when a core ended last, since then */
    bool looked_at_members;
    uint32_t dc;
    uint64_t commands[SIM_MAX_NODES];
    HY_VEC(struct sim_call) open; /* texts are not kept */
};

static void *open_check(struct sim_world *world)
{
    struct liveness *liveness = hy_alloc(sizeof *liveness);
    liveness->world = world;
    return liveness;
}

static void close_check(void *context)
{
    struct liveness *liveness = context;
    hy_vec_free(&liveness->open);
    free(liveness);
}

static void healed(void *context)
{
    struct liveness *liveness = context;
    liveness->healed = sim_now(liveness->world);
}

static void core_ended(void *context, size_t node, const char *why)
{
    (void)node;
    (void)why;
    struct liveness *liveness = context;
    liveness->left = liveness->healed ? sim_now(liveness->world) : 0;
}

/* ---- members */

/* Is it up, and to be in the cluster? */
static bool is_there(const struct sim_world *world, size_t node)
{
    const struct hy_cluster *c = sim_cluster(world, node);
    const struct hy_cib *cib = fact_newest(world);
    const struct hy_node_status *status = cib ? hy_cib_node(cib, sim_name(world, node)) : NULL;
    return c && !sim_is_retired(world, node) && c->leave.state == STAYING && status && status->enrolled.address &&
           !status->enrolled.striking;
}

static void check_members(struct liveness *liveness)
{
    struct sim_world *world = liveness->world;
    size_t dcs = 0, up = 0;
    const struct hy_cib *cib = fact_newest(world);
    for (size_t node = 0; node < sim_node_count(world); node++) {
        struct hy_cluster_report report;
        if (!sim_cluster(world, node))
            continue;
        hy_cluster_report(sim_cluster(world, node), sim_local(world, node), &report);
        dcs += report.acting; /* one that is leaving, too: it hands over when what runs there has stopped */
        if (!is_there(world, node))
            continue;
        up++;
        if (!report.dc)
            sim_violation(world, "no-dc", "%s knows of none %lld s after the last fault", sim_name(world, node),
                          (long long)(MEMBERS_WITHIN / HY_SECOND));
        else if (report.is_dc && !report.acting)
            sim_violation(world, "no-dc", "%s is the DC and does not act: it waits for %s", sim_name(world, node),
                          report.waiting ? report.waiting : "nothing");
        const struct hy_node_status *status = hy_cib_node(cib, sim_name(world, node));
        if (!status || status->state != HY_MEMBER_IN || status->incarnation != sim_incarnation(world, node))
            sim_violation(world, "not-a-member", "%s is up, and not in the cluster %lld s after the last fault",
                          sim_name(world, node), (long long)(MEMBERS_WITHIN / HY_SECOND));
    }
    if (up && dcs != 1)
        sim_violation(world, "no-dc", "%zu nodes act as the DC", dcs);
}

/* ---- quiet */

static void too_late(struct liveness *liveness, size_t node, const char *what, const char *detail)
{
    sim_violation(liveness->world, "never-quiet", "%s: %s %s, %lld s after the last fault",
                  sim_name(liveness->world, node), what, detail,
                  (long long)((sim_now(liveness->world) - liveness->healed) / HY_SECOND));
}

static const char *first_line(const struct hy_raft *raft, uint64_t index, char *line, size_t size)
{
    struct hy_raft_entry entry;
    line[0] = '\0';
    if (!hy_raft_entry_at(raft, index, &entry) || !entry.data)
        return line;
    const char *text = entry.data, *behind = memchr(text, '\n', entry.size);
    size_t from = behind ? (size_t)(behind - text) + 1 : 0, length = entry.size - from;
    length = length < size - 1 ? length : size - 1;
    memcpy(line, text + from, length);
    line[length] = '\0';
    return line;
}

static void check_quiet(struct liveness *liveness, size_t node, const struct hy_cluster *c,
                        const struct hy_cluster_effects *effects)
{
    char line[160];
    if (c->replica.applied != liveness->commands[node] && liveness->commands[node])
        too_late(liveness, node, "applied", first_line(c->replica.raft, c->replica.applied, line, sizeof line));
    liveness->commands[node] = c->replica.applied;
    for (size_t i = 0; i < effects->list.count; i++)
        if (effects->list.items[i].type == HY_CLUSTER_EXECUTE)
            too_late(liveness, node, effects->list.items[i].operation.op, effects->list.items[i].operation.rsc);
    if (hy_raft_role(c->replica.raft) != HY_RAFT_LEADER)
        return;
    if (liveness->dc && liveness->dc != node + 1)
        too_late(liveness, node, "is the DC, it was", sim_name(liveness->world, liveness->dc - 1));
    liveness->dc = (uint32_t)node + 1;
}

static void stepped(void *context, size_t node, const struct hy_cluster_event *event, int rc,
                    const struct hy_cluster_effects *effects)
{
    (void)event;
    (void)rc;
    struct liveness *liveness = context;
    if (!liveness->healed)
        return;
    hy_time since = sim_now(liveness->world) - liveness->healed;
    bool calm = !liveness->left || sim_now(liveness->world) - liveness->left > LEFT_BEFORE || since > QUIET_WITHIN;
    if (since > MEMBERS_WITHIN && calm && !liveness->looked_at_members) {
        liveness->looked_at_members = true;
        check_members(liveness);
    }
    if (since > QUIET_WITHIN)
        check_quiet(liveness, node, sim_cluster(liveness->world, node), effects);
}

/* ---- the wanted state */

static const struct hy_active *active_of(const struct hy_decision *decision, const char *rsc, const char *node)
{
    for (size_t i = 0; i < decision->active_count; i++)
        if (strcmp(decision->active[i].rsc, rsc) == 0 && strcmp(decision->active[i].node, node) == 0)
            return &decision->active[i];
    return NULL;
}

static bool is_left_alone(const struct hy_active *active)
{
    return active->blocked || active->unmanaged;
}

/* Cannot be done, or only after something that cannot; the actions stand in an order in which they could be done. */
static bool is_held_up(const struct hy_decision *decision, const bool *held_up, size_t number)
{
    const struct hy_action *action = &decision->actions[number];
    for (size_t i = 0; i < action->after_count; i++)
        if (action->after[i] < number && held_up[action->after[i]])
            return true;
    return action->blocked;
}

static void check_actions(struct liveness *liveness, const struct hy_decision *decision)
{
    bool *held_up = hy_alloc_array(decision->action_count + 1, sizeof *held_up);
    for (size_t i = 0; i < decision->action_count; i++) {
        const struct hy_action *action = &decision->actions[i];
        held_up[i] = is_held_up(decision, held_up, i);
        if (!held_up[i] && !(action->pending && action->interval))
            sim_violation(liveness->world, "not-settled", "%s %s on %s is still to be done%s: %s",
                          hy_action_word(action->kind), action->rsc, action->node,
                          action->pending ? " (under way)" : "", action->reason);
    }
    free(held_up);
}

static size_t node_number(const struct sim_world *world, const char *name)
{
    for (size_t node = 0; node < sim_node_count(world); node++)
        if (strcmp(sim_name(world, node), name) == 0)
            return node;
    return SIM_MAX_NODES;
}

static void check_truth(struct liveness *liveness, const struct hy_decision *decision)
{
    struct sim_world *world = liveness->world;
    for (size_t i = 0; i < decision->active_count; i++) {
        const struct hy_active *active = &decision->active[i];
        size_t node = node_number(world, active->node);
        const struct sim_service *service = node < SIM_MAX_NODES ? sim_service(world, node, active->rsc) : NULL;
        if (!is_left_alone(active) && (!service || service->state != SIM_RUNNING))
            sim_violation(world, "not-as-decided", "%s is taken to run on %s, and does not", active->rsc, active->node);
        else if (!is_left_alone(active) && service->promoted != (active->role == HY_ROLE_PROMOTED))
            sim_violation(world, "not-as-decided", "%s on %s is %spromoted", active->rsc, active->node,
                          service->promoted ? "" : "not ");
    }
    for (size_t node = 0; node < sim_node_count(world); node++) {
        const struct sim_service *list;
        size_t count = is_there(world, node) ? sim_services(world, node, &list) : 0;
        for (size_t i = 0; i < count; i++)
            if (list[i].state != SIM_STOPPED && !active_of(decision, list[i].rsc, sim_name(world, node)))
                sim_violation(world, "not-as-decided", "%s runs on %s, and nobody knows", list[i].rsc,
                              sim_name(world, node));
    }
}

static void check_placements(struct liveness *liveness, const struct hy_decision *decision)
{
    for (size_t i = 0; i < decision->placement_count; i++) {
        const struct hy_placement *placement = &decision->placements[i];
        if (!placement->node || placement->role == HY_ROLE_STOPPED)
            continue;
        bool waits = false; /* what could be done of it, check_actions() has said */
        for (size_t j = 0; j < decision->action_count; j++)
            waits = waits || strcmp(decision->actions[j].rsc, placement->rsc) == 0;
        if (!waits && !active_of(decision, placement->rsc, placement->node))
            sim_violation(liveness->world, "not-settled", "%s is to be on %s, and nothing is done for it",
                          placement->rsc, placement->node);
    }
}

/* ---- read plainly, without the scheduler */

static const struct hy_active *only_active(const struct hy_decision *decision, const char *rsc)
{
    for (size_t i = 0; i < decision->active_count; i++)
        if (strcmp(decision->active[i].rsc, rsc) == 0)
            return &decision->active[i];
    return NULL;
}

static void check_colocation(struct liveness *liveness, const struct hy_cib *cib, const struct hy_decision *decision,
                             const struct hy_object *object)
{
    const struct hy_colocation *c = &object->u.colocation;
    bool by_role = c->rsc.role == HY_ROLE_PROMOTED || c->with.role == HY_ROLE_PROMOTED;
    if (by_role || hy_attrs_get(&c->options, "node-attribute") || !hy_cib_find_kind(cib, HY_PRIMITIVE, c->rsc.rsc) ||
        !hy_cib_find_kind(cib, HY_PRIMITIVE, c->with.rsc) || !fact_is_single(cib, c->rsc.rsc) ||
        !fact_is_single(cib, c->with.rsc))
        return;
    const struct hy_active *a = only_active(decision, c->rsc.rsc), *b = only_active(decision, c->with.rsc);
    if (!a || is_left_alone(a) || (b && is_left_alone(b)))
        return;
    if (c->score >= HY_INFINITY && (!b || strcmp(a->node, b->node) != 0))
        sim_violation(liveness->world, "colocation-broken", "%s: %s is on %s, %s on %s", object->id, a->rsc, a->node,
                      c->with.rsc, b ? b->node : "none");
    if (c->score <= -HY_INFINITY && b && strcmp(a->node, b->node) == 0)
        sim_violation(liveness->world, "colocation-broken", "%s: %s and %s are both on %s", object->id, a->rsc, b->rsc,
                      a->node);
}

/* Something is to be done about it, and cannot be: check_actions() has seen to that. */
static bool is_waiting(const struct hy_decision *decision, const struct hy_active *active)
{
    for (size_t i = 0; i < decision->action_count; i++)
        if (strcmp(decision->actions[i].rsc, active->rsc) == 0 && strcmp(decision->actions[i].node, active->node) == 0)
            return true;
    return false;
}

static void check_plainly(struct liveness *liveness, const struct hy_cib *cib, const struct hy_decision *decision)
{
    for (size_t i = 0; i < cib->objects.count; i++)
        if (cib->objects.items[i]->kind == HY_COLOCATION)
            check_colocation(liveness, cib, decision, cib->objects.items[i]);
    for (size_t i = 0; i < decision->active_count; i++) {
        const struct hy_active *active = &decision->active[i];
        const char *ban = fact_ban(cib, active->rsc, active->node);
        const char *unfit = fact_node_unfit(cib, active->node);
        if (!is_left_alone(active) && !is_waiting(decision, active) && (ban || unfit))
            sim_violation(liveness->world, "runs-where-banned", "%s on %s: %s", active->rsc, active->node,
                          ban ? ban : unfit);
    }
}

static const struct hy_cluster *acting_dc(const struct sim_world *world, size_t *which)
{
    for (*which = 0; *which < sim_node_count(world); ++*which) {
        struct hy_cluster_report report;
        if (!is_there(world, *which))
            continue;
        hy_cluster_report(sim_cluster(world, *which), sim_local(world, *which), &report);
        if (report.acting)
            return sim_cluster(world, *which);
    }
    return NULL;
}

/* Those that vote are those that are enrolled, each with the disk that it has. */
static void check_servers(struct liveness *liveness, const struct hy_cluster *dc)
{
    const struct sim_world *world = liveness->world;
    const struct hy_raft_servers *servers = hy_raft_servers(dc->replica.raft);
    size_t voters = 0;
    for (size_t i = 0; i < servers->count; i++) {
        const struct hy_raft_server *server = &servers->list[i];
        const struct hy_node_status *status = hy_cib_node_by_id(dc->replica.cib, server->id);
        voters += server->voter;
        if (!status || !status->enrolled.address || status->enrolled.striking)
            sim_violation(liveness->world, "not-reconciled", "node %u is a server, and is to be none", server->id);
        else if (is_there(world, server->id - 1) && sim_disk(world, server->id - 1) != server->disk)
            sim_violation(liveness->world, "not-reconciled", "%s is a server with a disk that it has not",
                          status->node);
    }
    size_t there = 0;
    for (size_t node = 0; node < sim_node_count(world); node++)
        there += is_there(world, node);
    if (voters < there && voters < 7)
        sim_violation(liveness->world, "not-reconciled", "%zu servers vote, and %zu nodes are there", voters, there);
    for (size_t i = 0; i < dc->replica.cib->nodes.count; i++)
        if (dc->replica.cib->nodes.items[i]->enrolled.striking)
            sim_violation(liveness->world, "not-reconciled", "%s is still being taken out",
                          dc->replica.cib->nodes.items[i]->node);
}

static void check_answers(struct liveness *liveness)
{
    if (!liveness->open.count)
        return;
    const struct sim_call *first = &liveness->open.items[0];
    sim_violation(liveness->world, "not-answered",
                  "%zu requests were never answered: number %" PRIu64 ", a%s to %s, was made at %.6f s",
                  liveness->open.count, first->number, first->read ? " read" : "n edit",
                  sim_name(liveness->world, first->node), (double)first->sent / HY_SECOND);
}

static void finished(void *context)
{
    struct liveness *liveness = context;
    struct sim_world *world = liveness->world;
    size_t node;
    if (!liveness->healed || sim_now(world) - liveness->healed < QUIET_WITHIN)
        return;
    const struct hy_cluster *dc = acting_dc(world, &node);
    if (!dc) {
        sim_violation(world, "no-dc", "at the end nobody acts as the DC");
        return;
    }
    struct hy_sched_input input = {.cib = hy_cluster_cib(dc), .now = sim_wall(world, node), .quorum = true};
    input.inflight_count = hy_cluster_in_flight(dc, &input.inflight);
    struct hy_decision *decision = hy_schedule(&input);
    check_actions(liveness, decision);
    check_truth(liveness, decision);
    check_placements(liveness, decision);
    check_plainly(liveness, hy_cluster_cib(dc), decision);
    hy_decision_free(&decision);
    check_servers(liveness, dc);
    check_answers(liveness);
}

static void called(void *context, const struct sim_call *call)
{
    struct liveness *liveness = context;
    hy_vec_push(&liveness->open, *call);
}

static void answered(void *context, const struct sim_call *call)
{
    struct liveness *liveness = context;
    for (size_t i = 0; i < liveness->open.count; i++)
        if (liveness->open.items[i].number == call->number) {
            hy_vec_remove(&liveness->open, i);
            return;
        }
}

const struct sim_observer sim_check_liveness = {.name = "liveness",
                                                .open = open_check,
                                                .close = close_check,
                                                .stepped = stepped,
                                                .called = called,
                                                .answered = answered,
                                                .healed = healed,
                                                .core_ended = core_ended,
                                                .finished = finished};
