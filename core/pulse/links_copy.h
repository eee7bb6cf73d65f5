/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of the links, as it was in one moment: the links themselves belong to the thread of heartbeats. */
#ifndef HY_PULSE_LINKS_COPY_H
#define HY_PULSE_LINKS_COPY_H

#include "base/vec.h"
#include "bus/link.h"

struct hy_link_copy {
    struct hy_link_stats stats;              /* its text is owned */
    HY_VEC(struct hy_link_peer_stats) peers; /* likewise */
};

struct hy_links_copy {
    HY_VEC(struct hy_link_copy) list; /* link 1 first */
};

void hy_links_copy_take(const struct hy_links *links, struct hy_links_copy *copy);
void hy_links_copy_free(struct hy_links_copy *copy);

#endif
