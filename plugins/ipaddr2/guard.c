/* SPDX-License-Identifier: Apache-2.0 */
#include "guard.h"

#include "clock.h"
#include "filter.h"
#include "held.h"
#include "program.h"
#include "vip.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <syslog.h>
#include <unistd.h>

#define LOCK_WAIT_MS 100
#define TEXT_SIZE 256
#define IN_FORCE "halyard/" /* how the name of a filter begins */

static const enum hy_ip_side sides[] = {HY_IP_IN, HY_IP_OUT};
#define SIDES (sizeof sides / sizeof *sides)

/* One address at one interface. */
struct guard {
    const struct halyard_host *host;
    const struct halyard_op *op;
    struct hy_ip_nl *nl;
    const struct hy_ip_target *target;
    const struct hy_ip_link *link;
    char name[HY_IP_FILTER_NAME]; /* of the filters */
    char why[TEXT_SIZE];          /* it is not in force */
};

__attribute__((format(printf, 3, 4))) static int refused(struct guard *guard, int rc, const char *format, ...)
{
    char what[TEXT_SIZE / 2];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    const char *words = rc == -ENOPKG ? "this agent was built without it" : strerror(-rc);
    snprintf(guard->why, sizeof guard->why, "%s%s%s", what, *what ? ": " : "", words);
    return rc;
}

/* ---- what start has come to: a file in the state folder. The filters' name, or what is to be said instead */

static int note_path(const struct halyard_host *host, const struct halyard_op *op, char path[PATH_MAX])
{
    int size = snprintf(path, PATH_MAX, "%s/guard", host->state_dir(op));
    return size < 0 || size >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static void write_note(const struct guard *guard, const char *text)
{
    char path[PATH_MAX];
    int rc = note_path(guard->host, guard->op, path);
    int fd = rc ? rc : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text))
        rc = 0;
    else if (!rc)
        rc = -errno;
    if (fd >= 0)
        close(fd);
    if (rc)
        guard->host->log(guard->op, LOG_WARNING, "%s cannot be written: %s", path, strerror(-rc));
}

static bool read_note(const struct halyard_host *host, const struct halyard_op *op, char text[TEXT_SIZE])
{
    char path[PATH_MAX];
    text[0] = '\0';
    int fd = note_path(host, op, path) ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return false;
    ssize_t size = read(fd, text, TEXT_SIZE - 1);
    close(fd);
    text[size > 0 ? size : 0] = '\0';
    return size > 0;
}

/* ---- the filters */

/* Two addresses that come or go at once on one interface: the last must see that it is the last. One process that stands
 * still holds up nobody for long. */
static int lock(const struct guard *guard)
{
    char path[PATH_MAX];
    int size = snprintf(path, sizeof path, "%s/..", guard->host->state_dir(guard->op));
    int fd = size < 0 || size >= PATH_MAX ? -1 : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int ms = 0; fd >= 0 && ms < LOCK_WAIT_MS && flock(fd, LOCK_EX | LOCK_NB) < 0; ms++)
        hy_ip_sleep_ms(1);
    return fd;
}

static void unlock(int fd)
{
    if (fd >= 0)
        close(fd);
}

static int read_both(const struct guard *guard, struct hy_ip_filters there[SIDES])
{
    int rc = 0;
    for (size_t i = 0; i < SIDES && !rc; i++)
        rc = hy_ip_filters_read(guard->nl, guard->link->index, sides[i], guard->target, &there[i]);
    return rc;
}

static bool is_there(const struct hy_ip_filters *there, const char *name)
{
    for (int i = 0; i < there->count; i++)
        if (strcmp(there->own[i].name, name) == 0)
            return true;
    return false;
}

/* All of the address's but those of this name; NULL: all. And clsact, when it was ours and nobody needs it any more. */
static int take_away(const struct guard *guard, const char *but)
{
    struct hy_ip_filters there[SIDES];
    int rc = read_both(guard, there);
    if (rc)
        return rc;
    bool made = there[0].made || there[1].made;
    int left = 0;
    for (size_t i = 0; i < SIDES; i++) {
        left += there[i].ours + there[i].others;
        for (int n = 0; n < there[i].count; n++) {
            if (but && strcmp(there[i].own[n].name, but) == 0)
                continue;
            int failed = hy_ip_filter_delete(guard->nl, guard->link->index, sides[i], &there[i].own[n]);
            if (failed && failed != -ENOENT)
                rc = failed;
            else
                left--;
        }
    }
    if (made && !left)
        rc = hy_ip_clsact_delete(guard->nl, guard->link->index);
    return rc;
}

