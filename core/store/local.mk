# SPDX-License-Identifier: Apache-2.0
noinst_LIBRARIES += libhy_store.a
libhy_store_a_CPPFLAGS = $(CORE_CPPFLAGS)
libhy_store_a_SOURCES = \
	core/store/aside.c core/store/aside.h \
	core/store/file.c core/store/file.h \
	core/store/load.c core/store/load.h \
	core/store/log.c core/store/log.h \
	core/store/store.c core/store/store.h
