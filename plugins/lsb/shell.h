/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a shell script assigns to its variables, as far as that can be said without executing anything: plain words, quotes,
 * $NAME, ${NAME}, ${NAME:-default}, the script's own name as `basename $0` gives it, and files that are read in with ".".
 * What needs more than that (a command's output, arithmetic, a pattern) has no value here.
 */
#ifndef LSB_SHELL_H
#define LSB_SHELL_H

/* Each assignment whose value is known, in the order of the text, whichever of its branches would be taken. */
typedef void lsb_assigned_fn(void *context, const char *name, const char *value);

/* `name`: of the script, for `basename $0`. A file that cannot be read assigns nothing. */
void lsb_shell_read(const char *path, const char *name, lsb_assigned_fn *assigned, void *context);

/* A regular file's text, at most 256 KiB of it, to be freed; NULL: there is none. */
char *lsb_text_read(const char *path);

#endif
