# SPDX-License-Identifier: Apache-2.0
# The simulator: the pure modules once more, optimised and with the mutants in them, and around them a world.

SIM_FLAGS = $(AM_CFLAGS) -O2
SIM_CPPFLAGS = $(CORE_CPPFLAGS) -I$(top_srcdir)/tests -DHY_MUTANTS

noinst_LIBRARIES += tests/sim/libhy_sim.a
tests_sim_libhy_sim_a_CPPFLAGS = $(SIM_CPPFLAGS)
tests_sim_libhy_sim_a_CFLAGS = $(SIM_FLAGS)
tests_sim_libhy_sim_a_SOURCES = \
	$(libhy_base_a_SOURCES) $(libhy_cib_a_SOURCES) $(libhy_scheduler_a_SOURCES) $(libhy_consensus_a_SOURCES) \
	$(libhy_membership_a_SOURCES) $(libhy_cluster_a_SOURCES) \
	core/journal/items.c core/journal/load.c core/journal/log.c core/journal/sectors.c core/journal/snapshot.c \
	$(libhy_operation_a_SOURCES) \
	core/executor/active.c core/executor/lease.c core/executor/queue.c core/executor/recurring.c \
	core/executor/release.c core/executor/watch.c

check_PROGRAMS += tests/sim/halyard-sim
tests_sim_halyard_sim_CPPFLAGS = $(SIM_CPPFLAGS)
tests_sim_halyard_sim_CFLAGS = $(SIM_FLAGS)
tests_sim_halyard_sim_LDADD = tests/sim/libhy_sim.a
tests_sim_halyard_sim_SOURCES = \
	tests/sim/world.h tests/sim/observer.h tests/sim/internal.h tests/sim/random.h \
	tests/sim/agenda.c tests/sim/apart.c tests/sim/bus.c tests/sim/calls.c tests/sim/clock.c tests/sim/core.c tests/sim/crc32c.c \
	tests/sim/disk.c tests/sim/disk.h tests/sim/executor.c tests/sim/fault.c tests/sim/fault.h \
	tests/sim/generate.c tests/sim/host.c tests/sim/inject.c tests/sim/loop.c tests/sim/main.c \
	tests/sim/mutants.c tests/sim/mutants.h tests/sim/net.c tests/sim/parts.c \
	 tests/sim/run.c tests/sim/shrink.c tests/sim/shrink.h \
	tests/sim/check_dc.c tests/sim/check_elections.c tests/sim/check_lease.c tests/sim/check_linear.c tests/sim/check_liveness.c \
	tests/sim/check_log.c tests/sim/check_memory.c tests/sim/check_orders.c tests/sim/check_once.c tests/sim/check_promises.c tests/sim/check_quorum.c \
	tests/sim/check_rules.c tests/sim/check_stale.c tests/sim/check_state.c tests/sim/checks.h tests/sim/decisions.c tests/sim/decisions.h \
	tests/sim/edits.c tests/sim/edits.h tests/sim/facts.c tests/sim/facts.h tests/sim/history.c \
	tests/sim/history.h tests/sim/linearize.c tests/sim/linearize.h tests/sim/table.c tests/sim/table.h \
	tests/sim/workload.c tests/sim/workload.h tests/sim/workload_config.c tests/sim/workload_operator.c \
	tests/sim/trace.c tests/sim/view.c tests/sim/world.c

SIM_RUN = python3 $(srcdir)/tests/sim/run.py tests/sim/halyard-sim

sim-check: tests/sim/halyard-sim
	$(SIM_RUN) check $(srcdir)/tests/sim/regressions
sim-long: tests/sim/halyard-sim
	$(SIM_RUN) long $(or $(HOURS),100)
sim-mutants: tests/sim/halyard-sim
	$(SIM_RUN) mutants $(MUTANTS)
.PHONY: sim-check sim-long sim-mutants

TESTS += tests/sim/make-check
EXTRA_DIST += tests/sim/README.md tests/sim/make-check tests/sim/run.py tests/sim/regressions
