/* SPDX-License-Identifier: Apache-2.0 */
#include "cib/rule_compare.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* What stands behind the number is passed over: "3x" is 3, and as an integer "1.5" is 1. */
static bool read_integer(const char *text, double *out)
{
    char *end = NULL;
    errno = 0;
    *out = (double)strtoll(text, &end, 10);
    return end != text && !errno;
}

static bool read_real(const char *text, double *out)
{
    char *end = NULL;
    errno = 0;
    *out = strtod(text, &end);
    return end != text && !errno;
}

/* Number by number between the points, where what lacks is 0: "1.10" is later than "1.9", and is "1.10.0". */
static int compare_versions(const char *a, const char *b)
{
    while (*a || *b) {
        char *a_end, *b_end;
        long x = strtol(a, &a_end, 10), y = strtol(b, &b_end, 10);
        if (x != y)
            return x < y ? -1 : 1;
        bool stuck = (*a && a_end == a) || (*b && b_end == b);
        if (stuck && (!*a || !*b || (a_end == a && b_end == b)))
            return strcasecmp(a, b);
        a = a_end + (*a_end == '.');
        b = b_end + (*b_end == '.');
    }
    return 0;
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
    bool (*read)(const char *, double *) = !strcmp(type, "integer")  ? read_integer
                                           : !strcmp(type, "number") ? read_real
                                                                     : NULL;
    double a, b;
    if (read && read(actual, &a) && read(wanted, &b))
        return a < b ? -1 : a > b;
    return strcasecmp(actual, wanted);
}

bool hy_rule_compare(const char *actual, enum hy_rule_op op, const char *type, const char *wanted)
{
    /* As in the reference: an empty value is none, and none is none. */
    if (!actual || !wanted || !*wanted) {
        bool same = !actual && (!wanted || !*wanted);
        return op == HY_EQ ? same : op == HY_NE && !same;
    }
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
