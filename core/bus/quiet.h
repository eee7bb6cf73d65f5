/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HY_BUS_QUIET_H
#define HY_BUS_QUIET_H

/* czmq installs no signal handlers and writes nothing to stdout then. To be called before anything else of czmq's, and
 * again after zsys_shutdown(), which forgets it. */
void hy_czmq_quiet(void);

#endif
