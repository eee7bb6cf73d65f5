/* SPDX-License-Identifier: Apache-2.0 */
/* The items that only this module writes, and the reading of all. */
#ifndef HY_JOURNAL_ITEMS_H
#define HY_JOURNAL_ITEMS_H

#include "journal/journal.h"

enum { HY_JOURNAL_LENGTH_ITEM = 9 }; /* its bytes */

void hy_journal_item_base(struct hy_buf *items, uint64_t index);
void hy_journal_item_length(struct hy_buf *items, uint64_t length);

/* Carries out a frame's items. NULL, or what is wrong. */
const char *hy_journal_items_apply(struct hy_journal_image *image, const void *items, size_t size);

#endif
