/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sets of servers. The newest one in the log is in force, committed or not (dissertation, 4.1), so the older ones
 * are kept: when the log is cut, the set in force goes back with it.
 */
#ifndef HY_CONSENSUS_CONFIG_H
#define HY_CONSENSUS_CONFIG_H

#include "base/buf.h"
#include "base/wire.h"
#include "consensus/raft.h"

struct hy_raft_config {
    uint64_t index;
    struct hy_raft_servers servers;
};

struct hy_raft_configs {
    HY_VEC(struct hy_raft_config) list; /* by index; the first one always stays */
};

/* NULL when there is no such server: both must fit. */
const struct hy_raft_server *hy_raft_find(const struct hy_raft_servers *servers, uint32_t id, uint64_t disk);
bool hy_raft_is_voter(const struct hy_raft_servers *servers, uint32_t id, uint64_t disk);
size_t hy_raft_voter_count(const struct hy_raft_servers *servers);

/* -EINVAL unless ids and disks are above 0, the ids different from each other, and one at least is a voter. */
int hy_raft_servers_check(const struct hy_raft_servers *servers, struct hy_err *err);

/* The form within a message and an entry. Reading leaves `rd` bad when the content is. */
void hy_raft_servers_write(const struct hy_raft_servers *servers, struct hy_buf *buf);
void hy_raft_servers_read(struct hy_rd *rd, struct hy_raft_servers *servers);
int hy_raft_servers_decode(const void *data, size_t size, struct hy_raft_servers *servers, struct hy_err *err);

void hy_raft_configs_push(struct hy_raft_configs *configs, uint64_t index, const struct hy_raft_servers *servers);
void hy_raft_configs_truncate(struct hy_raft_configs *configs, uint64_t from);
void hy_raft_configs_compact(struct hy_raft_configs *configs, uint64_t to);
const struct hy_raft_config *hy_raft_configs_at(const struct hy_raft_configs *configs, uint64_t index);
const struct hy_raft_config *hy_raft_configs_last(const struct hy_raft_configs *configs);

/* 0 when `wanted` differs from `present` in exactly one server, else -EINVAL. Another disk is another server: one goes,
 * one comes. */
int hy_raft_one_change(const struct hy_raft_servers *present, const struct hy_raft_servers *wanted, struct hy_err *err);

#endif
