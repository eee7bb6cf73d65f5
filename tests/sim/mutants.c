/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/mutants.h"

#include "base/mutant.h"

#include <stdio.h>
#include <string.h>

#define SIM_MUTANT_NAME(name, words) [HY_MUTANT_##name] = #name,
#define SIM_MUTANT_WORDS(name, words) [HY_MUTANT_##name] = words,
static const char *const names[] = {HY_MUTANT_LIST(SIM_MUTANT_NAME)};
static const char *const words[] = {HY_MUTANT_LIST(SIM_MUTANT_WORDS)};

enum hy_mutant hy_mutant;

bool sim_mutant_set(const char *name)
{
    hy_mutant = HY_MUTANT_NONE;
    for (int i = 1; i < HY_MUTANT_COUNT; i++)
        if (strcmp(names[i], name) == 0)
            hy_mutant = (enum hy_mutant)i;
    return !*name || hy_mutant != HY_MUTANT_NONE;
}

void sim_mutants_print(void)
{
    for (int i = 1; i < HY_MUTANT_COUNT; i++)
        printf("%s %s\n", names[i], words[i]);
}
