UNIT_TESTS += test_journal
test_journal_SOURCES = tests/unit/test_journal.c tests/lib/run.h
test_journal_CPPFLAGS = $(UNIT_CPPFLAGS)
test_journal_LDADD = libhy_journal.a libhy_consensus.a libhy_base.a $(CHECK_LIBS)

UNIT_TESTS += test_store
test_store_SOURCES = tests/unit/test_store.c tests/lib/run.h
test_store_CPPFLAGS = $(UNIT_CPPFLAGS)
test_store_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=pwrite,--wrap=fdatasync,--wrap=renameat,--wrap=fsync,--wrap=clock_gettime
test_store_LDADD = libhy_store.a libhy_journal.a libhy_consensus.a libhy_base.a $(CHECK_LIBS)
