noinst_LIBRARIES += libhy_plugin.a
libhy_plugin_a_CPPFLAGS = $(CORE_CPPFLAGS)
libhy_plugin_a_SOURCES = \
	core/plugin/plugin.c core/plugin/plugin.h \
	core/plugin/descriptor.c core/plugin/descriptor.h \
	core/plugin/param.c core/plugin/param.h \
	core/plugin/probe.c core/plugin/table.c
