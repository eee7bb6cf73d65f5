/* SPDX-License-Identifier: Apache-2.0 */
/* Why: one line in plain words, as a chain from what is seen to what caused it. All text is the decision's. */
#include "scheduler/model.h"

/* "start of MaxScale failed there (rc 1 'error': no such file)" */
const char *hy_sched_failure_text(struct hy_sched *s, struct hy_arena *arena, const struct hy_result *result,
                                  const char *node)
{
    (void)s;
    const char *colon = result->reason ? ": " : "";
    const char *said = result->reason ? result->reason : "";
    const char *op = !strcmp(result->op, "monitor") && !result->interval ? "probe" : result->op;
    const char *word = hy_rc_word(result->rc);
    if (result->exec == HY_EXEC_DONE)
        return hy_arena_printf(arena, "%s of %s failed on %s (rc %d '%s'%s%s)", op, result->rsc, node, result->rc,
                               word ? word : "unknown answer", colon, said);
    const char *how = result->exec == HY_EXEC_TIMEOUT ? "timed out"
                      : result->exec == HY_EXEC_DIED  ? "died"
                                                      : "could not be run";
    return hy_arena_printf(arena, "%s of %s %s on %s%s%s", op, result->rsc, how, node, colon, said);
}

static const char *failure_on(struct hy_sched *s, const struct hy_result *result, uint32_t node)
{
    return hy_sched_failure_text(s, &s->decision->arena, result, s->nodes[node].name);
}

/* What a cause goes back to. */
static const char *failure_of(struct hy_sched *s, const struct hy_cause *cause)
{
    return failure_on(s, cause->result, cause->failed_on);
}

/* ---------------------------------------------------------------- why not on a node */

/* One failed start, or one failed stop, is enough; else it has come to the threshold. */
static const char *how_it_failed(struct hy_sched *s, const struct hy_cause *cause, const struct hy_srsc *leaf,
                                 uint32_t node)
{
    int count = leaf->unit->past[node].fail_count;
    if (count < HY_INFINITY)
        return hy_arena_printf(&s->decision->arena, "has failed too often on %s (%d time%s, migration-threshold=%d)",
                               s->nodes[node].name, count, count == 1 ? "" : "s", leaf->meta.migration_threshold);
    if (cause->result && !strcmp(cause->result->op, "stop"))
        return hy_arena_printf(&s->decision->arena, "could not be stopped on %s", s->nodes[node].name);
    return hy_arena_printf(&s->decision->arena,
                           "did not start on %s, and one failed start is final there (start-failure-is-fatal)",
                           s->nodes[node].name);
}

/* "MaxScale has failed too often on test5 (3 times, migration-threshold=3): ...; `hactl resource cleanup MaxScale` ..." */
static const char *too_often(struct hy_sched *s, const struct hy_cause *cause, uint32_t node)
{
    const struct hy_srsc *leaf = cause->other;
    return hy_arena_printf(&s->decision->arena, "%s %s%s%s; `hactl resource cleanup %s` allows it there again",
                           cause->other->id, how_it_failed(s, cause, leaf, node), cause->result ? ": " : "",
                           cause->result ? failure_of(s, cause) : "", cause->other->id);
}

static const char *attitude(int score)
{
    return score <= -HY_INFINITY ? "forbids" : score < 0 ? "is against" : "prefers";
}

