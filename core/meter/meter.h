/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is measured of one way to one peer: a link, as far as that peer is at its other end. Pure: it is told of each
 * datagram that comes in, and of what the peer says of ours, and counts.
 *
 * Each datagram has a number and the sender's time. So the receiver knows what was lost, and how evenly the rest came
 * (jitter, RFC 3550, 6.4.1 and A.8). What it has heard it tells the sender: the time that the last datagram bore, how long
 * ago that came, and how many were lost. So the sender knows the round trip (as of RTCP's LSR and DLSR), and whether it is
 * heard at all. Times of the other host are compared with each other only: clocks need not agree.
 */
#ifndef HY_METER_METER_H
#define HY_METER_METER_H

#include "base/time.h"

#include <stdbool.h>
#include <stdint.h>

enum { HY_METER_WINDOW = 256 /* loss is that of the last so many datagrams */ };

enum hy_meter_state {
    HY_METER_NEW,     /* nothing is known yet */
    HY_METER_UP,      /* heard, and (as far as the peer has said) hears us */
    HY_METER_LOSSY,   /* so, but too much is lost */
    HY_METER_UNHEARD, /* heard, and says that it does not hear us */
    HY_METER_DEAF,    /* not heard here, and says elsewhere that it hears us here */
    HY_METER_DOWN     /* not heard */
};

struct hy_meter_limits {
    hy_time dead_after; /* silence after which the link is dead */
    unsigned lossy;     /* per cent of loss from which on it is bad */
};

/* What a datagram bears. */
struct hy_meter_mark {
    uint64_t incarnation; /* of the sender's core: numbers begin anew with it. Not 0, and grows */
    uint32_t number;      /* not 0, grows by one (mod 2^32) */
    uint32_t sent;        /* the sender's time in microseconds, mod 2^32; from whenever */
};

/* What the one end of a link says of what it hears of the other. */
struct hy_meter_report {
    bool heard;    /* ever; the rest counts only then */
    uint32_t sent; /* of the newest datagram that came */
    hy_time ago;   /* when that was */
    uint8_t lost;  /* 256ths of the window */
};

struct hy_meter {
    struct hy_meter_limits limits;
    enum hy_meter_state state;
    hy_time begun, state_since;
    enum hy_meter_state next; /* the state that is about to come, since then */
    hy_time next_since;
    hy_time late_until; /* this node itself was late until then: silence counts from there */

    /* What is heard. */
    uint64_t incarnation; /* 0: nothing yet */
    uint32_t highest, newest_sent;
    uint64_t window[HY_METER_WINDOW / 64]; /* bit n: number highest - n has come */
    unsigned window_size;
    bool broken; /* it was silent: the window begins anew */
    hy_time session_since, last_heard, steady_since;
    uint64_t received, expected, doubled, disordered, outages;
    bool has_transit;
    uint32_t transit, jitter16; /* jitter in 16ths of a microsecond, as in RFC 3550 A.8 */

    /* What is said of us. */
    bool told, told_heard;
    hy_time first_told, last_told, told_ago;
    uint8_t told_lost;
    uint64_t told_incarnation;
    uint32_t told_sent; /* when, on its clock */
    bool has_round_trip;
    uint32_t echoed; /* the newest time of ours that was given back */
    hy_time round_trip, round_trip_least, round_trip_most;
};

/* What there is to show. */
struct hy_meter_figures {
    enum hy_meter_state state;
    hy_time state_since;
    bool heard;         /* ever */
    hy_time last_heard; /* if so */
    uint64_t received, lost, doubled, disordered, outages;
    unsigned window;       /* datagrams that the next is about; 0: none */
    unsigned loss_ppm;     /* of what it sends us, parts in a million */
    bool told;             /* it has said something of us */
    bool hears_us;         /* as of its last word */
    unsigned loss_out_ppm; /* of what we send it, as it says: exact to 1/256 */
    hy_time jitter;
    bool has_round_trip;
    hy_time round_trip, round_trip_least, round_trip_most; /* smoothed as TCP's (RFC 6298, 1/8) */
};

void hy_meter_begin(struct hy_meter *meter, const struct hy_meter_limits *limits, hy_time now);

/* A datagram has come. False: it is a double, or of an earlier life of the sender; what else it bears is not to be believed. */
bool hy_meter_heard(struct hy_meter *meter, const struct hy_meter_mark *mark, hy_time now);
/* The peer says what it hears of us, over this link or another, in a datagram with this mark. What it has said later, and came
 * before it, stays. */
void hy_meter_told(struct hy_meter *meter, const struct hy_meter_mark *mark, const struct hy_meter_report *report,
                   hy_time now);
/* The same report came over this link: it is the answer to what we sent at `report->sent` of our own time. */
void hy_meter_answered(struct hy_meter *meter, const struct hy_meter_report *report, hy_time now);
/* What there is to say to the peer. */
void hy_meter_say(const struct hy_meter *meter, hy_time now, struct hy_meter_report *report);

/* This node itself could not listen until now: nobody was silent meanwhile. */
void hy_meter_was_late(struct hy_meter *meter, hy_time now);
/* To be called often, several times in `dead_after`. True: it has another state now; `*was` is the one before. */
bool hy_meter_step(struct hy_meter *meter, hy_time now, enum hy_meter_state *was);
/* Has it been heard so lately that it carries on, while another link has just been found dead? */
bool hy_meter_carries(const struct hy_meter *meter, hy_time now);

void hy_meter_figures(const struct hy_meter *meter, struct hy_meter_figures *figures);
/* "up", "bad", "one way: does not hear us", ... */
const char *hy_meter_word(enum hy_meter_state state);

/* This node's time as a datagram bears it. */
uint32_t hy_meter_stamp(hy_time now);

#endif
