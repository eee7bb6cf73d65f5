UNIT_TESTS += test_cib_grammar test_cib_command

test_cib_grammar_SOURCES = tests/unit/test_cib_grammar.c tests/lib/cib.h tests/lib/run.h
test_cib_grammar_CPPFLAGS = $(UNIT_CPPFLAGS)
test_cib_grammar_LDADD = libhy_cib.a libhy_base.a $(CHECK_LIBS)

test_cib_command_SOURCES = tests/unit/test_cib_command.c tests/lib/cib.h tests/lib/run.h
test_cib_command_CPPFLAGS = $(UNIT_CPPFLAGS)
test_cib_command_LDADD = libhy_cib.a libhy_base.a $(CHECK_LIBS)

EXTRA_DIST += \
	tests/golden/cib/all-kinds.conf \
	tests/golden/cib/maxscale-vip.conf \
	tests/golden/cib/typed.in \
	tests/golden/cib/typed.out
