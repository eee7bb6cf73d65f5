/* SPDX-License-Identifier: Apache-2.0 */
#include "scheduler/scheduler.h"

#include "scheduler/model.h"

#include <string.h>

static void release(struct hy_sched *s)
{
    hy_map_free(&s->unit_index);
    hy_map_free(&s->prim_index);
    hy_map_free(&s->rsc_index);
    hy_vec_free(&s->options.list);
    hy_vec_free(&s->values.list);
    hy_vec_free(&s->op_configs.list);
    hy_vec_free(&s->rsc_defaults.list);
    hy_vec_free(&s->op_defaults.list);
    hy_arena_free(&s->scratch);
}

struct hy_decision *hy_schedule(const struct hy_sched_input *input)
{
    struct hy_decision *decision = hy_alloc(sizeof *decision);
    decision->recheck = HY_NEVER;
    struct hy_sched s = {.input = input, .decision = decision};
    /* What there is. */
    hy_sched_unpack_properties(&s);
    hy_sched_unpack_nodes(&s);
    hy_sched_unpack_resources(&s);
    hy_sched_read_history(&s);
    hy_sched_judge_nodes(&s);
    hy_sched_attach(&s);
    hy_sched_unpack_constraints(&s);
    /* What there shall be. */
    hy_sched_assign_all(&s);
    /* What is to be done about it. */
    hy_sched_act(&s);
    release(&s);
    return decision;
}

void hy_sched_hands_off(const struct hy_sched_input *input, const char *node, struct hy_buf *out)
{
    struct hy_decision *decision = hy_alloc(sizeof *decision); /* its memory is what the model is made in */
    struct hy_sched s = {.input = input, .decision = decision};
    hy_sched_unpack_properties(&s);
    hy_sched_unpack_nodes(&s);
    uint32_t number = hy_sched_node_named(&s, node);
    if (s.properties.maintenance || (number != HY_NO_NODE && s.nodes[number].maintenance)) {
        hy_buf_adds(out, "*\n");
    } else {
        hy_sched_unpack_resources(&s);
        for (size_t i = 0; i < s.leaves.count; i++) {
            const struct hy_srsc *leaf = s.leaves.items[i];
            bool first = i == 0 || strcmp(s.leaves.items[i - 1]->id, leaf->id) != 0;
            if (!leaf->managed && first)
                hy_buf_addf(out, "%s\n", leaf->id);
        }
    }
    release(&s);
    hy_decision_free(&decision);
}

void hy_decision_free(struct hy_decision **decision)
{
    if (!*decision)
        return;
    hy_arena_free(&(*decision)->arena);
    free(*decision);
    *decision = NULL;
}
