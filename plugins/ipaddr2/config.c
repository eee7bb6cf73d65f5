/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "route_config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <syslog.h>
#include <unistd.h>

#define NETNS_FOLDER "/var/run/netns"

/* An empty value is one that is not set: that is how crm users clear a parameter. */
static const char *text_of(const struct halyard_host *host, const struct halyard_op *op, const char *name)
{
    const char *text = host->get(op, name);
    return text && *text ? text : NULL;
}

/* The host has checked the type; it hands the text through as it was typed. */
static bool bool_of(const struct halyard_host *host, const struct halyard_op *op, const char *name, bool otherwise)
{
    static const char *const yes[] = {"true", "yes", "on", "y", "1"};
    const char *text = text_of(host, op, name);
    if (!text)
        return otherwise;
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        if (strcasecmp(text, yes[i]) == 0)
            return true;
    return false;
}

static int64_t number_of(const struct halyard_host *host, const struct halyard_op *op, const char *name,
                         int64_t otherwise)
{
    const char *text = text_of(host, op, name);
    return text ? strtoll(text, NULL, 10) : otherwise;
}

static bool parse_number(const char *text, uint32_t most, uint32_t *value)
{
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    uintmax_t number = strtoumax(text, &end, 10);
    if (errno || *end || number > most)
        return false;
    *value = (uint32_t)number;
    return true;
}

static enum halyard_rc read_address(const struct halyard_host *host, const struct halyard_op *op,
                                    struct hy_ip_target *target)
{
    const char *text = text_of(host, op, "ip");
    if (!text) {
        host->reason(op, "the parameter ip is missing: the address, such as 192.168.1.10 or 2001:db8::10");
        return HALYARD_ERR_CONFIGURED;
    }
    if (!hy_ip_addr_parse(text, &target->addr)) {
        host->reason(op, "ip=%s is not an IPv4 or IPv6 address%s", text,
                     strchr(text, '/') ? ": the prefix belongs into cidr_netmask" : "");
        return HALYARD_ERR_CONFIGURED;
    }
    static const uint8_t zero[16];
    const uint8_t *bytes = target->addr.bytes;
    bool multicast = target->addr.family == AF_INET ? bytes[0] >= 224 : bytes[0] == 0xff;
    if (multicast || memcmp(bytes, zero, target->addr.size) == 0) {
        host->reason(op, "ip=%s is not the address of a host", text);
        return HALYARD_ERR_CONFIGURED;
    }
    if (!inet_ntop(target->addr.family, bytes, target->text, sizeof target->text)) {
        host->reason(op, "ip=%s cannot be written: %s", text, strerror(errno));
        return HALYARD_ERR_CONFIGURED;
    }
    return HALYARD_OK;
}

static enum halyard_rc read_prefix(const struct halyard_host *host, const struct halyard_op *op,
                                   struct hy_ip_target *target)
{
    const char *text = text_of(host, op, "cidr_netmask");
    target->prefix = -1;
    if (!text)
        return HALYARD_OK;
    uint32_t number = 0;
    uint32_t most = (uint32_t)target->addr.size * 8;
    if (parse_number(text, most, &number) && number > 0) {
        target->prefix = (int)number;
        return HALYARD_OK;
    }
    struct in_addr dotted;
    if (target->addr.family == AF_INET && inet_pton(AF_INET, text, &dotted) == 1) {
        uint32_t hosts = ~ntohl(dotted.s_addr);
        if (hosts != UINT32_MAX && (hosts & (hosts + 1)) == 0) { /* ones, then zeroes */
            target->prefix = 32 - __builtin_popcount(hosts);
            return HALYARD_OK;
        }
    }
    host->reason(op, "cidr_netmask=%s is not a prefix length from 1 to %" PRIu32 "%s", text, most,
                 target->addr.family == AF_INET ? " or a netmask such as 255.255.255.0" : "");
    return HALYARD_ERR_CONFIGURED;
}

