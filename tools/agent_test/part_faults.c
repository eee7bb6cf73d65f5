/* SPDX-License-Identifier: Apache-2.0 */
/* Several at once; operations that are cut off; processes that are killed; the end of the lease and of the executor. */
#include "agent_test/session.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { LANES = 8, KILLS = 6, LEAST_TIMEOUT_MS = 1, PATIENCE_SECONDS = 60, SHOWN = 5 };

/* ---- at once */

/* The same look from several resources' lanes. To agents that know what runs by the resource's name it runs in none of them. */
static void look_at_once(struct session *session)
{
    uint64_t ids[LANES];
    int running = 0, stopped = 0;
    for (int i = 0; i < LANES; i++) {
        char name[32];
        snprintf(name, sizeof name, "beside-%d", i);
        ids[i] = rig_order(&session->rig, name, "monitor", &session->params, session_timeout(session, "monitor"));
    }
    for (int i = 0; i < LANES; i++) {
        struct hy_outcome seen = {0};
        bool came = rig_outcome(&session->rig, ids[i], PATIENCE_SECONDS * HY_SECOND, &seen) == 0;
        running += came && seen.exec == HY_EXEC_DONE && seen.rc == HALYARD_OK;
        stopped += came && seen.exec == HY_EXEC_DONE && seen.rc == HALYARD_NOT_RUNNING;
        hy_outcome_free(&seen);
    }
    if (running == LANES || stopped == LANES)
        report_good(&session->report, "%d monitors at the same time: all say the same", LANES);
    else
        report_bad(&session->report,
                   "operations of several resources run side by side: no lock, port or file may be theirs alone",
                   "%d monitors at the same time: %d say running, %d stopped, %d something else", LANES, running,
                   stopped, LANES - running - stopped);
}

static int answer_of(struct session *session, const char *rsc, const char *op, const struct hy_attrs *params)
{
    struct hy_outcome outcome = {0};
    hy_time timeout = session_timeout(session, op);
    uint64_t id = rig_order(&session->rig, rsc, op, params, timeout);
    int rc = rig_outcome(&session->rig, id, timeout + PATIENCE_SECONDS * HY_SECOND, &outcome);
    int answer = rc || outcome.exec != HY_EXEC_DONE ? -1 : outcome.rc;
    hy_outcome_free(&outcome);
    return answer;
}

/* For these lanes it has been seen running: they are to know that it is gone, or each would stop it at the lease's end. */
static void look_again(struct session *session)
{
    for (int i = 0; i < LANES; i++) {
        char name[32];
        snprintf(name, sizeof name, "beside-%d", i);
        answer_of(session, name, "monitor", &session->params);
    }
}

static void two_instances(struct session *session)
{
    const char *other = "second";
    bool started = answer_of(session, other, "start", &session->second) == HALYARD_OK &&
                   answer_of(session, other, "monitor", &session->second) == HALYARD_OK;
    bool first = answer_of(session, RESOURCE, "monitor", &session->params) == HALYARD_OK;
    bool stopped = answer_of(session, other, "stop", &session->second) == HALYARD_OK &&
                   answer_of(session, other, "monitor", &session->second) == HALYARD_NOT_RUNNING;
    bool still = answer_of(session, RESOURCE, "monitor", &session->params) == HALYARD_OK;
    if (started && first && stopped && still)
        report_good(&session->report, "a second instance comes and goes beside the first");
    else
        report_bad(&session->report, "what an instance has is its own: its parameters, and host->state_dir()",
                   "a second instance beside the first: %s",
                   !started   ? "it cannot be started"
                   : !first   ? "the first is not ok then"
                   : !stopped ? "it cannot be stopped"
                              : "the first is not ok when the second has gone");
}

void part_at_once(struct session *session)
{
    if (!session_be_started(session))
        return;
    look_at_once(session);
    if (session->second.list.count)
        two_instances(session);
    else
        report_note(&session->report,
                    "two instances beside each other were not tried: --second NAME=VALUE makes a second one");
    session_be_stopped(session);
    look_again(session);
}

/* ---- cut off */

/* Whatever was broken off: a stop must bring it to a known state, and then it must work again. True: it does. */
static bool recovers(struct session *session, const char *after)
{
    char text[96];
    struct hy_outcome done = session_run(session, "stop");
    struct hy_outcome seen = session_run(session, "monitor");
    bool good = done.exec == HY_EXEC_DONE && done.rc == HALYARD_OK && seen.exec == HY_EXEC_DONE &&
                seen.rc == HALYARD_NOT_RUNNING;
    if (!good) {
        bool first = done.exec != HY_EXEC_DONE || done.rc != HALYARD_OK;
        report_bad(&session->report, "stop must undo whatever a start has left half done", "after %s: %s: %s", after,
                   first ? "stop" : "monitor after the stop", session_answer(first ? &done : &seen, text));
        report_more(&session->report, "it says: ", first ? done.reason : seen.reason);
        session->stop_trying = true;
    }
    hy_outcome_free(&done);
    hy_outcome_free(&seen);
    return good;
}

static struct hy_outcome start_for(struct session *session, hy_time timeout)
{
    struct hy_outcome outcome = {0};
    uint64_t id = rig_order(&session->rig, RESOURCE, "start", &session->params, timeout);
    if (rig_outcome(&session->rig, id, timeout + PATIENCE_SECONDS * HY_SECOND, &outcome))
        outcome.exec = HY_EXEC_ERROR;
    return outcome;
}

