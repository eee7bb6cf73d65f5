UNIT_TESTS += test_consensus test_consensus_disks test_consensus_random test_consensus_traces
test_consensus_SOURCES = tests/unit/test_consensus.c tests/lib/raft_server.c tests/lib/raft_server.h tests/lib/run.h
test_consensus_CPPFLAGS = $(UNIT_CPPFLAGS)
test_consensus_LDADD = libhy_consensus.a libhy_base.a $(CHECK_LIBS)

test_consensus_disks_SOURCES = tests/unit/test_consensus_disks.c tests/lib/raft_server.c tests/lib/raft_server.h tests/lib/run.h
test_consensus_disks_CPPFLAGS = $(UNIT_CPPFLAGS)
test_consensus_disks_LDADD = libhy_consensus.a libhy_base.a $(CHECK_LIBS)

test_consensus_random_SOURCES = tests/unit/test_consensus_random.c tests/lib/raft_cluster.c tests/lib/raft_cluster.h \
	tests/lib/run.h
test_consensus_random_CPPFLAGS = $(UNIT_CPPFLAGS)
test_consensus_random_LDADD = libhy_consensus.a libhy_base.a $(CHECK_LIBS)

test_consensus_traces_SOURCES = tests/unit/test_consensus_traces.c tests/lib/raft_cluster.c tests/lib/raft_cluster.h \
	tests/lib/run.h
test_consensus_traces_CPPFLAGS = $(UNIT_CPPFLAGS)
test_consensus_traces_LDADD = libhy_consensus.a libhy_base.a $(CHECK_LIBS)

CONSENSUS_TRACES = \
	tests/golden/consensus/first-election.trace \
	tests/golden/consensus/leader-dies.trace \
	tests/golden/consensus/lost-message.trace \
	tests/golden/consensus/snapshot.trace \
	tests/golden/consensus/take-over.trace \
	tests/golden/consensus/new-server.trace
EXTRA_DIST += $(CONSENSUS_TRACES)
