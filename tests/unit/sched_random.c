/* SPDX-License-Identifier: Apache-2.0 */
#include "sched_random.h"

#include "lib/run.h"
#include "sched_world.h"

#include <stdio.h>
#include <string.h>

enum { MOST_NODES = 5, MOST_RSCS = 16 };

static const char *const node_names[MOST_NODES] = {"test1", "test2", "test3", "test4", "test5"};

/* xorshift64* (Vigna 2016): the same on every machine. */
static uint32_t draw(uint64_t *state, uint32_t below)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint32_t)((*state * UINT64_C(2685821657736338717)) >> 33) % below;
}

static bool chance(uint64_t *state, uint32_t percent)
{
    return draw(state, 100) < percent;
}

/* ---------------------------------------------------------------- a configuration */

static void random_primitive(uint64_t *r, const char *id, struct hy_buf *out)
{
    hy_buf_addf(out, "primitive %s ocf:pacemaker:Dummy op monitor interval=10s", id);
    if (chance(r, 10))
        hy_buf_adds(out, " on-fail=standby");
    if (chance(r, 10))
        hy_buf_adds(out, " op start on-fail=block");
    hy_buf_adds(out, " meta priority=0");
    if (chance(r, 20))
        hy_buf_addf(out, " resource-stickiness=%u", draw(r, 3) * 100);
    if (chance(r, 20))
        hy_buf_addf(out, " migration-threshold=%u", 1 + draw(r, 3));
    if (chance(r, 5))
        hy_buf_adds(out, " target-role=Stopped");
    hy_buf_addc(out, '\n');
}

static const char *random_score(uint64_t *r)
{
    static const char *const scores[] = {"inf", "-inf", "100", "-100", "50", "1"};
    return scores[draw(r, 6)];
}

/* What constraints may name. */
struct tops {
    char ids[MOST_RSCS][16];
    uint32_t count;
};

static void add_top(struct tops *tops, char letter, uint32_t number)
{
    snprintf(tops->ids[tops->count++], sizeof *tops->ids, "%c%u", letter, number);
}

static void random_resources(uint64_t *r, struct tops *tops, struct hy_buf *out)
{
    uint32_t count = 1 + draw(r, 6);
    for (uint32_t i = 0; i < count; i++) {
        char id[16];
        snprintf(id, sizeof id, "p%u", i);
        random_primitive(r, id, out);
        uint32_t form = draw(r, 10);
        if (form < 5) {
            add_top(tops, 'p', i);
        } else if (form < 7) {
            hy_buf_addf(out, "primitive q%u ocf:pacemaker:Dummy op monitor interval=10s\ngroup g%u p%u q%u\n", i, i, i,
                        i);
            add_top(tops, 'g', i);
        } else {
            hy_buf_addf(out, "clone c%u p%u meta interleave=%s", i, i, chance(r, 50) ? "true" : "false");
            if (chance(r, 40))
                hy_buf_addf(out, " clone-max=%u", 1 + draw(r, 3));
            if (i % 3 == 1) /* no draw, so that the seeds keep their clusters */
                hy_buf_adds(out, " notify=true");
            hy_buf_addc(out, '\n');
            add_top(tops, 'c', i);
        }
    }
}

/* Constraints go from later to earlier resources: circles are another test's. One draw an expression: in which order
 * arguments are evaluated is the compiler's own business. */
static void random_constraints(uint64_t *r, const struct tops *tops, uint32_t nodes, struct hy_buf *out)
{
    static const char *const kinds[] = {"Mandatory", "Optional", "Serialize"};
    for (uint32_t i = 0; i < tops->count; i++)
        if (chance(r, 40)) {
            const char *score = random_score(r), *node = node_names[draw(r, nodes)];
            hy_buf_addf(out, "location l%u %s %s: %s\n", i, tops->ids[i], score, node);
        }
    for (uint32_t i = 1; i < tops->count; i++) {
        if (chance(r, 35)) {
            const char *score = random_score(r), *with = tops->ids[draw(r, i)];
            hy_buf_addf(out, "colocation k%u %s: %s %s\n", i, score, tops->ids[i], with);
        }
        if (chance(r, 35)) {
            const char *kind = kinds[draw(r, 3)], *first = tops->ids[draw(r, i)];
            hy_buf_addf(out, "order o%u %s: %s %s\n", i, kind, first, tops->ids[i]);
        }
    }
}

