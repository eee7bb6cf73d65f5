# SPDX-License-Identifier: Apache-2.0
noinst_LIBRARIES += libhy_scheduler.a
libhy_scheduler_a_CPPFLAGS = $(CORE_CPPFLAGS)
libhy_scheduler_a_SOURCES = \
	core/scheduler/actions.c \
	core/scheduler/assign.c \
	core/scheduler/attach.c \
	core/scheduler/changes.c \
	core/scheduler/collectives.c \
	core/scheduler/colocate.c \
	core/scheduler/constraints.c \
	core/scheduler/failures.c \
	core/scheduler/fencing.c \
	core/scheduler/foresee.c \
	core/scheduler/gather.c \
	core/scheduler/graph.c core/scheduler/graph.h \
	core/scheduler/health.c \
	core/scheduler/history.c \
	core/scheduler/instances.c \
	core/scheduler/ledger.c \
	core/scheduler/live_migration.c \
	core/scheduler/locks.c \
	core/scheduler/meta.c \
	core/scheduler/migration.c \
	core/scheduler/nodes.c \
	core/scheduler/notices.c \
	core/scheduler/operations.c \
	core/scheduler/orders.c \
	core/scheduler/params.c \
	core/scheduler/probes.c \
	core/scheduler/promote.c \
	core/scheduler/propagate.c \
	core/scheduler/pull.c \
	core/scheduler/reasons.c \
	core/scheduler/recurring.c \
	core/scheduler/replay.c \
	core/scheduler/report.c \
	core/scheduler/resources.c \
	core/scheduler/returns.c \
	core/scheduler/room.c \
	core/scheduler/rules.c \
	core/scheduler/scheduler.c core/scheduler/scheduler.h core/scheduler/model.h \
	core/scheduler/sets.c \
	core/scheduler/settle.c \
	core/scheduler/sorting.c \
	core/scheduler/tasks.c \
	core/scheduler/tickets.c \
	core/scheduler/utilization.c
