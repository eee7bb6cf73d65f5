/* SPDX-License-Identifier: Apache-2.0 */
/* The core talks to the network, so it does not stay root: what root must do, the executor does. */
#ifndef HY_DAEMON_PRIVILEGES_H
#define HY_DAEMON_PRIVILEGES_H

#include "base/err.h"
#include "base/log.h"
#include "daemon/config.h"

#include <sys/types.h>

struct hy_identity {
    bool change; /* false: stay who we are */
    uid_t uid;
    gid_t gid;
    char name[64];
};

/* Whom the core is to become: `user` of the configuration; when that is not written, `halyard` if there is such a user,
 * else nobody new (with a warning when that means root). -ENOENT: the configured user does not exist. */
int hy_identity_find(const struct hy_config *config, const struct hy_log *log, struct hy_identity *identity,
                     struct hy_err *err);

/* Makes a folder (0750) if it is missing, and its owner the identity's. */
int hy_identity_folder(const struct hy_identity *identity, const char *folder, struct hy_err *err);

/* Becomes it, for good, with no capability kept. */
int hy_identity_assume(const struct hy_identity *identity, struct hy_err *err);

#endif
