# SPDX-License-Identifier: Apache-2.0
UNIT_TESTS += test_decide_fuzz
test_decide_fuzz_SOURCES = tests/unit/test_decide_fuzz.c tests/fuzz/fuzz_decide.c tests/lib/cib.h tests/lib/mutants.h tests/lib/run.h
test_decide_fuzz_CPPFLAGS = $(HACTL_TEST_CPPFLAGS)
test_decide_fuzz_LDADD = $(HACTL_LIBS) $(CHECK_LIBS)
EXTRA_DIST += tests/fuzz/decide
