noinst_LIBRARIES += libhy_cib.a
libhy_cib_a_CPPFLAGS = $(CORE_CPPFLAGS)
libhy_cib_a_SOURCES = \
	core/cib/apply.c core/cib/apply.h core/cib/apply_config.c core/cib/apply_status.c \
	core/cib/attrs.c \
	core/cib/cib.c core/cib/cib.h \
	core/cib/clients.c core/cib/clients.h \
	core/cib/command.c core/cib/command.h \
	core/cib/cursor.c core/cib/cursor.h \
	core/cib/digest.c core/cib/digest.h \
	core/cib/enrol.c core/cib/enrol.h \
	core/cib/fields.c core/cib/fields.h \
	core/cib/grammar.h \
	core/cib/head.h \
	core/cib/history.c core/cib/history.h \
	core/cib/iso8601.c core/cib/iso8601.h \
	core/cib/kinds.h \
	core/cib/lexer.c core/cib/lexer.h \
	core/cib/names.c core/cib/names.h \
	core/cib/object.c core/cib/object.h \
	core/cib/parse.c core/cib/parse_attrs.c core/cib/parse_constraint.c core/cib/parse_fencing.c \
	core/cib/parse_resource.c core/cib/parse_rsc_sets.c core/cib/parse_rule.c \
	core/cib/print.c core/cib/print_object.c \
	core/cib/refs.c core/cib/refs.h \
	core/cib/rule_compare.c core/cib/rule_compare.h core/cib/rule_date.c core/cib/rule_eval.c core/cib/rule_eval.h \
	core/cib/save.c \
	core/cib/score.c core/cib/score.h \
	core/cib/sets.c \
	core/cib/status.c \
	core/cib/syntax.c core/cib/syntax.h \
	core/cib/tickets.c core/cib/tickets.h \
	core/cib/values.c core/cib/words.h \
	core/cib/verify.c core/cib/verify.h core/cib/verify_rule.c core/cib/verify_values.c \
	core/cib/wish.c core/cib/wish.h
