/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The watch asks for a check, and the monitor decides. So what it finds may be wrong at the price of a check too many, or of
 * a failure that is seen by the next monitor as if there were no watch; it never makes a failure of what is none.
 */
#include "watch.h"

#include "script.h"
#include "tracked.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#define NEVER INT64_MAX

enum {
    LATE_MS = 1000,     /* for a pid file that comes after start has returned */
    REAPED_MS = 50,     /* for the parent of what has ended, before the check */
    LINGERS_MS = 10000, /* and after it */
    LINGER_STEP_MS = 100,
    SCRIPT_MS = 10000,        /* for somebody's restart by the script */
    BETWEEN_SCRIPTS_MS = 500, /* a restart may be a stop and then a start */
    STEP_MS = 50,
    FIRST_ASK_MS = 1000, /* what is known from status only is asked for again ... */
    ASKS_MOST = 8        /* ... so often, after pauses that double */
};

struct watch {
    struct lsb_script script;
    struct lsb_tracker tracker;
    const struct halyard_host *host;
    const struct halyard_op *op;
    int64_t ask_at; /* status, for the process that follows one that it had named */
    int asks;
    struct lsb_tracked lingers; /* has ended, but its parent has not taken note; fd -1: none */
    int64_t lingers_until;
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int until(int64_t when)
{
    int64_t left = when == NEVER ? -1 : when - now_ms();
    return when == NEVER ? -1 : left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

/* Waits for a change at the pid files, at most so long; true: there was one, and it has been looked at. */
static bool wait_for_files(struct watch *watch, int64_t most_ms)
{
    struct pollfd ready = {.fd = watch->tracker.notify, .events = POLLIN};
    if (poll(&ready, 1, (int)most_ms) <= 0 || !lsb_tracker_heard(&watch->tracker))
        return false;
    lsb_tracker_look(&watch->tracker);
    return true;
}

/* ---- finding the processes */

/* True: status says that the service runs. */
static bool ask_status(struct watch *watch)
{
    char text[8192];
    int rc = lsb_script_capture(&watch->script, "status", text, sizeof text);
    if (rc == 0)
        lsb_tracker_take_text(&watch->tracker, text);
    return rc == 0;
}

static void say_none(const struct watch *watch)
{
    char files[1024] = "";
    size_t used = 0;
    for (int i = 0; i < watch->tracker.files.count && used < sizeof files; i++)
        used +=
            (size_t)snprintf(files + used, sizeof files - used, "%s%s", i ? ", " : "", watch->tracker.files.paths[i]);
    watch->host->log(watch->op, LOG_NOTICE,
                     "no process of %s is known: none is named by %s, or by what its status prints. Its end is seen by "
                     "its monitor only, until one of these files names it",
                     watch->script.path, files);
}

static void find_first(struct watch *watch)
{
    struct lsb_tracker *tracker = &watch->tracker;
    bool dead = lsb_tracker_look(tracker);
    for (int64_t end = now_ms() + LATE_MS; !tracker->count && !dead && now_ms() < end;)
        wait_for_files(watch, until(end));
    if (tracker->count)
        return;
    if (!ask_status(watch))
        watch->host->changed(watch->op, "its process had ended before it could be watched");
    else if (!tracker->count)
        say_none(watch);
}

/* ---- the end of one */

/* Waits, at most so long, until its parent has taken note: many a script asks kill -0, which says yes until then. */
static bool wait_until_gone(const struct lsb_process *process)
{
    for (int i = 0; i < REAPED_MS && !lsb_process_is_gone(process); i++)
        poll(NULL, 0, 1);
    return lsb_process_is_gone(process);
}

static bool has_successor(struct watch *watch, const struct lsb_tracked *ended)
{
    lsb_tracker_look(&watch->tracker);
    if (ended->file == LSB_BY_STATUS && !lsb_tracker_successor(&watch->tracker, ended))
        ask_status(watch);
    return lsb_tracker_successor(&watch->tracker, ended) != NULL;
}

/* Somebody calls the script, and this one was ended by it: a restart is over when the script is, not before. */
static bool wait_for_script(struct watch *watch, const struct lsb_tracked *ended)
{
    struct lsb_process call;
    const char *name = watch->host->type(watch->op);
    int64_t end = now_ms() + SCRIPT_MS, quiet = NEVER;
    for (bool first = true; now_ms() < end && (first || now_ms() < quiet); first = false) {
        if (lsb_process_find_script(name, ended->process.started, &call) == 0) {
            watch->host->log(watch->op, LOG_INFO, "process %d (%s) has ended while process %d runs %s: waiting for it",
                             (int)ended->process.pid, ended->process.name, (int)call.pid, watch->script.path);
            struct pollfd over = {.fd = call.fd, .events = POLLIN};
            poll(&over, 1, until(end));
            lsb_process_close(&call);
            quiet = now_ms() + BETWEEN_SCRIPTS_MS;
            if (has_successor(watch, ended))
                return true;
        } else if (quiet == NEVER) {
            return false;
        }
        wait_for_files(watch, STEP_MS);
        if (lsb_tracker_successor(&watch->tracker, ended))
            return true;
    }
    return false;
}

static void cry(const struct watch *watch, const struct lsb_tracked *ended)
{
    char how[64], text[LSB_PIDFILE_PATH + 256];
    const struct lsb_tracked *next = lsb_tracker_successor(&watch->tracker, ended);
    const char *known = lsb_process_how(&ended->process, how, sizeof how);
    int size = snprintf(text, sizeof text, "process %d (%s), named by %s, has ended%s%s", (int)ended->process.pid,
                        ended->process.name, lsb_tracker_source(&watch->tracker, ended), known ? ", " : "",
                        known ? known : "");
    if (next && size > 0 && (size_t)size < sizeof text)
        snprintf(text + size, sizeof text - (size_t)size, "; process %d (%s) is in its place", (int)next->process.pid,
                 next->process.name);
    watch->host->changed(watch->op, text);
}

static void forget_lingering(struct watch *watch)
{
    lsb_process_close(&watch->lingers.process);
    watch->lingers_until = 0;
}

static void handle_end(struct watch *watch, struct lsb_tracked *ended)
{
    bool followed = ended->file != LSB_BY_STATUS && has_successor(watch, ended);
    if (!followed)
        followed = wait_for_script(watch, ended);
    bool gone = followed || wait_until_gone(&ended->process);
    cry(watch, ended);
    forget_lingering(watch);
    if (gone) {
        lsb_process_close(&ended->process);
    } else {
        watch->lingers = *ended;
        watch->lingers_until = now_ms() + LINGERS_MS;
    }
    if (ended->file == LSB_BY_STATUS && !followed && watch->ask_at == NEVER) {
        watch->asks = 0;
        watch->ask_at = now_ms() + FIRST_ASK_MS;
    }
}

/* The check of before may have been told that it is alive. */
static void look_at_lingering(struct watch *watch)
{
    if (watch->lingers.process.fd < 0)
        return;
    if (lsb_process_is_gone(&watch->lingers.process))
        cry(watch, &watch->lingers);
    else if (now_ms() < watch->lingers_until)
        return;
    forget_lingering(watch);
}

static void ask_again(struct watch *watch)
{
    if (now_ms() < watch->ask_at)
        return;
    if (!watch->tracker.count)
        ask_status(watch);
    watch->ask_at = NEVER;
    if (!watch->tracker.count && ++watch->asks < ASKS_MOST)
        watch->ask_at = now_ms() + ((int64_t)FIRST_ASK_MS << watch->asks);
}

/* ---- its life */

static int wait_for_events(struct watch *watch)
{
    struct pollfd ready[LSB_TRACKED_MOST + 1];
    struct lsb_tracker *tracker = &watch->tracker;
    for (int i = 0; i < tracker->count; i++)
        ready[i] = (struct pollfd){.fd = tracker->all[i].process.fd, .events = POLLIN};
    ready[tracker->count] = (struct pollfd){.fd = tracker->notify, .events = POLLIN};
    int timeout = until(watch->ask_at);
    if (watch->lingers.process.fd >= 0 && (timeout < 0 || timeout > LINGER_STEP_MS))
        timeout = LINGER_STEP_MS;
    int rc = poll(ready, (nfds_t)tracker->count + 1, timeout);
    return rc < 0 && errno != EINTR ? -errno : 0;
}

static int run(struct watch *watch)
{
    struct lsb_tracked ended;
    find_first(watch);
    for (;;) {
        int rc = wait_for_events(watch);
        if (rc)
            return rc;
        if (lsb_tracker_take_ended(&watch->tracker, &ended))
            handle_end(watch, &ended);
        if (lsb_tracker_heard(&watch->tracker))
            lsb_tracker_look(&watch->tracker);
        look_at_lingering(watch);
        ask_again(watch);
    }
}

enum halyard_rc lsb_watch(const struct halyard_host *host, const struct halyard_op *op)
{
    struct watch watch = {.host = host, .op = op, .ask_at = NEVER, .lingers = {.process = {.fd = -1}}};
    enum halyard_rc answer = lsb_script_find(host, op, &watch.script);
    if (answer != HALYARD_OK)
        return answer;
    watch.tracker.host = host;
    watch.tracker.op = op;
    lsb_pidfiles_find(watch.script.path, host->type(op), host->get(op, "pidfile"), &watch.tracker.files);
    lsb_tracker_open(&watch.tracker);
    int rc = run(&watch);
    lsb_tracker_close(&watch.tracker);
    host->reason(op, "%s cannot be watched: %s", watch.script.path, strerror(-rc));
    return HALYARD_ERR_GENERIC;
}
