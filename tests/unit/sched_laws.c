/* SPDX-License-Identifier: Apache-2.0 */
#include "sched_laws.h"

#include "lib/run.h"
#include "sched_wide.h"

#include <stdio.h>
#include <string.h>

enum { MOST_ROUNDS = 5 };

struct trial {
    uint64_t seed;
    struct wide wide;
    struct world world;
};

static void print_actions(const struct hy_decision *decision, struct hy_buf *out)
{
    for (size_t i = 0; i < decision->action_count; i++) {
        world_print_action(&decision->actions[i], out);
        hy_buf_addf(out, " (%s)\n", decision->actions[i].reason);
    }
}

static void print_placements(const struct hy_decision *decision, struct hy_buf *out)
{
    for (size_t i = 0; i < decision->placement_count; i++)
        hy_buf_addf(out, "%s on %s as %d\n", decision->placements[i].rsc,
                    decision->placements[i].node ? decision->placements[i].node : "-", decision->placements[i].role);
}

/* Printed as a golden case, so that the peer can be asked, too (tests/peer). */
static void broken(struct trial *trial, const struct hy_decision *decision, const char *what, const char *detail)
{
    struct hy_buf text = {0};
    if (decision) {
        print_placements(decision, &text);
        print_actions(decision, &text);
    }
    fprintf(stderr, "# seed %llu\n--- configuration\n%s--- state\n%s--- expect\n--- here\n%s",
            (unsigned long long)trial->seed, hy_buf_text(&trial->wide.configuration), hy_buf_text(&trial->wide.story),
            hy_buf_text(&text));
    ck_abort_msg("seed %llu: %s: %.300s", (unsigned long long)trial->seed, what, detail);
}

/* ---------------------------------------------------------------- what runs where */

static const struct hy_object *object(const struct trial *trial, const char *id)
{
    return hy_cib_find(trial->world.cib, id);
}

/* The first primitive of what a constraint names. */
static const char *leaf_of(const struct trial *trial, const char *id)
{
    const struct hy_object *at = object(trial, id);
    if (at->kind == HY_CLONE)
        at = object(trial, at->u.clone.child);
    return at->kind == HY_GROUP ? at->u.group.members.items[0] : at->id;
}

/* What may not be touched is where it is, whatever the constraints say. */
static bool is_stuck(const struct hy_decision *decision, const char *leaf)
{
    for (size_t i = 0; i < decision->active_count; i++)
        if (!strcmp(decision->active[i].primitive, leaf) &&
            (decision->active[i].blocked || decision->active[i].unmanaged))
            return true;
    return false;
}

/* The same of all that is in it. */
static bool any_stuck(const struct trial *trial, const struct hy_decision *decision, const char *id)
{
    const struct hy_object *at = object(trial, id);
    if (at->kind == HY_CLONE)
        at = object(trial, at->u.clone.child);
    if (at->kind != HY_GROUP)
        return is_stuck(decision, at->id);
    for (size_t i = 0; i < at->u.group.members.count; i++)
        if (is_stuck(decision, at->u.group.members.items[i]))
            return true;
    return false;
}

static bool is_placed(const struct hy_decision *decision, const char *leaf, const char *node, enum hy_role least)
{
    for (size_t i = 0; i < decision->placement_count; i++) {
        const struct hy_placement *at = &decision->placements[i];
        if (!strcmp(at->primitive, leaf) && at->node && (!node || !strcmp(at->node, node)) && at->role >= least)
            return true;
    }
    return false;
}

static enum hy_role least_role(enum hy_role role)
{
    return role == HY_ROLE_PROMOTED ? HY_ROLE_PROMOTED : HY_ROLE_STARTED;
}

/* ---------------------------------------------------------------- mandatory constraints */

static void check_location(struct trial *trial, const struct hy_decision *decision, const struct hy_object *at)
{
    const struct hy_location *location = &at->u.location;
    const char *leaf = leaf_of(trial, location->rsc);
    if (location->node && location->score <= -HY_INFINITY && !any_stuck(trial, decision, location->rsc) &&
        is_placed(decision, leaf, location->node, HY_ROLE_STARTED))
        broken(trial, decision, "placed where it is banned", at->id);
}

