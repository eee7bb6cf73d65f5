/* SPDX-License-Identifier: Apache-2.0 */
/* The folder OUT/NODE with what goes to a new node's /etc/halyard: its configuration and the secret all share. */
#ifndef HACTL_NODE_FILES_H
#define HACTL_NODE_FILES_H

#include "hactl/hactl.h"

/* Where the operator is told to copy the secret to. */
#define HACTL_KEY_FILE "/etc/halyard/halyard.key"

/* All return an exit status, and say on stderr what is wrong. */

/* Nothing that is there is to be lost. */
int hactl_files_check_free(const char *out, const char *node);
/* For config->node. `command` is what made them, for the comment at the top. The result is read back: the daemon is to find no
 * fault with it. */
int hactl_files_write(const char *out, const struct hy_config *config, const struct hy_buf *key, const char *command);
/* Nothing half made stays. */
void hactl_files_take_back(const char *out, const char *node);
/* Prints how to copy them. */
void hactl_files_tell(const char *out, const char *node, const char *address);

/* -- for the words of a command that makes them */

/* What goes into the file as it is must not end the text it stands in. */
int hactl_check_text(const char *what, const char *text);
/* NAME=ADDRESS; *name is the caller's to free, *address points into the word. */
int hactl_take_node(const char *word, char **name, const char **address);

#endif
