/* SPDX-License-Identifier: Apache-2.0 */
/* Meta attributes: what is written, inherited, and set by default. */
#include "scheduler/model.h"

#include <ctype.h>

static void collect_own(struct hy_sched *s, const struct hy_object *object, const struct hy_rule_context *context)
{
    if (object->kind == HY_PRIMITIVE)
        hy_values_collect_primitive(&object->u.primitive, HY_PART_META, context, &s->values);
    else
        hy_values_collect(object->kind == HY_GROUP ? &object->u.group.meta : &object->u.clone.meta, context,
                          &s->values);
}

/* Its own, then those of what it is in, then rsc_defaults. */
const struct hy_values *hy_sched_collect_meta(struct hy_sched *s, const struct hy_srsc *rsc)
{
    struct hy_rule_context context = hy_sched_context(s, NULL);
    const struct hy_primitive *agent = NULL;
    if (rsc->object && rsc->object->kind == HY_PRIMITIVE)
        agent = hy_cib_agent(s->input->cib, &rsc->object->u.primitive);
    if (agent) {
        context.cls = agent->cls;
        context.provider = agent->provider;
        context.type = agent->type;
    }
    s->values.list.count = 0;
    for (const struct hy_srsc *at = rsc; at; at = at->parent)
        if (at->object)
            collect_own(s, at->object, &context);
    hy_values_collect(&s->rsc_defaults, &context, &s->values);
    return &s->values;
}

static bool get_bool(const struct hy_values *values, const char *name, bool otherwise)
{
    const char *text = hy_values_get(values, name);
    if (text)
        hy_parse_bool(text, &otherwise);
    return otherwise;
}

static int get_score(const struct hy_values *values, const char *name, int otherwise)
{
    const char *text = hy_values_get(values, name);
    if (text)
        hy_score_parse(text, &otherwise);
    return otherwise;
}

static enum hy_multiple_active read_multiple(const char *text)
{
    if (text && !strcasecmp(text, "block"))
        return HY_MULTIPLE_BLOCK;
    if (text && !strcasecmp(text, "stop_only"))
        return HY_MULTIPLE_STOP_ONLY;
    if (text && !strcasecmp(text, "stop_unexpected"))
        return HY_MULTIPLE_STOP_UNEXPECTED;
    return HY_MULTIPLE_STOP_START;
}

/* Only Stopped, and of promotable clones Unpromoted, ask for anything: the rest is what would be done anyway. */
static enum hy_role read_target(const struct hy_srsc *rsc, const char *text)
{
    enum hy_role role = HY_ROLE_ANY;
    if (text)
        hy_role_parse(text, &role);
    if (role == HY_ROLE_STOPPED)
        return role;
    const struct hy_srsc *clone = rsc->kind == HY_RSC_CLONE ? rsc : hy_sched_clone_of(rsc);
    return role == HY_ROLE_UNPROMOTED && clone && clone->promotable ? role : HY_ROLE_ANY;
}

/* Without fencing nothing can ask for it. */
static enum hy_requires read_requires(const struct hy_sched *s, const struct hy_srsc *rsc, const char *text)
{
    const struct hy_properties *p = &s->properties;
    enum hy_requires otherwise = p->fencing          ? s->unfencing ? HY_REQUIRES_UNFENCING : HY_REQUIRES_FENCING
                                 : p->quorum_ignored ? HY_REQUIRES_NOTHING
                                                     : HY_REQUIRES_QUORUM;
    if (rsc->is_fencing)
        otherwise = HY_REQUIRES_QUORUM;
    if (text && !strcasecmp(text, "nothing"))
        return HY_REQUIRES_NOTHING;
    if (text && !strcasecmp(text, "quorum"))
        return HY_REQUIRES_QUORUM;
    if (text && !strcasecmp(text, "fencing"))
        return p->fencing ? HY_REQUIRES_FENCING : HY_REQUIRES_QUORUM;
    if (text && !strcasecmp(text, "unfencing"))
        return p->fencing && !rsc->is_fencing ? HY_REQUIRES_UNFENCING : HY_REQUIRES_QUORUM;
    return otherwise;
}

/* `values`: as hy_sched_collect_meta() has them. */
void hy_sched_read_meta(const struct hy_sched *s, const struct hy_srsc *rsc, const struct hy_values *values,
                        struct hy_meta *meta)
{
    meta->target_role = read_target(rsc, hy_values_get(values, "target-role"));
    meta->managed = get_bool(values, "is-managed", s->properties.managed_default);
    meta->maintenance = get_bool(values, "maintenance", false);
    meta->critical = get_bool(values, "critical", true);
    meta->allow_migrate = get_bool(values, "allow-migrate", false);
    meta->allow_unhealthy = get_bool(values, "allow-unhealthy-nodes", false);
    meta->chained = get_bool(values, "ordered", true);
    meta->priority = get_score(values, "priority", 0);
    meta->has_stickiness = hy_values_get(values, "resource-stickiness");
    meta->stickiness =
        get_score(values, "resource-stickiness", !meta->has_stickiness && (rsc->in_clone || rsc->kind == HY_RSC_CLONE));
    meta->migration_threshold = get_score(values, "migration-threshold", HY_INFINITY);
    meta->failure_timeout = 0;
    const char *text = hy_values_get(values, "failure-timeout");
    if (text)
        hy_parse_duration(text, &meta->failure_timeout);
    meta->multiple_active = read_multiple(hy_values_get(values, "multiple-active"));
    meta->requires = read_requires(s, rsc, hy_values_get(values, "requires"));
}

static uint32_t get_count(const struct hy_values *values, const char *name, uint32_t otherwise)
{
    int value = get_score(values, name, -1);
    return value < 0 ? otherwise : value < UINT16_MAX ? (uint32_t)value : UINT16_MAX;
}

void hy_sched_read_clone(const struct hy_sched *s, struct hy_srsc *clone, const struct hy_values *values)
{
    clone->clone_max = get_count(values, "clone-max", s->runner_count);
    clone->clone_node_max = get_count(values, "clone-node-max", 1);
    clone->clone_min = get_count(values, "clone-min", 0);
    clone->unique = get_bool(values, "globally-unique", clone->clone_node_max > 1);
    clone->interleave = get_bool(values, "interleave", false);
    clone->ordered = get_bool(values, "ordered", false);
    clone->notify = get_bool(values, "notify", false);
    clone->promotable = get_bool(values, "promotable", clone->object->u.clone.ms);
    clone->promoted_max = get_count(values, "promoted-max", get_count(values, "master-max", 1));
    clone->promoted_node_max = get_count(values, "promoted-node-max", get_count(values, "master-node-max", 1));
}