static void check_colocation(struct trial *trial, const struct hy_decision *decision, const struct hy_object *at)
{
    const struct hy_colocation *colocation = &at->u.colocation;
    const char *a = leaf_of(trial, colocation->rsc.rsc), *b = leaf_of(trial, colocation->with.rsc);
    if (any_stuck(trial, decision, colocation->rsc.rsc) || any_stuck(trial, decision, colocation->with.rsc) ||
        (colocation->score < HY_INFINITY && colocation->score > -HY_INFINITY))
        return;
    for (size_t i = 0; i < decision->placement_count; i++) {
        const struct hy_placement *dependent = &decision->placements[i];
        if (strcmp(dependent->primitive, a) || !dependent->node || dependent->role < least_role(colocation->rsc.role))
            continue;
        bool together = is_placed(decision, b, dependent->node, least_role(colocation->with.role));
        if (together != (colocation->score > 0))
            broken(trial, decision, together ? "together" : "apart", at->id);
    }
}

static void check_order(struct trial *trial, const struct hy_decision *decision, const struct hy_object *at)
{
    const struct hy_order *order = &at->u.order;
    const char *first = leaf_of(trial, order->first.rsc), *then = leaf_of(trial, order->then.rsc);
    bool promote = order->first.action && !strcmp(order->first.action, "promote");
    if (order->kind != HY_ORDER_MANDATORY || any_stuck(trial, decision, order->then.rsc) ||
        any_stuck(trial, decision, order->first.rsc))
        return;
    if (is_placed(decision, then, NULL, HY_ROLE_STARTED) &&
        !is_placed(decision, first, NULL, promote ? HY_ROLE_PROMOTED : HY_ROLE_STARTED))
        broken(trial, decision, "there without what comes before it", at->id);
}

static void check_group(struct trial *trial, const struct hy_decision *decision, const struct hy_object *at)
{
    const struct hy_names *members = &at->u.group.members;
    for (size_t m = 1; m < members->count; m++) {
        if (is_stuck(decision, members->items[m]) || is_stuck(decision, members->items[m - 1]))
            return;
        for (size_t i = 0; i < decision->placement_count; i++) {
            const struct hy_placement *one = &decision->placements[i];
            if (!strcmp(one->primitive, members->items[m]) && one->node &&
                !is_placed(decision, members->items[m - 1], one->node, HY_ROLE_STARTED))
                broken(trial, decision, "a member without the one before it", one->rsc);
        }
    }
}

static size_t number_of(const struct trial *trial, const char *clone, const char *name, size_t otherwise)
{
    const struct hy_object *at = object(trial, clone);
    for (size_t i = 0; i < at->u.clone.meta.list.count; i++) {
        const char *text = hy_attrs_get(&at->u.clone.meta.list.items[i].attrs, name);
        if (text)
            return strtoul(text, NULL, 10);
    }
    return otherwise;
}

static void check_clone(struct trial *trial, const struct hy_decision *decision, const struct hy_object *at)
{
    const char *leaf = leaf_of(trial, at->id);
    size_t instances = 0, promoted = 0;
    for (size_t i = 0; i < decision->placement_count; i++)
        if (!strcmp(decision->placements[i].primitive, leaf) && decision->placements[i].node) {
            instances++;
            promoted += decision->placements[i].role == HY_ROLE_PROMOTED;
        }
    if (is_stuck(decision, leaf))
        return;
    if (instances > number_of(trial, at->id, "clone-max", WIDE_NODES))
        broken(trial, decision, "more instances than clone-max", at->id);
    if (promoted > number_of(trial, at->id, "promoted-max", 0))
        broken(trial, decision, "more promoted ones than promoted-max", at->id);
}

/* Without its ticket nothing is promoted or started; what runs may go on only with loss-policy freeze or demote. */
static void check_ticket(struct trial *trial, const struct hy_decision *decision, const struct hy_object *at)
{
    const struct hy_ticket *ticket = hy_cib_ticket(trial->world.cib, at->u.rsc_ticket.ticket);
    const char *leaf = leaf_of(trial, at->u.rsc_ticket.rsc.rsc);
    if ((ticket && ticket->granted) || is_stuck(decision, leaf))
        return;
    enum hy_loss_policy loss = at->u.rsc_ticket.loss;
    if (loss == HY_LOSS_STOP && is_placed(decision, leaf, NULL, HY_ROLE_STARTED))
        broken(trial, decision, "runs without its ticket", leaf);
    for (size_t i = 0; i < decision->action_count; i++) {
        const struct hy_action *action = &decision->actions[i];
        if (action->kind == HY_ACT_PROMOTE && !action->blocked && !strcmp(action->primitive, leaf))
            broken(trial, decision, "promoted without its ticket", leaf);
    }
}

