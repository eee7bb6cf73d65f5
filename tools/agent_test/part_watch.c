/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's own watch: it is there while the resource is started, ends with it, and holds no more and more. */
#include "agent_test/session.h"

#include <signal.h>
#include <time.h>

enum { PATIENCE_SECONDS = 20, MONITORS = 50, PAUSE_MS = 5, LASTING_MS = 200 };

static void pause_for(int ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000L}, NULL);
}

static bool runs(pid_t pid)
{
    char state = process_state(pid);
    return state != 0 && state != 'Z';
}

/* The executor's children are its guard, its core, operations and watches. No operation runs now, but the process of the last
 * one may be on its way out: the watch is the one that lasts. */
static pid_t find_watch(const struct session *session, const process_list *before)
{
    hy_time end = rig_now() + PATIENCE_SECONDS * HY_SECOND;
    while (rig_now() < end) {
        pid_t pid = rig_operation(&session->rig, before);
        pause_for(pid ? LASTING_MS : PAUSE_MS);
        if (pid && runs(pid))
            return pid;
    }
    return 0;
}

static bool is_gone(pid_t pid)
{
    hy_time end = rig_now() + PATIENCE_SECONDS * HY_SECOND;
    while (runs(pid)) {
        if (rig_now() > end)
            return false;
        pause_for(PAUSE_MS);
    }
    return true;
}

static void check_descriptors(struct session *session, pid_t watch)
{
    int before = process_count_fds(watch);
    for (int i = 0; i < MONITORS; i++) {
        struct hy_outcome seen = session_run(session, "monitor");
        hy_outcome_free(&seen);
    }
    int after = process_count_fds(watch);
    if (before < 0 || after < 0)
        report_bad(&session->report, "it must run until it gets SIGTERM", "watch has ended beside %d monitors",
                   MONITORS);
    else if (after > before)
        report_bad(&session->report, "close what is opened", "watch has %d descriptors open, and %d after %d monitors",
                   before, after, MONITORS);
    else
        report_good(&session->report, "watch: %d descriptors before and after %d monitors", after, MONITORS);
}

static void check_restart(struct session *session, pid_t watch, const process_list *before)
{
    kill(watch, SIGKILL);
    if (!is_gone(watch) || !find_watch(session, before)) {
        report_bad(&session->report, "it is started again after a pause, and must be able to begin anew",
                   "watch, killed, has not come back");
        return;
    }
    session_expect(session, "monitor", HALYARD_OK, "monitor after a kill -9 of watch",
                   "watch must not be what makes it run");
}

void part_watch(struct session *session)
{
    if (!session_offers(session, "watch"))
        return;
    process_list before;
    processes_list(&before);
    if (session_be_started(session)) {
        pid_t watch = find_watch(session, &before);
        if (watch) {
            report_good(&session->report, "watch runs beside what was started");
            check_descriptors(session, watch);
            check_restart(session, watch, &before);
            watch = find_watch(session, &before);
        } else {
            report_bad(&session->report, "it must block until something happens", "watch has ended at once");
        }
        bool stopped = session_be_stopped(session);
        if (stopped && watch && is_gone(watch))
            report_good(&session->report, "watch ends with what it watches");
        else if (stopped && watch)
            report_bad(&session->report, "SIGTERM must end it", "watch goes on after the stop");
    }
    hy_vec_free(&before);
}
