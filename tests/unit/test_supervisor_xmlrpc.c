/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent supervisor writes and reads: XML-RPC, URLs, supervisord's configuration. */
#include "conf.h"
#include "http.h"
#include "lib/cib.h"
#include "lib/mutants.h"
#include "lib/run.h"
#include "xmlrpc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BEGIN "<?xml version='1.0'?><methodResponse><params><param>"
#define END "</param></params></methodResponse>"

START_TEST(calls_are_written)
{
    struct sv_text call = {0};
    sv_call_begin(&call, "supervisor.startProcess");
    sv_call_string(&call, "a<b>&\"c\":d");
    sv_call_int(&call, -7);
    sv_call_bool(&call, true);
    sv_call_end(&call);
    ck_assert_str_eq(call.data,
                     "<?xml version=\"1.0\"?>\n<methodCall><methodName>supervisor.startProcess</methodName><params>"
                     "<param><value><string>a&lt;b&gt;&amp;\"c\":d</string></value></param>"
                     "<param><value><int>-7</int></value></param><param><value><boolean>1</boolean></value></param>"
                     "</params></methodCall>\n");
    sv_text_free(&call);
}
END_TEST

static bool read_text(const char *text, struct sv_answer *answer, char *why, size_t room)
{
    char *copy = strdup(text);
    bool good = sv_answer_read(copy, strlen(copy), answer, why, room);
    free(copy);
    return good;
}

START_TEST(answers_are_read)
{
    char why[128] = "";
    struct sv_answer answer;
    ck_assert_msg(read_text(BEGIN "<value><struct> <member><name>pid</name><value><int>8633</int></value></member>"
                                  "<member><name>list</name><value><array><data><value>a &#233;&amp;</value>"
                                  "<value><i4>-2</i4></value><value><boolean>1</boolean></value><value><nil/></value>"
                                  "</data></array></value></member>"
                                  "<member><name>none</name><value><string></string></value></member>"
                                  "</struct></value>" END,
                            &answer, why, sizeof why),
                  "%s", why);
    ck_assert(!answer.fault);
    ck_assert_int_eq(sv_member_number(answer.value, "pid"), 8633);
    ck_assert_str_eq(sv_member_text(answer.value, "none"), "");
    ck_assert_str_eq(sv_member_text(answer.value, "absent"), "");
    ck_assert_int_eq(sv_member_number(answer.value, "list"), 0);
    const struct sv_value *item = sv_member(answer.value, "list")->first;
    ck_assert_str_eq(item->text, "a \xc3\xa9&");
    ck_assert_int_eq(item->kind, SV_STRING);
    ck_assert_int_eq(item->next->number, -2);
    ck_assert_int_eq(item->next->next->kind, SV_BOOL);
    ck_assert_str_eq(item->next->next->next->text, "");
    ck_assert_ptr_null(item->next->next->next->next);
    sv_answer_free(&answer);
    ck_assert(
        read_text("<methodResponse><fault><value><struct><member><name>faultCode</name><value><int>10</int></value>"
                  "</member></struct></value></fault></methodResponse>",
                  &answer, why, sizeof why));
    ck_assert(answer.fault);
    sv_answer_free(&answer);
    /* A log of a program has any byte. */
    ck_assert(read_text(BEGIN "<value><string>\033[31mred\001</string></value>" END, &answer, why, sizeof why));
    ck_assert_str_eq(answer.value->text, "?[31mred?");
    sv_answer_free(&answer);
}
END_TEST

static const struct {
    const char *text, *why;
} wrong[] = {
    {"", "no element found"},
    {"HTTP", "syntax error"},
    {"<html><body/></html>", "<html> where it has no place"},
    {"<methodResponse></methodResponse>", "it has no value"},
    {BEGIN END, "it has no value"},
    {BEGIN "<value><int>1</int></value><value><int>2</int></value>" END, "more than one value"},
    {BEGIN "<value><int>1</int><int>2</int></value>" END, "a value of two kinds"},
    {BEGIN "<value><int>1x</int></value>" END, "'1x' is no number"},
    {BEGIN "<value><int></int></value>" END, "'' is no number"},
    {BEGIN "<value><i8>99999999999999999999</i8></value>" END, "'99999999999999999999' is no number"},
    {BEGIN "<value><boolean>2</boolean></value>" END, "'2' is no number"},
    {BEGIN "<value><struct><member><value>1</value></member></struct></value>" END, "a member has no name"},
    {BEGIN "<value><struct><member><name>a</name><name>b</name></member></struct></value>" END,
     "a member has two names"},
    {BEGIN "<value><float>1</float></value>" END, "<float> where it has no place"},
    {BEGIN "<value><int>1</int></value>", "no element found"},
    {"<!DOCTYPE a [<!ENTITY b 'c'>]><methodResponse/>", "a document type: a"},
};

