/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is in. What membership sees becomes, when this node leads, admissions and verdicts in the log; when the leader
 * itself has been condemned, elections: the lowest live voter at once, the others a little later, one after the other.
 */
#include "cib/command.h"
#include "cluster/internal.h"

#include <inttypes.h>
#include <string.h>

static const hy_time LOOK_AGAIN = 100 * HY_MS; /* at what was not said by an event, or could not be proposed */
static const hy_time STAGGER = 40 * HY_MS;     /* between two candidates: a few round trips and a synced vote */

static struct candidate *candidate_of(struct hy_cluster *c, uint32_t id)
{
    struct member *member = hy_member(c, id);
    return member ? &member->candidate : NULL;
}

/* Voters that are heard and have a lower id stand first. */
static hy_time stagger(const struct hy_cluster *c, uint32_t except)
{
    hy_time wait = 0;
    for (size_t i = 0; i < c->replica.servers.count; i++) {
        struct hy_membership_view view;
        uint32_t id = c->replica.servers.list[i].id;
        if (c->replica.servers.list[i].voter && id < c->self && id != except &&
            hy_pulse_view(c->pulse, id, c->now, &view) && view.heard)
            wait += STAGGER;
    }
    return wait;
}

/* The leader is no more: the lowest live voter stands for election at once, the others in turn. */
static void campaign_against(struct hy_cluster *c, uint32_t leader)
{
    if (leader != hy_raft_leader(c->replica.raft) || hy_raft_role(c->replica.raft) == HY_RAFT_LEADER)
        return;
    c->admission.campaign = c->now + stagger(c, leader);
    c->admission.campaign_against = leader;
}

static void say_back(struct hy_cluster *c, const struct hy_membership_effect *heard)
{
    struct hy_cluster_effect *effect = hy_cluster_emit(c, HY_CLUSTER_PEER_BACK);
    effect->to = heard->node;
    effect->number = heard->incarnation;
}

static void heard(struct hy_cluster *c, const struct hy_membership_effect *effect)
{
    struct candidate *candidate = candidate_of(c, effect->node);
    if (!candidate)
        return;
    bool reborn = candidate->incarnation && candidate->incarnation != effect->incarnation;
    if (candidate->incarnation != effect->incarnation && effect->node != c->self)
        say_back(c, effect);
    candidate->incarnation = effect->incarnation;
    c->admission.due = true;
    if (effect->node != c->self) /* it lacks what was sent lately, and need not wait for the next heartbeat */
        hy_replica_step(c, &(struct hy_raft_event){.type = HY_RAFT_PEER_BACK, .from = effect->node}, NULL);
    if (effect->node != c->self)
        hy_info(&c->log, "%s is heard%s", hy_cluster_name_of(c, effect->node),
                reborn ? " again: its core was restarted" : "");
    if (reborn && effect->node != c->self)
        campaign_against(c, effect->node); /* a core that starts does not lead, whatever its forerunner did */
}

static void condemned(struct hy_cluster *c, const struct hy_membership_effect *effect)
{
    struct candidate *candidate = candidate_of(c, effect->node);
    if (!candidate || effect->node == c->self)
        return;
    c->admission.due = true;
    hy_warning(&c->log, "%s is condemned: a majority has heard nothing of it%s%s", hy_cluster_name_of(c, effect->node),
               effect->why ? ": " : "", effect->why ? effect->why : "");
    campaign_against(c, effect->node);
}

/* Of two hosts with one id by mistake, each would outbid the other for ever: so one that knows a cluster never begins anew
 * for this. And a disk that is lost again is told the same as the one before it, without having heard of its life: each
 * goes above by a number of its own, so that no incarnation is used twice. */
