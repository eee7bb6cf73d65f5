# SPDX-License-Identifier: Apache-2.0
UNIT_TESTS += test_import test_import_fuzz

test_import_SOURCES = tests/unit/test_import.c tests/lib/cib.h tests/lib/run.h
test_import_CPPFLAGS = $(HACTL_TEST_CPPFLAGS)
test_import_LDADD = $(HACTL_LIBS) $(CHECK_LIBS)

test_import_fuzz_SOURCES = tests/unit/test_import_fuzz.c tests/fuzz/fuzz_import.c tests/lib/cib.h tests/lib/run.h
test_import_fuzz_CPPFLAGS = $(HACTL_TEST_CPPFLAGS)
test_import_fuzz_LDADD = $(HACTL_LIBS) $(CHECK_LIBS)

EXTRA_DIST += \
	tests/import/bomb.out tests/import/bomb.xml \
	tests/import/broken.out tests/import/broken.xml \
	tests/import/failover.xml \
	tests/import/headless.out tests/import/headless.xml \
	tests/import/modern.out tests/import/modern.xml \
	tests/import/no-cib.out tests/import/no-cib.xml \
	tests/import/odd.out tests/import/odd.xml \
	tests/import/old.out tests/import/old.xml \
	tests/import/plain.out tests/import/plain.xml \
	tests/import/refused.out tests/import/refused.xml \
	tests/import/refused-words.out tests/import/refused-words.xml \
	tests/import/status-first.out tests/import/status-first.xml \
	tests/import/status-odd.out tests/import/status-odd.xml \
	tests/import/status-plain.out tests/import/status-plain.xml \
	tests/import/status.out tests/import/status.xml \
	tests/import/unsaid.out tests/import/unsaid.xml
