# SPDX-License-Identifier: Apache-2.0
UNIT_TESTS += test_meter
test_meter_SOURCES = tests/unit/test_meter.c tests/lib/run.h
test_meter_CPPFLAGS = $(UNIT_CPPFLAGS)
test_meter_LDADD = libhy_meter.a libhy_base.a $(CHECK_LIBS)
