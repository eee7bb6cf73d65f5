/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules. crmsh's syntax, and three things that crmsh can only write as XML: a rule within a rule stands in parentheses;
 * `rsc_type` and `op_type` ask what the attributes are for; `eq:param` and `eq:meta` compare with a parameter or a meta
 * attribute of the resource.
 */
#include "cib/grammar.h"
#include "cib/syntax.h"
#include "cib/words.h"

#include <string.h>

static int read_value_of(struct hy_cursor *cursor, const char *what, char **out)
{
    const struct hy_word *word = hy_cursor_next(cursor);
    if (!word)
        return hy_word_fail(cursor, word, "expected %s", what);
    *out = hy_strdup(word->text);
    return 0;
}

/* ------------------------------------------------------------- attributes */

static bool is_attribute_name(const struct hy_word *word)
{
    return word && hy_attr_name_is_valid(word->text);
}

static int read_attribute(struct hy_cursor *cursor, char **out)
{
    const struct hy_word *word = hy_cursor_peek(cursor);
    if (!is_attribute_name(word) || hy_word_is(word, "(") || hy_word_is(word, ")") || hy_word_is(word, "and") ||
        hy_word_is(word, "or"))
        return hy_cursor_fail(cursor, "expected the name of a node attribute, such as #uname, or date");
    return read_value_of(cursor, "a node attribute", out);
}

#define COMPARISONS                                                                                                    \
    "eq, ne, lt, lte, gt or gte, with string:, integer:, number: or version: in front, and :param or :meta behind, "   \
    "if wanted"

/* Cuts what stands in front of the first colon off, when it is a type. */
static const char *read_type(const char *text, char **type)
{
    static const char *const types[] = {"string", "integer", "number", "version"};
    const char *colon = strchr(text, ':');
    for (size_t i = 0; colon && i < sizeof types / sizeof *types; i++) {
        if (strlen(types[i]) == (size_t)(colon - text) && memcmp(types[i], text, strlen(types[i])) == 0) {
            *type = hy_strdup(types[i]);
            return colon + 1;
        }
    }
    return text;
}

/* [TYPE:]OP[:SOURCE] VALUE */
static int read_comparison(struct hy_cursor *cursor, struct hy_expression *expression)
{
    static const char *const ops[] = {"eq", "ne", "lt", "lte", "gt", "gte"};
    const struct hy_word *word = hy_cursor_next(cursor);
    if (!word)
        return hy_word_fail(cursor, word, "expected " COMPARISONS);
    const char *op = read_type(word->text, &expression->type);
    size_t length = strcspn(op, ":");
    if (strcmp(op + length, ":param") == 0)
        expression->source = HY_VALUE_PARAM;
    else if (strcmp(op + length, ":meta") == 0)
        expression->source = HY_VALUE_META;
    else if (op[length])
        return hy_word_fail(cursor, word, "expected " COMPARISONS);
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        if (strlen(ops[i]) == length && memcmp(op, ops[i], length) == 0) {
            expression->op = (enum hy_rule_op)((size_t)HY_EQ + i);
            return read_value_of(cursor, "a value to compare with", &expression->value);
        }
    }
    return hy_word_fail(cursor, word, "expected " COMPARISONS);
}

/* ------------------------------------------------------------- dates */

static bool is_among(const char *name, size_t length, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(list[i]) == length && memcmp(list[i], name, length) == 0)
            return true;
    return false;
}

static bool is_spec_name(const char *name, size_t length)
{
    static const char *const names[] = {"seconds",   "minutes", "hours", "monthdays", "weekdays",  "yeardays",
                                        "yearsdays", "months",  "weeks", "years",     "weekyears", "moon"};
    return is_among(name, length, names, sizeof names / sizeof *names);
}

static bool is_duration_name(const char *name, size_t length)
{
    static const char *const names[] = {"seconds", "minutes", "hours", "days", "weeks", "months", "years"};
    return is_among(name, length, names, sizeof names / sizeof *names);
}

/* name=value pairs of the kind, as many as there are. What stands in quotes is none: it belongs to what follows. */
static int read_units(struct hy_cursor *cursor, bool (*is_name)(const char *, size_t), struct hy_attrs *units)
{
    for (const struct hy_word *word; (word = hy_cursor_peek(cursor)) && !word->quoted_head && hy_word_is_attr(word) &&
                                     is_name(word->text, strcspn(word->text, "="));) {
        int rc = hy_cursor_read_attr(cursor, units);
        if (rc)
            return rc;
    }
    return 0;
}

