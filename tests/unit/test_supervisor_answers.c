/* SPDX-License-Identifier: Apache-2.0 */
/* The agent supervisor, with a stand-in that answers as no supervisord should: each case has one clear reason, in time. */
#include "lib/agent_host.h"
#include "lib/run.h"
#include "lib/supervisord.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEST_TIMEOUT_S 60

static struct agent_host host;
static struct stand_in stand_in;

static void set_up(void)
{
    agent_host_open(&host, "supervisor");
    host.type = "maxscale";
    agent_host_set(&host, "patience", "300ms");
}

static void tear_down(void)
{
    stand_in_end(&stand_in);
    agent_host_close(&host);
}

static void use(const struct stand_in_turn *turns, int count)
{
    char url[120];
    stand_in_end(&stand_in);
    stand_in_run(&stand_in, host.state_dir, turns, count);
    snprintf(url, sizeof url, "unix://%s", stand_in.path);
    agent_host_set(&host, "url", url);
}

static enum halyard_rc call(halyard_op_fn *operation)
{
    agent_host_time_left(&host, 2000);
    return agent_host_call(&host, operation);
}

#define BEGIN "<?xml version='1.0'?><methodResponse><params><param><value>"
#define END "</value></param></params></methodResponse>"
#define MEMBER(name, number) "<member><name>" name "</name><value><int>" number "</int></value></member>"
#define NAMED(name, text) "<member><name>" name "</name><value><string>" text "</string></value></member>"
#define INFO(state, name, pid)                                                                                         \
    BEGIN "<struct>" MEMBER("state", state) NAMED("statename", name) MEMBER("pid", pid) "</struct>" END
#define FAULT(code, text)                                                                                              \
    "<methodResponse><fault><value><struct>" MEMBER("faultCode", code)                                                 \
        NAMED("faultString", text) "</struct></value></fault></methodResponse>"

static const struct {
    struct stand_in_turn turn;
    enum halyard_rc monitor, probe;
    const char *reason;
} cases[] = {
    {{.raw = "SSH-2.0-OpenSSH_9\r\n\r\n"}, 1, 1, "does not speak HTTP"},
    {{.raw = "HTTP/1.0 401 Unauthorized\r\n\r\n"}, 4, 4, "set username and password"},
    {{.raw = "HTTP/1.0 404 Not Found\r\n\r\n"}, 1, 1, "has no XML-RPC (HTTP 404)"},
    {{.raw = "HTTP/1.0 500 Internal Server Error\r\n\r\n"}, 1, 1, "HTTP status 500"},
    {{.raw = "HTTP/1.0 200 OK\r\nContent-Length: 99999999999\r\n\r\n"}, 1, 1, "more than 8388608 bytes"},
    {{.raw = "HTTP/1.0 200 OK\r\nContent-Length: -4\r\n\r\n"}, 1, 1, "does not speak HTTP"},
    {{.raw = "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n"}, 1, 1, "in chunks"},
    {{.raw = "HTTP/1.0 200 OK\r\nContent-Length: 100\r\n\r\n<met"}, 1, 7, "in the middle of its answer"},
    {{.raw = ""}, 1, 7, "went away without an answer"},
    {{.stays = true}, 1, 1, "does not answer in time"},
    {{.raw = "HTTP/1.0 200 OK\r\nContent-Length: 100\r\n\r\n<met", .stays = true}, 1, 1, "does not answer in time"},
    {{.answer = "<html>hello</html>"}, 1, 1, "no answer in XML-RPC: <html>"},
    {{.answer = "\x01\x02\xff\xfe"}, 1, 1, "no answer in XML-RPC"},
    {{.answer = BEGIN "<string>RUNNING</string>" END}, 1, 1, "something else than supervisord does"},
    {{.answer = BEGIN "<struct></struct>" END}, 1, 1, "without a state and a pid"},
    {{.answer = INFO("20", "RUNNING", "-5")}, 1, 1, "without a state and a pid"},
    {{.answer = INFO("1000", "UNKNOWN", "0")}, 1, 1, "supervisord says UNKNOWN (state 1000)"},
    {{.answer = INFO("77", "", "0")}, 1, 1, "supervisord says nothing (state 77)"},
    {{.answer = INFO("0", "STOPPED", "0")}, 7, 7, "STOPPED"},
    {{.answer = INFO("100", "EXITED", "0")}, 7, 7, "EXITED"},
    {{.answer = INFO("200", "FATAL", "0")}, 7, 7, "FATAL"},
    {{.answer = INFO("40", "STOPPING", "5")}, 1, 1, "somebody other than the cluster stops it"},
    {{.answer = INFO("30", "BACKOFF", "0")}, 1, 1, "BACKOFF"},
    {{.answer = FAULT("1", "UNKNOWN_METHOD")}, 1, 1, "[rpcinterface:supervisor]"},
    {{.answer = FAULT("6", "SHUTDOWN_STATE")}, 1, 1, "shutting down"},
    {{.answer = FAULT("10", "BAD_NAME: maxscale")}, 5, 5, "knows no program maxscale"},
    {{.answer = FAULT("30", "FAILED: some\nwords")}, 1, 1, "supervisord says: FAILED: some words (fault 30)"},
    {{.answer = "<methodResponse><fault><value>x</value></fault></methodResponse>"}, 1, 1, "a fault without a code"},
};

