/* SPDX-License-Identifier: Apache-2.0 */
/* Locations with their rules, colocations, orders. */
#include "cib/kinds.h"
#include "cib/words.h"

#include <string.h>
#include <strings.h>

static int refuse_set(const struct hy_cursor *cursor)
{
    const struct hy_word *word = hy_cursor_peek(cursor);
    if (word && !word->quoted && strchr("([{/", word->text[0]))
        return hy_word_fail(cursor, word,
                            "sets of resources and patterns are not supported yet: expected a resource's id");
    return 0;
}

/* "inf:", "-100:". False: the next word is no score (*score is untouched). */
static bool accept_score(struct hy_cursor *cursor, int *score)
{
    const struct hy_word *word = hy_cursor_peek(cursor);
    size_t length = word ? strlen(word->text) : 0;
    if (length < 2 || length > 64 || word->text[length - 1] != ':')
        return false;
    char text[65];
    memcpy(text, word->text, length - 1);
    text[length - 1] = '\0';
    if (!hy_score_parse(text, score))
        return false;
    cursor->at++;
    return true;
}

#define SCORE "a score with a colon, such as inf:, -inf: or 100:"

static int read_role(struct hy_cursor *cursor, const struct hy_word *word, const char *text, enum hy_role *role)
{
    if (!hy_role_parse(text, role))
        return hy_word_fail(cursor, word, "expected a role: Started, Stopped, Promoted or Unpromoted");
    return 0;
}

/* ------------------------------------------------------------- rules */

static int read_value_of(struct hy_cursor *cursor, const char *what, char **out)
{
    const struct hy_word *word = hy_cursor_next(cursor);
    if (!word)
        return hy_word_fail(cursor, word, "expected %s", what);
    *out = hy_strdup(word->text);
    return 0;
}

static bool is_attribute_name(const struct hy_word *word)
{
    if (!word || !word->text[0] || strlen(word->text) > HY_ID_MAX)
        return false;
    for (const char *at = word->text; *at; at++)
        if (*at <= ' ' || *at > '~' || strchr("\"'\\=", *at))
            return false;
    return true;
}

static int read_attribute(struct hy_cursor *cursor, char **out)
{
    if (!is_attribute_name(hy_cursor_peek(cursor)))
        return hy_cursor_fail(cursor, "expected the name of a node attribute, such as #uname");
    return read_value_of(cursor, "a node attribute", out);
}

#define COMPARISONS "eq, ne, lt, lte, gt or gte, with string:, integer:, number: or version: in front if wanted"

/* [TYPE:]OP VALUE */
static int read_comparison(struct hy_cursor *cursor, struct hy_expression *expression)
{
    static const char *const types[] = {"string", "integer", "number", "version"};
    static const char *const ops[] = {"eq", "ne", "lt", "lte", "gt", "gte"};
    const struct hy_word *word = hy_cursor_next(cursor);
    if (!word)
        return hy_word_fail(cursor, word, "expected " COMPARISONS);
    const char *op = word->text;
    const char *colon = strchr(op, ':');
    if (colon) {
        for (size_t i = 0; i < sizeof types / sizeof *types && !expression->type; i++)
            if (strlen(types[i]) == (size_t)(colon - op) && memcmp(types[i], op, strlen(types[i])) == 0)
                expression->type = hy_strdup(types[i]);
        if (!expression->type)
            return hy_word_fail(cursor, word, "expected " COMPARISONS);
        op = colon + 1;
    }
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        if (strcmp(op, ops[i]) == 0) {
            expression->op = (enum hy_rule_op)((size_t)HY_EQ + i);
            return read_value_of(cursor, "a value to compare with", &expression->value);
        }
    }
    return hy_word_fail(cursor, word, "expected " COMPARISONS);
}

