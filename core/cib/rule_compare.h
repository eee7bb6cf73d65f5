/* SPDX-License-Identifier: Apache-2.0 */
/* The two kinds of comparison in rules: values and dates. Internal to core/cib. */
#ifndef HY_CIB_RULE_COMPARE_H
#define HY_CIB_RULE_COMPARE_H

#include "cib/rule_eval.h"

/* Of a node attribute with what is wanted; either may be NULL: not defined. `type` NULL: it follows from the operation. */
bool hy_rule_compare(const char *actual, enum hy_rule_op op, const char *type, const char *wanted);

/* A date expression. */
bool hy_rule_date_holds(const struct hy_expression *expression, const struct hy_rule_context *context);

/* "3", "9-16", "5-", "-5": the bounds, both included. False: none of these. */
bool hy_rule_range_parse(const char *text, int64_t *low, int64_t *high);

#endif
