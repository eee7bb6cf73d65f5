# SPDX-License-Identifier: Apache-2.0
HACTL_TEST_CPPFLAGS = $(UNIT_CPPFLAGS) -I$(top_srcdir)/tools $(ZMQ_CFLAGS) $(JANSSON_CFLAGS)

# The command itself, against a core that pretends.
UNIT_TESTS += test_hactl
test_hactl_SOURCES = \
	tests/unit/test_hactl.c \
	tests/unit/hactl_article.c tests/unit/hactl_configure.c tests/unit/hactl_other.c tests/unit/hactl_run.c \
	tests/unit/hactl_run.h \
	tests/lib/fake_core.c tests/lib/fake_core.h tests/lib/run.h \
	core/daemon/ipc.c core/daemon/ipc.h
test_hactl_CPPFLAGS = $(HACTL_TEST_CPPFLAGS)
test_hactl_LDADD = $(HACTL_LIBS) $(CHECK_LIBS)
EXTRA_test_hactl_DEPENDENCIES = hactl$(EXEEXT)