void random_configuration(uint64_t seed, struct hy_buf *out)
{
    uint64_t r = seed * 2 + 1;
    for (int i = 0; i < 10; i++)
        draw(&r, 2);
    struct tops tops = {.count = 0};
    uint32_t nodes = 1 + draw(&r, MOST_NODES);
    for (uint32_t i = 0; i < nodes; i++)
        hy_buf_addf(out, "node %s\n", node_names[i]);
    random_resources(&r, &tops, out);
    random_constraints(&r, &tops, nodes, out);
}

/* ---------------------------------------------------------------- what really runs */

struct really {
    char rsc[16];
    bool cloned;
    bool on[MOST_NODES];
};

struct run {
    uint64_t seed, r;
    struct world world;
    const char *configuration;
    struct really really[2 * MOST_RSCS];
    size_t really_count;
    bool calm; /* nothing fails any more */
    uint64_t orders;
    struct hy_buf trail;
};

static size_t node_number(const char *name)
{
    for (size_t i = 0; i < MOST_NODES; i++)
        if (!strcmp(node_names[i], name))
            return i;
    ck_abort_msg("node %s", name);
    return 0;
}

static struct really *real(struct run *run, const char *rsc)
{
    for (size_t i = 0; i < run->really_count; i++)
        if (!strcmp(run->really[i].rsc, rsc))
            return &run->really[i];
    struct really *new = &run->really[run->really_count++];
    snprintf(new->rsc, sizeof new->rsc, "%s", rsc);
    const struct hy_object *parent = hy_cib_parent(run->world.cib, rsc);
    new->cloned = parent && parent->kind == HY_CLONE;
    return new;
}

static void broken(const struct run *run, const char *what, const char *detail)
{
    size_t from = run->trail.size > 6000 ? run->trail.size - 6000 : 0;
    fprintf(stderr, "seed %llu:\n%s...\n%s", (unsigned long long)run->seed, run->configuration,
            hy_buf_text(&run->trail) + from);
    ck_abort_msg("seed %llu: %s: %.500s", (unsigned long long)run->seed, what, detail);
}

/* ---------------------------------------------------------------- what must hold */

static const struct hy_placement *placed(const struct hy_decision *decision, const char *rsc)
{
    for (size_t i = 0; i < decision->placement_count; i++)
        if (!strcmp(decision->placements[i].rsc, rsc) && decision->placements[i].node)
            return &decision->placements[i];
    return NULL;
}

/* An unmanaged or blocked resource is where it is. */
static bool is_stuck(const struct hy_decision *decision, const char *rsc)
{
    for (size_t i = 0; i < decision->active_count; i++)
        if (!strcmp(decision->active[i].rsc, rsc) && (decision->active[i].blocked || decision->active[i].unmanaged))
            return true;
    return false;
}

static void check_colocation(const struct run *run, const struct hy_decision *decision, const struct hy_colocation *c)
{
    const struct hy_placement *a = placed(decision, c->rsc.rsc), *b = placed(decision, c->with.rsc);
    if (!hy_cib_find_kind(run->world.cib, HY_PRIMITIVE, c->rsc.rsc) ||
        !hy_cib_find_kind(run->world.cib, HY_PRIMITIVE, c->with.rsc) || is_stuck(decision, c->rsc.rsc) ||
        is_stuck(decision, c->with.rsc))
        return;
    if (c->score >= HY_INFINITY && a && (!b || strcmp(a->node, b->node)))
        broken(run, "colocation inf", c->rsc.rsc);
    if (c->score <= -HY_INFINITY && a && b && !strcmp(a->node, b->node))
        broken(run, "colocation -inf", c->rsc.rsc);
}

static void check_location(const struct run *run, const struct hy_decision *decision, const struct hy_location *l)
{
    const struct hy_object *rsc = hy_cib_find(run->world.cib, l->rsc);
    const char *id = rsc->kind == HY_GROUP   ? rsc->u.group.members.items[0]
                     : rsc->kind == HY_CLONE ? rsc->u.clone.child
                                             : l->rsc;
    for (size_t i = 0; i < decision->placement_count && l->score <= -HY_INFINITY; i++) {
        const struct hy_placement *placement = &decision->placements[i];
        if (!strcmp(placement->rsc, id) && placement->node && !strcmp(placement->node, l->node) &&
            !is_stuck(decision, id))
            broken(run, "location -inf", l->rsc);
    }
}

