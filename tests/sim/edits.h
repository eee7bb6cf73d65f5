/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What became of the requests of clients, by what is committed:
 *
 *   edit-lost           what was acknowledged is in the log, and was taken there
 *   edit-unasked        what was refused, or never asked, is not
 *   edit-twice          nothing is taken twice, however often it was asked
 *   command-twice       nor is what a node sends to the DC, by the number that it has in the life of its core
 *   edit-misanswered    the answer is the one that the log gives
 *
 * Only requests of clients with a session can be told from each other in the log.
 */
#ifndef SIM_EDITS_H
#define SIM_EDITS_H

#include "cib/command.h"
#include "sim/observer.h"

struct edits;

struct edits *edits_new(struct sim_world *world);
void edits_free(struct edits *edits);
void edits_called(struct edits *edits, const struct sim_call *call);
void edits_answered(struct edits *edits, const struct sim_call *call);
void edits_committed(struct edits *edits, uint64_t index, const struct hy_answer *answer);

#endif
