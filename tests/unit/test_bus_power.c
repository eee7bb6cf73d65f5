/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host that loses power says no goodbye: its peers keep connections that are open at their end only. Two hosts,
 * each a network namespace, on a bridge; one is taken away with all its connections, and comes back with the same
 * addresses.
 */
#include "bus/bus.h"
#include "bus/ticker.h"
#include "lib/netns.h"
#include "lib/run.h"
#include "lib/tsan.h"

#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

enum { PATIENCE_MS = 60000, PORT = 5406 };

struct host {
    uint32_t id;
    pid_t pid;
    int reports; /* lines "connected incarnation", of the other host as this one sees it */
    char last[64];
};

static const uint8_t key[32] = {7};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void run(const char *format, ...)
{
    char command[512];
    va_list args;
    va_start(args, format);
    vsnprintf(command, sizeof command, format, args);
    va_end(args);
    int status = system(command);
    if (status) {
        fprintf(stderr, "'%s' ended with %d\n", command, status);
        exit(98);
    }
}

/* ---- inside a host ---- */

struct inside {
    uint32_t other;
    struct hy_bus *bus;
    int reports;
};

static void ignore(void *context, enum hy_topic topic, uint32_t from, uint64_t incarnation, const void *data,
                   size_t size)
{
    (void)context, (void)topic, (void)from, (void)incarnation, (void)data, (void)size;
}

static void report(void *context)
{
    struct inside *inside = context;
    struct hy_bus_peer_stats stats;
    char line[64];
    hy_bus_send(inside->bus, HY_TOPIC_EVENT, HY_BUS_ALL, "x", 1);
    hy_bus_peer_stats(inside->bus, inside->other, &stats);
    int size = snprintf(line, sizeof line, "%d %llu\n", stats.connected > 0, (unsigned long long)stats.incarnation);
    if (write(inside->reports, line, (size_t)size) != size)
        exit(97);
}

static void live(uint32_t id, uint64_t incarnation, int reports, int go)
{
    char address[2][32], c;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (unshare(CLONE_NEWNET) || write(reports, "up\n", 3) != 3 || read(go, &c, 1) != 1)
        exit(96);
    snprintf(address[0], sizeof address[0], "10.7.7.%u", id);
    snprintf(address[1], sizeof address[1], "10.7.7.%u", 3 - id);
    run("ip link set e%u address 02:00:00:00:07:%02u && ip address add %s/24 dev e%u && ip link set e%u up", id, id,
        address[0], id, id);
    struct inside inside = {.other = 3 - id, .reports = reports};
    struct hy_bus_peer peer = {.id = 3 - id, .port = PORT, .addresses = {address[1]}};
    struct hy_err err = {{0}};
    struct hy_loop *loop;
    struct hy_ticker *timer;
    struct hy_bus_options options = {.self = id,
                                     .incarnation = incarnation,
                                     .addresses = {address[0]},
                                     .port = PORT,
                                     .peers = &peer,
                                     .peer_count = 1,
                                     .key = key,
                                     .received = ignore};
    if (hy_loop_new(&loop, &err) || hy_bus_open(&options, loop, &inside.bus, &err) ||
        hy_ticker_start(loop, 20, report, &inside, &timer, &err)) {
        fprintf(stderr, "%s\n", err.text);
        exit(95);
    }
    hy_loop_run(loop, &err);
    exit(94);
}

/* ---- around them ---- */

static void take_line(struct host *host)
{
    struct pollfd fd = {.fd = host->reports, .events = POLLIN};
    ck_assert_int_ge(poll(&fd, 1, 1000), 0);
    if (!fd.revents)
        return;
    char text[4096];
    ssize_t size = read(host->reports, text, sizeof text - 1);
    ck_assert_msg(size > 0, "host %u has died", host->id);
    text[size] = '\0';
    while (size && text[size - 1] == '\n')
        text[--size] = '\0';
    const char *line = strrchr(text, '\n');
    snprintf(host->last, sizeof host->last, "%.60s", line ? line + 1 : text);
}

static int64_t wait_report(struct host *host, const char *expected)
{
    int64_t start = now_ms();
    while (strcmp(host->last, expected) != 0) {
        ck_assert_msg(now_ms() - start < PATIENCE_MS, "host %u says '%s', not '%s'", host->id, host->last, expected);
        take_line(host);
    }
    return now_ms() - start;
}

static struct host boot(uint32_t id, uint64_t incarnation)
{
    int reports[2], go[2];
    ck_assert_int_eq(pipe(reports), 0);
    ck_assert_int_eq(pipe(go), 0);
    struct host host = {.id = id, .reports = reports[0]};
    host.pid = fork();
    ck_assert_int_ge(host.pid, 0);
    if (!host.pid) {
        close(reports[0]);
        close(go[1]);
        live(id, incarnation, reports[1], go[0]);
    }
    close(reports[1]);
    close(go[0]);
    wait_report(&host, "up");
    run("ip link add p%u type veth peer name e%u netns %d && ip link set p%u master br0 up", id, id, (int)host.pid, id);
    ck_assert_int_eq(write(go[1], "", 1), 1);
    close(go[1]);
    return host;
}

/* Nothing more leaves it from the first moment on, and its network goes with it. */
static void cut_power(struct host *host)
{
    run("ip link set p%u nomaster && ip link set p%u down", host->id, host->id);
    kill(host->pid, SIGKILL);
    waitpid(host->pid, NULL, 0);
    close(host->reports);
    /* The kernel takes the namespace, and the cable, down in its own time. */
    run("ip link delete p%u 2>/dev/null || true", host->id);
}

static void power_cycle(bool wait_for_loss)
{
    run("ip link add br0 type bridge && ip link set br0 up");
    struct host one = boot(1, 11), two = boot(2, 21);
    wait_report(&one, "1 21");
    wait_report(&two, "1 11");
    cut_power(&two);
    if (wait_for_loss) {
        wait_report(&one, "0 21");
        for (int64_t end = now_ms() + 4000; now_ms() < end;) /* TCP's retries grow rare meanwhile */
            take_line(&one);
    }
    two = boot(2, 22);
    wait_report(&two, "1 11");
    int64_t later = wait_report(&one, "1 22");
    fprintf(stderr, "heard again %lld ms after it heard\n", (long long)later);
    cut_power(&one);
    cut_power(&two);
    run("ip link delete br0");
}

START_TEST(a_host_that_returns_at_once_is_heard)
{
    power_cycle(false);
}
END_TEST

START_TEST(a_host_that_returns_later_is_heard)
{
    power_cycle(true);
}
END_TEST

int main(void)
{
    bool can_run = netns_enter() && !system("ip link add br9 type bridge && ip link add p9 type veth peer name e9 && "
                                            "ip link delete p9 && ip link delete br9");
    if (!can_run) {
        fprintf(stderr, "not tested: no network namespace of our own with a bridge in it\n");
        return 77; /* automake: SKIP */
    }
    Suite *suite = suite_create("bus_power");
    TCase *tcase = tcase_create("bus_power");
    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 300);
    tcase_add_test(tcase, a_host_that_returns_at_once_is_heard);
    tcase_add_test(tcase, a_host_that_returns_later_is_heard);
    return run_suite(suite);
}
