/* SPDX-License-Identifier: Apache-2.0 */
/* A simulation for people, and as JSON. */
#include "hactl/simulate.h"

#include "hactl/status.h"
#include "hactl/why.h"

#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- JSON */

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

static json_t *change_json(const struct hy_change *change)
{
    json_t *entry = json_object();
    json_object_set_new(entry, "action", json_string(hy_change_word(change->kind)));
    if (change->kind == HY_CHANGE_FENCE) {
        json_object_set_new(entry, "resource", text_or_null(change->to));
        json_object_set_new(entry, "op", text_or_null(change->op));
    } else {
        json_object_set_new(entry, "resource", text_or_null(change->rsc));
        json_object_set_new(entry, "from", text_or_null(change->from));
        json_object_set_new(entry, "to", text_or_null(change->to));
        if (change->next == HY_ROLE_PROMOTED)
            json_object_set_new(entry, "role", json_string("promoted"));
    }
    if (change->blocked)
        json_object_set_new(entry, "blocked", json_true());
    if (change->reason)
        json_object_set_new(entry, "reason", json_string(change->reason));
    return entry;
}

static void add_place(json_t *table, const char *rsc, const char *node)
{
    json_t *nodes = json_object_get(table, rsc);
    if (!nodes) {
        nodes = json_array();
        json_object_set_new(table, rsc, nodes);
    }
    json_array_append_new(nodes, json_string(node));
}

json_t *hactl_simulate_json(const struct hactl_simulation *simulation)
{
    const struct hy_decision *decision = simulation->before.decision, *after = simulation->after.decision;
    json_t *root = json_object(), *actions = json_array(), *places = json_object(), *promoted = json_object();
    for (size_t i = 0; i < decision->change_count; i++)
        if (decision->changes[i].kind != HY_CHANGE_LEAVE)
            json_array_append_new(actions, change_json(&decision->changes[i]));
    for (size_t i = 0; i < after->active_count; i++) {
        add_place(places, after->active[i].rsc, after->active[i].node);
        if (after->active[i].role == HY_ROLE_PROMOTED)
            add_place(promoted, after->active[i].rsc, after->active[i].node);
    }
    json_object_set_new(root, "version", json_integer(1));
    json_object_set_new(root, "actions", actions);
    json_object_set_new(root, "after", places);
    json_object_set_new(root, "promoted", promoted);
    return root;
}

/* ---------------------------------------------------------------- for people */

static void print_place(const struct hy_change *change, struct hy_buf *out)
{
    if (change->kind == HY_CHANGE_FENCE)
        hy_buf_addf(out, "%s (%s)", change->to, change->op);
    else if (!change->from)
        hy_buf_addf(out, "%s on %s", change->rsc, change->to ? change->to : "?");
    else if (!change->to || strcmp(change->from, change->to) == 0)
        hy_buf_addf(out, "%s on %s", change->rsc, change->from);
    else
        hy_buf_addf(out, "%s %s -> %s", change->rsc, change->from, change->to);
}

void hactl_change_print(const struct hy_change *change, struct hy_buf *out)
{
    size_t begin = out->size;
    hy_buf_addf(out, " %-10s", hy_change_word(change->kind));
    print_place(change, out);
    while (out->size - begin < 48)
        hy_buf_addc(out, ' ');
    if (change->blocked)
        hy_buf_adds(out, " BLOCKED:");
    const char *reason = hactl_change_reason(change);
    hy_buf_addf(out, " %s\n", reason ? reason : "");
    while (out->size > 1 && out->data[out->size - 2] == ' ') {
        hy_buf_truncate(out, out->size - 2);
        hy_buf_addc(out, '\n');
    }
}

static void print_changes(const struct hy_decision *decision, struct hy_buf *out)
{
    size_t count = 0;
    if (out->size < 2 || strncmp(out->data + out->size - 2, "\n\n", 2) != 0)
        hy_buf_addc(out, '\n'); /* the list of failures ends with an empty line */
    hy_buf_adds(out, "What would be done:\n\n");
    for (size_t i = 0; i < decision->change_count; i++) {
        if (decision->changes[i].kind == HY_CHANGE_LEAVE)
            continue;
        hactl_change_print(&decision->changes[i], out);
        count++;
    }
    if (!count)
        hy_buf_adds(out, " nothing\n");
}

/* Who would be called beside that: instances of clones with notify=true. */
static void print_notices(const struct hy_decision *decision, struct hy_buf *out)
{
    bool any = false;
    for (size_t i = 0; i < decision->action_count; i++) {
        const struct hy_action *action = &decision->actions[i];
        if (action->kind != HY_ACT_NOTIFY)
            continue;
        if (!any)
            hy_buf_adds(out, "\nWho would be told of it:\n\n");
        any = true;
        size_t begin = out->size;
        hy_buf_addf(out, " %-10s%s on %s", hy_action_word(action->kind), action->rsc, action->node);
        while (out->size - begin < 48)
            hy_buf_addc(out, ' ');
        hy_buf_addf(out, " %s\n", action->reason);
    }
}

static void print_state(const struct hactl_state *state, struct hy_buf *out)
{
    hactl_status_nodes(state, out);
    hy_buf_addc(out, '\n');
    hactl_status_resources(state, out);
    hactl_status_failures(state, out);
}

void hactl_simulate_print(const struct hactl_simulation *simulation, struct hy_buf *out)
{
    hy_buf_adds(out, "As it stands, ");
    hactl_wall_print(simulation->now, out);
    hy_buf_adds(out, simulation->quorum ? ", with quorum:\n\n" : ", WITHOUT quorum:\n\n");
    print_state(&simulation->before, out);
    print_changes(simulation->before.decision, out);
    print_notices(simulation->before.decision, out);
    hy_buf_adds(out, "\nAfterwards:\n\n");
    print_state(&simulation->after, out);
}
