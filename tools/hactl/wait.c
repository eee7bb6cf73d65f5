/* SPDX-License-Identifier: Apache-2.0 */
#include "hactl/wait.h"

#include <errno.h>
#include <time.h>

enum { FIRST_PAUSE_MS = 5, LONGEST_PAUSE_MS = 100 };

int64_t hactl_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void hactl_pause_ms(int ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000L};
    while (nanosleep(&left, &left) && errno == EINTR)
        continue;
}

int hactl_wait_until(struct hactl *h, hactl_until_fn *until, const void *context)
{
    int64_t deadline = hactl_now_ms() + h->patience_ms;
    int pause = FIRST_PAUSE_MS;
    struct hy_buf what = {0};
    int status;
    for (;;) {
        struct hactl_state state;
        status = hactl_state_glance(h, &state);
        if (status)
            break;
        hy_buf_clear(&what);
        bool is_so = until(&state, context, &what);
        hactl_state_free(&state);
        if (is_so)
            break;
        if (hactl_now_ms() >= deadline) {
            status = hactl_fail("not done after %g s: %s", h->patience_ms / 1000.0, hy_buf_text(&what));
            break;
        }
        hactl_pause_ms(pause);
        pause = pause * 2 < LONGEST_PAUSE_MS ? pause * 2 : LONGEST_PAUSE_MS;
    }
    hy_buf_free(&what);
    return status;
}

static bool is_settled(const struct hactl_state *state, const void *context, struct hy_buf *what)
{
    (void)context;
    if (!hactl_state_flag(state, "quorum")) {
        hy_buf_adds(what, "this part of the cluster has no quorum");
        return false;
    }
    for (size_t i = 0; i < state->decision->action_count; i++) {
        const struct hy_action *action = &state->decision->actions[i];
        if (action->blocked)
            continue;
        hy_buf_addf(what, "%s of %s on %s is still to be done", hy_action_word(action->kind), action->rsc,
                    action->node);
        return false;
    }
    return true;
}

int hactl_wait_settled(struct hactl *h)
{
    return hactl_wait_until(h, is_settled, NULL);
}
