/* SPDX-License-Identifier: Apache-2.0 */
/* Tickets and locks: kept in the CIB, changed by commands, saved and restored. */
#include "cib/tickets.h"

#include "cib/apply.h"
#include "cib/fields.h"
#include "cib/object.h"
#include "cib/words.h"

#include <errno.h>
#include <string.h>

struct hy_ticket *hy_ticket_make(struct hy_cib *cib, const char *name)
{
    size_t at = 0;
    while (at < cib->tickets.count && strcmp(cib->tickets.items[at].name, name) < 0)
        at++;
    if (at < cib->tickets.count && strcmp(cib->tickets.items[at].name, name) == 0)
        return &cib->tickets.items[at];
    (void)hy_vec_add(&cib->tickets);
    memmove(&cib->tickets.items[at + 1], &cib->tickets.items[at],
            (cib->tickets.count - 1 - at) * sizeof *cib->tickets.items);
    cib->tickets.items[at] = (struct hy_ticket){.name = hy_strdup(name)};
    return &cib->tickets.items[at];
}

bool hy_ticket_drop(struct hy_cib *cib, const char *name)
{
    struct hy_ticket *ticket = hy_cib_ticket(cib, name);
    if (!ticket)
        return false;
    hy_ticket_free(ticket);
    hy_vec_remove(&cib->tickets, (size_t)(ticket - cib->tickets.items));
    return true;
}

int hy_cursor_read_ticket(struct hy_cursor *cursor, const char **name)
{
    const struct hy_word *word = hy_cursor_next(cursor);
    if (!word || !hy_ticket_name_is_valid(word->text))
        return hy_word_fail(cursor, word, "expected the name of a ticket");
    *name = word->text;
    return 0;
}

/* ------------------------------------------------------------- saved */

void hy_tickets_save(const struct hy_cib *cib, struct hy_buf *out)
{
    for (size_t i = 0; i < cib->tickets.count; i++) {
        const struct hy_ticket *ticket = &cib->tickets.items[i];
        hy_buf_addf(out, "ticket %s granted=%s standby=%s last-granted=", ticket->name, ticket->granted ? "yes" : "no",
                    ticket->standby ? "yes" : "no");
        hy_wall_print(ticket->last_granted, out);
        hy_buf_addc(out, '\n');
        for (size_t k = 0; k < ticket->attrs.list.count; k++) {
            hy_buf_addf(out, "ticket-attribute %s", ticket->name);
            hy_attr_print(ticket->attrs.list.items[k].name, ticket->attrs.list.items[k].value, out);
            hy_buf_addc(out, '\n');
        }
    }
}

int hy_ticket_restore(struct hy_cib *cib, struct hy_cursor *cursor)
{
    const char *name = NULL;
    struct hy_ticket read = {0};
    const struct hy_field fields[] = {{"granted", HY_FIELD_YES_NO, &read.granted, true},
                                      {"standby", HY_FIELD_YES_NO, &read.standby, true},
                                      {"last-granted", HY_FIELD_WALL, &read.last_granted, true}};
    int rc = hy_cursor_read_ticket(cursor, &name);
    if (!rc)
        rc = hy_fields_read(cursor, fields, sizeof fields / sizeof *fields);
    if (rc)
        return rc;
    struct hy_ticket *ticket = hy_ticket_make(cib, name);
    ticket->granted = read.granted;
    ticket->standby = read.standby;
    ticket->last_granted = read.last_granted;
    return 0;
}

int hy_ticket_restore_attribute(struct hy_cib *cib, struct hy_cursor *cursor)
{
    const char *name = NULL;
    int rc = hy_cursor_read_ticket(cursor, &name);
    if (rc)
        return rc;
    rc = hy_cursor_read_attr(cursor, &hy_ticket_make(cib, name)->attrs);
    return rc ? rc : hy_cursor_end(cursor, "the end of the statement");
}

/* ------------------------------------------------------------- commands */