/* What it must be with, or apart from, and where that is. */
static const char *colocation_text(struct hy_sched *s, const struct hy_cause *cause, const char *node)
{
    struct hy_arena *arena = &s->decision->arena;
    const struct hy_srsc *other = cause->other;
    const char *like = cause->colocation->attribute;
    if (cause->score < 0 && like)
        return hy_arena_printf(arena, "colocation %s keeps it away from %s, which is where %s is that of %s", cause->id,
                               other->id, like, node);
    if (cause->score < 0)
        return hy_arena_printf(arena, "colocation %s keeps it away from %s, which is on %s", cause->id, other->id,
                               node);
    bool promoted = other->kind == HY_RSC_CLONE && cause->colocation->primary_role == HY_ROLE_PROMOTED;
    const char *what = promoted ? hy_arena_printf(arena, "the promoted instance of %s", other->id) : other->id;
    if (other->kind == HY_RSC_PRIMITIVE && other->node == HY_NO_NODE)
        return hy_arena_printf(arena, "it must be with %s, which runs nowhere", what);
    if (like)
        return hy_arena_printf(arena, "it must be with %s, and %s on %s is not that of its node", what, like, node);
    return hy_arena_printf(arena, "it must be with %s, which is not on %s", what, node);
}

static const char *others_there(struct hy_sched *s, const struct hy_srsc *clone, uint32_t node)
{
    struct hy_arena *arena = &s->decision->arena;
    for (size_t i = 0; i < clone->children.count && clone->clone_node_max == 1; i++) {
        struct hy_srsc *leaf = clone->children.items[i];
        while (leaf->children.count)
            leaf = leaf->children.items[0];
        if (leaf->node == node)
            return hy_arena_printf(arena, "%s is there", hy_sched_instance_name(s, leaf));
    }
    return hy_arena_printf(arena, "%s has as many instances as clone-node-max allows", s->nodes[node].name);
}

const char *hy_sched_cause_text(struct hy_sched *s, const struct hy_cause *cause, uint32_t node)
{
    struct hy_arena *arena = &s->decision->arena;
    const char *name = s->nodes[node].name;
    char score[16];
    switch (cause->kind) {
    case HY_CAUSE_OTHER:
        return hy_arena_printf(arena, "%s %s %s", cause->id, attitude(cause->score), name);
    case HY_CAUSE_STICKINESS:
        return "it stays where it is";
    case HY_CAUSE_STOP_FAILED:
        return hy_arena_printf(arena, "%s; see to it by hand, then `hactl resource cleanup %s`",
                               cause->result ? failure_of(s, cause) : "its stop failed there", cause->other->id);
    case HY_CAUSE_LOCATION:
        hy_score_text(cause->score, score);
        return hy_arena_printf(arena, "location %s %s %s (%s)", cause->id, attitude(cause->score), name, score);
    case HY_CAUSE_FAILCOUNT:
        return too_often(s, cause, node);
    case HY_CAUSE_ONFAIL_MIGRATE:
        return hy_arena_printf(
            arena, "%s, and on-fail=restart elsewhere (migrate); `hactl resource cleanup %s` allows it there again",
            failure_of(s, cause), cause->other->id);
    case HY_CAUSE_ONFAIL_STOP:
        return hy_arena_printf(arena, "%s, and on-fail=stop; `hactl resource cleanup %s` lets it start again",
                               failure_of(s, cause), cause->other->id);
    case HY_CAUSE_HARD:
        return hy_arena_printf(arena, "it cannot run on %s: %s; mend that, then `hactl resource cleanup %s`", name,
                               failure_of(s, cause), cause->other->id);
    case HY_CAUSE_CLONE_MAX:
        return hy_arena_printf(arena, "clone-max instances are placed already");
    case HY_CAUSE_CLONE_NODE_MAX:
        return others_there(s, hy_sched_clone_of(cause->other), node);
    case HY_CAUSE_COLOCATION:
        return colocation_text(s, cause, name);
    default:
        return "";
    }
}

bool hy_sched_forbids(const struct hy_cause *cause, uint32_t node)
{
    if (cause->ruled_out)
        return cause->ruled_out[node];
    if (cause->kind == HY_CAUSE_COLOCATION && cause->score >= HY_INFINITY)
        return cause->node != node;
    return cause->score < 0 && (cause->node == node || cause->node == HY_NO_NODE);
}

