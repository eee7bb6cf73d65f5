/* SPDX-License-Identifier: Apache-2.0 */
/* A program that supervisord starts by itself has two owners. */
#ifndef SUPERVISOR_OWNER_H
#define SUPERVISOR_OWNER_H

#include "unit.h"

/* A warning in the log for each thing that supervisord would do to the program without being asked; how many there were.
 * What cannot be found out is not warned of. */
int sv_warn_of_owner(const struct sv_unit *unit);

#endif
