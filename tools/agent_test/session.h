/* SPDX-License-Identifier: Apache-2.0 */
/* One agent under test: what it says of itself, what it is given, and what was seen of it so far. */
#ifndef AGENT_TEST_SESSION_H
#define AGENT_TEST_SESSION_H

#include "agent_test/report.h"
#include "agent_test/rig.h"
#include "base/buf.h"

/* What may be tried of an agent. */
struct session {
    struct rig rig;
    struct report report;
    struct hy_buf description; /* lines of hy_agent_describe() */
    struct hy_attrs params;
    struct hy_attrs second; /* of a second instance beside it; empty: there can be none */
    hy_time start_took;     /* the longest start seen */
    bool stop_trying;       /* what comes after would say nothing more */
};

/* ---- the parts, in order; each makes a heading of its own */

void part_description(struct session *session);
void part_stopped(struct session *session); /* before it was ever started */
void part_life(struct session *session);    /* start, monitor, stop, each twice */
void part_roles(struct session *session);   /* promote, demote; notify */
void part_reload(struct session *session);
void part_watch(struct session *session);
void part_at_once(struct session *session); /* several at once */
void part_timeout(struct session *session); /* operations that are cut off */
void part_killed(struct session *session);  /* kill -9 in the midst of start */
void part_lease(struct session *session);   /* the end of the lease; the end of the executor */
void part_left(struct session *session);    /* what remains */

/* ---- doing */

/* The resource's name in all orders. */
#define RESOURCE "tested"

/* Runs one operation and takes what came of it; an outcome with exec ERROR when there was none. The caller frees. */
struct hy_outcome session_run(struct session *session, const char *op);
/* Runs it, and it must answer `rc`. `what` is said of it; `hint` when it does not. True: it did. */
bool session_expect(struct session *session, const char *op, int rc, const char *what, const char *hint);
/* Nothing runs: whatever was before. False: it cannot be had; said. */
bool session_be_stopped(struct session *session);
bool session_be_started(struct session *session);

/* "not running (7)", "timed out"; in a buffer of the session's caller. */
const char *session_answer(const struct hy_outcome *outcome, char text[96]);

/* The value of a key of the description (the first of that name); NULL. Free it. */
char *session_described(const struct session *session, const char *key);
bool session_offers(const struct session *session, const char *operation);
/* Of an operation: what the agent advises, or 20 s. */
hy_time session_timeout(const struct session *session, const char *op);

#endif