/* What goes with it may be what is forbidden there. */
static const char *why_not_with(struct hy_sched *s, struct hy_srsc *rsc, uint32_t node, int depth);

static const char *why_not(struct hy_sched *s, struct hy_srsc *rsc, uint32_t node, int depth)
{
    if (!s->nodes[node].usable)
        return s->nodes[node].reason;
    for (struct hy_srsc *at = rsc; at; at = at->parent)
        for (const struct hy_cause *cause = at->causes; cause; cause = cause->next)
            if (hy_sched_forbids(cause, node))
                return hy_sched_cause_text(s, cause, node);
    if (rsc->score[node] == HY_ABSENT)
        return hy_arena_printf(&s->decision->arena, "symmetric-cluster=false and no location names %s",
                               s->nodes[node].name);
    return depth < 3 ? why_not_with(s, rsc, node, depth + 1) : NULL;
}

static const char *why_not_with(struct hy_sched *s, struct hy_srsc *rsc, uint32_t node, int depth)
{
    const hy_scoloc_list *list = hy_sched_dependents(s, rsc);
    for (size_t i = 0; i < list->count; i++) {
        struct hy_srsc *dependent = list->items[i]->dependent;
        if (list->items[i]->score < HY_INFINITY)
            continue;
        const char *why = NULL;
        for (const struct hy_cause *cause = dependent->causes; cause && !why; cause = cause->next)
            if (cause->kind != HY_CAUSE_COLOCATION && hy_sched_forbids(cause, node))
                why = hy_sched_cause_text(s, cause, node);
        if (!why)
            why = depth < 3 ? why_not_with(s, dependent, node, depth + 1) : NULL;
        if (why)
            return hy_arena_printf(&s->decision->arena, "%s must be with it: %s", dependent->id, why);
    }
    return NULL;
}

const char *hy_sched_why_not(struct hy_sched *s, struct hy_srsc *rsc, uint32_t node)
{
    return why_not(s, rsc, node, 0);
}

static const char *why_no_node(struct hy_sched *s, struct hy_srsc *rsc)
{
    struct hy_buf text = {0};
    const struct hy_srsc *clone = hy_sched_clone_of(rsc);
    const char *before = clone ? "no node is left for it: " : "no node may run it: ";
    for (uint32_t n = 0; n < s->node_count; n++) {
        if (clone && clone->count[n] >= clone->clone_node_max)
            continue; /* it has its instances: that is no news */
        const char *why = why_not(s, rsc, n, 0);
        hy_buf_addf(&text, "%s%s", before, why ? why : s->nodes[n].name);
        before = "; ";
    }
    if (!text.size)
        hy_buf_adds(&text, "every node has its instance");
    const char *kept = hy_arena_strdup(&s->decision->arena, hy_buf_text(&text));
    hy_buf_free(&text);
    return kept;
}

/* ---------------------------------------------------------------- why nowhere */

static const char *stopping_failure(struct hy_sched *s, const struct hy_srsc *rsc)
{
    for (uint32_t n = 0; n < s->node_count; n++)
        if (rsc->unit->past[n].stop_here)
            return hy_arena_printf(&s->decision->arena,
                                   "%s, and on-fail=stop; `hactl resource cleanup %s` lets it start again",
                                   failure_on(s, rsc->unit->past[n].stop_here, n), rsc->id);
    return "it failed, and on-fail=stop";
}

/* A clone or group is when all that is in it is. */
static bool is_blocked(const struct hy_srsc *rsc)
{
    for (size_t i = 0; i < rsc->children.count; i++)
        if (!is_blocked(rsc->children.items[i]))
            return false;
    return rsc->blocked || rsc->children.count;
}

static const char *why_locked(struct hy_sched *s, const struct hy_srsc *rsc)
{
    return hy_arena_printf(&s->decision->arena,
                           "it waits for %s, where it ran when that was shut down (shutdown-lock); `hactl resource "
                           "cleanup %s` lets it run elsewhere",
                           s->nodes[rsc->lock_node].name, rsc->id);
}

