# SPDX-License-Identifier: Apache-2.0
# Tries an agent as a cluster would: for whoever writes one.
bin_PROGRAMS += ha-agent-test
ha_agent_test_CPPFLAGS = $(CORE_CPPFLAGS) -I$(top_srcdir)/tools -DHY_VERSION='"$(PACKAGE_VERSION)"'
ha_agent_test_SOURCES = \
	tools/agent_test/handover.c tools/agent_test/handover.h \
	tools/agent_test/main.c \
	tools/agent_test/part_description.c \
	tools/agent_test/part_faults.c \
	tools/agent_test/part_life.c \
	tools/agent_test/part_watch.c \
	tools/agent_test/processes.c tools/agent_test/processes.h \
	tools/agent_test/report.c tools/agent_test/report.h \
	tools/agent_test/rig.c tools/agent_test/rig.h \
	tools/agent_test/session.c tools/agent_test/session.h
ha_agent_test_LDADD = libhy_executor.a libhy_loop.a libhy_plugin.a libhy_operation.a libhy_cib.a libhy_base.a $(DL_LIBS)
