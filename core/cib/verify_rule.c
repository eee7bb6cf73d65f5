/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with a rule. */
#include "cib/verify.h"

void hy_verify_rule(struct hy_verify *verify, const struct hy_rule *rule, const char *where)
{
    (void)verify;
    (void)rule;
    (void)where;
}
