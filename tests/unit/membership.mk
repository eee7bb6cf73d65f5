MEMBERSHIP_HARNESS = tests/lib/lease_cluster.c tests/lib/lease_cluster.h tests/lib/lease_log.c tests/lib/run.h

UNIT_TESTS += test_membership_random
test_membership_random_SOURCES = tests/unit/test_membership_random.c $(MEMBERSHIP_HARNESS)
test_membership_random_CPPFLAGS = $(UNIT_CPPFLAGS)
test_membership_random_LDADD = libhy_membership.a libhy_base.a $(CHECK_LIBS)
