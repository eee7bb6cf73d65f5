# halyardd (the executor) links no ZeroMQ; halyard-core, its child, does everything that talks.
# What the programs of the daemon are built with.
corelibexecdir = $(libexecdir)/halyard
corelibexec_PROGRAMS = halyard-core
AM_INSTALLCHECK_STD_OPTIONS_EXEMPT = halyard-core
sbin_PROGRAMS += halyardd

DAEMON_CPPFLAGS = $(CORE_CPPFLAGS) \
	-DHY_VERSION='"$(PACKAGE_VERSION)"' \
	-DHY_STATE_FOLDER='"$(localstatedir)/lib/halyard"' \
	-DHY_RUN_FOLDER='"$(runstatedir)/halyard"' \
	-DHY_AGENT_FOLDER='"$(agentdir)"' \
	-DHY_TRANSPORT_FOLDER='"$(transportdir)"' \
	-DHY_OCF_ROOT='"$(ocfroot)"' \
	-DHY_OCF_TOOLS='"$(ocftoolsdir)"' \
	-DHY_CORE_PROGRAM='"$(corelibexecdir)/halyard-core"'

noinst_LIBRARIES += libhy_daemon.a
libhy_daemon_a_CPPFLAGS = $(DAEMON_CPPFLAGS) $(CONFIG_CFLAGS) $(JANSSON_CFLAGS)
libhy_daemon_a_SOURCES = \
	core/daemon/clock.c core/daemon/clock.h \
	core/daemon/config.c core/daemon/config.h \
	core/daemon/config_compare.c core/daemon/config_compare.h \
	core/daemon/config_print.c \
	core/daemon/config_reader.c core/daemon/config_reader.h \
	core/daemon/link_config.c core/daemon/link_config.h \
	core/daemon/logger.c core/daemon/logger.h \
	core/daemon/pidfile.c core/daemon/pidfile.h \
	core/daemon/privileges.c core/daemon/privileges.h \
	core/daemon/syslog_socket.c core/daemon/syslog_socket.h

halyardd_CPPFLAGS = $(DAEMON_CPPFLAGS)
halyardd_SOURCES = core/daemon/halyardd.c \
	core/daemon/start_watch.c core/daemon/start_watch.h
halyardd_LDADD = libhy_executor.a libhy_bus.a libhy_loop.a libhy_plugin.a libhy_operation.a libhy_daemon.a libhy_cib.a libhy_base.a \
	$(CONFIG_LIBS) $(JANSSON_LIBS) $(DL_LIBS) -lpthread

halyard_core_CPPFLAGS = $(DAEMON_CPPFLAGS) $(CZMQ_CFLAGS) $(ZMQ_CFLAGS) $(SODIUM_CFLAGS) $(JANSSON_CFLAGS)
halyard_core_SOURCES = core/daemon/core_main.c \
	core/daemon/hands_off.c core/daemon/hands_off.h \
	core/daemon/ipc.c core/daemon/ipc.h \
	core/daemon/node.c core/daemon/node.h \
	core/daemon/peers.c core/daemon/peers.h \
	core/daemon/report.c core/daemon/report.h \
	core/daemon/report_links.c core/daemon/report_links.h
halyard_core_LDADD = libhy_executor.a libhy_pulse.a libhy_bus.a libhy_meter.a libhy_loop.a libhy_plugin.a libhy_store.a libhy_journal.a libhy_cluster.a \
	libhy_operation.a libhy_membership.a libhy_consensus.a libhy_scheduler.a libhy_cib.a libhy_daemon.a libhy_base.a \
	$(CZMQ_LIBS) $(ZMQ_LIBS) $(SODIUM_LIBS) $(CONFIG_LIBS) $(JANSSON_LIBS) $(DL_LIBS) -lpthread
