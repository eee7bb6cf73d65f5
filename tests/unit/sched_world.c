/* SPDX-License-Identifier: Apache-2.0 */
#include "sched_world.h"

#include "cib/grammar.h"
#include "lib/run.h"

#include <string.h>

void world_init(struct world *world, const char *configuration)
{
    *world = (struct world){.now = 1000 * HY_SECOND, .quorum = true};
    world->cib = hy_cib_new();
    struct hy_err err;
    if (hy_cib_parse(world->cib, configuration, strlen(configuration), &err))
        ck_abort_msg("configuration: %s\n%s", err.text, configuration);
}

void world_free(struct world *world)
{
    hy_vec_free(&world->inflight);
    hy_cib_free(&world->cib);
}

void world_configure(struct world *world, const char *configuration)
{
    struct world next;
    world_init(&next, configuration);
    for (size_t i = 0; i < next.cib->nodes.count; i++)
        for (size_t j = 0; j < world->cib->nodes.count; j++)
            if (!strcmp(next.cib->nodes.items[i]->node, world->cib->nodes.items[j]->node)) {
                struct hy_node_status *status = next.cib->nodes.items[i];
                next.cib->nodes.items[i] = world->cib->nodes.items[j];
                world->cib->nodes.items[j] = status;
            }
    hy_cib_free(&world->cib);
    world->cib = next.cib;
}

static struct hy_node_status *status_of(struct world *world, const char *node)
{
    struct hy_node_status *status = hy_cib_node(world->cib, node);
    ck_assert_msg(status, "no node %s", node);
    return status;
}

static void free_result(struct hy_result *result)
{
    free(result->rsc);
    free(result->op);
    free(result->reason);
    free(result->digest);
}

static void forget_results(struct hy_node_status *status, const char *rsc)
{
    for (size_t i = status->results.count; i-- > 0;)
        if (!rsc || !strcmp(status->results.items[i].rsc, rsc)) {
            free_result(&status->results.items[i]);
            hy_vec_remove(&status->results, i);
        }
}

static void forget_failcounts(struct hy_node_status *status, const char *rsc)
{
    for (size_t i = status->failcounts.count; i-- > 0;)
        if (!strcmp(status->failcounts.items[i].rsc, rsc)) {
            free(status->failcounts.items[i].rsc);
            free(status->failcounts.items[i].op);
            hy_vec_remove(&status->failcounts, i);
        }
}

void world_member(struct world *world, const char *node, enum hy_member_state state, bool synced)
{
    struct hy_node_status *status = status_of(world, node);
    if (state != status->state || state == HY_MEMBER_GONE)
        forget_results(status, NULL);
    status->state = state;
    status->synced = synced;
    status->epoch++;
}

void world_fail(struct world *world, const char *node, const char *rsc, const char *op, hy_time interval, int count)
{
    struct hy_node_status *status = status_of(world, node);
    for (size_t i = 0; i < status->failcounts.count; i++) {
        struct hy_failcount *at = &status->failcounts.items[i];
        if (!strcmp(at->rsc, rsc) && !strcmp(at->op, op) && at->interval == interval) {
            at->count = hy_score_add(at->count, count);
            at->last = world->now;
            return;
        }
    }
    struct hy_failcount *at = hy_vec_add(&status->failcounts);
    *at = (struct hy_failcount){
        .rsc = hy_strdup(rsc), .op = hy_strdup(op), .interval = interval, .count = count, .last = world->now};
}

/* The CIB's rules, see cib/command.h. */
static bool is_failure(const struct hy_result *result)
{
    if (result->exec != HY_EXEC_DONE)
        return result->exec != HY_EXEC_PENDING && result->exec != HY_EXEC_CANCELLED;
    if (strcmp(result->op, "monitor"))
        return result->rc != 0;
    if (!result->interval)
        return result->rc != 0 && result->rc != 7 && result->rc != 8 && result->rc != 9;
    return result->rc != 0 && result->rc != 8 && result->rc != 190 && result->rc != 191;
}

