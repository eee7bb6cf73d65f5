/* SPDX-License-Identifier: Apache-2.0 */
/* Where an init script's service may write down its process, and what is written there. */
#ifndef LSB_PIDFILE_H
#define LSB_PIDFILE_H

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

enum { LSB_PIDFILES = 16, LSB_PIDS = 16, LSB_PIDFILE_PATH = 512 };

struct lsb_pidfiles {
    int count;
    char paths[LSB_PIDFILES][LSB_PIDFILE_PATH]; /* the likeliest first */
};

/*
 * `given`: the parameter; with one, nothing else counts. Otherwise, in this order: "# pidfile:" as chkconfig has it; what the
 * script, and files that it reads in, assign to PIDFILE, pid_file, FOO_PIDFILE and so on; NAME.pid and NAME/NAME.pid
 * in /run and /var/run.
 */
void lsb_pidfiles_find(const char *script, const char *name, const char *given, struct lsb_pidfiles *files);

/* The full name of a file, without blanks, and not too long. */
bool lsb_pidfile_is_path(const char *text);

struct lsb_pids {
    int count;
    pid_t pids[LSB_PIDS];
    struct timespec written; /* when; not for those of `status` */
};

/* The first line's numbers, as the LSB has it for pidofproc. False: there is no such file, or no number in it. */
bool lsb_pidfile_read(const char *path, struct lsb_pids *pids);

/* The numbers behind "pid", "pids" or "process" in what `status` has printed. */
void lsb_pids_in_text(const char *text, struct lsb_pids *pids);

#endif