static void check_constraints(struct trial *trial, const struct hy_decision *decision)
{
    for (size_t i = 0; i < trial->world.cib->objects.count; i++) {
        const struct hy_object *at = trial->world.cib->objects.items[i];
        if (at->kind == HY_LOCATION)
            check_location(trial, decision, at);
        else if (at->kind == HY_RSC_TICKET)
            check_ticket(trial, decision, at);
        else if (at->kind == HY_COLOCATION && at->u.colocation.rsc.rsc)
            check_colocation(trial, decision, at);
        else if (at->kind == HY_ORDER && at->u.order.first.rsc)
            check_order(trial, decision, at);
        else if (at->kind == HY_GROUP)
            check_group(trial, decision, at);
        else if (at->kind == HY_CLONE)
            check_clone(trial, decision, at);
    }
}

/* Room is for all that is placed on a node. */
static void check_utilization(struct trial *trial, const struct hy_decision *decision)
{
    const char *strategy = hy_cib_property(trial->world.cib, "placement-strategy");
    if (!strategy || strcmp(strategy, "utilization"))
        return;
    for (uint32_t n = 0; n < trial->wide.node_count; n++) {
        char node[16];
        wide_node_name(&trial->wide, n, node);
        const struct hy_object *config = object(trial, node);
        long room = atol(hy_attrs_get(&config->u.node.utilization.list.items[0].attrs, "cpu"));
        for (size_t i = 0; i < decision->placement_count; i++) {
            const struct hy_placement *at = &decision->placements[i];
            const struct hy_attr_sets *uses = &object(trial, at->primitive)->u.primitive.utilization;
            if (is_stuck(decision, at->primitive))
                return;
            if (at->node && !strcmp(at->node, node) && uses->list.count)
                room -= atol(hy_attrs_get(&uses->list.items[0].attrs, "cpu"));
        }
        if (room < 0)
            broken(trial, decision, "more than there is room for", node);
    }
}

/* ---------------------------------------------------------------- carrying out */

static bool is_ready(const struct hy_decision *decision, const bool *done, size_t at)
{
    const struct hy_action *action = &decision->actions[at];
    for (size_t i = 0; i < action->after_count; i++)
        if (!done[action->after[i]])
            return false;
    return !done[at] && (!action->blocked || action->kind == HY_ACT_FENCE);
}

/* In an order drawn from all that are allowed, and nothing decided anew on the way. -> number of actions. */
static size_t carry_out(struct trial *trial, const struct hy_decision *decision)
{
    bool *done = hy_alloc_array(decision->action_count + 1, sizeof *done);
    size_t *ready = hy_alloc_array(decision->action_count + 1, sizeof *ready), total = 0;
    for (;;) {
        size_t count = 0;
        for (size_t i = 0; i < decision->action_count; i++)
            if (is_ready(decision, done, i))
                ready[count++] = i;
        if (!count)
            break;
        size_t at = ready[wide_draw(&trial->wide.r, (uint32_t)count)];
        world_do(&trial->world, &decision->actions[at]);
        done[at] = true;
        total++;
    }
    free(done);
    free(ready);
    return total;
}

static bool anything_blocked(const struct hy_decision *decision)
{
    for (size_t i = 0; i < decision->action_count; i++)
        if (decision->actions[i].blocked)
            return true;
    for (size_t i = 0; i < decision->active_count; i++)
        if (decision->active[i].blocked || decision->active[i].unmanaged)
            return true;
    return false;
}

static bool is_active(const struct hy_decision *decision, const struct hy_placement *wanted)
{
    for (size_t i = 0; i < decision->active_count; i++)
        if (!strcmp(decision->active[i].primitive, wanted->primitive) &&
            !strcmp(decision->active[i].node, wanted->node) &&
            (decision->active[i].role == HY_ROLE_PROMOTED) == (wanted->role == HY_ROLE_PROMOTED))
            return true;
    return false;
}

