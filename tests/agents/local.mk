# Agents for the tests: one that behaves, one that does not, and descriptors and constructors that must be refused. Each lies
# in its own file in .libs of the build folder; tests copy together the folders they need.
TEST_AGENT_LINK = -module -avoid-version -shared -rpath /nowhere -export-symbols-regex '^halyard_' $(AM_LDFLAGS)
TEST_AGENTS = \
	docs/examples/flagfile.la \
	tests/agents/good.la \
	tests/agents/fast.la \
	tests/agents/late.la \
	tests/agents/nasty.la \
	tests/agents/flawed.la \
	tests/agents/aware.la \
	tests/agents/wrongmagic.la \
	tests/agents/transportmagic.la \
	tests/agents/newmajor.la \
	tests/agents/oldmajor.la \
	tests/agents/newminor.la \
	tests/agents/oldminor.la \
	tests/agents/small.la \
	tests/agents/large.la \
	tests/agents/noname.la \
	tests/agents/badname.la \
	tests/agents/nostop.la \
	tests/agents/noparams.la \
	tests/agents/stride.la \
	tests/agents/paramtype.la \
	tests/agents/paramtwice.la \
	tests/agents/paramdefault.la \
	tests/agents/paramrange.la \
	tests/agents/crash.la \
	tests/agents/hang.la \
	tests/agents/exits.la \
	tests/agents/othergood.la \
	tests/agents/nodescriptor.la \
	tests/agents/transport.la
check_LTLIBRARIES += $(TEST_AGENTS)

# What docs/writing-an-agent.md shows.
docs_examples_flagfile_la_SOURCES = docs/examples/flagfile.c
docs_examples_flagfile_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
docs_examples_flagfile_la_LDFLAGS = $(TEST_AGENT_LINK)
check_PROGRAMS += docs/examples/try-agent
docs_examples_try_agent_SOURCES = docs/examples/try-agent.c
docs_examples_try_agent_CPPFLAGS = $(PLUGIN_CPPFLAGS)
docs_examples_try_agent_LDADD = $(DL_LIBS)

tests_agents_good_la_SOURCES = tests/agents/good.c
tests_agents_good_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
tests_agents_good_la_LDFLAGS = $(TEST_AGENT_LINK)
tests_agents_fast_la_SOURCES = tests/agents/good.c
tests_agents_fast_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DTYPE='"fast"' -DCAPS=HALYARD_CAP_FAST_RELEASE
tests_agents_fast_la_LDFLAGS = $(TEST_AGENT_LINK)
tests_agents_late_la_SOURCES = tests/agents/good.c
tests_agents_late_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DTYPE='"late"' -DCAPS=0 -DLATE
tests_agents_late_la_LDFLAGS = $(TEST_AGENT_LINK)
tests_agents_nasty_la_SOURCES = tests/agents/nasty.c
tests_agents_nasty_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
tests_agents_nasty_la_LDFLAGS = $(TEST_AGENT_LINK)
tests_agents_flawed_la_SOURCES = tests/agents/flawed.c
tests_agents_flawed_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
tests_agents_flawed_la_LDFLAGS = $(TEST_AGENT_LINK)

tests_agents_aware_la_SOURCES = tests/agents/aware.c
tests_agents_aware_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
tests_agents_aware_la_LDFLAGS = $(TEST_AGENT_LINK)

tests_agents_wrongmagic_la_SOURCES = tests/agents/bad.c
tests_agents_wrongmagic_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DMAGIC=0x12345678
tests_agents_wrongmagic_la_LDFLAGS = $(TEST_AGENT_LINK)

tests_agents_transportmagic_la_SOURCES = tests/agents/bad.c
tests_agents_transportmagic_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DMAGIC=HALYARD_TRANSPORT_MAGIC
tests_agents_transportmagic_la_LDFLAGS = $(TEST_AGENT_LINK)

tests_agents_newmajor_la_SOURCES = tests/agents/bad.c
tests_agents_newmajor_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DMAJOR=2
tests_agents_newmajor_la_LDFLAGS = $(TEST_AGENT_LINK)

tests_agents_oldmajor_la_SOURCES = tests/agents/bad.c
tests_agents_oldmajor_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DMAJOR=0
tests_agents_oldmajor_la_LDFLAGS = $(TEST_AGENT_LINK)

