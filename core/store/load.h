/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HY_STORE_LOAD_H
#define HY_STORE_LOAD_H

#include "store/log.h"
#include "store/store.h"

/* What is in the folder, or a fresh disk when there is nothing, or nothing that holds. What is loaded is written anew:
 * the page cache may show what a failed sync has not brought to the disk, and that must not be built upon. */
int hy_store_load(struct hy_store_log *log, const struct hy_log *words, struct hy_store_loaded *loaded,
                  struct hy_err *err);

uint64_t hy_store_wall_clock(void); /* us */

#endif
