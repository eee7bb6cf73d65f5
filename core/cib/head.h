/* SPDX-License-Identifier: Apache-2.0 */
/* Internal to core/cib. */
#ifndef HY_CIB_HEAD_H
#define HY_CIB_HEAD_H

#include "cib/command.h"
#include "cib/cursor.h"

/* Reads a command's head line; by and via point into the words. -EINVAL. */
int hy_command_head_read(struct hy_cursor *cursor, struct hy_command_head *head);

#endif