static int read_range(struct hy_cursor *cursor, struct hy_expression *expression)
{
    for (const struct hy_word *word; (word = hy_cursor_peek(cursor)) && !word->quoted_head;) {
        const char *start = expression->start ? NULL : hy_cursor_accept_attr(cursor, "start");
        const char *end = start || expression->end ? NULL : hy_cursor_accept_attr(cursor, "end");
        if (start)
            expression->start = hy_strdup(start);
        else if (end)
            expression->end = hy_strdup(end);
        else
            break;
    }
    int rc = read_units(cursor, is_duration_name, &expression->duration);
    if (rc)
        return rc;
    bool lasts = expression->duration.list.count > 0;
    if ((!expression->start && !expression->end) || (lasts && (expression->end || !expression->start)))
        return hy_cursor_fail(cursor, "expected start=DATE end=DATE, one of them, or start=DATE and a duration such as "
                                      "days=3");
    return 0;
}

static int read_date(struct hy_cursor *cursor, struct hy_expression *expression)
{
    expression->kind = HY_EXPR_DATE;
    if (hy_cursor_accept(cursor, "gt")) {
        expression->date_op = HY_DATE_GT;
        return read_value_of(cursor, "a date, such as 2026-11-22 or 2026-11-22T10:00:00Z", &expression->start);
    }
    if (hy_cursor_accept(cursor, "lt")) {
        expression->date_op = HY_DATE_LT;
        return read_value_of(cursor, "a date, such as 2026-11-22 or 2026-11-22T10:00:00Z", &expression->end);
    }
    if (hy_cursor_accept(cursor, "in") || hy_cursor_accept(cursor, "in_range")) {
        expression->date_op = HY_DATE_IN_RANGE;
        return read_range(cursor, expression);
    }
    if (!hy_cursor_accept(cursor, "spec") && !hy_cursor_accept(cursor, "date_spec"))
        return hy_cursor_fail(cursor, "expected gt DATE, lt DATE, in start=... end=..., or spec hours=9-16 ...");
    expression->date_op = HY_DATE_SPEC;
    int rc = read_units(cursor, is_spec_name, &expression->spec);
    if (!rc && !expression->spec.list.count)
        rc = hy_cursor_fail(cursor, "expected one or more of seconds=, minutes=, hours=, monthdays=, weekdays=, "
                                    "yeardays=, months=, weeks=, years=, weekyears= or moon=");
    return rc;
}

/* ------------------------------------------------------------- what the attributes are for */

static bool is_agent_part(const char *text)
{
    for (; *text; text++)
        if (!hy_char_is_letter(*text) && !(*text >= '0' && *text <= '9') && !strchr("_.-@", *text))
            return false;
    return true;
}

/* Fresh; NULL of an empty part: any. */
static char *part_of(const char *text, size_t length)
{
    return length ? hy_strndup(text, length) : NULL;
}

/* CLASS:PROVIDER:TYPE, each of which may be empty. */
static int read_agent(struct hy_cursor *cursor, struct hy_expression *expression)
{
    expression->kind = HY_EXPR_RSC;
    const struct hy_word *word = hy_cursor_next(cursor);
    const char *first = word ? strchr(word->text, ':') : NULL;
    const char *last = first ? strchr(first + 1, ':') : NULL;
    if (!last || strlen(word->text) < 3 || strlen(word->text) > HY_ID_MAX || strchr(last + 1, ':'))
        return hy_word_fail(cursor, word, "expected CLASS:PROVIDER:TYPE, where what may be any is left out");
    expression->cls = part_of(word->text, (size_t)(first - word->text));
    expression->provider = part_of(first + 1, (size_t)(last - first - 1));
    expression->agent_type = part_of(last + 1, strlen(last + 1));
    if ((expression->cls && !is_agent_part(expression->cls)) ||
        (expression->provider && !is_agent_part(expression->provider)) || !is_agent_part(last + 1))
        return hy_word_fail(cursor, word, "expected CLASS:PROVIDER:TYPE, where what may be any is left out");
    return 0;
}

/* NAME[:INTERVAL] */
static int read_operation(struct hy_cursor *cursor, struct hy_expression *expression)
{
    expression->kind = HY_EXPR_OP;
    const struct hy_word *word = hy_cursor_next(cursor);
    const char *colon = word ? strchr(word->text, ':') : NULL;
    size_t length = colon ? (size_t)(colon - word->text) : word ? strlen(word->text) : 0;
    if (length && length <= HY_ID_MAX)
        expression->op_name = hy_strndup(word->text, length);
    expression->has_interval = colon != NULL;
    if (!expression->op_name || !hy_word_is_plain(expression->op_name) ||
        (colon && !hy_parse_duration(colon + 1, &expression->interval)))
        return hy_word_fail(cursor, word, "expected the name of an operation, or NAME:INTERVAL such as monitor:10s");
    return 0;
}

/* ------------------------------------------------------------- rules */

