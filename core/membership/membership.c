/* SPDX-License-Identifier: Apache-2.0 */
/* The step: an event changes what is known; then everything that follows from it, or from the time, is said. */
#include "membership/internal.h"

#include "base/buf.h"
#include "base/mutant.h"

#include <errno.h>
#include <inttypes.h>

static const hy_time OUTLIVED_AGAIN = 10 * HY_SECOND;

struct hy_membership_effect *hy_membership_emit(struct hy_membership_effects *effects,
                                                enum hy_membership_effect_type type)
{
    struct hy_membership_effect *effect = hy_vec_add(&effects->list);
    *effect = (struct hy_membership_effect){.type = type};
    return effect;
}

struct hy_membership_node *hy_membership_find(struct hy_membership *membership, uint32_t id)
{
    for (size_t i = 0; i < membership->count; i++) {
        if (membership->nodes[i].id == id)
            return &membership->nodes[i];
    }
    return NULL;
}

/* The index of a node, or `count`. Ids mostly come in order: looks from `place` on first. */
static size_t find_from(const struct hy_membership *m, uint32_t id, size_t place)
{
    for (size_t i = place; i < m->count && m->nodes[i].id <= id; i++) {
        if (m->nodes[i].id == id)
            return i;
    }
    for (size_t i = 0; i < m->count; i++) {
        if (m->nodes[i].id == id)
            return i;
    }
    return m->count;
}

static int check_times(const struct hy_membership_options *o, struct hy_err *err)
{
    if (o->heartbeat <= 0)
        return hy_fail(err, EINVAL, "heartbeat must be above 0");
    if (o->gather < 0 || o->gather > o->heartbeat / 2)
        return hy_fail(err, EINVAL, "gather must be 0 to half a heartbeat");
    if (o->dead_after < 2 * o->heartbeat)
        return hy_fail(err, EINVAL, "dead-after must be at least two heartbeats, is %" PRId64 " us of %" PRId64 " us",
                       o->dead_after, 2 * o->heartbeat);
    if (o->dead_after_max < o->dead_after)
        return hy_fail(err, EINVAL, "dead-after-max must be at least dead-after");
    if (o->commit_wait < 0 || o->dead_after_max > HY_HEARTBEAT_LONGEST / 4 || o->commit_wait > HY_HEARTBEAT_LONGEST / 4)
        return hy_fail(err, EINVAL, "dead-after-max and commit-wait must each be below %" PRId64 " s",
                       HY_HEARTBEAT_LONGEST / 4 / HY_SECOND);
    if (o->release_margin < 0 || o->release_margin + 2 * o->heartbeat >= o->dead_after)
        return hy_fail(err, EINVAL, "release-margin and two heartbeats together must be below dead-after");
    if (o->rho_ppm < 0 || o->rho_ppm > 100000)
        return hy_fail(err, EINVAL, "rho must be 0 to 100000 ppm, is %" PRId64, o->rho_ppm);
    return 0;
}

static int check_self(const struct hy_membership_options *o, struct hy_err *err)
{
    if (o->incarnation == 0)
        return hy_fail(err, EINVAL, "an incarnation must not be 0");
    for (size_t i = 0; i < o->node_count; i++) {
        if (o->nodes[i].id == o->self)
            return hy_membership_check_nodes(o->nodes, o->node_count, err);
    }
    return hy_fail(err, EINVAL, "this node, %" PRIu32 ", is not among the nodes", o->self);
}

static void keep_introduction(struct hy_membership *m, const void *introduction, size_t size)
{
    m->introduction_size = size > sizeof m->introduction ? 0 : size;
    if (m->introduction_size)
        memcpy(m->introduction, introduction, size);
}

int hy_membership_new(const struct hy_membership_options *options, hy_time now, struct hy_membership **membership,
                      struct hy_err *err)
{
    *membership = NULL;
    int rc = check_times(options, err);
    if (rc == 0)
        rc = check_self(options, err);
    if (rc < 0)
        return rc;
    struct hy_membership *m = hy_alloc(sizeof *m);
    m->incarnation = options->incarnation;
    m->heartbeat = options->heartbeat;
    m->dead_after = HY_MUTANT(DEAD_AFTER_SHORTER) ? options->dead_after * 3 / 4 : options->dead_after;
    m->dead_after_max = options->dead_after_max;
    m->commit_wait = options->commit_wait > 0 ? options->commit_wait : HY_SECOND;
    m->refuse_for = 2 * m->dead_after_max + m->commit_wait;
    m->release_margin = options->release_margin;
    m->rho_ppm = options->rho_ppm;
    m->gather = options->gather;
    m->started = m->now = m->deadline = m->next_heartbeat = m->looked_at = now;
    m->say_outlived = now + HY_SECOND;
    m->disk = options->disk;
    m->servers_index = options->servers_index;
    m->lineage = options->lineage;
    keep_introduction(m, options->introduction, options->introduction_size);
    hy_membership_wish_begin(m, options, now);
    m->count = 1;
    m->nodes[0] = (struct hy_membership_node){.id = options->self,
                                              .incarnation = options->incarnation,
                                              .disk = options->disk,
                                              .met_at = now,
                                              .count_from = now,
                                              .contact_from = now,
                                              .release_at = HY_NEVER};
    hy_membership_set_nodes(m, options->nodes, options->node_count, now);
    *membership = m;
    return 0;
}

