/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/folder.h"
#include "lib/run.h"
#include "plugin/param.h"
#include "plugin/plugin.h"

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

/* ---- one file */

/* "PATH: " goes in front of what is expected; "..." at its end stands for anything. */
static void check_refused(const char *path, int code, const char *expected)
{
    struct hy_plugin *plugin = NULL;
    struct halyard_agent agent;
    struct hy_err err = {{0}};
    int rc = hy_plugin_open_agent(path, true, &plugin, &agent, &err);
    char *whole = hy_asprintf("%s: %s", path, expected);
    size_t length = strlen(whole);
    if (length > 3 && strcmp(whole + length - 3, "...") == 0)
        err.text[length - 3 < strlen(err.text) ? length - 3 : 0] = whole[length - 3] = '\0';
    ck_assert_str_eq(err.text, whole);
    ck_assert_int_eq(rc, code);
    ck_assert_ptr_null(plugin);
    free(whole);
}

static const struct {
    const char *name;
    const char *expected;
} bad[] = {
    {"wrongmagic", "wrong magic number 0x12345678 in halyard_agent_plugin; 0x48414741 would be right"},
    {"transportmagic", "has the magic number of a transport plug-in, not of an agent plug-in"},
    {"newmajor", "built for version 2.3 of the plug-in interface; this host has 1.3: update halyard"},
    {"oldmajor", "built for version 0.3 of the plug-in interface; this host has 1.3: update the plug-in"},
    {"newminor", "needs version 1.4 of the plug-in interface; this host has only 1.3: update halyard"},
    {"small", "its descriptor says it has 64 bytes; version 1.0 has 192"},
    {"large", "its descriptor says it has 4096 bytes, but there are ..."}, /* a sanitizer pads it */
    {"noname", "missing name: type is NULL; the last word of the agent's name would be right"},
    {"badname", "type \"a:b\" is not a name; letters, digits and _-.@ make one (\"*\": any)"},
    {"nostop", "missing operation: stop is NULL; start, stop and monitor are required"},
    {"noparams", "params is NULL; a table that ends with a NULL name would be right"},
    {"stride", "param_size is 8; the size of the parameter struct (48) would be right"},
    {"paramtype", "parameter n: type 9 is not one of enum halyard_type"},
    {"paramtwice", "parameter m is declared twice"},
    {"paramdefault", "the default is not good: parameter n: \"7\" must be a whole number within 1..5"},
    {"paramrange", "parameter n: the range \"5..1\" must read like \"1..65535\""},
    {"nodescriptor", "does not define halyard_agent_plugin; is it a plug-in of halyard?"},
    {"transport", "is a transport plug-in, not an agent plug-in"},
};

START_TEST(bad_descriptors_are_refused_each_in_its_own_words)
{
    char *path = hy_asprintf("%s/tests/agents/.libs/%s.so", HY_BUILDDIR, bad[_i].name);
    check_refused(path, -EBADMSG, bad[_i].expected);
    free(path);
}
END_TEST

