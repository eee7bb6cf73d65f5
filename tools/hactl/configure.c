/* SPDX-License-Identifier: Apache-2.0 */
/* `configure` followed by a statement of the one grammar; show and verify. */
#include "cib/grammar.h"
#include "cib/score.h"
#include "cib/syntax.h"
#include "hactl/agents.h"
#include "hactl/connection.h"
#include "hactl/commands.h"
#include "hactl/edit.h"
#include "hactl/wait.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of name=value only the value stands in quotes: a word that begins with one is no part of a date. */
static void print_word(const char *word, struct hy_buf *out)
{
    size_t length = strcspn(word, "=");
    bool plain = length && word[length];
    for (size_t i = 0; i < length && plain; i++)
        plain = word[i] > ' ' && word[i] <= '~' && !strchr("\"'\\#", word[i]);
    if (!plain) {
        hy_word_print(word, out);
        return;
    }
    hy_buf_add(out, word, length + 1);
    if (word[length + 1])
        hy_word_print(word + length + 1, out);
}

/* Once it is read, a score beyond INFINITY cannot be told from it. */
void hactl_warn_of_scores(const char *text)
{
    static const char between[] = " \t\n";
    for (const char *at = text + strspn(text, between); *at; at += strspn(at, between)) {
        size_t length = strcspn(at, between);
        char *score = hy_strndup(at, length - (at[length - 1] == ':'));
        if (at[length - 1] == ':' && hy_score_is_beyond(score))
            fprintf(stderr, "warning: a score of %s is beyond INFINITY (1000000), and counts as that\n", score);
        free(score);
        at += length;
    }
}

/* The statement as it was before the shell took its quotes away. */
static int parse_words(int argc, char **argv, struct hy_object **object)
{
    struct hy_buf text = {0};
    struct hy_err err = {{0}};
    for (int i = 0; i < argc; i++)
        if (!hactl_is_text(argv[i]))
            return HACTL_FAILED;
    for (int i = 0; i < argc; i++) {
        if (i)
            hy_buf_addc(&text, ' ');
        print_word(argv[i], &text);
    }
    int rc = hy_object_parse(hy_buf_text(&text), text.size, object, &err);
    if (!rc)
        hactl_warn_of_scores(hy_buf_text(&text));
    hy_buf_free(&text);
    return rc ? hactl_fail("%s", err.text) : HACTL_OK;
}

/* A new object; what is there already is left alone. */
static int put_new(struct hactl *h, const struct hactl_state *state, const struct hy_object *object)
{
    const struct hy_object *taken = hy_cib_find(state->cib, object->id);
    if (taken)
        return hactl_fail("there is a %s %s already: change it with `hactl configure edit`, or delete it first",
                          hy_kind_word(taken->kind), object->id);
    struct hactl_edit edit;
    hactl_edit_begin(&edit, h, state);
    hactl_edit_put(&edit, object);
    return hactl_edit_send(&edit);
}

int hactl_configure_put(struct hactl *h, int argc, char **argv)
{
    struct hy_object *object;
    struct hactl_state state;
    int status = parse_words(argc, argv, &object);
    if (status)
        return status;
    status = hactl_state_fetch(h, &state);
    if (!status) {
        status = put_new(h, &state, object);
        if (!status && h->wait)
            status = hactl_wait_settled(h);
        hactl_state_free(&state);
    }
    hy_object_free(&object);
    return status;
}

/* A line that is typed adds to a set, and does not put another rule over what is in it. */
static int check_head(const struct hactl_state *state, const struct hy_object *object)
{
    const struct hy_object *known = hy_cib_find_kind(state->cib, object->kind, object->id);
    if (!known || object->kind == HY_NODE || (!object->u.set.rule && !object->u.set.score) ||
        hy_attr_set_same_head(&known->u.set, &object->u.set))
        return HACTL_OK;
    return hactl_fail("%s %s is there already, with another rule or score: expected another id ($id=ID in front), or "
                      "`hactl configure edit`",
                      hy_kind_word(known->kind), known->id);
}

int hactl_configure_set(struct hactl *h, int argc, char **argv)
{
    struct hy_object *object;
    struct hactl_state state;
    int status = parse_words(argc, argv, &object);
    if (status)
        return status;
    status = hactl_state_fetch(h, &state);
    if (!status) {
        struct hactl_edit edit;
        status = check_head(&state, object);
        hactl_edit_begin(&edit, h, &state);
        if (!status) {
            hactl_edit_merge(&edit, object);
            status = hactl_edit_send(&edit);
        }
        if (!status && h->wait)
            status = hactl_wait_settled(h);
        hactl_state_free(&state);
    }
    hy_object_free(&object);
    return status;
}

/* ---------------------------------------------------------------- show */

