/* SPDX-License-Identifier: Apache-2.0 */
/* How long a silence is borne now, what has made it so, and what follows from it for the time that a failover takes. */
#include "hactl/status.h"

#include <inttypes.h>
#include <string.h>

static int64_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static void print_reason(const json_t *detection, struct hy_buf *out)
{
    const json_t *wish = json_object_get(detection, "wish");
    int64_t now = number_of(detection, "dead_after_ms"), least = number_of(detection, "least_ms");
    if (!json_is_true(json_object_get(detection, "adapts")))
        hy_buf_adds(out, ", fixed by this node's file");
    else if (now > least && json_is_object(wish))
        hy_buf_addf(out, ", raised from %" PRId64 " ms (%s of %s came %" PRId64 " ms apart at %s)", least,
                    text_of(wish, "by"), text_of(wish, "of"), number_of(wish, "gap_ms"), text_of(wish, "node"));
}

void hactl_detection_print(const struct hactl_state *state, const char *head, struct hy_buf *out)
{
    const json_t *detection = json_object_get(state->report, "detection");
    const char *profile = hactl_state_text(state, "profile");
    if (!*profile)
        return; /* a saved state, which has no detector */
    hy_buf_addf(out, "%sprofile %s", head, profile);
    if (json_is_object(detection)) {
        hy_buf_addf(out, ", dead after %" PRId64 " ms", number_of(detection, "dead_after_ms"));
        print_reason(detection, out);
    }
    hy_buf_addf(out, "; worst case %" PRId64 " ms from a node's death to acting on it\n",
                hactl_state_number(state, "worst_case_ms"));
}

json_t *hactl_detection_json(const struct hactl_state *state)
{
    const json_t *detection = json_object_get(state->report, "detection");
    json_t *copy = json_is_object(detection) ? json_deep_copy(detection) : json_object();
    json_object_set_new(copy, "worst_case_ms", json_integer(hactl_state_number(state, "worst_case_ms")));
    return copy;
}
