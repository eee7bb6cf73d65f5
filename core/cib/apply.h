/* SPDX-License-Identifier: Apache-2.0 */
/* A command while it is being applied: what its statements share. Internal to core/cib. */
#ifndef HY_CIB_APPLY_H
#define HY_CIB_APPLY_H

#include "base/err.h"
#include "cib/command.h"
#include "cib/cursor.h"

enum hy_undo_kind { HY_UNDO_ADDED, HY_UNDO_REPLACED, HY_UNDO_REMOVED, HY_UNDO_STATUS, HY_UNDO_TICKETS };

/* What was before one change. */
struct hy_undo {
    enum hy_undo_kind kind;
    size_t position;
    size_t status_position;
    struct hy_object *object;      /* REPLACED, REMOVED: the former one */
    struct hy_node_status *status; /* REMOVED: a node's; STATUS: a copy */
    struct hy_cib *tickets;        /* TICKETS: a CIB with nothing but a copy of them */
    bool struck;                   /* REMOVED: what refers to it may stay */
};

struct hy_apply {
    struct hy_cib *cib;
    uint64_t index;
    const struct hy_command_head *head;
    struct hy_err *err;
    bool alone; /* one statement only: it checks first, then changes, so there is no status to be brought back */
    bool config_changed;
    bool nodes_changed; /* who is enrolled */
    uint32_t last_id;   /* as before the command */
    uint64_t lineage;   /* likewise */
    HY_VEC(struct hy_undo) undo;
};

/* Before a node's status is changed. */
void hy_apply_keep_status(struct hy_apply *apply, const struct hy_node_status *status);

/* Before a ticket is changed. */
void hy_apply_keep_tickets(struct hy_apply *apply);

/* Brings back what was before the command, or forgets it. */
void hy_apply_undo(struct hy_apply *apply);
void hy_apply_commit(struct hy_apply *apply);

/* One statement; the verb has been read. 0 or -errno with the reason in apply->err; undone by the caller then. */
typedef int hy_apply_fn(struct hy_apply *apply, struct hy_cursor *cursor);

hy_apply_fn hy_apply_put, hy_apply_remove, hy_apply_member, hy_apply_synced, hy_apply_detection, hy_apply_transient,
    hy_apply_result, hy_apply_forget, hy_apply_lineage, hy_apply_enrol, hy_apply_strike, hy_apply_struck,
    hy_apply_cleanup, hy_apply_expire, hy_apply_ticket, hy_apply_unticket, hy_apply_lock, hy_apply_unlock,
    hy_apply_noop;

/* The configuration as it is after the whole command: does everything refer to something? */
int hy_apply_check(struct hy_apply *apply);

/* Reads a node's name and finds its status: -EINVAL, -ENOENT. */
int hy_apply_node(struct hy_apply *apply, struct hy_cursor *cursor, struct hy_node_status **status);

#endif
