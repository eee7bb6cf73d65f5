/* SPDX-License-Identifier: Apache-2.0 */
#include "cib/rule_compare.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

static bool read_number(const char *text, bool integer, double *out)
{
    char *end = NULL;
    errno = 0;
    *out = integer ? (double)strtoll(text, &end, 10) : strtod(text, &end);
    return end != text && !*end && !errno;
}

/* "1.10" is later than "1.9": runs of digits count as numbers, the rest as text. */
static int compare_versions(const char *a, const char *b)
{
    while (*a && *b) {
        char *a_end, *b_end;
        unsigned long long x = strtoull(a, &a_end, 10);
        unsigned long long y = strtoull(b, &b_end, 10);
        if (x != y)
            return x < y ? -1 : 1;
        if (a_end == a && b_end == b) {
            if (*a != *b)
                return *a < *b ? -1 : 1;
            a_end++, b_end++;
        }
        a = a_end;
        b = b_end;
    }
    return *a ? 1 : *b ? -1 : 0;
}

static bool is_relation(enum hy_rule_op op)
{
    return op == HY_LT || op == HY_LTE || op == HY_GT || op == HY_GTE;
}

/* Without a type, relations compare numbers (with fractions when a value has a point) and the others compare text; what
 * does not read as a number is compared as text. */
static int compare(const char *actual, enum hy_rule_op op, const char *type, const char *wanted)
{
    if (!type && is_relation(op))
        type = strchr(actual, '.') || strchr(wanted, '.') ? "number" : "integer";
    if (!type)
        type = "string";
    if (!strcmp(type, "version"))
        return compare_versions(actual, wanted);
    double a, b;
    bool integer = !strcmp(type, "integer");
    if ((integer || !strcmp(type, "number")) && read_number(actual, integer, &a) && read_number(wanted, integer, &b))
        return a < b ? -1 : a > b;
    return strcasecmp(actual, wanted);
}

bool hy_rule_compare(const char *actual, enum hy_rule_op op, const char *type, const char *wanted)
{
    if (!actual || !wanted)
        return op == HY_NE && (actual || wanted);
    int order = compare(actual, op, type, wanted);
    switch (op) {
    case HY_EQ:
        return order == 0;
    case HY_NE:
        return order != 0;
    case HY_LT:
        return order < 0;
    case HY_LTE:
        return order <= 0;
    case HY_GT:
        return order > 0;
    case HY_GTE:
        return order >= 0;
    case HY_DEFINED:
    case HY_NOT_DEFINED:
        break;
    }
    return false;
}
