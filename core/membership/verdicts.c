/* SPDX-License-Identifier: Apache-2.0 */
/* Turning on the silent, what others say of them, and what the log has decided. */
#include "membership/internal.h"

#include "base/mutant.h"

static hy_time later(hy_time a, hy_time b)
{
    return a > b ? a : b;
}

bool hy_membership_verdict_logged(const struct hy_membership_node *node)
{
    for (size_t i = 0; i < node->logged.count; i++) {
        if (!node->logged.items[i].in && node->logged.items[i].epoch > node->applied.epoch)
            return !HY_MUTANT(UNCOMMITTED_VERDICT_IGNORED);
    }
    return !node->applied.in;
}

static struct hy_membership_entry newest_admission(const struct hy_membership_node *node)
{
    for (size_t i = node->logged.count; i > 0; i--) {
        if (node->logged.items[i - 1].in)
            return node->logged.items[i - 1];
    }
    return node->applied;
}

/* The earliest moment at which this node may turn on `node`. Three promises stand before it: what was said to the node; what an
 * earlier incarnation of this node may have said; and D without contact: either silence, or it said that it does not hear us. */
hy_time hy_membership_turn_at(const struct hy_membership *m, const struct hy_membership_node *node)
{
    if (HY_MUTANT(PROMISE_NOT_KEPT))
        return node->contact_from + m->dead_after / 3;
    /* D may have become shorter since: what was promised under the longer one is kept. */
    hy_time promised = HY_MUTANT(PROMISE_SHORTENED) ? 0 : node->promised_until;
    hy_time at = later(promised, m->started + m->dead_after_max);
    return later(at, node->contact_from + m->dead_after);
}

bool hy_membership_must_turn(const struct hy_membership *m, const struct hy_membership_node *node, hy_time now)
{
    return node != &m->nodes[m->self] && hy_membership_may_promise(m) && node->applied.in &&
           now >= hy_membership_turn_at(m, node);
}

static void refuse(const struct hy_membership *m, struct hy_membership_node *node, hy_time now)
{
    node->refused_until = later(node->refused_until, now + m->refuse_for);
    node->refusals_until = later(node->refusals_until, node->refused_until);
}

void hy_membership_turn(struct hy_membership *m, hy_time now, struct hy_membership_effects *effects)
{
    if (!hy_membership_may_promise(m))
        return;
    for (size_t i = 0; i < m->count; i++) {
        struct hy_membership_node *node = &m->nodes[i];
        if (node->turned || !hy_membership_must_turn(m, node, now))
            continue;
        node->turned = true;
        refuse(m, node, now);
        m->say_now = true;
        struct hy_membership_effect *effect = hy_membership_emit(effects, HY_MEMBERSHIP_SUSPECT);
        effect->node = node->id;
        effect->epoch = node->applied.epoch;
        effect->incarnation = node->incarnation;
        effect->why = hy_membership_why_silent(m, node, now);
    }
}

/* Before each heartbeat: who is still silent is refused for another H. */
void hy_membership_refresh_refusals(struct hy_membership *m, hy_time now)
{
    for (size_t i = 0; i < m->count; i++) {
        struct hy_membership_node *node = &m->nodes[i];
        if (node->turned && hy_membership_must_turn(m, node, now))
            refuse(m, node, now);
    }
}

void hy_membership_take_refusals(struct hy_membership *m, struct hy_membership_node *from,
                                 const struct hy_heartbeat *heartbeat, hy_time sent)
{
    if (!hy_membership_has_say(from) || sent < 0)
        return;
    for (size_t i = 0; i < heartbeat->count; i++) {
        const struct hy_heartbeat_about *about = &heartbeat->about[i];
        struct hy_membership_node *node = about->refused ? hy_membership_find(m, about->node) : NULL;
        if (!node)
            continue;
        struct hy_membership_opinion *opinion = &from->opinions[node - m->nodes];
        hy_time until = sent + hy_membership_shorter(m, about->refused);
        if (about->epoch > opinion->epoch || (about->epoch == opinion->epoch && until > opinion->refused_until)) {
            opinion->epoch = about->epoch;
            opinion->refused_until = until;
            node->refusals_until = later(node->refusals_until, until);
        }
    }
}

static bool refuses(const struct hy_membership *m, const struct hy_membership_node *voter,
                    const struct hy_membership_node *node, hy_time now, hy_time left)
{
    if (!hy_membership_has_say(voter))
        return false;
    if (voter == &m->nodes[m->self])
        return hy_membership_may_promise(m) && node->refused_until - now > left;
    /* A voter that restarted has forgotten whom it refused: from when its admission is in our log, so have we. */
    const struct hy_membership_opinion *opinion = &voter->opinions[node - m->nodes];
    return newest_admission(voter).incarnation == voter->incarnation && opinion->epoch >= node->in_epoch &&
           opinion->refused_until - now > left;
}

size_t hy_membership_against(const struct hy_membership *m, const struct hy_membership_node *node, hy_time now,
                             hy_time left)
{
    size_t count = 0;
    if (node->refusals_until - now <= left)
        return 0;
    for (size_t i = 0; i < m->count; i++)
        count += refuses(m, &m->nodes[i], node, now, left);
    return count;
}

