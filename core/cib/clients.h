/* SPDX-License-Identifier: Apache-2.0 */
/* The last answers of client sessions (command.h, "Client sessions"). Internal to core/cib. */
#ifndef HY_CIB_CLIENTS_H
#define HY_CIB_CLIENTS_H

#include "base/buf.h"
#include "cib/command.h"
#include "cib/cursor.h"

/* True: the command is not to be applied, and `answer` says what its client gets. */
bool hy_clients_answered(const struct hy_cib *cib, const struct hy_command_head *head, struct hy_answer *answer);

/* Keeps the answer to a command, at the cost of the oldest one if need be. */
void hy_clients_keep(struct hy_cib *cib, uint64_t index, const struct hy_command_head *head,
                     const struct hy_answer *answer);

void hy_clients_copy(struct hy_cib *to, const struct hy_cib *from);
void hy_clients_free(struct hy_cib *cib);

/* As statements of a saved CIB. */
void hy_clients_save(const struct hy_cib *cib, struct hy_buf *out);
int hy_clients_restore_one(struct hy_cib *cib, struct hy_cursor *cursor);
int hy_clients_restore_forgotten(struct hy_cib *cib, struct hy_cursor *cursor);

#endif
