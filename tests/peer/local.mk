# SPDX-License-Identifier: Apache-2.0
# Beside the peer: no test, for its result depends on another program.

check-peer: hactl
	python3 $(srcdir)/tests/peer/run --hactl ./hactl --work peer --count $(or $(COUNT),2000) --seed $(or $(SEED),1) \
		--bound $(or $(BOUND),97)
.PHONY: check-peer

EXTRA_DIST += \
	tests/peer/README.md \
	tests/peer/peer/__init__.py \
	tests/peer/peer/answer.py \
	tests/peer/peer/ask.py \
	tests/peer/peer/casefile.py \
	tests/peer/peer/compare.py \
	tests/peer/peer/crm.py \
	tests/peer/peer/draw.py \
	tests/peer/peer/golden.py \
	tests/peer/peer/history.py \
	tests/peer/peer/known.py \
	tests/peer/peer/main.py \
	tests/peer/peer/make.py \
	tests/peer/peer/shrink.py \
	tests/peer/peer/xmlcib.py \
	tests/peer/run
