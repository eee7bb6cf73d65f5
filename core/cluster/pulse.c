/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mutant.h"
#include "cluster/internal.h"

/* A sender is told of to the main thread so often: what follows from it can wait that long. */
static const hy_time HEARD_AGAIN = 200 * HY_MS;
/* Printing, reading and deciding upon the largest configurations takes a good part of a second on a slow machine. */
static const hy_time LEAST_PATIENCE = 2 * HY_SECOND;

static void enter(const struct hy_pulse *pulse)
{
    if (pulse->gate.enter)
        pulse->gate.enter(pulse->gate.context);
}

static void leave(const struct hy_pulse *pulse)
{
    if (pulse->gate.leave)
        pulse->gate.leave(pulse->gate.context);
}

/* Of the main thread, which may be inside already. */
static void enter_main(const struct hy_pulse *pulse)
{
    if (!pulse->begun)
        enter(pulse);
}

static void leave_main(const struct hy_pulse *pulse)
{
    if (!pulse->begun)
        leave(pulse);
}

int hy_pulse_new(const struct hy_membership_options *options, const struct hy_pulse_gate *gate, hy_time now,
                 struct hy_pulse **pulse, struct hy_err *err)
{
    struct hy_membership *membership;
    *pulse = NULL;
    int rc = hy_membership_new(options, now, &membership, err);
    if (rc)
        return rc;
    struct hy_pulse *p = hy_alloc(sizeof *p);
    p->membership = membership;
    p->gate = *gate;
    p->now = p->alive_at = now;
    p->patience = hy_pulse_patience(options->dead_after_max);
    *pulse = p;
    return 0;
}

void hy_pulse_free(struct hy_pulse **pulse)
{
    if (!*pulse)
        return;
    hy_membership_free(&(*pulse)->membership);
    hy_membership_effects_free(&(*pulse)->said);
    hy_pulse_news_free(&(*pulse)->news);
    free(*pulse);
    *pulse = NULL;
}

void hy_pulse_news_free(struct hy_pulse_news *news)
{
    hy_membership_effects_free(&news->effects);
}

/* ---- within the gate */

static hy_time later(hy_time a, hy_time b)
{
    return a > b ? a : b;
}

/* The two threads read their clocks before they come in. */
static hy_time note_time(struct hy_pulse *pulse, hy_time now)
{
    pulse->now = later(pulse->now, now);
    return pulse->now;
}

static void tell_lease(struct hy_pulse *pulse)
{
    hy_time at = pulse->lease;
    if (pulse->rule != HY_PULSE_COUNTS)
        at = pulse->rule == HY_PULSE_WAIVED ? HY_NEVER : 0;
    if (at == pulse->told || (at && pulse->begun)) /* what is given by a half of what is said may be wrong */
        return;
    pulse->told = at;
    pulse->gate.lease(pulse->gate.context, at, pulse->since);
}

/* That it goes on as it was is no news. */
static bool take_lease(struct hy_pulse *pulse, const struct hy_membership_effect *effect)
{
    bool same = (effect->at == 0) == (pulse->lease == 0) && effect->epoch == pulse->lease_epoch;
    if (effect->at)
        pulse->since = effect->since;
    pulse->lease = effect->at;
    pulse->lease_epoch = effect->epoch;
    tell_lease(pulse);
    return !same;
}

static void send(struct hy_cluster_effects *effects, struct hy_membership_effect *effect)
{
    struct hy_cluster_effect *out = hy_vec_add(&effects->list);
    *out = (struct hy_cluster_effect){
        .type = HY_CLUSTER_SEND_HEARTBEAT, .to = effect->to, .data = effect->data, .size = effect->size};
    effect->data = NULL;
}

/* Heartbeats and the lease at once, the rest for the main thread. */
static void sort(struct hy_pulse *pulse, struct hy_cluster_effects *effects)
{
    for (size_t i = 0; i < pulse->said.list.count; i++) {
        struct hy_membership_effect *effect = &pulse->said.list.items[i];
        bool news = true;
        if (effect->type == HY_MEMBERSHIP_SEND) {
            send(effects, effect);
            news = false;
        } else if (effect->type == HY_MEMBERSHIP_LEASE) {
            news = take_lease(pulse, effect);
        }
        if (news) {
            hy_vec_push(&pulse->news.effects.list, *effect);
            effect->data = NULL;
            pulse->news.any = true;
        }
    }
    hy_membership_effects_clear(&pulse->said);
}

