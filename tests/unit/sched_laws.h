/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold of every decision, whatever the cluster: tried on random ones, with all features in them. */
#ifndef TESTS_UNIT_SCHED_LAWS_H
#define TESTS_UNIT_SCHED_LAWS_H

#include <stdint.h>

/* No mandatory constraint is broken by what a decision promises; done in any order that its actions allow, it leads to
 * what it has promised; and it comes to rest. -> how often it had to be decided again: mostly not at all. (A resource of
 * no stickiness that gives way to another moves on when that one has come, at the peer, too.) */
unsigned laws_hold(uint64_t seed);

/* Other names, in the same order, make the same decision. */
void names_do_not_matter(uint64_t seed);

#endif
