/* SPDX-License-Identifier: Apache-2.0 */
/* Node attributes, and what rules are asked with. */
#include "scheduler/model.h"

static const char *attr_of(const void *node, const char *name)
{
    return hy_sched_node_attr(node, name);
}

struct hy_rule_context hy_sched_context(struct hy_sched *s, const struct hy_snode *node)
{
    return (struct hy_rule_context){.cib = s->input->cib,
                                    .now = s->input->now,
                                    .node_attr = node ? attr_of : NULL,
                                    .node = node,
                                    .next = &s->decision->recheck};
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct hy_value *)a)->name, ((const struct hy_value *)b)->name);
}

/* Rules may ask for "fail-count-db#monitor_10000". */
static void add_counts(struct hy_sched *s, const struct hy_node_status *status, struct hy_values *values)
{
    for (size_t i = 0; i < status->failcounts.count; i++) {
        const struct hy_failcount *count = &status->failcounts.items[i];
        char score[16];
        hy_score_text(count->count, score);
        hy_vec_push(&values->list, ((struct hy_value){hy_arena_printf(&s->scratch, "fail-count-%s#%s_%lld", count->rsc,
                                                                      count->op, (long long)(count->interval / HY_MS)),
                                                      hy_arena_strdup(&s->scratch, score)}));
    }
}

/* Transient ones before configured ones. */
void hy_sched_read_node_attrs(struct hy_sched *s, struct hy_snode *node)
{
    struct hy_values values = {0};
    const struct hy_attrs *transient = node->status ? &node->status->transient : NULL;
    for (size_t i = 0; transient && i < transient->list.count; i++)
        hy_vec_push(&values.list, ((struct hy_value){transient->list.items[i].name, transient->list.items[i].value}));
    if (node->status)
        add_counts(s, node->status, &values);
    struct hy_rule_context context = hy_sched_context(s, NULL);
    hy_values_collect(&node->config->u.node.attributes, &context, &values);
    node->attr_count = values.list.count;
    node->attrs = hy_arena_array(&s->scratch, node->attr_count, sizeof *node->attrs);
    if (node->attr_count) {
        memcpy(node->attrs, values.list.items, node->attr_count * sizeof *node->attrs);
        qsort(node->attrs, node->attr_count, sizeof *node->attrs, by_name);
    }
    hy_vec_free(&values.list);
}

const char *hy_sched_node_attr(const struct hy_snode *node, const char *name)
{
    if (!strcmp(name, "#uname"))
        return node->name;
    if (!strcmp(name, "#id"))
        return node->config->u.node.nodeid ? node->config->u.node.nodeid : node->name;
    if (!strcmp(name, "#kind"))
        return "cluster";
    if (!strcmp(name, "#is_dc"))
        return node->is_dc ? "true" : "false";
    struct hy_value wanted = {.name = name};
    const struct hy_value *found =
        node->attr_count ? bsearch(&wanted, node->attrs, node->attr_count, sizeof wanted, by_name) : NULL;
    return found ? found->value : NULL;
}