/* What the cluster's parts look at without being told: who is there, and what a blank node waits for. */
static uint64_t sight_of(struct hy_pulse *pulse, uint32_t node)
{
    struct hy_membership_view view;
    if (!hy_membership_view(pulse->membership, node, pulse->now, &view))
        return 0;
    return (view.disk ^ view.servers_index * 31) * 8 + (uint64_t)(view.heard * 4 + view.hears_us * 2 + view.blank);
}

/* Who has sent, for the main thread: at once when it is news, else now and then. */
static void note_sender(struct hy_pulse *pulse, uint32_t from)
{
    struct pulse_sender *sender = NULL;
    for (size_t i = 0; i < PULSE_SENDERS && !sender; i++)
        if (pulse->senders[i].id == from)
            sender = &pulse->senders[i];
    if (!sender) {
        sender = &pulse->senders[pulse->next_sender++ % PULSE_SENDERS];
        *sender = (struct pulse_sender){.id = from, .said = pulse->now - HEARD_AGAIN};
    }
    uint64_t sight = sight_of(pulse, from);
    if (sight == sender->sight && pulse->now - sender->said < HEARD_AGAIN)
        return;
    sender->sight = sight;
    sender->said = pulse->now;
    struct hy_pulse_news *news = &pulse->news;
    for (size_t i = 0; i < news->heard_count; i++)
        if (news->heard[i] == from)
            return;
    if (news->heard_count < PULSE_SENDERS)
        news->heard[news->heard_count++] = from;
    news->any = true;
}

static void note_quorum(struct hy_pulse *pulse)
{
    bool quorum = hy_membership_quorum(pulse->membership, pulse->now);
    pulse->news.any = pulse->news.any || quorum != pulse->quorum;
    pulse->quorum = quorum;
}

/* ---- does the main thread go on? */

hy_time hy_pulse_patience(hy_time dead_after_max)
{
    return later(4 * dead_after_max, LEAST_PATIENCE);
}

/* Who was late itself accuses nobody. */
static bool hangs(struct hy_pulse *pulse, hy_time now)
{
    hy_time late = now - hy_membership_deadline(pulse->membership);
    if (!pulse->silent && late > 0)
        pulse->alive_at = pulse->alive_at + late < now ? pulse->alive_at + late : now;
    return now - pulse->alive_at > pulse->patience && !HY_MUTANT(HUNG_LOOKS_ALIVE);
}

void hy_pulse_alive(struct hy_pulse *pulse, hy_time now)
{
    enter(pulse);
    now = note_time(pulse, now);
    pulse->woken = false;
    if (pulse->silent) {
        pulse->silent = false;
        pulse->news.any = true;
        pulse->news.hung = now - pulse->alive_at;
        if (pulse->gate.sooner)
            pulse->gate.sooner(pulse->gate.context);
    }
    pulse->alive_at = now;
    leave(pulse);
}

/* Idle, it is woken now and then, to say that it is there. */
bool hy_pulse_wakes(struct hy_pulse *pulse)
{
    enter(pulse);
    bool wakes = !pulse->woken && (pulse->news.any || pulse->now - pulse->alive_at > pulse->patience / 4);
    pulse->woken = pulse->woken || wakes;
    leave(pulse);
    return wakes;
}

/* ---- the thread of heartbeats */

static enum hy_membership_event_type kind_of(const struct hy_cluster_event *event)
{
    switch (event->type) {
    case HY_CLUSTER_HEARTBEAT:
        return HY_MEMBERSHIP_MESSAGE;
    case HY_CLUSTER_LINKS_DOWN:
        return HY_MEMBERSHIP_LINK_DOWN;
    case HY_CLUSTER_HELD_UP:
        return HY_MEMBERSHIP_HELD_UP;
    default:
        return HY_MEMBERSHIP_TICK;
    }
}

int hy_pulse_step(struct hy_pulse *pulse, const struct hy_cluster_event *event, hy_time now,
                  struct hy_cluster_effects *effects, struct hy_err *err)
{
    int rc = 0;
    enter(pulse);
    now = note_time(pulse, now);
    pulse->silent = pulse->silent || hangs(pulse, now);
    if (!pulse->silent) {
        const struct hy_membership_event step = {.type = kind_of(event),
                                                 .from = event->from,
                                                 .data = event->data,
                                                 .size = event->size,
                                                 .at = event->at,
                                                 .hint = event->hint};
        rc = hy_membership_step(pulse->membership, &step, now, &pulse->said, err);
        sort(pulse, effects);
        if (event->type == HY_CLUSTER_HEARTBEAT)
            note_sender(pulse, event->from);
        note_quorum(pulse);
    }
    leave(pulse);
    return rc;
}

