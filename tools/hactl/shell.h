/* SPDX-License-Identifier: Apache-2.0 */
/* The interactive mode, as crm has it: levels, one command a line. Also for commands that are piped in. */
#ifndef HACTL_SHELL_H
#define HACTL_SHELL_H

#include "hactl/hactl.h"

/* Until exit or the end of the input. Piped in, the first command that fails ends it, and its status is returned. */
int hactl_shell(struct hactl *h, const char *level);

#endif
