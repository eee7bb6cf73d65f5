agent_LTLIBRARIES += ipaddr2.la
ipaddr2_la_SOURCES = plugins/ipaddr2/ipaddr2.c plugins/ipaddr2/start.c plugins/ipaddr2/watch.c \
	plugins/ipaddr2/watch.h plugins/ipaddr2/care.c plugins/ipaddr2/defend.c \
	plugins/ipaddr2/routes.c plugins/ipaddr2/routes.h plugins/ipaddr2/route_config.c plugins/ipaddr2/route_config.h \
	plugins/ipaddr2/config.c plugins/ipaddr2/config.h plugins/ipaddr2/addr.c plugins/ipaddr2/clock.h \
	plugins/ipaddr2/vip.c plugins/ipaddr2/vip.h plugins/ipaddr2/place.c plugins/ipaddr2/held.c plugins/ipaddr2/held.h \
	plugins/ipaddr2/netlink.c plugins/ipaddr2/netlink.h plugins/ipaddr2/packet.c plugins/ipaddr2/packet.h \
	plugins/ipaddr2/announce.c plugins/ipaddr2/announce.h plugins/ipaddr2/conflict.c plugins/ipaddr2/conflict.h
ipaddr2_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) $(MNL_CFLAGS)
ipaddr2_la_LDFLAGS = $(PLUGIN_LINK)
ipaddr2_la_LIBADD = $(MNL_LIBS)
