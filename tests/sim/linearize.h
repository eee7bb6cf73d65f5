/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a history of operations on registers linearizable? Each register is checked by itself, for linearizability is local
 * (Herlihy, Wing, "Linearizability: A Correctness Condition for Concurrent Objects", 1990). The search is Wing's and Gong's
 * ("Testing and Verifying Concurrent Objects", 1993) with Lowe's memory of what has been tried ("Testing for
 * linearizability", 2017).
 *
 * Values are numbers; 0 is what a register holds at first, and after it was removed. An operation without an answer may
 * have taken effect at any time after its call, or never.
 */
#ifndef TESTS_SIM_LINEARIZE_H
#define TESTS_SIM_LINEARIZE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lin_kind {
    LIN_READ,  /* value: what was read */
    LIN_WRITE, /* value: what is written, whatever was there */
    LIN_CAS    /* value is written if the register holds `expected` */
};

enum lin_outcome {
    LIN_DONE,
    LIN_REFUSED, /* LIN_CAS: the register held something else */
    LIN_UNKNOWN
};

struct lin_op {
    uint32_t key;
    uint32_t client;
    enum lin_kind kind;
    enum lin_outcome outcome;
    uint64_t expected;
    uint64_t value;
    uint64_t called;   /* moments, all different from each other: a later one is greater */
    uint64_t answered; /* of no meaning with LIN_UNKNOWN */
};

enum lin_verdict {
    LIN_YES,
    LIN_NO,
    LIN_UNDECIDED /* given up after `budget` tries on one register: says nothing */
};

/* `why` (may be NULL) gets the register's operations and how far an order for them was found, when the verdict is not
 * LIN_YES; with both LIN_NO and LIN_UNDECIDED among the registers it is LIN_NO. */
enum lin_verdict lin_check(const struct lin_op *ops, size_t count, size_t budget, struct hy_buf *why);

void lin_print(const struct lin_op *op, struct hy_buf *out);

#endif
