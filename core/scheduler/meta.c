/* SPDX-License-Identifier: Apache-2.0 */
/* Meta attributes, operations and parameters: what is written, inherited, and set by default. */
#include "scheduler/model.h"

#include <stdio.h>

static const struct hy_attrs *object_meta(const struct hy_object *object)
{
    switch (object->kind) {
    case HY_PRIMITIVE:
        return hy_sets_plain(&object->u.primitive.meta);
    case HY_GROUP:
        return hy_sets_plain(&object->u.group.meta);
    case HY_CLONE:
        return hy_sets_plain(&object->u.clone.meta);
    default:
        return NULL;
    }
}

static const struct hy_attrs *object_params(const struct hy_object *object)
{
    switch (object->kind) {
    case HY_PRIMITIVE:
        return hy_sets_plain(&object->u.primitive.params);
    case HY_GROUP:
        return hy_sets_plain(&object->u.group.params);
    case HY_CLONE:
        return hy_sets_plain(&object->u.clone.params);
    default:
        return NULL;
    }
}

/* Its own, else what it is in, else rsc_defaults. */
const char *hy_sched_meta_get(const struct hy_sched *s, const struct hy_srsc *rsc, const char *name)
{
    for (const struct hy_srsc *at = rsc; at; at = at->parent) {
        const char *value = at->object ? hy_attrs_get(object_meta(at->object), name) : NULL;
        if (value)
            return value;
    }
    for (size_t i = 0; i < s->rsc_defaults.count; i++) {
        const char *value = hy_attrs_get(&s->rsc_defaults.items[i]->u.set.attrs, name);
        if (value)
            return value;
    }
    return NULL;
}

bool hy_sched_meta_bool(const struct hy_sched *s, const struct hy_srsc *rsc, const char *name, bool otherwise)
{
    const char *text = hy_sched_meta_get(s, rsc, name);
    if (text)
        hy_parse_bool(text, &otherwise);
    return otherwise;
}

static enum hy_multiple_active read_multiple(const char *text)
{
    if (text && !strcmp(text, "block"))
        return HY_MULTIPLE_BLOCK;
    if (text && !strcmp(text, "stop_only"))
        return HY_MULTIPLE_STOP_ONLY;
    if (text && !strcmp(text, "stop_unexpected"))
        return HY_MULTIPLE_STOP_UNEXPECTED;
    return HY_MULTIPLE_STOP_START;
}

void hy_sched_read_meta(const struct hy_sched *s, const struct hy_srsc *rsc, struct hy_meta *meta)
{
    const char *text = hy_sched_meta_get(s, rsc, "target-role");
    meta->target_role = HY_ROLE_ANY;
    if (text)
        hy_role_parse(text, &meta->target_role);
    meta->managed = hy_sched_meta_bool(s, rsc, "is-managed", s->properties.managed_default);
    meta->maintenance = hy_sched_meta_bool(s, rsc, "maintenance", false);
    meta->critical = hy_sched_meta_bool(s, rsc, "critical", true);
    meta->priority = 0;
    if ((text = hy_sched_meta_get(s, rsc, "priority")))
        hy_score_parse(text, &meta->priority);
    text = hy_sched_meta_get(s, rsc, "resource-stickiness");
    meta->has_stickiness = text && hy_score_parse(text, &meta->stickiness);
    if (!meta->has_stickiness)
        meta->stickiness = rsc->in_clone || rsc->kind == HY_RSC_CLONE;
    meta->migration_threshold = HY_INFINITY;
    if ((text = hy_sched_meta_get(s, rsc, "migration-threshold")))
        hy_score_parse(text, &meta->migration_threshold);
    meta->failure_timeout = 0;
    if ((text = hy_sched_meta_get(s, rsc, "failure-timeout")))
        hy_parse_duration(text, &meta->failure_timeout);
    meta->multiple_active = read_multiple(hy_sched_meta_get(s, rsc, "multiple-active"));
}

/* ---------------------------------------------------------------- operations */

static const char *op_attr(const struct hy_sched *s, const struct hy_op_config *op, const char *name)
{
    const char *value = op ? hy_attrs_get(&op->attrs, name) : NULL;
    if (op && !value)
        value = hy_sets_get(&op->meta, name);
    for (size_t i = 0; !value && i < s->op_defaults.count; i++)
        value = hy_attrs_get(&s->op_defaults.items[i]->u.set.attrs, name);
    return value;
}

static enum hy_on_fail read_on_fail(const char *text, const char *op)
{
    static const struct {
        const char *word;
        enum hy_on_fail value;
    } words[] = {{"restart", HY_ONFAIL_RESTART}, {"ignore", HY_ONFAIL_IGNORE}, {"nothing", HY_ONFAIL_IGNORE},
                 {"block", HY_ONFAIL_BLOCK},     {"stop", HY_ONFAIL_STOP},     {"standby", HY_ONFAIL_STANDBY},
                 {"fence", HY_ONFAIL_FENCE},     {"demote", HY_ONFAIL_RESTART}};
    enum hy_on_fail otherwise = strcmp(op, "stop") ? HY_ONFAIL_RESTART : HY_ONFAIL_BLOCK;
    if (!text)
        return otherwise;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcmp(words[i].word, text))
            return !strcmp(op, "stop") && words[i].value == HY_ONFAIL_RESTART ? otherwise : words[i].value;
    return otherwise;
}

