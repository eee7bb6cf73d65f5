/* SPDX-License-Identifier: Apache-2.0 */
/* The local socket of this node's core (daemon/ipc.h), from the operator's side. */
#ifndef HACTL_CONNECTION_H
#define HACTL_CONNECTION_H

#include "hactl/hactl.h"

/* All of these say on stderr what is wrong, and return an exit status. */

/* The two payloads of `state`. */
int hactl_ask_state(struct hactl *h, struct hy_buf *report, struct hy_buf *cib);

/* The same, certain to contain all that was acknowledged before. *code: 0, or the refusal (-EHOSTUNREACH: no quorum) with its
 * text; the status is HACTL_OK as soon as there was an answer. */
int hactl_ask_read(struct hactl *h, struct hy_buf *report, struct hy_buf *cib, int *code, struct hy_err *refusal);

/* The log index that a report tells: a command that is repeated later names it. */
void hactl_note_index(struct hactl *h, uint64_t index);

/* Sends statements of a command and waits until they are committed and applied, once, whatever becomes of the core
 * meanwhile. *code: 0, or the refusal (-errno) with its text in
 * `refusal`; the status is HACTL_OK as soon as there was an answer. */
int hactl_send_command(struct hactl *h, const struct hy_buf *statements, int *code, struct hy_err *refusal);

/* This blank node is to form a cluster with those it hears; *code and `refusal` as above. */
int hactl_send_found(struct hactl *h, int *code, struct hy_err *refusal);

/* Is there a core that could be asked? Says nothing. */
bool hactl_is_reachable(struct hactl *h);

/* Ends the connection, and with it the threads of ZeroMQ, but not the session: for whoever forks. */
void hactl_hang_up(struct hactl *h);

void hactl_disconnect(struct hactl *h);

#endif
