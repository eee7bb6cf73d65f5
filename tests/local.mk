# SPDX-License-Identifier: Apache-2.0
# Unit tests: one program a module, named test_MODULE; each links its module and those below, so a wrong arrow does not link.

UNIT_CPPFLAGS = $(CORE_CPPFLAGS) -I$(top_srcdir)/tests $(CHECK_CFLAGS) -DHY_SRCDIR='"$(abs_top_srcdir)"' -DHY_BUILDDIR='"$(abs_top_builddir)"'

include tests/unit/base.mk
include tests/unit/cib.mk
include tests/unit/scheduler.mk
include tests/unit/consensus.mk
include tests/unit/membership.mk
include tests/unit/meter.mk
include tests/unit/pulse.mk
include tests/unit/cluster.mk
include tests/unit/store.mk
include tests/unit/plugin.mk
include tests/unit/loop.mk
include tests/unit/bus.mk
include tests/unit/executor.mk
include tests/unit/daemon.mk
include tests/unit/transports.mk
include tests/unit/agents.mk
include tests/unit/hactl.mk
include tests/unit/import.mk
include tests/unit/decide_fuzz.mk
include tests/unit/sim.mk
include tests/checks/local.mk
include tests/testbed/local.mk
include tests/bench/local.mk
include tests/peer/local.mk
include tests/e2e/local.mk
include tests/sim/local.mk

# A test that hangs is ended, one on a busy machine is not.
AM_TESTS_ENVIRONMENT = CK_DEFAULT_TIMEOUT=120; export CK_DEFAULT_TIMEOUT;

TESTS += $(UNIT_TESTS)
check_PROGRAMS += $(UNIT_TESTS)
