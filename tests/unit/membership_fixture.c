/* SPDX-License-Identifier: Apache-2.0 */
#include "membership_fixture.h"

#include "base/buf.h"

#include <string.h>

struct hy_membership_options options_of(uint32_t self, size_t nodes, size_t voters)
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

void step(struct fixture *f, const struct hy_membership_event *event)
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

void set_up(struct fixture *f, const struct hy_membership_options *options)
{
    memset(f, 0, sizeof *f);
    f->now = T0;
    struct hy_err err = {{0}};
    ck_assert_msg(hy_membership_new(options, f->now, &f->membership, &err) == 0, "%s", err.text);
    step(f, &(struct hy_membership_event){.type = HY_MEMBERSHIP_TICK});
}

void tear_down(struct fixture *f)
{
    hy_membership_effects_free(&f->effects);
    hy_membership_free(&f->membership);
}

void tick(struct fixture *f)
{
    step(f, &(struct hy_membership_event){.type = HY_MEMBERSHIP_TICK});
}

void run_until(struct fixture *f, hy_time until)
{
    while (hy_membership_deadline(f->membership) <= until) {
        f->now = hy_membership_deadline(f->membership);
        tick(f);
    }
    f->now = until;
}

void member(struct fixture *f, enum hy_membership_event_type type, uint32_t node, bool in, uint32_t epoch, bool led)
{
    step(f,
         &(struct hy_membership_event){
             .type = type, .node = node, .in = in, .epoch = epoch, .incarnation = INCARNATION + node - 1, .led = led});
}

void admit_all(struct fixture *f, uint32_t nodes)
{
    for (uint32_t node = 1; node <= nodes; node++)
        member(f, HY_MEMBERSHIP_COMMITTED, node, true, 1, false);
}

void say(struct fixture *f, uint32_t from, uint64_t echo, struct hy_heartbeat_about about)
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

void promise(struct fixture *f, uint32_t from, uint64_t echo, uint32_t epoch)
{
    say(f, from, echo, (struct hy_heartbeat_about){.node = 1, .promised = D, .epoch = epoch});
}

void refuse(struct fixture *f, uint32_t from, uint32_t node, uint32_t epoch, hy_time left)
{
    say(f, from, f->sent.number, (struct hy_heartbeat_about){.node = node, .refused = left, .epoch = epoch});
}

const struct hy_membership_effect *said(const struct fixture *f, enum hy_membership_effect_type type)
{
    for (size_t i = 0; i < f->effects.list.count; i++) {
        if (f->effects.list.items[i].type == type)
            return &f->effects.list.items[i];
    }
    return NULL;
}

const struct hy_membership_effect *must_say(const struct fixture *f, enum hy_membership_effect_type type)
{
    const struct hy_membership_effect *effect = said(f, type);
    ck_assert_msg(effect != NULL, "effect %d was not said", (int)type);
    return effect;
}

const struct hy_heartbeat_about *sent_about(const struct fixture *f, uint32_t node)
{
    for (size_t i = 0; i < f->sent.count; i++) {
        if (f->sent.about[i].node == node)
            return &f->sent.about[i];
    }
    ck_abort_msg("nothing was said about node %u", node);
    return NULL;
}

hy_time lease(const struct fixture *f)
{
    return hy_membership_lease(f->membership, f->now);
}

struct hy_membership_view view(const struct fixture *f, uint32_t node)
{
    struct hy_membership_view v;
    ck_assert(hy_membership_view(f->membership, node, f->now, &v));
    return v;
}
