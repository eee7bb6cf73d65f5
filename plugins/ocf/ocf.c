/* SPDX-License-Identifier: Apache-2.0 */
/* ocf:PROVIDER:TYPE: any script below OCF_ROOT/resource.d, where no plug-in serves that name itself. */
#include "script.h"

const struct halyard_agent halyard_agent_plugin = OCF_PLUGIN("ocf", "a script of the OCF Resource Agent API");