static int read_rule_body(struct hy_cursor *cursor, struct hy_rule *rule, int depth);

static int read_nested(struct hy_cursor *cursor, struct hy_expression *expression, int depth)
{
    expression->kind = HY_EXPR_RULE;
    expression->rule = hy_alloc(sizeof *expression->rule);
    if (depth >= HY_NESTING_MAX)
        return hy_cursor_fail(cursor, "expected at most %d rules within each other", HY_NESTING_MAX);
    int rc = hy_read_inner_id(cursor, "$id", &expression->rule->id);
    if (!rc)
        rc = hy_read_inner_id(cursor, "$id-ref", &expression->rule->ref);
    if (!rc && (!expression->rule->ref || expression->rule->id))
        rc = read_rule_body(cursor, expression->rule, depth);
    if (!rc && !hy_cursor_accept(cursor, ")"))
        rc = hy_cursor_fail(cursor, "expected and, or, or the closing parenthesis");
    return rc;
}

static int read_expression(struct hy_cursor *cursor, struct hy_expression *expression, int depth)
{
    if (hy_cursor_accept(cursor, "("))
        return read_nested(cursor, expression, depth + 1);
    if (hy_cursor_accept(cursor, "date"))
        return read_date(cursor, expression);
    if (hy_cursor_accept(cursor, "rsc_type"))
        return read_agent(cursor, expression);
    if (hy_cursor_accept(cursor, "op_type"))
        return read_operation(cursor, expression);
    if (hy_cursor_accept(cursor, "defined")) {
        expression->op = HY_DEFINED;
        return read_attribute(cursor, &expression->attribute);
    }
    if (hy_cursor_accept(cursor, "not_defined")) {
        expression->op = HY_NOT_DEFINED;
        return read_attribute(cursor, &expression->attribute);
    }
    int rc = read_attribute(cursor, &expression->attribute);
    return rc ? rc : read_comparison(cursor, expression);
}

static int read_rule_body(struct hy_cursor *cursor, struct hy_rule *rule, int depth)
{
    for (bool more = true; more;) {
        struct hy_expression *expression = hy_vec_add(&rule->expressions);
        *expression = (struct hy_expression){0};
        int rc = read_expression(cursor, expression, depth);
        if (rc)
            return rc;
        const struct hy_word *word = hy_cursor_peek(cursor);
        bool and = hy_cursor_accept(cursor, "and");
        more = and || hy_cursor_accept(cursor, "or");
        if (more && rule->expressions.count > 1 && and == rule->any)
            return hy_word_fail(cursor, word,
                                "mixes and with or: expected one of them throughout a rule, and parentheses around the "
                                "rest");
        rule->any = more ? !and : rule->any;
    }
    return 0;
}

/* "100:", or "pingd:" for the score in a node attribute; nothing: inf. */
static void read_rule_score(struct hy_cursor *cursor, struct hy_rule *rule)
{
    rule->score = HY_INFINITY;
    const struct hy_word *word = hy_cursor_peek(cursor);
    if (!word || word->quoted_head || hy_accept_score(cursor, &rule->score) || !is_attribute_name(word))
        return;
    size_t length = strlen(word->text);
    if (length >= 2 && word->text[length - 1] == ':') {
        rule->score_attribute = hy_strndup(word->text, length - 1);
        rule->score = 0;
        cursor->at++;
    }
}

/* $id=, $role=. */
static int read_rule_options(struct hy_cursor *cursor, struct hy_rule *rule)
{
    for (size_t at = cursor->count + 1; at != cursor->at;) {
        at = cursor->at;
        const struct hy_word *word = hy_cursor_peek(cursor);
        const char *role = hy_cursor_accept_attr(cursor, "$role");
        if (!role)
            role = hy_cursor_accept_attr(cursor, "role");
        int rc = role ? hy_read_role(cursor, word, role, &rule->role) : hy_read_inner_id(cursor, "$id", &rule->id);
        if (rc)
            return rc;
    }
    return 0;
}

int hy_read_rule(struct hy_cursor *cursor, struct hy_rule *rule)
{
    int rc = hy_read_inner_id(cursor, "$id-ref", &rule->ref);
    if (rc || rule->ref)
        return rc;
    rc = read_rule_options(cursor, rule);
    if (rc)
        return rc;
    read_rule_score(cursor, rule);
    return read_rule_body(cursor, rule, 0);
}

/* ------------------------------------------------------------- printing */

/* An attribute that is named as a word of the rules' syntax stands in quotes, so that it is not read as one. */
static void print_attribute(const char *name, struct hy_buf *out)
{
    static const char *const words[] = {"defined", "not_defined", "date", "rsc_type", "op_type", "and", "or", "(", ")"};
    bool taken = strlen(name) && name[strlen(name) - 1] == ':'; /* a score-attribute, if the first */
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        taken = taken || strcmp(name, words[i]) == 0;
    if (taken)
        hy_buf_addf(out, "\"%s\"", name);
    else
        hy_word_print(name, out);
}

