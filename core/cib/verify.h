/* SPDX-License-Identifier: Apache-2.0 */
/* Internal to core/cib. */
#ifndef HY_CIB_VERIFY_H
#define HY_CIB_VERIFY_H

#include "base/buf.h"
#include "cib/cib.h"

struct hy_verify {
    const struct hy_cib *cib;
    struct hy_buf *errors;   /* NULL: not wanted */
    struct hy_buf *warnings; /* the same */
    size_t error_count;
};

void hy_verify_error(struct hy_verify *verify, const char *format, ...) __attribute__((format(printf, 2, 3)));
void hy_verify_warning(struct hy_verify *verify, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Which names a list of name=value pairs may hold. */
enum hy_value_kind {
    HY_VALUES_PROPERTY,
    HY_VALUES_META,
    HY_VALUES_OP,
    HY_VALUES_OP_DEFAULTS,
    HY_VALUES_NODE,
    HY_VALUES_UTILIZATION,
    HY_VALUES_ANY /* parameters: their agent knows them */
};

/* Checks each value against what its name asks for; `where` begins the lines. */
void hy_verify_values(struct hy_verify *verify, enum hy_value_kind values, const struct hy_attrs *attrs,
                      const char *where);

/* Checks what a rule compares with, its dates, and whether it can ever hold. */
void hy_verify_rule(struct hy_verify *verify, const struct hy_rule *rule, const char *where);

#endif
