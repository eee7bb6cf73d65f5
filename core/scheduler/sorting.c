/* SPDX-License-Identifier: Apache-2.0 */
/* Puts the actions into an order in which they could be done one by one, and hands them over. */
#include "scheduler/model.h"

#include <stdio.h>

/* ---------------------------------------------------------------- the order */

struct sorter {
    struct hy_sched *s;
    uint32_t *missing;   /* predecessors not yet done, by draft */
    uint32_t *thens;     /* successors, one run for each draft */
    uint32_t *then_from; /* where each run begins */
    uint32_t *order;
    uint32_t done;
    uint8_t *taken;
};

static void link_successors(struct sorter *sorter)
{
    struct hy_sched *s = sorter->s;
    size_t count = s->drafts.count, links = 0;
    sorter->then_from = hy_arena_array(&s->scratch, count + 2, sizeof *sorter->then_from);
    for (size_t i = 0; i < count; i++)
        for (size_t a = 0; a < s->drafts.items[i].after.count; a++, links++)
            sorter->then_from[s->drafts.items[i].after.items[a] + 2]++;
    for (size_t i = 2; i < count + 2; i++)
        sorter->then_from[i] += sorter->then_from[i - 1];
    sorter->thens = hy_arena_array(&s->scratch, links, sizeof *sorter->thens);
    for (uint32_t i = 0; i < count; i++)
        for (size_t a = 0; a < s->drafts.items[i].after.count; a++)
            sorter->thens[sorter->then_from[s->drafts.items[i].after.items[a] + 1]++] = i;
}

static void take(struct sorter *sorter, uint32_t draft)
{
    sorter->taken[draft] = 1;
    sorter->order[sorter->done++] = draft;
}

static void release_successors(struct sorter *sorter, uint32_t draft)
{
    for (uint32_t i = sorter->then_from[draft]; i < sorter->then_from[draft + 1]; i++) {
        uint32_t then = sorter->thens[i];
        if (--sorter->missing[then] == 0 && !sorter->taken[then])
            take(sorter, then);
    }
}

/* Orders that contradict each other close a circle. It is cut before the first of its actions that are left, so that all
 * get done, in the same way on every node. */
static void cut_circle(struct sorter *sorter, uint32_t draft)
{
    struct hy_draft *left = &sorter->s->drafts.items[draft];
    size_t kept = 0;
    for (size_t i = 0; i < left->after.count; i++)
        if (sorter->taken[left->after.items[i]])
            left->after.items[kept++] = left->after.items[i];
    left->after.count = kept;
    take(sorter, draft);
}

static void sort_drafts(struct sorter *sorter)
{
    struct hy_sched *s = sorter->s;
    uint32_t count = (uint32_t)s->drafts.count;
    sorter->missing = hy_arena_array(&s->scratch, count, sizeof *sorter->missing);
    sorter->order = hy_arena_array(&s->scratch, count, sizeof *sorter->order);
    sorter->taken = hy_arena_array(&s->scratch, count, 1);
    link_successors(sorter);
    for (uint32_t i = 0; i < count; i++)
        sorter->missing[i] = (uint32_t)s->drafts.items[i].after.count;
    for (uint32_t i = 0; i < count; i++)
        if (!sorter->missing[i])
            take(sorter, i);
    uint32_t at = 0, lowest = 0;
    while (sorter->done < count || at < sorter->done) {
        if (at == sorter->done) {
            while (sorter->taken[lowest])
                lowest++;
            cut_circle(sorter, lowest);
        }
        release_successors(sorter, sorter->order[at++]);
    }
}

/* ---------------------------------------------------------------- meta attributes for the agent */

static void add_meta(struct hy_action *out, struct hy_attr *list, const char *name, const char *value)
{
    list[out->meta_count++] = (struct hy_attr){.name = (char *)(uintptr_t)name, .value = (char *)(uintptr_t)value};
}

static const char *number_text(struct hy_sched *s, long long number)
{
    return hy_arena_printf(&s->decision->arena, "%lld", number);
}

