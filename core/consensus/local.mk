# SPDX-License-Identifier: Apache-2.0
noinst_LIBRARIES += libhy_consensus.a
libhy_consensus_a_CPPFLAGS = $(CORE_CPPFLAGS)
libhy_consensus_a_SOURCES = \
	core/consensus/config.c core/consensus/config.h \
	core/consensus/disk.c \
	core/consensus/election.c \
	core/consensus/follow.c \
	core/consensus/log.c core/consensus/log.h \
	core/consensus/message.c core/consensus/message.h \
	core/consensus/raft.c core/consensus/raft.h \
	core/consensus/read.c \
	core/consensus/replicate.c \
	core/consensus/server.h \
	core/consensus/snapshot.c \
	core/consensus/transfer.c
