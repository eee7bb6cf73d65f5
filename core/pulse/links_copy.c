/* SPDX-License-Identifier: Apache-2.0 */
#include "pulse/links_copy.h"

#include "base/alloc.h"

#include <stdint.h>
#include <stdlib.h>

void hy_links_copy_take(const struct hy_links *links, struct hy_links_copy *copy)
{
    for (size_t number = 1; number <= hy_links_count(links); number++) {
        struct hy_link_copy *link = hy_vec_add(&copy->list);
        *link = (struct hy_link_copy){.stats = {0}};
        hy_links_stats(links, number, &link->stats);
        link->stats.transport = hy_strdup(link->stats.transport);
        link->stats.why = hy_strdup(link->stats.why);
        struct hy_link_peer_stats peer;
        for (size_t at = 0; hy_links_peer_stats(links, number, at, &peer); at++) {
            peer.name = hy_strdup(peer.name);
            hy_vec_push(&link->peers, peer);
        }
    }
}

static void free_text(const char *text)
{
    free((void *)(uintptr_t)text);
}

void hy_links_copy_free(struct hy_links_copy *copy)
{
    for (size_t i = 0; i < copy->list.count; i++) {
        struct hy_link_copy *link = &copy->list.items[i];
        free_text(link->stats.transport);
        free_text(link->stats.why);
        for (size_t p = 0; p < link->peers.count; p++)
            free_text(link->peers.items[p].name);
        hy_vec_free(&link->peers);
    }
    hy_vec_free(&copy->list);
}
