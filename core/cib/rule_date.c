/* SPDX-License-Identifier: Apache-2.0 */
/* Date expressions. Time passes in whole seconds here, as in the reference. */
#include "cib/iso8601.h"
#include "cib/rule_compare.h"

#include <string.h>

enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };

/* The answer may be another one from `seconds` on. */
static void note_change(const struct hy_rule_context *context, int64_t seconds)
{
    if (seconds >= HY_NEVER / HY_SECOND)
        return;
    hy_wall at = seconds * HY_SECOND;
    if (context->next && at > context->now && at < *context->next)
        *context->next = at;
}

/* ------------------------------------------------------------- ranges */

static int64_t unit_of(const struct hy_attrs *duration, const char *name)
{
    const char *text = hy_attrs_get(duration, name);
    int64_t value = 0;
    for (; text && *text >= '0' && *text <= '9' && value < 1000000000; text++)
        value = value * 10 + (*text - '0');
    return value;
}

static int64_t after_duration(int64_t start, int offset, const struct hy_attrs *duration)
{
    int64_t end = hy_date_add_years(start, offset, unit_of(duration, "years"));
    end = hy_date_add_months(end, offset, unit_of(duration, "months"));
    return end + unit_of(duration, "weeks") * 7 * DAY + unit_of(duration, "days") * DAY +
           unit_of(duration, "hours") * HOUR + unit_of(duration, "minutes") * MINUTE + unit_of(duration, "seconds");
}

/* An end that is written belongs to the range. */
static bool in_range(const struct hy_expression *expression, const struct hy_rule_context *context, int64_t now)
{
    int64_t start = INT64_MIN, end = INT64_MAX;
    int offset = context->utc_offset;
    if ((expression->start && !hy_date_parse(expression->start, now, offset, &start)) ||
        (expression->end && !hy_date_parse(expression->end, now, offset, &end)))
        return false;
    if (expression->start && !expression->end && expression->duration.list.count)
        end = after_duration(start, offset, &expression->duration);
    if (now < start) {
        note_change(context, start);
        return false;
    }
    if (now > end)
        return false;
    if (end != INT64_MAX)
        note_change(context, end + 1);
    return true;
}

static bool is_after(const struct hy_expression *expression, const struct hy_rule_context *context, int64_t now)
{
    int64_t start;
    if (!expression->start || !hy_date_parse(expression->start, now, context->utc_offset, &start))
        return false;
    if (now <= start)
        note_change(context, start + 1);
    return now > start;
}

static bool is_before(const struct hy_expression *expression, const struct hy_rule_context *context, int64_t now)
{
    int64_t end;
    if (!expression->end || !hy_date_parse(expression->end, now, context->utc_offset, &end))
        return false;
    if (now < end)
        note_change(context, end);
    return now < end;
}

/* ------------------------------------------------------------- date_spec */

bool hy_rule_range_parse(const char *text, int64_t *low, int64_t *high)
{
    const char *at = text;
    int64_t *out = low;
    *low = INT64_MIN;
    *high = INT64_MAX;
    bool digits = false, dash = false;
    for (int64_t value = 0; *at; at++) {
        if (*at == '-' && !dash) {
            dash = true;
            out = high;
            value = 0;
            continue;
        }
        if (*at < '0' || *at > '9' || value > 1000000000)
            return false;
        value = value * 10 + (*at - '0');
        *out = value;
        digits = true;
    }
    if (!dash)
        *high = *low;
    return digits;
}

/* Eight phases, 0 is the new moon, 4 the full one: from the epact of the year (the moon's age on January 1) and the day. */
static int moon_of(const struct hy_calendar *at)
{
    int64_t golden = at->year % 19 + 1;
    int64_t epact = (11 * golden + 18) % 30;
    if ((epact == 25 && golden > 11) || epact == 24)
        epact++;
    /* 177 half days are six months of the moon; 22 of them an eighth. */
    return (int)((((at->yearday + epact) * 6 + 11) % 177 / 22) & 7);
}

/* False: there is no such unit. */
static bool value_of(const char *name, const struct hy_calendar *at, int64_t *value)
{
    const struct {
        const char *name;
        int64_t value;
    } units[] = {{"seconds", at->second},     {"minutes", at->minute},   {"hours", at->hour},
                 {"monthdays", at->day},      {"weekdays", at->weekday}, {"yeardays", at->yearday},
                 {"yearsdays", at->yearday}, /* crmsh's spelling */
                 {"months", at->month},       {"weeks", at->week},       {"years", at->year},
                 {"weekyears", at->weekyear}, {"moon", moon_of(at)}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(units[i].name, name) == 0) {
            *value = units[i].value;
            return true;
        }
    }
    return false;
}

/* Nothing that the spec looks at changes before this unit of time is over. */
static int64_t finest_unit(const struct hy_attrs *spec)
{
    return hy_attrs_get(spec, "seconds")   ? 1
           : hy_attrs_get(spec, "minutes") ? MINUTE
           : hy_attrs_get(spec, "hours")   ? HOUR
                                           : DAY;
}

static bool spec_holds(const struct hy_attrs *spec, const struct hy_rule_context *context, int64_t now)
{
    struct hy_calendar at = hy_calendar_at(now, context->utc_offset);
    int64_t unit = finest_unit(spec), local = now + context->utc_offset;
    int64_t since = local % unit;
    note_change(context, now - (since < 0 ? since + unit : since) + unit);
    for (size_t i = 0; i < spec->list.count; i++) {
        int64_t value, low, high;
        if (!value_of(spec->list.items[i].name, &at, &value) ||
            !hy_rule_range_parse(spec->list.items[i].value, &low, &high) || value < low || value > high)
            return false;
    }
    return true;
}

bool hy_rule_date_holds(const struct hy_expression *expression, const struct hy_rule_context *context)
{
    int64_t now = context->now / HY_SECOND;
    switch (expression->date_op) {
    case HY_DATE_GT:
        return is_after(expression, context, now);
    case HY_DATE_LT:
        return is_before(expression, context, now);
    case HY_DATE_IN_RANGE:
        return in_range(expression, context, now);
    case HY_DATE_SPEC:
        return spec_holds(&expression->spec, context, now);
    }
    return false;
}