static void print_attribute_expression(const struct hy_expression *expression, struct hy_buf *out)
{
    static const char *const ops[] = {"eq", "ne", "lt", "lte", "gt", "gte", "defined", "not_defined"};
    static const char *const sources[] = {"", ":param", ":meta"};
    if (expression->op == HY_DEFINED || expression->op == HY_NOT_DEFINED) {
        hy_buf_addf(out, "%s ", ops[expression->op]);
        print_attribute(expression->attribute, out);
        return;
    }
    print_attribute(expression->attribute, out);
    hy_buf_addf(out, " %s%s%s%s ", expression->type ? expression->type : "", expression->type ? ":" : "",
                ops[expression->op], sources[expression->source]);
    hy_value_print(expression->value, out);
}

static void print_date(const struct hy_expression *expression, struct hy_buf *out)
{
    switch (expression->date_op) {
    case HY_DATE_GT:
        hy_buf_adds(out, "date gt ");
        hy_value_print(expression->start, out);
        break;
    case HY_DATE_LT:
        hy_buf_adds(out, "date lt ");
        hy_value_print(expression->end, out);
        break;
    case HY_DATE_IN_RANGE:
        hy_buf_adds(out, "date in");
        if (expression->start)
            hy_attr_print("start", expression->start, out);
        if (expression->end)
            hy_attr_print("end", expression->end, out);
        hy_attrs_print(&expression->duration, out);
        break;
    case HY_DATE_SPEC:
        hy_buf_adds(out, "date spec");
        hy_attrs_print(&expression->spec, out);
        break;
    }
}

static void print_rule_body(const struct hy_rule *rule, struct hy_buf *out);

static void print_expression(const struct hy_expression *expression, struct hy_buf *out)
{
    const char *none = "";
    switch (expression->kind) {
    case HY_EXPR_ATTRIBUTE:
        print_attribute_expression(expression, out);
        break;
    case HY_EXPR_DATE:
        print_date(expression, out);
        break;
    case HY_EXPR_RSC:
        hy_buf_addf(out, "rsc_type %s:%s:%s", expression->cls ? expression->cls : none,
                    expression->provider ? expression->provider : none,
                    expression->agent_type ? expression->agent_type : none);
        break;
    case HY_EXPR_OP:
        hy_buf_addf(out, "op_type %s", expression->op_name);
        if (expression->has_interval) {
            hy_buf_addc(out, ':');
            hy_duration_print(expression->interval, out);
        }
        break;
    case HY_EXPR_RULE:
        hy_buf_addc(out, '(');
        if (expression->rule->id)
            hy_buf_addf(out, " $id=%s", expression->rule->id);
        if (expression->rule->ref)
            hy_buf_addf(out, " $id-ref=%s", expression->rule->ref);
        print_rule_body(expression->rule, out);
        hy_buf_adds(out, " )");
        break;
    }
}

static void print_rule_body(const struct hy_rule *rule, struct hy_buf *out)
{
    for (size_t i = 0; i < rule->expressions.count; i++) {
        hy_buf_adds(out, i == 0 ? " " : rule->any ? " or " : " and ");
        print_expression(&rule->expressions.items[i], out);
    }
}

void hy_rule_print(const struct hy_rule *rule, bool scored, struct hy_buf *out)
{
    hy_buf_adds(out, "rule");
    if (rule->ref) {
        hy_buf_addf(out, " $id-ref=%s", rule->ref);
        return;
    }
    if (rule->id)
        hy_buf_addf(out, " $id=%s", rule->id);
    if (rule->role != HY_ROLE_ANY)
        hy_buf_addf(out, " $role=%s", hy_role_word(rule->role));
    if (rule->score_attribute) {
        hy_buf_addf(out, " %s:", rule->score_attribute);
    } else if (scored || rule->score != HY_INFINITY) {
        hy_buf_addc(out, ' ');
        hy_score_print(rule->score, out);
    }
    print_rule_body(rule, out);
}

bool hy_rule_takes_name(const struct hy_rule *rule, const char *name)
{
    if (!rule || !rule->expressions.count)
        return false;
    const struct hy_expression *last = &rule->expressions.items[rule->expressions.count - 1];
    size_t length = strlen(name);
    if (last->kind != HY_EXPR_DATE)
        return false;
    if (last->date_op == HY_DATE_SPEC)
        return is_spec_name(name, length);
    return last->date_op == HY_DATE_IN_RANGE &&
           (is_duration_name(name, length) || strcmp(name, "start") == 0 || strcmp(name, "end") == 0);
}