bool hy_pulse_accuses(const struct hy_pulse *pulse, hy_time now)
{
    enter(pulse);
    bool accuses = hy_membership_accuses(pulse->membership, later(now, pulse->now));
    leave(pulse);
    return accuses;
}

hy_time hy_pulse_deadline(const struct hy_pulse *pulse)
{
    enter(pulse);
    hy_time at = pulse->silent ? HY_NEVER : hy_membership_deadline(pulse->membership);
    leave(pulse);
    return at;
}

/* ---- the cluster's other parts */

void hy_pulse_begin(struct hy_pulse *pulse)
{
    if (HY_MUTANT(SAID_IN_PIECES))
        return;
    enter_main(pulse);
    pulse->begun++;
}

void hy_pulse_end(struct hy_pulse *pulse)
{
    if (HY_MUTANT(SAID_IN_PIECES))
        return;
    if (!--pulse->begun)
        tell_lease(pulse);
    leave_main(pulse);
}

/* What is to be said to the others because of it, the thread of heartbeats says. */
int hy_pulse_feed(struct hy_pulse *pulse, const struct hy_membership_event *event, hy_time now, struct hy_err *err)
{
    enter_main(pulse);
    now = note_time(pulse, now);
    hy_time before = hy_membership_deadline(pulse->membership);
    struct hy_cluster_effects none = {0};
    int rc = hy_membership_step(pulse->membership, event, now, &pulse->said, err);
    sort(pulse, &none);
    hy_cluster_effects_free(&none);
    if (pulse->gate.sooner && hy_membership_deadline(pulse->membership) < before)
        pulse->gate.sooner(pulse->gate.context);
    leave_main(pulse);
    return rc;
}

void hy_pulse_set_rule(struct hy_pulse *pulse, enum hy_pulse_rule rule)
{
    enter_main(pulse);
    pulse->rule = rule;
    tell_lease(pulse);
    leave_main(pulse);
}

bool hy_pulse_take(struct hy_pulse *pulse, struct hy_pulse_news *news)
{
    enter_main(pulse);
    struct hy_pulse_news empty = *news;
    *news = pulse->news;
    empty.effects.list.count = empty.heard_count = 0;
    empty.hung = 0;
    empty.any = false;
    pulse->news = empty;
    leave_main(pulse);
    return news->any;
}

hy_time hy_pulse_lease(const struct hy_pulse *pulse)
{
    enter_main(pulse);
    hy_time at = pulse->lease > pulse->now ? pulse->lease : 0;
    leave_main(pulse);
    return at;
}

hy_time hy_pulse_lease_told(const struct hy_pulse *pulse)
{
    enter_main(pulse);
    hy_time at = pulse->told;
    leave_main(pulse);
    return at;
}

bool hy_pulse_view(const struct hy_pulse *pulse, uint32_t node, hy_time now, struct hy_membership_view *view)
{
    enter_main(pulse);
    bool known = hy_membership_view(pulse->membership, node, later(now, pulse->now), view);
    leave_main(pulse);
    return known;
}

bool hy_pulse_quorum(const struct hy_pulse *pulse, hy_time now)
{
    enter_main(pulse);
    bool quorum = hy_membership_quorum(pulse->membership, later(now, pulse->now));
    leave_main(pulse);
    return quorum;
}

hy_time hy_pulse_worst_case(const struct hy_pulse *pulse)
{
    enter_main(pulse);
    hy_time longest = hy_membership_worst_case(pulse->membership);
    leave_main(pulse);
    return longest;
}

struct hy_membership_wish hy_pulse_wish(const struct hy_pulse *pulse)
{
    enter(pulse);
    struct hy_membership_wish wish = hy_membership_wish(pulse->membership);
    leave(pulse);
    return wish;
}

hy_time hy_pulse_dead_after(const struct hy_pulse *pulse)
{
    enter(pulse);
    hy_time dead_after = hy_membership_dead_after(pulse->membership);
    leave(pulse);
    return dead_after;
}
