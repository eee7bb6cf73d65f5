/* SPDX-License-Identifier: Apache-2.0 */
/* One membership at a time, all else said by hand: each rule of docs/decisions/lease.md that a single node keeps. */
#include "lib/run.h"
#include "membership/internal.h"
#include "membership/membership.h"

#include "base/buf.h"

#include <errno.h>
#include <string.h>

#define HEARTBEAT_INTERVAL (25 * HY_MS)
#define D (120 * HY_MS)
#define D_MAX (200 * HY_MS)
#define COMMIT_WAIT (300 * HY_MS)
#define H (2 * D_MAX + COMMIT_WAIT)
#define R (5 * HY_MS)
#define T0 (10 * HY_SECOND)

enum { INCARNATION = 70 };

static struct hy_membership_options options_of(uint32_t self, size_t nodes, size_t voters)
{
    struct hy_membership_options options = {.self = self,
                                            .incarnation = INCARNATION,
                                            .node_count = nodes,
                                            .heartbeat = HEARTBEAT_INTERVAL,
                                            .dead_after = D,
                                            .dead_after_max = D_MAX,
                                            .commit_wait = COMMIT_WAIT,
                                            .release_margin = R,
                                            .rho_ppm = 1000};
    for (uint32_t i = 0; i < nodes; i++)
        options.nodes[i] = (struct hy_membership_peer){.id = i + 1, .voter = i < voters};
    return options;
}

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

static void step(struct fixture *f, const struct hy_membership_event *event)
{
    hy_membership_effects_free(&f->effects);
    struct hy_err err = {{0}};
    int rc = hy_membership_step(f->membership, event, f->now, &f->effects, &err);
    ck_assert_msg(rc == 0, "%s", err.text);
    for (size_t i = 0; i < f->effects.list.count; i++) {
        const struct hy_membership_effect *effect = &f->effects.list.items[i];
        if (effect->type == HY_MEMBERSHIP_SEND)
            ck_assert_int_eq(hy_heartbeat_decode(effect->data, effect->size, &f->sent, NULL), 0);
    }
}

static void set_up(struct fixture *f, const struct hy_membership_options *options)
{
    memset(f, 0, sizeof *f);
    f->now = T0;
    struct hy_err err = {{0}};
    ck_assert_msg(hy_membership_new(options, f->now, &f->membership, &err) == 0, "%s", err.text);
    step(f, &(struct hy_membership_event){.type = HY_MEMBERSHIP_TICK});
}

static void tear_down(struct fixture *f)
{
    hy_membership_effects_free(&f->effects);
    hy_membership_free(&f->membership);
}

static void tick(struct fixture *f)
{
    step(f, &(struct hy_membership_event){.type = HY_MEMBERSHIP_TICK});
}

/* As the loop would: every deadline on time. */
static void run_until(struct fixture *f, hy_time until)
{
    while (hy_membership_deadline(f->membership) <= until) {
        f->now = hy_membership_deadline(f->membership);
        tick(f);
    }
    f->now = until;
}

static void member(struct fixture *f, enum hy_membership_event_type type, uint32_t node, bool in, uint32_t epoch,
                   bool led)
{
    step(f,
         &(struct hy_membership_event){
             .type = type, .node = node, .in = in, .epoch = epoch, .incarnation = INCARNATION + node - 1, .led = led});
}

static void admit_all(struct fixture *f, uint32_t nodes)
{
    for (uint32_t node = 1; node <= nodes; node++)
        member(f, HY_MEMBERSHIP_COMMITTED, node, true, 1, false);
}

/* Node `from` says `about` of node `node`; it echoes the heartbeat of node 1 that `echo` names. */
static void say(struct fixture *f, uint32_t from, uint64_t echo, struct hy_heartbeat_about about)
{
    struct hy_heartbeat heartbeat = {.incarnation = INCARNATION + from - 1 + f->newer,
                                     .number = ++f->numbers[from],
                                     .dead_after_max = D_MAX,
                                     .count = 1};
    heartbeat.about[0] = (struct hy_heartbeat_about){.node = 1,
                                                     .hears = !f->deaf,
                                                     .epoch = 1,
                                                     .incarnation = f->own_known ? f->own_known : INCARNATION,
                                                     .number = echo};
    if (about.node == 1) {
        heartbeat.about[0].promised = about.promised;
        heartbeat.about[0].epoch = about.epoch;
    } else if (about.node != 0) {
        heartbeat.about[heartbeat.count++] = about;
    }
    struct hy_buf out = {0};
    hy_heartbeat_encode(&heartbeat, &out);
    step(f, &(struct hy_membership_event){
                .type = HY_MEMBERSHIP_MESSAGE, .from = from, .data = out.data, .size = out.size});
    hy_buf_free(&out);
}

static void promise(struct fixture *f, uint32_t from, uint64_t echo, uint32_t epoch)
{
    say(f, from, echo, (struct hy_heartbeat_about){.node = 1, .promised = D, .epoch = epoch});
}

static void refuse(struct fixture *f, uint32_t from, uint32_t node, uint32_t epoch, hy_time left)
{
    say(f, from, f->sent.number, (struct hy_heartbeat_about){.node = node, .refused = left, .epoch = epoch});
}

static const struct hy_membership_effect *said(const struct fixture *f, enum hy_membership_effect_type type)
{
    for (size_t i = 0; i < f->effects.list.count; i++) {
        if (f->effects.list.items[i].type == type)
            return &f->effects.list.items[i];
    }
    return NULL;
}

static const struct hy_membership_effect *must_say(const struct fixture *f, enum hy_membership_effect_type type)
{
    const struct hy_membership_effect *effect = said(f, type);
    ck_assert_msg(effect != NULL, "effect %d was not said", (int)type);
    return effect;
}

