# SPDX-License-Identifier: Apache-2.0
UNIT_TESTS += test_loop
test_loop_SOURCES = tests/unit/test_loop.c tests/lib/run.h
test_loop_CPPFLAGS = $(UNIT_CPPFLAGS)
test_loop_LDADD = libhy_loop.a libhy_base.a $(CHECK_LIBS)
