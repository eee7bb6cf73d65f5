/* SPDX-License-Identifier: Apache-2.0 */
/* The main processes of a service: found by its pid files or by what `status` prints, and held. */
#ifndef LSB_TRACKED_H
#define LSB_TRACKED_H

#include "halyard/agent.h"
#include "pidfile.h"
#include "process.h"

#include <limits.h>
#include <stdbool.h>

enum { LSB_TRACKED_MOST = 32, LSB_BY_STATUS = -1 };

struct lsb_tracked {
    struct lsb_process process;
    int file; /* that names it: an index; LSB_BY_STATUS */
    struct timespec written;
};

/* What is waited for until a pid file changes or comes. */
struct lsb_awaited {
    int folder, file;        /* inotify's numbers; -1: none */
    char name[NAME_MAX + 1]; /* in the folder: the file, or the next folder on the way to it */
    pid_t ended;             /* named by the file, and ended ... */
    struct timespec written; /* ... as long as this is when it was written: the number may be another's by now */
    pid_t refused;           /* told once */
};

struct lsb_tracker {
    const struct halyard_host *host;
    const struct halyard_op *op;
    struct lsb_pidfiles files;
    struct lsb_awaited awaited[LSB_PIDFILES];
    int notify; /* inotify(7): readable when a pid file may have changed; -1: there is none */
    struct lsb_tracked all[LSB_TRACKED_MOST];
    int count;
};

/* `host`, `op` and `files` have been set. */
void lsb_tracker_open(struct lsb_tracker *tracker);
void lsb_tracker_close(struct lsb_tracker *tracker);

/* Reads the pid files, takes in what they name and drops what they do not name any more. True: a file names
 * a process that does not run. */
bool lsb_tracker_look(struct lsb_tracker *tracker);

/* Takes in what the text of `status` names: of parents and their children the parents. */
void lsb_tracker_take_text(struct lsb_tracker *tracker, const char *text);

/* Empties `notify`; true: it was about a pid file, so look. */
bool lsb_tracker_heard(struct lsb_tracker *tracker);

/* One that has ended, which is taken out and is the caller's to close; false: none. */
bool lsb_tracker_take_ended(struct lsb_tracker *tracker, struct lsb_tracked *ended);

/* One that runs and is named where `ended` was; NULL: none. */
const struct lsb_tracked *lsb_tracker_successor(const struct lsb_tracker *tracker, const struct lsb_tracked *ended);

/* "/run/foo.pid", "its status". */
const char *lsb_tracker_source(const struct lsb_tracker *tracker, const struct lsb_tracked *tracked);

#endif