static const struct hy_heartbeat_about *sent_about(const struct fixture *f, uint32_t node)
{
    for (size_t i = 0; i < f->sent.count; i++) {
        if (f->sent.about[i].node == node)
            return &f->sent.about[i];
    }
    ck_abort_msg("nothing was said about node %u", node);
    return NULL;
}

static hy_time lease(const struct fixture *f)
{
    return hy_membership_lease(f->membership, f->now);
}

static struct hy_membership_view view(const struct fixture *f, uint32_t node)
{
    struct hy_membership_view v;
    ck_assert(hy_membership_view(f->membership, node, f->now, &v));
    return v;
}

START_TEST(lease_counts_from_sending_and_shorter)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 3, 3);
    set_up(&f, &options);
    admit_all(&f, 3);
    hy_time sent = f.now;
    uint64_t number = f.sent.number;
    f.now += 40 * HY_MS;
    ck_assert_int_eq(lease(&f), 0);
    promise(&f, 2, number, 1);
    ck_assert_int_eq(lease(&f), sent + D - D * 2 / 1000 - R);
    ck_assert_int_eq(must_say(&f, HY_MEMBERSHIP_LEASE)->at, lease(&f));
    ck_assert_uint_eq(must_say(&f, HY_MEMBERSHIP_LEASE)->epoch, 1);
    promise(&f, 2, number - 1, 1); /* an older echo takes nothing back */
    ck_assert_int_eq(lease(&f), sent + D - D * 2 / 1000 - R);
    run_until(&f, lease(&f));
    ck_assert_int_eq(lease(&f), 0);
    ck_assert_ptr_nonnull(said(&f, HY_MEMBERSHIP_LEASE));
    ck_assert_int_eq(must_say(&f, HY_MEMBERSHIP_LEASE)->at, 0);
    tear_down(&f);
}
END_TEST

START_TEST(promises_for_another_incarnation_epoch_or_number_are_nothing)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 3, 3);
    set_up(&f, &options);
    admit_all(&f, 3);
    promise(&f, 2, f.sent.number + 1, 1); /* never sent */
    promise(&f, 2, f.sent.number, 2);     /* of an epoch this node is not in yet */
    ck_assert_int_eq(lease(&f), 0);
    promise(&f, 3, 0, 1);
    ck_assert_int_eq(lease(&f), 0);
    member(&f, HY_MEMBERSHIP_COMMITTED, 1, false, 2, false);
    ck_assert_int_eq(lease(&f), 0);
    tear_down(&f);
}
END_TEST

START_TEST(majority_of_an_even_number_is_more_than_half)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 4, 4);
    set_up(&f, &options);
    admit_all(&f, 4);
    promise(&f, 2, f.sent.number, 1);
    ck_assert_int_eq(lease(&f), 0);
    promise(&f, 3, f.sent.number, 1);
    ck_assert_int_gt(lease(&f), f.now);
    tear_down(&f);
}
END_TEST

START_TEST(one_node_has_a_lease_while_it_is_admitted)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 1, 1);
    set_up(&f, &options);
    ck_assert_int_eq(lease(&f), 0);
    ck_assert(view(&f, 1).admissible);
    ck_assert_ptr_nonnull(said(&f, HY_MEMBERSHIP_ALIVE));
    member(&f, HY_MEMBERSHIP_COMMITTED, 1, true, 1, true);
    ck_assert_int_eq(lease(&f), HY_NEVER);
    ck_assert(!view(&f, 1).admissible);
    member(&f, HY_MEMBERSHIP_LOGGED, 1, false, 2, true);
    ck_assert_int_eq(lease(&f), 0);
    ck_assert_int_eq(must_say(&f, HY_MEMBERSHIP_LEASE)->at, 0);
    member(&f, HY_MEMBERSHIP_UNLOGGED, 1, false, 2, true);
    ck_assert_int_eq(lease(&f), HY_NEVER);
    tear_down(&f);
}
END_TEST

START_TEST(a_learner_needs_a_majority_and_promises_nothing)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 4, 4);
    options.nodes[0].voter = false;
    set_up(&f, &options);
    admit_all(&f, 4);
    promise(&f, 2, f.sent.number, 1);
    ck_assert_int_eq(lease(&f), 0);
    promise(&f, 3, f.sent.number, 1);
    ck_assert_int_gt(lease(&f), f.now);
    run_until(&f, f.now + HEARTBEAT_INTERVAL);
    ck_assert_int_eq(sent_about(&f, 2)->promised, 0);
    run_until(&f, f.now + 10 * D_MAX);
    ck_assert_int_eq(sent_about(&f, 2)->refused, 0);
    tear_down(&f);
}
END_TEST

START_TEST(promise_is_kept_then_turns_at_once)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 3, 3);
    set_up(&f, &options);
    admit_all(&f, 3);
    /* As long as an earlier incarnation's promises may last, and more. */
    for (hy_time at = T0 + 1; at <= T0 + D_MAX + D; at += HEARTBEAT_INTERVAL) {
        run_until(&f, at);
        promise(&f, 2, f.sent.number, 1);
        promise(&f, 3, f.sent.number, 1);
    }
    hy_time heard = f.now;
    run_until(&f, heard + HEARTBEAT_INTERVAL);
    ck_assert_int_eq(sent_about(&f, 2)->promised, D);
    for (hy_time at = heard + 2 * HEARTBEAT_INTERVAL; at < heard + D; at += HEARTBEAT_INTERVAL) {
        run_until(&f, at);
        promise(&f, 2, f.sent.number, 1);
    }
    run_until(&f, heard + D - 1);
    ck_assert_int_eq(sent_about(&f, 3)->refused, 0);
    run_until(&f, heard + D);
    ck_assert_ptr_nonnull(said(&f, HY_MEMBERSHIP_SUSPECT));
    ck_assert_ptr_nonnull(said(&f, HY_MEMBERSHIP_SEND));
    ck_assert_uint_eq(must_say(&f, HY_MEMBERSHIP_SUSPECT)->node, 3);
    ck_assert_int_eq(sent_about(&f, 3)->refused, H);
    ck_assert_int_eq(sent_about(&f, 3)->promised, 0);
    tear_down(&f);
}
END_TEST

