# SPDX-License-Identifier: Apache-2.0
UNIT_TESTS += test_udpu
test_udpu_SOURCES = tests/unit/test_udpu.c tests/lib/run.h tests/lib/netns.h
test_udpu_CPPFLAGS = $(UNIT_CPPFLAGS)
test_udpu_LDADD = libhy_base.a $(CHECK_LIBS) $(DL_LIBS)
EXTRA_test_udpu_DEPENDENCIES = udpu.la