START_TEST(what_is_none_is_refused)
{
    char why[128] = "";
    struct sv_answer answer;
    ck_assert(!read_text(wrong[_i].text, &answer, why, sizeof why));
    ck_assert_str_eq(why, wrong[_i].why);
}
END_TEST

START_TEST(depth_and_number_have_limits)
{
    char why[128] = "";
    struct sv_answer answer;
    struct sv_text text = {0};
    sv_text_adds(&text, BEGIN);
    for (int i = 0; i < 100000; i++)
        sv_text_adds(&text, "<value><array><data>");
    ck_assert(!sv_answer_read(text.data, text.size, &answer, why, sizeof why));
    ck_assert_str_eq(why, "values in values without end");
    sv_text_clear(&text);
    sv_text_adds(&text, BEGIN "<value><array><data>");
    for (int i = 0; i < SV_VALUES_MOST; i++)
        sv_text_adds(&text, "<value/>");
    ck_assert(!sv_answer_read(text.data, text.size, &answer, why, sizeof why));
    ck_assert_str_eq(why, "too many values");
    ck_assert(!sv_answer_read(text.data, (size_t)SV_ANSWER_MOST + 1, &answer, why, sizeof why));
    ck_assert_str_eq(why, "it is longer than 8388608 bytes");
    sv_text_free(&text);
}
END_TEST

static const char *const corpus[] = {"info", "fault", "tail", "configs", "plain", "bomb"};
enum { CORPUS = (int)(sizeof corpus / sizeof *corpus), ROUNDS = 2000 };

static void mutate(uint64_t *seed, struct hy_buf *text)
{
    static const char *const words[] = {"<value>", "</value>", "<struct>",    "<array><data>", "<int>",
                                        "&lt;",    "&#0;",     "]]>",         "<![CDATA[",     "<name>",
                                        "<!--",    "\xff",     "99999999999", "<nil/>",        "<?pi"};
    uint32_t at = below(seed, (uint32_t)text->size), span = 1 + below(seed, 30);
    if (span > text->size - at)
        span = (uint32_t)text->size - at;
    char *rest = hy_strdup(text->data + at);
    switch (below(seed, 3)) {
    case 0:
        text->data[at] = (char)(1 + below(seed, 255));
        break;
    case 1:
        hy_buf_truncate(text, at);
        hy_buf_adds(text, rest + span);
        break;
    default:
        hy_buf_truncate(text, at);
        hy_buf_adds(text, PICK(seed, words));
        hy_buf_adds(text, rest);
        break;
    }
    free(rest);
}

START_TEST(mutated_answers_break_nothing)
{
    char path[80];
    snprintf(path, sizeof path, "tests/fuzz/xmlrpc/%s.xml", corpus[_i]);
    char *text = read_file(path);
    try_mutants(text, (uint64_t)_i + 99, ROUNDS, 3, mutate);
    free(text);
}
END_TEST

/* ---- where it is */

START_TEST(urls)
{
    char why[400];
    struct sv_server server;
    ck_assert(sv_server_parse("unix:///var/run/supervisor.sock", &server, why, sizeof why));
    ck_assert_str_eq(server.path, "/var/run/supervisor.sock");
    ck_assert(sv_server_parse("http://me:se:cret@[::1]:9001/", &server, why, sizeof why));
    ck_assert_str_eq(server.host, "::1");
    ck_assert_str_eq(server.port, "9001");
    ck_assert_str_eq(server.user, "me");
    ck_assert_str_eq(server.password, "se:cret");
    ck_assert_str_eq(server.url, "http://[::1]:9001");
    ck_assert(sv_server_parse("http://localhost:9001/RPC2", &server, why, sizeof why));
    static const char *const bad[] = {"",
                                      "/var/run/supervisor.sock",
                                      "unix://run/x",
                                      "https://a:1",
                                      "http://a",
                                      "http://a:",
                                      "http://:9001",
                                      "http://a:70000",
                                      "http://a:9001/other",
                                      "http://[::1:9001",
                                      "http://:x@a:1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        why[0] = '\0';
        ck_assert_msg(!sv_server_parse(bad[i], &server, why, sizeof why), "%s", bad[i]);
        ck_assert_str_ne(why, "");
    }
    ck_assert(!sv_server_parse("http://me:secret@a:b", &server, why, sizeof why));
    ck_assert_ptr_null(strstr(why, "secret"));
}
END_TEST

