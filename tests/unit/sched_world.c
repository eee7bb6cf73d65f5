/* SPDX-License-Identifier: Apache-2.0 */
#include "sched_world.h"

#include "cib/command.h"
#include "cib/grammar.h"
#include "lib/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void world_init(struct world *world, const char *configuration)
{
    *world = (struct world){.now = 1700000000 * HY_SECOND, .quorum = true};
    world->cib = hy_cib_new();
    struct hy_err err;
    if (hy_cib_parse(world->cib, configuration, strlen(configuration), &err))
        ck_abort_msg("configuration: %s\n%s", err.text, configuration);
}

void world_free(struct world *world)
{
    hy_vec_free(&world->inflight);
    hy_returns_free(&world->returns);
    hy_cib_free(&world->cib);
}

/* Takes a command; `statements` are freed. */
static void apply(struct world *world, struct hy_buf *statements)
{
    struct hy_command_head head = {.origin = 1, .incarnation = 1, .seq = ++world->seq, .at = world->now};
    struct hy_buf text = {0};
    hy_command_begin(&text, &head);
    hy_buf_adds(&text, hy_buf_text(statements));
    struct hy_answer answer;
    hy_cib_apply(world->cib, ++world->index, text.data, text.size, &answer);
    if (answer.code)
        ck_abort_msg("%s\n%s", answer.err.text, hy_buf_text(&text));
    hy_buf_free(&text);
    hy_buf_free(statements);
}

void world_configure(struct world *world, const char *configuration)
{
    struct hy_cib *wanted = hy_cib_new();
    struct hy_err err;
    if (hy_cib_parse(wanted, configuration, strlen(configuration), &err))
        ck_abort_msg("changed configuration: %s", err.text);
    struct hy_buf edits = {0};
    for (size_t i = 0; i < world->cib->objects.count; i++)
        if (!hy_cib_find(wanted, world->cib->objects.items[i]->id))
            hy_command_remove(&edits, "*", world->cib->objects.items[i]->id);
    for (size_t i = 0; i < wanted->objects.count; i++)
        hy_command_put(&edits, "*", wanted->objects.items[i]);
    apply(world, &edits);
    hy_cib_free(&wanted);
}

static struct hy_node_status *status_of(const struct world *world, const char *node)
{
    struct hy_node_status *status = hy_cib_node(world->cib, node);
    ck_assert_msg(status, "no node %s", node);
    return status;
}

/* The DC's own commands stand outside any session. */
static void member(struct world *world, const struct hy_node_status *status, enum hy_member_state state,
                   uint64_t incarnation)
{
    struct hy_buf text = {0};
    hy_command_begin(&text, &(struct hy_command_head){.at = world->now});
    uint32_t id = status->id;
    for (size_t i = 0; !id && i < world->cib->nodes.count; i++)
        if (world->cib->nodes.items[i] == status)
            id = (uint32_t)i + 1;
    hy_command_member(&text, status->node, id, state, status->epoch + 1, incarnation);
    struct hy_answer answer;
    hy_cib_apply(world->cib, ++world->index, text.data, text.size, &answer);
    if (answer.code)
        ck_abort_msg("%s\n%s", answer.err.text, hy_buf_text(&text));
    hy_buf_free(&text);
}

void world_member(struct world *world, const char *node, enum hy_member_state state, bool synced)
{
    struct hy_node_status *status = status_of(world, node);
    if (status->state != state || state == HY_MEMBER_GONE)
        member(world, status, state, 1);
    if (!synced)
        return;
    struct hy_buf text = {0};
    hy_command_synced(&text, node, status_of(world, node)->epoch);
    apply(world, &text);
}

void world_fail(struct world *world, const char *node, const char *rsc, const char *op, hy_time interval, int count)
{
    struct hy_failcount *at = hy_vec_add(&status_of(world, node)->failcounts);
    *at = (struct hy_failcount){
        .rsc = hy_strdup(rsc), .op = hy_strdup(op), .interval = interval, .count = count, .last = world->now};
}

void world_result(struct world *world, const char *node, const struct hy_result *like)
{
    struct hy_result result = *like;
    result.call = ++world->call;
    result.at = world->now;
    struct hy_buf text = {0};
    hy_command_result(&text, node, status_of(world, node)->epoch, &result);
    apply(world, &text);
}

void world_cleanup(struct world *world, const char *rsc)
{
    struct hy_buf text = {0};
    hy_command_cleanup(&text, rsc, NULL);
    apply(world, &text);
}

void world_forget(struct world *world, const struct hy_decision *decision)
{
    struct hy_buf text = {0};
    for (size_t i = 0; i < decision->void_notices.count; i++)
        hy_command_forget(&text, decision->void_notices.items[i].node, decision->void_notices.items[i].rsc,
                          decision->void_notices.items[i].op, 0);
    apply(world, &text);
}

