/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes that come and go: what a node is in the cluster, and what its coming or going waits for. */
#ifndef HACTL_CHANGE_H
#define HACTL_CHANGE_H

#include "hactl/state.h"

/* "voter", "witness", "learner", "blank", ... */
void hactl_part_print(const struct hactl_state *state, const char *node, struct hy_buf *out);

/* The words behind "waits for"; false: the node is neither coming nor going. */
bool hactl_change_waits(const struct hactl_state *state, const char *node, struct hy_buf *what);

/* A line with what this node, or the DC, waits for; nothing when all is as it should be. */
void hactl_waiting_print(const struct hactl_state *state, struct hy_buf *out);

/* Nodes that vote. */
size_t hactl_voters(const struct hactl_state *state);

#endif
