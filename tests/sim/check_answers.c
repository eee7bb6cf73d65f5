/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An address: at no instant of true time do the kernels of two hosts answer for it, whatever has become of all processes there.
 *
 *   answers-twice  they do. On a host whose kernel has taken the filter that is promised without any "but": frozen, killed, or
 *                  awake again. On one whose kernel has refused it, an address lives on for two seconds when all
 *                  processes are frozen or killed (ten, when it has just been started), and whoever is to start it finds that
 *                  out by asking: so what remains is excused when the question or its answer could not pass, and then only.
 *
 * What no-quorum-policy lets run without quorum is not looked at.
 */
#include "sim/checks.h"

#include "sim/facts.h"

#include <stdlib.h>

struct answers {
    struct sim_world *world;
    uint64_t newest;
    struct {
        hy_time deadline;
        uint32_t since;
    } last[SIM_MAX_NODES];
};

static void *open_check(struct sim_world *world)
{
    struct answers *answers = hy_alloc(sizeof *answers);
    answers->world = world;
    return answers;
}

static bool is_waived(const struct sim_world *world, size_t node)
{
    uint32_t since;
    return sim_lease(world, node, &since) == HY_NEVER;
}

static bool is_excused(const struct sim_service *one, const struct sim_service *other)
{
    return (!one->guarded && other->kernel.unheard) || (!other->guarded && one->kernel.unheard);
}

static void check_address(struct answers *answers, size_t node, const char *rsc)
{
    struct sim_world *world = answers->world;
    if (!sim_answers(world, node, rsc) || is_waived(world, node))
        return;
    for (size_t other = 0; other < sim_node_count(world); other++)
        if (other != node && sim_answers(world, other, rsc) && !is_waived(world, other) &&
            !is_excused(sim_service(world, node, rsc), sim_service(world, other, rsc)))
            sim_violation(world, "answers-twice", "%s and %s both answer for %s", sim_name(world, node),
                          sim_name(world, other), rsc);
}

/* What says of what there may be one only; NULL: no core is up that knows. */
static const struct hy_cib *configuration(struct answers *answers)
{
    const struct hy_cib *cib = fact_newest(answers->world);
    if (!cib || cib->index < answers->newest)
        return NULL;
    answers->newest = cib->index;
    return cib;
}

static void service(void *context, size_t node, const struct sim_service *changed)
{
    struct answers *answers = context;
    if (!changed->address || (changed->state != SIM_STARTING && changed->state != SIM_RUNNING))
        return;
    const struct hy_cib *cib = configuration(answers);
    if (cib && fact_is_single(cib, changed->rsc))
        check_address(answers, node, changed->rsc);
}

static void attached(void *context, size_t node, const struct sim_service *address)
{
    struct answers *answers = context;
    const struct hy_cib *cib = configuration(answers);
    if (cib && fact_is_single(cib, address->rsc))
        check_address(answers, node, address->rsc);
}

/* What was shut may be open again. */
static void lease(void *context, size_t node, hy_time local_deadline, uint32_t since)
{
    struct answers *answers = context;
    bool had_ended = answers->last[node].deadline <= sim_local(answers->world, node);
    bool is_news = had_ended || answers->last[node].since != since;
    answers->last[node].deadline = local_deadline;
    answers->last[node].since = since;
    const struct hy_cib *cib = is_news ? configuration(answers) : NULL;
    const struct sim_service *list;
    size_t count = cib ? sim_services(answers->world, node, &list) : 0;
    for (size_t i = 0; i < count; i++)
        if (list[i].address && fact_is_single(cib, list[i].rsc))
            check_address(answers, node, list[i].rsc);
}

const struct sim_observer sim_check_answers = {
    .name = "answers", .open = open_check, .close = free, .service = service, .attached = attached, .lease = lease};
