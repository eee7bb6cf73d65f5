/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/history.h"

size_t history_call(struct history *history, uint32_t key, uint32_t client, enum lin_kind kind, uint64_t expected,
                    uint64_t value)
{
    const struct lin_op op = {.key = key,
                              .client = client,
                              .kind = kind,
                              .outcome = LIN_UNKNOWN,
                              .expected = expected,
                              .value = value,
                              .called = ++history->moment};
    hy_vec_push(&history->ops, op);
    return history->ops.count - 1;
}

static struct lin_op *answered(struct history *history, size_t number, enum lin_outcome outcome)
{
    struct lin_op *op = &history->ops.items[number];
    op->outcome = outcome;
    op->answered = ++history->moment;
    return op;
}

void history_done(struct history *history, size_t number)
{
    answered(history, number, LIN_DONE);
}

void history_read(struct history *history, size_t number, uint64_t value)
{
    answered(history, number, LIN_DONE)->value = value;
}

void history_refused(struct history *history, size_t number)
{
    answered(history, number, LIN_REFUSED);
}

/* A write that was refused is none; that of a compare-and-set would claim that something else was there. */
void history_never(struct history *history, size_t number)
{
    answered(history, number, LIN_REFUSED)->kind = LIN_WRITE;
}

enum lin_verdict history_check(const struct history *history, size_t budget, struct hy_buf *why)
{
    return lin_check(history->ops.items, history->ops.count, budget, why);
}

void history_free(struct history *history)
{
    hy_vec_free(&history->ops);
}
