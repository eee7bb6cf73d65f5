agent_LTLIBRARIES += ipaddr2.la
ipaddr2_la_SOURCES = plugins/ipaddr2/ipaddr2.c plugins/ipaddr2/start.c plugins/ipaddr2/watch.c \
	plugins/ipaddr2/watch.h plugins/ipaddr2/care.c plugins/ipaddr2/defend.c \
	plugins/ipaddr2/routes.c plugins/ipaddr2/routes.h plugins/ipaddr2/route_config.c plugins/ipaddr2/route_config.h \
	plugins/ipaddr2/config.c plugins/ipaddr2/config.h plugins/ipaddr2/addr.c plugins/ipaddr2/clock.h \
	plugins/ipaddr2/vip.c plugins/ipaddr2/vip.h plugins/ipaddr2/place.c plugins/ipaddr2/held.c plugins/ipaddr2/held.h \
	plugins/ipaddr2/netlink.c plugins/ipaddr2/netlink.h plugins/ipaddr2/packet.c plugins/ipaddr2/packet.h \
	plugins/ipaddr2/filter.c plugins/ipaddr2/filter.h plugins/ipaddr2/guard.c plugins/ipaddr2/guard.h \
	plugins/ipaddr2/program.c plugins/ipaddr2/program.h \
	plugins/ipaddr2/announce.c plugins/ipaddr2/announce.h plugins/ipaddr2/conflict.c plugins/ipaddr2/conflict.h
ipaddr2_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) $(MNL_CFLAGS)
ipaddr2_la_LDFLAGS = $(PLUGIN_LINK)
ipaddr2_la_LIBADD = $(MNL_LIBS)

# The program for the kernel: compiled, its instructions cut out of the object, and written as numbers.
EXTRA_DIST += plugins/ipaddr2/guard.bpf.c
if GUARD
ipaddr2_la_CPPFLAGS += -DHAVE_GUARD -I$(top_builddir)/plugins/ipaddr2
plugins/ipaddr2/guard.bpf.o: plugins/ipaddr2/guard.bpf.c plugins/ipaddr2/program.h include/halyard/agent.h
	$(AM_V_GEN)$(MKDIR_P) plugins/ipaddr2 && $(BPF_CLANG) $(BPF_FLAGS) -I$(top_srcdir)/include \
		-c $(top_srcdir)/plugins/ipaddr2/guard.bpf.c -o $@
plugins/ipaddr2/guard.bpf.inc: plugins/ipaddr2/guard.bpf.o
	$(AM_V_GEN)$(OBJCOPY) -I $(BPF_FORMAT) -O binary --only-section=classifier plugins/ipaddr2/guard.bpf.o $@.bin && \
		od -An -v -tu1 $@.bin | sed 's/[0-9][0-9]*/&,/g' >$@.tmp && mv $@.tmp $@
$(ipaddr2_la_OBJECTS): plugins/ipaddr2/guard.bpf.inc
CLEANFILES += plugins/ipaddr2/guard.bpf.o plugins/ipaddr2/guard.bpf.inc plugins/ipaddr2/guard.bpf.inc.bin
endif
