UNIT_TESTS += test_operation test_executor test_executor_lease
test_operation_SOURCES = tests/unit/test_operation.c tests/lib/run.h
test_operation_CPPFLAGS = $(UNIT_CPPFLAGS)
test_operation_LDADD = libhy_operation.a libhy_cib.a libhy_base.a $(CHECK_LIBS)

EXECUTOR_BENCH = tests/unit/executor_bench.c tests/unit/executor_bench.h \
	tools/agent_test/handover.c tools/agent_test/handover.h tools/agent_test/processes.c tools/agent_test/processes.h
test_executor_SOURCES = tests/unit/test_executor.c $(EXECUTOR_BENCH) tests/lib/run.h tests/lib/folder.h
test_executor_CPPFLAGS = $(UNIT_CPPFLAGS) -I$(top_srcdir)/tools
test_executor_LDADD = libhy_executor.a libhy_loop.a libhy_plugin.a libhy_operation.a libhy_cib.a libhy_base.a $(CHECK_LIBS) $(DL_LIBS)
EXTRA_test_executor_DEPENDENCIES = $(TEST_AGENTS)

test_executor_lease_SOURCES = tests/unit/test_executor_lease.c $(EXECUTOR_BENCH) tests/lib/run.h tests/lib/folder.h
test_executor_lease_CPPFLAGS = $(UNIT_CPPFLAGS) -I$(top_srcdir)/tools
test_executor_lease_LDADD = libhy_executor.a libhy_loop.a libhy_plugin.a libhy_operation.a libhy_cib.a libhy_base.a $(CHECK_LIBS) $(DL_LIBS)
EXTRA_test_executor_lease_DEPENDENCIES = $(TEST_AGENTS)
