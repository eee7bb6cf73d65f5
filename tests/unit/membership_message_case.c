/* SPDX-License-Identifier: Apache-2.0 */
/* What is said in heartbeats, what is no heartbeat, and what is seen from outside. */
#include "membership_fixture.h"

#include "base/buf.h"

#include <errno.h>
#include <string.h>

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

/* While one that it knows is not admitted. Who does not know it, and is of the same cluster, passes that on. */
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
    run_until(&f, hy_membership_deadline(f.membership));
    const struct hy_membership_effect *said = must_say(&f, HY_MEMBERSHIP_SEND);
    const struct hy_membership_event event = {
        .type = HY_MEMBERSHIP_MESSAGE, .from = 1, .data = said->data, .size = said->size};
    set_up(&other, &lonely);
    step(&other, &event);
    const struct hy_membership_effect *met = must_say(&other, HY_MEMBERSHIP_STRANGER);
    ck_assert(met->size == strlen(words) && !memcmp(met->data, words, met->size));
    tear_down(&other);
    lonely.lineage = 4712; /* another cluster's */
    set_up(&other, &lonely);
    ck_assert_int_eq(hy_membership_step(other.membership, &event, other.now, &other.effects, NULL), -EBADMSG);
    tear_down(&other);
    admit_all(&f, 3);
    run_until(&f, hy_membership_deadline(f.membership));
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
    struct hy_membership_options good = options_of(1, 3, 3), o = good;
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

void membership_message_tests(TCase *tcase)
{
    tcase_add_test(tcase, bad_messages_change_nothing);
    tcase_add_test(tcase, random_bytes_do_no_harm);
    tcase_add_test(tcase, thirty_two_nodes_fit_a_datagram);
    tcase_add_test(tcase, members_introduce_themselves_while_one_is_missing);
    tcase_add_test(tcase, a_heartbeat_that_is_due_soon_goes_out_with_another_s);
    tcase_add_test(tcase, options_are_checked);
    tcase_add_test(tcase, view_and_the_lowest_live);
}
