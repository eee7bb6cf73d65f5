/* SPDX-License-Identifier: Apache-2.0 */
/* The decision's list of actions: what the graph has come to, with all that the executor must be told. */
#include "scheduler/graph.h"

#include "base/mutant.h"

#include <stdio.h>

const char *hy_action_word(enum hy_action_kind kind)
{
    static const char *const words[] = {"probe",  "start",  "stop",       "promote",      "demote", "monitor",
                                        "cancel", "reload", "migrate_to", "migrate_from", "notify", "fence"};
    return (size_t)kind < sizeof words / sizeof *words ? words[kind] : "?";
}

static enum hy_action_kind kind_of(enum hy_task task)
{
    switch (task) {
    case HY_TASK_START:
        return HY_ACT_START;
    case HY_TASK_STOP:
        return HY_ACT_STOP;
    case HY_TASK_PROMOTE:
        return HY_ACT_PROMOTE;
    case HY_TASK_DEMOTE:
        return HY_ACT_DEMOTE;
    case HY_TASK_MONITOR:
        return HY_ACT_MONITOR;
    case HY_TASK_CANCEL:
        return HY_ACT_CANCEL;
    case HY_TASK_RELOAD:
        return HY_ACT_RELOAD;
    case HY_TASK_MIGRATE_TO:
        return HY_ACT_MIGRATE_TO;
    case HY_TASK_MIGRATE_FROM:
        return HY_ACT_MIGRATE_FROM;
    case HY_TASK_NOTIFY:
        return HY_ACT_NOTIFY;
    case HY_TASK_FENCE:
        return HY_ACT_FENCE;
    default:
        return HY_ACT_PROBE;
    }
}

/* What cannot come up is not in the list: its placement says why. What cannot go down is, and holds up others. */
bool hy_graph_happens(const struct hy_graph *g, uint32_t number)
{
    const struct hy_step *step = hy_step_at(g, number);
    if (step->marks & (HY_PSEUDO | HY_ABSENT_ACTION))
        return false;
    if (step->marks & HY_PENDING)
        return true;
    if (step->task == HY_TASK_MIGRATE_TO || step->task == HY_TASK_MIGRATE_FROM)
        return !(step->marks & HY_OPTIONAL) && (step->marks & HY_RUNNABLE);
    if (step->task > HY_TASK_DEMOTE)
        return !(step->marks & HY_OPTIONAL);
    if ((step->marks & HY_OPTIONAL) || !step->rsc->managed)
        return false;
    return (step->marks & HY_RUNNABLE) || step->task == HY_TASK_STOP || step->task == HY_TASK_DEMOTE;
}

/* ---------------------------------------------------------------- meta attributes for the agent */

static void add_meta(struct hy_action *out, struct hy_attr *list, const char *name, const char *value)
{
    list[out->meta_count++] = (struct hy_attr){.name = (char *)(uintptr_t)name, .value = (char *)(uintptr_t)value};
}

/* The same few numbers stand in most actions. */
static const char *number_text(struct hy_graph *g, int64_t number)
{
    struct hy_number_text *known = &g->numbers[(uint64_t)number % HY_NUMBERS];
    if (!known->text || known->number != number) {
        known->number = number;
        known->text = hy_arena_printf(&g->s->decision->arena, "%lld", (long long)number);
    }
    return known->text;
}

/* Whom a clone with notify=true may speak of: all nodes, and those that are there. */
static void add_nodes(struct hy_graph *g, struct hy_action *out, struct hy_attr *list)
{
    if (!g->all_nodes) {
        struct hy_buf all = {0}, there = {0};
        for (uint32_t i = 0; i < g->s->node_count; i++) {
            const struct hy_snode *node = &g->s->nodes[i];
            hy_buf_addf(&all, "%s%s", all.size ? " " : "", node->name);
            if (node->member)
                hy_buf_addf(&there, "%s%s", there.size ? " " : "", node->name);
        }
        g->all_nodes = hy_arena_strdup(&g->s->decision->arena, hy_buf_text(&all));
        g->nodes_there = hy_arena_strdup(&g->s->decision->arena, hy_buf_text(&there));
        hy_buf_free(&all);
        hy_buf_free(&there);
    }
    add_meta(out, list, "notify_all_uname", g->all_nodes);
    add_meta(out, list, "notify_available_uname", g->nodes_there);
}

