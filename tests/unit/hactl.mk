# SPDX-License-Identifier: Apache-2.0
HACTL_TEST_CPPFLAGS = $(UNIT_CPPFLAGS) -I$(top_srcdir)/tools $(CZMQ_CFLAGS) $(ZMQ_CFLAGS) $(JANSSON_CFLAGS)

# The command itself, against a core that pretends.
UNIT_TESTS += test_hactl
test_hactl_SOURCES = \
	tests/unit/test_hactl.c \
	tests/unit/hactl_article.c tests/unit/hactl_configure.c tests/unit/hactl_input.c tests/unit/hactl_lsb_case.c tests/unit/hactl_other.c tests/unit/hactl_run.c \
	tests/unit/hactl_session.c tests/unit/hactl_simulate.c tests/unit/hactl_status_case.c tests/unit/hactl_why_case.c tests/unit/hactl_words.c \
	tests/unit/hactl_run.h \
	tests/lib/fake_core.c tests/lib/fake_core.h tests/lib/run.h \
	core/daemon/ipc.c core/daemon/ipc.h
test_hactl_CPPFLAGS = $(HACTL_TEST_CPPFLAGS)
test_hactl_LDADD = $(HACTL_LIBS) $(CHECK_LIBS)
EXTRA_test_hactl_DEPENDENCIES = hactl$(EXEEXT) ipaddr2.la lsb.la

EXTRA_DIST += docs/hactl.md \
	tests/golden/hactl/address.conf tests/golden/hactl/address.status \
	tests/golden/hactl/alone.cluster tests/golden/hactl/alone.status \
	tests/golden/hactl/broken.json tests/golden/hactl/broken.status \
	tests/golden/hactl/clones.case tests/golden/hactl/group.resources tests/golden/hactl/in-flight.case \
	tests/golden/hactl/init.conf tests/golden/hactl/init.out \
	tests/golden/hactl/marks.case tests/golden/hactl/members.case \
	tests/golden/hactl/blank.case tests/golden/hactl/comings.case tests/golden/hactl/links.case \
	tests/golden/hactl/lost.case \
	tests/golden/hactl/add.out tests/golden/hactl/add.conf \
	tests/golden/hactl/production.conf tests/golden/hactl/production.in \
	tests/golden/hactl/what-if.case tests/golden/hactl/why-clones.case \
	tests/golden/hactl/why-places.case tests/golden/hactl/why-stopped.case \
	tests/golden/hactl/service.conf tests/golden/hactl/service.status
