/* SPDX-License-Identifier: Apache-2.0 */
#include "agent_test/session.h"

#include "base/alloc.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEFAULT_SECONDS = 20,
    OUTPUT_MAX = 500 /* bytes that are shown */,
    KILL_SECONDS = 15 /* for what is cut off to end, TERM and KILL */
};

/* ---- what it says of itself */

char *session_described(const struct session *session, const char *key)
{
    size_t length = strlen(key);
    for (const char *line = hy_buf_text(&session->description); *line; line += strcspn(line, "\n") + 1) {
        if (strncmp(line, key, length) == 0 && line[length] == ' ')
            return hy_strndup(line + length + 1, strcspn(line + length + 1, "\n"));
    }
    return NULL;
}

bool session_offers(const struct session *session, const char *operation)
{
    char line[64];
    snprintf(line, sizeof line, "\noperation %s\n", operation);
    return strstr(hy_buf_text(&session->description), line) != NULL;
}

hy_time session_timeout(const struct session *session, const char *op)
{
    char key[64];
    int64_t ms = 0;
    snprintf(key, sizeof key, "%s-timeout", op);
    char *advised = session_described(session, key);
    bool given = advised && sscanf(advised, "%" SCNd64 "ms", &ms) == 1 && ms > 0;
    free(advised);
    return given ? ms * HY_MS : DEFAULT_SECONDS * HY_SECOND;
}

/* ---- one operation */

struct hy_outcome session_run(struct session *session, const char *op)
{
    struct hy_outcome outcome = {0};
    hy_time timeout = session_timeout(session, op);
    uint64_t id = rig_order(&session->rig, RESOURCE, op, &session->params, timeout);
    int rc = rig_outcome(&session->rig, id, timeout + KILL_SECONDS * HY_SECOND, &outcome);
    if (rc) {
        outcome = (struct hy_outcome){.exec = HY_EXEC_ERROR, .rc = 1};
        outcome.reason = hy_asprintf("the executor has given no answer: %s", strerror(-rc));
        session->stop_trying = true;
    }
    if (strcmp(op, "start") == 0 && outcome.exec == HY_EXEC_DONE && outcome.rc == 0 &&
        outcome.took > session->start_took)
        session->start_took = outcome.took;
    return outcome;
}

static const char *rc_word(int rc)
{
    static const struct {
        int rc;
        const char *word;
    } words[] = {{HALYARD_OK, "ok"},
                 {HALYARD_ERR_GENERIC, "error"},
                 {HALYARD_ERR_ARGS, "wrong parameters here"},
                 {HALYARD_ERR_UNIMPLEMENTED, "no such operation"},
                 {HALYARD_ERR_PERM, "not permitted"},
                 {HALYARD_ERR_INSTALLED, "not installed"},
                 {HALYARD_ERR_CONFIGURED, "not configured"},
                 {HALYARD_NOT_RUNNING, "not running"},
                 {HALYARD_RUNNING_PROMOTED, "running, promoted"},
                 {HALYARD_FAILED_PROMOTED, "failed, promoted"},
                 {HALYARD_DEGRADED, "degraded"},
                 {HALYARD_DEGRADED_PROMOTED, "degraded, promoted"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].rc == rc)
            return words[i].word;
    return "no answer that there is";
}

const char *session_answer(const struct hy_outcome *outcome, char text[96])
{
    switch (outcome->exec) {
    case HY_EXEC_DONE:
        snprintf(text, 96, "%s (%d)", rc_word(outcome->rc), outcome->rc);
        return text;
    case HY_EXEC_TIMEOUT:
        return "timed out";
    case HY_EXEC_DIED:
        return "its process died";
    case HY_EXEC_CANCELLED:
        return "cancelled";
    default:
        return "could not be run";
    }
}

static void tell_words(struct session *session, const struct hy_outcome *outcome)
{
    if (outcome->reason && *outcome->reason)
        report_more(&session->report, "it says: ", outcome->reason);
    size_t size = outcome->output ? strlen(outcome->output) : 0;
    if (size > OUTPUT_MAX)
        report_more(&session->report, "| ...", outcome->output + size - OUTPUT_MAX);
    else
        report_more(&session->report, "| ", outcome->output);
}

/* The executor then has to say it. */
static void must_explain(struct session *session, const struct hy_outcome *outcome)
{
    if (outcome->exec == HY_EXEC_DONE && outcome->reason && strstr(outcome->reason, "gave no reason"))
        report_bad(&session->report,
                   "call host->reason(): one line that says what is wrong, where, and what would be right",
                   "it has failed without a word");
}

bool session_expect(struct session *session, const char *op, int rc, const char *what, const char *hint)
{
    char text[96];
    struct hy_outcome outcome = session_run(session, op);
    bool good = outcome.exec == HY_EXEC_DONE && outcome.rc == rc;
    if (good)
        report_good(&session->report, "%s: %s, in %.1f ms", what, session_answer(&outcome, text),
                    (double)outcome.took / HY_MS);
    else {
        char wanted[96];
        const struct hy_outcome right = {.exec = HY_EXEC_DONE, .rc = rc};
        report_bad(&session->report, hint, "%s: %s, and should be %s", what, session_answer(&outcome, text),
                   session_answer(&right, wanted));
        tell_words(session, &outcome);
        must_explain(session, &outcome);
    }
    hy_outcome_free(&outcome);
    return good;
}

/* Without a line when it goes well. */
static bool be(struct session *session, const char *op, int rc, const char *state)
{
    char text[96];
    struct hy_outcome done = session_run(session, op);
    struct hy_outcome seen = session_run(session, "monitor");
    bool good = done.exec == HY_EXEC_DONE && done.rc == 0 && seen.exec == HY_EXEC_DONE && seen.rc == rc;
    if (!good) {
        bool first = done.exec != HY_EXEC_DONE || done.rc != 0;
        const struct hy_outcome *wrong = first ? &done : &seen;
        report_bad(&session->report, "what comes after would say nothing more", "%s cannot be had: %s: %s", state,
                   first ? op : "monitor", session_answer(wrong, text));
        tell_words(session, wrong);
        session->stop_trying = true;
    }
    hy_outcome_free(&done);
    hy_outcome_free(&seen);
    return good;
}

bool session_be_stopped(struct session *session)
{
    struct hy_outcome seen = session_run(session, "monitor");
    bool stopped = seen.exec == HY_EXEC_DONE && seen.rc == HALYARD_NOT_RUNNING;
    hy_outcome_free(&seen);
    return stopped || be(session, "stop", HALYARD_NOT_RUNNING, "the stopped state");
}

bool session_be_started(struct session *session)
{
    return be(session, "start", HALYARD_OK, "the started state");
}
