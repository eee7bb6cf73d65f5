# SPDX-License-Identifier: Apache-2.0
# Measures, not tests: nothing here is among TESTS, for a time that was missed is no failure.

check_PROGRAMS += tests/bench/consensus/edits
tests_bench_consensus_edits_SOURCES = tests/bench/consensus/edits.c
tests_bench_consensus_edits_CPPFLAGS = $(CORE_CPPFLAGS) -I$(top_srcdir)/tools $(CZMQ_CFLAGS) $(ZMQ_CFLAGS)
tests_bench_consensus_edits_LDADD = libhactl.a libhy_bus.a libhy_base.a $(CZMQ_LIBS) $(ZMQ_LIBS)

check_PROGRAMS += tests/bench/scheduler/decide
tests_bench_scheduler_decide_SOURCES = tests/bench/scheduler/decide.c
tests_bench_scheduler_decide_CPPFLAGS = $(HACTL_CPPFLAGS)
tests_bench_scheduler_decide_LDADD = $(HACTL_LIBS)

check_PROGRAMS += tests/bench/release/release
tests_bench_release_release_SOURCES = tests/bench/release/release.c
tests_bench_release_release_CPPFLAGS = $(CORE_CPPFLAGS)
tests_bench_release_release_LDADD = libhy_executor.a libhy_loop.a libhy_plugin.a libhy_operation.a libhy_cib.a libhy_base.a $(DL_LIBS)

EXTRA_DIST += \
	tests/bench/README.md \
	tests/bench/bench/__init__.py \
	tests/bench/bench/commits.py \
	tests/bench/bench/contest.py \
	tests/bench/bench/contest_table.py \
	tests/bench/bench/contestants.py \
	tests/bench/bench/costs.py \
	tests/bench/bench/crm.py \
	tests/bench/bench/faults.py \
	tests/bench/bench/halyard.py \
	tests/bench/bench/keepalived.py \
	tests/bench/bench/machine.py \
	tests/bench/bench/main.py \
	tests/bench/bench/measures.py \
	tests/bench/bench/outage.py \
	tests/bench/bench/pacemaker.py \
	tests/bench/bench/plot.py \
	tests/bench/bench/service_client.py \
	tests/bench/bench/stack.py \
	tests/bench/bench/stress.py \
	tests/bench/bench/table.py \
	tests/bench/consensus/run \
	tests/bench/failover/run \
	tests/bench/failover/stress \
	tests/bench/scheduler/cibs.py \
	tests/bench/scheduler/odd \
	tests/bench/scheduler/run \
	tests/bench/scheduler/shapes.py \
	tests/bench/run
