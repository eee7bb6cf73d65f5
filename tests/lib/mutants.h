/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that somebody has spoilt, for a fuzz target. The seeds are fixed, so that a failure comes back; HY_ROUNDS=n in the
 * environment makes n mutants of each text instead of a few (and CK_TIMEOUT_MULTIPLIER=m gives them the time). */
#ifndef TESTS_LIB_MUTANTS_H
#define TESTS_LIB_MUTANTS_H

#include "base/alloc.h"
#include "base/buf.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* 0 to bound - 1. */
static inline uint32_t below(uint64_t *seed, uint32_t bound)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33) % bound;
}

#define PICK(seed, list) ((list)[below((seed), (uint32_t)(sizeof(list) / sizeof *(list)))])

/* Spoils a text that is not empty. */
typedef void mutate_fn(uint64_t *seed, struct hy_buf *text);

/* The text itself, and `rounds` mutants of it, each spoilt 1 to `most` times. */
static inline void try_mutants(const char *text, uint64_t seed, int rounds, uint32_t most, mutate_fn *mutate)
{
    size_t size = strlen(text);
    const char *more_rounds = getenv("HY_ROUNDS");
    LLVMFuzzerTestOneInput((const uint8_t *)text, size);
    for (int round = more_rounds ? atoi(more_rounds) : rounds; round > 0; round--) {
        struct hy_buf mutant = {0};
        hy_buf_add(&mutant, text, size);
        for (uint32_t more = 1 + below(&seed, most); more && mutant.size; more--)
            mutate(&seed, &mutant);
        /* A copy of just this size, so that reading past its end is found. */
        uint8_t *exact = hy_alloc(mutant.size ? mutant.size : 1);
        if (mutant.size)
            memcpy(exact, mutant.data, mutant.size);
        LLVMFuzzerTestOneInput(exact, mutant.size);
        free(exact);
        hy_buf_free(&mutant);
    }
}

#endif
