/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lease: at no instant of true time do two hosts hold the right to run one single-instance resource, whatever their
 * clocks say.
 *
 *   two-hold-the-right   a resource is active on two hosts whose executors both think that their lease covers it
 *   active-twice         it is active on two hosts, and the one that has lost the right has had the time to let go: only what its
 *                        own agent is stopping still, or a host that is frozen or has just woken, is excused
 *   starts-without-lease nothing is started under a lease that has ended (but what was being forked in that very moment, or when the
 *                        host was frozen)
 *   clone-too-many       more instances of a clone on a node than clone-node-max, or in all than clone-max
 */
#include "sim/checks.h"

#include "sim/facts.h"

#include <stdlib.h>
#include <string.h>

/* From the thaw of a host to the executor's first look at its clock, and the stop it then begins. */
static const hy_time AFTER_THAW = 100 * HY_MS;

struct leases {
    struct sim_world *world;
    struct {
        hy_time deadline; /* local */
        uint32_t since;
        hy_time over;   /* when it ended last, as far as the page has said so */
        hy_time killed; /* when its executor was, and the guard took over; 0: never */
    } last[SIM_MAX_NODES];
    uint64_t newest; /* index of the newest configuration seen */
    bool owed;       /* something happened while no core knew that any more */
};

static void *open_check(struct sim_world *world)
{
    struct leases *leases = hy_alloc(sizeof *leases);
    leases->world = world;
    return leases;
}

static bool is_active(const struct sim_service *service)
{
    return service && service->state != SIM_STOPPED;
}

/* Does this node's executor take it as its right to run the service? */
static bool has_right(const struct sim_world *world, size_t node, const struct sim_service *service)
{
    uint32_t since;
    sim_lease(world, node, &since);
    return sim_executor_is_up(world, node) && !sim_host_is_frozen(world, node) && sim_lease_holds(world, node) &&
           service->epoch >= since && !service->abandoned;
}

/* The lease has ended just now, and nobody else may act yet. */
static bool has_just_ended(const struct leases *leases, size_t node)
{
    const struct sim_world *world = leases->world;
    hy_time grace = sim_settings(world)->release_margin / 2;
    hy_time ended = sim_local(world, node) - leases->last[node].deadline;
    return (ended >= 0 && ended < grace) || sim_now(world) - leases->last[node].over < grace;
}

/* A core goes with its executor. */
static void core_ended(void *context, size_t node, const char *why)
{
    (void)why;
    struct leases *leases = context;
    if (!sim_executor_is_up(leases->world, node))
        leases->last[node].killed = sim_now(leases->world);
}

static bool is_excused(const struct leases *leases, size_t node, const struct sim_service *service)
{
    const struct sim_world *world = leases->world;
    hy_time thawed = sim_thawed_at(world, node);
    return sim_host_is_frozen(world, node) || service->abandoned || service->releasing ||
           service->state == SIM_STOPPING || (thawed && sim_now(world) - thawed < AFTER_THAW) ||
           has_just_ended(leases, node) ||
           (leases->last[node].killed && sim_now(world) - leases->last[node].killed < AFTER_THAW);
}

/* no-quorum-policy=freeze or ignore: it goes on without quorum because the operator has said so. */
static bool is_waived(const struct sim_world *world, size_t node)
{
    uint32_t since;
    return sim_lease(world, node, &since) == HY_NEVER;
}

static void check_pair(struct leases *leases, size_t a, size_t b, const char *rsc)
{
    const struct sim_world *world = leases->world;
    const struct sim_service *on_a = sim_service(world, a, rsc), *on_b = sim_service(world, b, rsc);
    if (!is_active(on_a) || !is_active(on_b) || is_waived(world, a) || is_waived(world, b))
        return;
    bool a_right = has_right(world, a, on_a), b_right = has_right(world, b, on_b);
    if (a_right && b_right)
        sim_violation(leases->world, "two-hold-the-right", "%s is active on %s and on %s, and both hold their lease",
                      rsc, sim_name(world, a), sim_name(world, b));
    else if (!(a_right || is_excused(leases, a, on_a)) || !(b_right || is_excused(leases, b, on_b)))
        sim_violation(leases->world, "active-twice", "%s is active on %s and on %s", rsc, sim_name(world, a),
                      sim_name(world, b));
}

static void check_single(struct leases *leases, size_t node, const char *rsc)
{
    for (size_t other = 0; other < sim_node_count(leases->world); other++)
        if (other != node)
            check_pair(leases, node, other, rsc);
}