START_TEST(turns_on_nobody_for_d_max_after_its_start)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 3, 3);
    set_up(&f, &options);
    admit_all(&f, 3);
    run_until(&f, T0 + D_MAX - 1);
    ck_assert_int_eq(sent_about(&f, 2)->refused, 0);
    run_until(&f, T0 + D_MAX);
    ck_assert_int_eq(sent_about(&f, 2)->refused, H);
    ck_assert_ptr_nonnull(strstr(must_say(&f, HY_MEMBERSHIP_SUSPECT)->why, "it may be this node"));
    tear_down(&f);
}
END_TEST

START_TEST(refusal_stands_for_h_even_when_the_node_is_heard)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 3, 3);
    set_up(&f, &options);
    admit_all(&f, 3);
    run_until(&f, T0 + D_MAX);
    hy_time refused = f.now;
    promise(&f, 3, f.sent.number, 1);
    for (hy_time at = refused + HEARTBEAT_INTERVAL; at < refused + H; at += HEARTBEAT_INTERVAL) {
        run_until(&f, at);
        promise(&f, 3, f.sent.number, 1);
        ck_assert_int_gt(sent_about(&f, 3)->refused, 0);
        ck_assert_int_eq(sent_about(&f, 3)->promised, 0);
    }
    run_until(&f, refused + H + HEARTBEAT_INTERVAL);
    ck_assert_int_eq(sent_about(&f, 3)->refused, 0);
    ck_assert_int_eq(sent_about(&f, 3)->promised, D);
    tear_down(&f);
}
END_TEST

START_TEST(turns_on_one_that_is_heard_but_deaf)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 3, 3);
    set_up(&f, &options);
    admit_all(&f, 3);
    hy_time at = T0 + 1;
    for (; at < T0 + D_MAX; at += HEARTBEAT_INTERVAL) {
        run_until(&f, at);
        promise(&f, 2, f.sent.number, 1);
        promise(&f, 3, f.sent.number, 1);
    }
    hy_time contact = f.now;
    for (; at < contact + D; at += HEARTBEAT_INTERVAL) {
        run_until(&f, at);
        promise(&f, 2, f.sent.number, 1);
        f.deaf = true;
        promise(&f, 3, f.sent.number, 1);
        f.deaf = false;
        ck_assert(view(&f, 3).heard && !view(&f, 3).hears_us && !view(&f, 3).supported);
        ck_assert_uint_eq(hy_membership_lowest_live(f.membership, 1, f.now), 2);
    }
    run_until(&f, contact + D - 1);
    ck_assert_int_eq(sent_about(&f, 3)->refused, 0);
    run_until(&f, contact + D);
    ck_assert_uint_eq(must_say(&f, HY_MEMBERSHIP_SUSPECT)->node, 3);
    ck_assert_int_eq(sent_about(&f, 3)->refused, H);
    tear_down(&f);
}
END_TEST

START_TEST(new_admission_ends_a_refusal_at_once)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 3, 3);
    set_up(&f, &options);
    admit_all(&f, 3);
    run_until(&f, T0 + D_MAX);
    promise(&f, 3, f.sent.number, 1);
    member(&f, HY_MEMBERSHIP_COMMITTED, 3, false, 2, false);
    member(&f, HY_MEMBERSHIP_COMMITTED, 3, true, 3, false);
    ck_assert_ptr_nonnull(said(&f, HY_MEMBERSHIP_SEND));
    ck_assert_int_eq(sent_about(&f, 3)->promised, D);
    ck_assert_uint_eq(sent_about(&f, 3)->epoch, 3);
    ck_assert_int_eq(sent_about(&f, 3)->refused, 0);
    tear_down(&f);
}
END_TEST

START_TEST(logged_verdict_ends_support_until_it_is_cut_off)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 3, 3);
    set_up(&f, &options);
    admit_all(&f, 3);
    promise(&f, 2, f.sent.number, 1);
    member(&f, HY_MEMBERSHIP_LOGGED, 2, false, 2, false);
    run_until(&f, f.now + HEARTBEAT_INTERVAL);
    ck_assert_int_eq(sent_about(&f, 2)->promised, 0);
    member(&f, HY_MEMBERSHIP_UNLOGGED, 2, false, 2, false);
    run_until(&f, f.now + HEARTBEAT_INTERVAL);
    ck_assert_int_eq(sent_about(&f, 2)->promised, D);
    /* One that the state machine will refuse is nothing. */
    member(&f, HY_MEMBERSHIP_LOGGED, 2, false, 1, false);
    ck_assert(view(&f, 2).supported);
    member(&f, HY_MEMBERSHIP_COMMITTED, 2, false, 1, false);
    ck_assert(view(&f, 2).supported && view(&f, 2).admitted);
    tear_down(&f);
}
END_TEST

START_TEST(unadmitted_incarnation_promises_nothing)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 3, 3);
    options.incarnation = INCARNATION + 50; /* restarted: the log still has the one before */
    set_up(&f, &options);
    admit_all(&f, 3);
    say(&f, 2, 0, (struct hy_heartbeat_about){0});
    run_until(&f, f.now + HEARTBEAT_INTERVAL);
    ck_assert_int_eq(sent_about(&f, 2)->promised, 0);
    run_until(&f, f.now + 10 * D_MAX);
    ck_assert_int_eq(sent_about(&f, 2)->refused, 0);
    ck_assert_int_eq(sent_about(&f, 3)->refused, 0);
    ck_assert(view(&f, 1).admissible);
    tear_down(&f);
}
END_TEST

