/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long an address stays after the lease has ended, and how long one takes to come: the real executor with the real
 * plug-in, in a network namespace of its own. This program is the executor, and, started by it, the core: that one writes
 * the deadline into the lease page, renews it no more, and hears from the kernel when each address is gone.
 *
 *     release PLUGIN-FOLDER [ADDRESSES [RUNS]]
 */
#include "executor/executor.h"

#include "base/alloc.h"
#include "cluster/operation.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    ADDRESSES_MAX = 250,
    RUNS_DEFAULT = 100,
    SETTLE_MS = 300, /* until the watches run, and what is prepared behind the scenes is ready */
    LEASE_MS = 200,
    PATIENCE_SECONDS = 20,
    PRIORITY = 10, /* above what is measured: hearing late would count as letting go late */
    SECOND_US = 1000000
};

static const char agent[] = "ocf:heartbeat:IPaddr2";

static void die(const char *what)
{
    fprintf(stderr, "release: %s: %s\n", what, strerror(errno));
    exit(1);
}

static hy_time now_us(void)
{
    struct timespec time;
    clock_gettime(CLOCK_BOOTTIME, &time);
    return (hy_time)time.tv_sec * SECOND_US + time.tv_nsec / 1000;
}

/* ---- what the kernel tells */

static int hear_addresses(void)
{
    struct sockaddr_nl where = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_IPV4_IFADDR};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    int size = 1 << 20;
    if (fd < 0 || bind(fd, (struct sockaddr *)&where, sizeof where))
        die("netlink");
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
    return fd;
}

/* The last byte of an address that came or went; -1: something else. */
static int last_byte(const struct nlmsghdr *message, int type)
{
    if (message->nlmsg_type != type)
        return -1;
    const char *end = (const char *)message + message->nlmsg_len;
    const char *at = (const char *)message + NLMSG_SPACE(sizeof(struct ifaddrmsg));
    struct rtattr attr;
    for (; at + sizeof attr <= end; at += RTA_ALIGN(attr.rta_len)) {
        memcpy(&attr, at, sizeof attr);
        if (attr.rta_len < sizeof attr)
            break;
        if (attr.rta_type == IFA_LOCAL && attr.rta_len == RTA_LENGTH(4))
            return (unsigned char)at[RTA_LENGTH(3)];
    }
    return -1;
}

/* Waits until each of `count` addresses has come or gone for the first time; `when` is indexed by number. */
static void wait_for(int fd, int type, int count, hy_time when[])
{
    char events[32768] __attribute__((aligned(8)));
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    memset(when, 0, (size_t)count * sizeof *when);
    for (int seen = 0; seen < count;) {
        if (poll(&ready, 1, PATIENCE_SECONDS * 1000) != 1) {
            errno = ETIMEDOUT;
            die("an address has neither come nor gone");
        }
        ssize_t got = recv(fd, events, sizeof events, 0);
        hy_time now = now_us();
        if (got < 0)
            die("netlink");
        unsigned left = (unsigned)got;
        for (const struct nlmsghdr *at = (const void *)events; NLMSG_OK(at, left); at = NLMSG_NEXT(at, left)) {
            int number = last_byte(at, type) - 1;
            if (number >= 0 && number < count && !when[number]) {
                when[number] = now;
                seen++;
            }
        }
    }
}

static void forget_events(int fd)
{
    char byte;
    while (recv(fd, &byte, 1, MSG_DONTWAIT | MSG_TRUNC) >= 0)
        continue;
}

/* ---- the core */

struct measure {
    struct hy_executor_link *link;
    int events;
    int count;
    uint64_t id;
    hy_time *when;
};

