/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A change of the configuration: objects to put and to remove, each based on the version that was read. It is tried on a
 * copy first, and verified; what is wrong is said before anything is sent.
 */
#ifndef HACTL_EDIT_H
#define HACTL_EDIT_H

#include "hactl/state.h"

struct hactl_edit {
    struct hactl *h;
    const struct hactl_state *state;
    struct hy_buf statements;
};

void hactl_edit_begin(struct hactl_edit *edit, struct hactl *h, const struct hactl_state *state);
/* The object as it shall be; it must be new, or it replaces what was read. Unchanged: nothing is sent. */
void hactl_edit_put(struct hactl_edit *edit, const struct hy_object *object);
/* A set or a node: its plain values are set one by one in what is there, and what it says beside them (a node's description
 * and number) replaces that; a set with another rule or score, and any other object: as put. */
void hactl_edit_merge(struct hactl_edit *edit, const struct hy_object *object);
void hactl_edit_remove(struct hactl_edit *edit, const char *id);
/* Raw statements (cleanup, transient). */
void hactl_edit_add(struct hactl_edit *edit, const struct hy_buf *statements);
/* Verifies, sends, waits for the answer; says what is wrong. Frees the edit. Nothing to send is a success. */
int hactl_edit_send(struct hactl_edit *edit);
void hactl_edit_free(struct hactl_edit *edit);

/* edit_check.c: does it take a place from what has one, without having asked for that? Then it is refused, or asked about.
 * `after`: the CIB as it would be. */
int hactl_edit_check(const struct hactl_edit *edit, const struct hy_cib *after);

/* A line for each score in a text of statements that is greater than can be. */
void hactl_warn_of_scores(const char *text);

#endif
