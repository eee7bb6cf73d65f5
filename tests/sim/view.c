/* SPDX-License-Identifier: Apache-2.0 */
/* world.h: what may be asked, and what an operator does. */
#include "sim/internal.h"

const struct sim_settings *sim_settings(const struct sim_world *world)
{
    return &world->settings;
}

hy_time sim_now(const struct sim_world *world)
{
    return world->now;
}

bool sim_is_quiet(const struct sim_world *world)
{
    return world->quiet;
}

bool sim_with(const struct sim_world *world, const char *fault)
{
    if (strcmp(fault, "operator") == 0)
        return world->schedule->kinds >> SIM_FAULT_COUNT & 1;
    for (unsigned kind = 0; kind < SIM_FAULT_COUNT; kind++)
        if (strcmp(sim_fault_name(kind), fault) == 0)
            return world->schedule->kinds >> kind & 1;
    return false;
}

uint64_t sim_random(struct sim_world *world)
{
    return sim_draw(&world->workload_stream);
}

uint64_t sim_below(struct sim_world *world, uint64_t limit)
{
    return sim_draw_below(&world->workload_stream, limit);
}

size_t sim_node_count(const struct sim_world *world)
{
    return world->count;
}

const char *sim_name(const struct sim_world *world, size_t node)
{
    return world->hosts[node].name;
}

hy_time sim_local(const struct sim_world *world, size_t node)
{
    const struct sim_host *host = &world->hosts[node];
    return host->powered ? sim_clock_local(&host->clock, world->now) : 0;
}

hy_wall sim_wall(const struct sim_world *world, size_t node)
{
    const struct sim_host *host = &world->hosts[node];
    return sim_clock_local(&host->clock, world->now) + host->clock.wall_offset;
}

bool sim_is_powered(const struct sim_world *world, size_t node)
{
    return world->hosts[node].powered;
}

bool sim_executor_is_up(const struct sim_world *world, size_t node)
{
    return world->hosts[node].executor.up;
}

bool sim_core_is_up(const struct sim_world *world, size_t node)
{
    return world->hosts[node].core.cluster != NULL;
}

bool sim_core_is_frozen(const struct sim_world *world, size_t node)
{
    return world->hosts[node].core_frozen || world->hosts[node].host_frozen;
}

bool sim_host_is_frozen(const struct sim_world *world, size_t node)
{
    return world->hosts[node].host_frozen;
}

hy_time sim_main_stands_since(const struct sim_world *world, size_t node)
{
    return world->hosts[node].main_frozen ? world->hosts[node].main_frozen_at : HY_NEVER;
}

hy_time sim_thawed_at(const struct sim_world *world, size_t node)
{
    return world->hosts[node].thawed_at;
}

uint64_t sim_boots(const struct sim_world *world, size_t node)
{
    return world->hosts[node].boots;
}

uint64_t sim_incarnation(const struct sim_world *world, size_t node)
{
    return world->hosts[node].core.incarnation;
}

uint64_t sim_disk(const struct sim_world *world, size_t node)
{
    return world->hosts[node].disk.id;
}

bool sim_is_witness(const struct sim_world *world, size_t node)
{
    return world->hosts[node].witness;
}

bool sim_with_witnesses(const struct sim_world *world)
{
    for (size_t node = 0; node < world->settings.nodes; node++)
        if (world->hosts[node].witness)
            return true;
    return false;
}

bool sim_is_retired(const struct sim_world *world, size_t node)
{
    return world->hosts[node].retired;
}

bool sim_can_reach(const struct sim_world *world, size_t from, size_t to)
{
    for (size_t link = 0; link < world->links; link++)
        if (from == to || !sim_net_is_cut(world, link, from, to))
            return true;
    return false;
}

bool sim_says(const struct sim_world *world, enum hy_cluster_effect_type type)
{
    return world->says >> type & 1;
}

const struct hy_cluster *sim_cluster(const struct sim_world *world, size_t node)
{
    return world->hosts[node].core.cluster;
}

size_t sim_services(const struct sim_world *world, size_t node, const struct sim_service **list)
{
    *list = world->hosts[node].services.items;
    return world->hosts[node].services.count;
}

const struct sim_service *sim_service(const struct sim_world *world, size_t node, const char *rsc)
{
    const struct sim_host *host = &world->hosts[node];
    for (size_t i = 0; i < host->services.count; i++)
        if (strcmp(host->services.items[i].rsc, rsc) == 0)
            return &host->services.items[i];
    return NULL;
}

hy_time sim_lease(const struct sim_world *world, size_t node, uint32_t *since)
{
    const struct hy_lease_page *page = &world->hosts[node].executor.page;
    if (since)
        *since = atomic_load(&page->since);
    return atomic_load(&page->deadline);
}

/* As hy_lease_holds() says it, which also makes a note. */
bool sim_lease_holds(const struct sim_world *world, size_t node)
{
    const struct sim_executor *executor = &world->hosts[node].executor;
    if (!executor->up)
        return false;
    return sim_local(world, node) < atomic_load(&executor->page.deadline) &&
           (executor->lease.since == atomic_load(&executor->page.since) || !hy_actives_any_leased(&executor->actives));
}

/* ---- what an operator does with hosts */

size_t sim_node_add(struct sim_world *world, bool witness)
{
    if (world->count == SIM_MAX_NODES)
        return SIM_MAX_NODES;
    size_t node = world->count;
    sim_host_init(world, node);
    world->hosts[node].witness = witness;
    world->count++;
    for (size_t i = 0; i < world->count; i++)
        if (!world->hosts[i].retired)
            world->hosts[node].config |= 1u << i;
    sim_net_compute(world);
    sim_host_power_on(world, node);
    return node;
}

void sim_shut_down(struct sim_world *world, size_t node)
{
    sim_host_stop(world, node);
}

void sim_start(struct sim_world *world, size_t node)
{
    sim_host_want(world, node);
}

void sim_retire(struct sim_world *world, size_t node)
{
    sim_host_power_off(world, node);
    while (world->hosts[node].host_frozen) /* what waits there for an answer gets one */
        sim_host_thaw(world, node, true);
    while (world->hosts[node].core_frozen)
        sim_host_thaw(world, node, false);
    while (world->hosts[node].main_frozen)
        sim_host_thaw_main(world, node);
    world->hosts[node].retired = true;
}