static int hook_up(struct guard *guard, const int programs[SIDES])
{
    const char *link = guard->link->name;
    int rc = hy_ip_clsact_add(guard->nl, guard->link->index);
    if (rc && rc != -EEXIST)
        return refused(guard, rc, rc == -EBUSY ? "an ingress qdisc on %s is where clsact would be" : "clsact on %s",
                       link);
    struct hy_ip_filters there[SIDES];
    bool made = rc == 0;
    rc = read_both(guard, there);
    if (rc)
        return refused(guard, rc, "the filters of %s cannot be listed", link);
    made |= there[0].made || there[1].made;
    for (size_t i = 0; i < SIDES && !rc; i++)
        if (!is_there(&there[i], guard->name))
            rc = hy_ip_filter_add(guard->nl, guard->link->index, sides[i], &there[i], guard->name, made, programs[i]);
    if (rc) {
        if (made && there[0].ours + there[0].others + there[1].ours + there[1].others == 0)
            (void)hy_ip_clsact_delete(guard->nl, guard->link->index);
        return refused(guard, rc, "a filter on %s", link);
    }
    for (size_t i = 0; i < SIDES; i++)
        if (there[i].first_others == 1)
            guard->host->log(guard->op, LOG_NOTICE,
                             "a filter of somebody else on %s comes before the guard of %s: what that one decides, is "
                             "decided",
                             link, guard->target->text);
    return take_away(guard, guard->name);
}

static int attach(struct guard *guard, int map, uint32_t since)
{
    int programs[SIDES] = {-1, -1};
    int rc = 0;
    uint64_t rules = guard->link->type == ARPHRD_ETHER ? HY_IP_RULE_ETHERNET : 0;
    for (size_t i = 0; i < SIDES && !rc; i++) {
        programs[i] =
            hy_ip_program_load(&guard->target->addr, map, since, rules | (sides[i] == HY_IP_OUT ? HY_IP_RULE_OUT : 0));
        if (programs[i] < 0)
            rc = refused(guard, programs[i], programs[i] == -ENOPKG ? "" : "bpf, the program");
    }
    if (!rc) {
        int locked = lock(guard);
        rc = hook_up(guard, programs);
        if (rc)
            (void)take_away(guard, NULL);
        unlock(locked);
    }
    for (size_t i = 0; i < SIDES; i++)
        if (programs[i] >= 0)
            close(programs[i]);
    return rc;
}

/* ---- the lease */

static int read_since(int map, uint32_t *since)
{
    const volatile struct halyard_lease *lease = mmap(NULL, sizeof *lease, PROT_READ, MAP_SHARED, map, 0);
    if (lease == MAP_FAILED)
        return -errno;
    bool known = lease->magic == HALYARD_LEASE_MAGIC && lease->version == HALYARD_LEASE_VERSION;
    *since = lease->since;
    munmap((void *)(uintptr_t)lease, sizeof *lease);
    return known ? 0 : -EPROTO;
}

static void make_name(struct guard *guard, int64_t map_id, uint32_t since)
{
    snprintf(guard->name, sizeof guard->name, IN_FORCE "%s/%" PRId64 ".%" PRIu32, guard->target->text, map_id, since);
}

/* `*since`: as it is now. */
static int find_lease(struct guard *guard, int *map, int64_t *id, uint32_t *since)
{
    *map = guard->host->lease_map(guard->op);
    if (*map < 0)
        return refused(guard, *map, "bpf, the map of the executor");
    *id = hy_ip_map_id(*map);
    if (*id < 0)
        return refused(guard, (int)*id, *id == -ENOPKG ? "" : "bpf, the map's number");
    int rc = read_since(*map, since);
    return rc ? refused(guard, rc, "bpf, the map") : 0;
}

static int put_in_force(struct guard *guard)
{
    int map;
    int64_t id;
    uint32_t since;
    int rc = find_lease(guard, &map, &id, &since);
    if (rc)
        return rc;
    make_name(guard, id, since);
    return attach(guard, map, since);
}

/* ---- for the operations */

static enum halyard_rc do_without(struct guard *guard, const struct hy_ip_config *config)
{
    char text[2 * TEXT_SIZE];
    bool wanted = config->guard != HY_IP_GUARD_LIFETIME;
    if (config->guard == HY_IP_GUARD_EBPF) {
        guard->host->reason(guard->op, "guard=ebpf cannot be had on this node: %s", guard->why);
        return HALYARD_ERR_INSTALLED;
    }
    snprintf(text, sizeof text, "guard: address lifetime of %d s%s%s", HY_IP_LIFETIME_S,
             wanted ? ", eBPF refused: " : "", wanted ? guard->why : "");
    if (wanted)
        guard->host->log(guard->op, LOG_NOTICE, "%s: %s", guard->target->text, text);
    write_note(guard, text);
    return HALYARD_OK;
}

