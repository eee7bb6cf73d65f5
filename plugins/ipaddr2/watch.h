/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What runs beside the resource. watch.c waits: for the kernel's events, for what is due, for packets. care.c compares
 * the address and its link with what they were, and puts back what somebody has taken away. defend.c hears others who
 * claim the address.
 */
#ifndef IPADDR2_WATCH_H
#define IPADDR2_WATCH_H

#include "routes.h"
#include "vip.h"

#include <signal.h>

#define HY_IP_NEVER INT64_MAX

struct hy_ip_watch {
    const struct halyard_host *host;
    const struct halyard_op *op;
    struct hy_ip_config config;
    struct hy_ip_nl asks;
    struct hy_ip_nl hears;
    sigset_t waiting; /* the signal mask while it waits */
    bool relevant;    /* an event that calls for a look */
    bool hands_off;   /* the resource is not managed: what happens to the address is told, and nothing done about it */

    /* care.c */
    bool present;
    struct hy_ip_entry entry; /* as last seen; index 0: never was */
    struct hy_ip_link link;   /* of the address, as last seen; index 0: never was */
    bool link_gone;
    const char *trouble; /* with the link; NULL: none */
    bool removed;        /* an event has said so since the last look */
    bool dad_failed;     /* the kernel has refused the address: it is not put back */
    int put_back;        /* how often within the last minute, which began at: */
    int64_t put_back_since;
    int64_t renew_at;

    /* Routes. */
    bool rerouted; /* an event about one that matters to us */
    struct hy_ip_route_state route_state;
    int64_t renew_routes_at;
    int64_t routes_looked;
    int64_t routes_at; /* when they are to be looked at again; HY_IP_NEVER: not before an event */
    int route_trouble; /* the last -errno */

    /* Announcements. */
    int packets;           /* socket; -1: none yet */
    int64_t announcements; /* still to come of this burst */
    int64_t announce_at;

    /* defend.c */
    int64_t listen_at;  /* until then claims are not listened for */
    int packets_index;  /* the link that `packets` hears; 0: none */
    uint8_t claimer[6]; /* the last one told of, */
    int64_t told_at;    /* when; 0: never */
};

void hy_ip_watch_say(const struct hy_ip_watch *watch, const char *format, ...) __attribute__((format(printf, 2, 3)));
void hy_ip_watch_begin_burst(struct hy_ip_watch *watch, int64_t count, int64_t now);
/* The address is here, and this node may have it. */
bool hy_ip_watch_may_act(const struct hy_ip_watch *watch);

/* care.c; 0 or -errno of a netlink that has failed. */
int hy_ip_care_first_look(struct hy_ip_watch *watch);
int hy_ip_care_look(struct hy_ip_watch *watch);
void hy_ip_care_renew(struct hy_ip_watch *watch);
void hy_ip_care_routes(struct hy_ip_watch *watch, int64_t now);

/* defend.c. What poll() shall wait for: a descriptor, or -1 and the time at which to ask again. */
int hy_ip_defend_listen(struct hy_ip_watch *watch, int64_t now, int64_t *again_at);
/* Has those speak up who have it too, and are silent. */
void hy_ip_defend_ask(struct hy_ip_watch *watch);
void hy_ip_defend_hear(struct hy_ip_watch *watch, int64_t now);

#endif