static enum halyard_rc label_too_long(const struct halyard_host *host, const struct halyard_op *op, const char *label,
                                      enum halyard_rc rc)
{
    host->reason(op, "the label %s has %zu characters, but the kernel takes at most %d: choose a shorter iflabel",
                 label, strlen(label), IFNAMSIZ - 1);
    return rc;
}

static enum halyard_rc read_label(const struct halyard_host *host, const struct halyard_op *op, const char *from_nic,
                                  struct hy_ip_target *target)
{
    const char *label = text_of(host, op, "iflabel");
    size_t nic_size = strlen(target->nic);
    if (label && nic_size && strncmp(label, target->nic, nic_size) == 0 && label[nic_size] == ':')
        label += nic_size + 1; /* "eth0:1" where "1" would do */
    if (!label)
        label = from_nic;
    if (!label || !*label)
        return HALYARD_OK;
    if (target->addr.family != AF_INET) {
        host->log(op, LOG_DEBUG, "the label %s is ignored: IPv6 addresses have none", label);
        return HALYARD_OK;
    }
    char whole[IFNAMSIZ + 256];
    snprintf(whole, sizeof whole, "%s:%s", nic_size ? target->nic : "?", label);
    if (strlen(whole) >= IFNAMSIZ)
        return label_too_long(host, op, whole, HALYARD_ERR_CONFIGURED);
    memcpy(target->suffix, label, strlen(label) + 1);
    return HALYARD_OK;
}

static enum halyard_rc read_nic(const struct halyard_host *host, const struct halyard_op *op,
                                struct hy_ip_target *target)
{
    const char *nic = text_of(host, op, "nic");
    const char *colon = nic ? strchr(nic, ':') : NULL;
    if (nic) {
        size_t size = colon ? (size_t)(colon - nic) : strlen(nic);
        if (size == 0 || size >= IFNAMSIZ) {
            host->reason(op, "nic=%s is not the name of an interface: those have 1 to %d characters", nic,
                         IFNAMSIZ - 1);
            return HALYARD_ERR_CONFIGURED;
        }
        memcpy(target->nic, nic, size);
        target->nic[size] = '\0';
    }
    if (!nic && target->addr.family == AF_INET6 && target->addr.bytes[0] == 0xfe &&
        (target->addr.bytes[1] & 0xc0) == 0x80) {
        host->reason(op, "%s is a link-local address, which every link may have: nic must say where", target->text);
        return HALYARD_ERR_CONFIGURED;
    }
    return read_label(host, op, colon ? colon + 1 : NULL, target);
}

static enum halyard_rc enter_namespace(const struct halyard_host *host, const struct halyard_op *op)
{
    const char *name = text_of(host, op, "network_namespace");
    if (!name)
        return HALYARD_OK;
    char path[sizeof NETNS_FOLDER + 256];
    if (strchr(name, '/') || name[0] == '.' || strlen(name) > 255) {
        host->reason(op, "network_namespace=%s is not a name as `ip netns` knows it", name);
        return HALYARD_ERR_CONFIGURED;
    }
    snprintf(path, sizeof path, "%s/%s", NETNS_FOLDER, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || setns(fd, CLONE_NEWNET) < 0) {
        int error = errno;
        if (fd >= 0)
            close(fd);
        host->reason(op, "the network namespace %s cannot be entered: %s", path, strerror(error));
        if (error == ENOENT)
            return HALYARD_ERR_INSTALLED;
        return error == EPERM ? HALYARD_ERR_PERM : HALYARD_ERR_GENERIC;
    }
    close(fd);
    return HALYARD_OK;
}

enum halyard_rc hy_ip_target_read(const struct halyard_host *host, const struct halyard_op *op,
                                  struct hy_ip_target *target)
{
    *target = (struct hy_ip_target){.prefix = -1, .check_carrier = bool_of(host, op, "check_link_status", true)};
    enum halyard_rc rc = read_address(host, op, target);
    if (rc == HALYARD_OK)
        rc = read_nic(host, op, target);
    if (rc == HALYARD_OK)
        rc = read_prefix(host, op, target);
    return rc == HALYARD_OK ? enter_namespace(host, op) : rc;
}

