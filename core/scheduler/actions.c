/* SPDX-License-Identifier: Apache-2.0 */
/* From levels to actions: what is to be stopped, demoted, started and promoted. */
#include "scheduler/model.h"

#include <stdio.h>

const char *hy_action_word(enum hy_action_kind kind)
{
    static const char *const words[] = {"probe",  "start",  "stop",       "promote",      "demote", "monitor",
                                        "cancel", "reload", "migrate_to", "migrate_from", "notify", "fence"};
    return (size_t)kind < sizeof words / sizeof *words ? words[kind] : "?";
}

static const char *executed(enum hy_action_kind kind)
{
    return kind == HY_ACT_PROBE || kind == HY_ACT_CANCEL ? "monitor" : hy_action_word(kind);
}

/* Its reason is still to be filled in. */
uint32_t hy_sched_draft(struct hy_sched *s, enum hy_action_kind kind, struct hy_unit *unit, struct hy_srsc *rsc,
                        uint32_t node, const struct hy_sop *op)
{
    struct hy_draft *draft = hy_arena_vec_add(&s->scratch, &s->drafts);
    memset(draft, 0, sizeof *draft);
    draft->rsc = rsc;
    draft->unit = unit;
    draft->node = node;
    draft->sop = op;
    struct hy_action *out = &draft->out;
    out->kind = kind;
    out->rsc = unit->name;
    out->primitive = unit->prim->id;
    out->node = s->nodes[node].name;
    out->op = executed(kind);
    out->timeout = op ? op->timeout : HY_DEFAULT_TIMEOUT;
    out->start_delay = op ? op->start_delay : 0;
    out->agent = unit->prim->agent;
    out->pending = hy_sched_inflight(&unit->past[node], out->op, 0) && kind != HY_ACT_MONITOR && kind != HY_ACT_CANCEL;
    return (uint32_t)s->drafts.count - 1;
}

static uint32_t draft_plain(struct hy_sched *s, enum hy_action_kind kind, struct hy_srsc *leaf, uint32_t node)
{
    return hy_sched_draft(s, kind, leaf->unit, leaf, node, hy_sched_op(leaf->unit->prim, hy_action_word(kind), 0));
}

static void explain(struct hy_sched *s, uint32_t action, const char *reason)
{
    s->drafts.items[action].out.reason = reason;
}

static void stop_on(struct hy_sched *s, struct hy_srsc *leaf, uint32_t node)
{
    const struct hy_past *past = &leaf->unit->past[node];
    const char *why = hy_sched_why_stop(s, leaf, node);
    uint32_t before = HY_NO_ACTION;
    if (past->starting || past->promoting) {
        before = draft_plain(s, past->promoting ? HY_ACT_PROMOTE : HY_ACT_START, leaf, node);
        explain(s, before, "it is under way");
    }
    if (past->role == HY_ROLE_PROMOTED || past->promoting || past->demoting) {
        uint32_t demote = draft_plain(s, HY_ACT_DEMOTE, leaf, node);
        explain(s, demote, why);
        hy_sched_after(s, demote, before);
        before = demote;
    }
    uint32_t stop = draft_plain(s, HY_ACT_STOP, leaf, node);
    explain(s, stop, why);
    if (leaf->stuck_by && !s->drafts.items[stop].out.pending) {
        s->drafts.items[stop].out.blocked = true;
        explain(s, stop,
                hy_arena_printf(&s->decision->arena,
                                "%s, which must stop first, is left alone and runs on; it was to stop: %s",
                                leaf->stuck_by->id, why));
    }
    hy_sched_after(s, stop, before);
    hy_arena_vec_push(&s->scratch, &leaf->stop_actions, stop);
}

static bool must_stop_on(const struct hy_srsc *leaf, uint32_t node)
{
    if (leaf->final == 0 || node != leaf->node)
        return true;
    return leaf->restart != HY_RESTART_NONE && leaf->low == 0;
}

static void start_it(struct hy_sched *s, struct hy_srsc *leaf)
{
    leaf->start_action = draft_plain(s, HY_ACT_START, leaf, leaf->node);
    struct hy_action *out = &s->drafts.items[leaf->start_action].out;
    if (leaf->waits_for != HY_NO_NODE && !out->pending) {
        out->blocked = true;
        out->reason = hy_arena_printf(&s->decision->arena, "waits until %s has said whether it runs there",
                                      s->nodes[leaf->waits_for].name);
        return;
    }
    if (leaf->stop_actions.count) /* the other one of the two was meant */
        for (size_t i = 0; i < leaf->stop_actions.count; i++)
            if (s->drafts.items[leaf->stop_actions.items[i]].node == leaf->node)
                out->pending = false;
    const char *why = hy_sched_why_start(s, leaf);
    explain(s, leaf->start_action, why);
}

static void act_on(struct hy_sched *s, struct hy_srsc *leaf)
{
    bool stays = false;
    for (size_t i = 0; i < leaf->active.count; i++) {
        uint32_t node = leaf->active.items[i];
        if (must_stop_on(leaf, node))
            stop_on(s, leaf, node);
        else
            stays = !leaf->unit->past[node].arriving;
    }
    if (leaf->final > 0 && !stays)
        start_it(s, leaf);
    if (stays && leaf->level == 2 && leaf->low < 2) {
        leaf->demote_action = draft_plain(s, HY_ACT_DEMOTE, leaf, leaf->node);
        explain(s, leaf->demote_action, hy_sched_why_stop(s, leaf, leaf->node));
    }
    if (leaf->final == 2 && leaf->low < 2) {
        leaf->promote_action = draft_plain(s, HY_ACT_PROMOTE, leaf, leaf->node);
        explain(s, leaf->promote_action, hy_sched_why_start(s, leaf));
    }
}

void hy_sched_make_actions(struct hy_sched *s)
{
    for (size_t i = 0; i < s->leaves.count; i++)
        if (s->leaves.items[i]->managed)
            act_on(s, s->leaves.items[i]);
}
