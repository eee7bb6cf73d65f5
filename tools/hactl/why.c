/* SPDX-License-Identifier: Apache-2.0 */
/* `why`: where a resource is and why, node by node; of what is stopped, what it waits for, to the root. */
#include "hactl/why.h"

#include "hactl/commands.h"
#include "hactl/question.h"
#include "hactl/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEEPEST = 6 };     /* so many things that wait for one another are told */
enum { LONG_STORY = 60 }; /* what is longer is told once, and then referred to */

struct answer {
    const struct hactl_state *state;
    const struct hy_node_view *node; /* NULL: all */
    struct hy_buf text;
    struct hy_map told; /* a node and why not there -> the instance that it was told of */
    json_t *instances;
    size_t count;
};

static bool is(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

/* ---------------------------------------------------------------- the first line */

static void print_present(const struct hy_placement *placement, const struct hy_change *change, struct hy_buf *out)
{
    hy_buf_addf(out, "%s", placement->instance);
    if (placement->blocked && change && change->from)
        hy_buf_addf(out, " is BLOCKED on %s", change->from);
    else if (!change || !change->from)
        hy_buf_adds(out, " does not run");
    else if (change->role == HY_ROLE_PROMOTED)
        hy_buf_addf(out, " is promoted on %s", change->from);
    else
        hy_buf_addf(out, " runs on %s", change->from);
}

static void print_intent(const struct hy_change *change, bool is_stuck, struct hy_buf *out)
{
    static const char *const intents[] = {[HY_CHANGE_START] = "start",
                                          [HY_CHANGE_STOP] = "stop",
                                          [HY_CHANGE_MOVE] = "move",
                                          [HY_CHANGE_MIGRATE] = "migrate",
                                          [HY_CHANGE_RESTART] = "be restarted",
                                          [HY_CHANGE_RECOVER] = "be recovered",
                                          [HY_CHANGE_RELOAD] = "be reloaded",
                                          [HY_CHANGE_PROMOTE] = "be promoted",
                                          [HY_CHANGE_DEMOTE] = "be demoted",
                                          [HY_CHANGE_REPROMOTE] = "be demoted and promoted again",
                                          [HY_CHANGE_FENCE] = "be fenced"};
    bool goes = change->to && !is(change->from, change->to);
    if (change->kind == HY_CHANGE_LEAVE)
        hy_buf_adds(out, change->from && !is_stuck ? ", and stays there" : "");
    else
        hy_buf_addf(out, ", and is to %s", intents[change->kind]);
    if (change->kind != HY_CHANGE_LEAVE && goes)
        hy_buf_addf(out, " %s %s", change->kind == HY_CHANGE_MOVE || change->kind == HY_CHANGE_MIGRATE ? "to" : "on",
                    change->to);
    if (change->kind != HY_CHANGE_LEAVE && change->next == HY_ROLE_PROMOTED && change->role != HY_ROLE_PROMOTED &&
        change->kind != HY_CHANGE_PROMOTE)
        hy_buf_adds(out, ", promoted");
    if (change->blocked)
        hy_buf_adds(out, "; this is BLOCKED");
}

/* ---------------------------------------------------------------- why it does not run */

/* Whose target-role it is: its own, that of what it is in, or the default. */
static void print_target_role(const struct hactl_state *state, const struct hy_placement *placement, struct hy_buf *out)
{
    for (struct hy_object *object = hy_cib_find(state->cib, placement->primitive); object;
         object = hy_cib_parent(state->cib, object->id))
        if (hy_sets_get(hactl_state_meta(object), "target-role")) {
            hy_buf_addf(out, "target-role=Stopped of %s: `hactl resource start %s` lets it run", object->id,
                        object->id);
            return;
        }
    hy_buf_adds(out, "target-role=Stopped of rsc_defaults: `hactl configure show` tells which");
}

static const char *plain_reason(const struct hy_placement *placement)
{
    return placement->no_place && !placement->locked_to ? "no node may run it, see below"
           : placement->reason                          ? placement->reason
                                                        : "";
}

static const struct hy_placement *one_that_does_not_run(const struct hactl_state *state, const char *id)
{
    const struct hy_object *object = hy_cib_find(state->cib, id);
    const struct hy_placement *any = NULL;
    for (size_t i = 0; object && i < state->decision->placement_count; i++) {
        const struct hy_placement *placement = &state->decision->placements[i];
        if (!hactl_state_contains(state, object, placement->primitive))
            continue;
        if (!placement->node)
            return placement;
        any = any ? any : placement;
    }
    return any;
}

static void print_nodes(struct answer *answer, const struct hy_placement *placement, int indent);

/* "because: ..." and then the same of what it waits for. */
static void print_cause(struct answer *answer, const struct hy_placement *placement, int depth)
{
    const struct hactl_state *state = answer->state;
    struct hy_buf *out = &answer->text;
    hy_buf_addf(out, "%*sbecause: ", 2 + 4 * depth, "");
    if (is(placement->reason, "target-role=Stopped"))
        print_target_role(state, placement, out);
    else
        hy_buf_adds(out, depth && placement->no_place ? "no node may run it:" : plain_reason(placement));
    hy_buf_addc(out, '\n');
    if (depth && placement->no_place)
        print_nodes(answer, placement, 4 + 4 * depth);
    const struct hy_placement *other = placement->behind ? one_that_does_not_run(state, placement->behind) : NULL;
    if (!other || other == placement || depth >= DEEPEST)
        return;
    const struct hy_change *change = hactl_change_of(state->decision, other->instance);
    hy_buf_addf(out, "%*s", 4 + 4 * depth, "");
    print_present(other, change, out);
    if (change)
        print_intent(change, other->blocked, out);
    hy_buf_addc(out, '\n');
    if (!other->node)
        print_cause(answer, other, depth + 1);
}

static void print_why_so(struct answer *answer, const struct hy_placement *placement, const struct hy_change *change)
{
    bool changes = change && change->kind != HY_CHANGE_LEAVE;
    if (!placement->node || placement->behind || placement->blocked || placement->unmanaged)
        print_cause(answer, placement, 0);
    else if (changes && change->reason)
        hy_buf_addf(&answer->text, "  because: %s\n", hactl_change_reason(change));
}

/* ---------------------------------------------------------------- node by node */

static size_t widest(const struct hy_decision *decision)
{
    size_t width = 0;
    for (size_t i = 0; i < decision->node_count; i++)
        if (strlen(decision->nodes[i].node) > width)
            width = strlen(decision->nodes[i].node);
    return width;
}

static const struct hy_expiring *expiring_of(const struct hy_decision *decision, const struct hy_placement *placement,
                                             const char *node)
{
    for (size_t i = 0; i < decision->expiring.count; i++) {
        const struct hy_expiring *expiring = &decision->expiring.items[i];
        if (is(expiring->node, node) && is(expiring->rsc, placement->rsc))
            return expiring;
    }
    return NULL;
}

static void print_expiry(const struct hy_decision *decision, const struct hy_placement *placement, const char *node,
                         struct hy_buf *out)
{
    const struct hy_expiring *expiring = expiring_of(decision, placement, node);
    if (!expiring)
        return;
    hy_buf_adds(out, "; it is forgotten at ");
    hactl_wall_print(expiring->at, out);
    hy_buf_adds(out, " (failure-timeout)");
}

/* Of many instances a long reason is told once. */
static void print_reason(struct answer *answer, const struct hy_placement *placement, const char *node,
                         const struct hy_buf *why)
{
    char *key = hy_asprintf("%s %s", node, hy_buf_text(why));
    const char *before = why->size > LONG_STORY ? hy_map_get(&answer->told, key) : NULL;
    if (before && !is(before, placement->instance))
        hy_buf_addf(&answer->text, "as for %s\n", before);
    else
        hy_buf_addf(&answer->text, "%s\n", hy_buf_text(why));
    if (!before)
        hy_map_put(&answer->told, key, (char *)placement->instance);
    free(key);
}

static void print_nodes(struct answer *answer, const struct hy_placement *placement, int indent)
{
    const struct hy_decision *decision = answer->state->decision;
    size_t *order = hactl_nodes_sorted(answer->state);
    int width = (int)widest(decision);
    for (int here = 1; here >= 0; here--)
        for (size_t i = 0; i < decision->node_count; i++) {
            const char *node = decision->nodes[order[i]].node;
            struct hactl_verdict verdict;
            hactl_verdict(answer->state, placement, &decision->nodes[order[i]], &verdict);
            if (is(verdict.word, "no"))
                print_expiry(decision, placement, node, &verdict.why);
            if (is(verdict.word, "here") == here) {
                hy_buf_addf(&answer->text, "%*s%-*s  %-7s  ", indent, "", width, node, verdict.word);
                print_reason(answer, placement, node, &verdict.why);
            }
            hy_buf_free(&verdict.why);
        }
    free(order);
}

/* ---------------------------------------------------------------- what is under way, and what waits */

static bool is_told(const struct hy_action *action)
{
    return action->kind != HY_ACT_PROBE && action->kind != HY_ACT_MONITOR && action->kind != HY_ACT_CANCEL &&
           action->kind != HY_ACT_NOTIFY;
}

static void print_action(const struct hy_action *action, struct hy_buf *out)
{
    if (action->kind == HY_ACT_FENCE)
        hy_buf_addf(out, "fencing (%s) of %s", action->op, action->node);
    else
        hy_buf_addf(out, "%s of %s on %s", action->kind == HY_ACT_PROBE ? "probe" : action->op, action->rsc,
                    action->node);
}

static void print_waiting(const struct hy_decision *decision, const struct hy_action *action, struct hy_buf *out)
{
    for (size_t i = 0; i < action->after_count; i++) {
        const struct hy_action *first = &decision->actions[action->after[i]];
        hy_buf_adds(out, i ? ", " : ", after ");
        print_action(first, out);
        if (first->pending)
            hy_buf_adds(out, " (under way)");
        else if (first->blocked)
            hy_buf_adds(out, " (BLOCKED)");
    }
}

static void print_work(const struct hy_decision *decision, const struct hy_placement *placement,
                       const struct hy_change *change, struct hy_buf *out)
{
    for (size_t i = 0; i < decision->action_count; i++) {
        const struct hy_action *action = &decision->actions[i];
        if (!is(action->rsc, placement->rsc) || !(is_told(action) || action->pending) || action->kind == HY_ACT_MONITOR)
            continue;
        if (change && !is(action->node, change->from) && !is(action->node, change->to) && !action->pending)
            continue;
        hy_buf_adds(out, action->pending ? "  under way: " : action->blocked ? "  BLOCKED: " : "  to be done: ");
        print_action(action, out);
        print_waiting(decision, action, out);
        if (action->blocked && action->reason)
            hy_buf_addf(out, ": %s", action->reason);
        hy_buf_addc(out, '\n');
    }
}

/* ---------------------------------------------------------------- an instance */

static bool nodes_matter(const struct hy_placement *placement)
{
    return !placement->unmanaged && !placement->stopped_by_wish && (placement->no_place || placement->wanted);
}

static void print_instance(struct answer *answer, const struct hy_placement *placement)
{
    const struct hy_change *change = hactl_change_of(answer->state->decision, placement->instance);
    print_present(placement, change, &answer->text);
    if (change)
        print_intent(change, placement->blocked, &answer->text);
    hy_buf_addc(&answer->text, '\n');
    print_why_so(answer, placement, change);
    if (nodes_matter(placement))
        print_nodes(answer, placement, 2);
    print_work(answer->state->decision, placement, change, &answer->text);
}

/* ---------------------------------------------------------------- a resource and one node */

static void print_sum(const struct hy_score *score, struct hy_buf *out)
{
    for (size_t i = 0; i < score->part_count; i++) {
        char text[16];
        hy_buf_addf(out, "  %9s  %s\n", hy_score_text(score->parts[i].score, text), score->parts[i].why);
    }
    char text[16];
    hy_buf_addf(out, "  %9s  %s\n", hy_score_text(score->score, text),
                score->part_count ? "in all" : "nothing bears on it");
}

static void print_history(const struct hactl_state *state, const struct hy_placement *placement, const char *node,
                          struct hy_buf *out)
{
    const struct hy_node_status *status = hy_cib_node(state->cib, node);
    for (size_t i = 0; status && i < status->failures.count; i++) {
        const struct hy_result *result = &status->failures.items[i];
        if (!is(result->rsc, placement->rsc))
            continue;
        hy_buf_addf(out, "  failed there: %s, rc %d '%s', ", result->op, hactl_rc_shown(result), hactl_rc_word(result));
        hactl_wall_print(result->at, out);
        hy_buf_addf(out, "%s%s", result->reason ? ": " : "", result->reason ? result->reason : "");
        print_expiry(state->decision, placement, node, out);
        hy_buf_addc(out, '\n');
    }
}

/* The sum, what the verdict adds to it, and what failed there. */
static void print_account(const struct answer *answer, const struct hy_placement *placement,
                          const struct hactl_verdict *verdict, struct hy_buf *out)
{
    if (verdict->score)
        print_sum(verdict->score, out);
    if (!verdict->score || !(is(verdict->word, "here") || verdict->score->score <= -HY_INFINITY))
        hy_buf_addf(out, "  so: %s\n", hy_buf_text(&verdict->why));
    print_history(answer->state, placement, answer->node->node, out);
}

static void print_pair(struct answer *answer, const struct hy_placement *placement)
{
    const struct hy_change *change = hactl_change_of(answer->state->decision, placement->instance);
    struct hy_buf account = {0}, *out = &answer->text;
    struct hactl_verdict verdict;
    hactl_verdict(answer->state, placement, answer->node, &verdict);
    hy_buf_addf(out, "%s on %s: %s", placement->instance, answer->node->node, verdict.word);
    print_account(answer, placement, &verdict, &account);
    const char *before = hy_map_get(&answer->told, hy_buf_text(&account));
    if (!before)
        hy_map_put(&answer->told, hy_buf_text(&account), (char *)placement->instance);
    if (before && account.size > LONG_STORY)
        hy_buf_addf(out, ", as for %s\n", before);
    else
        hy_buf_addf(out, "\n%s", hy_buf_text(&account));
    hy_buf_free(&account);
    hy_buf_free(&verdict.why);
    hy_buf_adds(out, "  ");
    print_present(placement, change, out);
    if (change)
        print_intent(change, placement->blocked, out);
    hy_buf_addc(out, '\n');
    if (placement->no_place)
        hy_buf_addf(out, "  because: no node may run it: `hactl why %s` tells of each\n", placement->instance);
    else if (!placement->node || placement->behind)
        print_cause(answer, placement, 0);
}

/* ---------------------------------------------------------------- JSON */

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

static json_t *node_json(const struct hactl_state *state, const struct hy_placement *placement,
                         const struct hy_node_view *node)
{
    struct hactl_verdict verdict;
    hactl_verdict(state, placement, node, &verdict);
    json_t *entry = json_object();
    json_object_set_new(entry, "node", json_string(node->node));
    json_object_set_new(entry, "verdict", json_string(verdict.word));
    json_object_set_new(entry, "why", json_string(hy_buf_text(&verdict.why)));
    if (verdict.score) {
        json_object_set_new(entry, "score", json_integer(verdict.score->score));
        json_object_set_new(entry, "parts", hactl_parts_json(verdict.score));
    }
    hy_buf_free(&verdict.why);
    return entry;
}

static json_t *instance_json(const struct hactl_state *state, const struct hy_placement *placement, const char *node)
{
    const struct hy_change *change = hactl_change_of(state->decision, placement->instance);
    json_t *entry = json_object(), *nodes = json_array();
    json_object_set_new(entry, "instance", json_string(placement->instance));
    json_object_set_new(entry, "primitive", json_string(placement->primitive));
    json_object_set_new(entry, "runs_on", text_or_null(change ? change->from : NULL));
    json_object_set_new(entry, "to_be_on", text_or_null(placement->node));
    json_object_set_new(entry, "role", text_or_null(hy_role_word(placement->role)));
    json_object_set_new(entry, "change", json_string(change ? hy_change_word(change->kind) : "leave"));
    json_object_set_new(entry, "blocked", json_boolean(placement->blocked || (change && change->blocked)));
    json_object_set_new(entry, "unmanaged", json_boolean(placement->unmanaged));
    json_object_set_new(entry, "reason", text_or_null(change && change->reason ? change->reason : placement->reason));
    json_object_set_new(entry, "behind", text_or_null(placement->behind));
    for (size_t i = 0; i < state->decision->node_count; i++)
        if (!node || is(node, state->decision->nodes[i].node))
            json_array_append_new(nodes, node_json(state, placement, &state->decision->nodes[i]));
    json_object_set_new(entry, "nodes", nodes);
    return entry;
}

/* ---------------------------------------------------------------- the command */

static const struct hy_node_view *view_of(const struct hactl_state *state, const char *node)
{
    for (size_t i = 0; i < state->decision->node_count; i++)
        if (is(state->decision->nodes[i].node, node))
            return &state->decision->nodes[i];
    return NULL;
}

static void tell(struct answer *answer, const struct hy_placement *placement)
{
    if (answer->count++)
        hy_buf_addc(&answer->text, '\n');
    if (answer->node)
        print_pair(answer, placement);
    else
        print_instance(answer, placement);
    json_array_append_new(answer->instances,
                          instance_json(answer->state, placement, answer->node ? answer->node->node : NULL));
}

/* By the resource's id, or by an instance's name. */
static int tell_all(struct answer *answer, const char *id)
{
    const struct hactl_state *state = answer->state;
    const struct hy_object *object = hy_cib_find(state->cib, id);
    for (size_t i = 0; i < state->decision->placement_count; i++) {
        const struct hy_placement *placement = &state->decision->placements[i];
        if (is(placement->instance, id) ||
            (object && hy_kind_is_resource(object->kind) && hactl_state_contains(state, object, placement->primitive)))
            tell(answer, placement);
    }
    if (answer->count)
        return HACTL_OK;
    for (size_t i = 0; i < state->decision->active_count; i++)
        if (is(state->decision->active[i].rsc, id) && state->decision->active[i].orphan)
            return hactl_fail("%s is not configured any more: what runs of it is to be stopped", id);
    if (!hactl_state_resource(state, id))
        return HACTL_FAILED;
    return hactl_fail("%s has nothing in it that could run", id);
}

static int say(const struct hactl *h, const struct hactl_question *question)
{
    const char *id = question->words.items[0], *node = question->words.count > 1 ? question->words.items[1] : NULL;
    struct answer answer = {.state = &question->state, .instances = json_array()};
    int status = HACTL_OK;
    if (node && !hactl_state_is_node(&question->state, node))
        status = HACTL_FAILED;
    if (node)
        answer.node = view_of(&question->state, node);
    if (!status)
        status = tell_all(&answer, id);
    if (!status && h->json) {
        json_t *root = json_object();
        json_object_set_new(root, "version", json_integer(1));
        json_object_set_new(root, "resource", json_string(id));
        json_object_set(root, "instances", answer.instances);
        hactl_print_json(root);
    } else if (!status) {
        fputs(hy_buf_text(&answer.text), stdout);
    }
    json_decref(answer.instances);
    hy_map_free(&answer.told);
    hy_buf_free(&answer.text);
    return status;
}

int hactl_why(struct hactl *h, int argc, char **argv)
{
    struct hactl_question question;
    int status = hactl_question_read(h, argc, argv, 1, 2, &question);
    if (!status)
        status = hactl_question_decide(&question);
    if (!status)
        status = say(h, &question);
    hactl_question_free(&question);
    return status;
}
