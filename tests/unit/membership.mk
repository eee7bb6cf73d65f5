MEMBERSHIP_HARNESS = tests/lib/lease_cluster.c tests/lib/lease_cluster.h tests/lib/lease_log.c tests/lib/run.h

UNIT_TESTS += test_membership_random
test_membership_random_SOURCES = tests/unit/test_membership_random.c $(MEMBERSHIP_HARNESS)
test_membership_random_CPPFLAGS = $(UNIT_CPPFLAGS)
test_membership_random_LDADD = libhy_membership.a libhy_base.a $(CHECK_LIBS)

UNIT_TESTS += test_membership_rules
test_membership_rules_SOURCES = \
	tests/unit/test_membership_rules.c \
	tests/unit/membership_lease_case.c tests/unit/membership_message_case.c tests/unit/membership_verdict_case.c \
	tests/unit/membership_wish_case.c tests/unit/membership_doubt_case.c \
	tests/unit/membership_fixture.c tests/unit/membership_fixture.h tests/lib/run.h
test_membership_rules_CPPFLAGS = $(UNIT_CPPFLAGS)
test_membership_rules_LDADD = libhy_membership.a libhy_base.a $(CHECK_LIBS)

UNIT_TESTS += test_membership_trace
test_membership_trace_SOURCES = tests/unit/test_membership_trace.c $(MEMBERSHIP_HARNESS)
test_membership_trace_CPPFLAGS = $(UNIT_CPPFLAGS)
test_membership_trace_LDADD = libhy_membership.a libhy_base.a $(CHECK_LIBS)

EXTRA_DIST += \
	tests/golden/membership/all-killed.trace \
	tests/golden/membership/cold-start.trace \
	tests/golden/membership/core-restart.trace \
	tests/golden/membership/dc-deaf-and-mute.trace \
	tests/golden/membership/dc-dies.trace \
	tests/golden/membership/freeze-10-s.trace \
	tests/golden/membership/freeze-300-ms.trace \
	tests/golden/membership/freeze-50-ms.trace \
	tests/golden/membership/host-reboots.trace \
	tests/golden/membership/learner-and-one.trace \
	tests/golden/membership/loss-30-per-cent.trace \
	tests/golden/membership/node-dies.trace \
	tests/golden/membership/one-voter-does-not-hear.trace \
	tests/golden/membership/one-way-deaf.trace \
	tests/golden/membership/one-way-mute.trace \
	tests/golden/membership/partition.trace \
	tests/golden/membership/two-nodes.trace \
	tests/golden/membership/unplugged.trace
