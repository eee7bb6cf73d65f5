/* SPDX-License-Identifier: Apache-2.0 */
/* Locations, colocations, orders, tickets. */
#include "cib/kinds.h"
#include "cib/object.h"
#include "cib/syntax.h"
#include "cib/words.h"

#include <string.h>
#include <strings.h>

/* ------------------------------------------------------------- location */

static int read_rules(struct hy_cursor *cursor, struct hy_location *location)
{
    while (hy_cursor_accept(cursor, "rule")) {
        struct hy_rule *rule = hy_vec_add(&location->rules);
        *rule = (struct hy_rule){0};
        int rc = hy_read_rule(cursor, rule);
        if (rc)
            return rc;
    }
    return hy_cursor_end(cursor, "and, or, or another rule");
}

static int read_location_options(struct hy_cursor *cursor, struct hy_location *location)
{
    while (hy_word_is_attr(hy_cursor_peek(cursor))) {
        const struct hy_word *word = hy_cursor_peek(cursor);
        const char *role = hy_cursor_accept_attr(cursor, "role");
        int rc;
        if (role)
            rc = hy_read_role(cursor, word, role, &location->role);
        else if (strncmp(word->text, "resource-discovery=", strlen("resource-discovery=")) == 0)
            rc = hy_cursor_read_attr(cursor, &location->options);
        else
            rc = hy_word_fail(cursor, word, "expected role=ROLE, resource-discovery=..., SCORE: NODE, or rule");
        if (rc)
            return rc;
    }
    return 0;
}

/* RSC, /REGEX/ or { SETS } */
static int read_subject(struct hy_cursor *cursor, struct hy_location *location)
{
    const struct hy_word *word = hy_cursor_peek(cursor);
    size_t length = word ? strlen(word->text) : 0;
    if (hy_cursor_accept(cursor, "{")) {
        bool forced;
        int rc = hy_read_rsc_sets(cursor, HY_SUFFIX_ROLE, &location->sets, &forced);
        if (!rc && !hy_cursor_accept(cursor, "}"))
            rc = hy_cursor_fail(cursor, "expected another resource, or '}'");
        return rc;
    }
    if (!length || word->text[0] != '/')
        return hy_cursor_read_id(cursor, "the id of a resource", &location->rsc);
    if (length < 3 || word->text[length - 1] != '/')
        return hy_word_fail(cursor, word, "expected a pattern between two slashes, such as /db.*/");
    location->pattern = hy_strndup(word->text + 1, length - 2);
    if (!hy_pattern_is_modest(location->pattern))
        return hy_word_fail(cursor, word, "expected a pattern of at most %d bytes and %d repetitions", HY_PATTERN_MAX,
                            HY_PATTERN_REPEATS_MAX);
    cursor->at++;
    return 0;
}

int hy_parse_location(struct hy_cursor *cursor, struct hy_object *object)
{
    struct hy_location *location = &object->u.location;
    int rc = hy_cursor_read_id(cursor, "the id of the constraint", &object->id);
    if (!rc)
        rc = read_subject(cursor, location);
    if (!rc)
        rc = read_location_options(cursor, location);
    if (rc)
        return rc;
    if (hy_cursor_at(cursor, "rule"))
        return read_rules(cursor, location);
    if (!hy_accept_score(cursor, &location->score))
        return hy_cursor_fail(cursor, "expected " HY_EXPECTED_SCORE ", and a node; or rule");
    rc = hy_cursor_read_node_name(cursor, &location->node);
    return rc ? rc : hy_cursor_end(cursor, "the end of the statement");
}

/* ------------------------------------------------------------- colocation, order */

