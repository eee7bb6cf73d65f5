/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_MEMORY_H
#define SIM_MEMORY_H

#include <stddef.h>

/* Bytes that the whole process has allocated and not freed. */
size_t sim_memory_used(void);

#endif
