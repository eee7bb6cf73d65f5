/* SPDX-License-Identifier: Apache-2.0 */
/* The plug-in for scripts: what it makes of meta-data, what scripts find in their environment, and what becomes of their answers. */
#include "executor/exit_reason.h"
#include "lib/agent_host.h"
#include "lib/run.h"
#include "plugins/ocf/meta.h"
#include "plugins/ocf/meta_xml.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---------------------------------------------------------------- meta-data */

static char *lines_of(const char *xml)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(out);
    ocf_meta_from_xml(xml, strlen(xml), out);
    ck_assert_int_eq(fclose(out), 0);
    return text;
}

static void check_lines(const char *xml, const char *lines)
{
    char *text = lines_of(xml);
    ck_assert_str_eq(text, lines);
    free(text);
}

static struct ocf_meta read_meta(const char *xml)
{
    struct ocf_meta meta;
    char *text = lines_of(xml);
    ck_assert(ocf_meta_parse(text, &meta));
    free(text);
    return meta;
}

#define HEAD "<?xml version=\"1.0\"?><!DOCTYPE resource-agent SYSTEM \"ra-api-1.dtd\">"

START_TEST(meta_data_of_1_1)
{
    check_lines(HEAD "<resource-agent name='x' version='2.5'><version>1.1</version>\n"
                     "<longdesc lang='en'>\n  Two\n  lines, a \\ and &lt;tags&gt;\n</longdesc>"
                     "<shortdesc lang='en'> brief </shortdesc>"
                     "<parameters>"
                     "<parameter name='a' required='1' unique='1' reloadable='0'><shortdesc>A</shortdesc>"
                     "<content type='string'/></parameter>"
                     "<parameter name='b' reloadable='1'><content type='integer' default='7'/></parameter>"
                     "<parameter name='c' unique-group='g'><content type='boolean' default='no'/></parameter>"
                     "<parameter name='d' unique-group='g'><content type='select' default='x'>"
                     "<option value='x'/><option value='y'/></content></parameter>"
                     "<parameter name='e' unique-group='h' private='1'><content type='string' default=''/></parameter>"
                     "</parameters><actions>"
                     "<action name='start' timeout='20'/><action name='stop' timeout='90s'/>"
                     "<action name='monitor' timeout='2min' interval='500ms' depth='0'/>"
                     "<action name='reload-agent' timeout='soon'/>"
                     "</actions></resource-agent>",
                "api 1.1\nversion 2.5\nbrief brief\ndoc Two\\nlines, a \\\\ and <tags>\n"
                "action start 20000 0\naction stop 90000 0\naction monitor 120000 500\naction reload-agent 0 0\n"
                "param a string -ru\nparam-brief A\n"
                "param b integer -l\ndefault 7\n"
                "param c boolean -\ndefault no\n"
                "param d choice -\nrange x|y\ndefault x\n"
                "param e string -us\n");
}
END_TEST

START_TEST(meta_data_of_1_0)
{
    check_lines(
        HEAD "<resource-agent name='x'><version>1.0</version><parameters>"
             "<parameter name='state' unique='1'><content type='string'/></parameter>"
             "<parameter name='fake' unique='0'><content type='string'/></parameter>"
             "<parameter name='password'><content/></parameter>"
             "</parameters><actions><action name='reload' timeout='20s'/></actions></resource-agent>",
        "api 1.0\naction reload 20000 0\nparam state string -u\nparam fake string -l\nparam password string -ls\n");
}
END_TEST

START_TEST(meta_data_that_break_their_own_rules)
{
    check_lines(
        "<resource-agent><parameters>"
        "<parameter name='n'><content type='integer' default='many'/></parameter>"
        "<parameter name='b'><content type='boolean' default='perhaps'/></parameter>"
        "<parameter name='o'><content type='select' default='z'><option value='a'/></content></parameter>"
        "<parameter name='n'><content type='integer'/></parameter>"
        "<parameter name='no name'/><parameter/><parameter name='bare'/>"
        "</parameters><actions><action name='a b'/><action/></actions></resource-agent>",
        "api 1.0\nparam n string -\ndefault many\nparam b string -\ndefault perhaps\nparam o string -\ndefault z\n"
        "param bare string -\n");
}
END_TEST

static const struct {
    const char *xml, *begins;
} broken[] = {
    {"", "problem its meta-data are no XML: line 0: "},
    {"Usage: x {start|stop}\n", "problem its meta-data are no XML: line 1: Start tag expected"},
    {"<resource-agent><parameters></resource-agent>", "problem its meta-data are no XML: line 1: "},
    {"<html/>", "problem its meta-data begin with <html>: <resource-agent> would be right\n"},
    {"a warning\n<resource-agent/>", "problem its meta-data are no XML: line 1: "},
};

