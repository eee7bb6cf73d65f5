# SPDX-License-Identifier: Apache-2.0
UNIT_TESTS += test_seal
test_seal_SOURCES = tests/unit/test_seal.c tests/lib/run.h
test_seal_CPPFLAGS = $(UNIT_CPPFLAGS)
test_seal_LDADD = libhy_bus.a libhy_base.a $(SODIUM_LIBS) $(CHECK_LIBS)

UNIT_TESTS += test_bus
test_bus_SOURCES = tests/unit/test_bus.c tests/lib/run.h tests/lib/netns.h
test_bus_CPPFLAGS = $(UNIT_CPPFLAGS) $(ZMQ_CFLAGS)
test_bus_LDADD = libhy_bus.a libhy_base.a $(ZMQ_LIBS) $(SODIUM_LIBS) $(CHECK_LIBS)

UNIT_TESTS += test_bus_power
test_bus_power_SOURCES = tests/unit/test_bus_power.c tests/lib/run.h tests/lib/netns.h
test_bus_power_CPPFLAGS = $(UNIT_CPPFLAGS) $(ZMQ_CFLAGS)
test_bus_power_LDADD = libhy_bus.a libhy_base.a $(ZMQ_LIBS) $(SODIUM_LIBS) $(CHECK_LIBS)
