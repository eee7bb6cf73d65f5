/* SPDX-License-Identifier: Apache-2.0 */
/* Clients: what they ask of a node over its local socket, and what they are told. */
#include "sim/internal.h"

#include <errno.h>

static uint64_t add(struct sim_world *world, size_t node, const char *statements, uint64_t session, uint64_t number,
                    uint64_t repeat)
{
    struct sim_pending_call *pending = hy_vec_add(&world->calls);
    *pending = (struct sim_pending_call){.statements = hy_strdup(statements)};
    pending->call = (struct sim_call){.number = ++world->call_count,
                                      .node = node,
                                      .read = !statements,
                                      .statements = pending->statements,
                                      .session = session,
                                      .in_session = number,
                                      .repeat = repeat,
                                      .sent = world->now};
    sim_agenda_add(world, world->now + sim_draw_time(&world->net, 20, 200), SIM_EV_CALL, node)->call =
        world->call_count;
    const struct sim_call call = pending->call;
    SIM_OBSERVE(world, called, (seer, &call));
    return call.number;
}

uint64_t sim_request(struct sim_world *world, size_t node, const char *statements, uint64_t session, uint64_t number,
                     uint64_t repeat)
{
    return add(world, node, statements, session, number, repeat);
}

uint64_t sim_read(struct sim_world *world, size_t node)
{
    return add(world, node, NULL, 0, 0, 0);
}

static size_t find(const struct sim_world *world, uint64_t number)
{
    for (size_t i = 0; i < world->calls.count; i++)
        if (world->calls.items[i].call.number == number)
            return i;
    return world->calls.count;
}

static void conclude(struct sim_world *world, size_t at, int code, const char *text)
{
    struct sim_pending_call pending = world->calls.items[at];
    hy_vec_remove(&world->calls, at);
    pending.call.code = code;
    pending.call.text = text;
    sim_trace_mix(world, pending.call.number * 31 + (uint64_t)(int64_t)code);
    sim_note(world, "%s: call %llu is answered: %d %s", world->hosts[pending.call.node].name,
             (unsigned long long)pending.call.number, code, text);
    SIM_OBSERVE(world, answered, (seer, &pending.call));
    if (pending.call.number == world->configuration_call) {
        world->configuration_call = 0;
        world->configured = code == 0 || code == -EEXIST; /* an attempt whose answer was lost was taken */
        if (!world->configured)
            sim_agenda_add(world, world->now + 300 * HY_MS, SIM_EV_CONFIGURE, 0);
    } else if (sim_the_workload->answered) {
        sim_the_workload->answered(world->workload, &pending.call);
        world->workload_next = sim_the_workload->next(world->workload);
    }
    free(pending.statements);
}

void sim_call_event(struct sim_world *world, uint64_t number)
{
    size_t at = find(world, number);
    if (at == world->calls.count)
        return;
    struct sim_pending_call *pending = &world->calls.items[at];
    size_t node = pending->call.node;
    const struct sim_core *core = &world->hosts[node].core;
    if (!core->cluster) {
        conclude(world, at, -ECONNREFUSED, "no core is there");
        return;
    }
    pending->core = core->generation;
    sim_note(world, "%s: call %llu: %s", world->hosts[node].name, (unsigned long long)number,
             pending->call.read ? "a read" : pending->statements);
    struct hy_cluster_event event = {.type = HY_CLUSTER_READ, .client = number};
    if (!pending->call.read)
        event = (struct hy_cluster_event){.type = HY_CLUSTER_REQUEST,
                                          .client = number,
                                          .data = pending->statements,
                                          .size = strlen(pending->statements),
                                          .by = "root",
                                          .via = "sim",
                                          .session = pending->call.session,
                                          .number = pending->call.in_session,
                                          .repeat = pending->call.repeat};
    sim_core_step(world, node, &event);
}

void sim_call_answer(struct sim_world *world, size_t node, uint64_t number, int code, const char *text)
{
    size_t at = find(world, number);
    if (at == world->calls.count || !world->calls.items[at].core) {
        sim_violation(world, "answer-to-nobody", "%s answers call %llu, which waits for no answer",
                      world->hosts[node].name, (unsigned long long)number);
        return;
    }
    conclude(world, at, code, text);
}

void sim_call_lost(struct sim_world *world, uint64_t number)
{
    size_t at = find(world, number);
    if (at < world->calls.count)
        conclude(world, at, -ECONNRESET, "the host has lost its power");
}

void sim_call_core_ended(struct sim_world *world, size_t node)
{
    uint64_t last = world->call_count;
    for (size_t i = 0; i < world->calls.count;) {
        const struct sim_pending_call *pending = &world->calls.items[i];
        if (pending->call.node != node || !pending->core || pending->call.number > last) {
            i++;
            continue;
        }
        conclude(world, i, -ECONNRESET, "the core has died");
        i = 0; /* the answer may have made new ones */
    }
}

void sim_call_free(struct sim_world *world)
{
    for (size_t i = 0; i < world->calls.count; i++)
        free(world->calls.items[i].statements);
    hy_vec_free(&world->calls);
}