START_TEST(meta_data_that_are_none)
{
    char *text = lines_of(broken[_i].xml);
    ck_assert_msg(strncmp(text, broken[_i].begins, strlen(broken[_i].begins)) == 0, "%s", text);
    ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
    struct ocf_meta meta;
    ck_assert(ocf_meta_parse(text, &meta));
    ck_assert_ptr_nonnull(meta.problem);
    ck_assert_ptr_null(meta.params[0].name);
    ocf_meta_free(&meta);
    free(text);
}
END_TEST

static const struct {
    const char *api, *params, *actions, *reload;
} reloads[] = {
    {"1.1", "<parameter name='a' reloadable='1'/>", "<action name='reload-agent'/>", "reload-agent"},
    {"1.1", "<parameter name='a' reloadable='0'/>", "<action name='reload-agent'/>", NULL},
    {"1.1", "<parameter name='a' reloadable='1'/>", "<action name='reload'/>", NULL},
    {"1.0", "<parameter name='a'/>", "<action name='reload'/>", "reload"},
    {"1.0", "<parameter name='a' unique='1'/>", "<action name='reload'/>", NULL},
    {"1.0", "<parameter name='a'/>", "", NULL},
    {"1.0", "<parameter name='a' reloadable='1'/>", "<action name='reload'/><action name='reload-agent'/>",
     "reload-agent"},
    {"1.0", "", "<action name='reload'/>", NULL},
};

START_TEST(which_change_is_taken_over)
{
    char xml[1024];
    snprintf(xml, sizeof xml,
             "<resource-agent><version>%s</version><parameters>%s</parameters><actions>%s</actions></resource-agent>",
             reloads[_i].api, reloads[_i].params, reloads[_i].actions);
    struct ocf_meta meta = read_meta(xml);
    const char *reload = ocf_meta_reload(&meta);
    ck_assert_str_eq(reload ? reload : "none", reloads[_i].reload ? reloads[_i].reload : "none");
    ocf_meta_free(&meta);
}
END_TEST

START_TEST(what_is_kept_is_read_back)
{
    struct ocf_meta meta;
    ck_assert(
        ocf_meta_parse("api 1.1\nversion 3\nbrief b\ndoc one\\ntwo \\\\ three\naction start 5000 0\n"
                       "action monitor 7000 10000\naction monitor 9000 11000\naction notify 0 0\n"
                       "param p choice -rs\nrange a|b\ndefault a\nparam-brief pb\nparam-doc pd\nparam q integer -\n",
                       &meta));
    ck_assert_str_eq(meta.doc, "one\ntwo \\ three");
    ck_assert_uint_eq(meta.start_ms, 5000);
    ck_assert_uint_eq(meta.monitor_ms, 9000);
    ck_assert_uint_eq(meta.interval_ms, 10000);
    ck_assert(meta.has_notify && !meta.has_validate);
    ck_assert_uint_eq(meta.param_count, 2);
    ck_assert_str_eq(meta.params[0].range, "a|b");
    ck_assert_uint_eq(meta.params[0].type, HALYARD_CHOICE);
    ck_assert_uint_eq(meta.params[0].flags, HALYARD_REQUIRED | HALYARD_SECRET);
    ck_assert_uint_eq(meta.params[1].type, HALYARD_INTEGER);
    ck_assert_ptr_null(meta.params[2].name);
    ocf_meta_free(&meta);
}
END_TEST

static const char *const unreadable[] = {
    "nonsense\n",  "api 1.1", "action start\n", "action start x 0\n", "param p string\n",
    "default 1\n", "\n",      "param\n"};

START_TEST(what_cannot_be_read_back_is_refused)
{
    struct ocf_meta meta;
    ck_assert(!ocf_meta_parse(unreadable[_i], &meta));
    ck_assert_uint_eq(meta.param_count, 0);
    ocf_meta_free(&meta);
}
END_TEST

/* ---------------------------------------------------------------- exit reasons */

static const struct {
    const char *output, *reason;
} reasons[] = {
    {"", ""},
    {"ocf-exit-reason:why", "why"},
    {"a\nocf-exit-reason:first\nb\nocf-exit-reason: second \r\nc\n", "second"},
    {"not at its beginning: ocf-exit-reason:no\n", ""},
    {"ocf-exit-reason:\n", ""},
    {"ocf-exit-reason", ""},
};

