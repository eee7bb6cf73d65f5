/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration file: what is read, and the one line that each mistake gets. */
#include "daemon/config.h"

#include "cib/command.h"
#include "daemon/config_compare.h"
#include "lib/run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char GOOD[] =
    "cluster = \"seed\";\n"
    "node = \"test3\";\n"
    "nodes = (\n"
    "  { name = \"test1\"; id = 1; address = \"172.100.102.151\"; },\n"
    "  { name = \"test3\"; id = 2; address = \"172.100.102.155\"; },\n"
    "  { name = \"test5\"; id = 3; address = \"fd00::160\"; } );\n"
    "links = ( { transport = \"udpu\"; port = 5405; },\n"
    "          { transport = \"udpu\"; port = 5407; ttl = 3;\n"
    "            addresses = { test1 = \"10.0.0.1\"; test3 = \"10.0.0.3\"; test5 = \"10.0.0.5\"; }; } );\n";

static char path[] = "/tmp/halyard-test-config-XXXXXX";

static void write_text(const char *text)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static void make_file(void)
{
    strcpy(path, "/tmp/halyard-test-config-XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

static void remove_file(void)
{
    unlink(path);
}

static struct hy_config *read_good(const char *text)
{
    write_text(text);
    struct hy_config *config = NULL;
    struct hy_err err = {{0}};
    ck_assert_msg(hy_config_read(path, &config, &err) == 0, "%s", err.text);
    return config;
}

START_TEST(everything_is_read)
{
    struct hy_config *config = read_good(GOOD);
    ck_assert_str_eq(config->cluster, "seed");
    ck_assert_uint_eq(config->nodes.count, 3);
    ck_assert_uint_eq(config->self, 1);
    ck_assert_uint_eq(config->nodes.items[2].id, 3);
    ck_assert_uint_eq(config->links.count, 2);
    ck_assert_str_eq(config->links.items[0].addresses[0], "172.100.102.151");
    ck_assert_str_eq(config->links.items[0].settings.items[0].name, "port");
    ck_assert_str_eq(config->links.items[0].settings.items[0].value, "5405");
    ck_assert_str_eq(config->links.items[1].addresses[1], "10.0.0.3");
    ck_assert_uint_eq(config->links.items[1].settings.count, 2);
    ck_assert_uint_eq(config->bus_port, 5406);
    ck_assert_str_eq(config->key_file, "/etc/halyard/halyard.key");
    ck_assert_str_eq(config->detection.profile, "lan");
    ck_assert_int_eq(config->detection.heartbeat, 25 * HY_MS);
    ck_assert_int_eq(config->detection.dead_after, 120 * HY_MS);
    ck_assert(!config->detection.fixed);
    ck_assert_int_eq(config->log.level, HY_LOG_INFO);
    ck_assert_ptr_null(config->log.file);
    ck_assert_ptr_null(config->user);
    char *socket = hy_config_socket(config);
    ck_assert_ptr_nonnull(strstr(socket, "/halyard.sock"));
    free(socket);
    hy_config_free(&config);
    ck_assert_ptr_null(config);
}
END_TEST

START_TEST(groups_are_read)
{
    char text[4096];
    snprintf(
        text, sizeof text,
        "%suser = \"halyard\"; key = \"/etc/k\"; bus = { port = 7000; };\n"
        "detection = { profile = \"fast\"; dead_after_ms = 40; };\n"
        "paths = { state = \"/srv/h\"; lsb = \"/opt/init.d\"; };\n"
        "watchdog = { device = \"/dev/watchdog1\"; timeout_s = 30; };\n"
        "log = { file = \"/var/log/h.log\"; level = \"debug\"; format = \"json\"; syslog = true; stderr = true; };\n",
        GOOD);
    struct hy_config *config = read_good(text);
    ck_assert_str_eq(config->user, "halyard");
    ck_assert_uint_eq(config->bus_port, 7000);
    ck_assert_int_eq(config->detection.heartbeat, 5 * HY_MS);
    ck_assert_int_eq(config->detection.dead_after, 40 * HY_MS);
    ck_assert(config->detection.fixed);
    ck_assert_int_eq(config->detection.dead_after_max, 80 * HY_MS);
    ck_assert_str_eq(config->paths.state, "/srv/h");
    ck_assert_str_eq(config->paths.lsb, "/opt/init.d");
    ck_assert(config->log.json && config->log.syslog && config->log.to_stderr);
    ck_assert_int_eq(config->log.level, HY_LOG_DEBUG);
    hy_config_free(&config);
}
END_TEST

START_TEST(a_witness_is_read)
{
    char text[4096];
    const char *at = strstr(GOOD, "id = 3;");
    snprintf(text, sizeof text, "%.*switness = true; %s", (int)(at - GOOD), GOOD, at);
    struct hy_config *config = read_good(text);
    ck_assert(!config->nodes.items[0].witness && !config->nodes.items[1].witness);
    ck_assert(config->nodes.items[2].witness);
    hy_config_free(&config);
}
END_TEST

START_TEST(witnesses_alone_are_no_cluster)
{
    write_text("cluster = \"seed\"; node = \"test1\";\n"
               "nodes = ( { name = \"test1\"; id = 1; address = \"10.0.0.1\"; witness = true; } );\n"
               "links = ( { transport = \"udpu\"; } );\n");
    struct hy_config *config = NULL;
    struct hy_err err = {{0}};
    ck_assert_int_eq(hy_config_read(path, &config, &err), -EINVAL);
    ck_assert_str_eq(err.text + strlen(path), ":2: nodes: all of them are witnesses: who is to run the resources?");
}
END_TEST

START_TEST(limits_of_links_are_read)
{
    char text[4096];
    const char *at = strstr(GOOD, "port = 5407;");
    snprintf(text, sizeof text, "%.*sdead_after_ms = 700; loss_percent = 20; %s%s", (int)(at - GOOD), GOOD, at,
             "detection = { dead_after_ms = 200; };");
    struct hy_config *config = read_good(text);
    const struct hy_config_link *links = config->links.items;
    ck_assert_int_eq(hy_config_link_dead_after(config, &links[0]), 400 * HY_MS); /* twice the detection's */
    ck_assert_uint_eq(hy_config_link_loss(&links[0]), 5);
    ck_assert_int_eq(hy_config_link_dead_after(config, &links[1]), 700 * HY_MS);
    ck_assert_uint_eq(hy_config_link_loss(&links[1]), 20);
    ck_assert_uint_eq(links[1].settings.count, 2); /* they are no transport's settings */
    struct hy_buf printed = {0};
    hy_config_print(config, &printed);
    ck_assert_ptr_nonnull(strstr(hy_buf_text(&printed), " dead_after_ms = 700; loss_percent = 20;"));
    hy_config_free(&config);
    config = read_good(hy_buf_text(&printed));
    ck_assert_int_eq(hy_config_link_dead_after(config, &config->links.items[1]), 700 * HY_MS);
    hy_buf_free(&printed);
    hy_config_free(&config);
}
END_TEST

/* What is printed reads back as the same: it prints the same again. */
START_TEST(printed_and_read_back)
{
    static const char *const more[] = {
        "",
        "user = \"halyard\"; key = \"/etc/k \\\"1\\\"\\\\\"; bus = { port = 7000; };\n"
        "detection = { profile = \"fast\"; dead_after_ms = 40; release_margin_ms = 9; };\n"
        "paths = { state = \"/srv/h\"; lsb = \"/opt/init.d\"; };\n"
        "watchdog = { device = \"/dev/watchdog1\"; timeout_s = 30; };\n"
        "log = { file = \"/var/log/h.log\"; level = \"debug\"; format = \"json\"; syslog = true; stderr = true; };\n"};
    for (size_t i = 0; i < 2; i++) {
        char text[4096];
        struct hy_buf first = {0}, second = {0};
        snprintf(text, sizeof text, "%s%s", GOOD, more[i]);
        struct hy_config *config = read_good(text);
        config->nodes.items[0].witness = true;
        hy_config_print(config, &first);
        hy_config_free(&config);
        config = read_good(hy_buf_text(&first));
        ck_assert(config->nodes.items[0].witness && !config->nodes.items[1].witness);
        ck_assert_str_eq(config->links.items[1].addresses[2], "10.0.0.5");
        ck_assert_str_eq(config->links.items[1].settings.items[1].value, "3");
        ck_assert_int_eq(config->detection.dead_after, (i ? 40 : 120) * HY_MS);
        ck_assert_int_eq(config->watchdog.timeout, (i ? 30 : 0) * HY_SECOND);
        ck_assert_int_eq(config->watchdog.device != NULL, i > 0);
        ck_assert_str_eq(config->key_file, i ? "/etc/k \"1\"\\" : "/etc/halyard/halyard.key");
        hy_config_print(config, &second);
        ck_assert_str_eq(hy_buf_text(&first), hy_buf_text(&second));
        hy_config_free(&config);
        hy_buf_free(&first);
        hy_buf_free(&second);
    }
}
END_TEST

/* GOOD with `from` replaced by `to`, and what is said of it behind the file's name. */
static const struct mistake {
    const char *from, *to, *said;
} mistakes[] = {
    {"cluster = \"seed\";\n", "cluster = \"seed\";\nclustre = \"x\";\n",
     ":2: unknown setting 'clustre': the file may have cluster, node, nodes, key, user, links, bus, detection, paths, "
     "watchdog, log"},
    {"cluster = \"seed\"", "cluster = 5", ":1: 'cluster': expected a text in quotes"},
    {"cluster = \"seed\"", "cluster = \"two words\"",
     ":1: cluster 'two words' is no name: expected 1 to 255 letters, digits, '.', '_' or '-'"},
    {"cluster = \"seed\";\n", "", ": 'cluster' is missing: expected a text in quotes"},
    {"node = \"test3\"", "node = \"test4\"", ":2: node 'test4' is not in the list of nodes"},
    {"id = 2;", "id = 1;", ":5: nodes 'test1' and 'test3' have the same id 1: each needs its own"},
    {"id = 2;", "id = 0;", ":5: 'id': 0 is out of range: expected 1 to 65534"},
    {"id = 2;", "id = \"2\";", ":5: 'id': expected a number without quotes"},
    {"id = 2;", "", ":5: 'id' is missing: expected a number"},
    {"id = 2;", "id = 2; idd = 3;", ":5: unknown setting 'idd': a node may have name, id, address, witness"},
    {"name = \"test5\"", "name = \"test1\"", ":6: node 'test1' stands twice"},
    {"\"fd00::160\"", "\"172.100.102.155\"",
     ":6: nodes 'test3' and 'test5' have the same address 172.100.102.155: each needs its own"},
    {"\"fd00::160\"", "\"test5\"",
     ":6: address 'test5' is no address: expected a numeric one, as 172.100.102.151 or fd00::151"},
    {"nodes = (", "nodes = \"test1\"; x = (",
     ":3: unknown setting 'x': the file may have cluster, node, nodes, key, user, links, bus, detection, paths, "
     "watchdog, log"},
    {"links = (", "links = \"udpu\"; key = \"/k\"; log = { level = \"info\"; }; bus = (",
     ":7: links: expected a list, as links = ( { transport = \"udpu\"; port = 5405; } );"},
    {"id = 3;", "id = 3; witness = 1;", ":6: 'witness': expected true or false, without quotes"},
    {"{ transport = \"udpu\"; port = 5405; }", "{ port = 5405; }",
     ":7: 'transport' is missing: expected a text in quotes"},
    {"port = 5405;", "port = ( 1 );", ":7: link setting 'port': expected a text, a number, or true or false"},
    {"test5 = \"10.0.0.5\";", "", ":9: addresses: that of 'test5' is missing"},
    {"test5 = \"10.0.0.5\";", "test9 = \"10.0.0.5\";", ":9: addresses: 'test9' is no node"},
    {"node = \"test3\";", "node = \"test3\"; log = { level = \"loud\"; };",
     ":2: level 'loud': expected error, warning, notice, info or debug"},
    {"node = \"test3\";", "node = \"test3\"; log = { file = \"x.log\"; };", ":2: 'file': 'x.log' is no absolute path"},
    {"node = \"test3\";", "node = \"test3\"; log = { syslog = 1; };",
     ":2: 'syslog': expected true or false, without quotes"},
    {"node = \"test3\";", "node = \"test3\"; log = { format = \"xml\"; };", ":2: format 'xml': expected text or json"},
    {"node = \"test3\";", "node = \"test3\"; watchdog = { timeout_s = 10; };",
     ":2: watchdog: device is missing: expected one, as device = \"/dev/watchdog\";"},
    {"node = \"test3\";", "node = \"test3\"; watchdog = { device = \"watchdog\"; };",
     ":2: 'device': 'watchdog' is no absolute path"},
    {"node = \"test3\";", "node = \"test3\"; watchdog = { device = \"/dev/watchdog\"; timeout_s = 1; };",
     ":2: 'timeout_s': 1 is out of range: expected 2 to 600"},
    {"node = \"test3\";", "node = \"test3\"; watchdog = { device = \"/dev/watchdog\"; timeout = 10; };",
     ":2: unknown setting 'timeout': watchdog may have device, timeout_s"},
    {"node = \"test3\";", "node = \"test3\"; bus = { port = 70000; };",
     ":2: 'port': 70000 is out of range: expected 1 to 65535"},
    {"node = \"test3\";", "node = \"test3\"; detection = { profile = \"quick\"; };",
     ":2: profile 'quick': expected fast, lan or wan"},
    {"node = \"test3\";", "node = \"test3\"; detection = { dead_after_ms = 50; };",
     ":2: dead_after_ms 50: expected at least three heartbeats (25 ms each) and twice the release margin (30 ms)"},
    {"port = 5405;", "port = 5405; dead_after_ms = 99;",
     ":7: link's dead_after_ms 99: expected at least 4 heartbeats (25 ms each)"},
    {"port = 5405;", "port = 5405; dead_after_ms = \"1s\";", ":7: 'dead_after_ms': expected a number without quotes"},
    {"port = 5405;", "port = 5405; loss_percent = 0;", ":7: 'loss_percent': 0 is out of range: expected 1 to 100"},
    {"links = ( ",
     "links = ( { transport = \"a\"; }, { transport = \"a\"; }, { transport = \"a\"; }, { transport = \"a\"; },"
     "{ transport = \"a\"; }, { transport = \"a\"; }, { transport = \"a\"; }, ",
     ":7: links: 9 of them; at most 8"},
    {"node = \"test3\";", "node = ;", ":2: syntax error"},
    {"node = \"test3\";", "node = \"test3\"; node = \"test1\";", ":2: duplicate setting name"},
};

START_TEST(each_mistake_gets_its_line)
{
    const struct mistake *mistake = &mistakes[_i];
    char text[4096];
    const char *at = strstr(GOOD, mistake->from);
    ck_assert_ptr_nonnull(at);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - GOOD), GOOD, mistake->to, at + strlen(mistake->from));
    write_text(text);
    struct hy_config *config = NULL;
    struct hy_err err = {{0}};
    ck_assert_int_eq(hy_config_read(path, &config, &err), -EINVAL);
    ck_assert_ptr_null(config);
    ck_assert_int_eq(strncmp(err.text, path, strlen(path)), 0);
    ck_assert_str_eq(err.text + strlen(path), mistake->said);
}
END_TEST