static void count_failure(struct world *world, const char *node, const struct hy_result *result)
{
    if (!strcmp(result->op, "monitor") && !result->interval)
        return;
    const char *fatal = hy_cib_property(world->cib, "start-failure-is-fatal");
    bool start_fatal = true;
    if (fatal)
        hy_parse_bool(fatal, &start_fatal);
    bool final = !strcmp(result->op, "stop") || (!strcmp(result->op, "start") && start_fatal);
    world_fail(world, node, result->rsc, result->op, result->interval, final ? HY_INFINITY : 1);
}

void world_result(struct world *world, const char *node, const struct hy_result *like)
{
    struct hy_node_status *status = status_of(world, node);
    for (size_t i = status->results.count; i-- > 0;) {
        struct hy_result *at = &status->results.items[i];
        if (!strcmp(at->rsc, like->rsc) && !strcmp(at->op, like->op) && at->interval == like->interval) {
            free_result(at);
            hy_vec_remove(&status->results, i);
        }
    }
    struct hy_result *result = hy_vec_add(&status->results);
    *result = *like;
    result->rsc = hy_strdup(like->rsc);
    result->op = hy_strdup(like->op);
    result->reason = hy_strdup(like->reason);
    result->digest = hy_strdup(like->digest);
    result->call = ++world->call;
    if (!result->at)
        result->at = world->now;
    result->failed = is_failure(result);
    if (result->failed)
        count_failure(world, node, result);
}

void world_cleanup(struct world *world, const char *rsc)
{
    for (size_t i = 0; i < world->cib->nodes.count; i++) {
        struct hy_node_status *status = world->cib->nodes.items[i];
        forget_failcounts(status, rsc);
        bool failed = false;
        for (size_t r = 0; r < status->results.count; r++)
            failed = failed || (!strcmp(status->results.items[r].rsc, rsc) && status->results.items[r].failed);
        if (failed)
            forget_results(status, rsc); /* it is probed again */
    }
}

struct hy_decision *world_decide(const struct world *world)
{
    struct hy_sched_input input = {.cib = world->cib,
                                   .now = world->now,
                                   .quorum = world->quorum,
                                   .inflight = world->inflight.items,
                                   .inflight_count = world->inflight.count};
    return hy_schedule(&input);
}

static void drop_inflight(struct world *world, const struct hy_action *action)
{
    for (size_t i = world->inflight.count; i-- > 0;) {
        const struct hy_inflight *at = &world->inflight.items[i];
        if (!strcmp(at->rsc, action->rsc) && !strcmp(at->node, action->node) && !strcmp(at->op, action->op) &&
            at->interval == action->interval)
            hy_vec_remove(&world->inflight, i);
    }
}

static uint64_t call_of(const struct hy_node_status *status, const char *rsc, const char *op)
{
    const struct hy_result *result = hy_cib_result(status, rsc, op, 0);
    return result ? result->call : 0;
}

static int answer(const struct hy_node_status *status, const struct hy_action *action)
{
    if (action->kind == HY_ACT_PROBE)
        return 7;
    if (action->kind != HY_ACT_MONITOR)
        return 0;
    uint64_t promoted = call_of(status, action->rsc, "promote");
    bool is_promoted =
        promoted > call_of(status, action->rsc, "demote") && promoted > call_of(status, action->rsc, "stop");
    return is_promoted ? 8 : 0;
}

void world_do(struct world *world, const struct hy_action *action)
{
    struct hy_node_status *status = status_of(world, action->node);
    drop_inflight(world, action);
    if (action->kind == HY_ACT_CANCEL) {
        for (size_t i = status->results.count; i-- > 0;) {
            struct hy_result *at = &status->results.items[i];
            if (!strcmp(at->rsc, action->rsc) && !strcmp(at->op, action->op) && at->interval == action->interval) {
                free_result(at);
                hy_vec_remove(&status->results, i);
            }
        }
        return;
    }
    world_result(world, action->node,
                 &(struct hy_result){.rsc = (char *)(uintptr_t)action->rsc,
                                     .op = (char *)(uintptr_t)action->op,
                                     .interval = action->interval,
                                     .rc = answer(status, action),
                                     .digest = (char *)(uintptr_t)action->digest});
}

