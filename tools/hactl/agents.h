/* SPDX-License-Identifier: Apache-2.0 */
/* What the agents installed on this host know, held against the configuration. */
#ifndef HACTL_AGENTS_H
#define HACTL_AGENTS_H

#include "cib/cib.h"
#include "hactl/hactl.h"

/* A line ("warning: ...") for each primitive whose agent this host does not have, for each parameter that its agent does not
 * know, for each that it must have and has not, for each value that it would refuse, and for each operation with less time
 * than its agent advises; and what an agent itself has to say. Nothing where the folder of agents cannot be read. It forks: hactl_hang_up() first. */
void hactl_agents_check(const struct hy_config *config, const struct hy_cib *cib, struct hy_buf *warnings);

#endif
