/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a kernel does about addresses, whatever has become of all processes: does a host answer for one? (plugins/ipaddr2;
 * docs/decisions/ebpf-guard.md, conflict-check-before-start.md)
 *
 *   - A filter lets pass what is of the address while the clock is below the deadline in the lease page, and the page's `since` is
 *     that of the life in which it was attached. The page lives as long as a filter refers to it: when the executor dies its last
 *     deadline stays.
 *   - The address has a lifetime: ten seconds from its start on, and two from each renewal by the agent's watch, which renews each
 *     400 ms while there is a lease. On a host whose kernel takes no filter that is all.
 *   - Who is to start it asks the network first.
 */
#include "sim/internal.h"

#include "base/mutant.h"

static const hy_time START_LIFETIME = 10 * HY_SECOND, LIFETIME = 2 * HY_SECOND, RENEW = 400 * HY_MS;

bool sim_kernel_is_address(const char *agent)
{
    return agent && strstr(agent, "IPaddr2");
}

static const struct sim_executor *page_of(const struct sim_host *host, const struct sim_service *service)
{
    return host->executor.up && host->executor.generation == service->kernel.page ? &host->executor : NULL;
}

static hy_time deadline_of(const struct sim_host *host, const struct sim_service *service)
{
    const struct sim_executor *executor = page_of(host, service);
    return executor ? atomic_load(&executor->page.deadline) : service->kernel.deadline;
}

static uint32_t since_of(const struct sim_host *host, const struct sim_service *service)
{
    const struct sim_executor *executor = page_of(host, service);
    return executor ? atomic_load(&executor->page.since) : service->kernel.since;
}

/* ---- the address comes, is looked after, and is nobody's */

static void attach(struct sim_world *world, size_t node, struct sim_service *service)
{
    const struct sim_host *host = &world->hosts[node];
    service->kernel.page = host->executor.generation;
    service->kernel.attached_since = atomic_load(&host->executor.page.since);
    service->guarded = !(world->schedule->unguarded >> node & 1);
}

void sim_kernel_added(struct sim_world *world, size_t node, struct sim_service *service)
{
    service->kernel.added = sim_local(world, node);
    service->kernel.watched = -1;
    service->abandoned = false;
    attach(world, node, service);
}

/* It renews the lifetime, and puts back a filter of this life that is not there. */
void sim_kernel_watched(struct sim_world *world, size_t node, struct sim_service *service)
{
    if (!service->address || service->state == SIM_STOPPED)
        return;
    service->kernel.watched = sim_local(world, node);
    if (page_of(&world->hosts[node], service))
        return;
    sim_note(world, "%s: the watch of %s puts its filter back", world->hosts[node].name, service->rsc);
    attach(world, node, service);
    SIM_OBSERVE(world, attached, (seer, node, service));
}

/* This life of the executor takes it as its own. */
void sim_kernel_adopted(struct sim_world *world, size_t node, struct sim_service *service)
{
    if (!service->abandoned || service->state == SIM_STOPPED)
        return;
    service->abandoned = false;
    service->epoch = atomic_load(&world->hosts[node].executor.page.since);
}

/* `alone`: with the executor all have died who could stop it. */
void sim_kernel_executor_dies(struct sim_world *world, size_t node, bool alone)
{
    struct sim_host *host = &world->hosts[node];
    hy_time now = sim_local(world, node);
    for (size_t i = 0; i < host->services.count; i++) {
        struct sim_service *service = &host->services.items[i];
        if (service->state == SIM_STOPPED)
            continue;
        if (page_of(host, service)) {
            service->kernel.deadline = atomic_load(&host->executor.page.deadline);
            service->kernel.since = atomic_load(&host->executor.page.since);
        }
        if (!alone || service->abandoned)
            continue;
        service->abandoned = true;
        service->releasing = false;
        service->kernel.alone = now;
        if (service->address && service->kernel.deadline != HY_NEVER)
            sim_agenda_add(world, sim_clock_true(&host->clock, sim_kernel_valid_until(world, node, service)),
                           SIM_EV_EXPIRE, node)
                ->generation = host->life;
    }
}

