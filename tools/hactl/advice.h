/* SPDX-License-Identifier: Apache-2.0 */
/* What an agent itself has to say of a configuration that is allowed and yet unwise (advise, halyard/agent.h). */
#ifndef HACTL_ADVICE_H
#define HACTL_ADVICE_H

#include "base/buf.h"
#include "cib/cib.h"

/* A line for each. `agent`: its name as configured; `params`: as they are now. It forks. */
void hactl_advice_ask(const char *path, const char *agent, const char *id, const struct hy_attrs *params,
                      struct hy_buf *lines);

#endif
