noinst_LIBRARIES += libhy_cluster.a
libhy_cluster_a_CPPFLAGS = $(CORE_CPPFLAGS)
libhy_cluster_a_SOURCES = \
	core/cluster/admission.c \
	core/cluster/chronicle.c \
	core/cluster/cluster.c core/cluster/cluster.h \
	core/cluster/controller.c \
	core/cluster/detection.c \
	core/cluster/internal.h \
	core/cluster/forming.c core/cluster/hints.c core/cluster/members.c core/cluster/servers.c \
	core/cluster/handover.c \
	core/cluster/leave.c \
	core/cluster/message.c core/cluster/message.h \
	core/cluster/orders.c \
	core/cluster/pulse.c core/cluster/pulse.h \
	core/cluster/outbox.c \
	core/cluster/reads.c \
	core/cluster/replica.c \
	core/cluster/statement.c core/cluster/statement.h
include core/cluster/operation.mk
