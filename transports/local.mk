# SPDX-License-Identifier: Apache-2.0
# The transports, which see include/halyard only, and what those over UDP share: each has its own copy of that. How to
# write one: docs/writing-a-transport.md.
UDP_SOURCES = transports/udp.h transports/udp_endpoint.c transports/udp_holder.c transports/udp_peers.c \
	transports/udp_socket.c

transport_LTLIBRARIES += udpu.la
udpu_la_SOURCES = transports/udpu.c $(UDP_SOURCES)
udpu_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) $(MNL_CFLAGS)
udpu_la_LDFLAGS = $(PLUGIN_LINK)
udpu_la_LIBADD = $(MNL_LIBS)

transport_LTLIBRARIES += multicast.la
multicast_la_SOURCES = transports/multicast.c $(UDP_SOURCES)
multicast_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) $(MNL_CFLAGS)
multicast_la_LDFLAGS = $(PLUGIN_LINK)
multicast_la_LIBADD = $(MNL_LIBS)