static int read_expression(struct hy_cursor *cursor, struct hy_expression *expression)
{
    if (hy_cursor_at(cursor, "date"))
        return hy_cursor_fail(cursor, "date expressions are not supported yet: expected a node attribute");
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

/* "100:", or "pingd:" for the score in a node attribute; nothing: inf. */
static void read_rule_score(struct hy_cursor *cursor, struct hy_rule *rule)
{
    rule->score = HY_INFINITY;
    const struct hy_word *word = hy_cursor_peek(cursor);
    if (accept_score(cursor, &rule->score) || !is_attribute_name(word))
        return;
    size_t length = strlen(word->text);
    if (length >= 2 && word->text[length - 1] == ':') {
        rule->score_attribute = hy_strndup(word->text, length - 1);
        rule->score = 0;
        cursor->at++;
    }
}

static int read_rule_options(struct hy_cursor *cursor, struct hy_rule *rule)
{
    for (;;) {
        const struct hy_word *word = hy_cursor_peek(cursor);
        const char *value;
        int rc = 0;
        if ((value = hy_cursor_accept_attr(cursor, "$id"))) {
            if (!hy_id_is_valid(value) || rule->id)
                return hy_word_fail(cursor, word, "expected $id=ID, once");
            rule->id = hy_strdup(value);
        } else if ((value = hy_cursor_accept_attr(cursor, "$role")) ||
                   (value = hy_cursor_accept_attr(cursor, "role"))) {
            rc = read_role(cursor, word, value, &rule->role);
        } else if (hy_cursor_accept_attr(cursor, "$id-ref")) {
            return hy_word_fail(cursor, word, "references to rules are not supported yet: expected the rule itself");
        } else {
            return 0;
        }
        if (rc)
            return rc;
    }
}

static int read_rule(struct hy_cursor *cursor, struct hy_rule *rule)
{
    int rc = read_rule_options(cursor, rule);
    if (rc)
        return rc;
    read_rule_score(cursor, rule);
    for (bool more = true; more;) {
        struct hy_expression *expression = hy_vec_add(&rule->expressions);
        *expression = (struct hy_expression){0};
        rc = read_expression(cursor, expression);
        if (rc)
            return rc;
        const struct hy_word *word = hy_cursor_peek(cursor);
        bool and = hy_cursor_accept(cursor, "and"), or = !and&&hy_cursor_accept(cursor, "or");
        if ((and&&rule->any) || (or &&!rule->any && rule->expressions.count > 1))
            return hy_word_fail(
                cursor, word,
                "mixes and with or: expected one of them throughout a rule, and a rule of its own for the rest");
        rule->any = rule->any || or ;
        more = and || or ;
    }
    return 0;
}

static int read_rules(struct hy_cursor *cursor, struct hy_location *location)
{
    while (hy_cursor_accept(cursor, "rule")) {
        struct hy_rule *rule = hy_vec_add(&location->rules);
        *rule = (struct hy_rule){0};
        int rc = read_rule(cursor, rule);
        if (rc)
            return rc;
    }
    return hy_cursor_end(cursor, "and, or, or another rule");
}

/* ------------------------------------------------------------- location */

static int read_location_options(struct hy_cursor *cursor, struct hy_location *location)
{
    while (hy_word_is_attr(hy_cursor_peek(cursor))) {
        const struct hy_word *word = hy_cursor_peek(cursor);
        const char *role = hy_cursor_accept_attr(cursor, "role");
        int rc;
        if (role)
            rc = read_role(cursor, word, role, &location->role);
        else if (strncmp(word->text, "resource-discovery=", strlen("resource-discovery=")) == 0)
            rc = hy_cursor_read_attr(cursor, &location->options);
        else
            rc = hy_word_fail(cursor, word, "expected role=ROLE, resource-discovery=..., SCORE: NODE, or rule");
        if (rc)
            return rc;
    }
    return 0;
}

int hy_parse_location(struct hy_cursor *cursor, struct hy_object *object)
{
    struct hy_location *location = &object->u.location;
    int rc = hy_cursor_read_id(cursor, "the id of the constraint", &object->id);
    if (!rc)
        rc = refuse_set(cursor);
    if (!rc)
        rc = hy_cursor_read_id(cursor, "the id of a resource", &location->rsc);
    if (!rc)
        rc = read_location_options(cursor, location);
    if (rc)
        return rc;
    if (hy_cursor_at(cursor, "rule"))
        return read_rules(cursor, location);
    if (!accept_score(cursor, &location->score))
        return hy_cursor_fail(cursor, "expected " SCORE ", and a node; or rule");
    rc = hy_cursor_read_node_name(cursor, &location->node);
    return rc ? rc : hy_cursor_end(cursor, "the end of the statement");
}

/* ------------------------------------------------------------- colocation, order */

/* ID, or ID:SUFFIX; *suffix is a fresh string, NULL when there is none. */
static int read_suffixed(struct hy_cursor *cursor, char **rsc, char **suffix)
{
    const struct hy_word *word = hy_cursor_peek(cursor);
    int rc = refuse_set(cursor);
    if (rc)
        return rc;
    const char *colon = word ? strchr(word->text, ':') : NULL;
    if (!colon)
        return hy_cursor_read_id(cursor, "the id of a resource", rsc);
    *rsc = hy_strndup(word->text, (size_t)(colon - word->text));
    if (!hy_id_is_valid(*rsc))
        return hy_word_fail(cursor, word, "expected the id of a resource");
    *suffix = hy_strdup(colon + 1);
    cursor->at++;
    return 0;
}

static int read_with_role(struct hy_cursor *cursor, struct hy_ref *ref)
{
    const struct hy_word *word = hy_cursor_peek(cursor);
    char *role = NULL;
    int rc = read_suffixed(cursor, &ref->rsc, &role);
    if (!rc && role)
        rc = read_role(cursor, word, role, &ref->role);
    free(role);
    return rc;
}

static int read_with_action(struct hy_cursor *cursor, struct hy_ref *ref)
{
    static const char *const actions[] = {"start", "stop", "promote", "demote"};
    const struct hy_word *word = hy_cursor_peek(cursor);
    int rc = read_suffixed(cursor, &ref->rsc, &ref->action);
    if (rc || !ref->action)
        return rc;
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (strcmp(ref->action, actions[i]) == 0)
            return 0;
    return hy_word_fail(cursor, word, "expected an action: start, stop, promote or demote");
}

static int refuse_third(const struct hy_cursor *cursor, const char *expected)
{
    int rc = refuse_set(cursor);
    if (!rc && hy_cursor_peek(cursor) && !hy_word_is_attr(hy_cursor_peek(cursor)))
        rc = hy_cursor_fail(cursor, "sets of more than two resources are not supported yet: expected %s", expected);
    return rc;
}

int hy_parse_colocation(struct hy_cursor *cursor, struct hy_object *object)
{
    struct hy_colocation *colocation = &object->u.colocation;
    int rc = hy_cursor_read_id(cursor, "the id of the constraint", &object->id);
    if (rc)
        return rc;
    if (!accept_score(cursor, &colocation->score))
        return hy_cursor_fail(cursor, "expected " SCORE);
    rc = read_with_role(cursor, &colocation->rsc);
    if (!rc)
        rc = read_with_role(cursor, &colocation->with);
    if (!rc)
        rc = refuse_third(cursor, "node-attribute=NAME or the end of the statement");
    if (!rc)
        rc = hy_cursor_read_attrs(cursor, &colocation->options);
    return rc ? rc : hy_cursor_end(cursor, "name=value");
}

/* "Mandatory:", or the old form with a score; neither: Mandatory. */
static int read_order_kind(struct hy_cursor *cursor, struct hy_order *order)
{
    static const char *const kinds[] = {"Mandatory:", "Optional:", "Serialize:"};
    const struct hy_word *word = hy_cursor_peek(cursor);
    if (accept_score(cursor, &order->score)) {
        order->has_score = true;
        order->kind = order->score ? HY_ORDER_MANDATORY : HY_ORDER_OPTIONAL;
        return 0;
    }
    size_t length = word ? strlen(word->text) : 0;
    if (!length || word->text[length - 1] != ':')
        return 0;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcasecmp(word->text, kinds[i]) == 0) {
            order->kind = (enum hy_order_kind)i;
            cursor->at++;
            return 0;
        }
    }
    return hy_word_fail(cursor, word, "expected Mandatory:, Optional:, Serialize:, or a score with a colon");
}