static bool is_ready(const struct hy_decision *decision, const bool *done, const struct hy_action *action)
{
    for (size_t i = 0; i < action->after_count; i++)
        if (!done[action->after[i]])
            return false;
    return !action->blocked && decision;
}

/* Whether anything could be done. */
static bool do_some(struct world *world, const struct hy_decision *decision, bool one)
{
    bool *done = hy_alloc_array(decision->action_count, sizeof *done);
    bool any = false;
    for (size_t i = 0; i < decision->action_count && !(one && any); i++) {
        if (!is_ready(decision, done, &decision->actions[i]))
            continue;
        world_do(world, &decision->actions[i]);
        done[i] = any = true;
    }
    free(done);
    return any;
}

bool world_settle(struct world *world, bool one_by_one)
{
    size_t most = 50;
    for (size_t turn = 0; turn < most; turn++) {
        struct hy_decision *decision = world_decide(world);
        struct hy_buf wrong = {0};
        const char *text = world_check(world, decision, &wrong);
        ck_assert_msg(!*text, "turn %zu: %s", turn, text);
        hy_buf_free(&wrong);
        if (turn == 0 && one_by_one)
            most = 100 + 20 * decision->action_count;
        bool any = do_some(world, decision, one_by_one);
        hy_decision_free(&decision);
        if (!any)
            return true;
    }
    return false;
}

/* ---------------------------------------------------------------- what must hold for every decision */

static void check_action(const struct world *world, const struct hy_decision *decision, size_t at, struct hy_buf *out)
{
    const struct hy_action *action = &decision->actions[at];
    const struct hy_node_status *status = hy_cib_node(world->cib, action->node);
    if (!status || status->state != HY_MEMBER_IN)
        hy_buf_addf(out, "%s of %s on %s, which is not a member\n", hy_action_word(action->kind), action->rsc,
                    action->node);
    for (size_t i = 0; i < action->after_count; i++)
        if (action->after[i] >= at)
            hy_buf_addf(out, "%s of %s on %s stands before what it comes after\n", hy_action_word(action->kind),
                        action->rsc, action->node);
    for (size_t i = 0; i < at; i++) {
        const struct hy_action *other = &decision->actions[i];
        if (other->kind == action->kind && other->interval == action->interval && !strcmp(other->rsc, action->rsc) &&
            !strcmp(other->node, action->node) && !strcmp(other->op, action->op))
            hy_buf_addf(out, "%s of %s on %s stands twice\n", hy_action_word(action->kind), action->rsc, action->node);
    }
    if (!action->reason || !*action->reason)
        hy_buf_addf(out, "%s of %s on %s has no reason\n", hy_action_word(action->kind), action->rsc, action->node);
}

const char *world_check(const struct world *world, const struct hy_decision *decision, struct hy_buf *out)
{
    for (size_t i = 0; i < decision->action_count; i++)
        check_action(world, decision, i, out);
    for (size_t i = 0; i < decision->placement_count; i++)
        if (!decision->placements[i].reason || !*decision->placements[i].reason)
            hy_buf_addf(out, "the placement of %s has no reason\n", decision->placements[i].rsc);
    for (size_t i = 0; i < decision->node_count; i++)
        if (decision->nodes[i].usable != !decision->nodes[i].reason)
            hy_buf_addf(out, "the view of %s has no reason, or one too many\n", decision->nodes[i].node);
    return hy_buf_text(out);
}

void world_print_action(const struct hy_action *action, struct hy_buf *out)
{
    hy_buf_addf(out, "%s %s %s", hy_action_word(action->kind), action->rsc, action->node);
    if (action->interval)
        hy_buf_addf(out, " %llds", (long long)(action->interval / HY_SECOND));
    if (action->pending)
        hy_buf_adds(out, " pending");
    if (action->blocked)
        hy_buf_adds(out, " blocked");
}
