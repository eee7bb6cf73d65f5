# SPDX-License-Identifier: Apache-2.0
# The simulator: the pure modules once more, optimised and with the mutants in them, and around them a world.

SIM_FLAGS = $(AM_CFLAGS) -O2
SIM_CPPFLAGS = $(CORE_CPPFLAGS) -I$(top_srcdir)/tests -DHY_MUTANTS

SIM_PRODUCT = \
	$(libhy_base_a_SOURCES) $(libhy_cib_a_SOURCES) $(libhy_scheduler_a_SOURCES) $(libhy_consensus_a_SOURCES) \
	$(libhy_membership_a_SOURCES) $(libhy_cluster_a_SOURCES) $(libhy_meter_a_SOURCES) \
	core/journal/crc32c.c core/journal/items.c core/journal/load.c core/journal/log.c core/journal/sectors.c \
	core/journal/snapshot.c \
	$(libhy_operation_a_SOURCES) \
	core/executor/active.c core/executor/lease.c core/executor/queue.c core/executor/recurring.c \
	core/executor/release.c core/executor/watch.c
SIM_WORLD = \
	tests/sim/world.h tests/sim/observer.h tests/sim/internal.h tests/sim/random.h \
	tests/sim/agenda.c tests/sim/apart.c tests/sim/bus.c tests/sim/calls.c tests/sim/clock.c tests/sim/core.c \
	tests/sim/disk.c tests/sim/disk.h tests/sim/executor.c tests/sim/fault.c tests/sim/fault.h \
	tests/sim/generate.c tests/sim/host.c tests/sim/inject.c tests/sim/kernel.c tests/sim/links.c tests/sim/loop.c tests/sim/main.c tests/sim/memory.h \
	tests/sim/mutants.c tests/sim/mutants.h tests/sim/net.c tests/sim/noise.c tests/sim/noise.h tests/sim/parts.c \
	tests/sim/run.c tests/sim/saved.c tests/sim/saved.h tests/sim/settings.c tests/sim/settings.h tests/sim/shrink.c tests/sim/shrink.h \
	tests/sim/check_dc.c tests/sim/check_elections.c tests/sim/check_lease.c tests/sim/check_linear.c \
	tests/sim/check_liveness.c tests/sim/check_log.c tests/sim/check_memory.c tests/sim/check_once.c \
	tests/sim/check_orders.c tests/sim/check_promises.c tests/sim/check_quorum.c \
	tests/sim/check_answers.c tests/sim/check_links.c tests/sim/check_noise.c tests/sim/check_suspicion.c \
	tests/sim/check_rules.c tests/sim/check_stale.c tests/sim/check_witness.c tests/sim/check_hung.c tests/sim/check_state.c tests/sim/checks.h tests/sim/decisions.c \
	tests/sim/decisions.h tests/sim/edits.c tests/sim/edits.h tests/sim/facts.c tests/sim/facts.h tests/sim/history.c \
	tests/sim/history.h tests/sim/linearize.c tests/sim/linearize.h tests/sim/table.c tests/sim/table.h \
	tests/sim/workload.c tests/sim/workload.h tests/sim/workload_config.c tests/sim/workload_operator.c \
	tests/sim/trace.c tests/sim/view.c tests/sim/world.c

noinst_LIBRARIES += tests/sim/libhy_sim.a
tests_sim_libhy_sim_a_CPPFLAGS = $(SIM_CPPFLAGS)
tests_sim_libhy_sim_a_CFLAGS = $(SIM_FLAGS)
tests_sim_libhy_sim_a_SOURCES = $(SIM_PRODUCT)

check_PROGRAMS += tests/sim/halyard-sim
tests_sim_halyard_sim_CPPFLAGS = $(SIM_CPPFLAGS)
tests_sim_halyard_sim_CFLAGS = $(SIM_FLAGS)
tests_sim_halyard_sim_LDADD = tests/sim/libhy_sim.a
tests_sim_halyard_sim_SOURCES = $(SIM_WORLD) tests/sim/memory.c

# For long runs: one program, which gcc optimises by what some runs of it have measured, and with a malloc() of its own.
# The same seed gives the same hash. First it is built to measure, in tests/sim/fast/measured, where it leaves its counts.
SIM_FAST = tests/sim/fast
SIM_FAST_C = $(filter %.c,$(SIM_PRODUCT) $(SIM_WORLD)) tests/sim/memory_fast.c
SIM_FAST_H = $(wildcard $(srcdir)/include/halyard/*.h $(srcdir)/core/*/*.h $(srcdir)/tests/sim/*.h)
SIM_FAST_CC = $(CC) $(DEFS) $(DEFAULT_INCLUDES) $(SIM_CPPFLAGS) -std=c11 -w -g -O3 -march=native -flto=auto

$(SIM_FAST)/measured/%.o: %.c $(SIM_FAST_H)
	$(AM_V_at)$(MKDIR_P) $(@D)
	$(AM_V_CC)$(SIM_FAST_CC) -fprofile-generate -c -o $@ $<
$(SIM_FAST)/measured/halyard-sim: $(SIM_FAST_C:%.c=$(SIM_FAST)/measured/%.o)
	$(AM_V_CCLD)$(SIM_FAST_CC) -fprofile-generate -o $@ $^
$(SIM_FAST)/measured/done: $(SIM_FAST)/measured/halyard-sim
	$(AM_V_at)find $(@D) -name '*.gcda' -delete
	$(AM_V_GEN)for profile in lan wan; do for nodes in 3 5 7; do \
	    $< --seed $$nodes --nodes $$nodes --runs 2 --profile $$profile > $@.log || exit 1; done; done
	$(AM_V_at)touch $@

$(SIM_FAST)/%.o: %.c $(SIM_FAST)/measured/done
	$(AM_V_at)$(MKDIR_P) $(@D)
	$(AM_V_CC)$(SIM_FAST_CC) -fprofile-use=$(SIM_FAST)/measured/$*.gcda -c -o $@ $<
$(SIM_FAST)/halyard-sim: $(SIM_FAST_C:%.c=$(SIM_FAST)/%.o)
	$(AM_V_CCLD)$(SIM_FAST_CC) -fprofile-use -o $@ $^

# Not with sanitizers, and not with compilers that measure in another way.
SIM_LONG = $(if $(HY_SAN_FLAGS)$(HY_COV_FLAGS)$(findstring clang,$(CC)),tests/sim,$(SIM_FAST))/halyard-sim
SIM_RUN = python3 -B $(srcdir)/tests/sim/run.py

sim-check: tests/sim/halyard-sim
	$(SIM_RUN) tests/sim/halyard-sim check $(srcdir)/tests/sim/regressions
sim-long: $(SIM_LONG)
	$(SIM_RUN) $(SIM_LONG) long $(or $(HOURS),100) $(if $(TALLY),--tally $(TALLY))
sim-mutants: $(SIM_LONG)
	$(SIM_RUN) $(SIM_LONG) mutants $(MUTANTS)
sim-same: tests/sim/halyard-sim $(SIM_LONG)
	$(SIM_RUN) tests/sim/halyard-sim hash $(SIM_LONG)
clean-local: clean-sim-fast
clean-sim-fast:
	rm -rf $(SIM_FAST)
.PHONY: sim-check sim-long sim-mutants sim-same clean-sim-fast

TESTS += tests/sim/make-check tests/sim/test_longrun.py
EXTRA_DIST += tests/sim/README.md tests/sim/make-check tests/sim/memory_fast.c tests/sim/run.py tests/sim/longrun.py \
	tests/sim/test_longrun.py tests/sim/regressions
