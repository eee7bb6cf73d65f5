/* SPDX-License-Identifier: Apache-2.0 */
#include "pulse/thread.h"

#include "base/alloc.h"
#include "pulse/host_watch.h"
#include "pulse/lines.h"
#include "pulse/lock.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { STACK_SIZE = 1024 * 1024, STACK_USED = 128 * 1024, HOST_LOOK_MS = 1000 };

/* What the main thread has the other do. */
struct errand {
    void (*run)(struct hy_pulse_thread *thread, void *what);
    void *what;
};

struct hy_pulse_thread {
    const struct hy_log *log;
    struct hy_lines *lines; /* of the links */
    struct hy_loop *loop;   /* this and what follows are the thread's while it runs */
    struct hy_links *links;
    struct hy_pulse *pulse;
    struct hy_watched woken;
    struct hy_timer tick;
    struct hy_host_watch host;
    struct hy_timer host_look;

    void (*lease)(void *context, hy_time at, uint32_t since);
    void *context;

    pthread_t id;
    bool running;
    int to_main, to_thread; /* eventfds */

    pthread_mutex_t gate; /* the pulse's */
    pthread_mutex_t lock; /* for what follows */
    pthread_cond_t done;
    const struct errand *errand; /* NULL: none, or it is done */
    int ended;                   /* -errno: by itself */
};

/* Nobody need read it before it is written again. */
static void ring(int fd)
{
    uint64_t one = 1;
    ssize_t written = write(fd, &one, sizeof one);
    (void)written;
}

static void silence(int fd)
{
    uint64_t count;
    ssize_t got = read(fd, &count, sizeof count);
    (void)got;
}

static void wake_main(void *context)
{
    struct hy_pulse_thread *thread = context;
    ring(thread->to_main);
}

/* ---- the gate */

static void enter(void *context)
{
    hy_lock(&((struct hy_pulse_thread *)context)->gate);
}

static void leave(void *context)
{
    hy_unlock(&((struct hy_pulse_thread *)context)->gate);
}

static void tell_lease(void *context, hy_time at, uint32_t since)
{
    const struct hy_pulse_thread *thread = context;
    thread->lease(thread->context, at, since);
}

static void sooner(void *context)
{
    const struct hy_pulse_thread *thread = context;
    ring(thread->to_thread);
}

struct hy_pulse_gate hy_pulse_thread_gate(struct hy_pulse_thread *thread)
{
    return (struct hy_pulse_gate){
        .enter = enter, .leave = leave, .lease = tell_lease, .sooner = sooner, .context = thread};
}

/* ---- in the thread */

static void on_time(void *context);

static void arm(struct hy_pulse_thread *thread)
{
    hy_time at = hy_pulse_deadline(thread->pulse);
    if (!thread->tick.place || at != thread->tick.at)
        hy_loop_at(thread->loop, &thread->tick, at, on_time, thread);
}

static void look_at_host(struct hy_pulse_thread *thread);

static void step(struct hy_pulse_thread *thread, const struct hy_cluster_event *event)
{
    if (event->type != HY_CLUSTER_HELD_UP && hy_pulse_accuses(thread->pulse, hy_loop_now()))
        look_at_host(thread);
    struct hy_cluster_effects effects = {0};
    struct hy_err err = {{0}};
    if (hy_pulse_step(thread->pulse, event, hy_loop_now(), &effects, &err))
        hy_debug(hy_lines_log(thread->lines), "dropped: %s", err.text);
    /* Heartbeats may be lost; a link that takes none says so by itself. */
    for (size_t i = 0; i < effects.list.count; i++)
        (void)hy_links_send(thread->links, effects.list.items[i].to, effects.list.items[i].data,
                            effects.list.items[i].size);
    hy_cluster_effects_free(&effects);
    if (hy_pulse_wakes(thread->pulse))
        wake_main(thread);
    arm(thread);
}

/* What has held this host up since the last look, before this node accuses others; and now and then, so that what is found
 * then has happened lately. */
static void look_at_host(struct hy_pulse_thread *thread)
{
    struct hy_cluster_event event = {.type = HY_CLUSTER_HELD_UP};
    hy_host_watch_look(&thread->host, &event.at, &event.hint);
    step(thread, &event);
}

static void on_host_look(void *context)
{
    struct hy_pulse_thread *thread = context;
    look_at_host(thread);
    hy_loop_at(thread->loop, &thread->host_look, hy_loop_now() + HOST_LOOK_MS * HY_MS, on_host_look, thread);
}

static void on_time(void *context)
{
    const struct hy_cluster_event event = {.type = HY_CLUSTER_TICK};
    step(context, &event);
}

static void on_heartbeat(void *context, uint32_t from, size_t link, const void *data, size_t size)
{
    (void)link;
    const struct hy_cluster_event event = {.type = HY_CLUSTER_HEARTBEAT, .from = from, .data = data, .size = size};
    step(context, &event);
}