static void check_order(const struct run *run, const struct hy_decision *decision, const struct hy_order *o)
{
    if (o->kind == HY_ORDER_MANDATORY && hy_cib_find_kind(run->world.cib, HY_PRIMITIVE, o->first.rsc) &&
        hy_cib_find_kind(run->world.cib, HY_PRIMITIVE, o->then.rsc) && placed(decision, o->then.rsc) &&
        !placed(decision, o->first.rsc) && !is_stuck(decision, o->then.rsc))
        broken(run, "order", o->then.rsc);
}

static void check_groups(const struct run *run, const struct hy_decision *decision, const struct hy_group *g)
{
    const char *first = g->members.items[0], *second = g->members.items[1];
    const struct hy_placement *a = placed(decision, first), *b = placed(decision, second);
    if (b && !is_stuck(decision, first) && !is_stuck(decision, second) && (!a || strcmp(a->node, b->node)))
        broken(run, "group", first);
}

static void check_constraints(const struct run *run, const struct hy_decision *decision)
{
    for (size_t i = 0; i < run->world.cib->objects.count; i++) {
        const struct hy_object *object = run->world.cib->objects.items[i];
        if (object->kind == HY_COLOCATION)
            check_colocation(run, decision, &object->u.colocation);
        else if (object->kind == HY_LOCATION)
            check_location(run, decision, &object->u.location);
        else if (object->kind == HY_ORDER)
            check_order(run, decision, &object->u.order);
        else if (object->kind == HY_GROUP)
            check_groups(run, decision, &object->u.group);
    }
}

static void print_decision(const struct hy_decision *decision, struct hy_buf *out)
{
    for (size_t i = 0; i < decision->action_count; i++) {
        world_print_action(&decision->actions[i], out);
        hy_buf_addf(out, " %s\n", decision->actions[i].reason);
    }
    for (size_t i = 0; i < decision->placement_count; i++)
        hy_buf_addf(out, "%s %s %s\n", decision->placements[i].rsc,
                    decision->placements[i].node ? decision->placements[i].node : "-", decision->placements[i].reason);
}

static struct hy_decision *decide(struct run *run)
{
    struct hy_decision *decision = world_decide(&run->world), *again = world_decide(&run->world);
    struct hy_buf text = {0}, same = {0}, wrong = {0};
    print_decision(decision, &text);
    print_decision(again, &same);
    if (strcmp(hy_buf_text(&text), hy_buf_text(&same)))
        broken(run, "two answers to one question", hy_buf_text(&text));
    if (*world_check(&run->world, decision, &wrong))
        broken(run, "unsound", hy_buf_text(&wrong));
    check_constraints(run, decision);
    hy_buf_free(&text);
    hy_buf_free(&same);
    hy_buf_free(&wrong);
    hy_decision_free(&again);
    return decision;
}

/* ---------------------------------------------------------------- carrying out */

/* An operation that has been sent: its names live here, as those of a decision do not. */
struct sent {
    struct hy_action action;
    char rsc[16], node[16], op[32], agent[64], digest[40];
    bool notify;
    uint64_t order;
};

struct outbox {
    struct sent items[512];
    size_t count;
};

static void forbid_second(struct run *run, const struct hy_action *action)
{
    const struct really *real_one = real(run, action->rsc);
    for (size_t i = 0; i < run->world.cib->nodes.count && action->kind == HY_ACT_START; i++) {
        const struct hy_node_status *status = run->world.cib->nodes.items[i];
        size_t n = node_number(status->node);
        /* What runs on a node that is no member has been released, or is found when it becomes one. */
        if (status->state == HY_MEMBER_IN && real_one->on[n] && !real_one->cloned && n != node_number(action->node))
            broken(run, "started while it runs elsewhere", action->rsc);
    }
}

static bool is_of_notifying_clone(const struct hy_action *action)
{
    for (size_t i = 0; i < action->meta_count; i++)
        if (!strcmp(action->meta[i].name, "notify"))
            return true;
    return false;
}

