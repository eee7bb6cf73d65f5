/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands: the only way to change a replicated CIB. The payload of every consensus log entry is one command, as text:
 * a head line, then statements, each on a line of its own (continued with " \" as everywhere).
 *
 *   command origin=3 incarnation=1484018696000000 seq=17 at=1484018696.123456 by=root@test3 via=hactl
 *   put 12 primitive ClusterIP IPaddr2 params ip=172.100.102.110  an edit: the object as it shall be; 12 is the version
 *                                                                 it was based on; 0: must be new; *: any
 *   remove 12 ClusterIP                                           an edit: the object is taken out; a node only while
 *                                                                 it is no member
 *   member test3 id=3 state=in epoch=5 incarnation=17             admission (state=in) or verdict (state=gone); epoch
 *                                                                 is the node's present one + 1. Both clear the
 *                                                                 node's results and transient attributes; fail
 *                                                                 counts and failures stay until an admission with
 *                                                                 another incarnation
 *   lineage 1885667171979196545                                   the DC's, once, when the cluster is new
 *   enrol test4 id=4 address=172.100.102.154 [link1=ADDR ...] [witness=true]
 *                                                                 it shall be in the cluster; or, with the same id,
 *                                                                 has other addresses or another part now
 *   strike test4                                                  it shall be taken out: the DC sees to it
 *   struck test4                                                  it is out: its object and its status go
 *   synced test3 epoch=5                                          the node has said what runs there
 *   detection test3 epoch=5 dead-after=168ms gap=101ms of=test1 by=heartbeats
 *                                                                 what the node asks of the failure detector, and why: a
 *                                                                 gap in the heartbeats (or promises) of test1; 0: no
 *                                                                 more than the files say. A verdict ends it
 *   transient test3 name=value | transient test3 name             sets, or unsets, a transient attribute
 *   result test3 epoch=5 MaxScale op=start interval=0 rc=1 exec=done call=214 took=381ms queued=0 reason="..."
 *          digest=... agent=... restart-digest=... restart-params=... migrate-from=... migrate-to=... expected=...
 *                                                                 exec: done, timeout, died, error, cancelled or
 *                                                                 pending; what stands behind call may lack
 *   forget test3 ClusterIP op=monitor interval=30s                the result of a cancelled recurring operation goes
 *   cleanup MaxScale [node=test3]                                 see below
 *   cleanup * [node=test3]                                        every resource
 *   expire MaxScale node=test3                                    failure-timeout has passed: fail counts, failures and
 *                                                                 failed results go, the other results stay
 *   ticket site-A granted=yes standby=no [owner=3 ...]            what is named is set, the rest of the ticket stays;
 *                                                                 when it was granted last is the head's time
 *   unticket site-A                                               nothing is known of it any more
 *   lock test3 MaxScale | unlock test3 MaxScale                   it waits for its node, which was shut down; or not
 *                                                                 any more
 *   noop                                                          a new DC's first entry
 *
 * All or nothing: when one statement is refused nothing has changed but `index` and the session, and the answer says
 * why.
 *
 * References are checked on the state after the whole command, so that one command can add or remove a primitive and
 * its constraints in any order. -EBUSY: an object was removed which another refers to; -ENOENT: one refers to a
 * resource that is not there (a location may name a node that is yet to come); -EINVAL: a resource would be in two
 * groups or clones, or a group would hold, or a clone copy, what it cannot. -EEXIST: `put 0` of what is there, or a put
 * with the id of an object of another kind. -ESTALE: the version has moved on, or the object is gone.
 *
 * Sessions: origin 0 is the DC itself, outside any session (member, expire, noop). Else `seq` must be the session's
 * last + 1 for the same incarnation; a higher incarnation starts afresh at 1. Taken before, or of an older incarnation:
 * -EALREADY; ahead of its turn: -ESTALE, the session stays where it is, and the command may come again later. Any other
 * answer, good or bad, is final: the session has moved on, and a repeat gets -EALREADY.
 *
 * Client sessions: an operator's tool cannot tell a lost request from a lost answer, so it names its session in the head
 * (`client=9f86d081884c7d65 request=4 [repeat=1207]`: a random number in hexadecimal, never 0; its requests from 1 on;
 * see below) and asks again. The CIB keeps the last answer of each of HY_CLIENTS_MAX sessions, code and text (cut to
 * HY_CLIENT_TEXT_MAX bytes). The same request again is not applied: it gets the kept answer, and `answer.repeated`. One
 * before the last is -EALREADY. When there are too many sessions, the one that was used longest ago (by log index) goes;
 * `clients_forgotten` is the highest index among those. So that a session that is not known any more is not taken for a
 * new one, a request that was sent before says so: `repeat` is the log index that the client knew when it began. Unknown
 * session, and something was forgotten since: -ENODATA, not applied, the outcome is not known.
 *
 * Results: one is kept of each (rsc, op, interval) on a node; one with a lower `call` than what is known is ignored, an
 * equal one (a recurring operation's next answer) replaces it. `at` is the head's; a recurring operation's stays while
 * its answer is the same. A successful start or stop drops the instance's earlier recurring results: they are set up
 * again. Cancelled: it never ran, and only a pending result of it goes. When a primitive is not configured any more and
 * an instance is known not to run (stopped, or probed as absent), all that is known of it on that node goes.
 *
 * Enrolment: `enrol` makes the node object when there is none. A new id is above every one that was ever enrolled
 * (-EEXIST otherwise); in one command they may come in any order. -EEXIST: the id or an address is another node's, or
 * the node has another id; -EBUSY: it is being taken out; -EINVAL: an address that is none, a node too many. `strike`:
 * -ENOENT: no such node is enrolled; -EINVAL: it is the last, or only witnesses would be left; of one that is being
 * taken out already it is 0 and changes nothing. `struck` is the DC's (origin 0) and only of a node that is being taken
 * out and is no member. An enrolled node is not taken out by `remove` (-EBUSY).
 *
 * What counts as a failure (Pacemaker's rules): start, promote, demote, migrate or recurring monitor that is not what
 * it should be raises the fail count by one; start with start-failure-is-fatal (default true) and every failed stop set
 * it to INFINITY. A probe (monitor, interval 0) never counts; rc 0, 7, 8, 9 are ordinary answers there; another is
 * recorded as failed. A recurring monitor is right with 0, 190 (and 8, 191 when promoted: the latest of start, stop,
 * promote, demote and probe tells); HY_EXEC_TIMEOUT, _DIED and _ERROR are failures of any. A later success replaces the
 * result; the failure stays in `failures`, and the fail count as it is, until cleanup or expiry.
 *
 * Cleanup: RSC is a primitive, an instance of one, a group (its members) or a clone (its child). On each node, or the
 * named one, every primitive of those with a failed result, a failure or a fail count loses all its results, failures
 * and fail counts there, so that it is probed again. When nothing has failed it is 0 and changes nothing. -ENOENT: no
 * such resource is configured, nor known on any node; no such node.
 */
#ifndef HY_CIB_COMMAND_H
#define HY_CIB_COMMAND_H

#include "base/buf.h"
#include "base/err.h"
#include "cib/cib.h"

struct hy_command_head {
    uint32_t origin;
    uint64_t incarnation;
    uint64_t seq;
    hy_wall at;
    const char *by;  /* NULL: nobody named */
    const char *via; /* NULL */
    uint64_t client; /* the client's session; 0: none */
    uint64_t request;
    uint64_t repeat; /* 0: the first time */
};

/* What came of a command. */
struct hy_answer {
    /* 0; -EALREADY: a repeat; -ESTALE: a version or epoch has moved, or too early; -EINVAL; -ENOENT; -EEXIST; -EBUSY;
     * -ENODATA */
    int code;
    struct hy_command_head head; /* by and via are NULL here */
    bool config_changed;
    bool repeated; /* a client's repeat: code and text are those of the first time, nothing was applied */
    struct hy_err err;
};

/* Applies the command at log index `index`. Never fails otherwise than in `answer` (which all nodes compute alike);
 * cib->index becomes `index` in any case. */
void hy_cib_apply(struct hy_cib *cib, uint64_t index, const char *text, size_t size, struct hy_answer *answer);

/* Reads the head alone (to recognise one's own commands); by and via are NULL. -EINVAL. */
int hy_command_head_parse(const char *text, size_t size, struct hy_command_head *head, struct hy_err *err);

/* Writers: head first, then any statements. All end their line, and whatever text they are given can be read back:
 * control characters become blanks, what is no UTF-8 a question mark, and a reason is cut to 1000 bytes. Ids and names
 * of attributes must be valid already. `result` carries no `at` and no `failed`. */
void hy_command_begin(struct hy_buf *out, const struct hy_command_head *head);
/* A command as hy_command_begin() began it, said at another time. 0 or -EINVAL: it did not begin so; nothing is added. */
int hy_command_restamp(struct hy_buf *out, const char *text, size_t size, hy_wall at);
void hy_command_put(struct hy_buf *out, const char *base, const struct hy_object *object); /* base: "12", "0" or "*" */
void hy_command_remove(struct hy_buf *out, const char *base, const char *id);
void hy_command_member(struct hy_buf *out, const char *node, uint32_t id, enum hy_member_state state, uint32_t epoch,
                       uint64_t incarnation);
void hy_command_lineage(struct hy_buf *out, uint64_t lineage);
void hy_command_enrol(struct hy_buf *out, const char *node, uint32_t id, const struct hy_enrolment *enrolled);
void hy_command_strike(struct hy_buf *out, const char *node);
void hy_command_struck(struct hy_buf *out, const char *node);
void hy_command_synced(struct hy_buf *out, const char *node, uint32_t epoch);
void hy_command_detection(struct hy_buf *out, const char *node, uint32_t epoch, const struct hy_wish *wish);
void hy_command_transient(struct hy_buf *out, const char *node, const char *name,
                          const char *value); /* value NULL: unset */
void hy_command_result(struct hy_buf *out, const char *node, uint32_t epoch, const struct hy_result *result);
void hy_command_forget(struct hy_buf *out, const char *node, const char *rsc, const char *op, hy_time interval);
void hy_command_cleanup(struct hy_buf *out, const char *rsc, const char *node); /* rsc "*": all; node NULL: all */
void hy_command_expire(struct hy_buf *out, const char *rsc, const char *node);
void hy_command_ticket(struct hy_buf *out, const char *name, const char *attr, const char *value);
void hy_command_unticket(struct hy_buf *out, const char *name);
void hy_command_lock(struct hy_buf *out, const char *node, const char *rsc, bool locked);
void hy_command_noop(struct hy_buf *out);

#endif