static void on_stranger(void *context, uint32_t from, const void *data, size_t size)
{
    on_heartbeat(context, from, 0, data, size);
}

static size_t links_up(const struct hy_pulse_thread *thread)
{
    size_t count = 0;
    for (size_t link = 1; link <= hy_links_count(thread->links); link++) {
        struct hy_link_stats stats;
        hy_links_stats(thread->links, link, &stats);
        count += stats.open && stats.up;
    }
    return count;
}

static void say_link(const struct hy_pulse_thread *thread, size_t link, bool up, const char *why, size_t left)
{
    const struct hy_log *log = hy_lines_log(thread->lines);
    const char *colon = *why ? ": " : "";
    if (up || !left)
        hy_notice(log, "link %zu is %s%s%s", link, up ? "up" : "down", colon, why);
    else
        hy_warning(log, "link %zu is down%s%s; of %zu links %zu still work%s here", link, colon, why,
                   hy_links_count(thread->links), left, left == 1 ? "s" : "");
}

/* What a transport says of one peer can be forged and proves nothing; that this host's own carrier is lost is certain. */
static void on_link(void *context, size_t link, uint32_t peer, bool up, const char *why)
{
    struct hy_pulse_thread *thread = context;
    const struct hy_log *log = hy_lines_log(thread->lines);
    if (peer != HALYARD_ALL) {
        hy_debug(log, "link %zu: node %u %s%s%s", link, peer, up ? "answers" : "does not answer", *why ? ": " : "",
                 why);
        return;
    }
    size_t left = links_up(thread);
    say_link(thread, link, up, why, left);
    if (up || left)
        return;
    hy_warning(log, "no link is left: this node's lease is given up at once");
    const struct hy_cluster_event event = {.type = HY_CLUSTER_LINKS_DOWN};
    step(thread, &event);
}

static void run_errand(struct hy_pulse_thread *thread)
{
    hy_lock(&thread->lock);
    const struct errand *errand = thread->errand;
    hy_unlock(&thread->lock);
    if (!errand)
        return;
    errand->run(thread, errand->what);
    hy_lock(&thread->lock);
    thread->errand = NULL;
    pthread_cond_signal(&thread->done);
    hy_unlock(&thread->lock);
}

static void on_woken(void *context)
{
    struct hy_pulse_thread *thread = context;
    silence(thread->to_thread);
    run_errand(thread);
    arm(thread);
}

/* Its pages are there before anything depends on it; they stay where the process has locked its memory. */
static __attribute__((noinline)) void touch_stack(void)
{
    volatile char used[STACK_USED];
    for (size_t i = 0; i < sizeof used; i += 1024)
        used[i] = 0;
}

static void *run(void *context)
{
    struct hy_pulse_thread *thread = context;
    struct hy_err err = {{0}};
    touch_stack();
    arm(thread);
    on_host_look(thread);
    int rc = hy_loop_run(thread->loop, &err);
    if (!rc)
        return NULL;
    hy_error(hy_lines_log(thread->lines), "the thread of heartbeats: %s", err.text);
    hy_lock(&thread->lock);
    thread->ended = rc;
    hy_unlock(&thread->lock);
    run_errand(thread); /* the last one: who comes now sees that it has ended */
    wake_main(thread);
    return NULL;
}

/* ---- in the main thread */

static void have_done(struct hy_pulse_thread *thread, void (*what)(struct hy_pulse_thread *thread, void *what),
                      void *with)
{
    const struct errand errand = {what, with};
    hy_lock(&thread->lock);
    bool runs = thread->running && !thread->ended;
    if (runs) {
        thread->errand = &errand;
        ring(thread->to_thread);
    }
    while (runs && thread->errand)
        pthread_cond_wait(&thread->done, &thread->lock);
    hy_unlock(&thread->lock);
    if (!runs)
        what(thread, with);
}

static int open_fds(struct hy_pulse_thread *thread, struct hy_err *err)
{
    thread->to_main = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    thread->to_thread = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (thread->to_main < 0 || thread->to_thread < 0)
        return hy_fail(err, errno, "eventfd: %s", strerror(errno));
    int rc = hy_loop_new(&thread->loop, err);
    if (rc)
        return rc;
    rc = hy_loop_watch(thread->loop, &thread->woken, thread->to_thread, on_woken, thread);
    return rc ? hy_fail(err, -rc, "eventfd: %s", strerror(-rc)) : 0;
}

int hy_pulse_thread_new(void (*lease)(void *context, hy_time at, uint32_t since), void *context,
                        const struct hy_log *log, struct hy_pulse_thread **thread, struct hy_err *err)
{
    struct hy_pulse_thread *made = hy_alloc(sizeof *made);
    made->log = log;
    made->lease = lease;
    made->context = context;
    made->to_main = made->to_thread = made->woken.fd = -1;
    hy_lock_init(&made->gate);
    hy_lock_init(&made->lock);
    pthread_cond_init(&made->done, NULL);
    hy_host_watch_open(&made->host, "/proc");
    made->lines = hy_lines_new(log, wake_main, made);
    *thread = made;
    int rc = open_fds(made, err);
    if (rc)
        hy_pulse_thread_free(thread);
    return rc;
}