struct hy_decision *world_decide(const struct world *world)
{
    struct hy_sched_input input = {.cib = world->cib,
                                   .now = world->now,
                                   .quorum = world->quorum,
                                   .inflight = world->inflight.items,
                                   .inflight_count = world->inflight.count,
                                   .returns = &world->returns};
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

static const char *meta(const struct hy_action *action, const char *name)
{
    for (size_t i = 0; i < action->meta_count; i++)
        if (!strcmp(action->meta[i].name, name))
            return action->meta[i].value;
    return NULL;
}

/* It has been off: what ran there runs no more, and nothing is known of it. */
static void fence(struct world *world, struct hy_node_status *status)
{
    status->unclean = false;
    member(world, status, HY_MEMBER_IN, status->incarnation + 1);
    member(world, status, HY_MEMBER_GONE, status->incarnation);
}

/* HY_TRACE=1: what is done, as it is done. */
static void trace(const struct hy_action *action)
{
    struct hy_buf line = {0};
    world_print_action(action, &line);
    fprintf(stderr, "%s (%s)\n", hy_buf_text(&line), action->reason);
    hy_buf_free(&line);
}

void world_do(struct world *world, const struct hy_action *action)
{
    struct hy_node_status *status = status_of(world, action->node);
    if (getenv("HY_TRACE"))
        trace(action);
    if (action->kind == HY_ACT_FENCE) {
        fence(world, status);
        return;
    }
    drop_inflight(world, action);
    if (action->kind == HY_ACT_CANCEL) {
        struct hy_buf text = {0};
        hy_command_forget(&text, action->node, action->rsc, action->op, action->interval);
        apply(world, &text);
        return;
    }
    world_result(world, action->node,
                 &(struct hy_result){.rsc = (char *)(uintptr_t)action->rsc,
                                     .op = (char *)(uintptr_t)action->op,
                                     .interval = action->interval,
                                     .rc = answer(status, action),
                                     .migrate_from = (char *)(uintptr_t)meta(action, "migrate_source"),
                                     .migrate_to = (char *)(uintptr_t)meta(action, "migrate_target"),
                                     .notify = meta(action, "notify") != NULL,
                                     .order = meta(action, "notify") ? world->call + 1 : 0,
                                     .agent = (char *)(uintptr_t)action->agent,
                                     .digest = (char *)(uintptr_t)action->digest});
}

static bool is_ready(const struct hy_decision *decision, const bool *done, const struct hy_action *action)
{
    for (size_t i = 0; i < action->after_count; i++)
        if (!done[action->after[i]])
            return false;
    /* Fencing is announced as blocked: it is somebody's who can. Here it is done. */
    return (!action->blocked || action->kind == HY_ACT_FENCE) && decision;
}

/* Whether anything could be done. */
static bool do_some(struct world *world, const struct hy_decision *decision, bool one)
{
    bool *done = hy_alloc_array(decision->action_count, sizeof *done);
    bool any = false;
    for (size_t i = 0; i < decision->action_count && !(one && any); i++) {
        if (!is_ready(decision, done, &decision->actions[i]))
            continue;
        hy_returns_ordered(&world->returns, &decision->actions[i]);
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
        hy_returns_decided(&world->returns, decision);
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

static const char *subject(const struct hy_action *action)
{
    return action->kind == HY_ACT_FENCE ? action->op : action->rsc;
}

static void check_action(const struct world *world, const struct hy_decision *decision, size_t at, struct hy_buf *out)
{
    const struct hy_action *action = &decision->actions[at];
    const struct hy_node_status *status = hy_cib_node(world->cib, action->node);
    if (action->kind != HY_ACT_FENCE && !action->blocked && (!status || status->state != HY_MEMBER_IN))
        hy_buf_addf(out, "%s of %s on %s, which is not a member\n", hy_action_word(action->kind), subject(action),
                    action->node);
    for (size_t i = 0; i < action->after_count; i++)
        if (action->after[i] >= at)
            hy_buf_addf(out, "%s of %s on %s stands before what it comes after\n", hy_action_word(action->kind),
                        subject(action), action->node);
    for (size_t i = 0; i < at; i++) {
        const struct hy_action *other = &decision->actions[i];
        if (other->kind == action->kind && other->interval == action->interval &&
            !strcmp(subject(other), subject(action)) && !strcmp(other->node, action->node) &&
            !strcmp(other->op, action->op))
            hy_buf_addf(out, "%s of %s on %s stands twice\n", hy_action_word(action->kind), subject(action),
                        action->node);
    }
    if (!action->reason || !*action->reason)
        hy_buf_addf(out, "%s of %s on %s has no reason\n", hy_action_word(action->kind), subject(action), action->node);
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
    const char *word = action->kind == HY_ACT_NOTIFY ? action->op : hy_action_word(action->kind);
    hy_buf_addf(out, "%s %s %s", word, subject(action), action->node);
    if (action->interval)
        hy_buf_addf(out, " %llds", (long long)(action->interval / HY_SECOND));
    if (action->pending)
        hy_buf_adds(out, " pending");
    if (action->blocked && action->kind != HY_ACT_FENCE)
        hy_buf_adds(out, " blocked");
}