static size_t number_of(const struct hy_object *clone, const char *name, size_t unset)
{
    const char *value = hy_sets_get(&clone->u.clone.meta, name);
    return value ? (size_t)strtoul(value, NULL, 10) : unset;
}

/* Instances of the primitive that are active by right on a node. */
static size_t instances_on(const struct sim_world *world, size_t node, const char *primitive)
{
    const struct sim_service *list;
    size_t count = sim_services(world, node, &list), found = 0;
    char id[HY_ID_MAX + 1];
    for (size_t i = 0; i < count; i++)
        found += is_active(&list[i]) && has_right(world, node, &list[i]) &&
                 strcmp(fact_primitive_id(list[i].rsc, id), primitive) == 0;
    return found;
}

static void check_clone(struct leases *leases, const struct hy_cib *cib, size_t node, const char *rsc)
{
    const struct hy_object *clone = fact_clone_of(cib, rsc);
    char id[HY_ID_MAX + 1];
    fact_primitive_id(rsc, id);
    size_t here = instances_on(leases->world, node, id), all = 0;
    for (size_t other = 0; other < sim_node_count(leases->world); other++)
        all += instances_on(leases->world, other, id);
    if (here > number_of(clone, "clone-node-max", 1))
        sim_violation(leases->world, "clone-too-many", "%zu instances of %s on %s", here, id,
                      sim_name(leases->world, node));
    if (all > number_of(clone, "clone-max", SIM_MAX_NODES))
        sim_violation(leases->world, "clone-too-many", "%zu instances of %s in all", all, id);
}

static void check_host(struct leases *leases, const struct hy_cib *cib, size_t node)
{
    const struct sim_service *list;
    size_t count = sim_services(leases->world, node, &list);
    for (size_t i = 0; i < count; i++)
        if (is_active(&list[i]) && fact_is_single(cib, list[i].rsc))
            check_single(leases, node, list[i].rsc);
}

/* What says of what there may be one only. NULL while all cores that knew it are down: what happens meanwhile is looked at
 * as soon as one knows it again. */
static const struct hy_cib *configuration(struct leases *leases)
{
    const struct hy_cib *cib = fact_newest(leases->world);
    if (!cib || cib->index < leases->newest) {
        leases->owed = true;
        return NULL;
    }
    leases->newest = cib->index;
    bool owed = leases->owed;
    leases->owed = false;
    for (size_t node = 0; owed && node < sim_node_count(leases->world); node++)
        check_host(leases, cib, node);
    return cib;
}

static void service(void *context, size_t node, const struct sim_service *changed)
{
    struct leases *leases = context;
    const struct hy_cib *cib = configuration(leases);
    if (changed->state != SIM_STARTING && changed->state != SIM_RUNNING)
        return;
    if (!cib)
        return;
    if (fact_is_single(cib, changed->rsc))
        check_single(leases, node, changed->rsc);
    if (changed->state == SIM_STARTING && fact_clone_of(cib, changed->rsc))
        check_clone(leases, cib, node, changed->rsc);
}

/* A lease that begins, or covers from now on what was started earlier or later than before: what is active here is looked at
 * as if it had just begun. One that only goes on changes nothing. */
static void lease(void *context, size_t node, hy_time local_deadline, uint32_t since)
{
    struct leases *leases = context;
    bool had_ended = leases->last[node].deadline <= sim_local(leases->world, node);
    bool is_news = sim_lease_holds(leases->world, node) && (had_ended || leases->last[node].since != since);
    hy_time ago = had_ended ? sim_local(leases->world, node) - leases->last[node].deadline : 0;
    if (leases->last[node].deadline && local_deadline <= sim_local(leases->world, node))
        leases->last[node].over = sim_now(leases->world) - ago;
    else if (!had_ended && leases->last[node].since != since) /* the old one is over, for what was started under it */
        leases->last[node].over = sim_now(leases->world);
    leases->last[node].deadline = local_deadline;
    leases->last[node].since = since;
    const struct hy_cib *cib = is_news ? configuration(leases) : NULL;
    if (cib)
        check_host(leases, cib, node);
}

static void began(void *context, size_t node, const struct hy_operation *operation)
{
    struct leases *leases = context;
    if (operation->lease && strcmp(operation->op, "start") == 0 && !sim_lease_holds(leases->world, node))
        sim_violation(leases->world, "starts-without-lease", "%s is started on %s, which has no lease", operation->rsc,
                      sim_name(leases->world, node));
}

const struct sim_observer sim_check_lease = {.name = "lease",
                                             .open = open_check,
                                             .close = free,
                                             .service = service,
                                             .lease = lease,
                                             .began = began,
                                             .core_ended = core_ended};
