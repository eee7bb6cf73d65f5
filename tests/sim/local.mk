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
	$(libhy_operation_a_SOURCES) \
	core/executor/active.c core/executor/lease.c core/executor/queue.c core/executor/recurring.c \
	core/executor/release.c core/executor/watch.c

noinst_PROGRAMS = tests/sim/halyard-sim
tests_sim_halyard_sim_CPPFLAGS = $(SIM_CPPFLAGS)
tests_sim_halyard_sim_CFLAGS = $(SIM_FLAGS)
tests_sim_halyard_sim_LDADD = tests/sim/libhy_sim.a
tests_sim_halyard_sim_SOURCES = \
	tests/sim/world.h tests/sim/observer.h tests/sim/internal.h tests/sim/random.h \
	tests/sim/agenda.c tests/sim/apart.c tests/sim/bus.c tests/sim/calls.c tests/sim/clock.c tests/sim/core.c \
	tests/sim/disk.c tests/sim/disk.h tests/sim/executor.c tests/sim/fault.c tests/sim/fault.h \
	tests/sim/generate.c tests/sim/host.c tests/sim/inject.c tests/sim/loop.c tests/sim/main.c \
	tests/sim/mutants.c tests/sim/mutants.h tests/sim/net.c tests/sim/parts.c \
	tests/sim/plain.c tests/sim/plain.h tests/sim/run.c tests/sim/shrink.c tests/sim/shrink.h \
	tests/sim/trace.c tests/sim/view.c tests/sim/world.c
