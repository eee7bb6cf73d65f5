/* SPDX-License-Identifier: Apache-2.0 */
/* A random cluster with everything in it that the grammar has: the configuration, and what has happened. */
#ifndef TESTS_UNIT_SCHED_WIDE_H
#define TESTS_UNIT_SCHED_WIDE_H

#include "base/buf.h"
#include "sched_world.h"

#include <stdint.h>

enum { WIDE_NODES = 5, WIDE_RSCS = 24 };

/* How things are called. Nodes are compared by name where nothing else decides, so their order is kept. */
enum wide_names { WIDE_PLAIN, WIDE_OTHER };

struct wide {
    uint64_t r; /* state of the random numbers */
    enum wide_names names;
    uint32_t node_count;
    uint32_t leaf_count; /* primitives */
    bool cloned[WIDE_RSCS], promotable[WIDE_RSCS], promoted_once[WIDE_RSCS];
    uint32_t top_count; /* what constraints name */
    char tops[WIDE_RSCS][16];
    bool top_promotable[WIDE_RSCS], top_clone[WIDE_RSCS];
    bool ticket; /* something needs ticket T */
    struct hy_buf configuration;
    struct hy_buf story; /* what has happened, in the words of a golden case */
};

uint32_t wide_draw(uint64_t *state, uint32_t below);
bool wide_chance(uint64_t *state, uint32_t percent);

void wide_node_name(const struct wide *wide, uint32_t node, char name[16]);
void wide_leaf_name(const struct wide *wide, uint32_t leaf, char name[16]);

void wide_init(struct wide *wide, uint64_t seed, enum wide_names names);
void wide_free(struct wide *wide);

/* Nodes that come and go, histories with failures: a state in which a decision is due. */
void wide_happen(struct wide *wide, struct world *world);

#endif
