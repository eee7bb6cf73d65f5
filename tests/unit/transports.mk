# SPDX-License-Identifier: Apache-2.0
TP_HOST = tests/lib/tp_host.c tests/lib/tp_host.h tests/lib/run.h

UNIT_TESTS += test_udpu
test_udpu_SOURCES = tests/unit/test_udpu.c $(TP_HOST) tests/lib/netns.h
test_udpu_CPPFLAGS = $(UNIT_CPPFLAGS)
test_udpu_LDADD = libhy_base.a $(CHECK_LIBS) $(DL_LIBS)
EXTRA_test_udpu_DEPENDENCIES = udpu.la

UNIT_TESTS += test_multicast
test_multicast_SOURCES = tests/unit/test_multicast.c $(TP_HOST) tests/lib/two_nets.c tests/lib/two_nets.h
test_multicast_CPPFLAGS = $(UNIT_CPPFLAGS)
test_multicast_LDADD = libhy_base.a $(CHECK_LIBS) $(DL_LIBS)
EXTRA_test_multicast_DEPENDENCIES = multicast.la