static void expect_difference(const struct hy_config *config, const char *statements, const char *said)
{
    struct hy_cib *cib = hy_cib_new();
    struct hy_buf command = {0}, out = {0};
    struct hy_answer answer = {0};
    const struct hy_command_head head = {.at = 1};
    hy_command_begin(&command, &head);
    hy_buf_adds(&command, statements);
    hy_cib_apply(cib, 1, hy_buf_text(&command), command.size, &answer);
    ck_assert_msg(answer.code == 0, "%s", answer.err.text);
    hy_config_compare(config, cib, &out);
    ck_assert_str_eq(hy_buf_text(&out), said);
    hy_buf_free(&command);
    hy_buf_free(&out);
    hy_cib_free(&cib);
}

#define TEST1 "enrol test1 id=1 address=172.100.102.151\n"
#define TEST3 "enrol test3 id=2 address=172.100.102.155\n"
#define TEST5 "enrol test5 id=3 address=fd00::160\n"

START_TEST(the_file_and_the_cluster)
{
    struct hy_config *config = read_good(GOOD);
    expect_difference(config, "noop\n", "");
    expect_difference(config, TEST1 TEST3 TEST5, "");
    expect_difference(config, TEST1 TEST3 TEST5 "enrol test4 id=4 address=10.0.0.4\n", "test4 is missing in it");
    expect_difference(config, TEST1 TEST3, "test5 is in it, and not in the cluster");
    expect_difference(config, TEST1 TEST3 TEST5 "strike test5\n", "test5 is in it, and not in the cluster");
    expect_difference(config, TEST1 TEST3 "enrol test5 id=9 address=10.0.0.4\nenrol test7 id=10 address=10.0.0.7\n",
                      "test7 is missing in it, test5 has id 3 there, and 9 in the cluster");
    expect_difference(config, TEST1 TEST3 "enrol test5 id=3 address=10.0.0.4\n",
                      "test5 has address fd00::160 there, and 10.0.0.4 in the cluster");
    expect_difference(config, TEST1 TEST3 "enrol test5 id=3 address=fd00::160 witness=true\n",
                      "test5 is no witness there, and one in the cluster");
    hy_config_free(&config);
}
END_TEST

START_TEST(a_file_that_is_not_there)
{
    struct hy_config *config = NULL;
    struct hy_err err = {{0}};
    ck_assert_int_eq(hy_config_read("/nowhere/halyard.conf", &config, &err), -ENOENT);
    ck_assert_str_eq(err.text,
                     "/nowhere/halyard.conf: No such file or directory: `hactl cluster init` writes one for each "
                     "node");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config");
    TCase *tcase = tcase_create("config");
    tcase_add_checked_fixture(tcase, make_file, remove_file);
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, everything_is_read);
    tcase_add_test(tcase, groups_are_read);
    tcase_add_test(tcase, a_witness_is_read);
    tcase_add_test(tcase, witnesses_alone_are_no_cluster);
    tcase_add_test(tcase, limits_of_links_are_read);
    tcase_add_test(tcase, printed_and_read_back);
    tcase_add_loop_test(tcase, each_mistake_gets_its_line, 0, (int)(sizeof mistakes / sizeof *mistakes));
    tcase_add_test(tcase, the_file_and_the_cluster);
    tcase_add_test(tcase, a_file_that_is_not_there);
    return run_suite(suite);
}
