/* SPDX-License-Identifier: Apache-2.0 */
/* What all of hactl's commands share. */
#ifndef HACTL_HACTL_H
#define HACTL_HACTL_H

#include "base/buf.h"
#include "base/err.h"
#include "daemon/config.h"

#include <stdbool.h>
#include <stddef.h>

/* Exit statuses. */
enum {
    HACTL_OK = 0,
    HACTL_FAILED = 1,
    HACTL_USAGE = 2,
    HACTL_NO_CONNECTION = 3,
    HACTL_LOSES = 4 /* what-if: something would be left without a place */
};

struct hactl_connection;

/* One run of hactl, or one session of its shell. */
struct hactl {
    const char *config_file;
    struct hy_config *config;            /* read when first needed */
    struct hactl_connection *connection; /* opened when first needed */
    const char *user;                    /* who types: goes into "Last change" */
    bool json;
    bool wait;
    bool force;
    bool asks;       /* somebody types, and can be asked */
    int timeout_ms;  /* for a change to be taken */
    int patience_ms; /* for the cluster to have done it */
};

/* A command: the level it stands in ("" for the top), its word, what follows, and one line of help. */
struct hactl_command {
    const char *level;
    const char *word;
    const char *usage;
    const char *brief;
    int least, most;                                    /* words after it; most -1: any number */
    int (*run)(struct hactl *h, int argc, char **argv); /* argv[0] is the word; returns an exit status */
};

/* The table of all commands, ends with word == NULL; and how to find in it. */
extern const struct hactl_command hactl_commands[];
const struct hactl_command *hactl_find(const char *level, const char *word);
bool hactl_is_level(const char *word);
/* The level's own word in the table, which lives for ever; "" when it is none. */
const char *hactl_level(const char *word);

/* The levels, in the order of help; ends with NULL. */
extern const char *const hactl_levels[];

/* Takes the options (--json, -c FILE, ...) out of the words, wherever they stand in front of `--`. Returns an exit status. */
int hactl_take_options(struct hactl *h, int *argc, char **argv);

/* Runs one line: finds the command (a level's word may stand first), checks the number of words. */
int hactl_run(struct hactl *h, const char *level, int argc, char **argv);

/* "hactl: ..." on stderr; returns HACTL_FAILED. */
int hactl_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
int hactl_usage(const struct hactl_command *command);
/* "INFO: ..." on stdout. */
void hactl_info(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Is it one line of UTF-8, as everything is in the CIB? Says what is wrong when it is not. */
bool hactl_is_text(const char *word);

/* Of the package. */
const char *hactl_version(void);

/* The node's configuration; NULL: said why. */
const struct hy_config *hactl_config(struct hactl *h);

/* Closes what was opened. */
void hactl_close(struct hactl *h);

#endif
