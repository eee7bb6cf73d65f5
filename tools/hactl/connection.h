/* SPDX-License-Identifier: Apache-2.0 */
/* The local socket of this node's core (daemon/ipc.h), from the operator's side. */
#ifndef HACTL_CONNECTION_H
#define HACTL_CONNECTION_H

#include "hactl/hactl.h"

/* All of these say on stderr what is wrong, and return an exit status. */

/* The two payloads of `state`. */
int hactl_ask_state(struct hactl *h, struct hy_buf *report, struct hy_buf *cib);

/* Sends statements of a command and waits until they are committed and applied. *code: 0, or the refusal (-errno) with its text in
 * `refusal`; the status is HACTL_OK as soon as there was an answer. */
int hactl_send_command(struct hactl *h, const struct hy_buf *statements, int *code, struct hy_err *refusal);

/* This blank node is to form a cluster with those it hears; *code and `refusal` as above. */
int hactl_send_found(struct hactl *h, int *code, struct hy_err *refusal);

/* Is there a core that could be asked? Says nothing. */
bool hactl_is_reachable(struct hactl *h);

void hactl_disconnect(struct hactl *h);

#endif
