/* SPDX-License-Identifier: Apache-2.0 */
/* Cluster properties, and what each node may do. */
#include "scheduler/model.h"

#include "base/mutant.h"

/* ---------------------------------------------------------------- properties */

/* Options have newer names and older ones. */
static const char *option(const struct hy_values *options, const char *name, const char *old)
{
    const char *value = hy_values_get(options, name);
    return value || !old ? value : hy_values_get(options, old);
}

static bool option_bool(const struct hy_values *options, const char *name, const char *old, bool otherwise)
{
    const char *text = option(options, name, old);
    if (text)
        hy_parse_bool(text, &otherwise);
    return otherwise;
}

static hy_time option_time(const struct hy_values *options, const char *name, const char *old)
{
    const char *text = option(options, name, old);
    hy_time value = 0;
    if (text)
        hy_parse_duration(text, &value);
    return value;
}

static enum hy_no_quorum read_no_quorum(const struct hy_properties *p, const char *policy)
{
    static const struct {
        const char *word;
        enum hy_no_quorum value;
    } words[] = {{"ignore", HY_QUORUM_THERE},
                 {"freeze", HY_NO_QUORUM_FREEZE},
                 {"demote", HY_NO_QUORUM_DEMOTE},
                 {"suicide", HY_NO_QUORUM_SUICIDE},
                 {"fence", HY_NO_QUORUM_SUICIDE}};
    for (size_t i = 0; policy && i < sizeof words / sizeof *words; i++)
        if (!strcasecmp(words[i].word, policy))
            return words[i].value == HY_NO_QUORUM_SUICIDE && !p->fencing ? HY_NO_QUORUM_STOP : words[i].value;
    return HY_NO_QUORUM_STOP;
}

static enum hy_placement_strategy read_placement(const char *text)
{
    static const char *const words[] = {"default", "utilization", "balanced", "minimal"};
    for (size_t i = 0; text && i < sizeof words / sizeof *words; i++)
        if (!strcasecmp(words[i], text))
            return (enum hy_placement_strategy)i;
    return HY_PLACE_DEFAULT;
}

static void read_fencing(struct hy_properties *p, const struct hy_values *options)
{
    p->fencing = option_bool(options, "fencing-enabled", "stonith-enabled", false);
    const char *action = option(options, "fencing-action", "stonith-action");
    p->fence_op = action && (!strcasecmp(action, "off") || !strcasecmp(action, "poweroff")) ? "off" : "reboot";
    p->fencing_device = option_bool(options, "have-watchdog", NULL, false) &&
                        option_time(options, "fencing-watchdog-timeout", "stonith-watchdog-timeout");
}

void hy_sched_unpack_properties(struct hy_sched *s)
{
    const struct hy_cib *cib = s->input->cib;
    struct hy_properties *p = &s->properties;
    struct hy_rule_context context = hy_sched_context(s, NULL);
    hy_values_collect_kind(HY_PROPERTY, &context, &s->options);
    const struct hy_values *options = &s->options;
    read_fencing(p, options);
    p->symmetric = option_bool(options, "symmetric-cluster", NULL, true);
    p->stop_all = option_bool(options, "stop-all-resources", NULL, false);
    p->stop_orphans = option_bool(options, "stop-removed-resources", "stop-orphan-resources", true);
    p->stop_orphan_actions = option_bool(options, "cancel-removed-actions", "stop-orphan-actions", true);
    p->maintenance = option_bool(options, "maintenance-mode", NULL, false);
    p->managed_default = option_bool(options, "is-managed-default", NULL, true);
    p->start_failure_fatal = option_bool(options, "start-failure-is-fatal", NULL, true);
    p->shutdown_lock = option_bool(options, "shutdown-lock", NULL, false);
    p->shutdown_lock_limit = option_time(options, "shutdown-lock-limit", NULL);
    p->placement = read_placement(option(options, "placement-strategy", NULL));
    p->no_quorum = read_no_quorum(p, option(options, "no-quorum-policy", NULL));
    p->quorum_ignored = p->no_quorum == HY_QUORUM_THERE;
    if (s->input->quorum)
        p->no_quorum = HY_QUORUM_THERE;
    for (size_t i = 0; i < cib->objects.count; i++) {
        const struct hy_object *object = cib->objects.items[i];
        if (object->kind == HY_RSC_DEFAULTS)
            hy_vec_push(&s->rsc_defaults.list, object->u.set);
        else if (object->kind == HY_OP_DEFAULTS)
            hy_vec_push(&s->op_defaults.list, object->u.set);
    }
}