START_TEST(each_answer_has_its_reason)
{
    use(&cases[_i].turn, 1);
    enum halyard_rc rc = call(host.agent->monitor);
    ck_assert_msg(rc == cases[_i].monitor && strstr(host.reason, cases[_i].reason), "%d: %s, not %s", (int)rc,
                  host.reason, cases[_i].reason);
    rc = call(host.agent->probe);
    ck_assert_msg(rc == cases[_i].probe && strstr(host.reason, cases[_i].reason), "%d: %s, not %s", (int)rc,
                  host.reason, cases[_i].reason);
    rc = call(host.agent->start);
    ck_assert_msg(rc != HALYARD_OK && host.reason[0], "start: %d: %s", (int)rc, host.reason);
}
END_TEST

/* A stop says that it has stopped only where it is certain. */
START_TEST(stop_is_certain)
{
    static const char *const sure[] = {"STOPPED",          "EXITED",    "FATAL",
                                       "knows no program", "went away", "in the middle of its answer"};
    use(&cases[_i].turn, 1);
    bool is_sure = false;
    for (size_t i = 0; i < sizeof sure / sizeof *sure; i++)
        is_sure = is_sure || strstr(cases[_i].reason, sure[i]);
    /* UNKNOWN, and no process of it runs */
    is_sure = is_sure || strstr(cases[_i].reason, "(state ");
    enum halyard_rc rc = call(host.agent->stop);
    ck_assert_msg((rc == HALYARD_OK) == is_sure, "%d: %s", (int)rc, host.reason);
    ck_assert(rc == HALYARD_OK || host.reason[0]);
}
END_TEST

/* The pid is nobody's here: a supervisord in a container. */
START_TEST(foreign_processes)
{
    use((struct stand_in_turn[]){{.answer = INFO("20", "RUNNING", "2147483647")}}, 1);
    ck_assert_int_eq(call(host.agent->probe), HALYARD_OK);
    ck_assert_int_eq(call(host.agent->monitor), HALYARD_OK);
    use((struct stand_in_turn[]){{.answer = INFO("20", "RUNNING", "2147483646")}}, 1);
    ck_assert_int_eq(call(host.agent->monitor), HALYARD_ERR_GENERIC);
    ck_assert_msg(strstr(host.reason, "restarted without the cluster"), "%s", host.reason);
    stand_in_end(&stand_in);
    ck_assert_int_eq(call(host.agent->stop), HALYARD_ERR_GENERIC);
    ck_assert_msg(strstr(host.reason, "cannot be seen from here"), "%s", host.reason);
    use((struct stand_in_turn[]){{.answer = INFO("0", "STOPPED", "0")}}, 1);
    ck_assert_int_eq(call(host.agent->stop), HALYARD_OK);
}
END_TEST