/* ---- its configuration */

static char folder[] = "/tmp/halyard-conf-XXXXXX";

static const char *write_conf(const char *name, const char *text)
{
    static char path[100];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
    return path;
}

static void make_folder(void)
{
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void remove_folder(void)
{
    static const char *const names[] = {"conf", "more.conf", "odd.conf", ""};
    char path[100];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        (void)remove(path);
    }
}

START_TEST(configurations)
{
    char why[400];
    struct sv_conf conf;
    write_conf("more.conf",
               "[program:maxscale]\nAutoStart = false ; not by itself\nautorestart:unexpected\n\n"
               "[group:web]\nprograms = api ,\n   db\n[program:api]\nautorestart=no\n"
               "[program:many]\nautostart=off\nnumprocs=2\nprocess_name=%(program_name)s_%(process_num)02d\n");
    const char *path =
        write_conf("conf", "; a comment\n[unix_http_server]\nfile=%(here)s/s.sock ; (the socket)\n"
                           "username=me\npassword={SHA}abc\n"
                           "[supervisorctl]\nserverurl = unix://%(here)s/s.sock\nusername=you\npassword=a#b\n"
                           "[include]\nfiles = *.conf /nowhere/*.conf\n");
    ck_assert(sv_conf_read(path, "maxscale", "maxscale", &conf, why, sizeof why));
    ck_assert_int_eq(strncmp(conf.url, "unix:///tmp/halyard-conf-", 25), 0);
    ck_assert_str_eq(conf.user, "you");
    ck_assert_str_eq(conf.password, "a#b");
    ck_assert(conf.has_program);
    ck_assert_str_eq(conf.autostart, "false");
    ck_assert_str_eq(conf.autorestart, "unexpected");
    ck_assert(sv_conf_read(path, "web", "api", &conf, why, sizeof why));
    ck_assert(conf.has_program);
    ck_assert_str_eq(conf.autostart, "");
    ck_assert_str_eq(conf.autorestart, "no");
    ck_assert(sv_conf_read(path, "many", "many_01", &conf, why, sizeof why));
    ck_assert_str_eq(conf.autostart, "off");
    ck_assert(sv_conf_read(path, "other", "other", &conf, why, sizeof why));
    ck_assert(!conf.has_program);
    path = write_conf("conf", "[inet_http_server]\nport=*:9001\nusername=me\npassword=it\n");
    ck_assert(sv_conf_read(path, "a", "a", &conf, why, sizeof why));
    ck_assert_str_eq(conf.url, "http://127.0.0.1:9001");
    ck_assert_str_eq(conf.user, "me");
    ck_assert_str_eq(conf.password, "it");
    ck_assert(!sv_conf_read("/nowhere/at/all", "a", "a", &conf, why, sizeof why));
    ck_assert_str_eq(why, "/nowhere/at/all: No such file or directory");
}
END_TEST

/* Lines of any length, sections without end, bytes of any kind. */
START_TEST(odd_configurations_break_nothing)
{
    char why[400], path[100];
    struct sv_conf conf;
    struct sv_text text = {0};
    uint64_t seed = 5;
    snprintf(path, sizeof path, "%s/odd.conf", folder);
    for (int round = 0; round < 300; round++) {
        static const char *const words[] = {"[program:a]", "[group:a]", "\nprograms=", "a,",     "=",    "\n",
                                            "[include]\n", "files=",    "%(here)s",    "[",      "\xff", "\nautostart",
                                            "\n  more",    ";",         ":",           "%(here", "]",    "/nowhere/*"};
        sv_text_clear(&text);
        for (uint32_t i = below(&seed, 3000); i; i--)
            sv_text_adds(&text, PICK(&seed, words));
        write_conf("odd.conf", text.data ? text.data : "");
        ck_assert(sv_conf_read(path, "a", "a", &conf, why, sizeof why));
    }
    sv_text_free(&text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("supervisor: words");
    TCase *tcase = tcase_create("words");
    tcase_add_unchecked_fixture(tcase, make_folder, remove_folder);
    tcase_add_test(tcase, calls_are_written);
    tcase_add_test(tcase, answers_are_read);
    tcase_add_loop_test(tcase, what_is_none_is_refused, 0, (int)(sizeof wrong / sizeof *wrong));
    tcase_add_test(tcase, depth_and_number_have_limits);
    tcase_add_loop_test(tcase, mutated_answers_break_nothing, 0, CORPUS);
    tcase_add_test(tcase, urls);
    tcase_add_test(tcase, configurations);
    tcase_add_test(tcase, odd_configurations_break_nothing);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
