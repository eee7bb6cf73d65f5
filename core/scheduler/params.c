/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters of a primitive, with the digest by which a change of them is noticed. */
#include "scheduler/model.h"

#include <stdio.h>

static const struct hy_attr_sets *collective_params(const struct hy_object *object)
{
    return object->kind == HY_GROUP ? &object->u.group.params : &object->u.clone.params;
}

static bool any_rule(const struct hy_attr_sets *sets)
{
    for (size_t i = 0; i < sets->list.count; i++)
        if (sets->list.items[i].rule || sets->list.items[i].ref)
            return true;
    return false;
}

/* Its own come before those of the group or clone it is in. */
static void collect(struct hy_sched *s, const struct hy_srsc *rsc, const struct hy_rule_context *context)
{
    s->values.list.count = 0;
    hy_values_collect_primitive(&rsc->object->u.primitive, HY_PART_PARAMS, context, &s->values);
    for (const struct hy_srsc *at = rsc->parent; at; at = at->parent)
        hy_values_collect(collective_params(at->object), context, &s->values);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct hy_value *)a)->name, ((const struct hy_value *)b)->name);
}

static void keep(struct hy_sched *s, struct hy_params *params)
{
    struct hy_arena *arena = &s->decision->arena;
    size_t count = s->values.list.count;
    struct hy_value *values = s->values.list.items;
    if (count > 1)
        qsort(values, count, sizeof *values, by_name);
    params->count = count;
    params->list = hy_arena_array(arena, count, sizeof *params->list);
    for (size_t i = 0; i < count; i++)
        params->list[i] = (struct hy_attr){.name = hy_arena_strdup(arena, values[i].name),
                                           .value = hy_arena_strdup(arena, values[i].value)};
    if (!count && s->empty_digest) {
        params->digest = s->empty_digest;
        return;
    }
    char *digest = hy_arena_alloc(arena, HY_DIGEST_TEXT);
    hy_params_digest(values, count, digest);
    params->digest = digest;
    if (!count)
        s->empty_digest = digest;
}

void hy_sched_read_params(struct hy_sched *s, struct hy_prim *prim, const struct hy_srsc *rsc)
{
    struct hy_rule_context context = hy_sched_context(s, NULL);
    collect(s, rsc, &context);
    keep(s, &prim->own);
    const struct hy_primitive *tmpl = hy_cib_template(s->input->cib, &rsc->object->u.primitive);
    bool rules = any_rule(&rsc->object->u.primitive.params) || (tmpl && any_rule(&tmpl->params));
    for (const struct hy_srsc *at = rsc->parent; at; at = at->parent)
        rules = rules || any_rule(collective_params(at->object));
    if (rules)
        prim->params_of = rsc;
}

/* With rules they may differ from node to node. */
const struct hy_params *hy_sched_params(struct hy_sched *s, struct hy_prim *prim, uint32_t node)
{
    if (!prim->params_of || node == HY_NO_NODE)
        return &prim->own;
    if (!prim->by_node)
        prim->by_node = hy_arena_array(&s->scratch, s->node_count, sizeof *prim->by_node);
    if (!prim->by_node[node]) {
        prim->by_node[node] = hy_arena_alloc(&s->decision->arena, sizeof(struct hy_params));
        struct hy_rule_context context = hy_sched_context(s, &s->nodes[node]);
        collect(s, prim->params_of, &context);
        keep(s, prim->by_node[node]);
    }
    return prim->by_node[node];
}

/* ---------------------------------------------------------------- what a result ran with */

