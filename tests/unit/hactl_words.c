/* SPDX-License-Identifier: Apache-2.0 */
/* Words: splitting a line, completing it, the nearest one, and the table against its documentation. */
#include "hactl/complete.h"
#include "hactl/help.h"
#include "hactl/split.h"
#include "hactl_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check_split(const char *line, const char *expected)
{
    struct hactl_words words;
    struct hy_err err = {{0}};
    struct hy_buf joined = {0};
    ck_assert_int_eq(hactl_split(line, &words, &err), 0);
    for (size_t i = 0; i < words.list.count; i++)
        hy_buf_addf(&joined, "[%s]", words.list.items[i]);
    ck_assert_str_eq(hy_buf_text(&joined), expected);
    ck_assert_ptr_null(words.list.items[words.list.count]);
    hy_buf_free(&joined);
    hactl_words_free(&words);
}

START_TEST(lines_are_split)
{
    check_split("", "");
    check_split("  \t", "");
    check_split("# nothing of this", "");
    check_split("resource  move a b\n", "[resource][move][a][b]");
    check_split("property 'stonith-enabled'='false'", "[property][stonith-enabled=false]");
    check_split("params nic=\"eth0:0\" x='a b' y=a\\ b", "[params][nic=eth0:0][x=a b][y=a b]");
    check_split("rule #uname eq \"\" \"a\\\"b\\\\\"", "[rule][#uname][eq][][a\"b\\]");
}
END_TEST

START_TEST(what_is_not_closed)
{
    static const char *const lines[] = {"a 'b", "a \"b\\\"", "a \\"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct hactl_words words;
        struct hy_err err = {{0}};
        ck_assert_int_lt(hactl_split(lines[i], &words, &err), 0);
        ck_assert_str_ne(err.text, "");
    }
}
END_TEST

START_TEST(the_nearest_word)
{
    ck_assert_str_eq(hactl_nearest("", "stauts"), "status");
    ck_assert_str_eq(hactl_nearest("", "conf"), "configure");
    ck_assert_str_eq(hactl_nearest("resource", "clean"), "cleanup");
    ck_assert_str_eq(hactl_nearest("configure", "primitve"), "primitive");
    ck_assert_ptr_null(hactl_nearest("", "banana"));
    ck_assert_ptr_null(hactl_nearest("node", "cleanup"));
}
END_TEST

static void check_complete(struct hactl *h, const char *level, const char *line, const char *expected)
{
    struct hy_buf words = {0};
    hactl_complete(h, level, line, &words);
    ck_assert_msg(strcmp(hy_buf_text(&words), expected) == 0, "'%s' in '%s' gives\n%s", line, level,
                  hy_buf_text(&words));
    hy_buf_free(&words);
}

START_TEST(words_are_completed)
{
    struct fake_core core;
    char config[128];
    fake_core_start(&core);
    snprintf(config, sizeof config, "%s/halyard.conf", core.folder);
    struct hactl h = {.config_file = config, .user = "root", .timeout_ms = 5000, .patience_ms = 5000};
    expect_ok(&core, "hactl configure primitive Mine lsb:mine", "");
    check_complete(&h, "", "sta", "status\n");
    check_complete(&h, "", "res", "resource\n");
    check_complete(&h, "", "resource unm", "unmove\nunmigrate\nunmanage\n");
    check_complete(&h, "resource", "lo", "locate\n");
    check_complete(&h, "resource", "stop ", "Mine\n");
    check_complete(&h, "", "resource move Mine test", "test1\ntest3\ntest5\n");
    check_complete(&h, "", "node standby test3", "test3\n");
    check_complete(&h, "", "status ", "");
    check_complete(&h, "", "why M", "Mine\n");
    check_complete(&h, "", "what-if any", "any-node-down\n");
    check_complete(&h, "", "what-if node-down te", "test1\ntest3\ntest5\n");
    fake_core_stop(&core);
    check_complete(&h, "resource", "start ", "");
    hactl_close(&h);
}
END_TEST

/* ---------------------------------------------------------------- docs/hactl.md */

static char *read_docs(void)
{
    FILE *file = fopen(HY_SRCDIR "/docs/hactl.md", "re");
    ck_assert_ptr_nonnull(file);
    struct hy_buf text = {0};
    char chunk[4096];
    size_t size;
    while ((size = fread(chunk, 1, sizeof chunk, file)) > 0)
        hy_buf_add(&text, chunk, size);
    fclose(file);
    return hy_buf_take(&text);
}

/* As it stands in the documentation: a line of its own. */
static char *docs_line(const struct hactl_command *command)
{
    struct hy_buf line = {0};
    hy_buf_addf(&line, "\n    hactl %s%s%s%s%s\n", command->level, *command->level ? " " : "", command->word,
                *command->usage ? " " : "", command->usage);
    return hy_buf_take(&line);
}

START_TEST(every_command_is_documented)
{
    char *docs = read_docs();
    size_t commands = 0, documented = 0;
    for (const struct hactl_command *command = hactl_commands; command->word; command++, commands++) {
        char *line = docs_line(command);
        ck_assert_msg(strstr(docs, line) != NULL, "docs/hactl.md lacks:%s", line);
        free(line);
    }
    for (const char *at = docs; (at = strstr(at, "\n    hactl ")); at++)
        documented++;
    ck_assert_msg(documented == commands, "docs/hactl.md has %zu commands, the table %zu", documented, commands);
    free(docs);
}
END_TEST

START_TEST(the_table_is_sound)
{
    for (const struct hactl_command *command = hactl_commands; command->word; command++) {
        ck_assert_ptr_eq(hactl_find(command->level, command->word), command);
        ck_assert(!*command->level || hactl_is_level(command->level));
        ck_assert(command->run != NULL);
        ck_assert(*command->brief);
        ck_assert(command->most < 0 || command->least <= command->most);
        ck_assert((command->least > 0 || command->most != 0) == (*command->usage != '\0') ||
                  strcmp(command->word, "commit") == 0);
    }
}
END_TEST

TCase *hactl_words_case(void)
{
    TCase *tests = tcase_create("words");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, lines_are_split);
    tcase_add_test(tests, what_is_not_closed);
    tcase_add_test(tests, the_nearest_word);
    tcase_add_test(tests, words_are_completed);
    tcase_add_test(tests, every_command_is_documented);
    tcase_add_test(tests, the_table_is_sound);
    return tests;
}
