# SPDX-License-Identifier: Apache-2.0
UNIT_TESTS += test_seal
test_seal_SOURCES = tests/unit/test_seal.c tests/lib/run.h
test_seal_CPPFLAGS = $(UNIT_CPPFLAGS)
test_seal_LDADD = libhy_bus.a libhy_loop.a libhy_base.a $(SODIUM_LIBS) $(CHECK_LIBS)

UNIT_TESTS += test_bus
test_bus_SOURCES = tests/unit/test_bus.c tests/lib/run.h tests/lib/netns.h tests/lib/tsan.h tests/lib/zwait.h
test_bus_CPPFLAGS = $(UNIT_CPPFLAGS) $(CZMQ_CFLAGS) $(ZMQ_CFLAGS)
test_bus_LDADD = libhy_bus.a libhy_loop.a libhy_base.a $(CZMQ_LIBS) $(ZMQ_LIBS) $(SODIUM_LIBS) $(CHECK_LIBS)

UNIT_TESTS += test_bus_power
test_bus_power_SOURCES = tests/unit/test_bus_power.c tests/lib/run.h tests/lib/netns.h tests/lib/tsan.h
test_bus_power_CPPFLAGS = $(UNIT_CPPFLAGS) $(ZMQ_CFLAGS)
test_bus_power_LDADD = libhy_bus.a libhy_loop.a libhy_base.a $(ZMQ_LIBS) $(SODIUM_LIBS) $(CHECK_LIBS)

UNIT_TESTS += test_link
test_link_SOURCES = tests/unit/test_link.c tests/lib/run.h tests/lib/netns.h tests/lib/zwait.h
test_link_CPPFLAGS = $(UNIT_CPPFLAGS) $(ZMQ_CFLAGS)
test_link_LDADD = libhy_bus.a libhy_meter.a libhy_loop.a libhy_plugin.a libhy_cib.a libhy_base.a $(ZMQ_LIBS) $(SODIUM_LIBS) $(DL_LIBS) $(CHECK_LIBS)
EXTRA_test_link_DEPENDENCIES = udpu.la tp_contrary.la

# A transport that does what a bad one might; -rpath makes libtool build a module of what is never installed.
check_LTLIBRARIES += tp_contrary.la
tp_contrary_la_SOURCES = tests/unit/tp_contrary.c
tp_contrary_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
tp_contrary_la_LDFLAGS = $(PLUGIN_LINK) -rpath /nowhere
