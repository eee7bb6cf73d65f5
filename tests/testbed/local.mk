# SPDX-License-Identifier: Apache-2.0
# The testbed is Python; its instrument is this one C program. The self test wants root, or user namespaces, and so is not among TESTS.

check_PROGRAMS += tests/testbed/vip-probe
tests_testbed_vip_probe_SOURCES = tests/testbed/vip-probe.c tests/testbed/probe-ping.c tests/testbed/probe-who.c tests/testbed/probe.h
tests_testbed_vip_probe_CPPFLAGS = -D_GNU_SOURCE

EXTRA_DIST += \
	tests/testbed/README.md \
	tests/testbed/__init__.py \
	tests/testbed/boot-host.sh \
	tests/testbed/cli.py \
	tests/testbed/cluster.py \
	tests/testbed/disk.py \
	tests/testbed/faults.py \
	tests/testbed/freezer.py \
	tests/testbed/halyard-testbed \
	tests/testbed/halyard.py \
	tests/testbed/host.py \
	tests/testbed/keeper.py \
	tests/testbed/maxscale.py \
	tests/testbed/network.py \
	tests/testbed/probe.py \
	tests/testbed/processes.py \
	tests/testbed/selftest.py \
	tests/testbed/selftest_case.py \
	tests/testbed/selftest_disk.py \
	tests/testbed/selftest_end.py \
	tests/testbed/selftest_hosts.py \
	tests/testbed/selftest_left_behind.py \
	tests/testbed/selftest_network.py \
	tests/testbed/selftest_probe.py \
	tests/testbed/selftest_stack.py \
	tests/testbed/spaces.py \
	tests/testbed/supervisor.py \
	tests/testbed/wait.py

.PHONY: testbed-selftest
testbed-selftest: tests/testbed/vip-probe
	VIP_PROBE=$(abs_builddir)/tests/testbed/vip-probe python3 -B $(srcdir)/tests/testbed/selftest.py