static bool is_listed(const char *names, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = strstr(names, name); at; at = strstr(at + 1, name))
        if ((at == names || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
            return true;
    return false;
}

static void restart_digest(struct hy_sched *s, const struct hy_params *params, const char *names,
                           char text[HY_DIGEST_TEXT])
{
    s->values.list.count = 0;
    for (size_t i = 0; i < params->count; i++)
        if (is_listed(names, params->list[i].name))
            hy_vec_push(&s->values.list, ((struct hy_value){params->list[i].name, params->list[i].value}));
    hy_params_digest(s->values.list.items, s->values.list.count, text);
}

/* Where secrets were blotted out (a CIB that was given away) only what is none can have changed. Fence devices are told by
 * their agents' parameters alone, not by those the cluster reads. */
static bool is_same_but_secrets(struct hy_sched *s, const struct hy_prim *prim, const struct hy_params *params,
                                const struct hy_result *result)
{
    if (!result->secure_digest || !s->input->blotted)
        return false;
    char text[HY_DIGEST_TEXT];
    bool device = !strncmp(prim->agent, "stonith:", strlen("stonith:"));
    s->values.list.count = 0;
    for (size_t i = 0; i < params->count; i++) {
        const char *name = params->list[i].name;
        bool secret = result->secure_params && is_listed(result->secure_params, name);
        if (!secret && !(device && !strncmp(name, "pcmk_", strlen("pcmk_"))))
            hy_vec_push(&s->values.list, ((struct hy_value){name, params->list[i].value}));
    }
    hy_params_digest(s->values.list.items, s->values.list.count, text);
    return !strcmp(result->secure_digest, text);
}

/* Recurring operations, and those with parameters of their own, are digested with these and the timeout. */
static void op_digest(struct hy_sched *s, const struct hy_params *params, const struct hy_sop *op, hy_time interval,
                      char text[HY_DIGEST_TEXT])
{
    char timeout[24];
    s->values.list.count = 0;
    if (op->config && op->config->params.list.count) {
        struct hy_rule_context context = hy_sched_context(s, NULL);
        hy_values_collect(&op->config->params, &context, &s->values);
    }
    for (size_t i = 0; i < params->count; i++)
        if (!hy_values_get(&s->values, params->list[i].name))
            hy_vec_push(&s->values.list, ((struct hy_value){params->list[i].name, params->list[i].value}));
    if (interval) {
        snprintf(timeout, sizeof timeout, "%lld", (long long)(op->timeout / HY_MS));
        hy_vec_push(&s->values.list, ((struct hy_value){"CRM_meta_timeout", timeout}));
    }
    hy_params_digest(s->values.list.items, s->values.list.count, text);
}

static bool is_plain(const struct hy_sop *op, hy_time interval)
{
    return !interval && !(op->config && op->config->params.list.count);
}

const char *hy_sched_digest(struct hy_sched *s, struct hy_prim *prim, uint32_t node, const char *name, hy_time interval)
{
    const struct hy_params *params = hy_sched_params(s, prim, node);
    const struct hy_sop *op = hy_sched_op(prim, name, interval);
    if (is_plain(op, interval))
        return params->digest;
    char *text = hy_arena_alloc(&s->decision->arena, HY_DIGEST_TEXT);
    op_digest(s, params, op, interval, text);
    return text;
}

enum hy_changed hy_sched_changed(struct hy_sched *s, struct hy_prim *prim, uint32_t node,
                                 const struct hy_result *result)
{
    if (!prim->object || !result->agent || !result->digest)
        return HY_CHANGED_NOT;
    if (strcmp(result->agent, prim->agent))
        return HY_CHANGED_RESTART;
    const struct hy_params *params = hy_sched_params(s, prim, node);
    const struct hy_sop *op = hy_sched_op(prim, result->op, result->interval);
    if (is_plain(op, result->interval)) {
        if (!strcmp(result->digest, params->digest))
            return HY_CHANGED_NOT;
    } else {
        char text[HY_DIGEST_TEXT];
        op_digest(s, params, op, result->interval, text);
        if (!strcmp(result->digest, text))
            return HY_CHANGED_NOT;
    }
    /* What is the operation's own cannot be told to what runs already. */
    bool own = op->config && op->config->params.list.count;
    if (!own && is_same_but_secrets(s, prim, params, result))
        return HY_CHANGED_NOT;
    if (result->interval)
        return HY_CHANGED_AGAIN;
    if (own || !result->restart_digest || !result->restart_params)
        return HY_CHANGED_RESTART;
    char text[HY_DIGEST_TEXT];
    restart_digest(s, params, result->restart_params, text);
    return strcmp(result->restart_digest, text) ? HY_CHANGED_RESTART : HY_CHANGED_RELOAD;
}
