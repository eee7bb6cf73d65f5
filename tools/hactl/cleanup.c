/* SPDX-License-Identifier: Apache-2.0 */
/* Forgetting failures: the cluster looks again at what had failed, and this waits for what it finds. */
#include "cib/command.h"
#include "hactl/commands.h"
#include "hactl/edit.h"
#include "hactl/wait.h"

#include <stdio.h>
#include <string.h>

/* What is cleaned: a resource (NULL: all) on a node (NULL: all). */
struct target {
    const char *rsc;
    const char *node;
};

static bool is_meant(const struct hactl_state *state, const struct target *target, const char *primitive,
                     const char *node)
{
    if (target->node && strcmp(target->node, node) != 0)
        return false;
    const struct hy_object *resource = target->rsc ? hy_cib_find(state->cib, target->rsc) : NULL;
    return !target->rsc ||
           (resource ? hactl_state_contains(state, resource, primitive) : strcmp(target->rsc, primitive) == 0);
}

/* ---------------------------------------------------------------- waiting for the probes */

static bool are_probed(const struct hactl_state *state, const void *context, struct hy_buf *what)
{
    for (size_t i = 0; i < state->decision->action_count; i++) {
        const struct hy_action *action = &state->decision->actions[i];
        if (action->kind != HY_ACT_PROBE || action->blocked ||
            !is_meant(state, context, action->primitive, action->node))
            continue;
        hy_buf_addf(what, "%s has not been looked at on %s yet", action->primitive, action->node);
        return false;
    }
    if (!hactl_state_flag(state, "quorum"))
        hy_buf_adds(what, "this part of the cluster has no quorum");
    return hactl_state_flag(state, "quorum");
}

static int wait_for_replies(struct hactl *h, const struct target *target, int replies)
{
    if (!replies)
        return HACTL_OK;
    printf("Waiting for %d repl%s ...", replies, replies == 1 ? "y" : "ies");
    fflush(stdout);
    int status = hactl_wait_until(h, are_probed, target);
    if (!status)
        puts(" OK");
    return status;
}

/* ---------------------------------------------------------------- cleanup */

/* A line for each primitive and node; returns how many of the nodes will answer. */
static int announce(const struct hactl_state *state, const struct target *target)
{
    int replies = 0;
    for (size_t i = 0; i < state->cib->objects.count; i++) {
        const struct hy_object *object = state->cib->objects.items[i];
        if (object->kind != HY_PRIMITIVE)
            continue;
        struct hy_object *top = hactl_state_top(state, (struct hy_object *)object);
        for (size_t n = 0; n < state->cib->nodes.count; n++) {
            const char *node = state->cib->nodes.items[n]->node;
            if (!is_meant(state, target, object->id, node) || !hactl_state_online(state, node))
                continue;
            printf("Cleaning up %s%s on %s, removing fail-count-%s\n", object->id, top->kind == HY_CLONE ? ":0" : "",
                   node, object->id);
            replies++;
        }
    }
    return replies;
}

/* shutdown-lock: what is named need not wait for its node any longer. */
static void unlock(const struct hactl_state *state, const struct target *target, struct hy_buf *statements)
{
    for (size_t n = 0; n < state->cib->nodes.count && target->rsc; n++) {
        const struct hy_node_status *status = state->cib->nodes.items[n];
        for (size_t i = 0; i < status->locks.count; i++)
            if (is_meant(state, target, status->locks.items[i].rsc, status->node))
                hy_command_lock(statements, status->node, status->locks.items[i].rsc, false);
    }
}

static int clean(struct hactl *h, const struct hactl_state *state, const struct target *target)
{
    struct hactl_edit edit;
    struct hy_buf statement = {0};
    hactl_edit_begin(&edit, h, state);
    hy_command_cleanup(&statement, target->rsc ? target->rsc : "*", target->node);
    unlock(state, target, &statement);
    hactl_edit_add(&edit, &statement);
    hy_buf_free(&statement);
    int status = hactl_edit_send(&edit);
    return status ? status : wait_for_replies(h, target, announce(state, target));
}

/* With one word it may be a resource or a node. */
static int read_target(const struct hactl_state *state, int argc, char **argv, struct target *target)
{
    *target = (struct target){.rsc = argc > 1 ? argv[1] : NULL, .node = argc > 2 ? argv[2] : NULL};
    if (argc == 2 && !hy_cib_find(state->cib, argv[1]) && hy_cib_node(state->cib, argv[1]))
        *target = (struct target){.node = argv[1]};
    const struct hy_object *object = target->rsc ? hy_cib_find(state->cib, target->rsc) : NULL;
    if (object && !hactl_state_resource(state, target->rsc))
        return HACTL_FAILED;
    return target->node && !hactl_state_is_node(state, target->node) ? HACTL_FAILED : HACTL_OK;
}

int hactl_resource_cleanup(struct hactl *h, int argc, char **argv)
{
    struct hactl_state state;
    struct target target;
    int status = hactl_state_fetch(h, &state);
    if (status)
        return status;
    status = read_target(&state, argc, argv, &target);
    if (!status)
        status = clean(h, &state, &target);
    hactl_state_free(&state);
    return !status && h->wait ? hactl_wait_settled(h) : status;
}

/* ---------------------------------------------------------------- failcount */

static void show_failcount(const struct hactl *h, const struct hy_node_status *status, const char *rsc)
{
    char text[16];
    int count = hy_cib_failcount(status, rsc, NULL);
    if (h->json) {
        json_t *root = json_object();
        json_object_set_new(root, "version", json_integer(1));
        json_object_set_new(root, "resource", json_string(rsc));
        json_object_set_new(root, "node", json_string(status->node));
        json_object_set_new(root, "failcount", json_integer(count));
        hactl_print_json(root);
        return;
    }
    printf("scope=status  name=fail-count-%s value=%s\n", rsc, hy_score_text(count, text));
}

static int failcount(struct hactl *h, const struct hactl_state *state, int argc, char **argv)
{
    const char *rsc = argv[1], *what = argv[2], *node = argv[3];
    if (!hactl_state_resource(state, rsc) || !hactl_state_is_node(state, node))
        return HACTL_FAILED;
    if (strcmp(what, "show") == 0) {
        show_failcount(h, hy_cib_node(state->cib, node), rsc);
        return HACTL_OK;
    }
    bool is_set = strcmp(what, "set") == 0;
    if ((!is_set && strcmp(what, "delete") != 0) || (is_set && argc != 5))
        return hactl_usage(hactl_find("resource", "failcount"));
    if (is_set && strcmp(argv[4], "0") != 0)
        return hactl_fail("a fail count says how often something failed: it can be set to 0 only");
    const struct target target = {rsc, node};
    return clean(h, state, &target);
}

int hactl_resource_failcount(struct hactl *h, int argc, char **argv)
{
    struct hactl_state state;
    int status = hactl_state_fetch(h, &state);
    if (status)
        return status;
    status = failcount(h, &state, argc, argv);
    hactl_state_free(&state);
    return status;
}
