/* SPDX-License-Identifier: Apache-2.0 */
/* Help and errors, both from the table of commands. */
#ifndef HACTL_HELP_H
#define HACTL_HELP_H

#include "hactl/hactl.h"

void hactl_help_all(void);
void hactl_help_level(const char *level);
void hactl_help_command(const struct hactl_command *command);

/* Says that there is no such word in the level, and which comes nearest; returns HACTL_USAGE. */
int hactl_unknown(const char *level, const char *word);

/* The word of the level (or of the top) that `word` may have been meant for; NULL: none is near. */
const char *hactl_nearest(const char *level, const char *word);

#endif
