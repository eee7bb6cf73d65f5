UNIT_TESTS += test_ipaddr2 test_ipaddr2_watch test_ipaddr2_routes test_ipaddr2_guard test_lsb
IPADDR2_CASE = tests/unit/ipaddr2_case.c tests/unit/ipaddr2_case.h tests/lib/agent_host.c tests/lib/agent_host.h \
	tests/lib/two_nets.c tests/lib/two_nets.h tests/lib/run.h

test_ipaddr2_SOURCES = tests/unit/test_ipaddr2.c $(IPADDR2_CASE)
test_ipaddr2_CPPFLAGS = $(UNIT_CPPFLAGS)
test_ipaddr2_LDADD = $(CHECK_LIBS) $(DL_LIBS)
EXTRA_test_ipaddr2_DEPENDENCIES = ipaddr2.la

test_ipaddr2_watch_SOURCES = tests/unit/test_ipaddr2_watch.c $(IPADDR2_CASE)
test_ipaddr2_watch_CPPFLAGS = $(UNIT_CPPFLAGS)
test_ipaddr2_watch_LDADD = $(CHECK_LIBS) $(DL_LIBS)
EXTRA_test_ipaddr2_watch_DEPENDENCIES = ipaddr2.la

test_ipaddr2_routes_SOURCES = tests/unit/test_ipaddr2_routes.c $(IPADDR2_CASE)
test_ipaddr2_routes_CPPFLAGS = $(UNIT_CPPFLAGS)
test_ipaddr2_routes_LDADD = $(CHECK_LIBS) $(DL_LIBS)
EXTRA_test_ipaddr2_routes_DEPENDENCIES = ipaddr2.la

test_ipaddr2_guard_SOURCES = tests/unit/test_ipaddr2_guard.c tests/lib/agent_host.c tests/lib/agent_host.h tests/lib/two_nets.c \
	tests/lib/two_nets.h tests/lib/run.h
test_ipaddr2_guard_CPPFLAGS = $(UNIT_CPPFLAGS)
if GUARD
test_ipaddr2_guard_CPPFLAGS += -DHAVE_GUARD
endif
test_ipaddr2_guard_LDADD = $(CHECK_LIBS) $(DL_LIBS)
EXTRA_test_ipaddr2_guard_DEPENDENCIES = ipaddr2.la

test_lsb_SOURCES = tests/unit/test_lsb.c tests/lib/agent_host.c tests/lib/agent_host.h tests/lib/run.h
test_lsb_CPPFLAGS = $(UNIT_CPPFLAGS)
test_lsb_LDADD = $(CHECK_LIBS) $(DL_LIBS)
EXTRA_test_lsb_DEPENDENCIES = lsb.la

UNIT_TESTS += test_lsb_pidfile
test_lsb_pidfile_SOURCES = tests/unit/test_lsb_pidfile.c tests/lib/run.h plugins/lsb/pidfile.c plugins/lsb/pidfile.h \
	plugins/lsb/shell.c plugins/lsb/shell.h
test_lsb_pidfile_CPPFLAGS = $(UNIT_CPPFLAGS)
test_lsb_pidfile_LDADD = $(CHECK_LIBS)

UNIT_TESTS += test_lsb_watch
test_lsb_watch_SOURCES = tests/unit/test_lsb_watch.c tests/lib/agent_host.c tests/lib/agent_host.h tests/lib/run.h
test_lsb_watch_CPPFLAGS = $(UNIT_CPPFLAGS)
test_lsb_watch_LDADD = $(CHECK_LIBS) $(DL_LIBS)
EXTRA_test_lsb_watch_DEPENDENCIES = lsb.la

UNIT_TESTS += test_example
test_example_SOURCES = tests/unit/test_example.c tests/lib/agent_host.c tests/lib/agent_host.h tests/lib/run.h
test_example_CPPFLAGS = $(UNIT_CPPFLAGS)
test_example_LDADD = $(CHECK_LIBS) $(DL_LIBS)
EXTRA_test_example_DEPENDENCIES = docs/examples/flagfile.la

UNIT_TESTS += test_agent_test
test_agent_test_SOURCES = tests/unit/test_agent_test.c tests/lib/folder.h tests/lib/run.h
test_agent_test_CPPFLAGS = $(UNIT_CPPFLAGS)
test_agent_test_LDADD = libhy_base.a $(CHECK_LIBS)
EXTRA_test_agent_test_DEPENDENCIES = $(TEST_AGENTS) ha-agent-test hactl lsb.la
