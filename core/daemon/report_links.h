/* SPDX-License-Identifier: Apache-2.0 */
/* The part of the report that tells of the links: what each is, and what is measured of it to each peer. */
#ifndef HY_DAEMON_REPORT_LINKS_H
#define HY_DAEMON_REPORT_LINKS_H

#include "daemon/config.h"
#include "pulse/links_copy.h"

#include <jansson.h>

json_t *hy_report_links(const struct hy_config *config, const struct hy_links_copy *links, hy_time now, hy_wall wall);

#endif
