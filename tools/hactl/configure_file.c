/* SPDX-License-Identifier: Apache-2.0 */
/* The whole configuration from and to files, and in an editor. */
#include "cib/grammar.h"
#include "hactl/commands.h"
#include "hactl/edit.h"
#include "hactl/files.h"
#include "hactl/wait.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum method { UPDATE, REPLACE };

/* ---------------------------------------------------------------- load */

static int parse_file(const char *name, const struct hy_buf *text, struct hy_cib **cib)
{
    struct hy_err err = {{0}};
    *cib = hy_cib_new();
    if (!hy_cib_parse(*cib, hy_buf_text(text), text->size, &err)) {
        hactl_warn_of_scores(hy_buf_text(text));
        return HACTL_OK;
    }
    hy_cib_free(cib);
    return hactl_fail("%s: %s", strcmp(name, "-") == 0 ? "standard input" : name, err.text);
}

/* Nodes are there because they are there: they do not go because a file does not name them. */
static void remove_others(struct hactl_edit *edit, const struct hy_cib *wanted)
{
    const struct hy_cib *present = edit->state->cib;
    for (size_t i = 0; i < present->objects.count; i++) {
        const struct hy_object *object = present->objects.items[i];
        if (object->kind != HY_NODE && !hy_cib_find(wanted, object->id))
            hactl_edit_remove(edit, object->id);
    }
}

static int send_changes(struct hactl *h, const struct hactl_state *state, const struct hy_cib *wanted,
                        enum method method)
{
    struct hactl_edit edit;
    hactl_edit_begin(&edit, h, state);
    if (method == REPLACE)
        remove_others(&edit, wanted);
    for (size_t i = 0; i < wanted->objects.count; i++) {
        if (method == REPLACE)
            hactl_edit_put(&edit, wanted->objects.items[i]);
        else
            hactl_edit_merge(&edit, wanted->objects.items[i]);
    }
    return hactl_edit_send(&edit);
}

static int load(struct hactl *h, const char *name, enum method method)
{
    struct hy_buf text = {0};
    struct hy_cib *wanted = NULL;
    struct hactl_state state;
    int status = hactl_read_file(name, HY_TEXT_MAX, &text);
    if (!status)
        status = parse_file(name, &text, &wanted);
    hy_buf_free(&text);
    if (status)
        return status;
    status = hactl_state_fetch(h, &state);
    if (!status) {
        status = send_changes(h, &state, wanted, method);
        hactl_state_free(&state);
    }
    hy_cib_free(&wanted);
    return !status && h->wait ? hactl_wait_settled(h) : status;
}

int hactl_configure_load(struct hactl *h, int argc, char **argv)
{
    static const struct {
        const char *word;
        enum method method;
    } methods[] = {{"update", UPDATE}, {"replace", REPLACE}, {"push", REPLACE}};
    if (argc == 2)
        return load(h, argv[1], UPDATE);
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (strcmp(methods[i].word, argv[1]) == 0)
            return load(h, argv[2], methods[i].method);
    return hactl_usage(hactl_find("configure", "load"));
}

int hactl_configure_save(struct hactl *h, int argc, char **argv)
{
    (void)argc;
    struct hactl_state state;
    int status = hactl_state_show(h, &state);
    if (status)
        return status;
    struct hy_buf text = {0};
    hy_cib_print(state.cib, &text);
    status = hactl_write_file(argv[1], &text);
    hy_buf_free(&text);
    hactl_state_free(&state);
    return status;
}

/* ---------------------------------------------------------------- edit */

/* $EDITOR may hold options, so a shell reads it. */
static int run_editor(const char *path)
{
    const char *editor = getenv("EDITOR");
    char *line = hy_asprintf("%s '%s'", editor && *editor ? editor : "vi", path);
    int rc = system(line);
    int status = rc == 0 ? HACTL_OK : hactl_fail("the editor ended with an error: nothing was changed (%s)", line);
    free(line);
    return status;
}

static int edit_text(struct hactl *h, const struct hactl_state *state, const char *path)
{
    struct hy_buf before = {0};
    struct hy_buf after = {0};
    struct hy_cib *wanted = NULL;
    hy_cib_print(state->cib, &before);
    int status = hactl_write_file(path, &before);
    if (!status)
        status = run_editor(path);
    if (!status)
        status = hactl_read_file(path, HY_TEXT_MAX, &after);
    if (!status && strcmp(hy_buf_text(&before), hy_buf_text(&after)) != 0)
        status = parse_file(path, &after, &wanted);
    if (!status && wanted)
        status = send_changes(h, state, wanted, REPLACE);
    hy_cib_free(&wanted);
    hy_buf_free(&before);
    hy_buf_free(&after);
    return status;
}

int hactl_configure_edit(struct hactl *h, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    struct hactl_state state;
    int status = hactl_state_fetch(h, &state);
    if (status)
        return status;
    const char *folder = getenv("TMPDIR");
    char *path = hy_asprintf("%s/hactl-edit-XXXXXX", folder && *folder ? folder : "/tmp");
    int fd = mkstemp(path);
    if (fd < 0) {
        status = hactl_fail("%s: %s", path, strerror(errno));
    } else {
        close(fd);
        status = edit_text(h, &state, path);
        if (status)
            hactl_info("what you wrote is kept in %s: mend it, then `hactl configure load replace %s`", path, path);
        else
            unlink(path);
    }
    free(path);
    hactl_state_free(&state);
    return status;
}
