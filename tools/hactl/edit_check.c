/* SPDX-License-Identifier: Apache-2.0 */
/* Before a change is sent: what would lose its place by it? A loss that was asked for is none: what is stopped by its
 * target-role, or taken out of the configuration. */
#include "hactl/edit.h"
#include "hactl/what_if.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_unpromoted_by_wish(const struct hy_cib *after, const char *primitive)
{
    for (struct hy_object *object = hy_cib_find(after, primitive); object; object = hy_cib_parent(after, object->id)) {
        const char *role = hy_sets_get(hactl_state_meta(object), "target-role");
        if (role && (strcasecmp(role, "Slave") == 0 || strcasecmp(role, "Unpromoted") == 0))
            return true;
    }
    return false;
}

static bool is_asked_for(const struct hy_cib *after, const struct hactl_effect *effect)
{
    if (effect->kind == HACTL_DEMOTED)
        return is_unpromoted_by_wish(after, effect->rsc);
    return !hy_cib_find(after, effect->rsc) || (effect->placement && effect->placement->stopped_by_wish);
}

static size_t tell_losses(const struct hy_cib *after, const struct hactl_effects *effects, struct hy_buf *out)
{
    size_t count = 0;
    for (size_t i = 0; i < effects->list.count; i++) {
        const struct hactl_effect *effect = &effects->list.items[i];
        bool lost = effect->kind == HACTL_LOST, demoted = effect->kind == HACTL_DEMOTED;
        if (!(lost || demoted) || is_asked_for(after, effect))
            continue;
        if (demoted)
            hy_buf_addf(out, "  %s would be promoted nowhere; it is on %s", effect->rsc, effect->from);
        else if (effect->before > 1)
            hy_buf_addf(out, "  %s would not run; it has %zu instances", effect->rsc, effect->before);
        else
            hy_buf_addf(out, "  %s would not run; it has a place on %s", effect->rsc, effect->from);
        hy_buf_addf(out, "%s%s\n", effect->why ? ": " : "", effect->why ? effect->why : "");
        count++;
    }
    return count;
}

static bool confirmed(void)
{
    char answer[16] = "";
    fputs("Do it all the same? (y/n) ", stdout);
    fflush(stdout);
    return fgets(answer, sizeof answer, stdin) && strncasecmp(answer, "y", 1) == 0;
}

static int object_to(const struct hactl_edit *edit, const char *losses)
{
    fflush(stdout);
    if (edit->h->asks) {
        fprintf(stderr, "this would stop what has a place now:\n%s", losses);
        return confirmed() ? HACTL_OK : hactl_fail("nothing was changed");
    }
    hactl_fail("nothing was changed: this would stop what has a place now, and --force does it all the same");
    fputs(losses, stderr);
    return HACTL_FAILED;
}

int hactl_edit_check(const struct hactl_edit *edit, const struct hy_cib *after)
{
    const struct hactl_state *state = edit->state;
    const struct hactl_setting setting = {.now = hactl_state_number(state, "wall_us"), .quorum = true};
    struct hactl_future was, will;
    struct hactl_effects effects;
    struct hy_buf losses = {0};
    if (edit->h->force)
        return HACTL_OK;
    hactl_future_make(hy_cib_copy(state->cib), &setting, state, &was);
    hactl_future_make(hy_cib_copy(after), &setting, state, &will);
    hactl_effects_find(&was, &will, &effects);
    int status = tell_losses(after, &effects, &losses) ? object_to(edit, hy_buf_text(&losses)) : HACTL_OK;
    hy_buf_free(&losses);
    hactl_effects_free(&effects);
    hactl_future_free(&will);
    hactl_future_free(&was);
    return status;
}
