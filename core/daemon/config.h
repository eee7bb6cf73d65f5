/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A node's configuration file, read with libconfig. What may stand in it, with the defaults (docs/operations.md tells
 * more):
 *
 *   cluster = "seed";                        the same on all nodes; part of every key that is derived
 *   node    = "test3";                       which of `nodes` this host is
 *   nodes   = ( { name = "test1"; id = 1; address = "172.100.102.151"; witness = false; }, ... );   ids 1..65534. The
 *             list to begin with: whom the first start waits for, and whom to greet; the cluster's own list is in its
 *             state, and counts from then on
 *   key     = "/etc/halyard/halyard.key";    shared secret: 64 hex digits, readable by its owner only
 *   user    = "halyard";                     whom the core becomes; when left out: halyard if there is such a user
 *   links   = ( { transport = "udpu"; port = 5405; addresses = { test1 = "10.0.0.1"; ... }; SETTING = ...; }, ... );
 *             without `addresses` the nodes' own; `dead_after_ms` and `loss_percent`: when the link is called dead, and
 *             bad; the other settings are the transport's
 *   bus       = { port = 5406; };
 *   detection = { profile = "lan"; heartbeat_ms = 25; dead_after_ms = 120; release_margin_ms = 30; };
 *   paths     = { state = "/var/lib/halyard"; run = "/run/halyard"; agents = "..."; transports = "...";
 *                 lsb = "/etc/init.d"; ocf = "/usr/lib/ocf"; };
 *   watchdog  = { device = "/dev/watchdog"; timeout_s = 10; };   left out: none
 *   log       = { file = ""; syslog = false; stderr = false; level = "info"; format = "text"; };   without it: syslog
 *
 * Whatever is unknown, doubled, or of the wrong type is refused: "FILE:LINE: what is wrong: what would be right".
 */
#ifndef HY_DAEMON_CONFIG_H
#define HY_DAEMON_CONFIG_H

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/time.h"
#include "base/vec.h"

#include <stdbool.h>
#include <stdint.h>

struct hy_config_node {
    char *name;
    char *address; /* numeric */
    uint32_t id;
    bool witness; /* votes, runs nothing */
};

struct hy_config_setting {
    char *name;
    char *value;
};

struct hy_config_link {
    char *transport;
    char **addresses;      /* by node number */
    hy_time dead_after;    /* 0: not written */
    unsigned loss_percent; /* 0: not written */
    HY_VEC(struct hy_config_setting) settings;
};

struct hy_config_paths {
    char *state, *run, *agents, *transports, *lsb, *ocf;
};

struct hy_config_watchdog {
    char *device; /* NULL: none */
    hy_time timeout;
    char *in_force; /* in the core: what the executor says it has; NULL: none */
};

struct hy_config_log {
    char *file; /* NULL: none */
    bool syslog;
    bool to_stderr;
    bool json;
    enum hy_log_level level;
};

struct hy_config_detection {
    const char *profile; /* one of those there are */
    hy_time heartbeat, dead_after, dead_after_max, release_margin;
    hy_time election_timeout, raft_heartbeat, raft_idle;
    bool fixed; /* dead_after was written: it does not follow the jitter */
};

struct hy_config {
    char *file;
    char *cluster;
    char *node;
    char *key_file;
    char *user; /* NULL: not written */
    uint16_t bus_port;
    HY_VEC(struct hy_config_node) nodes;
    size_t self; /* number of this node */
    HY_VEC(struct hy_config_link) links;
    struct hy_config_paths paths;
    struct hy_config_watchdog watchdog;
    struct hy_config_log log;
    struct hy_config_detection detection;
};

/* What a link goes by, as written or as it follows from the detection. */
hy_time hy_config_link_dead_after(const struct hy_config *config, const struct hy_config_link *link);
unsigned hy_config_link_loss(const struct hy_config_link *link);

/* The times of a profile; NULL: there is none of that name. */
const struct hy_config_detection *hy_config_profile(const char *name);

/* The file that reads back as this, with a word on each setting. */
void hy_config_print(const struct hy_config *config, struct hy_buf *out);

#define HY_CONFIG_FILE "/etc/halyard/halyard.conf"
#define HY_LSB_FOLDER "/etc/init.d"

/* -ENOENT, -EACCES, -EINVAL; err has the whole line. */
int hy_config_read(const char *file, struct hy_config **config, struct hy_err *err);
void hy_config_free(struct hy_config **config);

/* The local socket where the core listens: in a folder of its own below paths.run, the only one there that is its user's.
 * Caller frees. */
char *hy_config_socket(const struct hy_config *config);

#endif
