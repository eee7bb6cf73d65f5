# SPDX-License-Identifier: Apache-2.0
noinst_LIBRARIES += libhy_journal.a
libhy_journal_a_CPPFLAGS = $(CORE_CPPFLAGS)
libhy_journal_a_SOURCES = \
	core/journal/crc32c.c core/journal/crc32c.h \
	core/journal/items.c core/journal/items.h \
	core/journal/journal.h \
	core/journal/load.c \
	core/journal/log.c \
	core/journal/sectors.c core/journal/sectors.h \
	core/journal/snapshot.c
