/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `status` of states that are hard to come by, from the .case files of tests/golden/hactl: after "--- commands" one command a
 * line, after "--- report" what the daemon would report, after "--- status" what is to be shown, and after "--- links" (if it is
 * there) what `status --links` shows.
 */
#include "cib/command.h"
#include "hactl/status.h"
#include "hactl_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct parts {
    struct hy_buf commands, report, status, links;
};

static void read_parts(const char *path, struct parts *parts)
{
    FILE *file = fopen(path, "re");
    ck_assert_msg(file != NULL, "%s cannot be read", path);
    char *line = NULL;
    size_t capacity = 0;
    struct hy_buf *part = NULL;
    *parts = (struct parts){{0}, {0}, {0}, {0}};
    while (getline(&line, &capacity, file) >= 0) {
        if (strcmp(line, "--- commands\n") == 0)
            part = &parts->commands;
        else if (strcmp(line, "--- report\n") == 0)
            part = &parts->report;
        else if (strcmp(line, "--- status\n") == 0)
            part = &parts->status;
        else if (strcmp(line, "--- links\n") == 0)
            part = &parts->links;
        else if (part)
            hy_buf_adds(part, line);
    }
    free(line);
    fclose(file);
}

static struct hy_cib *build_cib(const char *path, const struct hy_buf *commands)
{
    struct hy_cib *cib = hy_cib_new();
    const struct hy_command_head head = {.at = INT64_C(1484047510) * HY_SECOND, .by = "root@test3", .via = "hactl"};
    for (const char *line = hy_buf_text(commands); *line; line += strcspn(line, "\n") + 1) {
        struct hy_buf command = {0};
        struct hy_answer answer = {0};
        hy_command_begin(&command, &head);
        hy_buf_add(&command, line, strcspn(line, "\n") + 1);
        hy_cib_apply(cib, cib->index + 1, hy_buf_text(&command), command.size, &answer);
        ck_assert_msg(answer.code == 0, "%s: %s: %s", path, hy_buf_text(&command), answer.err.text);
        hy_buf_free(&command);
    }
    return cib;
}

static void check_links(const char *name, const struct hactl_state *state, const struct hy_buf *expected)
{
    struct hy_buf out = {0};
    hactl_links_print(state, &out);
    ck_assert_msg(strcmp(hy_buf_text(&out), hy_buf_text(expected)) == 0, "%s: links are\n%s\nexpected:\n%s", name,
                  hy_buf_text(&out), hy_buf_text(expected));
    json_t *json = hactl_links_json(state);
    ck_assert_int_eq(json_integer_value(json_object_get(json, "version")), 1);
    ck_assert_uint_gt(json_array_size(json_object_get(json, "links")), 0);
    json_decref(json);
    hy_buf_free(&out);
}

static void check_case(const char *name)
{
    char path[512];
    struct parts parts;
    struct hactl_state state;
    struct hy_buf out = {0};
    setenv("TZ", "UTC", 1);
    snprintf(path, sizeof path, "%s/tests/golden/hactl/%s.case", HY_SRCDIR, name);
    read_parts(path, &parts);
    ck_assert_int_eq(hactl_state_make(&parts.report, build_cib(path, &parts.commands), &state), HACTL_OK);
    hactl_status_print(&state, &out);
    ck_assert_msg(strcmp(hy_buf_text(&out), hy_buf_text(&parts.status)) == 0, "%s: is\n%s\nexpected:\n%s", name,
                  hy_buf_text(&out), hy_buf_text(&parts.status));
    json_t *json = hactl_status_json(&state);
    ck_assert_int_eq(json_integer_value(json_object_get(json, "version")), 1);
    ck_assert_int_eq(json_integer_value(json_object_get(json, "resources_configured")), hactl_status_count(&state));
    json_decref(json);
    if (parts.links.size)
        check_links(name, &state, &parts.links);
    hactl_state_free(&state);
    hy_buf_free(&out);
    hy_buf_free(&parts.commands);
    hy_buf_free(&parts.report);
    hy_buf_free(&parts.status);
    hy_buf_free(&parts.links);
}

static const char *const names[] = {"marks", "clones", "in-flight", "members", "blank", "comings", "lost", "links"};

START_TEST(shown)
{
    check_case(names[_i]);
}
END_TEST

TCase *hactl_status_case(void)
{
    TCase *tests = tcase_create("status");
    tcase_add_loop_test(tests, shown, 0, sizeof names / sizeof *names);
    return tests;
}
