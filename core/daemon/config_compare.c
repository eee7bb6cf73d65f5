/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config_compare.h"

#include <inttypes.h>
#include <string.h>

static const struct hy_node_status *enrolled(const struct hy_cib *cib, const char *name)
{
    const struct hy_node_status *status = hy_cib_node(cib, name);
    return status && status->enrolled.address && !status->enrolled.striking ? status : NULL;
}

static const struct hy_config_node *configured(const struct hy_config *config, const char *name)
{
    for (size_t i = 0; i < config->nodes.count; i++)
        if (strcmp(config->nodes.items[i].name, name) == 0)
            return &config->nodes.items[i];
    return NULL;
}

static void compare_node(const struct hy_config_node *node, const struct hy_node_status *status, struct hy_buf *out)
{
    const char *comma = out->size ? ", " : "";
    if (!status)
        hy_buf_addf(out, "%s%s is in it, and not in the cluster", comma, node->name);
    else if (status->id != node->id)
        hy_buf_addf(out, "%s%s has id %" PRIu32 " there, and %" PRIu32 " in the cluster", comma, node->name, node->id,
                    status->id);
    else if (strcmp(status->enrolled.address, node->address) != 0)
        hy_buf_addf(out, "%s%s has address %s there, and %s in the cluster", comma, node->name, node->address,
                    status->enrolled.address);
    else if (status->enrolled.witness != node->witness)
        hy_buf_addf(out, "%s%s is %s witness there, and %s in the cluster", comma, node->name,
                    node->witness ? "a" : "no", status->enrolled.witness ? "one" : "none");
}

void hy_config_compare(const struct hy_config *config, const struct hy_cib *cib, struct hy_buf *out)
{
    bool any = false;
    for (size_t i = 0; i < cib->nodes.count; i++) {
        const struct hy_node_status *status = enrolled(cib, cib->nodes.items[i]->node);
        any = any || status;
        if (status && !configured(config, status->node))
            hy_buf_addf(out, "%s%s is missing in it", out->size ? ", " : "", status->node);
    }
    for (size_t i = 0; i < config->nodes.count && any; i++)
        compare_node(&config->nodes.items[i], enrolled(cib, config->nodes.items[i].name), out);
}
