noinst_LIBRARIES += libhy_executor.a
libhy_executor_a_CPPFLAGS = $(CORE_CPPFLAGS)
libhy_executor_a_SOURCES = \
	core/executor/active.c core/executor/active.h \
	core/executor/child.c core/executor/child.h \
	core/executor/core_process.c core/executor/core_process.h \
	core/executor/describe.c \
	core/executor/env.h \
	core/executor/exit_reason.c core/executor/exit_reason.h \
	core/executor/executor.c core/executor/executor.h \
	core/executor/guard.c core/executor/guard.h \
	core/executor/host.c core/executor/host.h \
	core/executor/lane.h \
	core/executor/lease.c core/executor/lease.h core/executor/lease_page.c \
	core/executor/link.c \
	core/executor/op_child.c core/executor/op_child.h \
	core/executor/port.c core/executor/port.h \
	core/executor/process.c core/executor/process.h \
	core/executor/program.c \
	core/executor/protocol.c core/executor/protocol.h \
	core/executor/queue.c core/executor/queue.h \
	core/executor/recurring.c core/executor/release.c \
	core/executor/run.c core/executor/run.h \
	core/executor/sound.c core/executor/sound.h \
	core/executor/warm.c core/executor/warm.h \
	core/executor/warm_child.c core/executor/warm_child.h \
	core/executor/watch.c \
	core/executor/watchdog.c core/executor/watchdog.h
