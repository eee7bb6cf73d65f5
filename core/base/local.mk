noinst_LIBRARIES += libhy_base.a
libhy_base_a_CPPFLAGS = $(CORE_CPPFLAGS)
libhy_base_a_SOURCES = \
	core/base/alloc.c core/base/alloc.h \
	core/base/arena.c core/base/arena.h \
	core/base/buf.c core/base/buf.h \
	core/base/err.c core/base/err.h \
	core/base/format.c core/base/format.h \
	core/base/log.c core/base/log.h \
	core/base/map.c core/base/map.h core/base/mutant.h \
	core/base/md5.c core/base/md5.h \
	core/base/wire.c core/base/wire.h \
	core/base/time.h core/base/vec.h