static const char *why_order(struct hy_sched *s, const struct hy_srsc *first)
{
    struct hy_arena *arena = &s->decision->arena;
    if (is_blocked(first))
        return hy_arena_printf(arena, "%s, which comes before it, is blocked", first->id);
    if (first->kind == HY_RSC_CLONE && first->clone_min)
        return hy_arena_printf(arena, "%s, which comes before it, has fewer instances up than clone-min=%u asks for",
                               first->id, first->clone_min);
    return hy_arena_printf(arena, "%s, which comes before it, does not run", first->id);
}

static const char *why_nowhere(struct hy_sched *s, struct hy_srsc *rsc)
{
    struct hy_arena *arena = &s->decision->arena;
    switch (rsc->halt) {
    case HY_HALT_TARGET_ROLE:
        return "target-role=Stopped";
    case HY_HALT_NO_QUORUM:
        return "this part of the cluster has no quorum";
    case HY_HALT_FREEZE:
        return "this part of the cluster has no quorum, and no-quorum-policy=freeze starts nothing";
    case HY_HALT_STOP_ALL:
        return "stop-all-resources is set";
    case HY_HALT_ONFAIL_STOP:
        return stopping_failure(s, rsc);
    case HY_HALT_ORPHAN:
        return "it is not configured any more";
    case HY_HALT_MULTIPLE:
        return "it ran on more than one node, and multiple-active=stop_only";
    case HY_HALT_UNMANAGED:
        return "it is not managed";
    case HY_HALT_STUCK:
        return "it cannot be stopped where it is";
    case HY_HALT_ORDER:
        return why_order(s, rsc->halt_by);
    case HY_HALT_COLOCATION:
        return hy_arena_printf(arena, "%s, which it must be with, does not run", rsc->halt_by->id);
    default:
        return rsc->lock_node == HY_NO_NODE ? why_no_node(s, rsc) : why_locked(s, rsc);
    }
}

/* ---------------------------------------------------------------- why here */

static const char *why_unmanaged(struct hy_sched *s, const struct hy_srsc *rsc)
{
    struct hy_arena *arena = &s->decision->arena;
    for (size_t i = 0; i < rsc->active.count; i++) {
        uint32_t node = rsc->active.items[i];
        const struct hy_past *past = &rsc->unit->past[node];
        if (!past->blocked)
            continue;
        const char *failed = failure_on(s, past->failure, node);
        if (!strcmp(past->failure->op, "stop"))
            return hy_arena_printf(arena,
                                   "left alone: %s, so it may still run there, and there is no fencing; see to it by "
                                   "hand, then `hactl resource cleanup %s`",
                                   failed, rsc->id);
        bool fence = hy_sched_on_fail(rsc->unit->prim, past->failure) == HY_ONFAIL_FENCE;
        return hy_arena_printf(arena,
                               "left alone: %s, and on-fail=%s; see to it by hand, then `hactl resource cleanup %s`",
                               failed, fence ? "fence (there is no fencing yet: treated as block)" : "block", rsc->id);
    }
    if (rsc->active.count > 1)
        return "left alone: it runs on more than one node, and multiple-active=block";
    return s->properties.maintenance ? "left where it is: the cluster is in maintenance mode"
                                     : "left where it is: it is not managed";
}

/* The best wish that could not be fulfilled. */
static const struct hy_cause *missed_wish(const struct hy_srsc *rsc)
{
    const struct hy_cause *best = NULL;
    for (const struct hy_srsc *at = rsc; at; at = at->parent)
        for (const struct hy_cause *cause = at->causes; cause; cause = cause->next)
            if (cause->kind == HY_CAUSE_LOCATION && cause->score > 0 && cause->node != rsc->node &&
                (!best || cause->score > best->score))
                best = cause;
    return best;
}

