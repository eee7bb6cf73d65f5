/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Somebody else says that our address is his: a host that was given it by hand, a router that answers for others. It is
 * told, and the address is announced again, so that its users find the way back; once for each `conflict_defend`,
 * however often it is claimed (RFC 5227, 2.4 (c): a host that is not to give its address up; its DEFEND_INTERVAL is
 * 10 s). It is never given up here: who may have it is the cluster's matter, and an address that anybody can talk its
 * holder out of would be an invitation.
 */
#include "announce.h"
#include "clock.h"
#include "conflict.h"
#include "held.h"
#include "packet.h"
#include "watch.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>

#define TELL_AGAIN_MS 60000
#define OLD_MAX 4096 /* packets to throw away at once */

static void open_socket(struct hy_ip_watch *watch, int64_t now)
{
    const struct hy_ip_config *config = &watch->config;
    int fd = hy_ip_packet_listener(&watch->link, &config->target.addr);
    if (fd < 0) {
        watch->host->log(watch->op, LOG_WARNING, "on %s nobody can be heard who claims %s: %s", watch->link.name,
                         config->target.text, strerror(-fd));
        watch->listen_at = now + TELL_AGAIN_MS;
        return;
    }
    /* The one for another link, if there is any, is left to the end of the process: see packet.h. */
    watch->packets = fd;
    watch->packets_index = watch->link.index;
}

/* What came in meanwhile is old news. */
static void forget_old(int fd)
{
    char byte;
    for (int i = 0; i < OLD_MAX; i++)
        if (recv(fd, &byte, 1, MSG_DONTWAIT | MSG_TRUNC) < 0 && errno != EINTR)
            return;
}

int hy_ip_defend_listen(struct hy_ip_watch *watch, int64_t now, int64_t *again_at)
{
    *again_at = HY_IP_NEVER;
    if (watch->config.conflict_defend_ms <= 0 || !watch->link.index || !watch->link.ethernet || watch->link_gone)
        return -1;
    if (now < watch->listen_at) {
        *again_at = watch->listen_at;
        return -1;
    }
    if (watch->packets_index != watch->link.index)
        open_socket(watch, now);
    else if (watch->listen_at)
        forget_old(watch->packets);
    if (now < watch->listen_at)
        return -1;
    watch->listen_at = 0;
    return watch->packets;
}

/* To an announcement he does not answer: it comes from an address that is his own. To a question from nobody he does. */
void hy_ip_defend_ask(struct hy_ip_watch *watch)
{
    bool listening = watch->packets_index && watch->packets_index == watch->link.index && !watch->listen_at;
    if (!listening || watch->config.conflict_check_ms <= 0) /* where asking is of no use start does not ask either */
        return;
    int rc = hy_ip_packet_ask(watch->packets, &watch->link, &watch->config.target.addr);
    if (rc)
        watch->host->log(watch->op, LOG_WARNING, "on %s nobody can be asked who else has %s: %s", watch->link.name,
                         watch->config.target.text, strerror(-rc));
}

static void tell(struct hy_ip_watch *watch, const uint8_t mac[6], int64_t now)
{
    bool same = watch->told_at && memcmp(watch->claimer, mac, sizeof watch->claimer) == 0;
    if (same && now - watch->told_at < TELL_AGAIN_MS)
        return;
    char text[HY_IP_MAC_TEXT];
    hy_ip_mac_text(mac, text);
    memcpy(watch->claimer, mac, sizeof watch->claimer);
    watch->told_at = now;
    hy_ip_watch_say(watch, "%s is claimed by %s on %s too: another host has this address. %s",
                    watch->config.target.text, text, watch->link.name,
                    watch->hands_off ? "The resource is not managed: it is not announced again"
                                     : "It is announced again");
}

static void defend(struct hy_ip_watch *watch, const uint8_t mac[6], int64_t now)
{
    int rc = watch->hands_off ? 0 : hy_ip_announce(&watch->packets, &watch->link, &watch->config.target.addr);
    if (rc)
        watch->host->log(watch->op, LOG_WARNING, "%s cannot be announced on %s: %s", watch->config.target.text,
                         watch->link.name, strerror(-rc));
    watch->listen_at = now + watch->config.conflict_defend_ms;
    tell(watch, mac, now);
}

/* Without the lease it is the next holder who is heard here, and he is right. */
void hy_ip_defend_hear(struct hy_ip_watch *watch, int64_t now)
{
    uint8_t mac[6];
    int rc;
    while ((rc = hy_ip_packet_take(watch->packets, &watch->config.target.addr, mac)) >= 0) {
        if (rc != 1 || hy_ip_is_own_mac(&watch->asks, mac))
            continue;
        if (!hy_ip_watch_may_act(watch) || !hy_ip_held(watch->host, watch->op))
            continue;
        defend(watch, mac, now);
        return;
    }
}
