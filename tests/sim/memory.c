/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/memory.h"

#include <malloc.h>

size_t sim_memory_used(void)
{
    return mallinfo2().uordblks;
}
