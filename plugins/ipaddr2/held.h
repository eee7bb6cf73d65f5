/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file in the resource's state folder that is there from before start adds the address until stop is about to delete it.
 *
 * Why: the kernel has no "renew, but do not add". A watch that renews the lifetime a moment after stop has deleted the
 * address would bring it back. So stop takes the mark away first; watch looks for it after each renewal, and deletes what
 * it should not have renewed. The same goes for what watch puts back.
 */
#ifndef IPADDR2_HELD_H
#define IPADDR2_HELD_H

#include "halyard/agent.h"

#include <stdbool.h>

#define HY_IP_HELD "held"
#define HY_IP_ROUTED "routed" /* it has had routes: stop has to look for them */

int hy_ip_mark_set(const struct halyard_host *host, const struct halyard_op *op, const char *mark); /* 0 or -errno */
void hy_ip_mark_clear(const struct halyard_host *host, const struct halyard_op *op, const char *mark);
bool hy_ip_mark(const struct halyard_host *host, const struct halyard_op *op, const char *mark);

int hy_ip_held_set(const struct halyard_host *host, const struct halyard_op *op); /* 0 or -errno */
void hy_ip_held_clear(const struct halyard_host *host, const struct halyard_op *op);
bool hy_ip_held(const struct halyard_host *host, const struct halyard_op *op);

#endif
