UNIT_TESTS += test_journal test_store test_store_faults

test_journal_SOURCES = tests/unit/test_journal.c tests/fuzz/fuzz_journal.c tests/lib/run.h
test_journal_CPPFLAGS = $(UNIT_CPPFLAGS)
test_journal_LDADD = libhy_journal.a libhy_consensus.a libhy_base.a $(CHECK_LIBS)

STORE_TEST_SOURCES = tests/lib/bad_disk.c tests/lib/bad_disk.h tests/lib/folder.h tests/lib/run.h \
	tests/lib/store_folder.c tests/lib/store_folder.h
STORE_LINK = $(AM_LDFLAGS) -Wl,--wrap=pwrite,--wrap=read,--wrap=openat,--wrap=fdatasync,--wrap=fsync \
	-Wl,--wrap=renameat,--wrap=mkdirat,--wrap=clock_gettime
STORE_TEST_LIBS = libhy_store.a libhy_journal.a libhy_consensus.a libhy_base.a $(CHECK_LIBS)

test_store_SOURCES = tests/unit/test_store.c $(STORE_TEST_SOURCES)
test_store_CPPFLAGS = $(UNIT_CPPFLAGS)
test_store_LDFLAGS = $(STORE_LINK)
test_store_LDADD = $(STORE_TEST_LIBS)

test_store_faults_SOURCES = tests/unit/test_store_faults.c $(STORE_TEST_SOURCES)
test_store_faults_CPPFLAGS = $(UNIT_CPPFLAGS)
test_store_faults_LDFLAGS = $(STORE_LINK)
test_store_faults_LDADD = $(STORE_TEST_LIBS)
