agent_LTLIBRARIES += lsb.la
lsb_la_SOURCES = plugins/lsb/lsb.c plugins/lsb/script.c plugins/lsb/script.h plugins/lsb/watch.c plugins/lsb/watch.h \
	plugins/lsb/tracked.c plugins/lsb/tracked.h plugins/lsb/process.c plugins/lsb/process.h plugins/lsb/pidfile.c \
	plugins/lsb/pidfile.h plugins/lsb/shell.c plugins/lsb/shell.h
lsb_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
lsb_la_LDFLAGS = $(PLUGIN_LINK)