void part_timeout(struct session *session)
{
    hy_time timeout =
        session->start_took / 2 > LEAST_TIMEOUT_MS * HY_MS ? session->start_took / 2 : LEAST_TIMEOUT_MS * HY_MS;
    hy_time began = rig_now();
    struct hy_outcome outcome = start_for(session, timeout);
    hy_time took = rig_now() - began;
    bool cut = outcome.exec == HY_EXEC_TIMEOUT;
    hy_outcome_free(&outcome);
    if (!recovers(session, "a start that was cut off"))
        return;
    if (!cut)
        report_note(&session->report, "a start with a timeout of %.1f ms was through before it",
                    (double)timeout / HY_MS);
    else if (took > timeout + 4 * HY_SECOND)
        report_bad(&session->report, "SIGTERM must end it: 5 s later comes SIGKILL, and nothing can be tidied up",
                   "a start that was cut off after %.1f ms ended %.1f s later only", (double)timeout / HY_MS,
                   (double)(took - timeout) / HY_SECOND);
    else
        report_good(&session->report, "a start that is cut off after %.1f ms: stop tidies up", (double)timeout / HY_MS);
}

/* Kills the operation's process, and what is in its group, `after` it was seen. True: it was there to be killed. */
static bool kill_operation(struct session *session, const process_list *before, hy_time after)
{
    hy_time end = rig_now() + session->start_took + HY_SECOND;
    pid_t pid;
    while (!(pid = rig_operation(&session->rig, before)))
        if (rig_now() > end)
            return false;
    nanosleep(&(struct timespec){.tv_sec = after / HY_SECOND, .tv_nsec = after % HY_SECOND * 1000}, NULL);
    return kill(-pid, SIGKILL) == 0;
}

void part_killed(struct session *session)
{
    int killed = 0;
    for (int i = 0; i < KILLS && !session->stop_trying; i++) {
        struct hy_outcome outcome = {0};
        process_list before;
        processes_list(&before);
        uint64_t id = rig_order(&session->rig, RESOURCE, "start", &session->params, session_timeout(session, "start"));
        bool hit = kill_operation(session, &before, session->start_took * i / KILLS);
        hy_vec_free(&before);
        if (rig_outcome(&session->rig, id, PATIENCE_SECONDS * HY_SECOND, &outcome) == 0)
            killed += hit && outcome.exec == HY_EXEC_DIED;
        hy_outcome_free(&outcome);
        recovers(session, "a kill -9 in the midst of start");
    }
    if (session->stop_trying)
        return;
    if (killed)
        report_good(&session->report, "kill -9 in the midst of start, %d times at different moments: stop tidies up",
                    killed);
    else
        report_note(&session->report, "start is through before it can be killed");
    if (session_be_started(session))
        session_be_stopped(session);
}

/* ---- the lease, and the executor */

static void end_of_lease(struct session *session)
{
    if (!session_be_started(session))
        return;
    hy_time began = rig_now();
    int rc = rig_end_lease(&session->rig, session_timeout(session, "stop") + PATIENCE_SECONDS * HY_SECOND);
    if (rc) {
        report_bad(&session->report, "at the end of the lease another node takes over: stop must succeed",
                   "the end of the lease: it has not been stopped (%s)", strerror(-rc));
        session->stop_trying = true;
        return;
    }
    report_good(&session->report, "at the end of the lease it is stopped, in %.1f ms",
                (double)(rig_now() - began) / HY_MS);
    session_expect(session, "monitor", HALYARD_NOT_RUNNING, "monitor after that", "stop must leave nothing running");
}

static void end_of_executor(struct session *session)
{
    struct hy_err err = {{0}};
    if (!session_be_started(session))
        return;
    int rc = rig_kill(&session->rig);
    if (!rc)
        rc = rig_start(&session->rig, &err);
    if (rc) {
        report_bad(&session->report, "the guard stops what was active: stop must succeed",
                   "kill -9 of the executor: %s", *err.text ? err.text : strerror(-rc));
        session->stop_trying = true;
        return;
    }
    session_expect(session, "monitor", HALYARD_NOT_RUNNING,
                   "kill -9 of the executor: its guard stops it, and monitor says so",
                   "the guard calls stop in a process of its own, as ever");
}

void part_lease(struct session *session)
{
    end_of_lease(session);
    if (!session->stop_trying)
        end_of_executor(session);
}

/* ---- what remains */

/* "sleep (12), sh (13)" */
static int list_left(const process_list *left, struct hy_buf *list)
{
    int count = 0;
    for (size_t i = 0; i < left->count; i++) {
        const struct process *process = &left->items[i];
        if (process->state == 'Z')
            continue;
        if (count < SHOWN)
            hy_buf_addf(list, "%s%s (%d)", count ? ", " : "", process->name, (int)process->pid);
        count++;
    }
    if (count > SHOWN)
        hy_buf_addf(list, ", and %d more", count - SHOWN);
    return count;
}

void part_left(struct session *session)
{
    process_list left;
    struct hy_buf list = {0};
    session_be_stopped(session);
    rig_left(&session->rig, &left);
    if (list_left(&left, &list))
        report_bad(&session->report, "stop must not return before what start has begun has ended",
                   "what is left behind: %s", hy_buf_text(&list));
    else
        report_good(&session->report, "no process is left behind");
    hy_buf_free(&list);
    hy_vec_free(&left);
    int status = rig_stop(&session->rig);
    if (status == 0)
        report_good(&session->report, "the executor ends in good order");
    else
        report_bad(&session->report, "something could not be stopped", "the executor ended with status %d", status);
}
