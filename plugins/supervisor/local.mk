agent_LTLIBRARIES += supervisor.la
supervisor_la_SOURCES = plugins/supervisor/supervisor.c plugins/supervisor/actions.h plugins/supervisor/start.c \
	plugins/supervisor/stop.c plugins/supervisor/monitor.c plugins/supervisor/watch.c \
	plugins/supervisor/leftovers.c plugins/supervisor/unit.c plugins/supervisor/unit.h \
	plugins/supervisor/owner.c plugins/supervisor/owner.h plugins/supervisor/conf.c plugins/supervisor/conf.h \
	plugins/supervisor/process.c plugins/supervisor/process.h plugins/supervisor/record.c plugins/supervisor/record.h \
	plugins/supervisor/rpc.c plugins/supervisor/rpc.h plugins/supervisor/xmlrpc.c plugins/supervisor/xmlrpc.h \
	plugins/supervisor/http.c plugins/supervisor/http.h plugins/supervisor/url.c \
	plugins/supervisor/serving.c plugins/supervisor/serving.h plugins/supervisor/serving_port.c \
	plugins/supervisor/serving_command.c plugins/supervisor/text.c plugins/supervisor/text.h plugins/supervisor/clock.h
supervisor_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) $(EXPAT_CFLAGS)
supervisor_la_LDFLAGS = $(PLUGIN_LINK)
supervisor_la_LIBADD = $(EXPAT_LIBS)
