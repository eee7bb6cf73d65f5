/* SPDX-License-Identifier: Apache-2.0 */
/* The least: three services, a change now and then, and that no service is on two hosts. */
#include "sim/plain.h"

#include <stdio.h>

struct plain {
    struct sim_world *world;
    hy_time next;
    unsigned count;
};

static void *open(struct sim_world *world)
{
    struct plain *plain = hy_alloc(sizeof *plain);
    *plain = (struct plain){.world = world, .next = 5 * HY_SECOND};
    return plain;
}

static const char *configuration(void *context)
{
    (void)context;
    return "put * property cib-bootstrap-options: stonith-enabled=false\n"
           "put * primitive ip1 ocf:heartbeat:IPaddr2 params ip=10.0.0.1 op monitor interval=10s\n"
           "put * primitive app1 ocf:test:Dummy op monitor interval=5s timeout=10s\n"
           "put * primitive app2 ocf:test:Dummy op monitor interval=20s\n"
           "put * group web ip1 app1\n";
}

static hy_time next(void *context)
{
    struct plain *plain = context;
    return plain->next < sim_settings(plain->world)->operator_ends ? plain->next : HY_NEVER;
}

static void act(void *context)
{
    struct plain *plain = context;
    char text[128];
    snprintf(text, sizeof text, "put * property cib-bootstrap-options: stonith-enabled=false p%u=%u\n",
             (unsigned)sim_below(plain->world, 5), plain->count++);
    sim_request(plain->world, sim_below(plain->world, sim_settings(plain->world)->nodes), text, 0, 0);
    plain->next = sim_now(plain->world) + (hy_time)sim_below(plain->world, 4 * HY_SECOND) + 1;
}

const struct sim_workload sim_plain_workload = {
    .name = "plain", .open = open, .close = free, .configuration = configuration, .next = next, .act = act};

/* ---- */

struct check {
    struct sim_world *world;
    uint64_t changes, answers, refusals;
};

static void *open_check(struct sim_world *world)
{
    struct check *check = hy_alloc(sizeof *check);
    check->world = world;
    return check;
}

static bool runs(const struct sim_world *world, size_t node, const char *rsc)
{
    const struct sim_service *service = sim_service(world, node, rsc);
    return service && service->state != SIM_STOPPED && !sim_host_is_frozen(world, node) &&
           !(service->releasing && sim_now(world) - sim_thawed_at(world, node) < HY_SECOND);
}

static void service(void *context, size_t node, const struct sim_service *service)
{
    struct check *check = context;
    check->changes++;
    if (service->state == SIM_STOPPED)
        return;
    for (size_t other = 0; other < sim_node_count(check->world); other++)
        if (other != node && runs(check->world, node, service->rsc) && runs(check->world, other, service->rsc))
            sim_violation(check->world, "runs-twice", "%s runs on %s and %s", service->rsc,
                          sim_name(check->world, node), sim_name(check->world, other));
}

static void answered(void *context, const struct sim_call *call)
{
    struct check *check = context;
    check->answers++;
    check->refusals += call->code != 0;
}

static void finished(void *context)
{
    struct check *check = context;
    sim_note(check->world, "%llu changes of services, %llu answers, %llu of them refusals",
             (unsigned long long)check->changes, (unsigned long long)check->answers,
             (unsigned long long)check->refusals);
    for (size_t node = 0; node < sim_node_count(check->world); node++) {
        struct hy_cluster_report report;
        if (!sim_cluster(check->world, node))
            continue;
        hy_cluster_report(sim_cluster(check->world, node), sim_local(check->world, node), &report);
        if (report.acting)
            return;
    }
    sim_violation(check->world, "no-dc", "nobody acts as DC when all has been well for long");
}

const struct sim_observer sim_plain_check = {
    .name = "plain", .open = open_check, .close = free, .service = service, .answered = answered, .finished = finished};
