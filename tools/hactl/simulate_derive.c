/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in until the decision has changes of its own: one for each instance that something is done to. */
#include "hactl/simulate.h"

#include <string.h>

struct done {
    const struct hy_action *start, *stop, *promote, *demote;
};

static struct done what_is_done(const struct hy_decision *decision, const char *rsc)
{
    struct done done = {0};
    for (size_t i = 0; i < decision->action_count; i++) {
        const struct hy_action *action = &decision->actions[i];
        if (!action->rsc || strcmp(action->rsc, rsc) != 0)
            continue;
        if (action->kind == HY_ACT_START)
            done.start = action;
        else if (action->kind == HY_ACT_STOP)
            done.stop = action;
        else if (action->kind == HY_ACT_PROMOTE)
            done.promote = action;
        else if (action->kind == HY_ACT_DEMOTE)
            done.demote = action;
    }
    return done;
}

static bool has_failed(const struct hy_decision *decision, const char *rsc)
{
    for (size_t i = 0; i < decision->active_count; i++)
        if (strcmp(decision->active[i].rsc, rsc) == 0 && decision->active[i].failed)
            return true;
    return false;
}

static void word(const struct done *done, bool failed, json_t *entry)
{
    const char *from = done->stop ? done->stop->node : NULL, *to = done->start ? done->start->node : NULL;
    const char *action = NULL;
    if (from && to)
        action = failed ? "recover" : strcmp(from, to) == 0 ? "restart" : "move";
    else if (from)
        action = "stop";
    else if (done->promote && done->demote)
        action = "repromote", from = to = done->promote->node;
    else if (done->promote)
        action = "promote", from = to ? NULL : done->promote->node, to = done->promote->node;
    else if (to)
        action = "start";
    else if (done->demote)
        action = "demote", from = to = done->demote->node;
    if (!action)
        return;
    json_object_set_new(entry, "action", json_string(action));
    json_object_set_new(entry, "from", from ? json_string(from) : json_null());
    json_object_set_new(entry, "to", to ? json_string(to) : json_null());
    if (done->promote)
        json_object_set_new(entry, "role", json_string("promoted"));
}

void hactl_simulate_derive(const struct hy_decision *decision, json_t *actions)
{
    for (size_t i = 0; i < decision->action_count; i++) {
        const char *rsc = decision->actions[i].rsc;
        bool seen = !rsc;
        for (size_t k = 0; k < i && !seen; k++)
            seen = decision->actions[k].rsc && strcmp(decision->actions[k].rsc, rsc) == 0;
        if (seen)
            continue;
        const struct done done = what_is_done(decision, rsc);
        json_t *entry = json_object();
        json_object_set_new(entry, "resource", json_string(rsc));
        word(&done, has_failed(decision, rsc), entry);
        if ((done.start && done.start->blocked) || (!done.start && done.stop && done.stop->blocked))
            json_object_set_new(entry, "blocked", json_true());
        if (json_object_get(entry, "action"))
            json_array_append(actions, entry);
        json_decref(entry);
    }
}
