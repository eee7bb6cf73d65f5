/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holds the program's process and its supervisord by pidfd_open(2), and asks for a monitor when one of them ends, or is
 * there again. supervisord itself is asked only when something has ended, until there is something to hold again.
 */
#include "actions.h"
#include "clock.h"
#include "unit.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

enum {
    SOON_MS = 100,   /* until it runs again ... */
    LATER_MS = 1000, /* ... and when that takes longer; also for what cannot be held */
    SOON_TURNS = 100,
    QUESTION_MS = 5000
};

struct held {
    int fd; /* -1: none */
    struct sv_process process;
};

struct watch {
    struct sv_unit unit;
    struct held program, supervisord;
    bool is_away;   /* supervisord did not answer when it was asked last */
    bool is_unseen; /* it runs, and its processes cannot be seen from here */
    pid_t ended;    /* what has ended and has no successor yet; 0: nothing */
    int turns;
    struct sv_info last;
};

static void cry(const struct watch *watch, const char *why)
{
    watch->unit.host->changed(watch->unit.op, why);
}

static void let_go(struct held *held)
{
    if (held->fd >= 0)
        close(held->fd);
    held->fd = -1;
}

static bool hold(struct held *held, const struct sv_process *process)
{
    if (held->fd >= 0 && held->process.pid == process->pid && held->process.started == process->started)
        return true;
    int fd = sv_process_open(process);
    if (fd < 0)
        return false;
    let_go(held);
    held->fd = fd;
    held->process = *process;
    return true;
}

static void hold_supervisord(struct watch *watch, pid_t pid)
{
    struct sv_process process;
    if (sv_process_read(pid, &process))
        (void)hold(&watch->supervisord, &process);
}

/* ---- looking */

static void say_followed(struct watch *watch, const struct sv_process *process)
{
    char text[200];
    const struct sv_unit *unit = &watch->unit;
    unit->host->log(unit->op, LOG_INFO, "process %d (%s) of supervisord %d is watched", (int)process->pid,
                    process->name, (int)process->parent);
    if (watch->ended) {
        snprintf(text, sizeof text, "process %d (%s) has taken the place of process %d", (int)process->pid,
                 process->name, (int)watch->ended);
        cry(watch, text);
    }
    watch->ended = 0;
    watch->turns = 0;
}

/* A supervisord in a container: its numbers are not ours. */
static void look_from_afar(struct watch *watch, const struct sv_info *info)
{
    const struct sv_unit *unit = &watch->unit;
    if (!watch->is_unseen) {
        unit->host->log(
            unit->op, LOG_NOTICE,
            "process %d of supervisord at %s cannot be seen from here: supervisord is asked for it each second",
            (int)info->pid, unit->server.url);
    } else if (info->pid != watch->last.pid || info->state != watch->last.state) {
        cry(watch, "supervisord says that it has changed");
    }
    watch->is_unseen = true;
}

static void look_at(struct watch *watch, const struct sv_info *info)
{
    struct sv_process process;
    sv_unit_look(info, &process);
    if (process.pid && !process.is_dead) {
        watch->is_unseen = false;
        bool is_new = watch->program.fd < 0 || watch->program.process.pid != process.pid;
        if (hold(&watch->program, &process) && is_new)
            say_followed(watch, &process);
        hold_supervisord(watch, process.parent);
    } else if (info->pid && !process.pid && watch->program.fd < 0) {
        look_from_afar(watch, info);
    } else if (watch->is_unseen && !info->pid) {
        look_from_afar(watch, info);
    }
    watch->last = *info;
}

static void look(struct watch *watch)
{
    struct sv_info info;
    struct sv_failure failure;
    struct sv_unit *unit = &watch->unit;
    bool was_away = watch->is_away;
    enum sv_end end = sv_get_info(&unit->server, unit->name, sv_now() + QUESTION_MS, &info, &failure);
    watch->is_away = end != SV_OK;
    if (end == SV_OK) {
        look_at(watch, &info);
        if (was_away)
            cry(watch, "supervisord answers again");
    } else if (!was_away) {
        cry(watch, failure.text);
    }
}

/* It is there already, or was when the start ended. */
static void look_first(struct watch *watch)
{
    struct sv_process process;
    const struct sv_record *record = &watch->unit.record;
    look(watch);
    if (watch->program.fd >= 0 && (!record->pid || watch->program.process.pid == record->pid))
        return;
    if (watch->program.fd < 0 && sv_unit_recorded_runs(&watch->unit, &process) && hold(&watch->program, &process))
        return;
    if (watch->program.fd >= 0 || !watch->is_unseen)
        cry(watch, "its process had ended before it could be watched");
}

/* ---- waiting */

static void program_ended(struct watch *watch)
{
    char how[64], text[240];
    const struct sv_process *process = &watch->program.process;
    const char *known = sv_process_how(watch->program.fd, how, sizeof how);
    snprintf(text, sizeof text, "process %d (%s) has ended%s%s", (int)process->pid, process->name, known ? ", " : "",
             known ? known : "");
    cry(watch, text);
    watch->ended = process->pid;
    watch->turns = 0;
    let_go(&watch->program);
}

static void supervisord_ended(struct watch *watch)
{
    char text[240];
    snprintf(text, sizeof text, "supervisord (process %d) has ended%s", (int)watch->supervisord.process.pid,
             watch->program.fd >= 0 ? ", and the program runs on without it" : "");
    cry(watch, text);
    watch->is_away = true;
    let_go(&watch->supervisord);
}

static int pause_of(const struct watch *watch)
{
    if (watch->program.fd >= 0 && watch->supervisord.fd >= 0 && !watch->is_away)
        return -1;
    return watch->ended && watch->turns < SOON_TURNS ? SOON_MS : LATER_MS;
}

static int wait_for_events(struct watch *watch)
{
    struct pollfd ready[2] = {{.fd = watch->program.fd, .events = POLLIN},
                              {.fd = watch->supervisord.fd, .events = POLLIN}};
    int count = poll(ready, 2, pause_of(watch));
    if (count < 0 && errno != EINTR)
        return -errno;
    if (count > 0 && ready[1].revents)
        supervisord_ended(watch);
    if (count > 0 && ready[0].revents)
        program_ended(watch);
    if (count == 0) {
        watch->turns++;
        look(watch);
    }
    return 0;
}

enum halyard_rc sv_do_watch(const struct halyard_host *host, const struct halyard_op *op)
{
    struct watch watch = {.program = {.fd = -1}, .supervisord = {.fd = -1}};
    enum halyard_rc answer = sv_unit_open(host, op, &watch.unit);
    if (answer != HALYARD_OK)
        return answer;
    look_first(&watch);
    int rc = 0;
    while (!rc)
        rc = wait_for_events(&watch);
    host->reason(op, "%s cannot be watched: %s", watch.unit.name, strerror(-rc));
    return HALYARD_ERR_GENERIC;
}
