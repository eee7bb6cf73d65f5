UNIT_TESTS += test_ipaddr2 test_ipaddr2_guard test_lsb
test_ipaddr2_SOURCES = tests/unit/test_ipaddr2.c tests/lib/agent_host.c tests/lib/agent_host.h tests/lib/two_nets.c \
	tests/lib/two_nets.h tests/lib/run.h
test_ipaddr2_CPPFLAGS = $(UNIT_CPPFLAGS)
test_ipaddr2_LDADD = $(CHECK_LIBS) $(DL_LIBS)
EXTRA_test_ipaddr2_DEPENDENCIES = ipaddr2.la

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
