# SPDX-License-Identifier: Apache-2.0
# The thread of heartbeats: links, and the half of the cluster's step that nothing may hold up.
noinst_LIBRARIES += libhy_pulse.a
libhy_pulse_a_CPPFLAGS = $(CORE_CPPFLAGS)
libhy_pulse_a_SOURCES = \
	core/pulse/host_watch.c core/pulse/host_watch.h \
	core/pulse/lines.c core/pulse/lines.h \
	core/pulse/links_copy.c core/pulse/links_copy.h \
	core/pulse/lock.h \
	core/pulse/thread.c core/pulse/thread.h