void hy_membership_free(struct hy_membership **membership)
{
    if (!*membership)
        return;
    for (size_t i = 0; i < (*membership)->count; i++)
        hy_vec_free(&(*membership)->nodes[i].logged);
    free(*membership);
    *membership = NULL;
}

void hy_membership_effects_clear(struct hy_membership_effects *effects)
{
    for (size_t i = 0; i < effects->list.count; i++)
        free(effects->list.items[i].data);
    effects->list.count = 0;
}

void hy_membership_effects_free(struct hy_membership_effects *effects)
{
    hy_membership_effects_clear(effects);
    hy_vec_free(&effects->list);
}

uint64_t hy_membership_latest(const struct hy_membership_node *node)
{
    return node->incarnation > node->applied.incarnation ? node->incarnation : node->applied.incarnation;
}

/* A new incarnation remembers nothing that the old one said; what the old one promised to us still holds (it waits for
 * D_max after its start before it turns on anybody). */
static void meet(struct hy_membership *m, struct hy_membership_node *from, uint64_t incarnation, hy_time now)
{
    from->incarnation = incarnation;
    from->met_at = now;
    from->contact_from = now; /* it cannot have heard us yet */
    memset(from->opinions, 0, sizeof from->opinions);
    m->say_now = true;
}

static void hear(struct hy_membership *m, struct hy_membership_node *from, const struct hy_heartbeat *heartbeat,
                 hy_time now)
{
    if (heartbeat->incarnation != from->incarnation)
        meet(m, from, heartbeat->incarnation, now);
    else
        hy_membership_note_silence(m, from, now);
    from->number = heartbeat->number;
    from->disk = heartbeat->disk;
    from->servers_index = heartbeat->servers_index;
    from->lineage = heartbeat->lineage;
    from->blank = heartbeat->blank;
    from->heard_at = from->count_from = now;
    from->hears_us = false;
    hy_time sent = -1;
    size_t place = 0;
    for (size_t i = 0; i < heartbeat->count; i++) {
        const struct hy_heartbeat_about *about = &heartbeat->about[i];
        size_t at = find_from(m, about->node, place);
        if (at == m->count)
            continue;
        place = at + 1;
        from->opinions[at].hears = about->hears;
        if (at != m->self)
            continue;
        if (about->incarnation > m->later_life)
            m->later_life = about->incarnation;
        from->hears_us = about->hears && about->incarnation == m->incarnation;
        from->opinions[m->self].hears = from->hears_us; /* an earlier or later life is another one */
        hy_membership_take_promise(m, from, about, now);
        if (about->incarnation != m->incarnation || !hy_membership_sent_at(m, about->number, &sent))
            sent = -1;
    }
    if (from->hears_us) {
        from->contact_at = from->contact_from = now;
        from->hinted = 0;
        from->turned = false;
    }
    hy_membership_take_refusals(m, from, heartbeat, sent);
}

static void say_outlived(struct hy_membership *m, hy_time now, struct hy_membership_effects *effects)
{
    if (m->later_life <= m->incarnation || now < m->say_outlived)
        return;
    m->say_outlived = now + OUTLIVED_AGAIN;
    struct hy_membership_effect *effect = hy_membership_emit(effects, HY_MEMBERSHIP_OUTLIVED);
    effect->node = m->nodes[m->self].id;
    effect->incarnation = m->later_life;
}

static bool meet_stranger(const struct hy_membership *m, uint32_t from, const struct hy_heartbeat *heartbeat,
                          struct hy_membership_effects *effects)
{
    if (!heartbeat->introduction_size || !m->lineage || heartbeat->lineage != m->lineage)
        return false;
    struct hy_membership_effect *effect = hy_membership_emit(effects, HY_MEMBERSHIP_STRANGER);
    effect->node = from;
    effect->size = heartbeat->introduction_size;
    effect->data = hy_alloc(effect->size);
    memcpy(effect->data, heartbeat->introduction, effect->size);
    return true;
}

