/* SPDX-License-Identifier: Apache-2.0 */
#include "actions.h"
#include "serving.h"
#include "clock.h"
#include "owner.h"
#include "unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

enum { STEP_MS = 20, DOWN_STEP_MS = 50, CHECK_STEP_MS = 50, TURNS = 3 };

struct starting {
    struct sv_unit unit;
    bool asked; /* startProcess has been taken */
    int unseen; /* so often it was said to run, and could not be seen */
    struct sv_info info;
    struct sv_failure failure;
    char unserved[400]; /* why it does not serve yet */
};

enum verdict { ANSWERED, LOOK_AGAIN };

#define SAY(starting, ...) (starting)->unit.host->reason((starting)->unit.op, __VA_ARGS__)

static enum verdict answer(enum halyard_rc *to, enum halyard_rc rc)
{
    *to = rc;
    return ANSWERED;
}

/* ---- it runs: does it serve? */

static enum verdict wait_until_it_serves(struct starting *starting, enum halyard_rc *to)
{
    struct sv_unit *unit = &starting->unit;
    struct sv_process process;
    sv_unit_look(&starting->info, &process);
    /* One that has just ended cannot be seen, and no more one in a container. */
    if (process.is_dead || (!process.pid && ++starting->unseen < TURNS))
        return LOOK_AGAIN;
    if (!sv_check(unit->host, unit->op, unit->end, starting->unserved, sizeof starting->unserved)) {
        sv_pause(CHECK_STEP_MS);
        return LOOK_AGAIN; /* it may have ended since */
    }
    unit->record = (struct sv_record){0};
    sv_unit_remember(unit, &starting->info, &process);
    (void)sv_warn_of_owner(unit);
    return answer(to, HALYARD_OK);
}

/* ---- it does not */

static enum verdict refused(struct starting *starting, enum halyard_rc *to)
{
    switch (starting->failure.fault) {
    case SV_ALREADY_STARTED:
    case SV_SHUTDOWN_STATE:
        return LOOK_AGAIN;
    case SV_SPAWN_ERROR: /* supervisord tries again, as often as startretries says: its state tells */
    case SV_ABNORMAL_TERMINATION:
        starting->asked = true;
        return LOOK_AGAIN;
    case SV_NO_FILE:
        SAY(starting, "its command is not on this host: %s", starting->failure.text);
        return answer(to, HALYARD_ERR_INSTALLED);
    case SV_NOT_EXECUTABLE:
        SAY(starting, "its command may not be executed: %s", starting->failure.text);
        return answer(to, HALYARD_ERR_PERM);
    default:
        return answer(to, sv_unit_say(&starting->unit, &starting->failure));
    }
}

static enum verdict ask_for_it(struct starting *starting, enum halyard_rc *to)
{
    struct sv_unit *unit = &starting->unit;
    if (sv_unit_is_here(unit) && !sv_unit_end_leftovers(unit))
        return answer(to, HALYARD_ERR_GENERIC);
    enum sv_end end = sv_start(&unit->server, unit->name, sv_unit_until(unit), &starting->failure);
    if (end == SV_FAULT)
        return refused(starting, to);
    if (end && !sv_failure_may_pass(&starting->failure))
        return answer(to, sv_unit_say(unit, &starting->failure));
    starting->asked = end == SV_OK;
    return LOOK_AGAIN;
}

static enum verdict say_why_not(const struct starting *starting, enum halyard_rc *to)
{
    const struct sv_info *info = &starting->info;
    char words[320];
    const char *last = sv_unit_last_words(&starting->unit, words, sizeof words);
    if (info->state == SV_FATAL)
        SAY(starting, "supervisord has given it up (FATAL): %s%s",
            info->spawn_error[0] ? info->spawn_error : "it gives no reason", last);
    else if (info->state == SV_EXITED)
        SAY(starting, "it ended at once, with exit status %d%s", info->exit_status, last);
    else
        SAY(starting, "it was stopped while it was being started, and not by the cluster");
    return answer(to, HALYARD_ERR_GENERIC);
}

static enum verdict judge(struct starting *starting, enum halyard_rc *to)
{
    switch (starting->info.state) {
    case SV_RUNNING:
        return wait_until_it_serves(starting, to);
    case SV_STOPPED:
    case SV_EXITED:
    case SV_FATAL:
        return starting->asked ? say_why_not(starting, to) : ask_for_it(starting, to);
    case SV_STARTING:
    case SV_BACKOFF:
        starting->asked = true; /* by whomever */
        return LOOK_AGAIN;
    case SV_STOPPING:
        return LOOK_AGAIN;
    default:
        SAY(starting, "supervisord says %s (state %d), and starts nothing from there", starting->info.state_name,
            starting->info.state);
        return answer(to, HALYARD_ERR_GENERIC);
    }
}

static enum halyard_rc say_late(const struct starting *starting)
{
    const struct sv_info *info = &starting->info;
    char words[320];
    if (info->state == SV_RUNNING && starting->unserved[0]) {
        SAY(starting, "supervisord says RUNNING, but %s", starting->unserved);
        return HALYARD_ERR_GENERIC;
    }
    const char *last = info->state == SV_BACKOFF ? sv_unit_last_words(&starting->unit, words, sizeof words) : "";
    SAY(starting,
        "supervisord still says %s after %" PRId64
        " s%s%s%s: its startsecs, and its retries, must fit into the start's timeout",
        info->state_name, (sv_now() - starting->unit.begun) / 1000, info->spawn_error[0] ? ": " : "", info->spawn_error,
        last);
    return HALYARD_ERR_GENERIC;
}

static enum halyard_rc run(struct starting *starting)
{
    const struct sv_unit *unit = &starting->unit;
    enum halyard_rc rc;
    int64_t patient = unit->begun + unit->patience;
    for (;;) {
        enum sv_end end = sv_unit_ask(unit, &starting->info, &starting->failure);
        if (end && (!sv_failure_may_pass(&starting->failure) || sv_now() >= patient || sv_now() >= unit->end))
            return sv_unit_say(unit, &starting->failure);
        if (end) {
            sv_pause(DOWN_STEP_MS);
            continue;
        }
        patient = sv_now() + unit->patience;
        if (judge(starting, &rc) == ANSWERED)
            return rc;
        if (sv_now() >= unit->end)
            return say_late(starting);
        sv_pause(STEP_MS);
    }
}

enum halyard_rc sv_do_start(const struct halyard_host *host, const struct halyard_op *op)
{
    struct starting starting = {.asked = false};
    enum halyard_rc rc = sv_unit_open(host, op, &starting.unit);
    if (rc == HALYARD_OK)
        rc = sv_check_validate(host, op);
    if (rc == HALYARD_OK)
        rc = run(&starting);
    if (rc == HALYARD_OK)
        host->reason(op, "%s", "");
    return rc;
}
