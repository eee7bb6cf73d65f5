/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measures commits, from a host of the cluster. Each client has a connection, a session and one edit on its way.
 *
 *   edits edit SOCKET CLIENTS SECONDS BYTES   edits of BYTES; prints counts and latencies as JSON
 *   edits until SOCKET SECONDS                one edit after the other, each until it is acknowledged, whatever becomes of the
 *                                             core; prints the time of each acknowledgement (CLOCK_BOOTTIME, ms)
 *   edits disk FILE COUNT BYTES               appends to a file, each with fdatasync: what the disk itself takes
 */
#include "hactl/dealer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CLIENTS = 1024, MAX_SAMPLES = 2000000, RETRY_MS = 5, PATIENCE_MS = 10000 };

struct client {
    struct dealer dealer;
    unsigned number;
    uint64_t session;
    uint64_t request;
    uint64_t value;
    double began; /* of the edit under way */
};

struct run {
    const char *socket;
    struct client *clients;
    size_t count;
    size_t bytes;
    int epoll;
    double *samples; /* ms */
    size_t sample_count;
    size_t refused;
    bool told; /* one refusal is enough to see */
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_BOOTTIME, &time);
    return (double)time.tv_sec * 1000 + (double)time.tv_nsec / 1e6;
}

static void die(const char *what, int rc)
{
    fprintf(stderr, "edits: %s: %s\n", what, strerror(rc < 0 ? -rc : rc));
    exit(1);
}

static uint64_t random_session(void)
{
    uint64_t session = 0;
    while (!session)
        if (getrandom(&session, sizeof session, 0) != sizeof session)
            die("random number", errno);
    return session;
}

/* An edit that starts nothing: an attribute of a set of properties, another value each time. */
static int send_edit(struct client *client, size_t bytes, bool repeat)
{
    char *statements = malloc(bytes + 256);
    if (!statements)
        return -ENOMEM;
    int size = snprintf(statements, bytes + 256, "put * property bench-%u: value=%" PRIu64 " padding=", client->number,
                        client->value);
    while ((size_t)size + 1 < bytes)
        statements[size++] = 'x';
    statements[size++] = '\n';
    zmsg_t *message = zmsg_new();
    zmsg_addstr(message, "halyard-ipc 1");
    zmsg_addstr(message, "command");
    zmsg_addmem(message, statements, (size_t)size);
    zmsg_addstr(message, "root@bench");
    zmsg_addstr(message, "bench");
    zmsg_addstrf(message, "%016" PRIx64, client->session);
    zmsg_addstrf(message, "%" PRIu64, client->request);
    zmsg_addstr(message, repeat ? "1" : "0");
    free(statements);
    return dealer_send(&client->dealer, &message);
}

static void next_edit(struct run *run, struct client *client)
{
    client->request++;
    client->value++;
    client->began = now();
    int rc = send_edit(client, run->bytes, false);
    if (rc)
        die("edit", rc);
}

static void open_client(struct run *run, struct client *client, unsigned number)
{
    *client = (struct client){.number = number, .session = random_session()};
    int rc = dealer_open(&client->dealer, run->socket, PATIENCE_MS);
    if (rc)
        die(run->socket, rc);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
    if (epoll_ctl(run->epoll, EPOLL_CTL_ADD, zsock_fd(client->dealer.socket), &event))
        die("epoll", errno);
}

/* 0 and the answer's code, or -EPROTO. The answer is taken. */
static int read_answer(zmsg_t *answer, int *code, char *text, size_t room)
{
    char *hello = zmsg_popstr(answer), *number = zmsg_popstr(answer), *words = zmsg_popstr(answer);
    int rc = hello && number && words ? 0 : -EPROTO;
    if (!rc) {
        *code = atoi(number);
        snprintf(text, room, "%s", words);
    }
    zstr_free(&hello);
    zstr_free(&number);
    zstr_free(&words);
    zmsg_destroy(&answer);
    return rc;
}

static void take_one(struct run *run, struct client *client, zmsg_t *answer, double end)
{
    char text[512];
    int code;
    int rc = read_answer(answer, &code, text, sizeof text);
    if (rc)
        die("answer", rc);
    if (code) {
        run->refused++;
        if (!run->told)
            fprintf(stderr, "edits: refused: %s\n", text);
        run->told = true;
    } else if (run->sample_count < MAX_SAMPLES) {
        run->samples[run->sample_count++] = now() - client->began;
    }
    if (now() < end)
        next_edit(run, client);
    else
        client->began = 0;
}

/* The descriptor of a ZeroMQ socket is quiet again only when nothing is left. */
static void take(struct run *run, struct client *client, double end)
{
    zmsg_t *answer;
    while ((answer = dealer_receive(&client->dealer)))
        take_one(run, client, answer, end);
}