static void outlived(struct hy_cluster *c, const struct hy_membership_effect *effect)
{
    if (!hy_cluster_blank(c)) {
        hy_error(
            &c->log,
            "the others know a later life of this node, and do not listen to this one: another host has its id (%u), "
            "or its state folder is an old copy; stop the one that is wrong",
            c->self);
        return;
    }
    hy_warning(
        &c->log,
        "the others know a later life of this node: its disk is new and its clock is behind (incarnation %" PRIu64
        ", they know %" PRIu64 "); it begins anew above that",
        c->outbox.incarnation, effect->incarnation);
    hy_cluster_emit(c, HY_CLUSTER_OUTLIVED)->number = effect->incarnation + (c->disk & UINT32_MAX);
}

static void take_effect(struct hy_cluster *c, const struct hy_membership_effect *effect)
{
    switch (effect->type) {
    case HY_MEMBERSHIP_LEASE:
        if (!c->controller.acting)
            c->controller.due = true; /* it may have been what the DC waited for */
        break;
    case HY_MEMBERSHIP_ALIVE:
        heard(c, effect);
        break;
    case HY_MEMBERSHIP_SUSPECT:
        hy_warning(&c->log, "%s is silent: this node turns on it%s%s", hy_cluster_name_of(c, effect->node),
                   effect->why ? ": " : "", effect->why ? effect->why : "");
        break;
    case HY_MEMBERSHIP_CONDEMN:
        condemned(c, effect);
        break;
    case HY_MEMBERSHIP_RELEASED:
        c->controller.due = true;
        break;
    case HY_MEMBERSHIP_STRANGER:
        hy_hints_stranger(c, effect->node, effect->data, effect->size);
        break;
    case HY_MEMBERSHIP_OUTLIVED:
        outlived(c, effect);
        break;
    case HY_MEMBERSHIP_LATE:
        hy_warning(&c->log, "this node was late by %lld ms: it doubts itself, and gives everybody that much longer",
                   (long long)(effect->by / HY_MS));
        break;
    case HY_MEMBERSHIP_DOUBT:
        hy_warning(&c->log,
                   "this host was held up for %lld ms: it doubts itself, and gives the silent ones that much longer",
                   (long long)(effect->by / HY_MS));
        break;
    case HY_MEMBERSHIP_WISH:
        c->detection.due = true;
        break;
    case HY_MEMBERSHIP_DIFFERS:
        hy_warning(&c->log,
                   "%s has %s %lld ms, this node %lld ms: the detection settings in the files (profile, dead_after_ms) "
                   "must be the same on all nodes",
                   hy_cluster_name_of(c, effect->node), effect->why, (long long)(effect->at / HY_MS),
                   (long long)(effect->by / HY_MS));
        break;
    default:
        hy_error(&c->log, "membership asks for something unknown (%d)", (int)effect->type);
        break;
    }
}

/* Of a node that is not known: it will be introduced with what was logged of it. */
void hy_admission_feed(struct hy_cluster *c, const struct hy_membership_event *event)
{
    (void)hy_pulse_feed(c->pulse, event, c->now, NULL);
    c->admission.fed = true;
}

/* In the order in which it was seen, whichever thread has seen it; and not from within anything else. */
bool hy_admission_take_news(struct hy_cluster *c)
{
    struct hy_pulse_news *news = &c->admission.news;
    c->admission.fed = false;
    if (!hy_pulse_take(c->pulse, news))
        return false;
    for (size_t i = 0; i < news->effects.list.count; i++)
        take_effect(c, &news->effects.list.items[i]);
    for (size_t i = 0; i < news->heard_count; i++)
        hy_hints_heard(c, news->heard[i]);
    if (news->hung)
        hy_warning(
            &c->log,
            "this core was held up for %lld ms: it has sent no heartbeats and renewed no lease meanwhile, as if it "
            "had stood still altogether",
            (long long)(news->hung / HY_MS));
    hy_membership_effects_clear(&news->effects);
    return true;
}

