/* SPDX-License-Identifier: Apache-2.0 */
/* Start, stop and monitor, each where there is something to do and where there is not; then the roles, and reload. */
#include "agent_test/session.h"

#include <stdio.h>
#include <string.h>

enum { MONITORS = 20 };

static void validate(struct session *session)
{
    if (session_offers(session, "validate"))
        session_expect(session, "validate-all", HALYARD_OK, "validate of these parameters",
                       "it refuses what it was given: other parameters, or a mistake in validate");
}

void part_stopped(struct session *session)
{
    validate(session);
    session->rig.beside = true;
    struct hy_outcome seen = session_run(session, "monitor");
    session->rig.beside = false;
    bool runs = seen.exec == HY_EXEC_DONE && (seen.rc == HALYARD_OK || seen.rc == HALYARD_RUNNING_PROMOTED);
    hy_outcome_free(&seen);
    if (runs) {
        report_bad(&session->report, "it would be stopped and started: stop it first, or give other parameters",
                   "it runs on this host already, before anything was started");
        session->stop_trying = true;
        return;
    }
    if (!session_expect(session, "monitor", HALYARD_NOT_RUNNING, "a look where nothing was ever started",
                        "the cluster looks on every node before it starts anything: this answer would block it"))
        session->stop_trying = true;
    session_expect(session, "stop", HALYARD_OK, "a stop where nothing was ever started",
                   "a stop that fails blocks the resource until an operator comes");
    session_expect(session, "monitor", HALYARD_NOT_RUNNING, "a look after that", "stop must leave nothing running");
}

/* Every one must say the same. */
static void monitor_often(struct session *session)
{
    int good = 0;
    hy_time longest = 0;
    for (int i = 0; i < MONITORS; i++) {
        struct hy_outcome seen = session_run(session, "monitor");
        good += seen.exec == HY_EXEC_DONE && seen.rc == HALYARD_OK;
        longest = seen.took > longest ? seen.took : longest;
        hy_outcome_free(&seen);
    }
    if (good == MONITORS)
        report_good(&session->report, "%d monitors, one after the other: all ok, the longest %.1f ms", MONITORS,
                    (double)longest / HY_MS);
    else
        report_bad(&session->report, "a monitor that is wrong once makes the cluster restart what runs",
                   "%d monitors, one after the other: %d were not ok", MONITORS, MONITORS - good);
}

void part_life(struct session *session)
{
    if (!session_expect(session, "start", HALYARD_OK, "start",
                        "with these parameters, on this host, it cannot be tried"))
        session->stop_trying = true;
    else if (!session_expect(session, "monitor", HALYARD_OK, "monitor right after the start",
                             "start must return when it serves, not when it has been asked to"))
        session->stop_trying = true;
    if (session->stop_trying)
        return;
    session_expect(session, "start", HALYARD_OK, "a second start", "what runs already is well started");
    session_expect(session, "monitor", HALYARD_OK, "monitor after that", "a second start must leave alone what runs");
    monitor_often(session);
    session_expect(session, "stop", HALYARD_OK, "stop",
                   "a stop that fails blocks the resource until an operator comes");
    session_expect(session, "monitor", HALYARD_NOT_RUNNING, "monitor right after the stop",
                   "stop must return when nothing is left, not when it has been asked to end");
    session_expect(session, "stop", HALYARD_OK, "a second stop", "what does not run is well stopped");
}

void part_roles(struct session *session)
{
    if (session_offers(session, "notify") && session_be_started(session)) {
        session_expect(session, "notify", HALYARD_OK, "notify", "what it answers is not acted upon, but it must end");
        session_be_stopped(session);
    }
    if (!session_offers(session, "promote") || !session_be_started(session))
        return;
    session_expect(session, "promote", HALYARD_OK, "promote", "");
    session_expect(session, "monitor", HALYARD_RUNNING_PROMOTED, "monitor of the promoted",
                   "a monitor tells the role: 8 when promoted");
    session_expect(session, "promote", HALYARD_OK, "a second promote", "what is promoted is well promoted");
    session_expect(session, "demote", HALYARD_OK, "demote", "a demote that fails is followed by a stop");
    session_expect(session, "monitor", HALYARD_OK, "monitor of the demoted",
                   "a monitor tells the role: 0 when not promoted");
    session_expect(session, "demote", HALYARD_OK, "a second demote", "what is not promoted is well demoted");
    session_expect(session, "promote", HALYARD_OK, "promote again", "");
    session_expect(session, "stop", HALYARD_OK, "stop of the promoted", "the end of the lease does not demote first");
    session_expect(session, "monitor", HALYARD_NOT_RUNNING, "monitor after that", "stop must leave nothing running");
}

void part_reload(struct session *session)
{
    if (!session_offers(session, "reload") || !session_be_started(session))
        return;
    session_expect(session, "reload", HALYARD_OK, "reload with what it has",
                   "nothing has changed: there is nothing to fail");
    session_expect(session, "monitor", HALYARD_OK, "monitor after that", "reload must not end what runs");
    session_be_stopped(session);
}
