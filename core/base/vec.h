/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing array of any type. Declare `HY_VEC(struct thing) things;` in a zeroed struct, walk it as
 * `for (size_t i = 0; i < things.count; i++) use(&things.items[i]);`. Pointers into it die with the next push.
 */
#ifndef HY_BASE_VEC_H
#define HY_BASE_VEC_H

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

#define HY_VEC(type)                                                                                                   \
    struct {                                                                                                           \
        type *items;                                                                                                   \
        size_t count;                                                                                                  \
        size_t capacity;                                                                                               \
    }

/* Makes room for one more and gives its address; the new item is not zeroed. */
#define hy_vec_add(vec)                                                                                                \
    ((vec)->count == (vec)->capacity                                                                                   \
         ? ((vec)->items = hy_realloc_array(                                                                           \
                (vec)->items, ((vec)->capacity = (vec)->capacity ? (vec)->capacity * 2 : 4), sizeof *(vec)->items),    \
            &(vec)->items[(vec)->count++])                                                                             \
         : &(vec)->items[(vec)->count++])

#define hy_vec_push(vec, value) (*hy_vec_add(vec) = (value))

/* Takes item `at` out; the order of the others stays. */
#define hy_vec_remove(vec, at)                                                                                         \
    (memmove(&(vec)->items[at], &(vec)->items[(at) + 1], ((vec)->count - (at)-1) * sizeof *(vec)->items),              \
     (void)(vec)->count--)

/* Releases the array (not what its items own) and leaves it empty. */
#define hy_vec_free(vec) (free((vec)->items), (vec)->items = NULL, (void)((vec)->count = (vec)->capacity = 0))

#endif
