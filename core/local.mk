# SPDX-License-Identifier: Apache-2.0
# The modules, lowest first. Each may include and link only what is above its own line here.

include core/base/local.mk
include core/cib/local.mk
include core/scheduler/local.mk
include core/consensus/local.mk
include core/membership/local.mk
include core/meter/local.mk
include core/cluster/local.mk
include core/journal/local.mk
include core/store/local.mk
include core/loop/local.mk
include core/plugin/local.mk
include core/bus/local.mk
include core/pulse/local.mk
include core/executor/local.mk
include core/daemon/local.mk