static int take_message(struct hy_membership *m, const struct hy_membership_event *event, hy_time now,
                        struct hy_membership_effects *effects, struct hy_err *err)
{
    struct hy_membership_node *from = hy_membership_find(m, event->from);
    struct hy_heartbeat heartbeat;
    int rc = hy_heartbeat_decode(event->data, event->size, &heartbeat, err);
    if (rc < 0)
        return hy_fail_in(err, rc, "node %" PRIu32, event->from);
    if (!from && meet_stranger(m, event->from, &heartbeat, effects))
        return 0;
    if (!from || from == &m->nodes[m->self])
        return hy_fail(err, EBADMSG, "heartbeat from %" PRIu32 ", which is no other node of this cluster", event->from);
    if (heartbeat.dead_after_max != m->dead_after_max) {
        hy_membership_other_bound(m, from, &heartbeat, effects);
        return hy_fail(err, EBADMSG,
                       "node %" PRIu32 " counts with dead-after-max %" PRId64 " us, this node with %" PRId64
                       " us; it must be the same on all",
                       event->from, heartbeat.dead_after_max, m->dead_after_max);
    }
    bool old = heartbeat.incarnation < hy_membership_latest(from) ||
               (heartbeat.incarnation == from->incarnation && heartbeat.number <= from->number);
    if (!old) {
        hear(m, from, &heartbeat, now);
        hy_membership_compare_promise(m, from, &heartbeat, now, effects);
    }
    say_outlived(m, now, effects);
    return 0;
}

/* The others wait for this node to say which set it has applied. */
static int take_nodes(struct hy_membership *m, const struct hy_membership_event *event, hy_time now, struct hy_err *err)
{
    int rc = hy_membership_check_nodes(event->nodes, event->count, err);
    if (rc < 0)
        return rc;
    m->servers_index = event->number;
    m->lineage = event->lineage;
    keep_introduction(m, event->introduction, event->introduction_size);
    hy_membership_set_nodes(m, event->nodes, event->count, now);
    m->say_now = true;
    return 0;
}

static int take_event(struct hy_membership *m, const struct hy_membership_event *event, hy_time now,
                      struct hy_membership_effects *effects, struct hy_err *err)
{
    struct hy_membership_node *node;
    switch (event->type) {
    case HY_MEMBERSHIP_TICK:
        return 0;
    case HY_MEMBERSHIP_MESSAGE:
        return take_message(m, event, now, effects, err);
    case HY_MEMBERSHIP_LOGGED:
    case HY_MEMBERSHIP_UNLOGGED:
    case HY_MEMBERSHIP_COMMITTED:
    case HY_MEMBERSHIP_RESTORED:
        node = hy_membership_find(m, event->node);
        if (!node)
            return hy_fail(err, EINVAL, "member command about node %" PRIu32 ", which is not among the nodes",
                           event->node);
        hy_membership_log_event(m, node, event, now, effects);
        return 0;
    case HY_MEMBERSHIP_LINK_DOWN:
        hy_membership_drop_promises(m);
        return 0;
    case HY_MEMBERSHIP_NODES:
        return take_nodes(m, event, now, err);
    case HY_MEMBERSHIP_SETTINGS:
        return hy_membership_take_settings(m, event, err);
    case HY_MEMBERSHIP_HELD_UP:
        hy_membership_held_up(m, event, now, effects);
        return 0;
    default:
        return hy_fail(err, EINVAL, "membership: event %d is not known", (int)event->type);
    }
}

static void say_alive(struct hy_membership *m, hy_time now, struct hy_membership_effects *effects)
{
    for (size_t i = 0; i < m->count; i++) {
        struct hy_membership_node *node = &m->nodes[i];
        if (!hy_membership_heard(m, node, now)) {
            node->told = false;
            continue;
        }
        bool known =
            node->told && node->told_incarnation == node->incarnation && node->told_epoch == node->applied.epoch;
        if (known || (!node->applied.in && !hy_membership_admissible(m, node, now)))
            continue;
        node->told = true;
        node->told_incarnation = node->incarnation;
        node->told_epoch = node->applied.epoch;
        struct hy_membership_effect *effect = hy_membership_emit(effects, HY_MEMBERSHIP_ALIVE);
        effect->node = node->id;
        effect->epoch = node->applied.epoch;
        effect->incarnation = node->incarnation;
    }
}