START_TEST(exit_reasons)
{
    size_t size;
    const char *text = hy_exit_reason(reasons[_i].output, strlen(reasons[_i].output), &size);
    ck_assert_uint_eq(size, strlen(reasons[_i].reason));
    ck_assert_int_eq(strncmp(text, reasons[_i].reason, size), 0);
}
END_TEST

/* ---------------------------------------------------------------- scripts */

static struct agent_host host;
static char folder[128], script[256];

static void open_host(void)
{
    agent_host_open(&host, "ocf");
    host.type = "noting";
    snprintf(folder, sizeof folder, "%s/resource.d", host.state_dir);
    ck_assert_int_eq(mkdir(folder, 0755), 0);
    snprintf(folder, sizeof folder, "%s/resource.d/test", host.state_dir);
    ck_assert_int_eq(mkdir(folder, 0755), 0);
    snprintf(script, sizeof script, "%s/noting", folder);
    host.site.ocf_root = host.state_dir;
    host.site.ocf_tools = HY_BUILDDIR;
    host.site.config_file = "/etc/some.conf";
    snprintf(folder, sizeof folder, "%s/cache", host.state_dir);
    host.site.cache_dir = folder;
}

static void close_host(void)
{
    agent_host_close(&host);
}

static void write_script(const char *text)
{
    FILE *file = fopen(script, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(chmod(script, 0755), 0);
}

/* Counts how often it was asked for its meta-data. */
#define META_DATA                                                                                                      \
    "#!/bin/sh\n[ $1 != meta-data ] || { echo >>" STATE_NAME                                                           \
    "; echo '<resource-agent><parameters><parameter name=\"p\"/>"                                                      \
    "</parameters><actions><action name=\"start\" timeout=\"7\"/></actions></resource-agent>'; exit 0; }\n"
#define STATE_NAME "${0%/*}/asked"

static void describe(void)
{
    enum halyard_rc rc = agent_host_describe(&host, "test", "noting");
    ck_assert_msg(host.agent != NULL, "%d: %s", (int)rc, host.reason);
}

static void refuse(const char *provider, const char *type, enum halyard_rc wanted, const char *words)
{
    enum halyard_rc rc = agent_host_describe(&host, provider, type);
    ck_assert_ptr_null(host.agent);
    ck_assert_int_eq((int)rc, (int)wanted);
    ck_assert_msg(strstr(host.reason, words) != NULL, "\"%s\" is not in: %s", words, host.reason);
}

START_TEST(what_is_not_there_is_not_installed)
{
    refuse("test", "noting", HALYARD_ERR_INSTALLED, "the agent test:noting is not installed: there is no ");
    refuse("nobody", "noting", HALYARD_ERR_INSTALLED, "there is no ");
    write_script("#!/bin/sh\n");
    ck_assert_int_eq(chmod(script, 0644), 0);
    refuse("test", "noting", HALYARD_ERR_INSTALLED, "is not executable: chmod 755 ");
    ck_assert_int_eq(unlink(script), 0);
    ck_assert_int_eq(mkdir(script, 0755), 0);
    refuse("test", "noting", HALYARD_ERR_INSTALLED, "is no file that could be run");
}
END_TEST

START_TEST(a_host_without_scripts_says_so)
{
    host.site.ocf_root = NULL;
    refuse("test", "noting", HALYARD_ERR_INSTALLED, "this host does not say where scripts and their tools lie");
}
END_TEST

START_TEST(a_name_is_no_path)
{
    write_script(META_DATA);
    refuse("..", "noting", HALYARD_ERR_CONFIGURED, "\"..:noting\" is no name of an agent");
    refuse("test", "../test/noting", HALYARD_ERR_CONFIGURED, "is no name of an agent");
    refuse("test/.", "noting", HALYARD_ERR_CONFIGURED, "is no name of an agent");
    refuse(NULL, "noting", HALYARD_ERR_CONFIGURED, "is no name of an agent");
    refuse("test", "", HALYARD_ERR_CONFIGURED, "is no name of an agent");
}
END_TEST

static long times_asked(void)
{
    char path[300];
    struct stat file;
    snprintf(path, sizeof path, "%s/resource.d/test/asked", host.state_dir);
    return stat(path, &file) ? 0 : (long)file.st_size;
}

START_TEST(meta_data_are_asked_for_once)
{
    write_script(META_DATA);
    describe();
    ck_assert_str_eq(host.agent->params[0].name, "p");
    ck_assert_uint_eq(host.agent->start_ms, 7000);
    ck_assert_uint_eq(host.agent->caps & HALYARD_CAP_SCRIPT, HALYARD_CAP_SCRIPT);
    describe();
    ck_assert_int_eq(times_asked(), 1);
    write_script(META_DATA "# changed\n");
    describe();
    describe();
    ck_assert_int_eq(times_asked(), 2);
}
END_TEST

START_TEST(what_others_may_have_written_is_not_believed)
{
    char path[300];
    write_script(META_DATA);
    describe();
    snprintf(path, sizeof path, "%s/test:noting", folder);
    ck_assert_int_eq(chmod(path, 0666), 0);
    describe();
    ck_assert_int_eq(times_asked(), 2);
}
END_TEST

START_TEST(without_a_cache_it_is_slower_and_no_worse)
{
    host.site.cache_dir = "/proc/none/cache";
    write_script(META_DATA);
    describe();
    describe();
    ck_assert_int_eq(times_asked(), 2);
    ck_assert_str_eq(host.agent->params[0].name, "p");
}
END_TEST

static enum halyard_rc call(halyard_op_fn *operation)
{
    return agent_host_call(&host, operation);
}

START_TEST(meta_data_that_are_no_good_are_told_at_start)
{
    write_script("#!/bin/sh\nif [ $1 = meta-data ]; then echo nonsense; fi\n");
    describe();
    ck_assert_ptr_null(host.agent->params[0].name);
    ck_assert(!host.agent->reload);
    ck_assert_int_eq((int)call(host.agent->start), HALYARD_OK);
    ck_assert_msg(strstr(host.log, "its meta-data are no XML: line 1: ") != NULL, "%s", host.log);
    ck_assert_int_eq((int)call(host.agent->monitor), HALYARD_OK);
    ck_assert_str_eq(host.log, "");
}
END_TEST

START_TEST(what_others_may_write_is_told_and_run)
{
    write_script(META_DATA);
    ck_assert_int_eq(chmod(script, 0777), 0);
    describe();
    ck_assert_int_eq((int)call(host.agent->start), HALYARD_OK);
    ck_assert_ptr_nonnull(strstr(host.log, "may be written by others than root"));
}
END_TEST

/* A line of what the script found in its environment. */
static void has(const char *line)
{
    char whole[300];
    snprintf(whole, sizeof whole, "\n%s\n", line);
    ck_assert_msg(strstr(host.output, whole) != NULL, "%s is not in:%s", line, host.output);
}

static void has_not(const char *begin)
{
    char whole[300];
    snprintf(whole, sizeof whole, "\n%s", begin);
    ck_assert_msg(strstr(host.output, whole) == NULL, "%s is in:%s", begin, host.output);
}

START_TEST(the_environment_is_complete)
{
    write_script(META_DATA "echo; env\n");
    agent_host_set(&host, "p", "a value, 'quoted' = so");
    agent_host_set(&host, "OCF_CHECK_LEVEL", "10");
    agent_host_set_meta(&host, "interval", "5000");
    agent_host_set_meta(&host, "role", "Promoted");
    agent_host_set_meta(&host, "promoted_max", "1");
    agent_host_set_meta(&host, "notify_active_uname", "");
    agent_host_set_meta(&host, "notify_promoted_uname", "a b");
    agent_host_set_meta(&host, "lsb_folder", "/etc/init.d");
    agent_host_lease(&host, 1000);
    describe();
    ck_assert_int_eq((int)call(host.agent->monitor), HALYARD_OK);
    has("OCF_RESKEY_p=a value, 'quoted' = so");
    has("OCF_CHECK_LEVEL=10");
    has("OCF_RESOURCE_INSTANCE=under-test");
    has("OCF_RESOURCE_TYPE=noting");
    has("OCF_RESOURCE_PROVIDER=test");
    has("OCF_RA_VERSION_MAJOR=1");
    has("OCF_RESKEY_CRM_meta_name=monitor");
    has("OCF_RESKEY_CRM_meta_interval=5000");
    has("OCF_RESKEY_CRM_meta_op_target_rc=8");
    has("OCF_RESKEY_CRM_meta_promoted_max=1");
    has("OCF_RESKEY_CRM_meta_master_max=1");
    has("OCF_RESKEY_CRM_meta_notify_active_uname= ");
    has("OCF_RESKEY_CRM_meta_notify_master_uname=a b");
    has("OCF_RESKEY_CRM_meta_on_node=test1");
    has("HALYARD_CONFIG=/etc/some.conf");
    has("HALYARD_NODE=test1");
    has("HA_SBIN_DIR=" HY_BUILDDIR);
    has_not("OCF_RESKEY_OCF_CHECK_LEVEL");
    has_not("OCF_RESKEY_CRM_meta_lsb_folder");
    has_not("HALYARD_LEASE");
    agent_host_lease(&host, 0);
    call(host.agent->stop);
    has("HALYARD_LEASE=ended");
    has("OCF_RESKEY_CRM_meta_name=stop");
    has_not("OCF_RESKEY_CRM_meta_op_target_rc=7");
}
END_TEST

START_TEST(notifications_have_their_key)
{
    write_script(META_DATA "echo; env\n");
    agent_host_set_meta(&host, "notify_type", "post");
    agent_host_set_meta(&host, "notify_operation", "promote");
    describe();
    ck_assert(!host.agent->notify); /* its meta-data do not name it */
    ck_assert_int_eq((int)call(host.agent->promote), HALYARD_OK);
    has("OCF_RESKEY_CRM_meta_notify_key_type=post");
    has("OCF_RESKEY_CRM_meta_notify_key_operation=promoted");
}
END_TEST

static const struct {
    const char *line;
    int answer;
    const char *reason;
} answers[] = {
    {"exit 0", 0, ""},
    {"exit 7", 7, ""},
    {"exit 9", 9, ""},
    {"exit 190", 190, ""},
    {"exit 191", 191, ""},
    {"exit 10", 1, " monitor ended with status 10, which is no answer of the OCF API"},
    {"exit 127", 1, " monitor ended with status 127, which is no answer"},
    {"kill -9 $$", 1, " monitor: was killed by a signal"},
};

START_TEST(answers_are_the_scripts)
{
    char text[1024];
    snprintf(text, sizeof text, "%s%s\n", META_DATA, answers[_i].line);
    write_script(text);
    describe();
    ck_assert_int_eq((int)call(host.agent->monitor), answers[_i].answer);
    ck_assert_msg(strstr(host.reason, answers[_i].reason) != NULL, "%s", host.reason);
    if (!*answers[_i].reason)
        ck_assert_str_eq(host.reason, "");
}
END_TEST

START_TEST(no_interpreter)
{
    write_script("#!/nowhere/sh\n");
    describe();
    ck_assert_int_eq((int)call(host.agent->monitor), HALYARD_ERR_INSTALLED);
    ck_assert_ptr_nonnull(strstr(host.reason, "its first line names no interpreter that is on this host"));
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

int main(void)
{
    Suite *suite = suite_create("ocf");
    TCase *meta = tcase_create("meta-data"), *scripts = tcase_create("scripts");
    tcase_add_test(meta, meta_data_of_1_1);
    tcase_add_test(meta, meta_data_of_1_0);
    tcase_add_test(meta, meta_data_that_break_their_own_rules);
    tcase_add_loop_test(meta, meta_data_that_are_none, 0, COUNT(broken));
    tcase_add_loop_test(meta, which_change_is_taken_over, 0, COUNT(reloads));
    tcase_add_test(meta, what_is_kept_is_read_back);
    tcase_add_loop_test(meta, what_cannot_be_read_back_is_refused, 0, COUNT(unreadable));
    tcase_add_loop_test(meta, exit_reasons, 0, COUNT(reasons));
    suite_add_tcase(suite, meta);
    tcase_set_timeout(scripts, 60);
    tcase_add_unchecked_fixture(scripts, agent_host_make_folder, agent_host_remove_folder);
    tcase_add_checked_fixture(scripts, open_host, close_host);
    tcase_add_test(scripts, what_is_not_there_is_not_installed);
    tcase_add_test(scripts, a_host_without_scripts_says_so);
    tcase_add_test(scripts, a_name_is_no_path);
    tcase_add_test(scripts, meta_data_are_asked_for_once);
    tcase_add_test(scripts, what_others_may_have_written_is_not_believed);
    tcase_add_test(scripts, without_a_cache_it_is_slower_and_no_worse);
    tcase_add_test(scripts, meta_data_that_are_no_good_are_told_at_start);
    tcase_add_test(scripts, what_others_may_write_is_told_and_run);
    tcase_add_test(scripts, the_environment_is_complete);
    tcase_add_test(scripts, notifications_have_their_key);
    tcase_add_loop_test(scripts, answers_are_the_scripts, 0, COUNT(answers));
    tcase_add_test(scripts, no_interpreter);
    suite_add_tcase(suite, scripts);
    return run_suite(suite);
}