START_TEST(files_that_are_no_plugins_are_refused)
{
    char *folder = folder_make();
    char *path = hy_asprintf("%s/x.so", folder);
    check_refused(path, -ENOENT, "there is no such file");
    check_refused(folder, -ENOEXEC, "not a regular file");
    file_write(path, "#!/bin/sh\n", 10, 0755);
    check_refused(path, -ENOEXEC, "not an ELF file");
    free(path);

    path = agent_copy("good", folder, "y");
    size_t size;
    char *data = file_read(path, &size);
    Elf64_Ehdr *header = (Elf64_Ehdr *)(void *)data;
    Elf64_Ehdr right = *header;
    header->e_ident[EI_CLASS] = ELFCLASS32;
    file_write(path, data, size, 0755);
    check_refused(path, -ENOEXEC, "ELF class 1; this host is of class 2 (1: 32 bits, 2: 64 bits)");
    *header = right;
    header->e_ident[EI_DATA] = ELFDATA2MSB;
    file_write(path, data, size, 0755);
    check_refused(path, -ENOEXEC, "built for the other byte order");
    *header = right;
    header->e_machine = EM_S390;
    file_write(path, data, size, 0755);
    char *words = hy_asprintf("built for ELF machine 22; this host is machine %u", right.e_machine);
    check_refused(path, -ENOEXEC, words);
    free(words);
    *header = right;
    header->e_type = ET_REL;
    file_write(path, data, size, 0755);
    check_refused(path, -ENOEXEC, "not a shared object (ELF type 1)");
    *header = right;
    file_write(path, data, 1000, 0755);
    struct hy_plugin *plugin;
    struct halyard_agent agent;
    struct hy_err err;
    ck_assert_int_eq(hy_plugin_open_agent(path, true, &plugin, &agent, &err), -ENOEXEC);
    ck_assert_ptr_nonnull(strstr(err.text, "/y.so: cut short: it has 1000 bytes, and needs "));
    memset(data + sizeof right, 0, (size_t)right.e_phnum * right.e_phentsize);
    file_write(path, data, size, 0755);
    ck_assert_int_eq(hy_plugin_open_agent(path, true, &plugin, &agent, &err), -ENOEXEC);
    ck_assert_ptr_nonnull(strstr(err.text, "/y.so: cannot be loaded: "));
    free(data);
    free(path);
    folder_remove(folder);
}
END_TEST