/* As OCF agents see them in CRM_meta_*. */
static void fill_meta(struct hy_sched *s, const struct hy_draft *draft, struct hy_action *out)
{
    enum { MOST = 10 };
    struct hy_attr *list = hy_arena_array(&s->decision->arena, MOST, sizeof *list);
    out->meta = list;
    add_meta(out, list, "name", out->op);
    add_meta(out, list, "timeout", number_text(s, out->timeout / HY_MS));
    add_meta(out, list, "interval", out->interval ? number_text(s, out->interval / HY_MS) : "0");
    add_meta(out, list, "on_node", out->node);
    const struct hy_srsc *clone = draft->rsc ? hy_sched_clone_of(draft->rsc) : NULL;
    if (!clone)
        return;
    add_meta(out, list, "clone", number_text(s, clone->unique ? draft->rsc->instance : 0));
    add_meta(out, list, "clone_max", number_text(s, clone->clone_max));
    add_meta(out, list, "clone_node_max", number_text(s, clone->clone_node_max));
    add_meta(out, list, "globally_unique", clone->unique ? "true" : "false");
    if (clone->promotable)
        add_meta(out, list, "promoted_max", number_text(s, clone->promoted_max));
}

/* ---------------------------------------------------------------- parameters */

static bool is_op_setting(const char *name)
{
    static const char *const settings[] = {"name",        "interval",      "timeout",  "start-delay", "on-fail",
                                           "role",        "enabled",       "requires", "id",          "interval-origin",
                                           "description", "record-pending"};
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        if (!strcmp(settings[i], name))
            return true;
    return false;
}

/* What `op` has beside its settings is a parameter of this operation alone: OCF_CHECK_LEVEL=10. */
static void fill_params(struct hy_sched *s, const struct hy_draft *draft, struct hy_action *out)
{
    const struct hy_prim *prim = draft->unit->prim;
    out->params = prim->params;
    out->param_count = prim->param_count;
    const struct hy_attrs *own = draft->sop && draft->sop->config ? &draft->sop->config->attrs : NULL;
    size_t extra = 0;
    for (size_t i = 0; own && i < own->list.count; i++)
        extra += !is_op_setting(own->list.items[i].name);
    if (!extra)
        return;
    struct hy_attr *list = hy_arena_array(&s->decision->arena, prim->param_count + extra, sizeof *list);
    if (prim->param_count)
        memcpy(list, prim->params, prim->param_count * sizeof *list);
    for (size_t i = 0; i < own->list.count; i++)
        if (!is_op_setting(own->list.items[i].name))
            list[out->param_count++] =
                (struct hy_attr){.name = hy_arena_strdup(&s->decision->arena, own->list.items[i].name),
                                 .value = hy_arena_strdup(&s->decision->arena, own->list.items[i].value)};
    out->params = list;
}

static void fill_after(struct hy_sched *s, const struct hy_draft *draft, const uint32_t *place, struct hy_action *out)
{
    uint32_t *after = hy_arena_array(&s->decision->arena, draft->after.count, sizeof *after);
    for (size_t i = 0; i < draft->after.count; i++)
        after[i] = place[draft->after.items[i]];
    out->after = after;
    out->after_count = draft->after.count;
}

void hy_sched_finish_actions(struct hy_sched *s)
{
    struct sorter sorter = {.s = s};
    sort_drafts(&sorter);
    uint32_t count = (uint32_t)s->drafts.count;
    uint32_t *place = hy_arena_array(&s->scratch, count, sizeof *place);
    for (uint32_t i = 0; i < count; i++)
        place[sorter.order[i]] = i;
    struct hy_action *actions = hy_arena_array(&s->decision->arena, count, sizeof *actions);
    for (uint32_t i = 0; i < count; i++) {
        struct hy_draft *draft = &s->drafts.items[sorter.order[i]];
        struct hy_action *out = &actions[i];
        *out = draft->out;
        fill_params(s, draft, out);
        fill_meta(s, draft, out);
        fill_after(s, draft, place, out);
        if (draft->unit->prim->object) {
            if (!draft->unit->prim->out_digest)
                draft->unit->prim->out_digest = hy_arena_strdup(&s->decision->arena, draft->unit->prim->digest);
            out->digest = draft->unit->prim->out_digest;
        }
    }
    s->decision->actions = actions;
    s->decision->action_count = count;
}
