/* SPDX-License-Identifier: Apache-2.0 */
/* Node attributes and rules ("Pacemaker Explained", chapter "Rules": node attribute expressions). */
#include "scheduler/model.h"

#include <errno.h>

const char *hy_sched_node_attr(const struct hy_snode *node, const char *name)
{
    if (!strcmp(name, "#uname"))
        return node->name;
    if (!strcmp(name, "#id"))
        return node->config->u.node.nodeid ? node->config->u.node.nodeid : node->name;
    if (!strcmp(name, "#kind"))
        return "cluster";
    const char *value = node->status ? hy_attrs_get(&node->status->transient, name) : NULL;
    return value ? value : hy_sets_get(&node->config->u.node.attributes, name);
}

static bool read_number(const char *text, bool integer, double *out)
{
    char *end = NULL;
    errno = 0;
    *out = integer ? (double)strtoll(text, &end, 10) : strtod(text, &end);
    return end != text && !*end && !errno;
}

/* "1.10" is later than "1.9": runs of digits count as numbers, the rest as text. */
static int compare_versions(const char *a, const char *b)
{
    while (*a && *b) {
        char *a_end, *b_end;
        unsigned long long x = strtoull(a, &a_end, 10);
        unsigned long long y = strtoull(b, &b_end, 10);
        if (x != y)
            return x < y ? -1 : 1;
        if (a_end == a && b_end == b) {
            if (*a != *b)
                return *a < *b ? -1 : 1;
            a_end++, b_end++;
        }
        a = a_end;
        b = b_end;
    }
    return *a ? 1 : *b ? -1 : 0;
}

static bool is_relation(enum hy_rule_op op)
{
    return op == HY_LT || op == HY_LTE || op == HY_GT || op == HY_GTE;
}

/* Without a type, relations compare numbers (with fractions when a value has a point) and the others compare text; what does
 * not read as a number is compared as text. */
static int compare(const struct hy_expression *expression, const char *actual)
{
    const char *type = expression->type;
    const char *wanted = expression->value;
    if (!type && is_relation(expression->op))
        type = strchr(actual, '.') || strchr(wanted, '.') ? "number" : "integer";
    if (!type)
        type = "string";
    if (!strcmp(type, "version"))
        return compare_versions(actual, wanted);
    double a, b;
    bool integer = !strcmp(type, "integer");
    if ((integer || !strcmp(type, "number")) && read_number(actual, integer, &a) && read_number(wanted, integer, &b))
        return a < b ? -1 : a > b;
    return strcasecmp(actual, wanted);
}

static bool expression_matches(const struct hy_expression *expression, const struct hy_snode *node)
{
    const char *actual = hy_sched_node_attr(node, expression->attribute);
    if (expression->op == HY_DEFINED)
        return actual;
    if (expression->op == HY_NOT_DEFINED)
        return !actual;
    if (!actual || !expression->value)
        return expression->op == HY_NE && (actual || expression->value);
    int order = compare(expression, actual);
    switch (expression->op) {
    case HY_EQ:
        return order == 0;
    case HY_NE:
        return order != 0;
    case HY_LT:
        return order < 0;
    case HY_LTE:
        return order <= 0;
    case HY_GT:
        return order > 0;
    case HY_GTE:
        return order >= 0;
    default:
        return false;
    }
}

bool hy_sched_rule_matches(const struct hy_rule *rule, const struct hy_snode *node)
{
    for (size_t i = 0; i < rule->expressions.count; i++)
        if (expression_matches(&rule->expressions.items[i], node) == rule->any)
            return rule->any;
    return !rule->any;
}
