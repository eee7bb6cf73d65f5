/* SPDX-License-Identifier: Apache-2.0 */
/* What an operator does: one edit of the configuration at a time, based on what a node shows, and now and then a host. */
#include "sim/workload.h"

#include "cib/command.h"
#include "cib/grammar.h"
#include "sim/facts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct hy_object *some_object(struct workload *workload, const struct hy_cib *cib, bool tops)
{
    const struct hy_object *list[128];
    size_t count = 0;
    for (size_t i = 0; i < cib->objects.count && count < 128; i++) {
        const struct hy_object *object = cib->objects.items[i];
        if (tops ? hy_kind_is_resource(object->kind) && !hy_cib_parent(cib, object->id) : object->kind == HY_PRIMITIVE)
            list[count++] = object;
    }
    return count ? list[sim_below(workload->world, count)] : NULL;
}

static const struct hy_object *some_node_object(struct workload *workload, const struct hy_cib *cib)
{
    const struct hy_object *list[SIM_MAX_NODES];
    size_t count = 0;
    for (size_t i = 0; i < cib->objects.count && count < SIM_MAX_NODES; i++)
        if (cib->objects.items[i]->kind == HY_NODE)
            list[count++] = cib->objects.items[i];
    return count ? list[sim_below(workload->world, count)] : NULL;
}

/* The object as it shall be, based on the version that was seen. */
static void put(const struct hy_object *seen, const struct hy_object *wanted, struct hy_buf *out)
{
    char base[24];
    snprintf(base, sizeof base, "%" PRIu64, seen->version);
    hy_command_put(out, base, wanted);
}

static struct hy_attrs *meta_of(struct hy_object *object)
{
    return hy_sets_edit(object->kind == HY_PRIMITIVE ? &object->u.primitive.meta
                        : object->kind == HY_GROUP   ? &object->u.group.meta
                                                     : &object->u.clone.meta);
}

/* Sets, or takes out again. */
static void toggle(struct hy_attrs *attrs, const char *name, const char *value)
{
    if (hy_attrs_get(attrs, name))
        hy_attrs_remove(attrs, name);
    else
        hy_attrs_set(attrs, name, value);
}

static void toggle_meta(struct workload *workload, const struct hy_cib *cib, struct hy_buf *out)
{
    static const struct {
        const char *name, *value;
    } metas[] = {{"target-role", "Stopped"}, {"target-role", "Stopped"}, {"is-managed", "false"}, {"priority", "10"}};
    const struct hy_object *seen = some_object(workload, cib, true);
    if (!seen)
        return;
    size_t which = sim_below(workload->world, sizeof metas / sizeof *metas);
    struct hy_object *wanted = hy_object_copy(seen);
    toggle(meta_of(wanted), metas[which].name, metas[which].value);
    put(seen, wanted, out);
    hy_object_free(&wanted);
}

static void change_parameter(struct workload *workload, const struct hy_cib *cib, struct hy_buf *out)
{
    const struct hy_object *seen = some_object(workload, cib, false);
    if (!seen)
        return;
    char value[24];
    snprintf(value, sizeof value, "n%" PRIu64, sim_below(workload->world, 1000));
    struct hy_object *wanted = hy_object_copy(seen);
    hy_sets_set(&wanted->u.primitive.params, "name", value);
    put(seen, wanted, out);
    hy_object_free(&wanted);
}

/* `hactl resource move`, `ban`, and taking that back. */
static void move(struct workload *workload, const struct hy_cib *cib, struct hy_buf *out)
{
    const struct hy_object *top = some_object(workload, cib, true), *node = some_node_object(workload, cib);
    if (!top || !node)
        return;
    char id[2 * HY_ID_MAX];
    bool ban = workload_chance(workload, 50);
    if (ban)
        snprintf(id, sizeof id, "cli-ban-%s-on-%s", top->id, node->id);
    else
        snprintf(id, sizeof id, "cli-prefer-%s", top->id);
    const struct hy_object *there = hy_cib_find(cib, id);
    if (there && workload_chance(workload, 70))
        hy_buf_addf(out, "remove %" PRIu64 " %s\n", there->version, id);
    else
        hy_buf_addf(out, "put * location %s %s role=Started %s: %s\n", id, top->id, ban ? "-inf" : "inf", node->id);
}

static void toggle_standby(struct workload *workload, const struct hy_cib *cib, struct hy_buf *out)
{
    const struct hy_object *seen = some_node_object(workload, cib);
    if (!seen)
        return;
    struct hy_object *wanted = hy_object_copy(seen);
    toggle(hy_sets_edit(&wanted->u.node.attributes), workload_chance(workload, 85) ? "standby" : "maintenance", "on");
    put(seen, wanted, out);
    hy_object_free(&wanted);
}

static void toggle_property(struct workload *workload, const struct hy_cib *cib, struct hy_buf *out)
{
    static const struct {
        const char *name, *value;
    } properties[] = {
        {"maintenance-mode", "true"}, {"stop-all-resources", "true"}, {"start-failure-is-fatal", "false"}};
    const struct hy_object *seen = hy_cib_find_kind(cib, HY_PROPERTY, "cib-bootstrap-options");
    if (!seen)
        return;
    size_t which = sim_below(workload->world, sizeof properties / sizeof *properties);
    struct hy_object *wanted = hy_object_copy(seen);
    toggle(&wanted->u.set.attrs, properties[which].name, properties[which].value);
    put(seen, wanted, out);
    hy_object_free(&wanted);
}

