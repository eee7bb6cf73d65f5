/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_MUTANTS_H
#define SIM_MUTANTS_H

#include <stdbool.h>

bool sim_mutant_set(const char *name); /* "": none. False: there is no such mutant */
void sim_mutants_print(void);          /* "NAME words", one a line */

#endif
