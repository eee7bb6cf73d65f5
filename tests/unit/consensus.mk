UNIT_TESTS += test_consensus_random
test_consensus_random_SOURCES = tests/unit/test_consensus_random.c tests/lib/raft_cluster.c tests/lib/raft_cluster.h \
	tests/lib/run.h
test_consensus_random_CPPFLAGS = $(UNIT_CPPFLAGS)
test_consensus_random_LDADD = libhy_consensus.a libhy_base.a $(CHECK_LIBS)