static void clean_up(struct workload *workload, const struct hy_cib *cib, struct hy_buf *out)
{
    const struct hy_object *top = some_object(workload, cib, true);
    if (top)
        hy_command_cleanup(out, workload_chance(workload, 50) ? "*" : top->id, NULL);
}

static void add_or_remove(struct workload *workload, const struct hy_cib *cib, struct hy_buf *out)
{
    char id[24];
    snprintf(id, sizeof id, "extra%u", (unsigned)sim_below(workload->world, 3));
    const struct hy_object *there = hy_cib_find(cib, id);
    if (there)
        hy_buf_addf(out, "remove %" PRIu64 " %s\n", there->version, id);
    else
        hy_buf_addf(out,
                    "put 0 primitive %s ocf:heartbeat:Dummy op monitor interval=3s timeout=5s op start interval=0 "
                    "timeout=6s op stop interval=0 timeout=6s\n",
                    id);
}

static size_t enrolled(const struct hy_cib *cib)
{
    size_t count = 0;
    for (size_t i = 0; i < cib->nodes.count; i++)
        count += cib->nodes.items[i]->enrolled.address && !cib->nodes.items[i]->enrolled.striking;
    return count;
}

static void add_host(struct workload *workload, struct hy_buf *out)
{
    struct sim_world *world = workload->world;
    bool witness = sim_with_witnesses(world) && workload_chance(workload, 30);
    size_t node = sim_node_add(world, witness);
    if (node < SIM_MAX_NODES)
        hy_buf_addf(out, "enrol %s id=%zu address=10.0.0.%zu%s\n", sim_name(world, node), node + 1, node + 1,
                    witness ? " witness=true" : "");
}

static void strike_host(struct workload *workload, const struct hy_cib *cib, struct hy_buf *out)
{
    const struct hy_object *node = some_node_object(workload, cib);
    const struct hy_node_status *status = node ? hy_cib_node(cib, node->id) : NULL;
    if (!status || !status->enrolled.address || status->enrolled.striking)
        return;
    hy_command_strike(out, node->id);
    workload->struck |= 1u << (status->id - 1);
}

/* Nodes come, and go; three stay. */
static void grow_or_shrink(struct workload *workload, const struct hy_cib *cib, struct hy_buf *out)
{
    size_t count = enrolled(cib), begun = sim_settings(workload->world)->nodes;
    if (count > 3 && (count >= begun + 2 || workload_chance(workload, 50)))
        strike_host(workload, cib, out);
    else if (begun > 2 && count && count < begun + 2 && sim_node_count(workload->world) < MOST_HOSTS)
        add_host(workload, out);
}

/* What keeps everything from running is not left for long. */
static bool undo_what_stops_all(struct workload *workload, const struct hy_cib *cib, struct hy_buf *out)
{
    static const char *const names[] = {"maintenance-mode", "stop-all-resources"};
    const struct hy_object *seen = hy_cib_find_kind(cib, HY_PROPERTY, "cib-bootstrap-options");
    bool set = false;
    for (size_t i = 0; seen && i < 2; i++)
        set = set || hy_attrs_get(&seen->u.set.attrs, names[i]);
    if (!set || workload_chance(workload, 30))
        return false;
    struct hy_object *wanted = hy_object_copy(seen);
    for (size_t i = 0; i < 2; i++)
        hy_attrs_remove(&wanted->u.set.attrs, names[i]);
    put(seen, wanted, out);
    hy_object_free(&wanted);
    return true;
}

void workload_next_edit(struct workload *workload, const struct hy_cib *cib, struct hy_buf *out)
{
    static void (*const deeds[])(struct workload *, const struct hy_cib *, struct hy_buf *) = {
        toggle_meta,    toggle_meta,    change_parameter, move,          move,          move, move, clean_up, clean_up,
        toggle_standby, toggle_standby, toggle_property,  add_or_remove, grow_or_shrink};
    if (!undo_what_stops_all(workload, cib, out))
        deeds[sim_below(workload->world, sizeof deeds / sizeof *deeds)](workload, cib, out);
}

/* ---- hosts */

/* By a state that knows of it: one that is blank, or from before the node came, knows nothing. */
static bool is_out(const struct hy_cib *cib, size_t node, const char *name)
{
    return cib->last_id > node && !hy_cib_node(cib, name);
}

/* What was struck and is out of the cluster goes to the scrap heap. */
static void scrap(struct workload *workload)
{
    struct sim_world *world = workload->world;
    const struct hy_cib *cib = fact_newest(world);
    for (size_t node = 0; cib && node < sim_node_count(world); node++)
        if (workload->struck >> node & 1 && !sim_is_retired(world, node) && is_out(cib, node, sim_name(world, node)))
            sim_retire(world, node);
}

/* One host at a time is taken down in good order, and comes back at the next look. */
void workload_see_to_hosts(struct workload *workload)
{
    struct sim_world *world = workload->world;
    scrap(workload);
    if (workload->down < SIM_MAX_NODES) {
        sim_start(world, workload->down);
        workload->down = SIM_MAX_NODES;
        return;
    }
    size_t node = sim_below(world, sim_node_count(world));
    if (sim_now(world) >= sim_settings(world)->operator_ends || !sim_core_is_up(world, node) ||
        sim_is_retired(world, node) || workload_chance(workload, 50))
        return;
    sim_shut_down(world, node);
    workload->down = node;
}
