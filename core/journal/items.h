/* SPDX-License-Identifier: Apache-2.0 */
/* One behind the other, carried out in order. */
#ifndef HY_JOURNAL_ITEMS_H
#define HY_JOURNAL_ITEMS_H

#include "journal/journal.h"

enum { HY_JOURNAL_LENGTH_ITEM = 9 }; /* its bytes */

void hy_journal_item_state(struct hy_buf *items, uint64_t term, uint32_t vote);
void hy_journal_item_truncate(struct hy_buf *items, uint64_t from);
void hy_journal_item_entry(struct hy_buf *items, const struct hy_raft_entry *entry);
void hy_journal_item_incarnation(struct hy_buf *items, uint64_t incarnation);
void hy_journal_item_servers(struct hy_buf *items, const struct hy_raft_servers *servers); /* the first set */
void hy_journal_item_base(struct hy_buf *items, uint64_t index);
void hy_journal_item_length(struct hy_buf *items, uint64_t length);

/* Carries out a frame's items. NULL, or what is wrong. */
const char *hy_journal_items_apply(struct hy_journal_image *image, const void *items, size_t size);

#endif
