/* SPDX-License-Identifier: Apache-2.0 */
/* splitmix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014): one word of state, good enough
 * here, the same on every machine. Each part of the world draws from a stream of its own. */
#ifndef SIM_RANDOM_H
#define SIM_RANDOM_H

#include "base/time.h"

#include <stdbool.h>
#include <stdint.h>

struct sim_stream {
    uint64_t state;
};

static inline uint64_t sim_mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline struct sim_stream sim_stream(uint64_t seed, uint64_t number)
{
    return (struct sim_stream){sim_mix(seed * 0x9e3779b97f4a7c15u + sim_mix(number + 1))};
}

static inline uint64_t sim_draw(struct sim_stream *stream)
{
    return sim_mix(stream->state += 0x9e3779b97f4a7c15u);
}

static inline uint64_t sim_draw_below(struct sim_stream *stream, uint64_t limit)
{
    if (limit <= UINT32_MAX)
        return ((sim_draw(stream) >> 32) * limit) >> 32;
    return sim_draw(stream) % limit;
}

/* low .. high, both included. */
static inline hy_time sim_draw_time(struct sim_stream *stream, hy_time low, hy_time high)
{
    return low + (hy_time)sim_draw_below(stream, (uint64_t)(high - low + 1));
}

static inline bool sim_draw_chance(struct sim_stream *stream, unsigned per_mille)
{
    return sim_draw_below(stream, 1000) < per_mille;
}

#endif
