/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a program as the cluster's operations run theirs: an environment with nothing but PATH and LANG, stdin empty. */
#ifndef HACTL_SCRIPT_H
#define HACTL_SCRIPT_H

#include "base/buf.h"

/* One run, and how it ended. */
struct hactl_script_run {
    int rc; /* exit status 0 to 255; -ETIMEDOUT: killed when its time was over; -EINTR: by a signal; other: not run */
    int ms; /* that it took */
    struct hy_buf output; /* stdout and stderr, the first 4 KiB; the caller's to free */
};

/* Waits for the program's own end, not for what it leaves in the background. `argv` ends with NULL. */
void hactl_script_run(const char *const argv[], int timeout_ms, struct hactl_script_run *run);

#endif
