/* SPDX-License-Identifier: Apache-2.0 */
/* What the configuration file says of a link, as core/bus wants to be told. */
#ifndef HY_DAEMON_LINK_CONFIG_H
#define HY_DAEMON_LINK_CONFIG_H

#include "bus/link.h"
#include "daemon/config.h"

/* Of link `at`, counted from 0, without peers. Texts are borrowed of `config`. */
struct hy_link_config hy_link_config_of(const struct hy_config *config, size_t at);
void hy_link_config_free(struct hy_link_config *link);

#endif
