/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of resources, to and from text. Without brackets each member follows the one before it; in `( )` they are
 * independent; in `[ ]` one of them is enough. A set ends where the role or action of its members changes.
 */
#include "cib/object.h"
#include "cib/syntax.h"
#include "cib/words.h"

#include <string.h>

struct reader {
    struct hy_cursor *cursor;
    enum hy_suffix suffix;
    struct hy_rsc_sets *sets;
};

/* A member as it was read. */
struct member {
    const struct hy_word *word;
    char *rsc;
    enum hy_role role;
    char *action;
};

static void member_free(struct member *member)
{
    free(member->rsc);
    free(member->action);
}

static int read_action(struct hy_cursor *cursor, const struct hy_word *word, const char *text, char **action)
{
    static const char *const actions[] = {"start", "stop", "promote", "demote"};
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        if (strcmp(text, actions[i]) == 0) {
            *action = hy_strdup(text);
            return 0;
        }
    }
    return hy_word_fail(cursor, word, "expected an action: start, stop, promote or demote");
}

/* ID, ID:ROLE, ID:ACTION */
static int read_member(struct reader *reader, struct member *member)
{
    struct hy_cursor *cursor = reader->cursor;
    const struct hy_word *word = hy_cursor_peek(cursor);
    const char *colon = word && reader->suffix != HY_SUFFIX_NONE ? strchr(word->text, ':') : NULL;
    *member = (struct member){.word = word};
    if (!colon)
        return hy_cursor_read_id(cursor, "the id of a resource", &member->rsc);
    member->rsc = hy_strndup(word->text, (size_t)(colon - word->text));
    if (!hy_id_is_valid(member->rsc))
        return hy_word_fail(cursor, word, "expected the id of a resource");
    cursor->at++;
    if (reader->suffix == HY_SUFFIX_ROLE)
        return hy_read_role(cursor, word, colon + 1, &member->role);
    return read_action(cursor, word, colon + 1, &member->action);
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static struct hy_rsc_set *add_set(struct reader *reader, bool sequential, bool require_all)
{
    struct hy_rsc_set *set = hy_vec_add(&reader->sets->list);
    *set = (struct hy_rsc_set){.sequential = sequential, .require_all = require_all};
    return set;
}

/* The set takes the member's strings. */
static void add_member(struct hy_rsc_set *set, struct member *member)
{
    if (!set->members.count) {
        set->role = member->role;
        set->action = member->action;
        member->action = NULL;
    }
    hy_vec_push(&set->members, member->rsc);
    member->rsc = NULL;
}

static bool fits(const struct hy_rsc_set *set, const struct member *member)
{
    return !set->members.count || (set->role == member->role && same_text(set->action, member->action));
}

static int read_set_option(struct hy_cursor *cursor, struct hy_rsc_set *set)
{
    const struct hy_word *word = hy_cursor_peek(cursor);
    const char *text;
    int rc = hy_read_inner_id(cursor, "$id", &set->id);
    if (!rc)
        rc = hy_read_inner_id(cursor, "$id-ref", &set->ref);
    if (rc || word != hy_cursor_peek(cursor))
        return rc;
    bool *flag = (text = hy_cursor_accept_attr(cursor, "sequential"))    ? &set->sequential
                 : (text = hy_cursor_accept_attr(cursor, "require-all")) ? &set->require_all
                                                                         : NULL;
    if (flag)
        return hy_parse_bool(text, flag) ? 0 : hy_word_fail(cursor, word, "expected true or false");
    static const char *const names[] = {"score", "kind", "ordering"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(word->text, names[i], strlen(names[i])) == 0 && word->text[strlen(names[i])] == '=')
            return hy_cursor_read_attr(cursor, &set->options);
    return hy_word_fail(cursor, word, "expected sequential=, require-all=, score= or kind= of the set");
}

/* The opening bracket has been read. */
static int read_bracketed(struct reader *reader, const char *end, bool require_all)
{
    struct hy_cursor *cursor = reader->cursor;
    size_t number = reader->sets->list.count;
    (void)add_set(reader, false, require_all);
    while (!hy_cursor_accept(cursor, end)) {
        struct hy_rsc_set *set = &reader->sets->list.items[number];
        int rc;
        if (!hy_cursor_peek(cursor))
            return hy_cursor_fail(cursor, "expected another resource, or '%s'", end);
        if (hy_word_is_attr(hy_cursor_peek(cursor))) {
            rc = read_set_option(cursor, set);
        } else {
            struct member member;
            rc = read_member(reader, &member);
            if (!rc && !fits(set, &member))
                rc = hy_word_fail(cursor, member.word, "expected one %s for all in the brackets",
                                  reader->suffix == HY_SUFFIX_ROLE ? "role" : "action");
            if (!rc)
                add_member(set, &member);
            member_free(&member);
        }
        if (rc)
            return rc;
    }
    const struct hy_rsc_set *set = &reader->sets->list.items[number];
    if (!set->members.count == !set->ref)
        return hy_word_fail(cursor, &cursor->words[cursor->at - 1],
                            "expected resources in the brackets, or $id-ref=ID");
    return 0;
}

static int read_bare(struct reader *reader, bool open)
{
    struct member member;
    int rc = read_member(reader, &member);
    size_t count = reader->sets->list.count;
    if (!rc) {
        struct hy_rsc_set *last = open ? &reader->sets->list.items[count - 1] : NULL;
        add_member(last && fits(last, &member) ? last : add_set(reader, true, true), &member);
    }
    member_free(&member);
    return rc;
}

int hy_read_rsc_sets(struct hy_cursor *cursor, enum hy_suffix suffix, struct hy_rsc_sets *sets, bool *forced)
{
    struct reader reader = {cursor, suffix, sets};
    *forced = hy_cursor_accept(cursor, "_rsc_set_");
    bool open = false; /* may the last set take more without brackets? */
    int rc = 0;
    while (!rc && (!sets->list.count || (hy_cursor_peek(cursor) && !hy_word_is_attr(hy_cursor_peek(cursor)) &&
                                         !hy_cursor_at(cursor, "}")))) {
        bool all = hy_cursor_accept(cursor, "("), one = !all && hy_cursor_accept(cursor, "[");
        if (all || one) {
            rc = read_bracketed(&reader, all ? ")" : "]", all);
            *forced = true;
        } else {
            rc = read_bare(&reader, open);
        }
        open = !all && !one;
    }
    return rc;
}

bool hy_rsc_sets_to_refs(struct hy_rsc_sets *sets, struct hy_ref *const *refs, size_t count)
{
    size_t members = 0;
    for (size_t i = 0; i < sets->list.count; i++)
        members += sets->list.items[i].members.count;
    if (members != count)
        return false;
    size_t number = 0;
    for (size_t i = 0; i < sets->list.count; i++) {
        const struct hy_rsc_set *set = &sets->list.items[i];
        for (size_t m = 0; m < set->members.count; m++)
            *refs[number++] = (struct hy_ref){
                .rsc = hy_strdup(set->members.items[m]), .role = set->role, .action = hy_strdup(set->action)};
    }
    hy_rsc_sets_free(sets);
    return true;
}

/* ------------------------------------------------------------- printing */

static void print_members(const struct hy_rsc_set *set, enum hy_suffix suffix, struct hy_buf *out)
{
    for (size_t i = 0; i < set->members.count; i++) {
        hy_buf_addc(out, ' ');
        hy_id_print(set->members.items[i], out);
        if (suffix == HY_SUFFIX_ROLE && set->role != HY_ROLE_ANY)
            hy_buf_addf(out, ":%s", hy_role_word(set->role));
        if (suffix == HY_SUFFIX_ACTION && set->action)
            hy_buf_addf(out, ":%s", set->action);
    }
}

/* Can it be written without brackets, when `before` was (NULL: nothing, or brackets)? */
static bool is_bare(const struct hy_rsc_set *set, const struct hy_rsc_set *before)
{
    bool plain = set->sequential && set->require_all && !set->id && !set->ref && !set->options.list.count;
    bool merges = before && before->role == set->role && same_text(before->action, set->action);
    return plain && !merges;
}

static void print_bracketed(const struct hy_rsc_set *set, enum hy_suffix suffix, struct hy_buf *out)
{
    hy_buf_adds(out, set->require_all ? " (" : " [");
    print_members(set, suffix, out);
    if (set->sequential)
        hy_buf_adds(out, " sequential=true");
    if (set->id)
        hy_buf_addf(out, " $id=%s", set->id);
    if (set->ref)
        hy_buf_addf(out, " $id-ref=%s", set->ref);
    hy_attrs_print(&set->options, out);
    hy_buf_adds(out, set->require_all ? " )" : " ]");
}

void hy_rsc_sets_print(const struct hy_rsc_sets *sets, enum hy_suffix suffix, size_t pair, struct hy_buf *out)
{
    size_t members = 0;
    bool bare = true;
    for (size_t i = 0; i < sets->list.count; i++) {
        members += sets->list.items[i].members.count;
        bare = bare && is_bare(&sets->list.items[i], i ? &sets->list.items[i - 1] : NULL);
    }
    if (members && bare && members <= pair)
        hy_buf_adds(out, " _rsc_set_");
    const struct hy_rsc_set *before = NULL;
    for (size_t i = 0; i < sets->list.count; i++) {
        const struct hy_rsc_set *set = &sets->list.items[i];
        bool now = is_bare(set, before);
        if (now)
            print_members(set, suffix, out);
        else
            print_bracketed(set, suffix, out);
        before = now ? set : NULL;
    }
}
