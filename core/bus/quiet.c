/* SPDX-License-Identifier: Apache-2.0 */
#include "bus/quiet.h"

#include <czmq.h>

void hy_czmq_quiet(void)
{
    zsys_handler_set(NULL);
    zsys_set_logstream(NULL);
}