/* ---------------------------------------------------------------- nodes */

static bool node_flag(const struct hy_snode *node, const char *name)
{
    bool set = false;
    const char *text = hy_sched_node_attr(node, name);
    if (text)
        hy_parse_bool(text, &set);
    return set;
}

/* "true", or since when. */
static bool asks_for_shutdown(const struct hy_snode *node)
{
    const char *text = hy_sched_node_attr(node, "shutdown");
    return text && (node_flag(node, "shutdown") || strtoll(text, NULL, 10) > 0);
}

static void unpack_node(struct hy_sched *s, const struct hy_object *object)
{
    struct hy_snode *node = &s->nodes[s->node_count];
    node->number = s->node_count++;
    node->name = hy_arena_strdup(&s->decision->arena, object->id);
    node->config = object;
    node->status = hy_cib_node(s->input->cib, object->id);
    hy_sched_read_node_attrs(s, node);
    const struct hy_node_status *status = node->status;
    node->is_dc = s->input->dc && !strcmp(s->input->dc, node->name);
    node->unseen = !status || status->state == HY_MEMBER_NEVER;
    node->member = status && status->state == HY_MEMBER_IN;
    node->unclean = status && status->unclean;
    node->pending = node->member && (!status->synced || status->pending);
    node->awaited = node->member && !status->synced && !status->pending;
    node->standby = node_flag(node, "standby");
    node->witness = status && status->enrolled.witness && !HY_MUTANT(WITNESS_RUNS);
    s->runner_count += !node->witness;
    node->shutdown = node->member && (asks_for_shutdown(node) || (status && status->enrolled.striking));
    node->maintenance = s->properties.maintenance || node_flag(node, "maintenance");
    hy_sched_read_capacity(s, node);
}

static void rank_nodes(struct hy_sched *s)
{
    for (uint32_t n = 0; n < s->node_count; n++)
        for (uint32_t m = 0; m < s->node_count; m++)
            s->nodes[n].rank += strcmp(s->nodes[m].name, s->nodes[n].name) < 0;
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
    rank_nodes(s);
    hy_sched_read_health(s, &s->options);
    for (uint32_t n = 0; n < s->node_count; n++)
        if (s->properties.no_quorum == HY_NO_QUORUM_SUICIDE && s->nodes[n].member)
            hy_sched_fence(s, n, "this part of the cluster has no quorum, and no-quorum-policy=suicide");
}

static const char *why_unusable(struct hy_sched *s, const struct hy_snode *node)
{
    struct hy_arena *arena = &s->decision->arena;
    if (node->unclean)
        return hy_arena_printf(arena, "%s is unclean%s%s", node->name, node->fence_reason ? ": " : "",
                               node->fence_reason ? node->fence_reason : "");
    if (!node->member)
        return hy_arena_printf(arena, "%s is %s", node->name, node->unseen ? "not seen yet" : "offline");
    if (node->witness)
        return hy_arena_printf(arena, "%s is a witness: it votes and runs nothing", node->name);
    if (node->pending)
        return hy_arena_printf(arena, "%s has joined and has not yet said what runs there", node->name);
    if (node->standby_onfail)
        return hy_arena_printf(arena, "%s is standby (on-fail): %s; `hactl resource cleanup %s` takes it back",
                               node->name, hy_sched_failure_text(s, arena, node->standby_onfail, node->name),
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

/* It may go on with nothing before it has been fenced. The first reason is the one that is told. */
void hy_sched_fence(struct hy_sched *s, uint32_t n, const char *reason)
{
    struct hy_snode *node = &s->nodes[n];
    if (!node->unclean && !node->fence_reason)
        node->fence_reason = reason;
    node->unclean = true;
    node->usable = false; /* a ticket may ask for it when nodes have been judged already */
    node->reason = why_unusable(s, node);
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

uint32_t hy_sched_node_named(const struct hy_sched *s, const char *name)
{
    for (uint32_t n = 0; n < s->node_count && name; n++)
        if (!strcmp(s->nodes[n].name, name))
            return n;
    return HY_NO_NODE;
}
