UNIT_TESTS += test_base
test_base_SOURCES = tests/unit/test_base.c tests/lib/run.h
test_base_CPPFLAGS = $(UNIT_CPPFLAGS)
test_base_LDADD = libhy_base.a $(CHECK_LIBS)
