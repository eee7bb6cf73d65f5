/* SPDX-License-Identifier: Apache-2.0 */
/* The parameter `routes`: DEST [via GATEWAY] [dev INTERFACE] [metric NUMBER], separated by commas. */
#ifndef IPADDR2_ROUTE_CONFIG_H
#define IPADDR2_ROUTE_CONFIG_H

#include "config.h"

enum halyard_rc hy_ip_routes_read(const struct halyard_host *host, const struct halyard_op *op,
                                  const struct hy_ip_target *target, struct hy_ip_routes *routes);
/* As it was written, more or less. */
void hy_ip_route_text(const struct hy_ip_route_spec *spec, char *text, size_t size);

#endif
