# SPDX-License-Identifier: Apache-2.0
UNIT_TESTS += test_scheduler
test_scheduler_SOURCES = tests/unit/test_scheduler.c tests/unit/sched_case.c tests/unit/sched_case.h \
	tests/unit/sched_laws.c tests/unit/sched_laws.h \
	tests/unit/sched_random.c tests/unit/sched_random.h \
	tests/unit/sched_wide.c tests/unit/sched_wide.h \
	tests/unit/sched_world.c tests/unit/sched_world.h tests/lib/run.h
test_scheduler_CPPFLAGS = $(UNIT_CPPFLAGS) -I$(top_srcdir)/tests/unit
test_scheduler_LDADD = libhy_scheduler.a libhy_cib.a libhy_base.a $(CHECK_LIBS)
UNIT_TESTS += test_notices
test_notices_SOURCES = tests/unit/test_notices.c tests/unit/sched_world.c tests/unit/sched_world.h tests/lib/run.h
test_notices_CPPFLAGS = $(test_scheduler_CPPFLAGS)
test_notices_LDADD = $(test_scheduler_LDADD)
UNIT_TESTS += test_reload
test_reload_SOURCES = tests/unit/test_reload.c tests/unit/sched_world.c tests/unit/sched_world.h tests/lib/run.h
test_reload_CPPFLAGS = $(test_scheduler_CPPFLAGS)
test_reload_LDADD = $(test_scheduler_LDADD)
UNIT_TESTS += test_scores
test_scores_SOURCES = tests/unit/test_scores.c tests/unit/sched_random.c tests/unit/sched_random.h \
	tests/unit/sched_world.c tests/unit/sched_world.h tests/lib/run.h
test_scores_CPPFLAGS = $(test_scheduler_CPPFLAGS)
test_scores_LDADD = $(test_scheduler_LDADD)

EXTRA_DIST += tests/golden/scheduler

UNIT_TESTS += test_hands_off
test_hands_off_SOURCES = tests/unit/test_hands_off.c tests/unit/sched_world.c tests/unit/sched_world.h tests/lib/run.h
test_hands_off_CPPFLAGS = $(test_scheduler_CPPFLAGS)
test_hands_off_LDADD = $(test_scheduler_LDADD)
