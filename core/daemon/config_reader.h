/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a libconfig file strictly: each value of its type, each key known, each error with file and line. */
#ifndef HY_DAEMON_CONFIG_READER_H
#define HY_DAEMON_CONFIG_READER_H

#include "base/err.h"

#include <libconfig.h>
#include <stdbool.h>
#include <stdint.h>

struct hy_config_reader {
    config_t config;
    const char *file;
    struct hy_err *err;
};

struct hy_config_range {
    int64_t least, most, def; /* def outside the range: the value must be written */
};

/* -ENOENT, -EACCES, -EINVAL with the parser's line. On error nothing is open. */
int hy_config_reader_open(struct hy_config_reader *r, const char *file, struct hy_err *err);
void hy_config_reader_close(struct hy_config_reader *r);

/* Refuses: "FILE:LINE: ...", the line of `at` (NULL: none). Returns -EINVAL. */
int hy_config_bad(struct hy_config_reader *r, const config_setting_t *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Refuses keys that are not in the list (which ends with NULL), and says which there are. */
int hy_config_known(struct hy_config_reader *r, const config_setting_t *group, const char *what,
                    const char *const *keys);

/* A member that is a group with known keys only; *group = NULL when it is not there. */
int hy_config_group(struct hy_config_reader *r, const config_setting_t *parent, const char *name,
                    const char *const *keys, const config_setting_t **group);

/* One value each; group NULL or key absent gives the default; def NULL: must be written. Texts are the caller's to
 * free. */
int hy_config_string(struct hy_config_reader *r, const config_setting_t *group, const char *key, const char *def,
                     char **value);
int hy_config_path(struct hy_config_reader *r, const config_setting_t *group, const char *key, const char *def,
                   char **value); /* absolute */
int hy_config_integer(struct hy_config_reader *r, const config_setting_t *group, const char *key,
                      struct hy_config_range range, int64_t *value);
int hy_config_boolean(struct hy_config_reader *r, const config_setting_t *group, const char *key, bool def,
                      bool *value);

/* Any scalar as text, for settings whose type only a transport knows; NULL: it is none. Caller frees. */
char *hy_config_text(const config_setting_t *setting);

#endif
