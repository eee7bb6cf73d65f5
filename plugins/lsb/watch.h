/* SPDX-License-Identifier: Apache-2.0 */
/* Runs beside the service and reports the end of its main process when it happens. */
#ifndef LSB_WATCH_H
#define LSB_WATCH_H

#include "halyard/agent.h"

enum halyard_rc lsb_watch(const struct halyard_host *host, const struct halyard_op *op);

#endif
