UNIT_TESTS += test_cib_rules test_cib_grammar test_cib_command test_cib_clients test_cib_verify test_cib_fuzz

test_cib_grammar_SOURCES = tests/unit/test_cib_grammar.c tests/lib/cib.h tests/lib/run.h
test_cib_grammar_CPPFLAGS = $(UNIT_CPPFLAGS)
test_cib_grammar_LDADD = libhy_cib.a libhy_base.a $(CHECK_LIBS)

test_cib_command_SOURCES = tests/unit/test_cib_command.c tests/lib/cib.h tests/lib/run.h
test_cib_command_CPPFLAGS = $(UNIT_CPPFLAGS)
test_cib_command_LDADD = libhy_cib.a libhy_base.a $(CHECK_LIBS)

test_cib_clients_SOURCES = tests/unit/test_cib_clients.c tests/lib/cib.h tests/lib/run.h
test_cib_clients_CPPFLAGS = $(UNIT_CPPFLAGS)
test_cib_clients_LDADD = libhy_cib.a libhy_base.a $(CHECK_LIBS)

test_cib_verify_SOURCES = tests/unit/test_cib_verify.c tests/lib/cib.h tests/lib/run.h
test_cib_verify_CPPFLAGS = $(UNIT_CPPFLAGS)
test_cib_verify_LDADD = libhy_cib.a libhy_base.a $(CHECK_LIBS)

test_cib_fuzz_SOURCES = tests/unit/test_cib_fuzz.c tests/fuzz/fuzz_cib.c tests/lib/cib.h tests/lib/mutants.h tests/lib/run.h
test_cib_fuzz_CPPFLAGS = $(UNIT_CPPFLAGS)
test_cib_fuzz_LDADD = libhy_cib.a libhy_base.a $(CHECK_LIBS)

test_cib_rules_SOURCES = tests/unit/test_cib_rules.c tests/lib/cib.h tests/lib/run.h
test_cib_rules_CPPFLAGS = $(UNIT_CPPFLAGS)
test_cib_rules_LDADD = libhy_cib.a libhy_base.a $(CHECK_LIBS)

EXTRA_DIST += \
	tests/fuzz/cib/command-edit \
	tests/fuzz/cib/command-status \
	tests/fuzz/cib/saved \
	tests/golden/cib/all-kinds.conf \
	tests/golden/cib/maxscale-vip.conf \
	tests/golden/cib/sets.conf \
	tests/golden/cib/typed.in \
	tests/golden/cib/typed.out \
	tests/golden/cib/verify.conf \
	tests/golden/cib/verify.lines
