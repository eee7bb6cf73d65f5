# SPDX-License-Identifier: Apache-2.0
# The event loop of one thread. It knows no ZeroMQ: the executor has none.
noinst_LIBRARIES += libhy_loop.a
libhy_loop_a_CPPFLAGS = $(CORE_CPPFLAGS)
libhy_loop_a_SOURCES = core/loop/loop.c core/loop/loop.h