static void check_promise(struct trial *trial, const struct hy_decision *before, const struct hy_decision *after)
{
    size_t placed = 0;
    for (size_t i = 0; i < before->placement_count; i++) {
        if (!before->placements[i].node)
            continue;
        placed++;
        if (!is_active(after, &before->placements[i]))
            broken(trial, before, "promised, and not there afterwards", before->placements[i].rsc);
    }
    if (after->active_count != placed)
        broken(trial, before, "more is active than was promised", "");
}

/* How often it must be decided again until there is nothing left to be done. */
static unsigned rounds_to_rest(struct trial *trial)
{
    for (unsigned rounds = 0; rounds <= MOST_ROUNDS; rounds++) {
        struct hy_decision *decision = world_decide(&trial->world);
        size_t done = carry_out(trial, decision);
        if (done && rounds == MOST_ROUNDS)
            broken(trial, decision, "does not come to rest", "");
        hy_decision_free(&decision);
        if (!done)
            return rounds;
    }
    return MOST_ROUNDS;
}

unsigned laws_hold(uint64_t seed)
{
    struct trial trial = {.seed = seed};
    wide_init(&trial.wide, seed, WIDE_PLAIN);
    world_init(&trial.world, hy_buf_text(&trial.wide.configuration));
    wide_happen(&trial.wide, &trial.world);
    struct hy_decision *decision = world_decide(&trial.world);
    struct hy_buf wrong = {0};
    if (*world_check(&trial.world, decision, &wrong))
        broken(&trial, decision, "unsound", hy_buf_text(&wrong));
    check_constraints(&trial, decision);
    check_utilization(&trial, decision);
    carry_out(&trial, decision);
    struct hy_decision *after = world_decide(&trial.world);
    if (!anything_blocked(decision))
        check_promise(&trial, decision, after);
    unsigned rounds = rounds_to_rest(&trial);
    hy_decision_free(&after);
    hy_decision_free(&decision);
    hy_buf_free(&wrong);
    world_free(&trial.world);
    wide_free(&trial.wide);
    return rounds;
}

/* ---------------------------------------------------------------- other names */

/* The actions with numbers in place of names, each with those that come before it. */
static void print_anonymous(const struct wide *wide, const struct hy_decision *decision, struct hy_buf *out)
{
    for (size_t i = 0; i < decision->action_count; i++) {
        const struct hy_action *action = &decision->actions[i];
        char name[16];
        uint32_t node = 0, leaf = 0;
        for (; node < wide->node_count; node++) {
            wide_node_name(wide, node, name);
            if (!strcmp(name, action->node))
                break;
        }
        for (; leaf < wide->leaf_count; leaf++) {
            wide_leaf_name(wide, leaf, name);
            if (!strcmp(name, action->primitive))
                break;
        }
        hy_buf_addf(out, "%s %u on %u every %lld%s, after %zu\n", hy_action_word(action->kind), leaf, node,
                    (long long)(action->interval / HY_SECOND), action->blocked ? " blocked" : "", action->after_count);
    }
}

static void decide_named(uint64_t seed, enum wide_names names, struct hy_buf *out, struct hy_buf *configuration)
{
    struct wide wide;
    struct world world;
    wide_init(&wide, seed, names);
    world_init(&world, hy_buf_text(&wide.configuration));
    wide_happen(&wide, &world);
    struct hy_decision *decision = world_decide(&world);
    print_anonymous(&wide, decision, out);
    hy_buf_adds(configuration, hy_buf_text(&wide.configuration));
    hy_decision_free(&decision);
    world_free(&world);
    wide_free(&wide);
}

void names_do_not_matter(uint64_t seed)
{
    struct hy_buf one = {0}, other = {0}, configuration = {0};
    decide_named(seed, WIDE_PLAIN, &one, &configuration);
    decide_named(seed, WIDE_OTHER, &other, &configuration);
    if (strcmp(hy_buf_text(&one), hy_buf_text(&other))) {
        fprintf(stderr, "seed %llu:\n%s---\n%s---\n%s", (unsigned long long)seed, hy_buf_text(&configuration),
                hy_buf_text(&one), hy_buf_text(&other));
        ck_abort_msg("seed %llu: other names, another decision", (unsigned long long)seed);
    }
    hy_buf_free(&one);
    hy_buf_free(&other);
    hy_buf_free(&configuration);
}
