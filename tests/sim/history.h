/* SPDX-License-Identifier: Apache-2.0 */
/* What clients asked and were told, in the order in which it happened, for tests/sim/linearize.h. */
#ifndef TESTS_SIM_HISTORY_H
#define TESTS_SIM_HISTORY_H

#include "base/vec.h"
#include "sim/linearize.h"

struct history {
    HY_VEC(struct lin_op) ops;
    uint64_t moment;
};

/* A call; its number. Until it is answered it is one without an answer. */
size_t history_call(struct history *history, uint32_t key, uint32_t client, enum lin_kind kind, uint64_t expected,
                    uint64_t value);
void history_done(struct history *history, size_t number);
void history_read(struct history *history, size_t number, uint64_t value);
void history_refused(struct history *history, size_t number);
/* It was sent back untried: it has not happened, and its value must never be seen. */
void history_never(struct history *history, size_t number);

enum lin_verdict history_check(const struct history *history, size_t budget, struct hy_buf *why);
void history_free(struct history *history);

#endif
