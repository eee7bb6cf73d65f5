include tests/agents/local.mk

UNIT_TESTS += test_plugin
test_plugin_SOURCES = tests/unit/test_plugin.c tests/lib/run.h tests/lib/folder.h
test_plugin_CPPFLAGS = $(UNIT_CPPFLAGS)
test_plugin_LDADD = libhy_plugin.a libhy_cib.a libhy_base.a $(CHECK_LIBS) $(DL_LIBS)
EXTRA_test_plugin_DEPENDENCIES = $(TEST_AGENTS) ocf.la ocf-script.la ipaddr2.la lsb.la