/* Nodes 2 and 3 of five refuse node 5, as this one does; H as `left` says. */
static void three_refuse(struct fixture *f, hy_time left)
{
    struct hy_membership_options options = options_of(1, 5, 5);
    set_up(f, &options);
    admit_all(f, 5);
    for (hy_time at = T0 + 15 * HY_MS; at < T0 + D_MAX; at += HEARTBEAT_INTERVAL) {
        run_until(f, at);
        for (uint32_t node = 2; node <= 4; node++)
            promise(f, node, f->sent.number, 1);
    }
    run_until(f, T0 + D_MAX);
    ck_assert_uint_eq(must_say(f, HY_MEMBERSHIP_SUSPECT)->node, 5);
    refuse(f, 2, 5, 1, left);
    ck_assert_ptr_null(said(f, HY_MEMBERSHIP_CONDEMN));
    refuse(f, 3, 5, 1, left);
}

START_TEST(condemns_with_a_majority_that_has_time_left)
{
    struct fixture f;
    three_refuse(&f, H);
    ck_assert_uint_eq(must_say(&f, HY_MEMBERSHIP_CONDEMN)->node, 5);
    ck_assert_uint_eq(must_say(&f, HY_MEMBERSHIP_CONDEMN)->epoch, 1);
    ck_assert(view(&f, 5).condemned);
    ck_assert_uint_eq(view(&f, 5).against, 3);
    tick(&f);
    ck_assert_ptr_null(said(&f, HY_MEMBERSHIP_CONDEMN)); /* once */
    member(&f, HY_MEMBERSHIP_LOGGED, 5, false, 2, false);
    ck_assert(!view(&f, 5).condemned);
    member(&f, HY_MEMBERSHIP_UNLOGGED, 5, false, 2, false);
    ck_assert_uint_eq(must_say(&f, HY_MEMBERSHIP_CONDEMN)->node, 5); /* anew */
    tear_down(&f);
    three_refuse(&f, D_MAX + COMMIT_WAIT); /* not more than that */
    ck_assert_ptr_null(said(&f, HY_MEMBERSHIP_CONDEMN));
    ck_assert_uint_eq(view(&f, 5).against, 3);
    tear_down(&f);
}
END_TEST

START_TEST(refusal_counts_from_sending)
{
    struct fixture f;
    /* What would condemn, did it not echo so old a heartbeat that too little is left. */
    struct hy_membership_options options = options_of(1, 1 + 4, 5);
    set_up(&f, &options);
    admit_all(&f, 5);
    uint64_t first = f.sent.number;
    run_until(&f, T0 + D_MAX);
    ck_assert_ptr_nonnull(said(&f, HY_MEMBERSHIP_SUSPECT));
    for (uint32_t node = 2; node <= 3; node++) {
        say(&f, node, first, (struct hy_heartbeat_about){.node = 5, .refused = H, .epoch = 1});
        ck_assert_ptr_null(said(&f, HY_MEMBERSHIP_CONDEMN));
    }
    ck_assert_uint_eq(view(&f, 5).against, 3);
    tear_down(&f);
}
END_TEST

START_TEST(leader_releases_at_the_commit_when_a_majority_refuses)
{
    struct fixture f;
    three_refuse(&f, H);
    member(&f, HY_MEMBERSHIP_LOGGED, 5, false, 2, false);
    member(&f, HY_MEMBERSHIP_COMMITTED, 5, false, 2, true);
    ck_assert_uint_eq(must_say(&f, HY_MEMBERSHIP_RELEASED)->node, 5);
    ck_assert_uint_eq(must_say(&f, HY_MEMBERSHIP_RELEASED)->epoch, 2);
    ck_assert(view(&f, 5).released);
    tear_down(&f);
}
END_TEST

static void expect_slow_release(struct fixture *f)
{
    hy_time committed = f->now;
    ck_assert_ptr_null(said(f, HY_MEMBERSHIP_RELEASED));
    run_until(f, committed + D_MAX + D_MAX * 2 / 1000 - 1);
    ck_assert(!view(f, 5).released);
    run_until(f, committed + D_MAX + D_MAX * 2 / 1000);
    ck_assert_ptr_nonnull(said(f, HY_MEMBERSHIP_RELEASED));
    ck_assert(view(f, 5).released);
}

START_TEST(others_and_those_with_too_little_left_wait)
{
    struct fixture f;
    three_refuse(&f, H);
    member(&f, HY_MEMBERSHIP_COMMITTED, 5, false, 2, false); /* did not lead */
    expect_slow_release(&f);
    tear_down(&f);
    three_refuse(&f, D_MAX); /* not more than D_max */
    member(&f, HY_MEMBERSHIP_COMMITTED, 5, false, 2, true);
    expect_slow_release(&f);
    tear_down(&f);
    three_refuse(&f, H); /* but for an epoch that has passed */
    member(&f, HY_MEMBERSHIP_COMMITTED, 5, true, 2, true);
    member(&f, HY_MEMBERSHIP_COMMITTED, 5, false, 3, true);
    expect_slow_release(&f);
    tear_down(&f);
}
END_TEST

START_TEST(admission_of_a_restarted_voter_forgets_what_it_refused)
{
    struct fixture f;
    three_refuse(&f, H);
    step(&f, &(struct hy_membership_event){
                 .type = HY_MEMBERSHIP_LOGGED, .node = 3, .in = true, .epoch = 2, .incarnation = INCARNATION + 40});
    ck_assert_uint_eq(view(&f, 5).against, 2);
    member(&f, HY_MEMBERSHIP_COMMITTED, 5, false, 2, true);
    expect_slow_release(&f);
    tear_down(&f);
}
END_TEST