/* Some node may not know this one: it is not in. */
static bool is_one_missing(const struct hy_membership *m)
{
    for (size_t i = 0; i < m->count; i++)
        if (i != m->self && !m->nodes[i].applied.in)
            return true;
    return false;
}

static void send_heartbeat(struct hy_membership *m, hy_time now, struct hy_membership_effects *effects)
{
    hy_membership_refresh_refusals(m, now);
    struct hy_heartbeat heartbeat; /* of `about` no more is looked at than is there */
    heartbeat.incarnation = m->incarnation;
    heartbeat.number = ++m->number;
    heartbeat.disk = m->disk;
    heartbeat.servers_index = m->servers_index;
    heartbeat.lineage = m->lineage;
    heartbeat.blank = m->voters == 0;
    heartbeat.dead_after_max = m->dead_after_max;
    heartbeat.count = 0;
    bool introduces = m->introduction_size && m->nodes[m->self].applied.in && is_one_missing(m);
    heartbeat.introduction = m->introduction;
    heartbeat.introduction_size = introduces ? m->introduction_size : 0;
    m->sent[m->number % HY_MEMBERSHIP_SENT] = now;
    hy_membership_give_promises(m, &heartbeat, now);
    struct hy_buf out = {0};
    hy_heartbeat_encode(&heartbeat, &out);
    struct hy_membership_effect *effect = hy_membership_emit(effects, HY_MEMBERSHIP_SEND);
    effect->size = out.size;
    effect->data = hy_buf_take(&out);
    m->say_now = false;
    m->next_heartbeat = now + m->heartbeat;
}

static void set_deadline(struct hy_membership *m, hy_time now)
{
    hy_time at = m->say_now ? now : m->next_heartbeat;
    for (size_t i = 0; i < m->count; i++) {
        const struct hy_membership_node *node = &m->nodes[i];
        hy_time silent = node->count_from + m->dead_after; /* no longer heard */
        hy_time turn = hy_membership_turn_at(m, node);
        if (silent > now && silent < at && i != m->self)
            at = silent;
        if (turn > now && turn < at && i != m->self)
            at = turn;
        if (node->release_at < at)
            at = node->release_at;
    }
    if (m->lease_said > now && m->lease_said < at)
        at = m->lease_said;
    m->deadline = at;
}

/* Most heartbeats are news to nobody: then neither turn() nor judge() nor say_alive() has anything to do, and one look at
 * each node is enough to know it. */
static bool is_all_as_before(const struct hy_membership *m, hy_time now)
{
    bool may_turn = hy_membership_may_promise(m);
    hy_time left = m->dead_after_max + m->commit_wait;
    for (size_t i = 0; i < m->count; i++) {
        const struct hy_membership_node *node = &m->nodes[i];
        if (node->release_at <= now || node->condemned || node->refusals_until - now > left)
            return false;
        bool known =
            node->told && node->told_incarnation == node->incarnation && node->told_epoch == node->applied.epoch;
        if (hy_membership_heard(m, node, now) ? !known : node->told)
            return false;
        if (may_turn && i != m->self && !node->turned && node->applied.in && now >= hy_membership_turn_at(m, node))
            return false;
    }
    return true;
}

int hy_membership_step(struct hy_membership *membership, const struct hy_membership_event *event, hy_time now,
                       struct hy_membership_effects *effects, struct hy_err *err)
{
    struct hy_membership *m = membership;
    if (now < m->now)
        now = m->now;
    m->now = now;
    hy_membership_doubt_self(m, now, effects);
    int rc = take_event(m, event, now, effects, err);
    if (!is_all_as_before(m, now)) {
        hy_membership_turn(m, now, effects);
        hy_membership_judge(m, now, effects);
        say_alive(m, now, effects);
    }
    hy_membership_renew_lease(m, now, effects);
    /* Woken up by another's heartbeat, it sends its own if that is due soon. So all come to send at the same time, and each
     * wakes up once for all, where it would for each. */
    bool early = rc == 0 && event->type == HY_MEMBERSHIP_MESSAGE;
    bool may_send = event->type == HY_MEMBERSHIP_TICK || event->type == HY_MEMBERSHIP_MESSAGE;
    if (may_send && (m->say_now || now >= m->next_heartbeat - (early ? m->gather : 0)))
        send_heartbeat(m, now, effects);
    hy_membership_say_wish(m, now, effects);
    set_deadline(m, now);
    return rc;
}

hy_time hy_membership_deadline(const struct hy_membership *membership)
{
    return membership->deadline;
}
