/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A core that is alone in the world, in a process of its own: the local socket over a CIB in memory, and a scheduler whose
 * actions are carried out at once by pretending. For tests of what talks to the socket.
 *
 * What happens is steered by files in its folder:
 *   broken-NODE   MaxScale does not run on the node and cannot be started there
 *   slow          one action at each request only, not all of them
 *   no-quorum     this node is alone
 *   idle          nothing is carried out
 *   mute          a command is carried out, and nobody is told
 *   dies-before   at the next command the socket goes away and comes back, and nothing was done
 *   dies-after    the same, after the command has been carried out
 *   forgets       with dies-after: whose command it was is not remembered
 *   alone-after   with either: without quorum from then on
 */
#ifndef TESTS_LIB_FAKE_CORE_H
#define TESTS_LIB_FAKE_CORE_H

#include <sys/types.h>

struct fake_core {
    pid_t process;
    char folder[64]; /* holds halyard.conf, which hactl reads, and the socket */
};

/* Three nodes, test1, test3 and test5, of which the first is this one; the time stands still at Tue Jan 10 11:25:10 2017 UTC.
 * Aborts the test when it cannot be. */
void fake_core_start(struct fake_core *core);
void fake_core_steer(const struct fake_core *core, const char *file, int on);
/* Ends it and removes its folder. */
void fake_core_stop(struct fake_core *core);

#endif
