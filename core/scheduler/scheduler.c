/* SPDX-License-Identifier: Apache-2.0 */
#include "scheduler/scheduler.h"

#include "scheduler/model.h"

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

void hy_decision_free(struct hy_decision **decision)
{
    if (!*decision)
        return;
    hy_arena_free(&(*decision)->arena);
    free(*decision);
    *decision = NULL;
}