/* What the operation's own line says that its agent may want to know. */
static void add_op_settings(const struct hy_step *step, struct hy_action *out, struct hy_attr *list)
{
    const struct hy_attrs *own = step->sop && step->sop->config ? &step->sop->config->attrs : NULL;
    const char *role = own ? hy_attrs_get(own, "role") : NULL, *on_fail = own ? hy_attrs_get(own, "on-fail") : NULL;
    if (role)
        add_meta(out, list, "role", role);
    if (on_fail)
        add_meta(out, list, "on_fail", on_fail);
}

/* As OCF agents see them in CRM_meta_*. */
static void fill_meta(struct hy_graph *g, const struct hy_step *step, struct hy_action *out)
{
    const struct hy_srsc *clone = step->rsc ? hy_sched_clone_of(step->rsc) : NULL;
    const struct hy_node_status *node = g->s->nodes[step->node].status;
    size_t most = (clone ? 14 : 7) + step->meta_count;
    struct hy_attr *list = hy_arena_array(&g->s->decision->arena, most, sizeof *list);
    out->meta = list;
    add_meta(out, list, "name", out->op);
    add_meta(out, list, "timeout", number_text(g, out->timeout / HY_MS));
    add_meta(out, list, "interval", out->interval ? number_text(g, out->interval / HY_MS) : "0");
    add_meta(out, list, "on_node", out->node);
    add_op_settings(step, out, list);
    if (node)
        add_meta(out, list, "on_node_uuid", number_text(g, node->id));
    for (size_t i = 0; i < step->meta_count; i++)
        list[out->meta_count++] = step->meta[i];
    if (!clone)
        return;
    add_meta(out, list, "clone", number_text(g, clone->unique ? step->rsc->instance : 0));
    add_meta(out, list, "clone_max", number_text(g, clone->clone_max));
    add_meta(out, list, "clone_node_max", number_text(g, clone->clone_node_max));
    add_meta(out, list, "globally_unique", clone->unique ? "true" : "false");
    if (clone->notify)
        add_nodes(g, out, list);
    if (!clone->promotable)
        return;
    add_meta(out, list, "promoted_max", number_text(g, clone->promoted_max));
    add_meta(out, list, "promoted_node_max", number_text(g, clone->promoted_node_max));
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
static void fill_params(struct hy_sched *s, const struct hy_step *step, struct hy_action *out)
{
    const struct hy_params *params = hy_sched_params(s, step->unit->prim, step->node);
    out->params = params->list;
    out->param_count = params->count;
    const struct hy_attrs *own = step->sop && step->sop->config ? &step->sop->config->attrs : NULL;
    size_t extra = 0;
    for (size_t i = 0; own && i < own->list.count; i++)
        extra += !is_op_setting(own->list.items[i].name);
    if (!extra)
        return;
    struct hy_attr *list = hy_arena_array(&s->decision->arena, params->count + extra, sizeof *list);
    if (params->count)
        memcpy(list, params->list, params->count * sizeof *list);
    for (size_t i = 0; i < own->list.count; i++)
        if (!is_op_setting(own->list.items[i].name))
            list[out->param_count++] =
                (struct hy_attr){.name = hy_arena_strdup(&s->decision->arena, own->list.items[i].name),
                                 .value = hy_arena_strdup(&s->decision->arena, own->list.items[i].value)};
    out->params = list;
}

/* ---------------------------------------------------------------- the reason */

/* What is demoted to be stopped has the reasons of the stop. */
static const char *why_down(struct hy_graph *g, const struct hy_step *step)
{
    uint32_t stop = hy_graph_find(g, step->rsc, HY_TASK_STOP, step->node);
    bool stays = stop == HY_NO_ACTION || hy_step_is(g, stop, HY_OPTIONAL);
    return step->task == HY_TASK_DEMOTE && stays ? hy_sched_why_demote(g->s, step->rsc, step->node)
                                                 : hy_sched_why_stop(g->s, step->rsc, step->node);
}

static const char *why_waiting(struct hy_graph *g, const struct hy_step *step)
{
    return hy_arena_printf(&g->s->decision->arena, "waits until %s has said whether it runs there",
                           g->s->nodes[hy_course_of(g, step->rsc)->waits_for].name);
}

static const char *why_stuck(struct hy_graph *g, const struct hy_step *step)
{
    const char *why = hy_sched_why_stop(g->s, step->rsc, step->node);
    if (step->rsc->stuck_by)
        return hy_arena_printf(&g->s->decision->arena,
                               "%s, which must stop first, is left alone and runs on; it was to stop: %s",
                               step->rsc->stuck_by->id, why);
    return hy_arena_printf(&g->s->decision->arena, "%s cannot be asked; it was to stop: %s",
                           g->s->nodes[step->node].name, why);
}

static const char *why_held(struct hy_graph *g, const struct hy_step *step)
{
    const char *why = step->task == HY_TASK_STOP || step->task == HY_TASK_DEMOTE
                          ? hy_sched_why_stop(g->s, step->rsc, step->node)
                          : hy_sched_why_start(g->s, step->rsc);
    return hy_arena_printf(&g->s->decision->arena,
                           "waits for %s, of which something cannot be stopped; it was to be: %s",
                           hy_step_at(g, step->forbidden_by)->rsc->id, why);
}

static const char *reason_of(struct hy_graph *g, const struct hy_step *step)
{
    if ((step->marks & HY_HELD) && (step->marks & HY_RUNNABLE))
        return why_held(g, step);
    if (step->marks & HY_WAITING)
        return why_waiting(g, step);
    if (step->reason)
        return step->reason;
    switch (step->task) {
    case HY_TASK_STOP:
    case HY_TASK_DEMOTE:
        return step->marks & HY_RUNNABLE ? why_down(g, step) : why_stuck(g, step);
    case HY_TASK_PROMOTE:
        return hy_sched_why_promote(g->s, step->rsc);
    default:
        return hy_sched_why_start(g->s, step->rsc);
    }
}

/* ---------------------------------------------------------------- the list */

static const char *executed(const struct hy_step *step)
{
    if (step->op)
        return step->op;
    return step->task == HY_TASK_PROBE ? "monitor" : hy_action_word(kind_of(step->task));
}

static const char *digest_of(struct hy_graph *g, const struct hy_step *step)
{
    struct hy_prim *prim = step->unit->prim;
    if (step->digest)
        return step->digest;
    return prim->object ? hy_sched_digest(g->s, prim, step->node, executed(step), step->interval) : NULL;
}

static void fill(struct hy_graph *g, const struct hy_step *step, struct hy_action *out)
{
    const struct hy_sop *op = step->sop;
    const char *known_as = step->unit->past[step->node].known_as;
    *out = (struct hy_action){.kind = kind_of(step->task),
                              .rsc = known_as ? known_as : step->unit->name,
                              .primitive = step->unit->prim->id,
                              .node = g->s->nodes[step->node].name,
                              .op = executed(step),
                              .interval = step->interval,
                              .timeout = op ? op->timeout : HY_DEFAULT_TIMEOUT,
                              .start_delay = op ? op->start_delay : 0,
                              .agent = step->unit->prim->agent,
                              .digest = digest_of(g, step),
                              .pending = step->marks & HY_PENDING,
                              .blocked = !(step->marks & HY_PENDING) &&
                                         ((step->marks & (HY_WAITING | HY_HELD)) || !(step->marks & HY_RUNNABLE)),
                              .reason = reason_of(g, step)};
    fill_params(g->s, step, out);
    fill_meta(g, step, out);
}

/* It is not there yet: the operator has to do it, and say so. */
static void fill_fencing(struct hy_graph *g, const struct hy_step *step, struct hy_action *out)
{
    const char *node = g->s->nodes[step->node].name;
    *out = (struct hy_action){.kind = HY_ACT_FENCE,
                              .rsc = node,
                              .primitive = "",
                              .node = node,
                              .op = step->op,
                              .blocked = true,
                              .reason = hy_arena_printf(&g->s->decision->arena,
                                                        "%s; nothing here can fence it: see to it that it is off, then "
                                                        "confirm it",
                                                        step->reason)};
}

void hy_graph_finish(struct hy_graph *g)
{
    struct hy_order_of_work work = hy_graph_sort(g);
    struct hy_decision *decision = g->s->decision;
    decision->actions = hy_arena_array(&decision->arena, work.count, sizeof *decision->actions);
    decision->action_count = work.count;
    for (size_t i = 0; i < work.count; i++) {
        struct hy_action *out = &decision->actions[i];
        const struct hy_step *step = hy_step_at(g, work.steps[i]);
        if (step->task == HY_TASK_FENCE)
            fill_fencing(g, step, out);
        else
            fill(g, step, out);
        out->after = work.after[i].list;
        out->after_count = work.after[i].count;
    }
}