static void order(struct measure *measure, int number, const char *op, hy_time interval)
{
    struct hy_operation operation = {.id = measure->id++,
                                     .rsc = hy_asprintf("ip%d", number + 1),
                                     .agent = hy_strdup(agent),
                                     .op = hy_strdup(op),
                                     .timeout = PATIENCE_SECONDS * HY_SECOND,
                                     .interval = interval,
                                     .lease = true};
    char *ip = hy_asprintf("10.77.0.%d", number + 1);
    hy_attrs_set(&operation.params, "ip", ip);
    hy_attrs_set(&operation.params, "nic", "bench0");
    hy_attrs_set(&operation.params, "cidr_netmask", "24");
    hy_attrs_set(&operation.params, "conflict_check_ms", "0");
    int rc;
    while ((rc = hy_executor_order(measure->link, &operation)) == -EAGAIN)
        continue;
    if (rc) {
        errno = -rc;
        die("order");
    }
    free(ip);
    hy_operation_free(&operation);
}

/* Until `outcomes` operations have answered, or the executor says that it has released. */
static void take_news(struct measure *measure, int outcomes, bool released)
{
    struct pollfd ready = {.fd = hy_executor_link_fd(measure->link), .events = POLLIN};
    while (outcomes || released) {
        struct hy_executor_news news;
        struct hy_err err;
        int rc = hy_executor_next(measure->link, &news, &err);
        if (rc == 0 && poll(&ready, 1, PATIENCE_SECONDS * 1000) != 1)
            rc = -ETIMEDOUT;
        if (rc < 0) {
            errno = -rc;
            die("the executor");
        }
        if (rc == 0)
            continue;
        if (news.type == HY_EXECUTOR_OUTCOME && news.outcome.rc && strcmp(news.outcome.op, "monitor") != 0) {
            fprintf(stderr, "release: %s %s: %s\n", news.outcome.rsc, news.outcome.op, news.outcome.reason);
            exit(1);
        }
        if (news.type == HY_EXECUTOR_OUTCOME && outcomes)
            outcomes--;
        released &= news.type != HY_EXECUTOR_RELEASED;
        hy_outcome_free(&news.outcome);
    }
}

static void pause_ms(int ms)
{
    poll(NULL, 0, ms);
}

static int by_size(const void *a, const void *b)
{
    hy_time x = *(const hy_time *)a, y = *(const hy_time *)b;
    return (x > y) - (x < y);
}

static void print_row(const char *what, hy_time *samples, size_t count)
{
    qsort(samples, count, sizeof *samples, by_size);
    printf("| %s | %.2f | %.2f | %.2f | %.2f |\n", what, (double)samples[0] / 1000, (double)samples[count / 2] / 1000,
           (double)samples[count * 99 / 100] / 1000, (double)samples[count - 1] / 1000);
}

struct samples {
    hy_time *come, *gone, *last_come, *last_gone;
    size_t count, runs;
};

static void one_run(struct measure *measure, struct samples *samples)
{
    hy_executor_set_lease(measure->link, now_us() + 3600 * HY_SECOND, 1);
    forget_events(measure->events);
    hy_time ordered = now_us(), last = 0;
    for (int i = 0; i < measure->count; i++)
        order(measure, i, "start", 0);
    wait_for(measure->events, RTM_NEWADDR, measure->count, measure->when);
    for (int i = 0; i < measure->count; i++) {
        hy_time took = measure->when[i] - ordered;
        samples->come[samples->count + (size_t)i] = took;
        last = took > last ? took : last;
    }
    samples->last_come[samples->runs] = last;
    take_news(measure, measure->count, false);
    pause_ms(SETTLE_MS);
    hy_time deadline = now_us() + LEASE_MS * HY_MS;
    hy_executor_set_lease(measure->link, deadline, 1);
    wait_for(measure->events, RTM_DELADDR, measure->count, measure->when);
    last = 0;
    for (int i = 0; i < measure->count; i++) {
        hy_time took = measure->when[i] - deadline;
        samples->gone[samples->count++] = took;
        last = took > last ? took : last;
    }
    samples->last_gone[samples->runs++] = last;
    take_news(measure, 0, true);
    pause_ms(SETTLE_MS);
}