static int read_order_options(struct hy_cursor *cursor, struct hy_order *order)
{
    while (hy_word_is_attr(hy_cursor_peek(cursor))) {
        const struct hy_word *word = hy_cursor_peek(cursor);
        const char *symmetrical = hy_cursor_accept_attr(cursor, "symmetrical");
        int rc = 0;
        if (!symmetrical)
            rc = hy_cursor_read_attr(cursor, &order->options);
        else if (order->has_symmetrical || !hy_parse_bool(symmetrical, &order->symmetrical))
            rc = hy_word_fail(cursor, word, "expected symmetrical=true or symmetrical=false, once");
        else
            order->has_symmetrical = true;
        if (rc)
            return rc;
    }
    return hy_cursor_end(cursor, "symmetrical=true or symmetrical=false");
}

int hy_parse_order(struct hy_cursor *cursor, struct hy_object *object)
{
    struct hy_order *order = &object->u.order;
    order->symmetrical = true;
    int rc = hy_cursor_read_id(cursor, "the id of the constraint", &object->id);
    if (!rc)
        rc = read_order_kind(cursor, order);
    if (!rc)
        rc = read_with_action(cursor, &order->first);
    if (!rc)
        rc = read_with_action(cursor, &order->then);
    if (!rc)
        rc = refuse_third(cursor, "symmetrical=... or the end of the statement");
    return rc ? rc : read_order_options(cursor, order);
}