START_TEST(bad_moments_pass)
{
    static const struct stand_in_turn turns[] = {{.raw = ""},
                                                 {.answer = FAULT("6", "SHUTDOWN_STATE")},
                                                 {.raw = "HTTP/1.0 200 OK\r\n"},
                                                 {.answer = INFO("20", "RUNNING", "2147483647"), .wait_ms = 30}};
    agent_host_set(&host, "patience", "1500ms");
    use(turns, 4);
    ck_assert_msg(call(host.agent->monitor) == HALYARD_OK, "%s", host.reason);
    use(turns, 4);
    ck_assert_msg(call(host.agent->start) == HALYARD_OK, "%s", host.reason);
}
END_TEST

START_TEST(steps_of_a_start)
{
    use((struct stand_in_turn[]){{.answer = INFO("40", "STOPPING", "5")},
                                 {.answer = INFO("0", "STOPPED", "0")},
                                 {.answer = BEGIN "<boolean>1</boolean>" END},
                                 {.answer = INFO("10", "STARTING", "2147483647")},
                                 {.answer = INFO("20", "RUNNING", "2147483647")}},
        5);
    ck_assert_msg(call(host.agent->start) == HALYARD_OK, "%s", host.reason);
    use((struct stand_in_turn[]){{.answer = INFO("0", "STOPPED", "0")},
                                 {.answer = BEGIN "<boolean>1</boolean>" END},
                                 {.answer = INFO("0", "STOPPED", "0")}},
        3);
    ck_assert_int_eq(call(host.agent->start), HALYARD_ERR_GENERIC);
    ck_assert_msg(strstr(host.reason, "stopped while it was being started"), "%s", host.reason);
}
END_TEST

START_TEST(bad_parameters)
{
    agent_host_set(&host, "url", "https://somewhere");
    ck_assert_int_eq(call(host.agent->validate), HALYARD_ERR_CONFIGURED);
    ck_assert_msg(strstr(host.reason, "expected unix://"), "%s", host.reason);
    ck_assert_int_eq(call(host.agent->stop), HALYARD_OK); /* it has never started anything */
    agent_host_set(&host, "url", NULL);
    agent_host_set(&host, "conf", "/nowhere/supervisord.conf");
    ck_assert_int_eq(call(host.agent->start), HALYARD_ERR_INSTALLED);
    ck_assert_msg(strstr(host.reason, "/nowhere/supervisord.conf: No such file"), "%s", host.reason);
    ck_assert_int_eq(call(host.agent->stop), HALYARD_OK);
    agent_host_set(&host, "conf", NULL);
    agent_host_set(&host, "check_protocol", "mysql");
    ck_assert_int_eq(call(host.agent->validate), HALYARD_ERR_CONFIGURED);
    agent_host_set(&host, "check_protocol", NULL);
    agent_host_set(&host, "check_user", "root");
    ck_assert_int_eq(call(host.agent->validate), HALYARD_ERR_CONFIGURED);
}
END_TEST

START_TEST(watch_from_afar)
{
    use((struct stand_in_turn[]){{.answer = INFO("20", "RUNNING", "2147483647")},
                                 {.answer = INFO("20", "RUNNING", "2147483646")}},
        2);
    agent_host_watch(&host);
    ck_assert(agent_host_logs(&host, "cannot be seen from here"));
    ck_assert(agent_host_hears(&host, "has changed"));
    stand_in_end(&stand_in);
    ck_assert(agent_host_hears(&host, "nobody listens"));
}
END_TEST

int main(void)
{
    enum { CASES = (int)(sizeof cases / sizeof *cases) };
    Suite *suite = suite_create("supervisor: answers");
    TCase *tcase = tcase_create("answers");
    tcase_add_unchecked_fixture(tcase, agent_host_make_folder, agent_host_remove_folder);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, TEST_TIMEOUT_S);
    tcase_add_loop_test(tcase, each_answer_has_its_reason, 0, CASES);
    tcase_add_loop_test(tcase, stop_is_certain, 0, CASES);
    tcase_add_test(tcase, foreign_processes);
    tcase_add_test(tcase, bad_moments_pass);
    tcase_add_test(tcase, steps_of_a_start);
    tcase_add_test(tcase, bad_parameters);
    tcase_add_test(tcase, watch_from_afar);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