START_TEST(a_restarted_voter_has_to_refuse_anew)
{
    struct fixture f;
    three_refuse(&f, H);
    f.newer = 40;
    promise(&f, 3, f.sent.number, 1);
    ck_assert_uint_eq(view(&f, 5).against, 2);
    step(&f, &(struct hy_membership_event){
                 .type = HY_MEMBERSHIP_LOGGED, .node = 3, .in = true, .epoch = 2, .incarnation = INCARNATION + 42});
    ck_assert_uint_eq(view(&f, 5).against, 2);
    refuse(&f, 3, 5, 1, H);
    ck_assert_uint_eq(view(&f, 5).against, 3);
    tear_down(&f);
}
END_TEST

START_TEST(what_was_heard_before_is_not_heard_again)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 3, 3);
    set_up(&f, &options);
    f.newer = 1;
    promise(&f, 2, f.sent.number, 1);
    promise(&f, 2, f.sent.number, 1);
    hy_time heard = f.now;
    f.now += 10 * HY_MS;
    f.numbers[2] = 0; /* the same number once more */
    promise(&f, 2, f.sent.number, 1);
    ck_assert_int_eq(view(&f, 2).last_heard, heard);
    f.newer = 0; /* an incarnation that has passed */
    f.numbers[2] = 100;
    promise(&f, 2, f.sent.number, 1);
    ck_assert_int_eq(view(&f, 2).last_heard, heard);
    ck_assert_uint_eq(view(&f, 2).incarnation, INCARNATION + 2);
    tear_down(&f);
}
END_TEST

/* The highest that anybody says is what counts; and a node that has only begun lets all have their say. */
START_TEST(a_later_life_that_others_know_is_said)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 3, 0);
    set_up(&f, &options);
    f.now = T0 + HY_SECOND - 1;
    f.own_known = INCARNATION + 9;
    promise(&f, 2, 3, 0);
    ck_assert_ptr_null(said(&f, HY_MEMBERSHIP_OUTLIVED));
    f.now = T0 + HY_SECOND;
    f.own_known = INCARNATION + 7;
    promise(&f, 3, 3, 0);
    ck_assert_uint_eq(must_say(&f, HY_MEMBERSHIP_OUTLIVED)->incarnation, INCARNATION + 9);
    ck_assert_uint_eq(must_say(&f, HY_MEMBERSHIP_OUTLIVED)->node, 1);
    ck_assert_int_eq(lease(&f), 0);
    ck_assert(!view(&f, 2).hears_us); /* it is another life that they hear */
    f.now = T0 + 11 * HY_SECOND - 1;
    promise(&f, 3, 3, 0);
    ck_assert_ptr_null(said(&f, HY_MEMBERSHIP_OUTLIVED));
    f.now = T0 + 11 * HY_SECOND;
    promise(&f, 3, 3, 0);
    must_say(&f, HY_MEMBERSHIP_OUTLIVED);
    tear_down(&f);
}
END_TEST

START_TEST(an_earlier_or_the_present_life_outlives_nobody)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 3, 0);
    set_up(&f, &options);
    f.now = T0 + 2 * HY_SECOND;
    f.own_known = INCARNATION - 1;
    promise(&f, 2, 1, 0);
    ck_assert_ptr_null(said(&f, HY_MEMBERSHIP_OUTLIVED));
    f.own_known = INCARNATION;
    promise(&f, 2, 1, 0);
    ck_assert_ptr_null(said(&f, HY_MEMBERSHIP_OUTLIVED));
    f.own_known = INCARNATION + 1; /* in a heartbeat that is old itself */
    f.numbers[2] = 0;
    promise(&f, 2, 1, 0);
    ck_assert_ptr_null(said(&f, HY_MEMBERSHIP_OUTLIVED));
    promise(&f, 3, 1, 0);
    must_say(&f, HY_MEMBERSHIP_OUTLIVED);
    tear_down(&f);
}
END_TEST

/* All others were restarted and have heard nothing of it, or an earlier life first: the log knows. */
START_TEST(the_log_knows_of_a_later_life)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 3, 3);
    set_up(&f, &options);
    promise(&f, 2, f.sent.number, 0);
    hy_time heard = f.now;
    for (int gone = 0; gone < 2; gone++) {
        step(&f, &(struct hy_membership_event){.type = HY_MEMBERSHIP_RESTORED,
                                               .node = 2 + (uint32_t)gone,
                                               .in = !gone,
                                               .epoch = 5,
                                               .incarnation = INCARNATION + 50});
    }
    f.now += HEARTBEAT_INTERVAL;
    promise(&f, 2, f.sent.number, 0);
    promise(&f, 3, f.sent.number, 0);
    ck_assert_int_eq(view(&f, 2).last_heard, heard);
    ck_assert_uint_eq(view(&f, 3).incarnation, 0);
    tick(&f);
    for (uint32_t node = 2; node <= 3; node++) {
        ck_assert_uint_eq(sent_about(&f, node)->incarnation, INCARNATION + 50);
        ck_assert_uint_eq(sent_about(&f, node)->number, 0);
        ck_assert(!sent_about(&f, node)->hears);
        ck_assert_int_eq(sent_about(&f, node)->promised, 0);
        ck_assert_int_eq(sent_about(&f, node)->held, 0);
    }
    f.newer = 49; /* node 2 comes up to 70 + 1 + 49 */
    promise(&f, 2, f.sent.number, 0);
    ck_assert_uint_eq(view(&f, 2).incarnation, INCARNATION + 50);
    f.now += HEARTBEAT_INTERVAL;
    tick(&f);
    ck_assert_uint_eq(sent_about(&f, 2)->number, f.numbers[2]);
    ck_assert(sent_about(&f, 2)->hears);
    tear_down(&f);
}
END_TEST

