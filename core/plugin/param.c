/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/param.h"

#include "cib/cib.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

enum { KNOWN_FLAGS = HALYARD_REQUIRED | HALYARD_UNIQUE | HALYARD_SECRET | HALYARD_RELOADABLE };

const char *hy_param_type_word(uint32_t type)
{
    static const char *const words[] = {"string", "integer", "boolean", "duration", "choice"};
    return type < sizeof words / sizeof *words ? words[type] : NULL;
}

/* Decimal, whole, nothing around it. */
static bool parse_integer(const char *text, const char **end, int64_t *value)
{
    const char *digits = text + (*text == '-' || *text == '+');
    if (*digits < '0' || *digits > '9')
        return false;
    char *stop;
    errno = 0;
    long long number = strtoll(text, &stop, 10);
    if (errno)
        return false;
    *end = stop;
    *value = number;
    return true;
}

/* "1..65535", "1..", "..10": an open end is as far as 64 bits go. */
static bool parse_range(const char *text, int64_t *low, int64_t *high)
{
    *low = INT64_MIN;
    *high = INT64_MAX;
    const char *at = text;
    if (strncmp(at, "..", 2) != 0 && !parse_integer(at, &at, low))
        return false;
    if (strncmp(at, "..", 2) != 0)
        return false;
    at += 2;
    if (*at && !parse_integer(at, &at, high))
        return false;
    return !*at && *low <= *high && strcmp(text, "..") != 0;
}

static bool is_choice(const char *range, const char *value)
{
    size_t length = strlen(value);
    for (const char *at = range;;) {
        size_t word = strcspn(at, "|");
        if (length && word == length && memcmp(at, value, length) == 0)
            return true;
        at += word;
        if (!*at++)
            return false;
    }
}

static bool is_choice_list(const char *range)
{
    for (const char *at = range;;) {
        size_t word = strcspn(at, "|");
        if (!word)
            return false;
        at += word;
        if (!*at++)
            return true;
    }
}

static int refuse(const struct halyard_param *param, const char *value, struct hy_err *err, const char *right,
                  const char *detail)
{
    if (param->flags & HALYARD_SECRET)
        return hy_fail(err, EINVAL, "parameter %s: its value (secret, not shown) must be %s%s", param->name, right,
                       detail);
    return hy_fail(err, EINVAL, "parameter %s: \"%.128s\" must be %s%s", param->name, value, right, detail);
}

static int check_integer(const struct halyard_param *param, const char *value, struct hy_buf *out, struct hy_err *err)
{
    const char *end;
    int64_t number;
    if (!parse_integer(value, &end, &number) || *end)
        return refuse(param, value, err, "a whole number", "");
    int64_t low, high;
    if (param->range && parse_range(param->range, &low, &high) && (number < low || number > high))
        return refuse(param, value, err, "a whole number within ", param->range);
    if (out)
        hy_buf_addf(out, "%" PRId64, number);
    return 0;
}

static int check_duration(const struct halyard_param *param, const char *value, struct hy_buf *out, struct hy_err *err)
{
    hy_time time;
    if (!hy_parse_duration(value, &time))
        return refuse(param, value, err, "a duration such as 30, 30s, 500ms, 2min or 1h", "");
    if (out)
        hy_buf_addf(out, "%" PRId64, time / HY_MS);
    return 0;
}

static int check_boolean(const struct halyard_param *param, const char *value, struct hy_buf *out, struct hy_err *err)
{
    bool truth;
    if (!hy_parse_bool(value, &truth))
        return refuse(param, value, err, "true or false", "");
    if (out)
        hy_buf_adds(out, truth ? "true" : "false");
    return 0;
}

static int check_choice(const struct halyard_param *param, const char *value, struct hy_buf *out, struct hy_err *err)
{
    if (!is_choice(param->range, value))
        return refuse(param, value, err, "one of ", param->range);
    if (out)
        hy_buf_adds(out, value);
    return 0;
}

int hy_param_check(const struct halyard_param *param, const char *value, struct hy_buf *out, struct hy_err *err)
{
    switch (param->type) {
    case HALYARD_STRING:
        if (out)
            hy_buf_adds(out, value);
        return 0;
    case HALYARD_INTEGER:
        return check_integer(param, value, out, err);
    case HALYARD_BOOLEAN:
        return check_boolean(param, value, out, err);
    case HALYARD_DURATION:
        return check_duration(param, value, out, err);
    case HALYARD_CHOICE:
        return check_choice(param, value, out, err);
    default:
        return hy_fail(err, EINVAL, "parameter %s: type %u is not known to this host", param->name, param->type);
    }
}

int hy_param_check_declaration(const struct halyard_param *param, struct hy_err *err)
{
    if (!*param->name)
        return hy_fail(err, EINVAL, "a parameter has an empty name");
    if (!hy_param_type_word(param->type))
        return hy_fail(err, EINVAL, "parameter %s: type %u is not one of enum halyard_type", param->name, param->type);
    if (param->flags & ~(uint32_t)KNOWN_FLAGS)
        return hy_fail(err, EINVAL, "parameter %s: flags 0x%x are not known", param->name,
                       param->flags & ~(uint32_t)KNOWN_FLAGS);
    int64_t low, high;
    if (param->type == HALYARD_INTEGER && param->range && !parse_range(param->range, &low, &high))
        return hy_fail(err, EINVAL, "parameter %s: the range \"%.64s\" must read like \"1..65535\"", param->name,
                       param->range);
    if (param->type == HALYARD_CHOICE && (!param->range || !is_choice_list(param->range)))
        return hy_fail(err, EINVAL, "parameter %s: the range of a choice must read like \"a|b|c\"", param->name);
    if (!param->def)
        return 0;
    int rc = hy_param_check(param, param->def, NULL, err);
    return rc ? hy_fail_in(err, rc, "the default is not good") : 0;
}