/* What speaks for this node comes before what allows others too: being with a clone is the reason when nothing else is. */
static const struct hy_cause *best_cause(const struct hy_srsc *rsc)
{
    const struct hy_cause *best = NULL;
    for (const struct hy_srsc *at = rsc; at; at = at->parent)
        for (const struct hy_cause *cause = at->causes; cause; cause = cause->next) {
            if (cause->score <= 0 || (cause->node != rsc->node && cause->node != HY_NO_NODE))
                continue;
            bool nearer = best && best->node == HY_NO_NODE && cause->node != HY_NO_NODE;
            bool farther = best && best->node != HY_NO_NODE && cause->node == HY_NO_NODE;
            if (!best || nearer || (!farther && cause->score > best->score))
                best = cause;
        }
    return best;
}

static const char *cause_here(struct hy_sched *s, const struct hy_srsc *rsc, const struct hy_cause *cause)
{
    struct hy_arena *arena = &s->decision->arena;
    if (cause->kind == HY_CAUSE_STICKINESS)
        return "it stays where it is";
    if (cause->kind == HY_CAUSE_LOCATION)
        return hy_sched_cause_text(s, cause, rsc->node);
    if (!cause->other)
        return cause->id ? hy_arena_strdup(arena, cause->id) : "it may run here";
    const struct hy_srsc *group = hy_sched_group_of(rsc);
    if (group && cause->other->parent == group)
        return hy_arena_printf(arena, "group %s keeps it with %s", group->id, cause->other->id);
    return hy_arena_printf(arena, "colocation %s puts it with %s", cause->id, cause->other->id);
}

static const char *plainly(struct hy_sched *s, const struct hy_srsc *rsc)
{
    const struct hy_cause *cause = best_cause(rsc);
    if (cause)
        return cause_here(s, rsc, cause);
    const struct hy_srsc *clone = hy_sched_clone_of(rsc);
    if (clone)
        return hy_arena_printf(&s->decision->arena, "clone %s has an instance here", clone->id);
    if (hy_sched_is_active_on(rsc, rsc->node))
        return "it stays where it is";
    return hy_arena_printf(&s->decision->arena, "%s may run it and has the least to do", s->nodes[rsc->node].name);
}

const char *hy_sched_why_here(struct hy_sched *s, struct hy_srsc *rsc)
{
    if (!rsc->managed && (rsc->active.count || rsc->blocked))
        return why_unmanaged(s, rsc);
    if (rsc->final == 0)
        return why_nowhere(s, rsc);
    struct hy_arena *arena = &s->decision->arena;
    const struct hy_cause *wish = missed_wish(rsc);
    const char *instead = NULL;
    uint32_t missed = HY_NO_NODE;
    if (wish && wish->node != HY_NO_NODE && !rsc->in_clone) {
        missed = wish->node;
        instead = why_not(s, rsc, missed, 0);
    } else if (rsc->active.count == 1 && rsc->active.items[0] != rsc->node && !hy_sched_is_active_on(rsc, rsc->node)) {
        missed = rsc->active.items[0];
        instead = why_not(s, rsc, missed, 0);
    }
    const char *plain = plainly(s, rsc);
    if (!instead)
        return plain;
    const struct hy_cause *cause = best_cause(rsc);
    return cause ? hy_arena_printf(arena, "%s; %s", instead, plain)
                 : hy_arena_printf(arena, "%s; %s is the next best", instead, s->nodes[rsc->node].name);
}

/* ---------------------------------------------------------------- why an action */

static const char *why_restart(struct hy_sched *s, const struct hy_srsc *rsc)
{
    switch (rsc->restart) {
    case HY_RESTART_FAILED:
        return failure_on(s, rsc->unit->past[rsc->node].failure, rsc->node);
    case HY_RESTART_CHANGED:
        return "its parameters changed";
    case HY_RESTART_MULTIPLE:
        return "it runs on more than one node";
    case HY_RESTART_STOPPING:
        return "its stop was under way";
    case HY_RESTART_ORDER:
        return hy_arena_printf(&s->decision->arena, "%s, which comes before it, stops or starts", rsc->restart_by->id);
    default:
        return NULL;
    }
}