enum halyard_rc hy_ip_guard_set(const struct halyard_host *host, const struct halyard_op *op, struct hy_ip_nl *nl,
                                const struct hy_ip_config *config, const struct hy_ip_link *link)
{
    struct guard guard = {.host = host, .op = op, .nl = nl, .target = &config->target, .link = link};
    if (link->index == HY_IP_LOOPBACK || host->lease_map(op) == -ENODATA)
        return HALYARD_OK;
    bool wanted = config->guard != HY_IP_GUARD_LIFETIME;
    if (!wanted)
        (void)take_away(&guard, NULL); /* from before it was set so */
    if (!wanted || put_in_force(&guard))
        return do_without(&guard, config);
    /* Asked after the lease's `since` was read: it is that of the life in which the order for this start was given. */
    if (!hy_ip_has_lease(host, op, config->target.text))
        return HALYARD_ERR_GENERIC;
    write_note(&guard, guard.name);
    return HALYARD_OK;
}

static void clear_at(struct guard *guard)
{
    int locked = lock(guard);
    int rc = take_away(guard, NULL);
    unlock(locked);
    if (rc && rc != -ENODEV)
        guard->host->log(guard->op, LOG_WARNING, "the guard of %s on %s cannot be removed: %s", guard->target->text,
                         guard->link->name, strerror(-rc));
}

void hy_ip_guard_clear(const struct halyard_host *host, const struct halyard_op *op, struct hy_ip_nl *nl,
                       const struct hy_ip_target *target, int index)
{
    char path[PATH_MAX];
    struct hy_ip_link link = {.index = index};
    struct guard guard = {.host = host, .op = op, .nl = nl, .target = target, .link = &link};
    if (note_path(host, op, path) == 0)
        (void)unlink(path);
    struct if_nameindex *all = if_nameindex();
    for (size_t i = 0; all && all[i].if_index; i++) {
        if (all[i].if_index == HY_IP_LOOPBACK || (index && (int)all[i].if_index != index))
            continue;
        link.index = (int)all[i].if_index;
        snprintf(link.name, sizeof link.name, "%s", all[i].if_name);
        clear_at(&guard);
    }
    if_freenameindex(all);
}

/* The map is the executor's of this life; `since` stays what it was, unless this is another life: an executor that stands
 * still must not find the address open again because its watch does not. */
static bool follow_lease(struct guard *guard, int *map, uint32_t *since)
{
    int64_t id, noted_id;
    uint32_t noted;
    char text[TEXT_SIZE];
    if (!read_note(guard->host, guard->op, text) || strncmp(text, IN_FORCE, strlen(IN_FORCE)) != 0 ||
        find_lease(guard, map, &id, since))
        return false;
    const char *slash = strrchr(text, '/');
    if (slash && sscanf(slash + 1, "%" SCNd64 ".%" SCNu32, &noted_id, &noted) == 2 && noted_id == id)
        *since = noted;
    make_name(guard, id, *since);
    return true;
}

void hy_ip_guard_keep(const struct halyard_host *host, const struct halyard_op *op, struct hy_ip_nl *nl,
                      const struct hy_ip_target *target, const struct hy_ip_link *link)
{
    struct guard guard = {.host = host, .op = op, .nl = nl, .target = target, .link = link};
    struct hy_ip_filters there[SIDES];
    int map;
    uint32_t since;
    if (!link->index || !hy_ip_held(host, op) || !follow_lease(&guard, &map, &since) || read_both(&guard, there))
        return;
    if (is_there(&there[0], guard.name) && is_there(&there[1], guard.name))
        return;
    int rc = attach(&guard, map, since);
    host->log(op, LOG_WARNING, "the guard of %s on %s was gone: %s", target->text, link->name,
              rc ? guard.why : "it is back");
    if (!hy_ip_held(host, op)) /* as with the lifetime, see held.h */
        hy_ip_guard_clear(host, op, nl, target, link->index);
    else if (!rc)
        write_note(&guard, guard.name);
}

void hy_ip_guard_tell(const struct halyard_host *host, const struct halyard_op *op, struct hy_ip_nl *nl,
                      const struct hy_ip_target *target, const struct hy_ip_link *link)
{
    struct guard guard = {.host = host, .op = op, .nl = nl, .target = target, .link = link};
    struct hy_ip_filters there[SIDES];
    char text[TEXT_SIZE];
    if (!read_note(host, op, text))
        return;
    if (strncmp(text, IN_FORCE, strlen(IN_FORCE)) != 0)
        host->reason(op, "%s", text);
    else if (read_both(&guard, there) == 0 && is_there(&there[0], text) && is_there(&there[1], text))
        host->reason(op, "guard: eBPF");
    else
        host->reason(op, "guard: address lifetime of %d s, the eBPF filter on %s is gone", HY_IP_LIFETIME_S,
                     link->name);
}
