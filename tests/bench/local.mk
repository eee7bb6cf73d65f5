# SPDX-License-Identifier: Apache-2.0
# Measures, not tests: nothing here is among TESTS, for a time that was missed is no failure.

EXTRA_DIST += \
	tests/bench/README.md \
	tests/bench/bench/__init__.py \
	tests/bench/bench/costs.py \
	tests/bench/bench/halyard.py \
	tests/bench/bench/machine.py \
	tests/bench/bench/main.py \
	tests/bench/bench/measures.py \
	tests/bench/bench/outages.py \
	tests/bench/bench/pacemaker.py \
	tests/bench/bench/stack.py \
	tests/bench/bench/table.py \
	tests/bench/run
