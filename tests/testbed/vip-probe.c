/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vip-probe: what a client sees of a virtual address, to the millisecond.
 *
 *   vip-probe ping [--interval-ms 4] [--gap-ms 100] [--seconds N] ADDRESS
 *   vip-probe who [--interval-ms 5] [--interface eth0] [--plain] [--seconds N] ADDRESS
 *
 * Prints one JSON object a line: {"event":"ready"} at first, {"event":"final", ...} at the end (SIGTERM, SIGINT, the line "stop", or
 * --seconds). SIGUSR1 or the line "lap" prints {"event":"lap", ...} and begins to count anew; "peek" prints and goes on counting.
 */
#include "probe.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 * NS_PER_MS + now.tv_nsec;
}

int64_t probe_now(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

int64_t probe_realtime(void)
{
    return clock_ns(CLOCK_REALTIME);
}

int probe_want_timestamps(int fd)
{
    int yes = 1;
    return setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof yes);
}

size_t probe_receive(int fd, void *data, size_t size, int64_t *arrived, uint64_t *errors)
{
    char control[128];
    struct iovec part = {data, size};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT);
    if (got < 0) {
        if (errno != EAGAIN && errno != EINTR)
            (*errors)++;
        return 0;
    }
    *arrived = probe_now();
    for (struct cmsghdr *part_of = CMSG_FIRSTHDR(&message); part_of; part_of = CMSG_NXTHDR(&message, part_of)) {
        if (part_of->cmsg_level != SOL_SOCKET || part_of->cmsg_type != SCM_TIMESTAMPNS)
            continue;
        struct timespec stamp;
        memcpy(&stamp, CMSG_DATA(part_of), sizeof stamp);
        int64_t age = probe_realtime() - ((int64_t)stamp.tv_sec * 1000 * NS_PER_MS + stamp.tv_nsec);
        /* The stamp is on a clock which can be set; an age that makes no sense is not used. */
        if (age > 0 && age < INT64_C(10000) * NS_PER_MS)
            *arrived -= age;
    }
    return (size_t)got;
}

/* The loop. */

struct run {
    struct probe *probe;
    int signals;
    int timer;
    int64_t interval;
    int64_t window; /* since when is counted */
    int64_t last_tick;
    int64_t own_delay; /* the longest by which this process itself was late: gaps up to that are its own */
    int64_t end;       /* 0: none */
    bool reads_lines;
    bool stopping;
    char line[64];
    size_t filled;
};

static void report(struct run *run, const char *event, int64_t now, bool final)
{
    printf("{\"event\":\"%s\",\"from_ms\":%.3f,\"to_ms\":%.3f,\"interval_ms\":%g,\"own_delay_ms\":%.3f,", event,
           probe_ms(run->window), probe_ms(now), probe_ms(run->interval), probe_ms(run->own_delay));
    run->probe->report(run->probe, now, final);
    puts("}");
    fflush(stdout);
}

static void lap(struct run *run)
{
    int64_t now = probe_now();
    report(run, "lap", now, false);
    run->window = now;
    run->own_delay = 0;
    run->probe->reset(run->probe, run->window);
}

static void obey(struct run *run, const char *line)
{
    if (strcmp(line, "stop") == 0)
        run->stopping = true;
    else if (strcmp(line, "peek") == 0)
        report(run, "peek", probe_now(), false);
    else if (strcmp(line, "lap") == 0 || *line == '\0')
        lap(run);
    else {
        printf("{\"event\":\"error\",\"message\":\"no such command; there are lap, peek and stop\"}\n");
        fflush(stdout);
    }
}

static void read_lines(struct run *run)
{
    char text[256];
    ssize_t got = read(STDIN_FILENO, text, sizeof text);
    if (got <= 0) {
        run->reads_lines = got < 0 && (errno == EINTR || errno == EAGAIN);
        return;
    }
    for (ssize_t i = 0; i < got; i++) {
        if (text[i] == '\n') {
            run->line[run->filled] = '\0';
            run->filled = 0;
            obey(run, run->line);
        } else if (run->filled < sizeof run->line - 1) {
            run->line[run->filled++] = text[i];
        }
    }
}

static void read_signal(struct run *run)
{
    struct signalfd_siginfo info;
    if (read(run->signals, &info, sizeof info) != sizeof info)
        return;
    if (info.ssi_signo == SIGUSR1)
        lap(run);
    else
        run->stopping = true;
}

static void tick(struct run *run)
{
    uint64_t expirations;
    if (read(run->timer, &expirations, sizeof expirations) != sizeof expirations)
        return;
    int64_t now = probe_now();
    int64_t late = run->last_tick ? now - run->last_tick - run->interval : 0;
    if (late > run->own_delay)
        run->own_delay = late;
    run->last_tick = now;
    if (run->end && now >= run->end)
        run->stopping = true;
    run->probe->tick(run->probe, now);
}