static void read_op(const struct hy_sched *s, const struct hy_op_config *config, const char *name, struct hy_sop *op)
{
    op->config = config;
    op->timeout = HY_DEFAULT_TIMEOUT;
    op->enabled = true;
    const char *text = op_attr(s, config, "timeout");
    if (text)
        hy_parse_duration(text, &op->timeout);
    if ((text = op_attr(s, config, "start-delay")))
        hy_parse_duration(text, &op->start_delay);
    if ((text = op_attr(s, config, "enabled")))
        hy_parse_bool(text, &op->enabled);
    if (config && (text = hy_attrs_get(&config->attrs, "role")))
        hy_role_parse(text, &op->role);
    op->on_fail = read_on_fail(op_attr(s, config, "on-fail"), name);
}

/* Beside the configured operations there are those that need not be: they have the defaults. */
static const char *const implied[] = {"start", "stop", "promote", "demote", "monitor"};
enum { IMPLIED_COUNT = sizeof implied / sizeof *implied };

void hy_sched_read_ops(struct hy_sched *s, struct hy_prim *prim)
{
    const struct hy_primitive *primitive = prim->object ? &prim->object->u.primitive : NULL;
    size_t count = primitive ? primitive->ops.count : 0;
    prim->ops = hy_arena_array(&s->scratch, count + IMPLIED_COUNT, sizeof *prim->ops);
    prim->op_count = count;
    for (size_t i = 0; i < count; i++)
        read_op(s, &primitive->ops.items[i], primitive->ops.items[i].name, &prim->ops[i]);
    for (size_t i = 0; i < IMPLIED_COUNT; i++)
        read_op(s, NULL, implied[i], &prim->ops[count + i]);
}

const struct hy_sop *hy_sched_op(const struct hy_prim *prim, const char *name, hy_time interval)
{
    for (size_t i = 0; i < prim->op_count; i++)
        if (prim->ops[i].config->interval == interval && !strcmp(prim->ops[i].config->name, name))
            return &prim->ops[i];
    for (size_t i = 0; i < IMPLIED_COUNT; i++)
        if (!strcmp(implied[i], name))
            return &prim->ops[prim->op_count + i];
    return &prim->ops[prim->op_count + IMPLIED_COUNT - 1];
}

/* A probe has the time that `op monitor interval=0` gives it, else that of the most frequent monitor. */
const struct hy_sop *hy_sched_probe_op(const struct hy_prim *prim)
{
    const struct hy_sop *best = NULL;
    for (size_t i = 0; i < prim->op_count; i++) {
        const struct hy_sop *op = &prim->ops[i];
        if (!strcmp(op->config->name, "monitor") && op->enabled &&
            (!best || op->config->interval < best->config->interval))
            best = op;
    }
    return best ? best : hy_sched_op(prim, "monitor", 0);
}

/* ---------------------------------------------------------------- parameters */

static void add_params(struct hy_sched *s, struct hy_prim *prim, const struct hy_attrs *attrs)
{
    for (size_t i = 0; i < attrs->list.count; i++) {
        const struct hy_attr *attr = &attrs->list.items[i];
        size_t at = 0;
        while (at < prim->param_count && strcmp(prim->params[at].name, attr->name) < 0)
            at++;
        if (at < prim->param_count && !strcmp(prim->params[at].name, attr->name))
            continue;
        memmove(&prim->params[at + 1], &prim->params[at], (prim->param_count - at) * sizeof *prim->params);
        prim->params[at] = (struct hy_attr){.name = hy_arena_strdup(&s->decision->arena, attr->name),
                                            .value = hy_arena_strdup(&s->decision->arena, attr->value)};
        prim->param_count++;
    }
}

/* Its own come before those of the group or clone it is in. */
void hy_sched_read_params(struct hy_sched *s, struct hy_prim *prim, const struct hy_srsc *rsc)
{
    size_t count = 0;
    for (const struct hy_srsc *at = rsc; at; at = at->parent)
        count += object_params(at->object)->list.count;
    prim->params = hy_arena_array(&s->decision->arena, count, sizeof *prim->params);
    for (const struct hy_srsc *at = rsc; at; at = at->parent)
        add_params(s, prim, object_params(at->object));
    hy_sched_digest(prim->agent, prim->params, prim->param_count, prim->digest);
}

/* FNV-1a with 128 bits (draft-eastlake-fnv): h = (h ^ byte) * (2^88 + 0x13b). */
struct fnv128 {
    uint64_t high, low;
};

static void fnv_text(struct fnv128 *h, const char *text)
{
    for (const char *at = text;; at++) {
        uint64_t low = h->low ^ (uint8_t)*at;
        uint64_t bottom = (low & UINT32_MAX) * 0x13b;
        uint64_t top = (low >> 32) * 0x13b + (bottom >> 32);
        h->high = h->high * 0x13b + (top >> 32) + (low << 24);
        h->low = top << 32 | (bottom & UINT32_MAX);
        if (!*at)
            return; /* the NUL is hashed too: it keeps names and values apart */
    }
}

void hy_sched_digest(const char *agent, const struct hy_attr *params, size_t count, char text[33])
{
    struct fnv128 h = {UINT64_C(0x6c62272e07bb0142), UINT64_C(0x62b821756295c58d)};
    fnv_text(&h, agent);
    for (size_t i = 0; i < count; i++) {
        fnv_text(&h, params[i].name);
        fnv_text(&h, params[i].value);
    }
    snprintf(text, 33, "%016llx%016llx", (unsigned long long)h.high, (unsigned long long)h.low);
}
