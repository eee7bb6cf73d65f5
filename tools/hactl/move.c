/* SPDX-License-Identifier: Apache-2.0 */
/* Moving by hand: location constraints with the names crm gives them, cli-prefer-RSC and cli-ban-RSC-on-NODE. */
#include "cib/grammar.h"
#include "hactl/commands.h"
#include "hactl/edit.h"
#include "hactl/simulate.h"
#include "hactl/wait.h"
#include "hactl/why.h"

#include <stdlib.h>
#include <string.h>

static char *prefer_id(const char *rsc)
{
    return hy_asprintf("cli-prefer-%s", rsc);
}

static char *ban_id(const char *rsc, const char *node)
{
    return hy_asprintf("cli-ban-%s-on-%s", rsc, node);
}

/* What is moved as a whole: the clone, for what is cloned. */
static struct hy_object *whole(const struct hactl_state *state, const char *id)
{
    struct hy_object *resource = hactl_state_resource(state, id);
    if (!resource)
        return NULL;
    struct hy_object *top = hactl_state_top(state, resource);
    return top->kind == HY_CLONE ? top : resource;
}

/* The one node where the resource is; NULL: said why there is none. */
static const char *present_node(const struct hactl_state *state, const struct hy_object *resource)
{
    const char *node = NULL;
    for (size_t i = 0; i < state->decision->active_count; i++) {
        const struct hy_active *active = &state->decision->active[i];
        if (!hactl_state_contains(state, resource, active->primitive))
            continue;
        if (node && strcmp(node, active->node) != 0) {
            hactl_fail("%s runs on several nodes: say which one it shall leave", resource->id);
            return NULL;
        }
        node = active->node;
    }
    if (!node)
        hactl_fail("%s does not run anywhere: say which node is meant", resource->id);
    return node;
}

static int put_location(struct hactl_edit *edit, const char *id, const char *rsc, const char *score, const char *node)
{
    struct hy_buf text = {0};
    struct hy_object *object = NULL;
    struct hy_err err = {{0}};
    hy_buf_addf(&text, "location %s %s role=Started %s: %s", id, rsc, score, node);
    int status = hy_object_parse(hy_buf_text(&text), text.size, &object, &err)
                     ? hactl_fail("the constraint cannot be made: %s", err.text)
                     : HACTL_OK;
    if (!status)
        hactl_edit_put(edit, object);
    hy_object_free(&object);
    hy_buf_free(&text);
    return status;
}

/* Sends it if it could be made as a whole. */
static int send_if(struct hactl_edit *edit, int status)
{
    if (!status)
        return hactl_edit_send(edit);
    hactl_edit_free(edit);
    return status;
}

static bool remove_if_there(struct hactl_edit *edit, const char *id)
{
    bool there = hy_cib_find_kind(edit->state->cib, HY_LOCATION, id) != NULL;
    if (there)
        hactl_edit_remove(edit, id);
    return there;
}

/* ---------------------------------------------------------------- what comes of it */

/* The constraint that speaks most for the node where it stays; NULL: none does. */
static const struct hy_score_part *strongest(const struct hy_score *score)
{
    const struct hy_score_part *best = NULL;
    for (size_t i = 0; score && i < score->part_count; i++)
        if (score->parts[i].constraint && score->parts[i].score > 0 && (!best || score->parts[i].score > best->score))
            best = &score->parts[i];
    return best;
}

/* Why the one instance of a resource is not to be on `node`, and what can be done about it. */
static void tell_why_not(const struct hactl_state *state, const char *id, const struct hy_placement *placement,
                         const char *node)
{
    const struct hy_score *there = hactl_score_of(state->decision, placement->instance, node);
    const struct hy_score *here =
        placement->node ? hactl_score_of(state->decision, placement->instance, placement->node) : NULL;
    const struct hy_score_part *holds = strongest(here);
    struct hy_buf why = {0};
    if (!there || there->score <= -HY_INFINITY) {
        if (there)
            hactl_parts_print(there, &why);
        hactl_info("%s cannot go to %s: %s", id, node, there ? hy_buf_text(&why) : "nothing is placed there");
    } else if (holds && here->score >= there->score) {
        hactl_score_print(holds->score, &why);
        hactl_info("nothing moves: %s is to be on %s: %s (%s) speaks for it no less than the new one does for %s. "
                   "`hactl configure delete %s` lets it go; `hactl resource unmove %s` takes the new one back",
                   id, placement->node, holds->why, hy_buf_text(&why), node, holds->constraint, id);
    } else if (placement->node) {
        hactl_info("%s does not go to %s: it is to be on %s: %s", id, node, placement->node,
                   placement->reason ? placement->reason : "that is where it is best");
    } else {
        hactl_info("%s does not go to %s: it may not run anywhere: %s", id, node,
                   placement->reason ? placement->reason : "no node may run it");
    }
    hy_buf_free(&why);
}

