# SPDX-License-Identifier: Apache-2.0
# The operator's command. All but main() is a library, so that the tests link what operators run.
HACTL_CPPFLAGS = $(DAEMON_CPPFLAGS) -I$(top_srcdir)/tools $(CZMQ_CFLAGS) $(ZMQ_CFLAGS) $(SODIUM_CFLAGS) $(JANSSON_CFLAGS)
HACTL_LIBS = libhactl.a libhy_bus.a libhy_loop.a libhy_plugin.a libhy_daemon.a libhy_scheduler.a libhy_cib.a libhy_base.a \
	$(JANSSON_LIBS) $(CONFIG_LIBS) $(CZMQ_LIBS) $(ZMQ_LIBS) $(SODIUM_LIBS) $(EDIT_LIBS) $(XML_LIBS) $(DL_LIBS)

noinst_LIBRARIES += libhactl.a
libhactl_a_CPPFLAGS = $(HACTL_CPPFLAGS) $(EDIT_CFLAGS) $(XML_CFLAGS)
libhactl_a_SOURCES = \
	tools/hactl/agent_new.c \
	tools/hactl/agents.c tools/hactl/agents.h \
	tools/hactl/attribute.c \
	tools/hactl/change.c tools/hactl/change.h \
	tools/hactl/cleanup.c \
	tools/hactl/cluster_add.c \
	tools/hactl/cluster_found.c \
	tools/hactl/cluster_init.c \
	tools/hactl/cluster_remove.c \
	tools/hactl/cluster_status.c \
	tools/hactl/commands.h \
	tools/hactl/complete.c tools/hactl/complete.h \
	tools/hactl/configure.c \
	tools/hactl/configure_delete.c \
	tools/hactl/configure_file.c \
	tools/hactl/configure_rename.c \
	tools/hactl/connection.c tools/hactl/connection.h \
	tools/hactl/dealer.c tools/hactl/dealer.h \
	tools/hactl/edit.c tools/hactl/edit.h \
	tools/hactl/edit_check.c \
	tools/hactl/hactl.h \
	tools/hactl/help.c tools/hactl/help.h \
	tools/hactl/import.c tools/hactl/import.h \
	tools/hactl/import_command.c \
	tools/hactl/import_config.c \
	tools/hactl/import_constraints.c \
	tools/hactl/import_history.c \
	tools/hactl/import_resources.c \
	tools/hactl/import_rules.c \
	tools/hactl/import_sets.c \
	tools/hactl/import_status.c \
	tools/hactl/import_values.c \
	tools/hactl/import_xml.c tools/hactl/import_xml.h \
	tools/hactl/lsb_check.c \
	tools/hactl/move.c \
	tools/hactl/node.c \
	tools/hactl/node_files.c tools/hactl/node_files.h \
	tools/hactl/options.c \
	tools/hactl/origin.c \
	tools/hactl/question.c tools/hactl/question.h \
	tools/hactl/files.c tools/hactl/files.h \
	tools/hactl/reader.c tools/hactl/reader.h \
	tools/hactl/resource.c \
	tools/hactl/say.c \
	tools/hactl/script.c tools/hactl/script.h \
	tools/hactl/scores.c \
	tools/hactl/shell.c tools/hactl/shell.h \
	tools/hactl/simulate.c tools/hactl/simulate.h \
	tools/hactl/simulate_options.c \
	tools/hactl/simulate_print.c \
	tools/hactl/site.c \
	tools/hactl/split.c tools/hactl/split.h \
	tools/hactl/state.c tools/hactl/state.h \
	tools/hactl/status.c tools/hactl/status.h \
	tools/hactl/status_json.c tools/hactl/status_notes.c \
	tools/hactl/status_links.c \
	tools/hactl/status_resources.c \
	tools/hactl/table.c \
	tools/hactl/wait.c tools/hactl/wait.h \
	tools/hactl/what_if.c \
	tools/hactl/what_if.h \
	tools/hactl/what_if_losses.c \
	tools/hactl/what_if_print.c \
	tools/hactl/why.c \
	tools/hactl/why.h \
	tools/hactl/why_node.c

# What `hactl agent new` writes, as strings.
EXTRA_DIST += tools/hactl/agent_template/agent.c tools/hactl/agent_template/Makefile.txt
libhactl_a_CPPFLAGS += -I$(top_builddir)/tools/hactl
tools/hactl/agent_source.inc: tools/hactl/agent_template/agent.c
	$(AM_V_GEN)$(MKDIR_P) tools/hactl && sed 's/[\\"]/\\&/g; s/.*/"&",/' $(top_srcdir)/tools/hactl/agent_template/agent.c >$@.tmp && mv $@.tmp $@
tools/hactl/agent_makefile.inc: tools/hactl/agent_template/Makefile.txt
	$(AM_V_GEN)$(MKDIR_P) tools/hactl && sed 's/[\\"]/\\&/g; s/.*/"&",/' $(top_srcdir)/tools/hactl/agent_template/Makefile.txt >$@.tmp && mv $@.tmp $@
tools/hactl/libhactl_a-agent_new.$(OBJEXT): tools/hactl/agent_source.inc tools/hactl/agent_makefile.inc
CLEANFILES += tools/hactl/agent_source.inc tools/hactl/agent_makefile.inc

bin_PROGRAMS += hactl
hactl_CPPFLAGS = $(HACTL_CPPFLAGS)
hactl_SOURCES = tools/hactl/main.c
hactl_LDADD = $(HACTL_LIBS)