static int loop(struct run *run)
{
    while (!run->stopping) {
        struct pollfd fds[] = {
            {.fd = run->probe->fd, .events = POLLIN},
            {.fd = run->timer, .events = POLLIN},
            {.fd = run->signals, .events = POLLIN},
            {.fd = run->reads_lines ? STDIN_FILENO : -1, .events = POLLIN},
        };
        if (poll(fds, 4, -1) < 0) {
            if (errno == EINTR)
                continue;
            perror("vip-probe: poll");
            return EXIT_FAILURE;
        }
        /* Answers first: what has come belongs to the window that a command is about to close. */
        if (fds[0].revents)
            run->probe->receive(run->probe);
        if (fds[1].revents)
            tick(run);
        if (fds[2].revents)
            read_signal(run);
        if (fds[3].revents)
            read_lines(run);
    }
    return EXIT_SUCCESS;
}

/* The last answers are on their way. */
static void settle(struct run *run)
{
    int64_t until = probe_now() + run->probe->settle;
    for (int64_t left; (left = until - probe_now()) > 0;) {
        struct pollfd answers = {.fd = run->probe->fd, .events = POLLIN};
        if (poll(&answers, 1, (int)(left / NS_PER_MS) + 1) > 0)
            run->probe->receive(run->probe);
    }
}

static int prepare(struct run *run)
{
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR1);
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGINT);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    run->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    run->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (run->signals < 0 || run->timer < 0)
        return -1;
    struct timespec interval = {run->interval / (1000 * NS_PER_MS), run->interval % (1000 * NS_PER_MS)};
    struct itimerspec times = {.it_interval = interval, .it_value = {0, 1}};
    if (timerfd_settime(run->timer, 0, &times, NULL) < 0)
        return -1;
    /* A probe that waits for the CPU measures itself. An ordinary user may not have this: own_delay_ms tells what it cost. */
    struct sched_param priority = {.sched_priority = 1};
    (void)sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &priority);
    return 0;
}

static void usage(FILE *out)
{
    fputs("usage: vip-probe ping [--interval-ms 4] [--gap-ms 100] [--seconds N] ADDRESS\n"
          "       vip-probe who [--interval-ms 5] [--interface NAME] [--plain] [--seconds N] ADDRESS\n"
          "Lines on the standard input: lap (print and begin anew; also SIGUSR1), peek (print), stop.\n",
          out);
}

static bool positive(const char *text, double *value)
{
    char *end;
    *value = strtod(text, &end);
    return end != text && *end == '\0' && *value > 0 && *value < 1e9;
}

static bool parse(int argc, char **argv, struct probe_options *options, double *seconds)
{
    static const struct option names[] = {
        {"interval-ms", required_argument, NULL, 'i'}, {"gap-ms", required_argument, NULL, 'g'},
        {"interface", required_argument, NULL, 'n'},   {"plain", no_argument, NULL, 'p'},
        {"seconds", required_argument, NULL, 's'},     {NULL, 0, NULL, 0},
    };
    double value = 0;
    for (int letter; (letter = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        if (strchr("igs", letter) && !positive(optarg, &value)) {
            fprintf(stderr, "vip-probe: a number above 0 is wanted, not %s\n", optarg);
            return false;
        }
        if (letter == 'i')
            options->interval = (int64_t)(value * NS_PER_MS);
        else if (letter == 'g')
            options->gap = (int64_t)(value * NS_PER_MS);
        else if (letter == 's')
            *seconds = value;
        else if (letter == 'n')
            options->interface = optarg;
        else if (letter == 'p')
            options->plain = true;
        else
            return false;
    }
    options->address = argv[optind];
    return optind + 1 == argc;
}

int main(int argc, char **argv)
{
    bool ping = argc > 1 && strcmp(argv[1], "ping") == 0;
    bool who = argc > 1 && strcmp(argv[1], "who") == 0;
    struct probe_options options = {.interval = (ping ? 4 : 5) * NS_PER_MS, .gap = 100 * NS_PER_MS};
    double seconds = 0;
    if (!(ping || who) || !parse(argc - 1, argv + 1, &options, &seconds)) {
        usage(stderr);
        return EXIT_FAILURE;
    }
    struct run run = {.probe = ping ? ping_new() : who_new(), .interval = options.interval, .reads_lines = true};
    if (!run.probe || run.probe->open(run.probe, &options) < 0)
        return EXIT_FAILURE;
    if (prepare(&run) < 0) {
        perror("vip-probe: cannot prepare the timer");
        return EXIT_FAILURE;
    }
    run.window = probe_now();
    run.end = seconds > 0 ? run.window + (int64_t)(seconds * 1000 * NS_PER_MS) : 0;
    run.probe->reset(run.probe, run.window);
    printf("{\"event\":\"ready\",\"at_ms\":%.3f}\n", probe_ms(run.window));
    fflush(stdout);
    int status = loop(&run);
    int64_t stopped = probe_now(); /* what comes after it is no gap: nothing is asked any more */
    settle(&run);
    report(&run, "final", stopped, true);
    run.probe->close(run.probe);
    close(run.timer);
    close(run.signals);
    return status;
}