static int be_core(int argc, char **argv)
{
    int executor_fd = -1, lease_fd = -1, count = atoi(argv[2]), runs = atoi(argv[3]);
    for (int i = 4; i < argc; i++) {
        sscanf(argv[i], "--executor-fd=%d", &executor_fd);
        sscanf(argv[i], "--lease-fd=%d", &lease_fd);
    }
    struct measure measure = {.events = hear_addresses(), .count = count, .id = UINT64_C(1) << 32};
    struct hy_err err;
    struct sched_param priority = {.sched_priority = PRIORITY};
    if (hy_executor_link_open(executor_fd, lease_fd, &measure.link, &err)) {
        fprintf(stderr, "release: %s\n", err.text);
        return 78;
    }
    if (sched_setscheduler(0, SCHED_RR, &priority))
        printf("(without real-time priority: late hearing counts as late letting go)\n");
    size_t all = (size_t)count * (size_t)runs;
    struct samples samples = {.come = hy_alloc_array(all, sizeof(hy_time)),
                              .gone = hy_alloc_array(all, sizeof(hy_time)),
                              .last_come = hy_alloc_array((size_t)runs, sizeof(hy_time)),
                              .last_gone = hy_alloc_array((size_t)runs, sizeof(hy_time))};
    measure.when = hy_alloc_array((size_t)count, sizeof *measure.when);
    hy_executor_set_lease(measure.link, now_us() + 3600 * HY_SECOND, 1);
    for (int i = 0; i < count; i++) /* as the cluster does on each node before it starts anything */
        order(&measure, i, "monitor", 0);
    take_news(&measure, count, false);
    pause_ms(SETTLE_MS);
    for (int i = 0; i < runs; i++)
        one_run(&measure, &samples);
    printf("| %d address%s, %d runs, ms | least | median | 99 of 100 | most |\n|---|---|---|---|---|\n", count,
           count == 1 ? "" : "es", runs);
    print_row("order to address there, each", samples.come, samples.count);
    print_row("order to address there, the last", samples.last_come, samples.runs);
    print_row("deadline to address gone, each", samples.gone, samples.count);
    print_row("deadline to address gone, the last", samples.last_gone, samples.runs);
    fflush(stdout);
    hy_executor_link_close(&measure.link);
    return 0;
}

/* ---- the executor */

static void write_log(void *context, enum hy_log_level level, const char *line)
{
    (void)context;
    bool expected = strstr(line, "the lease had ended: ") != NULL;
    if (level <= HY_LOG_WARNING && !expected)
        fprintf(stderr, "release: %s\n", line);
}

static int run_ip(const char *command)
{
    int status = system(command);
    if (status)
        fprintf(stderr, "release: failed: %s\n", command);
    return status;
}

int main(int argc, char **argv)
{
    if (argc > 3 && strcmp(argv[1], "core") == 0)
        return be_core(argc, argv);
    int count = argc > 2 ? atoi(argv[2]) : 1, runs = argc > 3 ? atoi(argv[3]) : RUNS_DEFAULT;
    if (argc < 2 || argc > 4 || count < 1 || count > ADDRESSES_MAX || runs < 1) {
        fprintf(stderr, "usage: release PLUGIN-FOLDER [ADDRESSES [RUNS]]   (ADDRESSES 1..%d)\n", ADDRESSES_MAX);
        return 2;
    }
    char state[] = "/tmp/halyard-release-XXXXXX", self[512] = {0};
    if (unshare(CLONE_NEWNET))
        die("a network namespace of its own");
    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0 || !mkdtemp(state))
        die("its own name and folder");
    if (run_ip("ip link add bench0 type veth peer name bench1") || run_ip("ip link set bench0 up") ||
        run_ip("ip link set bench1 up"))
        return 1;
    char role[] = "core";
    char *const core[] = {self, role, hy_asprintf("%d", count), hy_asprintf("%d", runs), NULL};
    struct hy_log log = {.write = write_log, .level = HY_LOG_WARNING};
    struct hy_executor_options options = {.node = "bench",
                                          .agent_folder = argv[1],
                                          .state_folder = state,
                                          .lsb_folder = "/etc/init.d",
                                          .core_argv = core,
                                          .trust_any_owner = true,
                                          .log = &log,
                                          .log_fd = -1};
    int status = hy_executor_run(&options);
    char *clean = hy_asprintf("rm -r %s", state);
    run_ip(clean);
    return status;
}
