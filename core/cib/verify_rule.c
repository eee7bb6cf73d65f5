/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with a rule: dates that are none, ranges of nothing, comparisons that cannot come true. */
#include "cib/iso8601.h"
#include "cib/rule_compare.h"
#include "cib/verify.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct check {
    struct hy_verify *verify;
    const char *where;
};

/* ------------------------------------------------------------- dates */

static bool read_date(const struct check *check, const char *text, int64_t *seconds)
{
    if (hy_date_parse(text, 0, 0, seconds))
        return true;
    hy_verify_error(check->verify, "%s: rule: '%s' is no date: expected one such as 2026-11-22 or 2026-11-22T10:00:00Z",
                    check->where, text);
    return false;
}

/* A time alone is of any day. */
static bool is_of_today(const char *text)
{
    return text[0] == 'T' || text[strspn(text, "0123456789")] == ':';
}

static void check_range(const struct check *check, const struct hy_expression *expression)
{
    int64_t start = 0, end = 0;
    bool dated = expression->start && expression->end;
    bool good = !expression->start || read_date(check, expression->start, &start);
    good = (!expression->end || read_date(check, expression->end, &end)) && good;
    if (good && dated && start > end && is_of_today(expression->start) == is_of_today(expression->end))
        hy_verify_warning(check->verify, "%s: rule: can never hold: %s is after %s", check->where, expression->start,
                          expression->end);
    for (size_t i = 0; i < expression->duration.list.count; i++) {
        const struct hy_attr *attr = &expression->duration.list.items[i];
        if (!attr->value[0] || attr->value[strspn(attr->value, "0123456789")] || strlen(attr->value) > 6)
            hy_verify_error(check->verify, "%s: rule: %s='%s': expected a whole number", check->where, attr->name,
                            attr->value);
    }
}

static void check_unit(const struct check *check, const struct hy_attr *attr)
{
    static const struct {
        const char *name;
        int64_t low, high;
    } units[] = {{"seconds", 0, 59}, {"minutes", 0, 59},    {"hours", 0, 23},   {"monthdays", 1, 31},
                 {"weekdays", 1, 7}, {"yeardays", 1, 366},  {"months", 1, 12},  {"weeks", 1, 53},
                 {"moon", 0, 7},     {"yearsdays", 1, 366}, {"years", 1, 9999}, {"weekyears", 1, 9999}};
    int64_t low, high;
    if (!hy_rule_range_parse(attr->value, &low, &high)) {
        hy_verify_error(check->verify, "%s: rule: %s='%s': expected a number or a range, such as 5, 1-5 or 5-",
                        check->where, attr->name, attr->value);
        return;
    }
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(units[i].name, attr->name) == 0 && (low > high || low > units[i].high || high < units[i].low))
            hy_verify_warning(check->verify, "%s: rule: can never hold: %s=%s: there are only %d to %d", check->where,
                              attr->name, attr->value, (int)units[i].low, (int)units[i].high);
}

static void check_date(const struct check *check, const struct hy_expression *expression)
{
    int64_t seconds;
    switch (expression->date_op) {
    case HY_DATE_GT:
        (void)read_date(check, expression->start, &seconds);
        break;
    case HY_DATE_LT:
        (void)read_date(check, expression->end, &seconds);
        break;
    case HY_DATE_IN_RANGE:
        check_range(check, expression);
        break;
    case HY_DATE_SPEC:
        for (size_t i = 0; i < expression->spec.list.count; i++)
            check_unit(check, &expression->spec.list.items[i]);
        break;
    }
}

/* ------------------------------------------------------------- attributes */

static bool begins_as_number(const char *text, bool integer)
{
    char *end;
    if (integer)
        (void)strtoll(text, &end, 10);
    else
        (void)strtod(text, &end);
    return end != text;
}

static bool is_node(const struct hy_cib *cib, const char *name)
{
    for (size_t i = 0; i < cib->objects.count; i++)
        if (cib->objects.items[i]->kind == HY_NODE && strcasecmp(cib->objects.items[i]->id, name) == 0)
            return true;
    return false;
}

static void check_attribute(const struct check *check, const struct hy_expression *expression)
{
    if (!expression->value || expression->source != HY_VALUE_LITERAL)
        return;
    bool integer = expression->type && strcmp(expression->type, "integer") == 0;
    bool number = expression->type && strcmp(expression->type, "number") == 0;
    if ((integer || number) && !begins_as_number(expression->value, integer))
        hy_verify_warning(check->verify, "%s: rule: '%s' is no %s: it is compared as text", check->where,
                          expression->value, expression->type);
    bool relation = expression->op != HY_EQ && expression->op != HY_NE;
    if (!expression->value[0] && relation)
        hy_verify_warning(check->verify, "%s: rule: can never hold: nothing is in relation to an empty value",
                          check->where);
    if (strcmp(expression->attribute, "#uname") == 0 && expression->op == HY_EQ &&
        !is_node(check->verify->cib, expression->value))
        hy_verify_warning(check->verify, "%s: rule: there is no node '%s'", check->where, expression->value);
}

/* ------------------------------------------------------------- rules */

/* Two different values for one attribute, and both are asked for. */
static void check_contradiction(const struct check *check, const struct hy_rule *rule)
{
    for (size_t i = 0; i < rule->expressions.count && !rule->any; i++) {
        const struct hy_expression *a = &rule->expressions.items[i];
        for (size_t k = i + 1; k < rule->expressions.count; k++) {
            const struct hy_expression *b = &rule->expressions.items[k];
            bool both = a->kind == HY_EXPR_ATTRIBUTE && b->kind == HY_EXPR_ATTRIBUTE && a->op == HY_EQ &&
                        b->op == HY_EQ && !a->type && !b->type && a->source == HY_VALUE_LITERAL &&
                        b->source == HY_VALUE_LITERAL && strcmp(a->attribute, b->attribute) == 0;
            if (both && strcasecmp(a->value, b->value) != 0)
                hy_verify_warning(check->verify, "%s: rule: can never hold: %s cannot be both '%s' and '%s'",
                                  check->where, a->attribute, a->value, b->value);
        }
    }
}

static void check_rule(const struct check *check, const struct hy_rule *rule)
{
    check_contradiction(check, rule);
    for (size_t i = 0; i < rule->expressions.count; i++) {
        const struct hy_expression *expression = &rule->expressions.items[i];
        if (expression->kind == HY_EXPR_ATTRIBUTE)
            check_attribute(check, expression);
        else if (expression->kind == HY_EXPR_DATE)
            check_date(check, expression);
        else if (expression->kind == HY_EXPR_RULE)
            check_rule(check, expression->rule);
    }
}

void hy_verify_rule(struct hy_verify *verify, const struct hy_rule *rule, const char *where)
{
    const struct check check = {verify, where};
    check_rule(&check, rule);
}
