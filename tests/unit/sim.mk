UNIT_TESTS += sim_linearize
sim_linearize_SOURCES = tests/unit/sim_linearize.c tests/sim/history.c tests/sim/history.h tests/sim/linearize.c \
	tests/sim/linearize.h tests/lib/run.h
sim_linearize_CPPFLAGS = $(UNIT_CPPFLAGS)
sim_linearize_LDADD = libhy_base.a $(CHECK_LIBS)
