/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/link_config.h"

#include "base/alloc.h"

#include <stdlib.h>

/* The settings: what the file says, and this node's own address on the link. */
struct hy_link_config hy_link_config_of(const struct hy_config *config, size_t at)
{
    const struct hy_config_link *link = &config->links.items[at];
    struct hy_link_setting *settings = hy_alloc_array(link->settings.count + 1, sizeof *settings);
    for (size_t i = 0; i < link->settings.count; i++)
        settings[i] = (struct hy_link_setting){link->settings.items[i].name, link->settings.items[i].value};
    settings[link->settings.count] = (struct hy_link_setting){"address", link->addresses[config->self]};
    return (struct hy_link_config){
        .transport = link->transport,
        .settings = settings,
        .setting_count = link->settings.count + 1,
        .limits = {.dead_after = hy_config_link_dead_after(config, link), .lossy = hy_config_link_loss(link)}};
}

void hy_link_config_free(struct hy_link_config *link)
{
    free((void *)(uintptr_t)link->settings);
    link->settings = NULL;
}
