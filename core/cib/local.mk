noinst_LIBRARIES += libhy_cib.a
libhy_cib_a_CPPFLAGS = $(CORE_CPPFLAGS)
libhy_cib_a_SOURCES = \
	core/cib/attrs.c \
	core/cib/cib.c core/cib/cib.h \
	core/cib/cursor.c core/cib/cursor.h \
	core/cib/grammar.h \
	core/cib/kinds.h \
	core/cib/lexer.c core/cib/lexer.h \
	core/cib/object.c core/cib/object.h \
	core/cib/parse.c core/cib/parse_constraint.c core/cib/parse_resource.c \
	core/cib/print.c core/cib/print_object.c \
	core/cib/score.c core/cib/score.h \
	core/cib/status.c \
	core/cib/values.c core/cib/words.h