/* NAME [granted=yes|no] [standby=yes|no] [name=value ...] */
int hy_apply_ticket(struct hy_apply *apply, struct hy_cursor *cursor)
{
    const char *name = NULL;
    enum { UNSAID = 2 };
    unsigned char granted = UNSAID, standby = UNSAID;
    struct hy_attrs others = {0};
    int rc = hy_cursor_read_ticket(cursor, &name);
    if (!rc && !hy_cursor_peek(cursor))
        rc = hy_cursor_fail(cursor, "expected granted=yes, granted=no, standby=yes, standby=no or name=value");
    while (!rc && hy_cursor_peek(cursor)) {
        const struct hy_word *word = hy_cursor_peek(cursor);
        const char *text = hy_cursor_accept_attr(cursor, "granted");
        unsigned char *flag = text ? &granted : NULL;
        if (!flag && (text = hy_cursor_accept_attr(cursor, "standby")))
            flag = &standby;
        bool value = false;
        if (!flag)
            rc = hy_cursor_read_attr(cursor, &others);
        else if (*flag != UNSAID || !hy_parse_bool(text, &value))
            rc = hy_word_fail(cursor, word, "expected yes or no, once");
        else
            *flag = value;
    }
    if (!rc) {
        hy_apply_keep_tickets(apply);
        struct hy_ticket *ticket = hy_ticket_make(apply->cib, name);
        if (granted != UNSAID) {
            ticket->last_granted = granted && !ticket->granted ? apply->head->at : ticket->last_granted;
            ticket->granted = granted;
        }
        if (standby != UNSAID)
            ticket->standby = standby;
        for (size_t i = 0; i < others.list.count; i++)
            hy_attrs_set(&ticket->attrs, others.list.items[i].name, others.list.items[i].value);
    }
    hy_attrs_free(&others);
    return rc;
}

int hy_apply_unticket(struct hy_apply *apply, struct hy_cursor *cursor)
{
    const char *name = NULL;
    int rc = hy_cursor_read_ticket(cursor, &name);
    if (!rc)
        rc = hy_cursor_end(cursor, "the end of the statement");
    if (rc)
        return rc;
    hy_apply_keep_tickets(apply);
    if (!hy_ticket_drop(apply->cib, name))
        return hy_fail(apply->err, ENOENT, "there is no ticket '%s'", name);
    return 0;
}

static int read_lock(struct hy_apply *apply, struct hy_cursor *cursor, struct hy_node_status **status, const char **rsc)
{
    int rc = hy_apply_node(apply, cursor, status);
    if (!rc)
        rc = hy_cursor_read_instance(cursor, rsc);
    return rc ? rc : hy_cursor_end(cursor, "the end of the statement");
}

static void drop_lock(struct hy_node_status *status, const char *rsc)
{
    for (size_t i = status->locks.count; i > 0; i--) {
        if (strcmp(status->locks.items[i - 1].rsc, rsc) != 0)
            continue;
        free(status->locks.items[i - 1].rsc);
        hy_vec_remove(&status->locks, i - 1);
    }
}

static int apply_lock(struct hy_apply *apply, struct hy_cursor *cursor, bool locked)
{
    struct hy_node_status *status = NULL;
    const char *rsc = NULL;
    int rc = read_lock(apply, cursor, &status, &rsc);
    if (rc)
        return rc;
    hy_apply_keep_status(apply, status);
    drop_lock(status, rsc);
    if (locked) {
        const struct hy_rsc_lock lock = {hy_strdup(rsc), apply->head->at};
        hy_vec_push(&status->locks, lock);
    }
    return 0;
}

int hy_apply_lock(struct hy_apply *apply, struct hy_cursor *cursor)
{
    return apply_lock(apply, cursor, true);
}

int hy_apply_unlock(struct hy_apply *apply, struct hy_cursor *cursor)
{
    return apply_lock(apply, cursor, false);
}