static void say_released(struct hy_membership_node *node, struct hy_membership_effects *effects)
{
    node->release_at = HY_NEVER;
    node->released = true;
    struct hy_membership_effect *effect = hy_membership_emit(effects, HY_MEMBERSHIP_RELEASED);
    effect->node = node->id;
    effect->epoch = node->applied.epoch;
}

void hy_membership_judge(struct hy_membership *m, hy_time now, struct hy_membership_effects *effects)
{
    hy_time left = m->dead_after_max + m->commit_wait;
    for (size_t i = 0; i < m->count; i++) {
        struct hy_membership_node *node = &m->nodes[i];
        if (node->release_at <= now)
            say_released(node, effects);
        bool condemned = node->refusals_until - now > left && !hy_membership_verdict_logged(node) &&
                         hy_membership_against(m, node, now, left) >= m->majority;
        if (condemned && !node->condemned) {
            struct hy_membership_effect *effect = hy_membership_emit(effects, HY_MEMBERSHIP_CONDEMN);
            effect->node = node->id;
            effect->epoch = node->applied.epoch;
            effect->incarnation = node->applied.incarnation;
        }
        node->condemned = condemned;
    }
}

static void admit(struct hy_membership *m, struct hy_membership_node *node, struct hy_membership_entry entry,
                  hy_time now)
{
    /* After a jump (a snapshot) there may have been a verdict between. */
    if (!node->applied.in || entry.epoch != node->applied.epoch + 1)
        node->since = HY_MUTANT(OLD_LIFE_GOES_ON) ? 1 : entry.epoch;
    node->applied = entry;
    node->in_epoch = entry.epoch;
    node->release_at = HY_NEVER;
    node->released = false;
    node->turned = false;
    node->refused_until = 0; /* was about the epochs before */
    node->promised_until = later(node->promised_until, now + m->dead_after);
    if (node->incarnation == entry.incarnation) {
        node->told = true;
        node->told_incarnation = entry.incarnation;
        node->told_epoch = entry.epoch;
    }
    m->say_now = true;
}

static void condemn(struct hy_membership *m, struct hy_membership_node *node, struct hy_membership_entry entry,
                    bool fast, hy_time now, struct hy_membership_effects *effects)
{
    bool over = node->released ||
                (fast && node->applied.in && hy_membership_against(m, node, now, m->dead_after_max) >= m->majority);
    uint64_t before = node->applied.incarnation; /* after a jump there may have been a later one */
    node->applied = (struct hy_membership_entry){
        .epoch = entry.epoch, .incarnation = entry.incarnation > before ? entry.incarnation : before};
    node->turned = false;
    if (over || HY_MUTANT(RELEASED_AT_ONCE))
        say_released(node, effects);
    else if (node->release_at == HY_NEVER)
        node->release_at = now + hy_membership_longer(m, m->dead_after_max);
}

static void apply(struct hy_membership *m, struct hy_membership_node *node, struct hy_membership_entry entry, bool fast,
                  hy_time now, struct hy_membership_effects *effects)
{
    if (entry.in)
        admit(m, node, entry, now);
    else
        condemn(m, node, entry, fast, now, effects);
}

static bool same_entry(const struct hy_membership_entry *a, const struct hy_membership_entry *b)
{
    return a->in == b->in && a->epoch == b->epoch && (!a->in || a->incarnation == b->incarnation);
}

/* The log is cut from its end, and applied from its beginning. */
static void drop_logged(struct hy_membership_node *node, const struct hy_membership_entry *entry, bool last)
{
    for (size_t n = 0; n < node->logged.count; n++) {
        size_t at = last ? node->logged.count - 1 - n : n;
        if (same_entry(&node->logged.items[at], entry)) {
            hy_vec_remove(&node->logged, at);
            return;
        }
    }
}

static void drop_older(struct hy_membership_node *node, uint32_t epoch)
{
    for (size_t i = node->logged.count; i-- > 0;) {
        if (node->logged.items[i].epoch <= epoch)
            hy_vec_remove(&node->logged, i);
    }
}

void hy_membership_log_event(struct hy_membership *m, struct hy_membership_node *node,
                             const struct hy_membership_event *event, hy_time now,
                             struct hy_membership_effects *effects)
{
    struct hy_membership_entry entry = {.in = event->in, .epoch = event->epoch, .incarnation = event->incarnation};
    switch (event->type) {
    case HY_MEMBERSHIP_LOGGED:
        hy_vec_push(&node->logged, entry);
        break;
    case HY_MEMBERSHIP_UNLOGGED:
        drop_logged(node, &entry, true);
        break;
    case HY_MEMBERSHIP_COMMITTED:
        drop_logged(node, &entry, false);
        if (entry.epoch == node->applied.epoch + 1)
            apply(m, node, entry, event->led, now, effects);
        break;
    case HY_MEMBERSHIP_RESTORED:
        drop_older(node, entry.epoch);
        if (entry.epoch > node->applied.epoch)
            apply(m, node, entry, false, now, effects);
        break;
    default:
        break;
    }
    if (node == &m->nodes[m->self] && !entry.in)
        m->withdraw = true;
}