/* Nobody renews it any more: when is its lifetime over? HY_NEVER: it is renewed. On the host's clock. */
hy_time sim_kernel_valid_until(const struct sim_world *world, size_t node, const struct sim_service *service)
{
    const struct sim_host *host = &world->hosts[node];
    hy_time deadline = deadline_of(host, service), stands;
    if (deadline == HY_NEVER)
        return HY_NEVER;
    if (service->abandoned)
        stands = service->kernel.alone;
    else if (host->host_frozen)
        stands = sim_clock_local(&host->clock, host->stands_since);
    else
        return HY_NEVER;
    hy_time last = deadline < stands ? deadline : stands;
    if (service->kernel.watched < 0 || last < service->kernel.watched)
        return service->kernel.added + START_LIFETIME;
    return service->kernel.watched + (last - service->kernel.watched) / RENEW * RENEW + LIFETIME;
}

void sim_kernel_expire(struct sim_world *world, size_t node)
{
    struct sim_host *host = &world->hosts[node];
    for (size_t i = 0; i < host->services.count; i++) {
        struct sim_service *service = &host->services.items[i];
        if (service->abandoned && service->address && service->state == SIM_RUNNING &&
            sim_kernel_valid_until(world, node, service) <= sim_local(world, node)) {
            sim_note(world, "%s: the lifetime of %s is over", host->name, service->rsc);
            sim_service_set(world, node, service, SIM_STOPPED);
        }
    }
}

/* All processes have stood still, and go on: what has been removed meanwhile is gone, and a monitor sees it. */
void sim_kernel_thawed(struct sim_world *world, size_t node)
{
    struct sim_host *host = &world->hosts[node];
    for (size_t i = 0; i < host->services.count && world->settings.addresses; i++) {
        struct sim_service *service = &host->services.items[i];
        if (!service->address || service->abandoned || service->state != SIM_RUNNING ||
            sim_kernel_valid_until(world, node, service) > sim_local(world, node))
            continue;
        sim_note(world, "%s: the lifetime of %s was over", host->name, service->rsc);
        sim_service_set(world, node, service, SIM_STOPPED);
    }
}

/* ---- does it answer? */

/* The filter's clock, which no freeze of processes stops. */
static hy_time filter_clock(const struct sim_world *world, size_t node)
{
    const struct sim_host *host = &world->hosts[node];
    if (HY_MUTANT(FILTER_CLOCK_STOPS) && host->host_frozen)
        return sim_clock_local(&host->clock, host->stands_since);
    return sim_local(world, node);
}

bool sim_answers(const struct sim_world *world, size_t node, const char *rsc)
{
    const struct sim_host *host = &world->hosts[node];
    const struct sim_service *service = sim_service(world, node, rsc);
    if (!service || !service->address || service->state == SIM_STOPPED || !host->powered)
        return false;
    hy_time deadline = deadline_of(host, service);
    if (!service->lease || deadline == HY_NEVER)
        return true;
    if (sim_kernel_valid_until(world, node, service) <= sim_local(world, node))
        return false;
    if (!service->guarded || HY_MUTANT(FILTER_LETS_PASS))
        return true;
    bool same_life = since_of(host, service) == service->kernel.attached_since || HY_MUTANT(FILTER_WITHOUT_SINCE);
    return filter_clock(world, node) < deadline && same_life;
}

/* ---- who is to start it asks */

static bool passes(struct sim_world *world, size_t from, size_t to)
{
    const struct sim_path *path = &world->paths[0][from][to];
    return !path->cuts && !(path->loss && sim_draw_chance(&world->net, path->loss)) && path->delay < 25 * HY_MS &&
           !path->bytes_per_ms;
}

/* Addresses are on the network of the first link. */
bool sim_kernel_is_answered(struct sim_world *world, size_t node, struct sim_service *service)
{
    service->kernel.unheard = false;
    if (HY_MUTANT(CONFLICT_NOT_ASKED))
        return false;
    bool heard = false;
    for (size_t other = 0; other < world->count; other++) {
        if (other == node || !sim_answers(world, other, service->rsc))
            continue;
        bool one = passes(world, node, other) && passes(world, other, node);
        heard |= one;
        service->kernel.unheard |= !one;
    }
    return heard;
}
