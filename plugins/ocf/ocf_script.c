/* SPDX-License-Identifier: Apache-2.0 */
/* ocf-script:PROVIDER:TYPE: the script, also where a plug-in serves ocf:PROVIDER:TYPE. */
#include "script.h"

const struct halyard_agent halyard_agent_plugin =
    OCF_PLUGIN("ocf-script", "a script of the OCF Resource Agent API, and never a plug-in of the same name");
