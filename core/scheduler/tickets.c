/* SPDX-License-Identifier: Apache-2.0 */
/* Tickets: what may run only where a site has been granted one. */
#include "scheduler/model.h"

static enum hy_loss_policy policy_of(const struct hy_sched *s, const struct hy_rsc_ticket *config, enum hy_role role)
{
    if (config->loss == HY_LOSS_DEFAULT)
        return role == HY_ROLE_PROMOTED ? HY_LOSS_DEMOTE : HY_LOSS_STOP;
    if (config->loss == HY_LOSS_FENCE && !s->properties.fencing)
        return HY_LOSS_STOP;
    return config->loss;
}

static void forbid(struct hy_sched *s, struct hy_srsc *rsc, const char *why)
{
    for (uint32_t n = 0; n < s->node_count; n++)
        hy_sched_add_score(s, rsc, n, -HY_INFINITY);
    hy_sched_cause(s, rsc, HY_CAUSE_OTHER, HY_NO_NODE, -HY_INFINITY)->id = why;
}

struct loss {
    const char *name;
    enum hy_role role;
    enum hy_loss_policy policy;
    bool granted;
};

static void fence_all(struct hy_sched *s, const struct hy_srsc *leaf, const struct loss *loss)
{
    for (size_t i = 0; i < leaf->active.count; i++)
        hy_sched_fence(
            s, leaf->active.items[i],
            hy_arena_printf(&s->decision->arena, "%s depends on ticket %s, which was lost", leaf->id, loss->name));
}

static void lose(struct hy_sched *s, struct hy_srsc *rsc, const struct loss *loss)
{
    for (size_t i = 0; i < rsc->children.count; i++)
        lose(s, rsc->children.items[i], loss);
    if (rsc->kind != HY_RSC_PRIMITIVE)
        return;
    const char *why = hy_arena_printf(&s->decision->arena, "ticket %s, which is %s,", loss->name,
                                      loss->granted ? "standby" : "not granted here");
    bool promoted_only = loss->role == HY_ROLE_PROMOTED;
    bool in_role = rsc->active.count && (!promoted_only || rsc->role == HY_ROLE_PROMOTED);
    if (loss->granted || !in_role) {
        if (!promoted_only || loss->policy == HY_LOSS_STOP)
            forbid(s, rsc, why);
        return;
    }
    switch (loss->policy) {
    case HY_LOSS_FREEZE:
        rsc->managed = false;
        rsc->blocked = true;
        return;
    case HY_LOSS_FENCE:
        fence_all(s, rsc, loss);
        forbid(s, rsc, why);
        return;
    case HY_LOSS_DEMOTE:
        if (!promoted_only)
            forbid(s, rsc, why);
        return; /* else nothing is promoted, see promote.c */
    default:
        forbid(s, rsc, why);
    }
}

static void apply(struct hy_sched *s, struct hy_srsc *rsc, const struct hy_rsc_ticket *config, enum hy_role role)
{
    const struct hy_ticket *ticket = hy_cib_ticket(s->input->cib, config->ticket);
    bool granted = ticket && ticket->granted;
    if (role == HY_ROLE_STARTED)
        role = HY_ROLE_ANY;
    if (granted && !ticket->standby)
        return;
    struct loss loss = {.name = config->ticket, .role = role, .policy = policy_of(s, config, role), .granted = granted};
    if (role == HY_ROLE_PROMOTED) {
        struct hy_sticket *asked = hy_arena_alloc(&s->scratch, sizeof *asked);
        *asked = (struct hy_sticket){.ticket = ticket, .name = config->ticket, .next = rsc->tickets};
        rsc->tickets = asked;
    }
    lose(s, rsc, &loss);
}

void hy_sched_unpack_ticket(struct hy_sched *s, const struct hy_object *object)
{
    const struct hy_rsc_ticket *config = &object->u.rsc_ticket;
    hy_srsc_list list = {0};
    hy_sched_resolve(s, config->rsc.rsc, &list);
    for (size_t i = 0; i < list.count; i++)
        apply(s, list.items[i], config, config->rsc.role);
    for (size_t i = 0; i < config->sets.list.count; i++) {
        const struct hy_rsc_set *set = &config->sets.list.items[i];
        hy_srsc_list members = {0};
        hy_sched_set_members(s, set, &members);
        for (size_t m = 0; m < members.count; m++)
            apply(s, members.items[m], config, set->role);
    }
}
