/* SPDX-License-Identifier: Apache-2.0 */
/* One membership at a time, all else said by hand: each rule of docs/decisions/lease.md that a single node keeps. */
#ifndef TESTS_UNIT_MEMBERSHIP_FIXTURE_H
#define TESTS_UNIT_MEMBERSHIP_FIXTURE_H

#include "membership/internal.h"
#include "membership/membership.h"

#include <check.h>

#define HEARTBEAT_INTERVAL (25 * HY_MS)
#define D (120 * HY_MS)
#define D_MAX (200 * HY_MS)
#define COMMIT_WAIT (300 * HY_MS)
#define H (2 * D_MAX + COMMIT_WAIT)
#define R (5 * HY_MS)
#define T0 (10 * HY_SECOND)

enum { INCARNATION = 70 };

/* The one under test, with what its last step said, and the heartbeats of the peers that are played. */
struct fixture {
    struct hy_membership *membership;
    struct hy_membership_effects effects;
    struct hy_heartbeat sent; /* the newest it sent */
    uint64_t numbers[HY_MEMBERSHIP_MAX_NODES + 1];
    hy_time now;
    uint64_t newer;     /* peers speak in an incarnation so much higher */
    bool deaf;          /* peers say that they do not hear node 1 */
    uint64_t own_known; /* the incarnation of node 1 that peers know; 0: its own */
};

struct hy_membership_options options_of(uint32_t self, size_t nodes, size_t voters);
void step(struct fixture *f, const struct hy_membership_event *event);
void set_up(struct fixture *f, const struct hy_membership_options *options);
void tear_down(struct fixture *f);
void tick(struct fixture *f);
/* As the loop would: every deadline on time. */
void run_until(struct fixture *f, hy_time until);
void member(struct fixture *f, enum hy_membership_event_type type, uint32_t node, bool in, uint32_t epoch, bool led);
void admit_all(struct fixture *f, uint32_t nodes);
/* Node `from` says `about` of node `node`; it echoes the heartbeat of node 1 that `echo` names. */
void say(struct fixture *f, uint32_t from, uint64_t echo, struct hy_heartbeat_about about);
void promise(struct fixture *f, uint32_t from, uint64_t echo, uint32_t epoch);
void refuse(struct fixture *f, uint32_t from, uint32_t node, uint32_t epoch, hy_time left);
const struct hy_membership_effect *said(const struct fixture *f, enum hy_membership_effect_type type);
const struct hy_membership_effect *must_say(const struct fixture *f, enum hy_membership_effect_type type);
const struct hy_heartbeat_about *sent_about(const struct fixture *f, uint32_t node);
hy_time lease(const struct fixture *f);
struct hy_membership_view view(const struct fixture *f, uint32_t node);

/* The cases, by subject. */
void membership_lease_tests(TCase *tcase);
void membership_verdict_tests(TCase *tcase);
void membership_message_tests(TCase *tcase);
void membership_wish_tests(TCase *tcase);
void membership_doubt_tests(TCase *tcase);

#endif
