/* SPDX-License-Identifier: Apache-2.0 */
/* Cluster properties, and what each node may do. */
#include "scheduler/model.h"

static bool property_bool(const struct hy_cib *cib, const char *name, bool otherwise)
{
    const char *text = hy_cib_property(cib, name);
    if (text)
        hy_parse_bool(text, &otherwise);
    return otherwise;
}

void hy_sched_unpack_properties(struct hy_sched *s)
{
    const struct hy_cib *cib = s->input->cib;
    struct hy_properties *p = &s->properties;
    p->symmetric = property_bool(cib, "symmetric-cluster", true);
    p->stop_all = property_bool(cib, "stop-all-resources", false);
    p->stop_orphans = property_bool(cib, "stop-orphan-resources", true);
    p->maintenance = property_bool(cib, "maintenance-mode", false);
    p->managed_default = property_bool(cib, "is-managed-default", true);
    p->start_failure_fatal = property_bool(cib, "start-failure-is-fatal", true);
    const char *policy = hy_cib_property(cib, "no-quorum-policy");
    if (!s->input->quorum && !(policy && !strcmp(policy, "ignore"))) {
        p->no_quorum_freeze = policy && !strcmp(policy, "freeze");
        /* `suicide` and `demote` need what is not there yet; to stop is the safe reading of both. */
        p->no_quorum_stop = !p->no_quorum_freeze;
    }
    for (size_t i = 0; i < cib->objects.count; i++) {
        const struct hy_object *object = cib->objects.items[i];
        if (object->kind == HY_RSC_DEFAULTS)
            hy_arena_vec_push(&s->scratch, &s->rsc_defaults, object);
        else if (object->kind == HY_OP_DEFAULTS)
            hy_arena_vec_push(&s->scratch, &s->op_defaults, object);
    }
}

static bool node_flag(const struct hy_snode *node, const char *name)
{
    bool set = false;
    const char *text = hy_sched_node_attr(node, name);
    if (text)
        hy_parse_bool(text, &set);
    return set;
}

static void unpack_node(struct hy_sched *s, const struct hy_object *object)
{
    struct hy_snode *node = &s->nodes[s->node_count];
    node->number = s->node_count++;
    node->name = hy_arena_strdup(&s->decision->arena, object->id);
    node->config = object;
    node->status = hy_cib_node(s->input->cib, object->id);
    node->member = node->status && node->status->state == HY_MEMBER_IN;
    node->pending = node->member && !node->status->synced;
    node->standby = node_flag(node, "standby");
    node->witness = node->status && node->status->enrolled.witness;
    s->runner_count += !node->witness;
    node->shutdown = node->member && (node_flag(node, "shutdown") || (node->status && node->status->enrolled.striking));
    node->maintenance = s->properties.maintenance || node_flag(node, "maintenance");
}

void hy_sched_unpack_nodes(struct hy_sched *s)
{
    const struct hy_cib *cib = s->input->cib;
    uint32_t count = 0;
    for (size_t i = 0; i < cib->objects.count; i++)
        count += cib->objects.items[i]->kind == HY_NODE;
    s->nodes = hy_arena_array(&s->scratch, count, sizeof *s->nodes);
    for (size_t i = 0; i < cib->objects.count; i++)
        if (cib->objects.items[i]->kind == HY_NODE)
            unpack_node(s, cib->objects.items[i]);
}

static const char *why_unusable(struct hy_sched *s, const struct hy_snode *node)
{
    struct hy_arena *arena = &s->decision->arena;
    if (!node->member)
        return hy_arena_printf(arena, "%s is %s", node->name,
                               node->status && node->status->state == HY_MEMBER_GONE ? "offline" : "not seen yet");
    if (node->witness)
        return hy_arena_printf(arena, "%s is a witness: it votes and runs nothing", node->name);
    if (node->pending)
        return hy_arena_printf(arena, "%s has joined and has not yet said what runs there", node->name);
    if (node->standby_onfail)
        return hy_arena_printf(arena, "%s is standby (on-fail): %s; clean up %s to take it back", node->name,
                               hy_sched_failure_text(s, arena, node->standby_onfail, node->name),
                               node->standby_onfail->rsc);
    if (node->shutdown)
        return hy_arena_printf(arena, "%s is %s", node->name,
                               node->status->enrolled.striking ? "being taken out of the cluster" : "shutting down");
    if (node->standby)
        return hy_arena_printf(arena, "%s is standby", node->name);
    if (s->properties.maintenance)
        return hy_arena_printf(arena, "the cluster is in maintenance mode");
    if (node->maintenance)
        return hy_arena_printf(arena, "%s is in maintenance", node->name);
    return NULL;
}

void hy_sched_judge_nodes(struct hy_sched *s)
{
    for (uint32_t n = 0; n < s->node_count; n++) {
        struct hy_snode *node = &s->nodes[n];
        node->standby = node->standby || node->standby_onfail;
        node->reason = why_unusable(s, node);
        node->usable = !node->reason;
    }
}
