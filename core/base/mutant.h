/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults put in on purpose, to see whether the checks of the simulator (tests/sim) find them: `if (HY_MUTANT(NAME))` around
 * what is wrong. In every build but the simulator's the condition is the constant false, and no code is made for it.
 */
#ifndef HY_BASE_MUTANT_H
#define HY_BASE_MUTANT_H

#include <stdbool.h>

/* Name, and in words what is wrong. A new one needs a line here and its place in the code, nothing else. */
#define HY_MUTANT_LIST(MUTANT) MUTANT(VOTE_NOT_SYNCED, "a vote is said before it is on disk")

#define HY_MUTANT_ENUM(name, words) HY_MUTANT_##name,
enum hy_mutant { HY_MUTANT_NONE, HY_MUTANT_LIST(HY_MUTANT_ENUM) HY_MUTANT_COUNT };
#undef HY_MUTANT_ENUM

#ifdef HY_MUTANTS
extern enum hy_mutant hy_mutant; /* tests/sim */
#define HY_MUTANT(name) (hy_mutant == HY_MUTANT_##name)
#else
#define HY_MUTANT(name) false
#endif

#endif
