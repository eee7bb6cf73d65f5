/* SPDX-License-Identifier: Apache-2.0 */
/* What a script says of its answer: "ocf-exit-reason:" at the beginning of a line of what it prints (OCF Resource Agent API
 * 1.1, section "Exit reason"). */
#ifndef HY_EXECUTOR_EXIT_REASON_H
#define HY_EXECUTOR_EXIT_REASON_H

#include <stddef.h>

#define HY_EXIT_REASON_PREFIX "ocf-exit-reason:"

/* The last such line of `output`, without the prefix and blanks around; it points into it. None: "" of size 0. */
const char *hy_exit_reason(const char *output, size_t output_size, size_t *size);

#endif
