UNIT_TESTS += test_config
test_config_SOURCES = tests/unit/test_config.c tests/lib/run.h
test_config_CPPFLAGS = $(UNIT_CPPFLAGS) $(CONFIG_CFLAGS)
test_config_LDADD = libhy_daemon.a libhy_cib.a libhy_base.a $(CONFIG_LIBS) $(JANSSON_LIBS) $(CHECK_LIBS)

UNIT_TESTS += test_host_watch
test_host_watch_SOURCES = tests/unit/test_host_watch.c tests/lib/run.h
test_host_watch_CPPFLAGS = $(UNIT_CPPFLAGS)
test_host_watch_LDADD = libhy_pulse.a libhy_base.a $(CHECK_LIBS)

UNIT_TESTS += test_logger
test_logger_SOURCES = tests/unit/test_logger.c tests/lib/run.h
test_logger_CPPFLAGS = $(UNIT_CPPFLAGS) $(JANSSON_CFLAGS)
test_logger_LDADD = libhy_daemon.a libhy_base.a $(CONFIG_LIBS) $(JANSSON_LIBS) $(CHECK_LIBS)
