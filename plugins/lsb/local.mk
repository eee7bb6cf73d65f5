agent_LTLIBRARIES += lsb.la
lsb_la_SOURCES = plugins/lsb/lsb.c
lsb_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
lsb_la_LDFLAGS = $(PLUGIN_LINK)