/* Nothing is done to an instance before all that run and are to be told of it have answered. */
static void wait_for_calls(struct run *run, const struct outbox *outbox, const struct hy_action *action)
{
    for (size_t i = 0; i < outbox->count && is_of_notifying_clone(action); i++) {
        const struct sent *sent = &outbox->items[i];
        const char *task;
        bool post, same = !strcmp(sent->rsc, action->rsc) && hy_op_is_notice(sent->op, &post, &task);
        if (same && !post && !strcmp(task, action->op) && real(run, sent->rsc)->on[node_number(sent->node)])
            broken(run, "not all have been told", action->rsc);
    }
}

static void send(struct run *run, struct outbox *outbox, const struct hy_action *action)
{
    hy_buf_adds(&run->trail, "send ");
    world_print_action(action, &run->trail);
    hy_buf_addf(&run->trail, " (%s)\n", action->reason);
    forbid_second(run, action);
    for (size_t i = 0; i < outbox->count; i++)
        if (!strcmp(outbox->items[i].rsc, action->rsc) && !strcmp(outbox->items[i].node, action->node) &&
            outbox->items[i].action.interval == action->interval && outbox->items[i].action.kind == action->kind &&
            !strcmp(outbox->items[i].op, action->op))
            broken(run, "sent twice", action->rsc);
    wait_for_calls(run, outbox, action);
    ck_assert_uint_lt(outbox->count, 512);
    struct sent *sent = &outbox->items[outbox->count++];
    sent->action = *action;
    snprintf(sent->rsc, sizeof sent->rsc, "%s", action->rsc);
    snprintf(sent->node, sizeof sent->node, "%s", action->node);
    snprintf(sent->op, sizeof sent->op, "%s", action->op);
    sent->notify = is_of_notifying_clone(action);
    sent->order = sent->notify ? ++run->orders : 0;
    snprintf(sent->agent, sizeof sent->agent, "%s", action->agent ? action->agent : "");
    snprintf(sent->digest, sizeof sent->digest, "%s", action->digest ? action->digest : "");
    if (action->kind == HY_ACT_START)
        real(run, action->rsc)->on[node_number(action->node)] = true;
}

static bool may_send(const struct hy_decision *decision, const struct hy_action *action)
{
    /* A decision lists only what is still to be done: anything before it means waiting. */
    return decision && !action->pending && !action->blocked && action->after_count == 0;
}

static void set_inflight(struct run *run, struct outbox *outbox)
{
    run->world.inflight.count = 0;
    for (size_t i = 0; i < outbox->count; i++)
        if (outbox->items[i].action.kind != HY_ACT_CANCEL)
            hy_vec_push(&run->world.inflight, ((struct hy_inflight){.node = outbox->items[i].node,
                                                                    .rsc = outbox->items[i].rsc,
                                                                    .op = outbox->items[i].op,
                                                                    .interval = outbox->items[i].action.interval}));
}

/* What a stop ends, and what is cancelled, never answers. */
static void drop_monitors(struct outbox *outbox, const struct sent *stop)
{
    for (size_t i = outbox->count; i-- > 0;)
        if (outbox->items[i].action.kind == HY_ACT_MONITOR && !strcmp(outbox->items[i].rsc, stop->rsc) &&
            !strcmp(outbox->items[i].node, stop->node))
            outbox->items[i] = outbox->items[--outbox->count];
}

static void answer_one(struct run *run, struct outbox *outbox)
{
    size_t at = draw(&run->r, (uint32_t)outbox->count);
    struct sent sent = outbox->items[at];
    outbox->items[at] = outbox->items[--outbox->count];
    bool *on = &real(run, sent.rsc)->on[node_number(sent.node)];
    if (sent.action.kind == HY_ACT_CANCEL) {
        sent.action.rsc = sent.rsc, sent.action.node = sent.node, sent.action.op = sent.op;
        world_do(&run->world, &sent.action);
        return;
    }
    int rc = 0;
    bool fails = !run->calm && chance(&run->r, sent.action.kind == HY_ACT_STOP ? 1 : 6);
    if (sent.action.kind == HY_ACT_PROBE || sent.action.kind == HY_ACT_MONITOR)
        rc = *on ? 0 : 7;
    else if (sent.action.kind == HY_ACT_STOP && !fails)
        *on = false;
    if (fails && sent.action.kind != HY_ACT_PROBE)
        rc = 1;
    if (sent.action.kind == HY_ACT_STOP)
        drop_monitors(outbox, &sent);
    hy_buf_addf(&run->trail, "%s of %s on %s answers %d\n", sent.op, sent.rsc, sent.node, rc);
    world_result(&run->world, sent.node,
                 &(struct hy_result){.rsc = sent.rsc,
                                     .op = sent.op,
                                     .interval = sent.action.interval,
                                     .rc = rc,
                                     .agent = sent.agent,
                                     .digest = sent.digest,
                                     .notify = sent.notify,
                                     .order = sent.order});
}