tests_agents_newminor_la_SOURCES = tests/agents/bad.c
tests_agents_newminor_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DMINOR='(HALYARD_AGENT_MINOR+1)'
tests_agents_newminor_la_LDFLAGS = $(TEST_AGENT_LINK)

# Built as it was when the interface was new.
tests_agents_oldminor_la_SOURCES = docs/examples/flagfile.c
tests_agents_oldminor_la_CPPFLAGS = -D_GNU_SOURCE -I$(top_srcdir)/tests/abi/1.0
tests_agents_oldminor_la_LDFLAGS = $(TEST_AGENT_LINK)

tests_agents_small_la_SOURCES = tests/agents/bad.c
tests_agents_small_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DSIZE=64
tests_agents_small_la_LDFLAGS = $(TEST_AGENT_LINK)

tests_agents_large_la_SOURCES = tests/agents/bad.c
tests_agents_large_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DSIZE=4096
tests_agents_large_la_LDFLAGS = $(TEST_AGENT_LINK)

tests_agents_noname_la_SOURCES = tests/agents/bad.c
tests_agents_noname_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DTYPE=NULL
tests_agents_noname_la_LDFLAGS = $(TEST_AGENT_LINK)

tests_agents_badname_la_SOURCES = tests/agents/bad.c
tests_agents_badname_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DTYPE='"a:b"'
tests_agents_badname_la_LDFLAGS = $(TEST_AGENT_LINK)

tests_agents_nostop_la_SOURCES = tests/agents/bad.c
tests_agents_nostop_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DSTOP=NULL
tests_agents_nostop_la_LDFLAGS = $(TEST_AGENT_LINK)

tests_agents_noparams_la_SOURCES = tests/agents/bad.c
tests_agents_noparams_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DPARAMS='(sizeof params ? NULL : params)'
tests_agents_noparams_la_LDFLAGS = $(TEST_AGENT_LINK)

tests_agents_stride_la_SOURCES = tests/agents/bad.c
tests_agents_stride_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DPARAM_SIZE=8
tests_agents_stride_la_LDFLAGS = $(TEST_AGENT_LINK)

tests_agents_paramtype_la_SOURCES = tests/agents/bad.c
tests_agents_paramtype_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DPARAM_TYPE=9
tests_agents_paramtype_la_LDFLAGS = $(TEST_AGENT_LINK)

tests_agents_paramtwice_la_SOURCES = tests/agents/bad.c
tests_agents_paramtwice_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DNAME='"m"'
tests_agents_paramtwice_la_LDFLAGS = $(TEST_AGENT_LINK)

tests_agents_paramdefault_la_SOURCES = tests/agents/bad.c
tests_agents_paramdefault_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DDEFAULT='"7"'
tests_agents_paramdefault_la_LDFLAGS = $(TEST_AGENT_LINK)

tests_agents_paramrange_la_SOURCES = tests/agents/bad.c
tests_agents_paramrange_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DRANGE='"5..1"'
tests_agents_paramrange_la_LDFLAGS = $(TEST_AGENT_LINK)

tests_agents_crash_la_SOURCES = tests/agents/bad.c
tests_agents_crash_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DCRASH
tests_agents_crash_la_LDFLAGS = $(TEST_AGENT_LINK)

tests_agents_hang_la_SOURCES = tests/agents/bad.c
tests_agents_hang_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DHANG
tests_agents_hang_la_LDFLAGS = $(TEST_AGENT_LINK)

tests_agents_exits_la_SOURCES = tests/agents/bad.c
tests_agents_exits_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DEXIT
tests_agents_exits_la_LDFLAGS = $(TEST_AGENT_LINK)

tests_agents_othergood_la_SOURCES = tests/agents/bad.c
tests_agents_othergood_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DTYPE='"good"'
tests_agents_othergood_la_LDFLAGS = $(TEST_AGENT_LINK)

tests_agents_nodescriptor_la_SOURCES = tests/agents/bad.c
tests_agents_nodescriptor_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DNO_DESCRIPTOR
tests_agents_nodescriptor_la_LDFLAGS = $(TEST_AGENT_LINK)

tests_agents_transport_la_SOURCES = tests/agents/bad.c
tests_agents_transport_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DTRANSPORT
tests_agents_transport_la_LDFLAGS = $(TEST_AGENT_LINK)