/* Two resources, or sets. */
static int read_pair_or_sets(struct hy_cursor *cursor, enum hy_suffix suffix, struct hy_ref *first,
                             struct hy_ref *second, struct hy_rsc_sets *sets)
{
    bool forced;
    int rc = hy_read_rsc_sets(cursor, suffix, sets, &forced);
    struct hy_ref *refs[] = {first, second};
    if (rc || forced || hy_rsc_sets_to_refs(sets, refs, 2))
        return rc;
    if (sets->list.count == 1 && sets->list.items[0].members.count == 1)
        return hy_cursor_fail(cursor, "expected another resource");
    return 0;
}

int hy_parse_colocation(struct hy_cursor *cursor, struct hy_object *object)
{
    struct hy_colocation *colocation = &object->u.colocation;
    int rc = hy_cursor_read_id(cursor, "the id of the constraint", &object->id);
    if (rc)
        return rc;
    if (!hy_accept_score(cursor, &colocation->score))
        return hy_cursor_fail(cursor, "expected " HY_EXPECTED_SCORE);
    rc = read_pair_or_sets(cursor, HY_SUFFIX_ROLE, &colocation->rsc, &colocation->with, &colocation->sets);
    if (!rc)
        rc = hy_cursor_read_attrs(cursor, &colocation->options);
    return rc ? rc : hy_cursor_end(cursor, "name=value");
}

/* "Mandatory:", or the old form with a score; neither: Mandatory. */
static int read_order_kind(struct hy_cursor *cursor, struct hy_order *order)
{
    static const char *const kinds[] = {"Mandatory:", "Optional:", "Serialize:"};
    const struct hy_word *word = hy_cursor_peek(cursor);
    if (hy_accept_score(cursor, &order->score)) {
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
        rc = read_pair_or_sets(cursor, HY_SUFFIX_ACTION, &order->first, &order->then, &order->sets);
    return rc ? rc : read_order_options(cursor, order);
}

/* ------------------------------------------------------------- ticket */

static const char *const losses[] = {NULL, "stop", "demote", "freeze", "fence"};
enum { LOSSES = sizeof losses / sizeof *losses };

const char *hy_loss_word(enum hy_loss_policy loss)
{
    return losses[loss];
}

static int read_loss_policy(struct hy_cursor *cursor, struct hy_rsc_ticket *constraint)
{
    const struct hy_word *word = hy_cursor_peek(cursor);
    const char *text = hy_cursor_accept_attr(cursor, "loss-policy");
    if (!text)
        return 0;
    for (size_t i = 1; i < LOSSES; i++) {
        if (strcmp(text, losses[i]) == 0) {
            constraint->loss = (enum hy_loss_policy)i;
            return 0;
        }
    }
    return hy_word_fail(cursor, word, "expected loss-policy=stop, demote, freeze or fence");
}

/* TICKET: */
static int read_ticket_name(struct hy_cursor *cursor, char **name)
{
    const struct hy_word *word = hy_cursor_peek(cursor);
    size_t length = word ? strlen(word->text) : 0;
    if (length >= 2 && word->text[length - 1] == ':')
        *name = hy_strndup(word->text, length - 1);
    if (!*name || !hy_ticket_name_is_valid(*name))
        return hy_word_fail(cursor, word, "expected the name of a ticket with a colon, such as site-A:");
    cursor->at++;
    return 0;
}

int hy_parse_rsc_ticket(struct hy_cursor *cursor, struct hy_object *object)
{
    struct hy_rsc_ticket *constraint = &object->u.rsc_ticket;
    bool forced;
    int rc = hy_cursor_read_id(cursor, "the id of the constraint", &object->id);
    if (!rc)
        rc = read_ticket_name(cursor, &constraint->ticket);
    if (!rc)
        rc = hy_read_rsc_sets(cursor, HY_SUFFIX_ROLE, &constraint->sets, &forced);
    struct hy_ref *refs[] = {&constraint->rsc};
    if (!rc && !forced)
        (void)hy_rsc_sets_to_refs(&constraint->sets, refs, 1);
    if (!rc)
        rc = read_loss_policy(cursor, constraint);
    return rc ? rc : hy_cursor_end(cursor, "another resource, or loss-policy=");
}
