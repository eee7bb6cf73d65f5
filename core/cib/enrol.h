/* SPDX-License-Identifier: Apache-2.0 */
/* Who shall be in the cluster: the fields of `enrol`, in commands and in the saved form. Internal to core/cib. */
#ifndef HY_CIB_ENROL_H
#define HY_CIB_ENROL_H

#include "base/buf.h"
#include "cib/cursor.h"

/* Reads id= (`id` not NULL), address=, link1= ... and witness=, or as `stored`: striking= too. Strings are lent by the
 * words: copy to keep. -EINVAL. */
int hy_enrolment_read(struct hy_cursor *cursor, bool stored, uint32_t *id, struct hy_enrolment *enrolled);

/* The same, each with a blank in front; without the id. */
void hy_enrolment_print(const struct hy_enrolment *enrolled, bool stored, struct hy_buf *out);

struct hy_enrolment hy_enrolment_copy(const struct hy_enrolment *enrolled);
void hy_enrolment_free(struct hy_enrolment *enrolled); /* what it owns */

/* After a whole command: somebody must be left to run something. */
struct hy_apply;
int hy_enrol_check(struct hy_apply *apply);

#endif