START_TEST(files_of_others_are_refused)
{
    if (geteuid() != 0) /* an ordinary user cannot give files away; the check itself is then met at once */
        return;
    char *folder = folder_make();
    char *path = agent_copy("good", folder, "good");
    struct hy_plugin *plugin;
    struct halyard_agent agent;
    struct hy_err err;
    ck_assert_int_eq(hy_plugin_open_agent(path, false, &plugin, &agent, &err), 0);
    hy_plugin_close(&plugin);
    ck_assert_ptr_null(plugin);

    const struct {
        const char *what;
        uid_t owner;
        mode_t mode;
        const char *expected;
    } cases[] = {
        {path, 1000, 0755, "the file belongs to user 1000; it must belong to root (chown root)"},
        {path, 0, 0775, "the file may be written by others (mode 775); only root may (chmod go-w)"},
        {folder, 1000, 0755, "its folder belongs to user 1000; it must belong to root (chown root)"},
        {folder, 0, 0777, "its folder may be written by others (mode 777); only root may (chmod go-w)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert_int_eq(chown(cases[i].what, cases[i].owner, 0), 0);
        ck_assert_int_eq(chmod(cases[i].what, cases[i].mode), 0);
        ck_assert_int_eq(hy_plugin_open_agent(path, false, &plugin, &agent, &err), -EPERM);
        char *whole = hy_asprintf("%s: %s", path, cases[i].expected);
        ck_assert_str_eq(err.text, whole);
        free(whole);
        ck_assert_int_eq(chown(cases[i].what, 0, 0), 0);
        ck_assert_int_eq(chmod(cases[i].what, 0755), 0);
    }
    ck_assert_int_eq(hy_plugin_open_agent(path, false, &plugin, &agent, &err), 0);
    hy_plugin_close(&plugin);
    free(path);
    folder_remove(folder);
}
END_TEST

START_TEST(a_good_agent_is_understood)
{
    char *path = hy_asprintf("%s/tests/agents/.libs/fast.so", HY_BUILDDIR);
    struct hy_plugin *plugin;
    struct halyard_agent agent;
    struct hy_err err;
    ck_assert_int_eq(hy_plugin_open_agent(path, true, &plugin, &agent, &err), 0);
    ck_assert_str_eq(agent.type, "fast");
    ck_assert_uint_eq(agent.caps, HALYARD_CAP_FAST_RELEASE);
    ck_assert(agent.watch != NULL);
    ck_assert(agent.migrate_to == NULL);
    ck_assert_str_eq(agent.params[0].name, "dir");
    ck_assert_str_eq(agent.params[7].name, "password");
    ck_assert_ptr_null(agent.params[8].name);
    ck_assert(hy_agent_serves(&agent, "ocf:test:fast"));
    ck_assert(!hy_agent_serves(&agent, "ocf:test:good"));
    ck_assert(!hy_agent_serves(&agent, "ocf:fast"));
    ck_assert(!hy_agent_serves(&agent, "fast"));
    ck_assert(!hy_agent_serves(&agent, ""));
    struct halyard_agent any = {.cls = "supervisor", .type = "*"};
    ck_assert(hy_agent_serves(&any, "supervisor:maxscale"));
    ck_assert(hy_agent_serves(&any, "supervisor:web:api"));
    ck_assert(!hy_agent_serves(&any, "lsb:maxscale"));
    ck_assert(!hy_agent_serves(&any, "supervisor:"));

    struct hy_plugin *transport = NULL;
    struct halyard_transport descriptor;
    ck_assert_int_eq(hy_plugin_open_transport(path, true, &transport, &descriptor, &err), -EBADMSG);
    ck_assert_ptr_nonnull(strstr(err.text, ": is an agent plug-in, not a transport plug-in"));
    ck_assert_ptr_null(transport);
    hy_plugin_close(&plugin);
    free(path);
}
END_TEST

START_TEST(an_agent_of_an_older_minor_version_is_served)
{
    char *path = hy_asprintf("%s/tests/agents/.libs/oldminor.so", HY_BUILDDIR);
    struct hy_plugin *plugin;
    struct halyard_agent agent;
    struct hy_err err = {{0}};
    ck_assert_msg(hy_plugin_open_agent(path, true, &plugin, &agent, &err) == 0, "%s", err.text);
    ck_assert_uint_eq(agent.minor, 0);
    ck_assert(hy_agent_serves(&agent, "ocf:example:flagfile"));
    hy_plugin_close(&plugin);
    free(path);
}
END_TEST

/* What docs/writing-an-agent.md shows is an agent. */
START_TEST(the_example_is_a_good_agent)
{
    char *path = hy_asprintf("%s/docs/examples/.libs/flagfile.so", HY_BUILDDIR);
    struct hy_plugin *plugin;
    struct halyard_agent agent;
    struct hy_err err = {{0}};
    ck_assert_msg(hy_plugin_open_agent(path, true, &plugin, &agent, &err) == 0, "%s", err.text);
    ck_assert(hy_agent_serves(&agent, "ocf:example:flagfile"));
    hy_plugin_close(&plugin);
    free(path);
}
END_TEST

/* ---- a folder */

START_TEST(a_folder_with_bad_ones_serves_the_good_ones)
{
    char *folder = folder_make();
    free(agent_copy("good", folder, "good"));
    free(agent_copy("fast", folder, "fast"));
    free(agent_copy("crash", folder, "crash"));
    free(agent_copy("hang", folder, "hang"));
    free(agent_copy("exits", folder, "exits"));
    free(agent_copy("othergood", folder, "other"));
    free(agent_copy("newminor", folder, "newminor"));
    char *path = hy_asprintf("%s/readme", folder);
    file_write(path, "no plug-in", 10, 0644);
    free(path);

    struct hy_agent_table *table;
    struct hy_buf problems = {0};
    struct hy_err err;
    ck_assert_int_eq(hy_agent_table_scan(folder, true, &table, &problems, &err), 0);
    static const char *const lines[] = {
        "crash.so: crashes when it is loaded (SIGSEGV)",
        "exits.so: ends the process when it is loaded (exit status 3)",
        "hang.so: does not come back from being loaded within 5 s",
        "newminor.so: needs version 1.4 of the plug-in interface; this host has only 1.3: update halyard",
    };
    struct hy_buf expected = {0};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        hy_buf_addf(&expected, "%s/%s\n", folder, lines[i]);
    hy_buf_addf(&expected, "%s/other.so: serves ocf:test:good as does %s/good.so, which is used: remove one of them\n",
                folder, folder);
    ck_assert_str_eq(hy_buf_text(&problems), expected.data);
    hy_buf_free(&expected);

    uint32_t caps = 77;
    bool has_watch = false;
    const char *file = hy_agent_table_find(table, "ocf:test:fast", &caps, &has_watch);
    ck_assert_ptr_nonnull(file);
    ck_assert_str_eq(file + strlen(folder), "/fast.so");
    ck_assert_uint_eq(caps, HALYARD_CAP_FAST_RELEASE);
    ck_assert(has_watch);
    ck_assert_str_eq(hy_agent_table_find(table, "ocf:test:good", NULL, NULL) + strlen(folder), "/good.so");
    ck_assert_ptr_null(hy_agent_table_find(table, "ocf:test:bad", NULL, NULL));
    ck_assert_ptr_null(hy_agent_table_find(table, "ocf:good", NULL, NULL));
    ck_assert_ptr_null(hy_agent_table_find(table, "", NULL, NULL));
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
    hy_agent_table_free(&table);
    ck_assert_ptr_null(table);
    hy_buf_free(&problems);
    folder_remove(folder);
}
END_TEST

/* From the build folder's own agents. */
static char *built_copy(const char *name, const char *folder)
{
    size_t size;
    char *from = hy_asprintf("%s/.libs/%s.so", HY_BUILDDIR, name), *to = hy_asprintf("%s/%s.so", folder, name);
    char *data = file_read(from, &size);
    ck_assert_ptr_nonnull(data);
    file_write(to, data, size, 0755);
    free(data);
    free(from);
    return to;
}

static const char *server_of(const struct hy_agent_table *table, const char *folder, const char *agent)
{
    const char *file = hy_agent_table_find(table, agent, NULL, NULL);
    return file ? file + strlen(folder) + 1 : "none";
}

START_TEST(who_serves_a_name_exactly_goes_before_who_serves_any)
{
    char *folder = folder_make();
    char *ocf = built_copy("ocf", folder);
    free(built_copy("ocf-script", folder));
    free(built_copy("ipaddr2", folder));
    free(built_copy("lsb", folder));
    struct hy_agent_table *table;
    struct hy_buf problems = {0};
    struct hy_err err = {{0}};
    ck_assert_int_eq(hy_agent_table_scan(folder, true, &table, &problems, &err), 0);
    ck_assert_str_eq(hy_buf_text(&problems), "");
    ck_assert_str_eq(server_of(table, folder, "ocf:heartbeat:IPaddr2"), "ipaddr2.so");
    ck_assert_str_eq(server_of(table, folder, "ocf-script:heartbeat:IPaddr2"), "ocf-script.so");
    ck_assert_str_eq(server_of(table, folder, "ocf:other:IPaddr2"), "ocf.so");
    ck_assert_str_eq(server_of(table, folder, "ocf:heartbeat:Dummy"), "ocf.so");
    ck_assert_str_eq(server_of(table, folder, "ocf:Dummy"), "none");
    ck_assert_str_eq(server_of(table, folder, "lsb:any"), "lsb.so");
    ck_assert_str_eq(server_of(table, folder, "lsb2:any"), "none");

    struct hy_plugin *plugin;
    struct halyard_agent agent;
    enum halyard_rc answer;
    ck_assert_int_eq(hy_plugin_open_agent(ocf, true, &plugin, &agent, &err), 0);
    ck_assert(hy_agent_serves(&agent, "ocf:any:thing"));
    const struct halyard_site site = {.ocf_root = "/nowhere", .ocf_tools = HY_BUILDDIR};
    ck_assert_int_eq(hy_plugin_describe(plugin, &site, "ocf:heartbeat:Dummy", &agent, &answer, &err), -ENOENT);
    ck_assert_int_eq((int)answer, HALYARD_ERR_INSTALLED);
    ck_assert_str_eq(err.text,
                     "the agent heartbeat:Dummy is not installed: there is no /nowhere/resource.d/heartbeat/Dummy");
    hy_plugin_close(&plugin);
    free(ocf);
    hy_agent_table_free(&table);
    hy_buf_free(&problems);
    folder_remove(folder);
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_an_error)
{
    struct hy_agent_table *table = NULL;
    struct hy_buf problems = {0};
    struct hy_err err;
    ck_assert_int_eq(hy_agent_table_scan("/nonexistent", true, &table, &problems, &err), -ENOENT);
    ck_assert_str_eq(err.text, "plug-in folder /nonexistent: No such file or directory");
    ck_assert_ptr_null(table);
}
END_TEST

/* ---- parameters */

static const struct {
    struct halyard_param param;
    const char *value;
    const char *expected; /* with '!' in front: the error */
} values[] = {
    {{.name = "s"}, "any thing", "any thing"},
    {{.name = "i", .type = HALYARD_INTEGER}, "+007", "7"},
    {{.name = "i", .type = HALYARD_INTEGER}, "-9223372036854775808", "-9223372036854775808"},
    {{.name = "i", .type = HALYARD_INTEGER},
     "9223372036854775808",
     "!parameter i: \"9223372036854775808\" must be a whole number"},
    {{.name = "i", .type = HALYARD_INTEGER}, "", "!parameter i: \"\" must be a whole number"},
    {{.name = "i", .type = HALYARD_INTEGER}, "1 ", "!parameter i: \"1 \" must be a whole number"},
    {{.name = "i", .type = HALYARD_INTEGER, .range = "1..32"}, "32", "32"},
    {{.name = "i", .type = HALYARD_INTEGER, .range = "1..32"},
     "33",
     "!parameter i: \"33\" must be a whole number within 1..32"},
    {{.name = "i", .type = HALYARD_INTEGER, .range = "0.."},
     "-1",
     "!parameter i: \"-1\" must be a whole number within 0.."},
    {{.name = "b", .type = HALYARD_BOOLEAN}, "Yes", "true"},
    {{.name = "b", .type = HALYARD_BOOLEAN}, "0", "false"},
    {{.name = "b", .type = HALYARD_BOOLEAN}, "maybe", "!parameter b: \"maybe\" must be true or false"},
    {{.name = "d", .type = HALYARD_DURATION}, "30", "30000"},
    {{.name = "d", .type = HALYARD_DURATION}, "500ms", "500"},
    {{.name = "d", .type = HALYARD_DURATION},
     "soon",
     "!parameter d: \"soon\" must be a duration such as 30, 30s, 500ms, 2min or 1h"},
    {{.name = "c", .type = HALYARD_CHOICE, .range = "a|bb"}, "bb", "bb"},
    {{.name = "c", .type = HALYARD_CHOICE, .range = "a|bb"}, "b", "!parameter c: \"b\" must be one of a|bb"},
    {{.name = "c", .type = HALYARD_CHOICE, .range = "a|bb"}, "", "!parameter c: \"\" must be one of a|bb"},
    {{.name = "p", .type = HALYARD_INTEGER, .flags = HALYARD_SECRET},
     "s3cret",
     "!parameter p: its value (secret, not shown) must be a whole number"},
};

START_TEST(values_are_checked_by_type_and_range)
{
    struct hy_buf out = {0};
    struct hy_err err = {{0}};
    int rc = hy_param_check(&values[_i].param, values[_i].value, &out, &err);
    if (values[_i].expected[0] == '!') {
        ck_assert_int_eq(rc, -EINVAL);
        ck_assert_str_eq(err.text, values[_i].expected + 1);
        ck_assert_uint_eq(out.size, 0);
    } else {
        ck_assert_int_eq(rc, 0);
        ck_assert_str_eq(hy_buf_text(&out), values[_i].expected);
    }
    hy_buf_free(&out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plugin");
    TCase *tcase = tcase_create("plugin");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, bad_descriptors_are_refused_each_in_its_own_words, 0, (int)(sizeof bad / sizeof *bad));
    tcase_add_test(tcase, files_that_are_no_plugins_are_refused);
    tcase_add_test(tcase, files_of_others_are_refused);
    tcase_add_test(tcase, a_good_agent_is_understood);
    tcase_add_test(tcase, an_agent_of_an_older_minor_version_is_served);
    tcase_add_test(tcase, the_example_is_a_good_agent);
    tcase_add_test(tcase, a_folder_with_bad_ones_serves_the_good_ones);
    tcase_add_test(tcase, who_serves_a_name_exactly_goes_before_who_serves_any);
    tcase_add_test(tcase, a_folder_that_is_not_there_is_an_error);
    tcase_add_loop_test(tcase, values_are_checked_by_type_and_range, 0, (int)(sizeof values / sizeof *values));
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