int hy_pulse_thread_open(struct hy_pulse_thread *thread, struct hy_pulse *pulse, const struct hy_links_options *links,
                         struct hy_err *err)
{
    struct hy_links_options options = *links;
    thread->pulse = pulse;
    options.received = on_heartbeat;
    options.stranger = on_stranger;
    options.event = on_link;
    options.context = thread;
    options.log = hy_lines_log(thread->lines);
    return hy_links_open(&options, thread->loop, &thread->links, err);
}

static int create(struct hy_pulse_thread *thread, bool real_time)
{
    const struct sched_param priority = {.sched_priority = HY_PRIORITY_PULSE};
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    if (real_time) {
        pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
        pthread_attr_setschedpolicy(&attributes, SCHED_RR);
        pthread_attr_setschedparam(&attributes, &priority);
    }
    int rc = pthread_create(&thread->id, &attributes, run, thread);
    pthread_attr_destroy(&attributes);
    return rc;
}

int hy_pulse_thread_start(struct hy_pulse_thread *thread, struct hy_err *err)
{
    hy_pulse_alive(thread->pulse, hy_loop_now());
    int rc = create(thread, true);
    if (rc == EPERM) {
        hy_warning(
            thread->log,
            "the thread of heartbeats has no priority above the core's others (%s): a busy host may make it late",
            strerror(rc));
        rc = create(thread, false);
    }
    if (rc)
        return hy_fail(err, rc, "the thread of heartbeats cannot be started: %s", strerror(rc));
    thread->running = true;
    pthread_setname_np(thread->id, "halyard-pulse");
    return 0;
}

static void end(struct hy_pulse_thread *thread, void *what)
{
    (void)what;
    hy_loop_stop(thread->loop);
}

void hy_pulse_thread_stop(struct hy_pulse_thread *thread)
{
    if (!thread || !thread->running)
        return;
    have_done(thread, end, NULL);
    pthread_join(thread->id, NULL);
    thread->running = false;
}

void hy_pulse_thread_close(struct hy_pulse_thread *thread)
{
    if (!thread)
        return;
    hy_pulse_thread_stop(thread);
    hy_links_close(&thread->links);
    hy_lines_flush(thread->lines);
}

void hy_pulse_thread_free(struct hy_pulse_thread **thread)
{
    struct hy_pulse_thread *t = *thread;
    if (!t)
        return;
    hy_pulse_thread_close(t);
    hy_loop_free(&t->loop);
    hy_lines_free(&t->lines);
    hy_host_watch_close(&t->host);
    if (t->to_main >= 0)
        close(t->to_main);
    if (t->to_thread >= 0)
        close(t->to_thread);
    pthread_cond_destroy(&t->done);
    pthread_mutex_destroy(&t->lock);
    pthread_mutex_destroy(&t->gate);
    free(t);
    *thread = NULL;
}

int hy_pulse_thread_fd(const struct hy_pulse_thread *thread)
{
    return thread->to_main;
}

int hy_pulse_thread_attend(struct hy_pulse_thread *thread)
{
    silence(thread->to_main);
    hy_lines_flush(thread->lines);
    hy_lock(&thread->lock);
    int ended = thread->ended;
    hy_unlock(&thread->lock);
    return ended;
}

/* ---- errands */

struct peer_errand {
    uint32_t id;
    const char *name;
    const char *const *addresses;
    struct hy_err *err;
    int rc;
};

static void add_peer(struct hy_pulse_thread *thread, void *what)
{
    struct peer_errand *peer = what;
    peer->rc = hy_links_peer_add(thread->links, peer->id, peer->name, peer->addresses, peer->err);
}

int hy_pulse_thread_peer_add(struct hy_pulse_thread *thread, uint32_t id, const char *name,
                             const char *const addresses[], struct hy_err *err)
{
    struct peer_errand peer = {.id = id, .name = name, .addresses = addresses, .err = err};
    have_done(thread, add_peer, &peer);
    return peer.rc;
}

static void remove_peer(struct hy_pulse_thread *thread, void *what)
{
    struct peer_errand *peer = what;
    peer->rc = hy_links_peer_remove(thread->links, peer->id);
}

int hy_pulse_thread_peer_remove(struct hy_pulse_thread *thread, uint32_t id)
{
    struct peer_errand peer = {.id = id};
    have_done(thread, remove_peer, &peer);
    return peer.rc;
}

static void copy_links(struct hy_pulse_thread *thread, void *what)
{
    hy_links_copy_take(thread->links, what);
}

void hy_pulse_thread_links(struct hy_pulse_thread *thread, struct hy_links_copy *copy)
{
    have_done(thread, copy_links, copy);
}
