/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stopped is what supervisord says is stopped, in two turns of its own, so that it is not about to start it again, and of
 * which no process runs. Where there is no supervisord the processes alone say it. What nobody can tell is not stopped.
 */
#include "actions.h"
#include "clock.h"
#include "unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

enum { STEP_MS = 10, DOWN_STEP_MS = 50, TURNS = 2, LAST_MS = 2000 };

struct stopping {
    struct sv_unit unit;
    int settled, state;
    bool has_killed;
    struct sv_info info;
    struct sv_failure failure;
};

enum verdict { ANSWERED, LOOK_AGAIN };

#define SAY(stopping, ...) (stopping)->unit.host->reason((stopping)->unit.op, __VA_ARGS__)

static enum verdict answer(enum halyard_rc *to, enum halyard_rc rc)
{
    *to = rc;
    return ANSWERED;
}

static bool leaves_leftovers(const struct sv_unit *unit)
{
    const char *leftovers = unit->host->get(unit->op, "leftovers");
    return leftovers && strcmp(leftovers, "leave") == 0;
}

static enum halyard_rc finish(const struct stopping *stopping, bool supervisord_says_so)
{
    const struct sv_unit *unit = &stopping->unit;
    bool trusted = supervisord_says_so && (!sv_unit_is_here(unit) || leaves_leftovers(unit));
    if (!trusted && !sv_unit_end_leftovers(unit))
        return HALYARD_ERR_GENERIC;
    sv_record_remove(unit->host->state_dir(unit->op));
    return HALYARD_OK;
}

/* ---- supervisord does not answer */

/* No supervisord: what has been started runs on by itself, and has to be ended here. One that comes back meanwhile is asked
 * again, for it may have started it anew. */
static enum verdict stop_alone(struct stopping *stopping, enum halyard_rc *to)
{
    const struct sv_unit *unit = &stopping->unit;
    struct sv_failure failure;
    if (!sv_unit_is_here(unit)) {
        SAY(stopping, "%s; its processes cannot be seen from here, so it may still run", stopping->failure.text);
        return answer(to, HALYARD_ERR_GENERIC);
    }
    if (!sv_unit_end_leftovers(unit))
        return answer(to, HALYARD_ERR_GENERIC);
    if (sv_unit_ask(unit, &stopping->info, &failure) == SV_OK || failure.end != SV_DOWN)
        return LOOK_AGAIN;
    unit->host->log(unit->op, LOG_NOTICE, "%s does not run, and %s", unit->name, failure.text);
    return answer(to, finish(stopping, false));
}

/* One that is stopped itself, or that we cannot talk to, may start it again at any time. */
static enum verdict stop_unheard(struct stopping *stopping, enum halyard_rc *to)
{
    const struct sv_failure *failure = &stopping->failure;
    if (failure->end == SV_DOWN)
        return stop_alone(stopping, to);
    if (failure->end == SV_FAULT && failure->fault == SV_BAD_NAME)
        return answer(to, finish(stopping, false)); /* what it does not know it does not start */
    if (sv_failure_may_pass(failure) && sv_now() < stopping->unit.end)
        return LOOK_AGAIN;
    enum halyard_rc rc = sv_unit_say(&stopping->unit, failure);
    if (failure->end != SV_FAULT)
        SAY(stopping, "%s; so %s may still run", failure->text, stopping->unit.name);
    return answer(to, rc);
}

/* ---- it answers */

static void ask_for_it(struct stopping *stopping)
{
    const struct sv_unit *unit = &stopping->unit;
    struct sv_failure failure;
    enum sv_end end = sv_stop(&unit->server, unit->name, sv_unit_until(unit), &failure);
    if (end == SV_FAULT && failure.fault == SV_FAILED)
        unit->host->log(unit->op, LOG_WARNING, "%s: %s", unit->name, failure.text);
}