/* One address on several nodes at once needs what the kernel no longer has (CLUSTERIP) or a director (LVS). */
static enum halyard_rc refuse_shared(const struct halyard_host *host, const struct halyard_op *op,
                                     const struct hy_ip_target *target)
{
    static const struct {
        const char *name, *instead;
    } switches[] = {
        {"lvs_support", "stop would leave the address on lo. Give the real servers a clone with nic=lo"},
        {"lvs_ipv6_addrlabel", "set the label by `ip addrlabel`, once on each host"},
        {"unique_clone_address", "make a primitive for each address"},
    };
    for (size_t i = 0; i < sizeof switches / sizeof *switches; i++) {
        if (!bool_of(host, op, switches[i].name, false))
            continue;
        host->reason(op, "%s=true is not supported: %s", switches[i].name, switches[i].instead);
        return HALYARD_ERR_CONFIGURED;
    }
    if (text_of(host, op, "clusterip_hash")) {
        host->reason(op,
                     "clusterip_hash is not supported: the kernel's CLUSTERIP is gone since Linux 6.3. Leave it out");
        return HALYARD_ERR_CONFIGURED;
    }
    const char *clones = host->meta(op, "clone_max");
    if (clones && strtol(clones, NULL, 10) > 1 && strcmp(target->nic, "lo") != 0) {
        host->reason(op, "%s cannot be cloned: one address, one node (only on nic=lo may each node have it)",
                     target->text);
        return HALYARD_ERR_CONFIGURED;
    }
    return HALYARD_OK;
}

