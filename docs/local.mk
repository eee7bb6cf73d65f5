# SPDX-License-Identifier: Apache-2.0
# The pages. Their examples are built and checked with the agents of the tests: tests/agents/local.mk.

EXTRA_DIST += \
	docs/agents/supervisor.md \
	docs/architecture.md \
	docs/configuration.md \
	docs/importing.md \
	docs/ocf-agents.md \
	docs/operations.md \
	docs/protocol.md \
	docs/writing-a-transport.md \
	docs/writing-an-agent.md \
	docs/decisions/action-graph.md \
	docs/decisions/adaptive-detection.md \
	docs/decisions/asked-again.md \
	docs/decisions/asynchronous-persistence.md \
	docs/decisions/bus-over-every-network.md \
	docs/decisions/conflict-check-before-start.md \
	docs/decisions/deciding-afresh.md \
	docs/decisions/defending-an-address.md \
	docs/decisions/disk-identity-and-damage.md \
	docs/decisions/ebpf-guard.md \
	docs/decisions/executor-is-the-parent.md \
	docs/decisions/fencing-off-by-default.md \
	docs/decisions/lease-covers-everything.md \
	docs/decisions/lease.md \
	docs/decisions/names-of-anonymous-instances.md \
	docs/decisions/nodes-come-and-go.md \
	docs/decisions/noise-bounds.md \
	docs/decisions/one-arena-a-decision.md \
	docs/decisions/one-binary-without-zeromq.md \
	docs/decisions/out-of-memory.md \
	docs/decisions/own-loop.md \
	docs/decisions/own-raft.md \
	docs/decisions/programs-under-supervisord.md \
	docs/decisions/pulse-thread.md \
	docs/decisions/python-for-the-testbed.md \
	docs/decisions/routes-beside.md \
	docs/decisions/scheduler-differences.md \
	docs/decisions/scripts-as-agents.md \
	docs/decisions/simulator.md \
	docs/decisions/text-commands-in-the-log.md \
	docs/decisions/warm-children.md \
	docs/decisions/watchdog.md \
	docs/decisions/watching-init-scripts.md \
	docs/decisions/what-is-refused.md