/* supervisord kills what does not end within stopwaitsecs. Where that is longer than there is time, it is done now. */
static void hurry(struct stopping *stopping)
{
    const struct sv_unit *unit = &stopping->unit;
    struct sv_failure failure;
    int64_t whole = unit->end - unit->begun, last = whole / 3 < LAST_MS ? whole / 3 : LAST_MS;
    if (stopping->has_killed || sv_now() < unit->end - last)
        return;
    stopping->has_killed = true;
    unit->host->log(unit->op, LOG_WARNING,
                    "%s does not end, and the stop's time is nearly over: SIGKILL. Give the stop more time than its "
                    "stopwaitsecs",
                    unit->name);
    (void)sv_signal(&unit->server, unit->name, "KILL", sv_unit_until(unit), &failure);
}

static enum halyard_rc say_late(const struct stopping *stopping)
{
    const struct sv_info *info = &stopping->info;
    SAY(stopping, "supervisord still says %s after %" PRId64 " s: process %d does not end", info->state_name,
        (sv_now() - stopping->unit.begun) / 1000, (int)info->pid);
    return HALYARD_ERR_GENERIC;
}

static enum verdict judge(struct stopping *stopping, enum halyard_rc *to)
{
    const struct sv_info *info = &stopping->info;
    stopping->settled = info->state == stopping->state ? stopping->settled + 1 : 1;
    stopping->state = info->state;
    switch (info->state) {
    case SV_STOPPED:
    case SV_EXITED:
    case SV_FATAL:
        return stopping->settled < TURNS ? LOOK_AGAIN : answer(to, finish(stopping, true));
    case SV_RUNNING:
    case SV_STARTING:
    case SV_BACKOFF:
        ask_for_it(stopping);
        break;
    case SV_STOPPING:
        hurry(stopping);
        break;
    default: /* UNKNOWN: supervisord could not signal it, and does nothing more */
        if (!sv_unit_is_here(&stopping->unit) || !sv_unit_end_leftovers(&stopping->unit)) {
            SAY(stopping, "supervisord says %s (state %d): it may still run", info->state_name, info->state);
            return answer(to, HALYARD_ERR_GENERIC);
        }
        return stopping->settled < TURNS ? LOOK_AGAIN : answer(to, finish(stopping, false));
    }
    if (sv_now() >= stopping->unit.end)
        return answer(to, say_late(stopping));
    return LOOK_AGAIN;
}

static enum halyard_rc run(struct stopping *stopping)
{
    enum halyard_rc rc;
    for (;;) {
        bool heard = sv_unit_ask(&stopping->unit, &stopping->info, &stopping->failure) == SV_OK;
        if (!heard)
            stopping->settled = 0;
        if ((heard ? judge(stopping, &rc) : stop_unheard(stopping, &rc)) == ANSWERED)
            return rc;
        if (!heard)
            sv_pause(DOWN_STEP_MS);
        else if (stopping->info.state == SV_STOPPING)
            sv_pause(STEP_MS);
        else
            sv_pause(1);
    }
}

/* With parameters that make no sense nothing was started, unless they did before, or its configuration file was there. */
static enum halyard_rc stop_unknown(struct sv_unit *unit, enum halyard_rc rc)
{
    struct sv_found found;
    sv_record_load(unit->host->state_dir(unit->op), unit->name, &unit->record);
    bool none = !unit->record.pid && sv_unit_find_leftovers(unit, &found) && !found.count;
    if (none)
        unit->host->reason(unit->op, "%s", "");
    return none ? HALYARD_OK : rc;
}

enum halyard_rc sv_do_stop(const struct halyard_host *host, const struct halyard_op *op)
{
    struct stopping stopping = {.state = -1};
    enum halyard_rc rc = sv_unit_open(host, op, &stopping.unit);
    if (rc != HALYARD_OK)
        return stop_unknown(&stopping.unit, rc);
    rc = run(&stopping);
    if (rc == HALYARD_OK)
        host->reason(op, "%s", "");
    return rc;
}