static void tell_ignored(const struct halyard_host *host, const struct halyard_op *op)
{
    static const char *const names[] = {"arp_sender",     "send_arp_opts", "mac",
                                        "flush_routes",   "run_arping",    "lvs_ipv6_addrlabel_value",
                                        "monitor_retries"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (text_of(host, op, names[i]))
            host->log(op, LOG_DEBUG, "the parameter %s has no meaning here and is ignored", names[i]);
}

static enum halyard_rc read_broadcast(const struct halyard_host *host, const struct halyard_op *op,
                                      struct hy_ip_config *config)
{
    const char *text = text_of(host, op, "broadcast");
    config->broadcast_kind = HY_IP_BROADCAST_ONES;
    if (!text || strcmp(text, "+") == 0)
        return HALYARD_OK;
    if (config->target.addr.family != AF_INET) {
        host->log(op, LOG_DEBUG, "broadcast=%s is ignored: IPv6 has none", text);
        return HALYARD_OK;
    }
    if (strcmp(text, "-") == 0) {
        config->broadcast_kind = HY_IP_BROADCAST_ZEROES;
        return HALYARD_OK;
    }
    config->broadcast_kind = HY_IP_BROADCAST_GIVEN;
    if (hy_ip_addr_parse(text, &config->broadcast) && config->broadcast.family == AF_INET)
        return HALYARD_OK;
    host->reason(op, "broadcast=%s is not an IPv4 address, \"+\" (host part all ones) or \"-\" (all zeroes)", text);
    return HALYARD_ERR_CONFIGURED;
}

static enum halyard_rc read_preferred(const struct halyard_host *host, const struct halyard_op *op,
                                      struct hy_ip_config *config)
{
    const char *text = text_of(host, op, "preferred_lft");
    config->preferred_s = HY_IP_FOREVER;
    if (!text || strcmp(text, "forever") == 0 || parse_number(text, HY_IP_FOREVER, &config->preferred_s))
        return HALYARD_OK;
    host->reason(op, "preferred_lft=%s is not a number of seconds or \"forever\"", text);
    return HALYARD_ERR_CONFIGURED;
}

/* "auto": our own question, which takes milliseconds, does for the kernel's, which takes a second. */
static enum hy_ip_dad read_dad(const struct halyard_host *host, const struct halyard_op *op,
                               const struct hy_ip_config *config)
{
    const char *text = text_of(host, op, "dad");
    if (config->target.addr.family != AF_INET6)
        return HY_IP_DAD_OFF;
    if (text && strcmp(text, "wait") == 0)
        return HY_IP_DAD_WAIT;
    if (text && strcmp(text, "optimistic") == 0)
        return HY_IP_DAD_OPTIMISTIC;
    bool off = (text && strcmp(text, "off") == 0) || bool_of(host, op, "nodad", false);
    return off || config->conflict_check_ms > 0 ? HY_IP_DAD_OFF : HY_IP_DAD_WAIT;
}

static enum halyard_rc refuse_contradiction(const struct halyard_host *host, const struct halyard_op *op)
{
    const char *dad = text_of(host, op, "dad");
    if (!dad || !bool_of(host, op, "nodad", false) || strcmp(dad, "auto") == 0 || strcmp(dad, "off") == 0)
        return HALYARD_OK;
    host->reason(op, "nodad=true and dad=%s contradict each other: leave nodad out", dad);
    return HALYARD_ERR_CONFIGURED;
}

/* The host has checked that it is one of them. */
static enum hy_ip_guard guard_of(const struct halyard_host *host, const struct halyard_op *op)
{
    const char *text = text_of(host, op, "guard");
    if (text && strcmp(text, "ebpf") == 0)
        return HY_IP_GUARD_EBPF;
    return text && strcmp(text, "lifetime") == 0 ? HY_IP_GUARD_LIFETIME : HY_IP_GUARD_AUTO;
}

enum halyard_rc hy_ip_config_read(const struct halyard_host *host, const struct halyard_op *op,
                                  struct hy_ip_config *config)
{
    *config = (struct hy_ip_config){0};
    enum halyard_rc rc = hy_ip_target_read(host, op, &config->target);
    if (rc == HALYARD_OK)
        rc = refuse_shared(host, op, &config->target);
    if (rc == HALYARD_OK)
        rc = read_broadcast(host, op, config);
    if (rc == HALYARD_OK)
        rc = read_preferred(host, op, config);
    if (rc == HALYARD_OK)
        rc = refuse_contradiction(host, op);
    if (rc == HALYARD_OK)
        rc = hy_ip_routes_read(host, op, &config->target, &config->routes);
    if (rc != HALYARD_OK)
        return rc;
    tell_ignored(host, op);
    config->noprefixroute = bool_of(host, op, "noprefixroute", false);
    config->announce_in_background = bool_of(host, op, "arp_bg", true);
    config->announce_count = number_of(host, op, "arp_count", 5);
    config->announce_interval_ms = number_of(host, op, "arp_interval", 200);
    config->refresh_count = number_of(host, op, "arp_count_refresh", 1);
    config->refresh_ms = number_of(host, op, "arp_refresh", 60000);
    config->conflict_check_ms = number_of(host, op, "conflict_check_ms", 25);
    config->conflict_wait_ms = number_of(host, op, "conflict_wait_ms", 3000);
    config->dad = read_dad(host, op, config);
    config->conflict_defend_ms = number_of(host, op, "conflict_defend", 10000);
    config->guard = guard_of(host, op);
    return HALYARD_OK;
}

enum halyard_rc hy_ip_label(const struct halyard_host *host, const struct halyard_op *op,
                            const struct hy_ip_target *target, const char *interface, char label[IFNAMSIZ])
{
    char whole[2 * IFNAMSIZ];
    label[0] = '\0';
    if (!target->suffix[0])
        return HALYARD_OK;
    snprintf(whole, sizeof whole, "%s:%s", interface, target->suffix);
    if (strlen(whole) >= IFNAMSIZ)
        return label_too_long(host, op, whole, HALYARD_ERR_ARGS);
    memcpy(label, whole, strlen(whole) + 1);
    return HALYARD_OK;
}
