/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 16 };

/* FNV-1a: short keys, no hostile choosers (every key passes the grammar and its length limits first). */
static uint64_t hash_of(const char *key)
{
    uint64_t hash = 14695981039346656037u;
    for (const unsigned char *p = (const unsigned char *)key; *p; p++)
        hash = (hash ^ *p) * 1099511628211u;
    return hash;
}

/* The slot that holds the key, or the free slot where it belongs. */
static size_t slot_for(const struct hy_map *map, const char *key, uint64_t hash)
{
    size_t mask = map->slot_count - 1;
    for (size_t slot = (size_t)hash & mask;; slot = (slot + 1) & mask) {
        uint32_t number = map->slots[slot];
        if (!number)
            return slot;
        const struct hy_map_entry *entry = &map->entries[number - 1];
        if (entry->key && entry->hash == hash && strcmp(entry->key, key) == 0)
            return slot;
    }
}

/* Drops removed entries and sizes the slots for one more insertion at a load of at most one half. */
static void rebuild(struct hy_map *map)
{
    size_t kept = 0;
    for (size_t i = 0; i < map->used; i++)
        if (map->entries[i].key)
            map->entries[kept++] = map->entries[i];
    map->used = kept;
    size_t slots = FIRST_SLOTS;
    while (slots < (kept + 1) * 4)
        slots *= 2;
    free(map->slots);
    map->slots = hy_alloc_array(slots, sizeof *map->slots);
    map->slot_count = slots;
    for (size_t i = 0; i < kept; i++)
        map->slots[slot_for(map, map->entries[i].key, map->entries[i].hash)] = (uint32_t)i + 1;
}

void *hy_map_get(const struct hy_map *map, const char *key)
{
    if (!map->count)
        return NULL;
    uint32_t number = map->slots[slot_for(map, key, hash_of(key))];
    return number ? map->entries[number - 1].value : NULL;
}

void *hy_map_put(struct hy_map *map, const char *key, void *value)
{
    if ((map->used + 1) * 2 > map->slot_count)
        rebuild(map);
    uint64_t hash = hash_of(key);
    size_t slot = slot_for(map, key, hash);
    if (map->slots[slot]) {
        struct hy_map_entry *entry = &map->entries[map->slots[slot] - 1];
        void *before = entry->value;
        entry->value = value;
        return before;
    }
    if (map->used == map->capacity) {
        map->capacity = map->capacity ? map->capacity * 2 : FIRST_SLOTS;
        map->entries = hy_realloc_array(map->entries, map->capacity, sizeof *map->entries);
    }
    map->entries[map->used++] = (struct hy_map_entry){.key = hy_strdup(key), .value = value, .hash = hash};
    map->slots[slot] = (uint32_t)map->used;
    map->count++;
    return NULL;
}

void *hy_map_remove(struct hy_map *map, const char *key)
{
    if (!map->count)
        return NULL;
    uint32_t number = map->slots[slot_for(map, key, hash_of(key))];
    if (!number)
        return NULL;
    /* The slot stays taken, pointing at an entry without a key, so that probing goes on past it. */
    struct hy_map_entry *entry = &map->entries[number - 1];
    void *value = entry->value;
    free(entry->key);
    *entry = (struct hy_map_entry){0};
    map->count--;
    return value;
}

bool hy_map_next(const struct hy_map *map, size_t *at, const char **key, void **value)
{
    while (*at < map->used) {
        const struct hy_map_entry *entry = &map->entries[(*at)++];
        if (!entry->key)
            continue;
        if (key)
            *key = entry->key;
        if (value)
            *value = entry->value;
        return true;
    }
    return false;
}

void hy_map_free(struct hy_map *map)
{
    for (size_t i = 0; i < map->used; i++)
        free(map->entries[i].key);
    free(map->entries);
    free(map->slots);
    *map = (struct hy_map){0};
}