const char *hy_sched_why_stop(struct hy_sched *s, struct hy_srsc *rsc, uint32_t node)
{
    if (rsc->active.count > 1 && rsc->halt == HY_HALT_NONE)
        return "it runs on more than one node";
    if (rsc->final == 0) {
        const char *here = rsc->halt == HY_HALT_NO_NODE ? why_not(s, rsc, node, 0) : NULL;
        return here ? here : why_nowhere(s, rsc);
    }
    if (node == rsc->node)
        return rsc->restart != HY_RESTART_NONE ? why_restart(s, rsc) : hy_sched_why_here(s, rsc);
    const struct hy_past *past = &rsc->unit->past[node];
    const char *not_there = why_not(s, rsc, node, 0);
    const char *why = past->failed && past->failure ? failure_on(s, past->failure, node) : NULL;
    if (!why)
        why = not_there ? not_there : hy_sched_why_here(s, rsc);
    return hy_arena_printf(&s->decision->arena, "moves to %s: %s", s->nodes[rsc->node].name, why);
}

const char *hy_sched_why_start(struct hy_sched *s, struct hy_srsc *rsc)
{
    if (rsc->restart != HY_RESTART_NONE && hy_sched_is_active_on(rsc, rsc->node))
        return hy_arena_printf(&s->decision->arena, "starts again: %s", why_restart(s, rsc));
    return hy_sched_why_here(s, rsc);
}

/* ---------------------------------------------------------------- why promoted, why not */

static const char *rival(struct hy_sched *s, const struct hy_srsc *rsc)
{
    for (size_t i = 0; i < s->leaves.count; i++) {
        const struct hy_srsc *other = s->leaves.items[i];
        if (other != rsc && other->unit->prim == rsc->unit->prim && other->next == HY_ROLE_PROMOTED &&
            other->node != HY_NO_NODE && hy_sched_clone_of(other) == hy_sched_clone_of(rsc))
            return s->nodes[other->node].name;
    }
    return NULL;
}

const char *hy_sched_why_demote(struct hy_sched *s, struct hy_srsc *rsc, uint32_t node)
{
    struct hy_arena *arena = &s->decision->arena;
    const struct hy_past *past = &rsc->unit->past[node];
    if (rsc->must_demote && past->failure)
        return hy_arena_printf(arena, "%s, and on-fail=demote", failure_on(s, past->failure, node));
    for (const struct hy_srsc *at = rsc; at; at = at->parent)
        if (at->tickets)
            return hy_arena_printf(arena, "ticket %s, which its promoted role depends on, is not granted",
                                   at->tickets->name);
    if (rsc->meta.target_role == HY_ROLE_UNPROMOTED)
        return "target-role=Unpromoted";
    const char *other = rival(s, rsc);
    if (other)
        return hy_arena_printf(arena, "the instance on %s is to be promoted instead: it has the higher promotion score",
                               other);
    return s->properties.no_quorum == HY_NO_QUORUM_DEMOTE ? "this part of the cluster has no quorum"
                                                          : "its promotion score does not allow it to be promoted";
}

const char *hy_sched_why_promote(struct hy_sched *s, struct hy_srsc *rsc)
{
    if (rsc->must_demote)
        return "it is promoted again after its failure";
    const struct hy_srsc *instance = rsc;
    while (instance->parent && instance->parent->kind != HY_RSC_CLONE)
        instance = instance->parent;
    char score[16];
    hy_score_text(instance->promotion, score);
    return hy_arena_printf(&s->decision->arena, "of the instances it has the best promotion score (%s)", score);
}
