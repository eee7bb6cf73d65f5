/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What holds the address to the lease when no process of this host can: a program in the kernel, at the interface, that
 * drops all of the address's own traffic once the lease is over. Where it cannot be had, the short lifetime of the
 * address alone.
 *
 * It is in force from before the address is added until after it is gone. After a crash of everything it stays, and
 * drops: that is what it is for. The next operation that finds the address gone takes it away.
 */
#ifndef IPADDR2_GUARD_H
#define IPADDR2_GUARD_H

#include "netlink.h"

/* Before the address is added. OK also when only the lifetime is left; an error, with the reason, when that may not be, or
 * the lease has ended. */
enum halyard_rc hy_ip_guard_set(const struct halyard_host *host, const struct halyard_op *op, struct hy_ip_nl *nl,
                                const struct hy_ip_config *config, const struct hy_ip_link *link);
/* After the address is gone. `index` 0: wherever one is. */
void hy_ip_guard_clear(const struct halyard_host *host, const struct halyard_op *op, struct hy_ip_nl *nl,
                       const struct hy_ip_target *target, int index);
/* From watch, now and then: puts back what somebody has taken away. */
void hy_ip_guard_keep(const struct halyard_host *host, const struct halyard_op *op, struct hy_ip_nl *nl,
                      const struct hy_ip_target *target, const struct hy_ip_link *link);
/* Says which guard is in force, as the reason of an answer that is OK. */
void hy_ip_guard_tell(const struct halyard_host *host, const struct halyard_op *op, struct hy_ip_nl *nl,
                      const struct hy_ip_target *target, const struct hy_ip_link *link);

#endif