/* What is wished for may be outweighed: then nothing moves, and it would be a riddle why. */
static int tell_effect(struct hactl *h, const char *id, const char *node)
{
    struct hactl_state state, explained = {0};
    const struct hy_placement *elsewhere = NULL;
    bool moves = false;
    int status = hactl_state_fetch(h, &state);
    if (status)
        return status;
    const struct hactl_setting setting = {.now = hactl_state_number(&state, "wall_us"), .quorum = true};
    hactl_decide(&explained, hy_cib_copy(state.cib), &setting, &state, true);
    const struct hy_object *resource = hy_cib_find(explained.cib, id);
    for (size_t i = 0; resource && i < explained.decision->placement_count; i++) {
        const struct hy_placement *placement = &explained.decision->placements[i];
        if (!hactl_state_contains(&explained, resource, placement->primitive))
            continue;
        moves = moves || (placement->node && strcmp(placement->node, node) == 0);
        elsewhere = !elsewhere || (placement->node && !elsewhere->node) ? placement : elsewhere;
    }
    if (!moves && elsewhere)
        tell_why_not(&explained, id, elsewhere, node);
    hactl_state_free(&explained);
    hactl_state_free(&state);
    return HACTL_OK;
}

static int prefer(struct hactl *h, const struct hactl_state *state, const char *rsc, const char *node)
{
    struct hactl_edit edit;
    char *prefer = prefer_id(rsc);
    char *ban = ban_id(rsc, node);
    hactl_edit_begin(&edit, h, state);
    remove_if_there(&edit, ban);
    int status = send_if(&edit, put_location(&edit, prefer, rsc, "inf", node));
    if (!status)
        hactl_info("Move constraint created for %s to %s", rsc, node);
    if (!status)
        status = tell_effect(h, rsc, node);
    free(prefer);
    free(ban);
    return status;
}

static int ban(struct hactl *h, const struct hactl_state *state, const char *rsc, const char *node)
{
    struct hactl_edit edit;
    char *prefer = prefer_id(rsc);
    char *id = ban_id(rsc, node);
    const struct hy_object *preferred = hy_cib_find_kind(state->cib, HY_LOCATION, prefer);
    hactl_edit_begin(&edit, h, state);
    if (preferred && preferred->u.location.node && strcmp(preferred->u.location.node, node) == 0)
        hactl_edit_remove(&edit, prefer);
    int status = send_if(&edit, put_location(&edit, id, rsc, "-inf", node));
    if (!status)
        hactl_info("Ban constraint created for %s on %s: it stays until `hactl resource unmove %s`", rsc, node, rsc);
    free(prefer);
    free(id);
    return status;
}

static int move_or_ban(struct hactl *h, int argc, char **argv, bool is_ban)
{
    struct hactl_state state;
    int status = hactl_state_fetch(h, &state);
    if (status)
        return status;
    const struct hy_object *resource = whole(&state, argv[1]);
    const char *node = resource && argc == 2 ? present_node(&state, resource) : argv[argc - 1];
    if (!resource || !node || (argc == 3 && !hactl_state_is_node(&state, node)))
        status = HACTL_FAILED;
    else if (is_ban || argc == 2)
        status = ban(h, &state, resource->id, node);
    else
        status = prefer(h, &state, resource->id, node);
    hactl_state_free(&state);
    return !status && h->wait ? hactl_wait_settled(h) : status;
}

int hactl_resource_move(struct hactl *h, int argc, char **argv)
{
    return move_or_ban(h, argc, argv, false);
}

int hactl_resource_ban(struct hactl *h, int argc, char **argv)
{
    return move_or_ban(h, argc, argv, true);
}

/* ---------------------------------------------------------------- unmove */

static bool made_by_move(const struct hy_object *object, const char *rsc)
{
    return object->kind == HY_LOCATION && object->u.location.rsc && strcmp(object->u.location.rsc, rsc) == 0 &&
           (strncmp(object->id, "cli-prefer-", 11) == 0 || strncmp(object->id, "cli-ban-", 8) == 0 ||
            strncmp(object->id, "cli-standby-", 12) == 0);
}

static int unmove(struct hactl *h, const struct hactl_state *state, const char *rsc)
{
    struct hactl_edit edit;
    bool any = false;
    hactl_edit_begin(&edit, h, state);
    for (size_t i = 0; i < state->cib->objects.count; i++) {
        const struct hy_object *object = state->cib->objects.items[i];
        if (!made_by_move(object, rsc))
            continue;
        hactl_edit_remove(&edit, object->id);
        any = true;
    }
    int status = hactl_edit_send(&edit);
    if (!status && any)
        hactl_info("Removed migration constraints for %s", rsc);
    else if (!status)
        hactl_info("There were no migration constraints for %s", rsc);
    return status;
}

int hactl_resource_unmove(struct hactl *h, int argc, char **argv)
{
    (void)argc;
    struct hactl_state state;
    int status = hactl_state_fetch(h, &state);
    if (status)
        return status;
    const struct hy_object *resource = whole(&state, argv[1]);
    status = resource ? unmove(h, &state, resource->id) : HACTL_FAILED;
    hactl_state_free(&state);
    return !status && h->wait ? hactl_wait_settled(h) : status;
}
