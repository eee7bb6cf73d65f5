noinst_LIBRARIES += libhy_membership.a
libhy_membership_a_CPPFLAGS = $(CORE_CPPFLAGS)
libhy_membership_a_SOURCES = \
	core/membership/differs.c \
	core/membership/heartbeat.c \
	core/membership/internal.h \
	core/membership/membership.c core/membership/membership.h \
	core/membership/nodes.c \
	core/membership/promises.c \
	core/membership/self_doubt.c \
	core/membership/verdicts.c \
	core/membership/view.c \
	core/membership/wish.c
