/* SPDX-License-Identifier: Apache-2.0 */
/* Why a resource is where it is, or is not: read out of a decision that was made with explanations. */
#ifndef HACTL_WHY_H
#define HACTL_WHY_H

#include "hactl/state.h"

/* What is done to an instance, and where it is; NULL: nothing is known of it. */
const struct hy_change *hactl_change_of(const struct hy_decision *decision, const char *instance);
/* Its reason, without saying again where it goes or that it starts. */
const char *hactl_change_reason(const struct hy_change *change);
/* What the instance's score on a node is made of; NULL: a witness, or something that is not configured any more. */
const struct hy_score *hactl_score_of(const struct hy_decision *decision, const char *instance, const char *node);

/* "100", "-INFINITY" */
void hactl_score_print(int score, struct hy_buf *out);
/* "location l1 100, stickiness: it runs there 50"; of a node that is forbidden only what forbids it. */
void hactl_parts_print(const struct hy_score *score, struct hy_buf *out);
json_t *hactl_parts_json(const struct hy_score *score);

/* Why an instance is, or is not, to be on a node. */
struct hactl_verdict {
    const char *word;             /* "here", "no", "less", "as good", "more" */
    const struct hy_score *score; /* NULL: none */
    struct hy_buf why;            /* one line */
};

void hactl_verdict(const struct hactl_state *state, const struct hy_placement *placement,
                   const struct hy_node_view *node, struct hactl_verdict *verdict);

#endif
