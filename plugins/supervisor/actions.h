/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPERVISOR_ACTIONS_H
#define SUPERVISOR_ACTIONS_H

#include "halyard/agent.h"

enum halyard_rc sv_do_start(const struct halyard_host *host, const struct halyard_op *op);
enum halyard_rc sv_do_stop(const struct halyard_host *host, const struct halyard_op *op);
enum halyard_rc sv_do_monitor(const struct halyard_host *host, const struct halyard_op *op);
enum halyard_rc sv_do_probe(const struct halyard_host *host, const struct halyard_op *op);
enum halyard_rc sv_do_watch(const struct halyard_host *host, const struct halyard_op *op);

#endif
