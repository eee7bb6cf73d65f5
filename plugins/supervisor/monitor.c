/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What supervisord says, what the kernel says, and what a client would find.
 *
 * supervisord does its own work between two requests: it takes note of what has ended, and starts again what is to be
 * started again. So what it said once it may say no more after its next turn, and one more question makes it take that turn.
 */
#include "actions.h"
#include "serving.h"
#include "clock.h"
#include "unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { STEP_MS = 20, DOWN_STEP_MS = 50, TURNS = 2 };

struct look {
    struct sv_unit unit;
    bool is_probe; /* nothing has been started by us, as far as is known */
    struct sv_info info;
    struct sv_failure failure;
    int settled; /* so often in a row it was said to be so */
    int state;
};

enum verdict { ANSWERED, LOOK_AGAIN };

#define SAY(look, ...) (look)->unit.host->reason((look)->unit.op, __VA_ARGS__)

static enum verdict answer(enum halyard_rc *to, enum halyard_rc rc)
{
    *to = rc;
    return ANSWERED;
}

/* ---- supervisord is not there */

/* It runs, and there is nobody to start it again or to take what it prints. So a service goes on, and somebody is told. */
static enum halyard_rc judge_orphan(const struct look *look, const struct sv_process *process)
{
    const struct sv_unit *unit = &look->unit;
    char why[400];
    if (!sv_check(unit->host, unit->op, unit->end, why, sizeof why)) {
        SAY(look, "%s; and %s", look->failure.text, why);
        return HALYARD_ERR_GENERIC;
    }
    SAY(look, "process %d (%s) runs on without supervisord: %s", (int)process->pid, process->name, look->failure.text);
    return look->is_probe ? HALYARD_OK : HALYARD_DEGRADED; /* a probe has no such answer */
}

/* A probe asks once, and may look at all processes. */
static bool find_orphan(const struct look *look, struct sv_process *process)
{
    struct sv_found found;
    if (sv_unit_recorded_runs(&look->unit, process))
        return true;
    if (!look->is_probe ||
        !sv_process_find_marked(look->unit.group, look->unit.process, look->unit.server.url, &found) || !found.count)
        return false;
    *process = found.all[0];
    return true;
}

static enum halyard_rc judge_unreachable(const struct look *look)
{
    const struct sv_unit *unit = &look->unit;
    struct sv_process process;
    if (look->failure.end == SV_FAULT)
        return sv_unit_say(unit, &look->failure);
    if (find_orphan(look, &process))
        return judge_orphan(look, &process);
    if (look->is_probe && look->failure.end == SV_DOWN && sv_unit_is_here(unit)) {
        SAY(look, "%s", look->failure.text);
        return HALYARD_NOT_RUNNING;
    }
    if (unit->record.pid && sv_unit_is_here(unit))
        SAY(look, "process %d has ended, and %s", (int)unit->record.pid, look->failure.text);
    else
        SAY(look, "%s", look->failure.text);
    return HALYARD_ERR_GENERIC;
}

/* A supervisord that restarts is back in a moment. When the program has ended meanwhile there is nothing to wait for. */
static bool is_worth_waiting(const struct look *look)
{
    struct sv_process process;
    const struct sv_unit *unit = &look->unit;
    if (!sv_failure_may_pass(&look->failure) || sv_now() >= unit->begun + unit->patience || sv_now() >= unit->end)
        return false;
    if (look->is_probe)
        return look->failure.end != SV_DOWN;
    return !unit->record.pid || !sv_unit_is_here(unit) || unit->restarts || sv_unit_recorded_runs(unit, &process);
}

/* ---- it runs */

static enum halyard_rc judge_restart(struct look *look, const struct sv_process *process)
{
    struct sv_unit *unit = &look->unit;
    pid_t before = unit->record.pid;
    int64_t age = look->info.now - look->info.started;
    int count = sv_record_add_restart(&unit->record, unit->restart_window);
    sv_unit_remember(unit, &look->info, process);
    if (count <= unit->restarts)
        return HALYARD_OK;
    if (unit->restarts)
        SAY(look, "it flaps: supervisord has started it again %d times within %" PRId64 " s, and restarts=%" PRId64,
            count, unit->restart_window / 1000, unit->restarts);
    else
        SAY(look,
            "it was restarted without the cluster, by supervisord or supervisorctl: process %d in place of %d, %" PRId64
            " s ago",
            (int)look->info.pid, (int)before, age > 0 ? age : 0);
    return HALYARD_ERR_GENERIC;
}

static enum verdict judge_running(struct look *look, enum halyard_rc *to)
{
    struct sv_unit *unit = &look->unit;
    struct sv_process process;
    char why[400];
    sv_unit_look(&look->info, &process);
    /* It has just ended, and supervisord takes note at its next turn; or it is in a container of its own. */
    bool is_foreign = !process.pid && !unit->record.ticks && look->settled >= TURNS;
    if (process.is_dead || (!process.pid && !is_foreign))
        return LOOK_AGAIN;
    bool known = unit->record.pid == look->info.pid && unit->record.ticks == process.started;
    if (!unit->record.pid)
        sv_unit_remember(unit, &look->info, &process);
    else if (!known) {
        enum halyard_rc rc = judge_restart(look, &process);
        if (rc != HALYARD_OK)
            return answer(to, rc);
    }
    if (!sv_check(unit->host, unit->op, unit->end, why, sizeof why)) {
        SAY(look, "supervisord says RUNNING (process %d), but %s", (int)look->info.pid, why);
        return answer(to, HALYARD_ERR_GENERIC);
    }
    return answer(to, HALYARD_OK);
}

