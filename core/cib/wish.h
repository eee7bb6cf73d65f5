/* SPDX-License-Identifier: Apache-2.0 */
/* What a node wishes dead-after to be, in commands and in the saved form. Internal to core/cib. */
#ifndef HY_CIB_WISH_H
#define HY_CIB_WISH_H

#include "base/buf.h"
#include "cib/cursor.h"

void hy_wish_free(struct hy_wish *wish);
struct hy_wish hy_wish_copy(const struct hy_wish *wish);

/* The fields, to the end of the statement; `epoch`: of commands only, else NULL. What is read points into the words. */
int hy_wish_read(struct hy_cursor *cursor, uint32_t *epoch, struct hy_wish *wish);

/* The same, each with a blank in front; without an epoch. */
void hy_wish_print(const struct hy_wish *wish, struct hy_buf *out);

#endif
