# SPDX-License-Identifier: Apache-2.0
noinst_LIBRARIES += libhy_store.a
libhy_store_a_CPPFLAGS = $(CORE_CPPFLAGS)
libhy_store_a_SOURCES = \
	core/store/file.c core/store/file.h \
	core/store/format.c core/store/format.h \
	core/store/store.c core/store/store.h
