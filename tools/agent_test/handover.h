/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a program comes to be the core of an executor that it has forked itself: the executor starts this program once more, as
 * its core; that hands its end of the link over, through a socket, and only waits to be told to end. So the program has the
 * link in its own hands, as often as the executor starts a core.
 */
#ifndef AGENT_TEST_HANDOVER_H
#define AGENT_TEST_HANDOVER_H

#include <sys/types.h>

/* As the core: arguments NAME, ROLE, SOCKET, and what the executor adds. Ends with 0 at SIGTERM, 78 at SIGUSR1, 5 at
 * SIGUSR2. */
int handover_core_main(int argc, char **argv);

/* Where cores come to. The descriptor, or -errno. */
int handover_listen(const char *path);

/* The next core that comes: its pid, and the link's two descriptors. 0; -ETIMEDOUT: none came; -errno. */
int handover_accept(int listener, int timeout_ms, pid_t *core, int fds[2]);

#endif
