/* SPDX-License-Identifier: Apache-2.0 */
/*
 * String -> pointer, hashed, walked in the order of insertion (so that everything derived from a map is the same on
 * every node). A zeroed struct is an empty map. Keys are copied; values belong to the caller.
 */
#ifndef HY_BASE_MAP_H
#define HY_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hy_map_entry {
    char *key; /* NULL: was removed */
    void *value;
    uint64_t hash;
};

struct hy_map {
    struct hy_map_entry *entries; /* in order of insertion, removed ones among them */
    size_t used;
    size_t capacity;
    uint32_t *slots; /* open addressing: entry number + 1, 0 = free */
    size_t slot_count;
    size_t count; /* live entries */
};

/* NULL when absent. */
void *hy_map_get(const struct hy_map *map, const char *key);

/* Sets; returns the value that was there before, or NULL. `value` may not be NULL. */
void *hy_map_put(struct hy_map *map, const char *key, void *value);

/* Removes; returns the value that was there, or NULL. */
void *hy_map_remove(struct hy_map *map, const char *key);

/* Walks: start with *at = 0; false at the end. The map may not change meanwhile, but for removing the present key. */
bool hy_map_next(const struct hy_map *map, size_t *at, const char **key, void **value);

/* Releases the map, not the values. */
void hy_map_free(struct hy_map *map);

#endif
