# SPDX-License-Identifier: Apache-2.0
# What goes from node to node: sealed datagrams over the transports' links, and the ZeroMQ bus.
noinst_LIBRARIES += libhy_bus.a
libhy_bus_a_CPPFLAGS = $(CORE_CPPFLAGS) $(CZMQ_CFLAGS) $(ZMQ_CFLAGS) $(SODIUM_CFLAGS)
libhy_bus_a_SOURCES = \
	core/bus/bus.c core/bus/bus.h \
	core/bus/contact.c core/bus/contact.h \
	core/bus/frames.c core/bus/frames.h \
	core/bus/link.c core/bus/link.h \
	core/bus/link_header.c core/bus/link_header.h \
	core/bus/link_host.c core/bus/link_host.h \
	core/bus/link_meters.c core/bus/link_meters.h \
	core/bus/quiet.c core/bus/quiet.h \
	core/bus/rare.c core/bus/rare.h \
	core/bus/seal.c core/bus/seal.h \
	core/bus/socket.c core/bus/socket.h \
	core/bus/subscriber.c core/bus/subscriber.h \
	core/bus/ticker.c core/bus/ticker.h
