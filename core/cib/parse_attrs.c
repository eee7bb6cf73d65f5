/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of attributes, to and from text. */
#include "cib/kinds.h"
#include "cib/object.h"
#include "cib/syntax.h"
#include "cib/words.h"

#include <string.h>

int hy_read_attr_set(struct hy_cursor *cursor, struct hy_attr_set *set)
{
    int rc = hy_read_inner_id(cursor, "$id-ref", &set->ref);
    if (rc || set->ref)
        return rc;
    rc = hy_read_inner_id(cursor, "$id", &set->id);
    if (rc)
        return rc;
    (void)hy_accept_score(cursor, &set->score);
    if (hy_cursor_accept(cursor, "rule")) {
        set->rule = hy_alloc(sizeof *set->rule);
        rc = hy_read_rule(cursor, set->rule);
    }
    return rc ? rc : hy_cursor_read_attrs(cursor, &set->attrs);
}

static bool is_anonymous(const struct hy_attr_set *set)
{
    return !set->id && !set->ref && !set->rule && !set->score;
}

/* Further attributes go to the set that has nothing but attributes: what is written in two parts is one set. */
static struct hy_attr_set *anonymous_of(struct hy_attr_sets *sets)
{
    for (size_t i = 0; i < sets->list.count; i++)
        if (is_anonymous(&sets->list.items[i]))
            return &sets->list.items[i];
    struct hy_attr_set *set = hy_vec_add(&sets->list);
    *set = (struct hy_attr_set){0};
    return set;
}

int hy_read_attr_section(struct hy_cursor *cursor, struct hy_attr_sets *sets)
{
    const struct hy_word *word = hy_cursor_peek(cursor);
    if (hy_word_is_attr(word) && word->text[0] != '$')
        return hy_cursor_read_attrs(cursor, &anonymous_of(sets)->attrs);
    struct hy_attr_set set = {0};
    int rc = hy_read_attr_set(cursor, &set);
    if (!rc && !is_anonymous(&set)) {
        hy_vec_push(&sets->list, set);
        return 0;
    }
    /* `0:` in front says nothing. */
    struct hy_attrs *attrs = !rc && set.attrs.list.count ? &anonymous_of(sets)->attrs : NULL;
    for (size_t i = 0; attrs && i < set.attrs.list.count && !rc; i++) {
        const struct hy_attr *attr = &set.attrs.list.items[i];
        if (hy_attrs_get(attrs, attr->name))
            rc = hy_word_fail(cursor, word, "%s is given twice: expected it once", attr->name);
        else if (attrs->list.count >= HY_ATTRS_MAX)
            rc = hy_word_fail(cursor, word, "is one too many: expected at most %d in one set", HY_ATTRS_MAX);
        else
            hy_attrs_set(attrs, attr->name, attr->value);
    }
    hy_attr_set_free(&set);
    return rc;
}

void hy_attr_set_head_print(const struct hy_attr_set *set, struct hy_buf *out)
{
    if (set->ref) {
        hy_buf_addf(out, " $id-ref=%s", set->ref);
        return;
    }
    if (set->id)
        hy_buf_addf(out, " $id=%s", set->id);
    if (set->score) {
        hy_buf_addc(out, ' ');
        hy_score_print(set->score, out);
    }
    if (set->rule) {
        hy_buf_addc(out, ' ');
        hy_rule_print(set->rule, false, out);
    }
}

bool hy_attr_set_same_head(const struct hy_attr_set *a, const struct hy_attr_set *b)
{
    struct hy_buf left = {0}, right = {0};
    hy_attr_set_head_print(a, &left);
    hy_attr_set_head_print(b, &right);
    bool same = strcmp(hy_buf_text(&left), hy_buf_text(&right)) == 0;
    hy_buf_free(&left);
    hy_buf_free(&right);
    return same;
}

static void print_attrs(const struct hy_attr_set *set, struct hy_buf *out)
{
    bool after_rule = set->rule != NULL;
    for (size_t i = 0; i < set->attrs.list.count; i++) {
        const struct hy_attr *attr = &set->attrs.list.items[i];
        after_rule = after_rule && hy_rule_takes_name(set->rule, attr->name);
        if (after_rule) {
            hy_buf_addf(out, " \"%s\"=", attr->name);
            hy_value_print(attr->value, out);
        } else {
            hy_attr_print(attr->name, attr->value, out);
        }
    }
}

void hy_attr_sections_print(const char *keyword, const struct hy_attr_sets *sets, struct hy_buf *out)
{
    for (size_t i = 0; i < sets->list.count; i++) {
        const struct hy_attr_set *set = &sets->list.items[i];
        if (is_anonymous(set) && !set->attrs.list.count)
            continue;
        hy_print_continue(out);
        hy_buf_adds(out, keyword);
        hy_attr_set_head_print(set, out);
        print_attrs(set, out);
    }
}