void hy_admission_member_applied(struct hy_cluster *c, const struct hy_node_status *status)
{
    bool in = status->state == HY_MEMBER_IN;
    hy_notice(&c->log, "%s %s (epoch %u)", status->node,
              in ? "is a member" : "is gone: what it ran may run elsewhere once it has let go", status->epoch);
    struct member *member = hy_member(c, status->id);
    if (member)
        member->sync = (struct sync){0};
    c->admission.due = true;
    c->controller.due = true;
}

static void propose_member(struct hy_cluster *c, struct member *member, const struct hy_node_status *status,
                           enum hy_member_state state, uint64_t incarnation)
{
    struct candidate *candidate = &member->candidate;
    uint32_t epoch = status->epoch + 1;
    uint64_t term = hy_raft_term(c->replica.raft);
    if (candidate->proposed_epoch == epoch && candidate->proposed_term == term)
        return; /* on its way */
    struct hy_buf statements = {0};
    hy_command_member(&statements, member->node.name, member->node.id, state, epoch, incarnation);
    candidate->proposed_epoch = epoch;
    candidate->proposed_term = term;
    if (hy_replica_propose_own(c, hy_buf_text(&statements)))
        candidate->proposed_term = 0;
    hy_buf_free(&statements);
}

/* Whatever else is to become of it: its present life in the cluster has to end. */
static bool must_go(const struct hy_cluster *c, const struct hy_node_status *status,
                    const struct hy_membership_view *view)
{
    bool other_life = view->incarnation && view->incarnation != status->incarnation;
    if (status->id == c->self) /* a DC that was struck is not admitted again: nor may what it was before stand for it */
        return other_life && status->enrolled.striking;
    const struct hy_raft_server *server = hy_servers_find(&c->replica.servers, status->id);
    bool other_disk = view->disk && (!server || server->disk != view->disk);
    return view->condemned || other_disk || (other_life && status->enrolled.striking);
}

/* A member is a server, with the disk that it has: it must learn what the cluster decides. */
static bool may_come(const struct hy_cluster *c, const struct hy_node_status *status,
                     const struct hy_membership_view *view, const struct candidate *candidate)
{
    const struct hy_raft_server *server = hy_servers_find(&c->replica.servers, status->id);
    return view->admissible && view->incarnation != candidate->left_incarnation && !status->enrolled.striking &&
           server && server->disk == view->disk;
}

static void judge(struct hy_cluster *c, struct member *member)
{
    const struct hy_node_status *status = hy_cib_node(c->replica.cib, member->node.name);
    struct hy_membership_view view;
    if (!status || !status->enrolled.address || !hy_pulse_view(c->pulse, member->node.id, c->now, &view))
        return;
    if (status->state == HY_MEMBER_IN && must_go(c, status, &view))
        propose_member(c, member, status, HY_MEMBER_GONE, status->incarnation);
    else if (may_come(c, status, &view, &member->candidate))
        propose_member(c, member, status, HY_MEMBER_IN, view.incarnation);
}

static void maybe_campaign(struct hy_cluster *c)
{
    struct admission *admission = &c->admission;
    if (c->now < admission->campaign)
        return;
    admission->campaign = HY_NEVER;
    if (hy_raft_leader(c->replica.raft) != admission->campaign_against)
        return; /* somebody else was quicker */
    hy_notice(&c->log, "%s, which led, leads no more: this node stands for election",
              hy_cluster_name_of(c, admission->campaign_against));
    const struct hy_raft_event event = {.type = HY_RAFT_CAMPAIGN};
    hy_replica_step(c, &event, NULL);
}

void hy_admission_run(struct hy_cluster *c)
{
    struct admission *admission = &c->admission;
    maybe_campaign(c);
    if (!hy_raft_leads(c->replica.raft)) {
        admission->due = false;
        admission->again = HY_NEVER;
        return;
    }
    if (!admission->due && c->now < admission->again)
        return;
    admission->due = false;
    admission->again = c->now + LOOK_AGAIN;
    for (size_t i = 0; i < c->members.list.count; i++)
        judge(c, c->members.list.items[i]);
}