static json_t *object_json(const struct hy_object *object)
{
    struct hy_buf text = {0};
    hy_object_print(object, &text);
    json_t *entry = json_object();
    json_object_set_new(entry, "id", json_string(object->id));
    json_object_set_new(entry, "kind", json_string(hy_kind_word(object->kind)));
    json_object_set_new(entry, "version", json_integer((json_int_t)object->version));
    json_object_set_new(entry, "text", json_string(hy_buf_text(&text)));
    hy_buf_free(&text);
    return entry;
}

/* What stands behind `type:` or `tag:`; NULL: the word is an id. */
static const char *behind(const char *word, const char *prefix)
{
    size_t length = strlen(prefix);
    return strncmp(word, prefix, length) == 0 ? word + length : NULL;
}

static bool is_of_type(const struct hy_object *object, const char *type)
{
    bool promotable = object->kind == HY_CLONE && object->u.clone.ms;
    return strcmp(type, promotable ? "ms" : hy_kind_word(object->kind)) == 0;
}

static bool has_tag(const struct hy_cib *cib, const struct hy_object *object, const char *id)
{
    const struct hy_object *tag = hy_cib_find_kind(cib, HY_TAG, id);
    for (size_t i = 0; tag && i < tag->u.tag.members.count; i++)
        if (strcmp(tag->u.tag.members.items[i], object->id) == 0)
            return true;
    return false;
}

static bool selects(const struct hy_cib *cib, const char *word, const struct hy_object *object)
{
    const char *type = behind(word, "type:"), *tag = behind(word, "tag:");
    return type ? is_of_type(object, type) : tag ? has_tag(cib, object, tag) : strcmp(word, object->id) == 0;
}

static bool is_named(const struct hy_cib *cib, const struct hy_object *object, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (selects(cib, argv[i], object))
            return true;
    return argc == 1;
}

static void show_json(const struct hy_cib *cib, int argc, char **argv)
{
    json_t *root = json_object();
    json_t *list = json_array();
    for (size_t i = 0; i < cib->objects.count; i++)
        if (is_named(cib, cib->objects.items[i], argc, argv))
            json_array_append_new(list, object_json(cib->objects.items[i]));
    json_object_set_new(root, "version", json_integer(1));
    json_object_set_new(root, "objects", list);
    hactl_print_json(root);
}

static void show_text(const struct hy_cib *cib, int argc, char **argv)
{
    struct hy_buf text = {0};
    if (argc == 1)
        hy_cib_print(cib, &text);
    for (int i = 1; i < argc; i++)
        for (size_t k = 0; k < cib->objects.count; k++)
            if (selects(cib, argv[i], cib->objects.items[k]))
                hy_object_print(cib->objects.items[k], &text);
    fputs(hy_buf_text(&text), stdout);
    hy_buf_free(&text);
}

static int check_selector(const struct hy_cib *cib, const char *word)
{
    const char *type = behind(word, "type:"), *tag = behind(word, "tag:");
    bool known = type && strcmp(type, "ms") == 0;
    for (int kind = 0; type && kind < HY_KIND_COUNT; kind++)
        known = known || strcmp(type, hy_kind_word((enum hy_kind)kind)) == 0;
    if (type && !known)
        return hactl_fail("there is no type of object %s", type);
    if (tag && !hy_cib_find_kind(cib, HY_TAG, tag))
        return hactl_fail("there is no tag %s", tag);
    if (!type && !tag && !hy_cib_find(cib, word))
        return hactl_fail("there is no object %s", word);
    return HACTL_OK;
}

int hactl_configure_show(struct hactl *h, int argc, char **argv)
{
    struct hactl_state state;
    int status = hactl_state_show(h, &state);
    if (status)
        return status;
    for (int i = 1; i < argc && !status; i++)
        status = check_selector(state.cib, argv[i]);
    if (!status && h->json)
        show_json(state.cib, argc, argv);
    else if (!status)
        show_text(state.cib, argc, argv);
    hactl_state_free(&state);
    return status;
}

/* ---------------------------------------------------------------- verify, commit */

int hactl_verify(struct hactl *h, int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "-L") != 0)
        return hactl_usage(hactl_find("", "verify"));
    struct hactl_state state;
    int status = hactl_state_show(h, &state);
    if (status)
        return status;
    struct hy_buf errors = {0};
    struct hy_buf warnings = {0};
    size_t count = hy_cib_verify(state.cib, &errors, &warnings);
    hactl_hang_up(h);
    hactl_agents_check(h->config, state.cib, &warnings);
    fputs(hy_buf_text(&errors), stderr);
    fputs(hy_buf_text(&warnings), stderr);
    if (count)
        status = hactl_fail("the configuration has %zu error%s", count, count == 1 ? "" : "s");
    hy_buf_free(&errors);
    hy_buf_free(&warnings);
    hactl_state_free(&state);
    return status;
}

int hactl_configure_commit(struct hactl *h, int argc, char **argv)
{
    (void)h;
    (void)argc;
    (void)argv;
    return HACTL_OK;
}
