/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dead-after as all have agreed on it: docs/decisions/adaptive-detection.md. What membership wishes goes into the log, and what
 * the applied state wishes goes to membership. Each node counts it from the same state by the same rule.
 */
#include "cib/command.h"
#include "cluster/internal.h"

static const hy_time AGAIN = HY_SECOND; /* after a command that was refused */

void hy_detection_init(struct hy_cluster *c, const struct hy_membership_options *options, hy_time now)
{
    struct detection *detection = &c->detection;
    detection->adapts = options->adapts;
    detection->heartbeat = options->heartbeat;
    detection->least = detection->agreed = options->dead_after;
    detection->most = options->dead_after_max;
    detection->young_until = now + (options->calm > 0 ? options->calm : 300 * HY_SECOND);
    detection->due = true;
}

/* ---- what is agreed */

static long long in_ms(hy_time duration)
{
    return (long long)((duration + HY_MS / 2) / HY_MS);
}

static void say_change(struct hy_cluster *c, const struct hy_node_status *wisher, hy_time was)
{
    long long before = in_ms(was), after = in_ms(c->detection.agreed);
    bool raised = c->detection.agreed > was;
    const char *verb = raised ? "raised" : "lowered";
    if (!wisher || !wisher->wish.of)
        hy_notice(&c->log, "dead-after is %s from %lld to %lld ms: no node asks for more now", verb, before, after);
    else
        hy_notice(&c->log, "dead-after is %s from %lld to %lld ms: %s%s of %s came %lld ms apart at %s", verb, before,
                  after, raised ? "" : "the longest gap of late is that ",
                  wisher->wish.promises ? "promises" : "heartbeats", wisher->wish.of, in_ms(wisher->wish.gap),
                  wisher->node);
}

void hy_detection_state_changed(struct hy_cluster *c)
{
    struct detection *detection = &c->detection;
    const struct hy_node_status *wisher = hy_cib_wisher(c->replica.cib);
    hy_time agreed = wisher ? wisher->wish.dead_after : detection->least;
    agreed = agreed < detection->least ? detection->least : agreed > detection->most ? detection->most : agreed;
    detection->due = true;
    if (!detection->adapts || agreed == detection->agreed)
        return;
    hy_time was = detection->agreed;
    detection->agreed = agreed;
    say_change(c, wisher, was);
    hy_admission_feed(c, &(struct hy_membership_event){.type = HY_MEMBERSHIP_SETTINGS, .at = agreed});
}

/* ---- what this node wishes */

static void say(struct hy_cluster *c, const struct hy_node_status *own, const struct hy_membership_wish *wished)
{
    const struct hy_wish wish = {.dead_after = wished->dead_after,
                                 .gap = wished->gap,
                                 .of = (char *)(uintptr_t)hy_cluster_name_of(c, wished->node),
                                 .promises = wished->promises};
    struct hy_buf statement = {0};
    hy_command_detection(&statement, own->node, own->epoch, &wish);
    hy_outbox_add(c, hy_buf_text(&statement), statement.size);
    hy_buf_free(&statement);
    c->detection.asked = c->outbox.last_seq;
    c->detection.again = c->now + AGAIN;
}

/* Level-triggered: while the state says something else of this node than membership, it is said. One command at a time. */
void hy_detection_run(struct hy_cluster *c)
{
    struct detection *detection = &c->detection;
    if (!detection->due || c->now < detection->again || hy_outbox_holds(c, detection->asked))
        return;
    const struct hy_node_status *own = hy_cluster_own_status(c);
    const struct hy_membership_wish wish = hy_pulse_wish(c->pulse);
    if (!own || own->state != HY_MEMBER_IN || own->incarnation != c->outbox.incarnation || own->enrolled.striking)
        return; /* the admission, which is yet to come, makes it due again */
    if (wish.dead_after == own->wish.dead_after) {
        detection->due = false;
        return;
    }
    /* What a core that has only begun has not seen yet, its forerunner has. */
    if (detection->adapts && wish.dead_after < own->wish.dead_after && c->now < detection->young_until)
        return;
    say(c, own, &wish);
}

void hy_detection_report(const struct hy_cluster *c, struct hy_cluster_detection *report)
{
    *report = (struct hy_cluster_detection){.heartbeat = c->detection.heartbeat,
                                            .dead_after = hy_pulse_dead_after(c->pulse),
                                            .least = c->detection.least,
                                            .most = c->detection.most,
                                            .adapts = c->detection.adapts};
}
