/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The digest of an operation's parameters, by which a change of the definition is noticed. It is the reference's (MD5
 * of the parameters as one XML element, in order of name), so that histories can be compared without translation.
 *
 * A result that says no `agent` was written by an earlier version, whose digests were made otherwise: they tell nothing.
 */
#ifndef HY_CIB_DIGEST_H
#define HY_CIB_DIGEST_H

#include "cib/rule_eval.h"

enum { HY_DIGEST_TEXT = 33 }; /* 32 digits and the NUL */

/* The names must be distinct; their order is not needed. */
void hy_params_digest(const struct hy_value *params, size_t count, char text[HY_DIGEST_TEXT]);

#endif
