/* SPDX-License-Identifier: Apache-2.0 */
/* What the text of a parameter must be, by its type and range (halyard/agent.h). */
#ifndef HY_PLUGIN_PARAM_H
#define HY_PLUGIN_PARAM_H

#include "base/buf.h"
#include "base/err.h"
#include "halyard/agent.h"

/* Is `value` good for `param`? If so it is added to `out` (may be NULL) in the form in which agents get it: integers
 * without leading zeros or "+", booleans as "true" or "false", durations in milliseconds. Else -EINVAL, and the words
 * name parameter, value (unless it is a secret) and what would be right. */
int hy_param_check(const struct halyard_param *param, const char *value, struct hy_buf *out, struct hy_err *err);

/* Is the declaration itself sound: a known type, a range of the right form, a default that passes? -EINVAL. */
int hy_param_check_declaration(const struct halyard_param *param, struct hy_err *err);

const char *hy_param_type_word(uint32_t type); /* "string"; NULL: no such type */

#endif
