# SPDX-License-Identifier: Apache-2.0
# The transports: one file each, which sees include/halyard only. How to write one: docs/writing-a-transport.md.
transport_LTLIBRARIES += udpu.la
udpu_la_SOURCES = transports/udpu.c
udpu_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) $(MNL_CFLAGS)
udpu_la_LDFLAGS = $(PLUGIN_LINK)
udpu_la_LIBADD = $(MNL_LIBS)