/* ---- it does not */

static const char *how_it_ended(const struct sv_info *info, char *text, size_t room)
{
    if (info->exit_status < 0)
        return "it was killed by a signal";
    snprintf(text, room, "it ended by itself with exit status %d", info->exit_status);
    return text;
}

static enum halyard_rc judge_stopped(const struct look *look)
{
    const struct sv_unit *unit = &look->unit;
    const struct sv_info *info = &look->info;
    char words[320], how[80];
    struct sv_process process;
    if (sv_unit_recorded_runs(unit, &process)) {
        SAY(look, "supervisord says %s, but process %d (%s), which a supervisord before it has started, still runs",
            info->state_name, (int)process.pid, process.name);
        return HALYARD_ERR_GENERIC;
    }
    bool said_why = info->state == SV_FATAL || (info->state == SV_EXITED && info->exit_status > 0);
    const char *last = said_why && !look->is_probe ? sv_unit_last_words(unit, words, sizeof words) : "";
    if (info->state == SV_STOPPED)
        SAY(look, "supervisord says STOPPED");
    else if (info->state == SV_EXITED)
        SAY(look, "supervisord says EXITED: %s%s", how_it_ended(info, how, sizeof how), last);
    else
        SAY(look, "supervisord has given it up (FATAL): %s%s",
            info->spawn_error[0] ? info->spawn_error : "it gives no reason", last);
    return HALYARD_NOT_RUNNING;
}

/* On its way. Ours it is not: start and stop return when they are through. */
static enum verdict judge_passing(struct look *look, enum halyard_rc *to)
{
    const struct sv_unit *unit = &look->unit;
    bool ours = look->is_probe || (unit->restarts && look->info.state != SV_STOPPING);
    bool runs_next = look->info.state == SV_STARTING && look->settled < TURNS; /* with startsecs=0 */
    if ((ours || runs_next) && sv_now() < unit->end)
        return LOOK_AGAIN;
    const char *what = look->info.state == SV_STOPPING ? "somebody other than the cluster stops it"
                       : look->info.state == SV_STARTING
                           ? "it was started without the cluster, and has not run for startsecs yet"
                           : "it has ended, and supervisord tries to start it again";
    SAY(look, "supervisord says %s: %s%s%s", look->info.state_name, what, look->info.spawn_error[0] ? ": " : "",
        look->info.spawn_error);
    return answer(to, HALYARD_ERR_GENERIC);
}

static enum verdict judge(struct look *look, enum halyard_rc *to)
{
    const struct sv_info *info = &look->info;
    look->settled = info->state == look->state ? look->settled + 1 : 1;
    look->state = info->state;
    switch (info->state) {
    case SV_RUNNING:
        return judge_running(look, to);
    case SV_STOPPED:
    case SV_EXITED:
    case SV_FATAL:
        return look->settled < TURNS ? LOOK_AGAIN : answer(to, judge_stopped(look));
    case SV_STARTING:
    case SV_BACKOFF:
    case SV_STOPPING:
        return judge_passing(look, to);
    default:
        SAY(look, "supervisord says %s (state %d): it does not know what has become of it",
            info->state_name[0] ? info->state_name : "nothing", info->state);
        return answer(to, HALYARD_ERR_GENERIC);
    }
}

static enum halyard_rc run(struct look *look)
{
    enum halyard_rc rc;
    for (;;) {
        if (sv_unit_ask(&look->unit, &look->info, &look->failure) != SV_OK) {
            look->settled = 0;
            if (!sv_failure_may_pass(&look->failure))
                return sv_unit_say(&look->unit, &look->failure);
            if (!is_worth_waiting(look))
                return judge_unreachable(look);
            sv_pause(DOWN_STEP_MS);
            continue;
        }
        if (judge(look, &rc) == ANSWERED)
            return rc;
        if (sv_now() >= look->unit.end) {
            SAY(look, "supervisord says %s with process %d, which has ended, and does not take note of it",
                look->info.state_name, (int)look->info.pid);
            return HALYARD_ERR_GENERIC;
        }
        if (look->info.state != SV_EXITED && look->info.state != SV_STOPPED && look->info.state != SV_FATAL)
            sv_pause(look->info.state == SV_RUNNING ? 1 : STEP_MS);
    }
}

static enum halyard_rc look_at(const struct halyard_host *host, const struct halyard_op *op, bool is_probe)
{
    struct look look = {.is_probe = is_probe, .state = -1};
    enum halyard_rc rc = sv_unit_open(host, op, &look.unit);
    return rc == HALYARD_OK ? run(&look) : rc;
}

enum halyard_rc sv_do_monitor(const struct halyard_host *host, const struct halyard_op *op)
{
    return look_at(host, op, false);
}

enum halyard_rc sv_do_probe(const struct halyard_host *host, const struct halyard_op *op)
{
    return look_at(host, op, true);
}
