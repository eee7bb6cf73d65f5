/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is done, in truth, keeps to mandatory orders, whatever was lost or late on the way from the DC's decision:
 *
 *   began-before-first  a start's agent is called while what must be started first neither runs nor was last told to start,
 *                       with success, or found running by a probe: that it has died since, with or without its host, is
 *                       nobody's fault
 *   ended-under-then    a stop's agent is called where the resource is active, while what must be stopped first runs by
 *                       right: what the executor has stopped itself at its lease's end may be stopped again, late
 *
 * What an order asks for is what the DC's configuration said when it decided.
 */
#include "sim/checks.h"

#include "sim/decisions.h"
#include "sim/facts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { REMEMBERED = 512 };

/* What a decision relies on. */
struct reliance {
    uint64_t id;
    char *rsc;
    char *names[FACT_MANY];
    size_t count;
};

struct orders_check {
    struct sim_world *world;
    struct decisions decisions;
    struct reliance ring[REMEMBERED];
    size_t next;
    struct hy_map
        told; /* resource -> uint32_t *: bits of the nodes where it was last told to start, and did, or found */
};

static void *open_check(struct sim_world *world)
{
    struct orders_check *check = hy_alloc(sizeof *check);
    check->world = world;
    return check;
}

static void clear(struct reliance *reliance)
{
    for (size_t i = 0; i < reliance->count; i++)
        free(reliance->names[i]);
    free(reliance->rsc);
    *reliance = (struct reliance){0};
}

static void close_check(void *context)
{
    struct orders_check *check = context;
    for (size_t i = 0; i < REMEMBERED; i++)
        clear(&check->ring[i]);
    size_t at = 0;
    void *value;
    while (hy_map_next(&check->told, &at, NULL, &value))
        free(value);
    hy_map_free(&check->told);
    free(check);
}

/* A member that was admitted just now may have it left from its last life, and has not said so yet. A witness has not. */
static bool is_known_everywhere(const struct hy_cib *cib, const char *rsc)
{
    for (size_t i = 0; i < cib->nodes.count; i++) {
        const struct hy_node_status *status = cib->nodes.items[i];
        if (status->state == HY_MEMBER_IN && !status->enrolled.witness && fact_belief(status, rsc) == FACT_UNKNOWN)
            return false;
    }
    return true;
}

static void decided(void *context, size_t dc, size_t target, const struct hy_operation *operation)
{
    (void)target;
    struct orders_check *check = context;
    bool start = strcmp(operation->op, "start") == 0;
    if (!start && strcmp(operation->op, "stop") != 0)
        return;
    const struct hy_cib *cib = hy_cluster_cib(sim_cluster(check->world, dc));
    const struct fact_view view = {.cib = cib, .now = sim_wall(check->world, dc)};
    char primitive[HY_ID_MAX + 1];
    const char *names[FACT_MANY];
    fact_primitive_id(operation->rsc, primitive);
    if (!start && fact_clone_of(cib, primitive))
        return; /* other instances may do */
    size_t count = start ? fact_firsts(cib, primitive, names) : fact_thens(cib, primitive, names);
    if (!count)
        return;
    struct reliance *reliance = &check->ring[check->next++ % REMEMBERED];
    clear(reliance);
    reliance->id = operation->id;
    reliance->rsc = hy_strdup(operation->rsc);
    for (size_t i = 0; i < count; i++)
        if (start ? !fact_is_trusted(&view, names[i])
                  : is_known_everywhere(cib, names[i]) &&
                        fact_is_managed(&view, names[i], sim_name(check->world, target)))
            reliance->names[reliance->count++] = hy_strdup(names[i]);
}

static void stepped(void *context, size_t node, const struct hy_cluster_event *event, int rc,
                    const struct hy_cluster_effects *effects)
{
    (void)event;
    (void)rc;
    struct orders_check *check = context;
    decisions_see(&check->decisions, check->world, node, effects, decided, check);
}

/* ---- what is true */

static uint32_t *told_of(struct orders_check *check, const char *rsc)
{
    uint32_t *told = hy_map_get(&check->told, rsc);
    if (!told) {
        told = hy_alloc(sizeof *told);
        hy_map_put(&check->told, rsc, told);
    }
    return told;
}

static void ended(void *context, size_t node, const struct hy_outcome *outcome)
{
    struct orders_check *check = context;
    bool start = strcmp(outcome->op, "start") == 0, stop = strcmp(outcome->op, "stop") == 0;
    bool probe = strcmp(outcome->op, "monitor") == 0 && outcome->interval == 0;
    if (!outcome->id || outcome->exec == HY_EXEC_CANCELLED || (!start && !stop && !probe))
        return;
    uint32_t *told = told_of(check, outcome->rsc), bit = UINT32_C(1) << node;
    bool good = outcome->exec == HY_EXEC_DONE && outcome->rc == 0;
    if (good && !stop)
        *told |= bit;
    else if (start || good)
        *told &= ~bit;
}

static bool runs_somewhere(const struct sim_world *world, const char *rsc, bool by_right)
{
    for (size_t node = 0; node < sim_node_count(world); node++) {
        const struct sim_service *service = sim_service(world, node, rsc);
        if (!service || (service->state != SIM_RUNNING && service->state != SIM_STARTING))
            continue;
        if (!by_right || (!service->releasing && !sim_host_is_frozen(world, node) && sim_core_is_up(world, node) &&
                          sim_lease_holds(world, node)))
            return true;
    }
    return false;
}

static bool is_active(const struct sim_world *world, size_t node, const char *rsc)
{
    const struct sim_service *service = sim_service(world, node, rsc);
    return service && service->state != SIM_STOPPED;
}

static void check_begun(struct orders_check *check, size_t node, const struct reliance *reliance, bool start)
{
    for (size_t i = 0; i < reliance->count; i++) {
        const char *name = reliance->names[i];
        if (start && !runs_somewhere(check->world, name, false) && !*told_of(check, name))
            sim_violation(check->world, "began-before-first", "%s is started on %s, and %s is not", reliance->rsc,
                          sim_name(check->world, node), name);
        if (!start && is_active(check->world, node, reliance->rsc) && runs_somewhere(check->world, name, true))
            sim_violation(check->world, "ended-under-then", "%s is stopped on %s, and %s runs", reliance->rsc,
                          sim_name(check->world, node), name);
    }
}

static void began(void *context, size_t node, const struct hy_operation *operation)
{
    struct orders_check *check = context;
    for (size_t i = 0; operation->id && i < REMEMBERED; i++)
        if (check->ring[i].id == operation->id && strcmp(check->ring[i].rsc, operation->rsc) == 0)
            check_begun(check, node, &check->ring[i], strcmp(operation->op, "start") == 0);
}

const struct sim_observer sim_check_orders = {
    .name = "orders", .open = open_check, .close = close_check, .stepped = stepped, .began = began, .ended = ended};