START_TEST(admission_before_the_release_calls_it_off)
{
    struct fixture f;
    three_refuse(&f, H);
    member(&f, HY_MEMBERSHIP_COMMITTED, 5, false, 2, false);
    member(&f, HY_MEMBERSHIP_COMMITTED, 5, true, 3, false);
    for (int i = 0; i < 100; i++) {
        run_until(&f, f.now + HEARTBEAT_INTERVAL);
        ck_assert_ptr_null(said(&f, HY_MEMBERSHIP_RELEASED));
    }
    tear_down(&f);
}
END_TEST

START_TEST(a_late_node_restarts_its_count)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 3, 3);
    set_up(&f, &options);
    admit_all(&f, 3);
    run_until(&f, T0 + D_MAX - 10 * HY_MS);
    promise(&f, 2, f.sent.number, 1);
    promise(&f, 3, f.sent.number, 1);
    hy_time late = hy_membership_deadline(f.membership);
    f.now = late + 400 * HY_MS;
    tick(&f);
    ck_assert_int_eq(must_say(&f, HY_MEMBERSHIP_LATE)->by, 400 * HY_MS);
    ck_assert_ptr_null(said(&f, HY_MEMBERSHIP_SUSPECT));
    ck_assert(view(&f, 2).heard);
    ck_assert_int_eq(lease(&f), 0); /* its own lease knows no excuse */
    hy_time due = late + 400 * HY_MS + D - HEARTBEAT_INTERVAL;
    run_until(&f, due - HEARTBEAT_INTERVAL);
    ck_assert_int_eq(sent_about(&f, 2)->refused, 0);
    run_until(&f, due + HEARTBEAT_INTERVAL);
    ck_assert_int_gt(sent_about(&f, 2)->refused, 0);
    tear_down(&f);
}
END_TEST

START_TEST(link_down_gives_the_lease_up_until_new_heartbeats_are_echoed)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 3, 3);
    set_up(&f, &options);
    admit_all(&f, 3);
    promise(&f, 2, f.sent.number, 1);
    ck_assert_int_gt(lease(&f), 0);
    step(&f, &(struct hy_membership_event){.type = HY_MEMBERSHIP_LINK_DOWN});
    ck_assert_int_eq(must_say(&f, HY_MEMBERSHIP_LEASE)->at, 0);
    promise(&f, 2, f.sent.number, 1); /* was on its way */
    ck_assert_int_eq(lease(&f), 0);
    run_until(&f, f.now + HEARTBEAT_INTERVAL);
    promise(&f, 2, f.sent.number, 1);
    ck_assert_int_gt(lease(&f), f.now);
    tear_down(&f);
}
END_TEST

START_TEST(restarted_node_with_a_verdict_in_its_log_withdraws_the_old_lease)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 3, 3);
    set_up(&f, &options);
    ck_assert_ptr_null(said(&f, HY_MEMBERSHIP_LEASE)); /* an old one may still be good */
    member(&f, HY_MEMBERSHIP_RESTORED, 1, true, 4, false);
    member(&f, HY_MEMBERSHIP_LOGGED, 1, false, 5, false);
    ck_assert_int_eq(must_say(&f, HY_MEMBERSHIP_LEASE)->at, 0);
    tear_down(&f);
}
END_TEST

START_TEST(lease_says_since_when_there_was_no_verdict)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 1, 1);
    set_up(&f, &options);
    member(&f, HY_MEMBERSHIP_RESTORED, 1, true, 4, false);
    ck_assert_uint_eq(must_say(&f, HY_MEMBERSHIP_LEASE)->since, 4);
    member(&f, HY_MEMBERSHIP_COMMITTED, 1, true, 5, true); /* a core restarted */
    ck_assert_uint_eq(must_say(&f, HY_MEMBERSHIP_LEASE)->epoch, 5);
    ck_assert_uint_eq(must_say(&f, HY_MEMBERSHIP_LEASE)->since, 4);
    member(&f, HY_MEMBERSHIP_COMMITTED, 1, false, 6, true);
    member(&f, HY_MEMBERSHIP_COMMITTED, 1, true, 7, true);
    ck_assert_uint_eq(must_say(&f, HY_MEMBERSHIP_LEASE)->since, 7);
    member(&f, HY_MEMBERSHIP_RESTORED, 1, true, 9, false); /* perhaps there was one in 8 */
    ck_assert_uint_eq(must_say(&f, HY_MEMBERSHIP_LEASE)->since, 9);
    tear_down(&f);
}
END_TEST

