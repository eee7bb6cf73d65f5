# SPDX-License-Identifier: Apache-2.0
# What is measured of a link to a peer: loss, jitter, round trip, one-way trouble. Pure.
noinst_LIBRARIES += libhy_meter.a
libhy_meter_a_CPPFLAGS = $(CORE_CPPFLAGS)
libhy_meter_a_SOURCES = core/meter/meter.c core/meter/meter.h