static size_t under_way(const struct run *run)
{
    size_t count = 0;
    for (size_t i = 0; i < run->count; i++)
        count += run->clients[i].began > 0;
    return count;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(const double *samples, size_t count, double part)
{
    return count ? samples[(size_t)((double)(count - 1) * part)] : 0;
}

static void print_samples(double *samples, size_t count)
{
    qsort(samples, count, sizeof *samples, ascending);
    printf("\"count\": %zu, \"p50_ms\": %.4f, \"p90_ms\": %.4f, \"p99_ms\": %.4f, \"max_ms\": %.4f", count,
           quantile(samples, count, 0.5), quantile(samples, count, 0.9), quantile(samples, count, 0.99),
           quantile(samples, count, 1));
}

static int edit(const char *socket, size_t clients, double seconds, size_t bytes)
{
    struct run run = {.socket = socket, .count = clients, .bytes = bytes, .epoll = epoll_create1(EPOLL_CLOEXEC)};
    run.clients = calloc(clients, sizeof *run.clients);
    zsys_set_max_sockets(4 * MAX_CLIENTS); /* a client has three */
    run.samples = malloc(MAX_SAMPLES * sizeof *run.samples);
    if (!run.clients || !run.samples || run.epoll < 0)
        die("memory", ENOMEM);
    for (size_t i = 0; i < clients; i++)
        open_client(&run, &run.clients[i], (unsigned)i);
    double began = now(), end = began + seconds * 1000, last = began;
    for (size_t i = 0; i < clients; i++)
        next_edit(&run, &run.clients[i]);
    while (under_way(&run)) {
        struct epoll_event events[64];
        int count = epoll_wait(run.epoll, events, 64, PATIENCE_MS);
        if (count == 0)
            die("no answer", ETIMEDOUT);
        for (int i = 0; i < count; i++)
            take(&run, events[i].data.ptr, end);
        last = now();
    }
    printf("{\"clients\": %zu, \"seconds\": %.3f, \"refused\": %zu, ", clients, (last - began) / 1000, run.refused);
    print_samples(run.samples, run.sample_count);
    printf(", \"per_second\": %.1f}\n", (double)run.sample_count / (last - began) * 1000);
    for (size_t i = 0; i < clients; i++)
        dealer_close(&run.clients[i].dealer);
    close(run.epoll);
    free(run.clients);
    free(run.samples);
    return run.refused ? 1 : 0;
}

/* False: the core has gone, or says that it cannot. */
static bool acknowledged(struct client *client)
{
    char text[512];
    int code = 0;
    zmsg_t *answer;
    return !dealer_await(&client->dealer, &answer, PATIENCE_MS) && !read_answer(answer, &code, text, sizeof text) &&
           !code;
}

static int until(const char *socket, double seconds)
{
    struct client client = {.session = random_session()};
    double end = now() + seconds * 1000;
    while (now() < end) {
        client.request++;
        client.value++;
        for (bool repeat = false; now() < end + PATIENCE_MS; repeat = true) {
            if (!client.dealer.socket && dealer_open(&client.dealer, socket, 1000)) {
                const struct timespec pause = {0, RETRY_MS * 1000000};
                nanosleep(&pause, NULL);
                continue;
            }
            if (!send_edit(&client, 256, repeat) && acknowledged(&client))
                break;
            dealer_close(&client.dealer);
        }
        printf("%.3f\n", now());
    }
    dealer_close(&client.dealer);
    return 0;
}

static int disk(const char *path, size_t count, size_t bytes)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    char *block = calloc(1, bytes);
    double *samples = calloc(count, sizeof *samples);
    if (fd < 0 || !block || !samples)
        die(path, errno);
    /* As the core's threads are: else it would measure who else wants the processor. */
    bool real_time = !sched_setscheduler(0, SCHED_RR, &(struct sched_param){.sched_priority = 1});
    for (size_t i = 0; i < count; i++) {
        double began = now();
        if (write(fd, block, bytes) != (ssize_t)bytes || fdatasync(fd))
            die(path, errno);
        samples[i] = now() - began;
    }
    printf("{\"real_time\": %s, ", real_time ? "true" : "false");
    print_samples(samples, count);
    printf("}\n");
    close(fd);
    unlink(path);
    free(samples);
    free(block);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 6 && strcmp(argv[1], "edit") == 0) {
        int clients = atoi(argv[3]), bytes = atoi(argv[5]);
        if (clients > 0 && clients <= MAX_CLIENTS && bytes > 0)
            return edit(argv[2], (size_t)clients, atof(argv[4]), (size_t)bytes);
    }
    if (argc == 4 && strcmp(argv[1], "until") == 0)
        return until(argv[2], atof(argv[3]));
    if (argc == 5 && strcmp(argv[1], "disk") == 0 && atoi(argv[3]) > 0 && atoi(argv[4]) > 0)
        return disk(argv[2], (size_t)atoi(argv[3]), (size_t)atoi(argv[4]));
    fprintf(stderr, "usage: edits edit SOCKET CLIENTS SECONDS BYTES | until SOCKET SECONDS | disk FILE COUNT BYTES\n");
    return 2;
}
