/* SPDX-License-Identifier: Apache-2.0 */
#include "consensus/config.h"

#include "base/mutant.h"

#include <errno.h>
#include <inttypes.h>

enum { SERVERS_VERSION = 2 };

const struct hy_raft_server *hy_raft_find(const struct hy_raft_servers *servers, uint32_t id, uint64_t disk)
{
    for (size_t i = 0; i < servers->count; i++)
        if (servers->list[i].id == id && (servers->list[i].disk == disk || HY_MUTANT(ANY_DISK_WILL_DO)))
            return &servers->list[i];
    return NULL;
}

bool hy_raft_is_voter(const struct hy_raft_servers *servers, uint32_t id, uint64_t disk)
{
    const struct hy_raft_server *server = hy_raft_find(servers, id, disk);
    return server && (server->voter || HY_MUTANT(LEARNER_COUNTS));
}

size_t hy_raft_voter_count(const struct hy_raft_servers *servers)
{
    size_t count = 0;
    for (size_t i = 0; i < servers->count; i++)
        count += servers->list[i].voter;
    return count;
}

int hy_raft_servers_check(const struct hy_raft_servers *servers, struct hy_err *err)
{
    if (servers->count > HY_RAFT_MAX_NODES)
        return hy_fail(err, EINVAL, "%zu servers are too many, at most %d can be", servers->count, HY_RAFT_MAX_NODES);
    for (size_t i = 0; i < servers->count; i++) {
        if (servers->list[i].id == 0)
            return hy_fail(err, EINVAL, "a server has the id 0, ids start at 1");
        if (servers->list[i].disk == 0)
            return hy_fail(err, EINVAL, "server %" PRIu32 " has the disk id 0, that is none", servers->list[i].id);
        for (size_t k = 0; k < i; k++)
            if (servers->list[k].id == servers->list[i].id)
                return hy_fail(err, EINVAL, "server %" PRIu32 " is there twice", servers->list[i].id);
    }
    if (hy_raft_voter_count(servers) == 0)
        return hy_fail(err, EINVAL, "a set of servers without a voter can decide nothing");
    return 0;
}

void hy_raft_servers_write(const struct hy_raft_servers *servers, struct hy_buf *buf)
{
    hy_wr_u8(buf, SERVERS_VERSION);
    hy_wr_u8(buf, (uint8_t)servers->count);
    for (size_t i = 0; i < servers->count; i++) {
        hy_wr_u32(buf, servers->list[i].id);
        hy_wr_u8(buf, servers->list[i].voter);
        hy_wr_u64(buf, servers->list[i].disk);
    }
}

void hy_raft_servers_read(struct hy_rd *rd, struct hy_raft_servers *servers)
{
    *servers = (struct hy_raft_servers){0};
    if (hy_rd_u8(rd) != SERVERS_VERSION)
        rd->bad = true;
    size_t count = hy_rd_u8(rd);
    if (count > HY_RAFT_MAX_NODES)
        rd->bad = true;
    for (size_t i = 0; i < count && !rd->bad; i++) {
        uint32_t id = hy_rd_u32(rd);
        uint8_t voter = hy_rd_u8(rd);
        uint64_t disk = hy_rd_u64(rd);
        if (voter > 1)
            rd->bad = true;
        servers->list[servers->count++] = (struct hy_raft_server){.id = id, .voter = voter == 1, .disk = disk};
    }
    if (!rd->bad && hy_raft_servers_check(servers, NULL) < 0)
        rd->bad = true;
}

int hy_raft_servers_decode(const void *data, size_t size, struct hy_raft_servers *servers, struct hy_err *err)
{
    struct hy_rd rd = hy_rd_from(data, size);
    hy_raft_servers_read(&rd, servers);
    return hy_rd_done(&rd) ? 0 : hy_fail(err, EBADMSG, "an entry of %zu bytes is no set of servers", size);
}

void hy_raft_configs_push(struct hy_raft_configs *configs, uint64_t index, const struct hy_raft_servers *servers)
{
    hy_vec_push(&configs->list, ((struct hy_raft_config){.index = index, .servers = *servers}));
}

void hy_raft_configs_truncate(struct hy_raft_configs *configs, uint64_t from)
{
    while (configs->list.count > 1 && configs->list.items[configs->list.count - 1].index >= from)
        configs->list.count--;
}

void hy_raft_configs_compact(struct hy_raft_configs *configs, uint64_t to)
{
    while (configs->list.count > 1 && configs->list.items[1].index <= to)
        hy_vec_remove(&configs->list, 0);
}

const struct hy_raft_config *hy_raft_configs_at(const struct hy_raft_configs *configs, uint64_t index)
{
    size_t at = configs->list.count - 1;
    while (at > 0 && configs->list.items[at].index > index)
        at--;
    return &configs->list.items[at];
}

const struct hy_raft_config *hy_raft_configs_last(const struct hy_raft_configs *configs)
{
    return &configs->list.items[configs->list.count - 1];
}

int hy_raft_one_change(const struct hy_raft_servers *present, const struct hy_raft_servers *wanted, struct hy_err *err)
{
    size_t changes = 0;
    for (size_t i = 0; i < present->count; i++) {
        const struct hy_raft_server *found = hy_raft_find(wanted, present->list[i].id, present->list[i].disk);
        changes += !found || found->voter != present->list[i].voter;
    }
    for (size_t i = 0; i < wanted->count; i++)
        changes += !hy_raft_find(present, wanted->list[i].id, wanted->list[i].disk);
    if (changes != 1)
        return hy_fail(err, EINVAL, "%zu servers would change, it must be one at a time", changes);
    return 0;
}
