/* SPDX-License-Identifier: Apache-2.0 */
/* `import`: coming from Pacemaker. */
#include "cib/grammar.h"
#include "hactl/agents.h"
#include "hactl/commands.h"
#include "hactl/edit.h"
#include "hactl/import.h"
#include "hactl/files.h"
#include "hactl/wait.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int hactl_import_file(struct hactl_import *import, const char *file)
{
    struct hy_buf text = {0};
    struct hy_err err = {{0}};
    int status = hactl_read_file(file, HACTL_XML_MAX, &text);
    const char *name = strcmp(file, "-") == 0 ? "standard input" : file;
    if (!status && hactl_import_read(import, hy_buf_text(&text), text.size, &err)) {
        status = HACTL_FAILED;
        if (err.text[0])
            hactl_fail("%s: %s", name, err.text);
        for (const char *line = err.text[0] ? "" : hy_buf_text(&import->refused); *line;
             line += strcspn(line, "\n") + 1)
            hactl_fail("%s: %.*s", name, (int)strcspn(line, "\n"), line);
    }
    hy_buf_free(&text);
    return status;
}

/* ---------------------------------------------------------------- what there is to say */

/* What the configuration's own check has to say of it, and, on a node, whether the agents are there. */
static void add_findings(struct hactl *h, struct hactl_import *import)
{
    (void)hy_cib_verify(import->cib, &import->report, &import->report);
    if (access(h->config_file, R_OK) == 0 && hactl_config(h))
        hactl_agents_check(h->config, import->cib, &import->report);
}

static json_t *lines_json(const struct hy_buf *text)
{
    json_t *list = json_array();
    for (const char *line = hy_buf_text(text); *line; line += strcspn(line, "\n") + 1)
        json_array_append_new(list, json_stringn(line, strcspn(line, "\n")));
    return list;
}

static void show_json(const struct hactl_import *import, const struct hy_buf *text)
{
    json_t *root = json_object();
    json_object_set_new(root, "version", json_integer(1));
    json_object_set_new(root, "configuration", json_string(hy_buf_text(text)));
    json_object_set_new(root, "report", lines_json(&import->report));
    hactl_print_json(root);
}

static void show(const struct hactl *h, const struct hactl_import *import)
{
    struct hy_buf text = {0};
    hy_cib_print(import->cib, &text);
    if (h->json) {
        show_json(import, &text);
    } else {
        fputs(hy_buf_text(&import->report), stderr);
        fputs(hy_buf_text(&text), stdout);
    }
    hy_buf_free(&text);
}

/* ---------------------------------------------------------------- into the running cluster */

/* Nodes are there because they are enrolled, not because a file names them. */
static bool is_strange_node(const struct hactl_state *state, const struct hy_object *object)
{
    if (object->kind != HY_NODE || hy_cib_find_kind(state->cib, HY_NODE, object->id))
        return false;
    fprintf(stderr, "node %s: is not in this cluster: left out (`hactl cluster add` takes it in)\n", object->id);
    return true;
}

static int commit(struct hactl *h, const struct hactl_import *import)
{
    struct hactl_state state;
    fputs(hy_buf_text(&import->report), stderr);
    int status = hactl_state_fetch(h, &state);
    if (status)
        return status;
    struct hactl_edit edit;
    hactl_edit_begin(&edit, h, &state);
    for (size_t i = 0; i < import->cib->objects.count; i++)
        if (!is_strange_node(&state, import->cib->objects.items[i]))
            hactl_edit_merge(&edit, import->cib->objects.items[i]);
    status = hactl_edit_send(&edit);
    if (!status)
        hactl_info("the configuration is loaded");
    hactl_state_free(&state);
    return !status && h->wait ? hactl_wait_settled(h) : status;
}

int hactl_import(struct hactl *h, int argc, char **argv)
{
    bool into = false;
    const char *file = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--commit") == 0)
            into = true;
        else if (file || (argv[i][0] == '-' && argv[i][1]))
            return hactl_usage(hactl_find("", "import"));
        else
            file = argv[i];
    }
    if (!file)
        return hactl_usage(hactl_find("", "import"));
    struct hactl_import import = {.at = (hy_wall)time(NULL) * HY_SECOND};
    int status = hactl_import_file(&import, file);
    if (!status && into)
        status = commit(h, &import);
    if (!status && !into) {
        add_findings(h, &import);
        show(h, &import);
    }
    hactl_import_free(&import);
    return status;
}
