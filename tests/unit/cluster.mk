UNIT_TESTS += test_cluster
CLUSTER_HARNESS = tests/lib/cluster_sim.c tests/lib/cluster_sim.h tests/lib/cluster_case.c tests/lib/cluster_case.h \
	tests/lib/run.h
test_cluster_SOURCES = tests/unit/test_cluster.c $(CLUSTER_HARNESS)
test_cluster_CPPFLAGS = $(UNIT_CPPFLAGS)
test_cluster_LDADD = libhy_cluster.a libhy_operation.a libhy_membership.a libhy_consensus.a libhy_scheduler.a \
	libhy_cib.a libhy_base.a $(CHECK_LIBS)

UNIT_TESTS += test_cluster_clients
test_cluster_clients_SOURCES = tests/unit/test_cluster_clients.c tests/lib/cluster_sim.c tests/lib/cluster_sim.h tests/lib/run.h
test_cluster_clients_CPPFLAGS = $(UNIT_CPPFLAGS)
test_cluster_clients_LDADD = libhy_cluster.a libhy_operation.a libhy_membership.a libhy_consensus.a libhy_scheduler.a \
	libhy_cib.a libhy_base.a $(CHECK_LIBS)

UNIT_TESTS += test_cluster_detection
test_cluster_detection_SOURCES = tests/unit/test_cluster_detection.c tests/lib/cluster_sim.c tests/lib/cluster_sim.h tests/lib/run.h
test_cluster_detection_CPPFLAGS = $(UNIT_CPPFLAGS)
test_cluster_detection_LDADD = libhy_cluster.a libhy_operation.a libhy_membership.a libhy_consensus.a libhy_scheduler.a \
	libhy_cib.a libhy_base.a $(CHECK_LIBS)

UNIT_TESTS += test_cluster_parts
test_cluster_parts_SOURCES = tests/unit/test_cluster_parts.c $(CLUSTER_HARNESS)
test_cluster_parts_CPPFLAGS = $(UNIT_CPPFLAGS)
test_cluster_parts_LDADD = libhy_cluster.a libhy_operation.a libhy_membership.a libhy_consensus.a libhy_scheduler.a \
	libhy_cib.a libhy_base.a $(CHECK_LIBS)

UNIT_TESTS += test_cluster_nodes
test_cluster_nodes_SOURCES = tests/unit/test_cluster_nodes.c $(CLUSTER_HARNESS)
test_cluster_nodes_CPPFLAGS = $(UNIT_CPPFLAGS)
test_cluster_nodes_LDADD = libhy_cluster.a libhy_operation.a libhy_membership.a libhy_consensus.a libhy_scheduler.a \
	libhy_cib.a libhy_base.a $(CHECK_LIBS)

UNIT_TESTS += test_cluster_nodes_random
test_cluster_nodes_random_SOURCES = tests/unit/test_cluster_nodes_random.c $(CLUSTER_HARNESS)
test_cluster_nodes_random_CPPFLAGS = $(UNIT_CPPFLAGS)
test_cluster_nodes_random_LDADD = libhy_cluster.a libhy_operation.a libhy_membership.a libhy_consensus.a \
	libhy_scheduler.a libhy_cib.a libhy_base.a $(CHECK_LIBS)

UNIT_TESTS += test_cluster_locks
test_cluster_locks_SOURCES = tests/unit/test_cluster_locks.c $(CLUSTER_HARNESS)
test_cluster_locks_CPPFLAGS = $(UNIT_CPPFLAGS)
test_cluster_locks_LDADD = libhy_cluster.a libhy_operation.a libhy_membership.a libhy_consensus.a libhy_scheduler.a \
	libhy_cib.a libhy_base.a $(CHECK_LIBS)
