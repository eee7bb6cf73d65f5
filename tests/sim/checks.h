/* SPDX-License-Identifier: Apache-2.0 */
/* The invariants, each in a file of its own; what must hold stands at the head of that file. */
#ifndef SIM_CHECKS_H
#define SIM_CHECKS_H

#include "sim/observer.h"

/* In the order in which they are told. Each comes with its number, and with what is given here. */
#define SIM_CHECKS(each, ...)                                                                                          \
    each(elections, 0, __VA_ARGS__) each(log, 1, __VA_ARGS__) each(state, 2, __VA_ARGS__) each(linear, 3, __VA_ARGS__) \
        each(lease, 4, __VA_ARGS__) each(quorum, 5, __VA_ARGS__) each(orders, 6, __VA_ARGS__)                          \
            each(rules, 7, __VA_ARGS__) each(memory, 8, __VA_ARGS__) each(stale, 9, __VA_ARGS__)                       \
                each(dc, 10, __VA_ARGS__) each(once, 11, __VA_ARGS__) each(promises, 12, __VA_ARGS__)                  \
                    each(liveness, 13, __VA_ARGS__) each(witness, 14, __VA_ARGS__) each(hung, 15, __VA_ARGS__)         \
                        each(links, 16, __VA_ARGS__) each(suspicion, 17, __VA_ARGS__) each(noise, 18, __VA_ARGS__)     \
                            each(answers, 19, __VA_ARGS__)

#define SIM_DECLARE(name, number, ...) extern const struct sim_observer sim_check_##name;
SIM_CHECKS(SIM_DECLARE, )
#undef SIM_DECLARE

extern const struct sim_workload sim_operator;

#endif
