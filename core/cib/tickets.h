/* SPDX-License-Identifier: Apache-2.0 */
/* Tickets in the CIB. Internal to core/cib. */
#ifndef HY_CIB_TICKETS_H
#define HY_CIB_TICKETS_H

#include "base/buf.h"
#include "cib/cib.h"
#include "cib/cursor.h"

/* The ticket of that name; one that nothing was said of is made. */
struct hy_ticket *hy_ticket_make(struct hy_cib *cib, const char *name);

/* False: nothing was said of it. */
bool hy_ticket_drop(struct hy_cib *cib, const char *name);

int hy_cursor_read_ticket(struct hy_cursor *cursor, const char **name);

void hy_tickets_save(const struct hy_cib *cib, struct hy_buf *out);
int hy_ticket_restore(struct hy_cib *cib, struct hy_cursor *cursor);
int hy_ticket_restore_attribute(struct hy_cib *cib, struct hy_cursor *cursor);

#endif
