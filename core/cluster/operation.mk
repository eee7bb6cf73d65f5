# Operations as they travel: also what the executor links of this folder.
noinst_LIBRARIES += libhy_operation.a
libhy_operation_a_CPPFLAGS = $(CORE_CPPFLAGS)
libhy_operation_a_SOURCES = core/cluster/operation.c core/cluster/operation.h