/* ---------------------------------------------------------------- events */

static void lose_node(struct run *run, struct outbox *outbox, const char *node)
{
    world_member(&run->world, node, HY_MEMBER_GONE, false);
    for (size_t i = 0; i < run->really_count; i++)
        run->really[i].on[node_number(node)] = false;
    for (size_t i = outbox->count; i-- > 0;)
        if (!strcmp(outbox->items[i].node, node))
            outbox->items[i] = outbox->items[--outbox->count];
}

static void something_happens(struct run *run, struct outbox *outbox)
{
    struct hy_node_status *status = run->world.cib->nodes.items[draw(&run->r, (uint32_t)run->world.cib->nodes.count)];
    uint32_t event = draw(&run->r, 5);
    hy_buf_addf(&run->trail, "event %u on %s\n", event, status->node);
    switch (event) {
    case 0:
        if (status->state == HY_MEMBER_IN)
            lose_node(run, outbox, status->node);
        break;
    case 1:
        if (status->state != HY_MEMBER_IN)
            world_member(&run->world, status->node, HY_MEMBER_IN, false);
        break;
    case 2: /* by hand, behind the cluster's back, before it is asked */
        if (run->really_count && status->state != HY_MEMBER_IN) {
            uint32_t which = draw(&run->r, (uint32_t)run->really_count);
            run->really[which].on[node_number(status->node)] = chance(&run->r, 20);
        }
        break;
    case 3:
        hy_attrs_set(&status->transient, "standby", chance(&run->r, 30) ? "on" : "off");
        break;
    default:
        if (run->really_count)
            world_cleanup(&run->world, run->really[draw(&run->r, (uint32_t)run->really_count)].rsc);
        break;
    }
}

static void nodes_speak(struct run *run, bool all)
{
    for (size_t i = 0; i < run->world.cib->nodes.count; i++) {
        struct hy_node_status *status = run->world.cib->nodes.items[i];
        if (all && status->state != HY_MEMBER_IN)
            world_member(&run->world, status->node, HY_MEMBER_IN, true);
        if (status->state == HY_MEMBER_IN && (all || chance(&run->r, 30)))
            status->synced = true;
    }
}

/* True when nothing was to be sent and nothing is out. */
static bool turn(struct run *run, struct outbox *outbox)
{
    set_inflight(run, outbox);
    struct hy_decision *decision = decide(run);
    bool sent = false;
    hy_returns_decided(&run->world.returns, decision);
    for (size_t i = 0; i < decision->action_count; i++)
        if (may_send(decision, &decision->actions[i])) {
            hy_returns_ordered(&run->world.returns, &decision->actions[i]);
            send(run, outbox, &decision->actions[i]);
            sent = true;
        }
    if (decision->void_notices.count)
        world_forget(&run->world, decision);
    hy_decision_free(&decision);
    if (outbox->count)
        answer_one(run, outbox);
    else
        return !sent;
    return false;
}

static void calm_down(struct run *run, struct outbox *outbox)
{
    run->calm = true;
    nodes_speak(run, true);
    for (int i = 0; i < 3000; i++)
        if (turn(run, outbox))
            return;
    broken(run, "does not come to rest", "");
}

void random_run(uint64_t seed)
{
    struct hy_buf configuration = {0};
    random_configuration(seed, &configuration);
    struct run run = {.seed = seed, .r = seed * 77 + 5, .configuration = hy_buf_text(&configuration)};
    world_init(&run.world, run.configuration);
    struct outbox *outbox = hy_alloc(sizeof *outbox);
    for (int i = 0; i < 150; i++) {
        nodes_speak(&run, false);
        if (chance(&run.r, 20) || i < 5)
            something_happens(&run, outbox);
        turn(&run, outbox);
    }
    calm_down(&run, outbox);
    world_free(&run.world);
    hy_buf_free(&run.trail);
    free(outbox);
    hy_buf_free(&configuration);
}