START_TEST(bad_messages_change_nothing)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 3, 3);
    set_up(&f, &options);
    struct hy_heartbeat heartbeat = {.incarnation = 71, .number = 1, .dead_after_max = D_MAX, .count = 2};
    heartbeat.about[0] = (struct hy_heartbeat_about){.node = 1, .promised = D, .incarnation = INCARNATION, .number = 1};
    heartbeat.about[1] = (struct hy_heartbeat_about){.node = 3, .refused = H};
    struct hy_buf good = {0};
    hy_heartbeat_encode(&heartbeat, &good);
    struct hy_membership_event event = {.type = HY_MEMBERSHIP_MESSAGE, .from = 2, .data = good.data};
    struct hy_err err;
    for (size_t size = 0; size < good.size; size++) {
        event.size = size;
        ck_assert_int_eq(hy_membership_step(f.membership, &event, f.now, &f.effects, &err), -EBADMSG);
    }
    event.size = good.size;
    event.from = 1; /* itself */
    ck_assert_int_eq(hy_membership_step(f.membership, &event, f.now, &f.effects, &err), -EBADMSG);
    event.from = 9;
    ck_assert_int_eq(hy_membership_step(f.membership, &event, f.now, &f.effects, &err), -EBADMSG);
    event.from = 2;
    char version = good.data[2];
    good.data[2] = 9; /* another one */
    ck_assert_int_eq(hy_membership_step(f.membership, &event, f.now, &f.effects, &err), -EBADMSG);
    good.data[2] = version;
    good.data[4] ^= 1; /* another D_max */
    ck_assert_int_eq(hy_membership_step(f.membership, &event, f.now, &f.effects, &err), -EBADMSG);
    ck_assert_ptr_nonnull(strstr(err.text, "dead-after-max"));
    good.data[4] ^= 1;
    ck_assert_uint_eq(view(&f, 2).incarnation, 0);
    ck_assert_int_eq(hy_membership_step(f.membership, &event, f.now, &f.effects, &err), 0);
    ck_assert_uint_eq(view(&f, 2).incarnation, 71);
    hy_buf_free(&good);
    tear_down(&f);
}
END_TEST

/* Any bytes: refused or taken, never a crash, and never a promise beyond D_max. */
START_TEST(random_bytes_do_no_harm)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 3, 3);
    set_up(&f, &options);
    admit_all(&f, 3);
    struct hy_heartbeat heartbeat = {.incarnation = 71, .number = 1, .dead_after_max = D_MAX, .count = 2};
    heartbeat.about[0] =
        (struct hy_heartbeat_about){.node = 1, .promised = D, .epoch = 1, .incarnation = INCARNATION, .number = 1};
    heartbeat.about[1] = (struct hy_heartbeat_about){.node = 3, .refused = H};
    uint32_t random = 12345;
    for (int i = 0; i < 20000; i++) {
        heartbeat.number++;
        struct hy_buf bytes = {0};
        hy_heartbeat_encode(&heartbeat, &bytes);
        for (int flips = 0; flips < 3; flips++) {
            random = random * 1664525 + 1013904223;
            bytes.data[(random >> 8) % bytes.size] = (char)(random >> 24);
        }
        struct hy_membership_event event = {
            .type = HY_MEMBERSHIP_MESSAGE, .from = 2, .data = bytes.data, .size = bytes.size};
        hy_membership_effects_free(&f.effects);
        int rc = hy_membership_step(f.membership, &event, f.now, &f.effects, NULL);
        ck_assert(rc == 0 || rc == -EBADMSG);
        ck_assert_int_le(lease(&f), f.now + D_MAX);
        hy_buf_free(&bytes);
    }
    tear_down(&f);
}
END_TEST

START_TEST(thirty_two_nodes_fit_a_datagram)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 32, 7);
    set_up(&f, &options);
    ck_assert_uint_eq(f.sent.count, 31);
    ck_assert_uint_le(must_say(&f, HY_MEMBERSHIP_SEND)->size, 1200);
    tear_down(&f);
}
END_TEST

/* While a node that it knows is not admitted, a member introduces itself; whoever does not know it, and is of the same
 * cluster, passes that on. */
START_TEST(members_introduce_themselves_while_one_is_missing)
{
    static const char words[] = "enrol test1 id=1 address=172.100.102.151";
    struct fixture f, other;
    struct hy_membership_options options = options_of(1, 3, 3), lonely = options_of(9, 1, 1);
    options.lineage = lonely.lineage = 4711;
    options.introduction = words;
    options.introduction_size = strlen(words);
    lonely.nodes[0] = (struct hy_membership_peer){.id = 9, .voter = true};
    set_up(&f, &options);
    ck_assert_uint_eq(f.sent.introduction_size, 0); /* it is no member itself */
    member(&f, HY_MEMBERSHIP_COMMITTED, 1, true, 1, false);
    f.now = hy_membership_deadline(f.membership);
    tick(&f);
    const struct hy_membership_effect *said = must_say(&f, HY_MEMBERSHIP_SEND);
    set_up(&other, &lonely);
    struct hy_membership_event event = {
        .type = HY_MEMBERSHIP_MESSAGE, .from = 1, .data = said->data, .size = said->size};
    step(&other, &event);
    const struct hy_membership_effect *met = must_say(&other, HY_MEMBERSHIP_STRANGER);
    ck_assert_uint_eq(met->node, 1);
    ck_assert_uint_eq(met->size, strlen(words));
    ck_assert_mem_eq(met->data, words, met->size);
    tear_down(&other);
    lonely.lineage = 4712; /* another cluster's */
    set_up(&other, &lonely);
    struct hy_err err;
    hy_membership_effects_free(&other.effects);
    ck_assert_int_eq(hy_membership_step(other.membership, &event, other.now, &other.effects, &err), -EBADMSG);
    tear_down(&other);
    admit_all(&f, 3);
    f.now = hy_membership_deadline(f.membership);
    tick(&f);
    ck_assert_uint_eq(f.sent.introduction_size, 0);
    tear_down(&f);
}
END_TEST

static bool sends(struct fixture *f, hy_time after)
{
    uint64_t before = f->sent.number;
    f->now += after;
    promise(f, 2, before, 1);
    return f->sent.number > before;
}

START_TEST(a_heartbeat_that_is_due_soon_goes_out_with_another_s)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 3, 3);
    options.gather = HEARTBEAT_INTERVAL / 2;
    set_up(&f, &options);
    admit_all(&f, 3);
    promise(&f, 2, f.sent.number, 1); /* it is new: what is said of it goes out in any case */
    tick(&f);
    ck_assert(!sends(&f, HEARTBEAT_INTERVAL / 2 - 1));
    ck_assert(sends(&f, 1));
    ck_assert_int_eq(hy_membership_deadline(f.membership), f.now + HEARTBEAT_INTERVAL);
    ck_assert(!sends(&f, 1));
    /* A tick is no reason. */
    uint64_t before = f.sent.number;
    f.now += HEARTBEAT_INTERVAL - 2;
    tick(&f);
    ck_assert_uint_eq(f.sent.number, before);
    tear_down(&f);
}
END_TEST

