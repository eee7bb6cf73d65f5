/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hash of a saved state: of the text that hy_cib_save() makes, line by line. Of a state that is looked at after each
 * entry, the hash of a line that was saved before is not made again.
 */
#ifndef SIM_SAVED_H
#define SIM_SAVED_H

#include "cib/cib.h"

uint64_t saved_text_hash(const char *text, size_t size);

struct saved; /* what is known of one state, whose objects and results stay where they are until they change */

struct saved *saved_new(void);
void saved_free(struct saved *saved);
uint64_t saved_hash(struct saved *saved, const struct hy_cib *cib);

#endif
