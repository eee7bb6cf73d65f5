# SPDX-License-Identifier: Apache-2.0
PULSE_LIBS = libhy_cluster.a libhy_operation.a libhy_membership.a libhy_consensus.a libhy_scheduler.a libhy_cib.a \
	libhy_base.a

UNIT_TESTS += test_pulse
test_pulse_SOURCES = tests/unit/test_pulse.c tests/lib/run.h
test_pulse_CPPFLAGS = $(UNIT_CPPFLAGS)
test_pulse_LDADD = $(PULSE_LIBS) $(CHECK_LIBS)

UNIT_TESTS += test_pulse_thread
test_pulse_thread_SOURCES = tests/unit/test_pulse_thread.c tests/lib/run.h tests/lib/netns.h
test_pulse_thread_CPPFLAGS = $(UNIT_CPPFLAGS)
test_pulse_thread_LDADD = libhy_pulse.a libhy_bus.a libhy_meter.a libhy_loop.a libhy_plugin.a $(PULSE_LIBS) \
	$(ZMQ_LIBS) $(SODIUM_LIBS) $(DL_LIBS) $(CHECK_LIBS) -lpthread
EXTRA_test_pulse_thread_DEPENDENCIES = udpu.la
