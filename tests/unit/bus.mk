# SPDX-License-Identifier: Apache-2.0
UNIT_TESTS += test_seal
test_seal_SOURCES = tests/unit/test_seal.c tests/lib/run.h
test_seal_CPPFLAGS = $(UNIT_CPPFLAGS)
test_seal_LDADD = libhy_bus.a libhy_base.a $(SODIUM_LIBS) $(CHECK_LIBS)