START_TEST(options_are_checked)
{
    struct hy_membership *membership;
    struct hy_err err;
    struct hy_membership_options good = options_of(1, 3, 3);
    struct hy_membership_options o = good;
#define REFUSED(change)                                                                                                \
    do {                                                                                                               \
        o = good;                                                                                                      \
        change;                                                                                                        \
        err.text[0] = '\0';                                                                                            \
        ck_assert_int_eq(hy_membership_new(&o, T0, &membership, &err), -EINVAL);                                       \
        ck_assert_ptr_null(membership);                                                                                \
        ck_assert_uint_gt(strlen(err.text), 0);                                                                        \
    } while (0)
    REFUSED(o.heartbeat = 0);
    REFUSED(o.heartbeat = 80 * HY_MS);
    REFUSED(o.gather = -1);
    REFUSED(o.gather = HEARTBEAT_INTERVAL / 2 + 1);
    REFUSED(o.dead_after_max = D - 1);
    REFUSED(o.dead_after_max = 3600 * HY_SECOND);
    REFUSED(o.commit_wait = -1);
    REFUSED(o.release_margin = 80 * HY_MS);
    REFUSED(o.rho_ppm = 200000);
    REFUSED(o.node_count = 0);
    REFUSED(o.node_count = 33);
    REFUSED(o.incarnation = 0);
    REFUSED(o.self = 4);
    REFUSED(o.nodes[1].id = 1);
    REFUSED(o.nodes[1].id = 0);
#undef REFUSED
}
END_TEST

START_TEST(view_and_the_lowest_live)
{
    struct fixture f;
    struct hy_membership_options options = options_of(2, 4, 3);
    set_up(&f, &options);
    ck_assert_uint_eq(hy_membership_lowest_live(f.membership, 0, f.now), 2);
    ck_assert_uint_eq(hy_membership_lowest_live(f.membership, 2, f.now), 0);
    ck_assert(!hy_membership_quorum(f.membership, f.now));
    struct hy_membership_view v;
    ck_assert(!hy_membership_view(f.membership, 9, f.now, &v));
    ck_assert_int_eq(hy_membership_worst_case(f.membership), D + D * 2 / 1000 + HEARTBEAT_INTERVAL);
    tear_down(&f);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, lease_counts_from_sending_and_shorter);
    tcase_add_test(tcase, promises_for_another_incarnation_epoch_or_number_are_nothing);
    tcase_add_test(tcase, majority_of_an_even_number_is_more_than_half);
    tcase_add_test(tcase, one_node_has_a_lease_while_it_is_admitted);
    tcase_add_test(tcase, a_learner_needs_a_majority_and_promises_nothing);
    tcase_add_test(tcase, promise_is_kept_then_turns_at_once);
    tcase_add_test(tcase, turns_on_nobody_for_d_max_after_its_start);
    tcase_add_test(tcase, refusal_stands_for_h_even_when_the_node_is_heard);
    tcase_add_test(tcase, turns_on_one_that_is_heard_but_deaf);
    tcase_add_test(tcase, new_admission_ends_a_refusal_at_once);
    tcase_add_test(tcase, logged_verdict_ends_support_until_it_is_cut_off);
    tcase_add_test(tcase, unadmitted_incarnation_promises_nothing);
    tcase_add_test(tcase, condemns_with_a_majority_that_has_time_left);
    tcase_add_test(tcase, refusal_counts_from_sending);
    tcase_add_test(tcase, leader_releases_at_the_commit_when_a_majority_refuses);
    tcase_add_test(tcase, others_and_those_with_too_little_left_wait);
    tcase_add_test(tcase, admission_of_a_restarted_voter_forgets_what_it_refused);
    tcase_add_test(tcase, a_restarted_voter_has_to_refuse_anew);
    tcase_add_test(tcase, what_was_heard_before_is_not_heard_again);
    tcase_add_test(tcase, a_later_life_that_others_know_is_said);
    tcase_add_test(tcase, an_earlier_or_the_present_life_outlives_nobody);
    tcase_add_test(tcase, the_log_knows_of_a_later_life);
    tcase_add_test(tcase, admission_before_the_release_calls_it_off);
    tcase_add_test(tcase, a_late_node_restarts_its_count);
    tcase_add_test(tcase, link_down_gives_the_lease_up_until_new_heartbeats_are_echoed);
    tcase_add_test(tcase, restarted_node_with_a_verdict_in_its_log_withdraws_the_old_lease);
    tcase_add_test(tcase, lease_says_since_when_there_was_no_verdict);
    tcase_add_test(tcase, bad_messages_change_nothing);
    tcase_add_test(tcase, random_bytes_do_no_harm);
    tcase_add_test(tcase, thirty_two_nodes_fit_a_datagram);
    tcase_add_test(tcase, members_introduce_themselves_while_one_is_missing);
    tcase_add_test(tcase, a_heartbeat_that_is_due_soon_goes_out_with_another_s);
    tcase_add_test(tcase, options_are_checked);
    tcase_add_test(tcase, view_and_the_lowest_live);
}

int main(void)
{
    Suite *suite = suite_create("membership, rules");
    TCase *tcase = tcase_create("rules");
    tcase_set_timeout(tcase, 120);
    suite_add_tcase(suite, tcase);
    add_tests(tcase);
    return run_suite(suite);
}
