/* SPDX-License-Identifier: Apache-2.0 */
/* Reads that contain all that was acknowledged before them. */
#include "cluster/internal.h"

#include <errno.h>

void hy_reads_add(struct hy_cluster *c, uint64_t client)
{
    hy_cluster_answer(c, client, -ENOSYS, "certain reads are not there yet");
}
