# SPDX-License-Identifier: Apache-2.0
# Whole clusters on the testbed: wants root, or user namespaces, and minutes; so it is not among TESTS.

EXTRA_DIST += tests/ocf/cases.py tests/ocf/run
EXTRA_DIST += \
	tests/e2e/__init__.py \
	tests/e2e/aware.py \
	tests/e2e/build.py \
	tests/e2e/case.py \
	tests/e2e/data/noting \
	tests/e2e/data/pacemaker.xml \
	tests/e2e/data/production.conf \
	tests/e2e/lease_map.py \
	tests/e2e/one_thread.py \
	tests/e2e/run.py \
	tests/e2e/status.py \
	tests/e2e/terminal.py \
	tests/e2e/test_agents.py \
	tests/e2e/test_article.py \
	tests/e2e/test_clients.py \
	tests/e2e/test_detection.py \
	tests/e2e/test_durability.py \
	tests/e2e/test_guard.py \
	tests/e2e/test_hactl.py \
	tests/e2e/test_links.py \
	tests/e2e/test_network.py \
	tests/e2e/test_notify.py \
	tests/e2e/test_nodes.py \
	tests/e2e/test_ocf.py \
	tests/e2e/test_operator.py \
	tests/e2e/test_power.py \
	tests/e2e/test_processes.py \
	tests/e2e/test_production.py \
	tests/e2e/test_pulse.py \
	tests/e2e/test_quorum.py \
	tests/e2e/test_reload.py \
	tests/e2e/test_resources.py \
	tests/e2e/test_room.py \
	tests/e2e/test_supervisor.py \
	tests/e2e/test_vip.py

.PHONY: e2e
e2e: all
	python3 -B $(srcdir)/tests/e2e/run.py --build $(abs_builddir)
