/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Golden traces: tests/golden/membership/NAME.trace holds a script and, behind it, everything that a cluster of 25 ms / 120 ms says
 * while it runs. Lines: "# text", "> MS COMMAND", the trace. HY_GOLDEN_WRITE=1 writes the traces anew; read the difference before
 * you commit it.
 */
#include "lib/lease_cluster.h"
#include "lib/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static struct hy_buf read_all(const char *path)
{
    struct hy_buf text = {0};
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "cannot open %s", path);
    char part[4096];
    for (size_t n; (n = fread(part, 1, sizeof part, file)) > 0;)
        hy_buf_add(&text, part, n);
    fclose(file);
    return text;
}

static void write_all(const char *path, const struct hy_buf *text)
{
    FILE *file = fopen(path, "w");
    ck_assert_msg(file != NULL, "cannot write %s", path);
    ck_assert_uint_eq(fwrite(text->data, 1, text->size, file), text->size);
    ck_assert_int_eq(fclose(file), 0);
}

static void cut_both(struct lease_cluster *cluster, uint32_t a, uint32_t b)
{
    lease_cluster_cut(cluster, a, b, true);
    lease_cluster_cut(cluster, b, a, true);
}

static void isolate(struct lease_cluster *cluster, uint32_t id)
{
    for (uint32_t other = 1; other <= cluster->options.nodes; other++) {
        if (other != id)
            cut_both(cluster, id, other);
    }
}

static void run_command(struct lease_cluster *cluster, const char *name, uint32_t a, uint32_t b)
{
    if (strcmp(name, "start") == 0)
        lease_cluster_start(cluster, a);
    else if (strcmp(name, "kill") == 0)
        lease_cluster_stop(cluster, a);
    else if (strcmp(name, "reboot") == 0)
        lease_cluster_reboot(cluster, a);
    else if (strcmp(name, "freeze") == 0)
        lease_cluster_freeze(cluster, a, (hy_time)b * HY_MS);
    else if (strcmp(name, "cut") == 0) /* what a says no longer gets to b */
        lease_cluster_cut(cluster, a, b, true);
    else if (strcmp(name, "isolate") == 0)
        isolate(cluster, a);
    else if (strcmp(name, "heal") == 0)
        memset(cluster->cut, 0, sizeof cluster->cut);
    else if (strcmp(name, "loss") == 0) /* per cent */
        cluster->options.loss = 10 * a;
    else if (strcmp(name, "unplug") == 0) {
        isolate(cluster, a);
        lease_cluster_link_down(cluster, a);
    } else if (strcmp(name, "end") != 0)
        ck_abort_msg("'%s' is no command of a trace", name);
}

static struct lease_cluster *open_cluster(unsigned nodes, unsigned voters, struct hy_buf *trace)
{
    struct lease_options options = {.nodes = nodes,
                                    .voters = voters,
                                    .seed = 1,
                                    .heartbeat = 25 * HY_MS,
                                    .dead_after = 120 * HY_MS,
                                    .dead_after_max = 200 * HY_MS,
                                    .commit_wait = 500 * HY_MS,
                                    .release_margin = 5 * HY_MS,
                                    .delay_min = 200,
                                    .delay_max = 400,
                                    .rate_ppm = 500};
    return lease_cluster_new(&options, trace);
}

static void run_script(char *script, struct hy_buf *out)
{
    struct hy_buf trace = {0};
    struct lease_cluster *cluster = NULL;
    char *rest = NULL;
    for (char *line = strtok_r(script, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        unsigned nodes, voters, at, a = 0, b = 0;
        char name[16];
        if (line[0] != '#' && line[0] != '>')
            continue;
        hy_buf_addf(out, "%s\n", line);
        if (sscanf(line, "> nodes %u voters %u", &nodes, &voters) == 2) {
            cluster = open_cluster(nodes, voters, &trace);
        } else if (sscanf(line, "> %u %15s %u %u", &at, name, &a, &b) >= 2) {
            ck_assert_msg(cluster != NULL, "a trace begins with '> nodes N voters N'");
            lease_cluster_run(cluster, (hy_time)at * HY_MS);
            run_command(cluster, name, a, b);
        }
    }
    ck_assert_msg(cluster != NULL, "a trace begins with '> nodes N voters N'");
    ck_assert_str_eq(hy_buf_text(&cluster->violation), "");
    hy_buf_addf(out, "\n%s", hy_buf_text(&trace));
    for (uint32_t id = 1; id <= cluster->options.nodes; id++)
        hy_buf_addf(out, "end: %u has %s\n", id, lease_cluster_has_lease(cluster, id) ? "a lease" : "no lease");
    lease_cluster_free(&cluster);
    hy_buf_free(&trace);
}

static const char *const NAMES[] = {"cold-start",       "two-nodes",      "node-dies",     "dc-dies",
                                    "partition",        "one-way-mute",   "one-way-deaf",  "one-voter-does-not-hear",
                                    "loss-30-per-cent", "freeze-50-ms",   "freeze-300-ms", "freeze-10-s",
                                    "core-restart",     "host-reboots",   "all-killed",    "unplugged",
                                    "dc-deaf-and-mute", "learner-and-one"};

START_TEST(trace_is_as_written)
{
    char path[512];
    snprintf(path, sizeof path, "%s/tests/golden/membership/%s.trace", HY_SRCDIR, NAMES[_i]);
    struct hy_buf expected = read_all(path);
    char *script = hy_strdup(hy_buf_text(&expected));
    struct hy_buf got = {0};
    run_script(script, &got);
    if (getenv("HY_GOLDEN_WRITE"))
        write_all(path, &got);
    else
        ck_assert_msg(strcmp(hy_buf_text(&got), hy_buf_text(&expected)) == 0,
                      "%s: the trace is another now (HY_GOLDEN_WRITE=1 writes it):\n%s", path, hy_buf_text(&got));
    free(script);
    hy_buf_free(&got);
    hy_buf_free(&expected);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("membership, golden traces");
    TCase *tcase = tcase_create("traces");
    tcase_set_timeout(tcase, 120);
    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, trace_is_as_written, 0, (int)(sizeof NAMES / sizeof NAMES[0]));
    return run_suite(suite);
}
