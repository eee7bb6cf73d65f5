/* SPDX-License-Identifier: Apache-2.0 */
#include "cib/iso8601.h"

#include "cib/cib.h"

#include <string.h>

enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };

/* Beyond these nothing is meant, and sums could overflow. */
enum { COUNT_MAX = 1000000 };

/* ------------------------------------------------------------- calendar */

static bool is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_in_month(int64_t year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year));
}

static int days_in_year(int64_t year)
{
    return is_leap(year) ? 366 : 365;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

/* Days from 1970-01-01 to the first day of the year. */
static int64_t days_before_year(int64_t year)
{
    int64_t past = year - 1; /* whole years since the year 1 */
    return past * 365 + floor_div(past, 4) - floor_div(past, 100) + floor_div(past, 400) - 719162;
}

static int yearday_of(int64_t year, int month, int day)
{
    for (int m = 1; m < month; m++)
        day += days_in_month(year, m);
    return day;
}

/* 1 is Monday; 1970-01-01 was a Thursday. */
static int weekday_of(int64_t days)
{
    return (int)(days + 3 - floor_div(days + 3, 7) * 7) + 1;
}

/* Days from 1970-01-01 to the Monday of week 1. */
static int64_t days_before_weekyear(int64_t year)
{
    int64_t fourth = days_before_year(year) + 3; /* January 4 is always in week 1 */
    return fourth - (weekday_of(fourth) - 1);
}

static int weeks_in_year(int64_t year)
{
    return (int)((days_before_weekyear(year + 1) - days_before_weekyear(year)) / 7);
}

struct hy_calendar hy_calendar_at(int64_t seconds, int offset)
{
    int64_t local = seconds + offset;
    int64_t days = floor_div(local, DAY);
    int time = (int)(local - days * DAY);
    struct hy_calendar at = {.hour = time / HOUR, .minute = time % HOUR / MINUTE, .second = time % MINUTE};
    at.year = 1970 + floor_div(days, 366);
    while (days_before_year(at.year + 1) <= days)
        at.year++;
    while (days_before_year(at.year) > days)
        at.year--;
    at.yearday = (int)(days - days_before_year(at.year)) + 1;
    at.day = at.yearday;
    at.month = 1;
    while (at.day > days_in_month(at.year, at.month))
        at.day -= days_in_month(at.year, at.month++);
    at.weekday = weekday_of(days);
    at.weekyear = days < days_before_weekyear(at.year)        ? at.year - 1
                  : days >= days_before_weekyear(at.year + 1) ? at.year + 1
                                                              : at.year;
    at.week = (int)((days - days_before_weekyear(at.weekyear)) / 7) + 1;
    return at;
}

/* ------------------------------------------------------------- dates */

/* Reads exactly `digits` of them, or (0) as many as there are, up to nine. */
static bool read_number(const char **at, int digits, int *out)
{
    int count = 0, value = 0;
    for (; count < (digits ? digits : 9) && (*at)[count] >= '0' && (*at)[count] <= '9'; count++)
        value = value * 10 + ((*at)[count] - '0');
    if (!count || (digits && count != digits))
        return false;
    *at += count;
    *out = value;
    return true;
}

static size_t digits_at(const char *at)
{
    return strspn(at, "0123456789");
}

/* Days from 1970-01-01. */
static bool read_week_date(const char **at, int year, int64_t *days)
{
    int week = 0, weekday = 0;
    ++*at; /* the W */
    if (!read_number(at, 2, &week))
        return false;
    *at += **at == '-';
    if (!read_number(at, 1, &weekday) || week < 1 || week > weeks_in_year(year) || weekday < 1 || weekday > 7)
        return false;
    *days = days_before_weekyear(year) + (week - 1) * 7 + weekday - 1;
    return true;
}

static bool read_month_date(const char **at, int year, bool dashes, int64_t *days)
{
    int month = 0, day = 0;
    if (!read_number(at, dashes ? 0 : 2, &month) || (dashes && *(*at)++ != '-') ||
        !read_number(at, dashes ? 0 : 2, &day) || month < 1 || month > 12 || day < 1 ||
        day > days_in_month(year, month))
        return false;
    *days = days_before_year(year) + yearday_of(year, month, day) - 1;
    return true;
}

static bool read_date(const char **at, int64_t *days)
{
    int year = 0, yearday = 0;
    size_t digits = digits_at(*at);
    if (!read_number(at, 4, &year) || year < 1 || (digits != 4 && digits != 7 && digits != 8))
        return false;
    bool dash = **at == '-';
    *at += dash;
    if (**at == 'W')
        return read_week_date(at, year, days);
    if (digits == 8 || (dash && (*at)[digits_at(*at)] == '-'))
        return read_month_date(at, year, digits != 8, days);
    if (!read_number(at, dash ? 0 : 3, &yearday) || yearday < 1 || yearday > days_in_year(year))
        return false;
    *days = days_before_year(year) + yearday - 1;
    return true;
}

/* HH[:MM[:SS]] or HHMMSS, HHMM. */
static bool read_clock(const char **at, int64_t *seconds)
{
    int hour = 0, minute = 0, second = 0;
    if (digits_at(*at) > 2) {
        if (!read_number(at, 2, &hour) || !read_number(at, 2, &minute) ||
            (digits_at(*at) && !read_number(at, 2, &second)))
            return false;
    } else {
        if (!read_number(at, 0, &hour))
            return false;
        if (**at == ':' && (++*at, !read_number(at, 0, &minute)))
            return false;
        if (**at == ':' && (++*at, !read_number(at, 0, &second)))
            return false;
    }
    bool midnight = hour == 24 && !minute && !second;
    if ((hour > 23 && !midnight) || minute > 59 || second > 59)
        return false;
    *seconds = hour * HOUR + minute * MINUTE + second;
    return true;
}

/* What is left of the text: nothing, Z, or an offset. */
static bool read_zone(const char *at, int otherwise, int64_t *offset)
{
    *offset = otherwise;
    at += strspn(at, " ");
    if (!*at)
        return true;
    if (strcmp(at, "Z") == 0) {
        *offset = 0;
        return true;
    }
    bool negative = *at == '-';
    at += *at == '-' || *at == '+';
    if (!read_clock(&at, offset) || *at)
        return false;
    *offset = negative ? -*offset : *offset;
    return true;
}

bool hy_date_parse(const char *text, int64_t now, int offset, int64_t *seconds)
{
    const char *at = text;
    int64_t days = 0, time = 0, zone = 0;
    if (strcmp(text, "epoch") == 0) {
        *seconds = 0;
        return true;
    }
    if (*at == 'T' || at[digits_at(at)] == ':')
        days = floor_div(now + offset, DAY);
    else if (!read_date(&at, &days))
        return false;
    at += *at == 'T' || (*at == ' ' && digits_at(at + 1));
    if (digits_at(at) && !read_clock(&at, &time))
        return false;
    if (!read_zone(at, offset, &zone))
        return false;
    *seconds = days * DAY + time - zone;
    return true;
}

/* ------------------------------------------------------------- sums */

/* The same time of day on another date. */
static int64_t moved(int64_t seconds, int offset, int64_t year, int yearday)
{
    int64_t local = seconds + offset;
    int64_t time = local - floor_div(local, DAY) * DAY;
    return (days_before_year(year) + yearday - 1) * DAY + time - offset;
}

static int64_t clamped(int64_t count)
{
    return count > COUNT_MAX ? COUNT_MAX : count < -COUNT_MAX ? -COUNT_MAX : count;
}

int64_t hy_date_add_months(int64_t seconds, int offset, int64_t months)
{
    struct hy_calendar at = hy_calendar_at(seconds, offset);
    int64_t month = at.year * 12 + at.month - 1 + clamped(months);
    int64_t year = floor_div(month, 12);
    int in_year = (int)(month - year * 12) + 1;
    int last = days_in_month(year, in_year);
    return moved(seconds, offset, year, yearday_of(year, in_year, at.day < last ? at.day : last));
}

int64_t hy_date_add_years(int64_t seconds, int offset, int64_t years)
{
    struct hy_calendar at = hy_calendar_at(seconds, offset);
    return moved(seconds, offset, at.year + clamped(years), at.yearday);
}

/* ------------------------------------------------------------- durations */

static int64_t unit_seconds(char unit, bool in_time)
{
    switch (unit) {
    case 'Y':
        return in_time ? 0 : (int64_t)365 * DAY;
    case 'M':
        return in_time ? MINUTE : (int64_t)30 * DAY;
    case 'W':
        return in_time ? 0 : (int64_t)7 * DAY;
    case 'D':
        return in_time ? 0 : DAY;
    case 'H': /* without the T, too, as the reference takes it: P10S */
        return HOUR;
    case 'S':
        return 1;
    default:
        return 0;
    }
}

bool hy_iso_duration_parse(const char *text, hy_time *out)
{
    bool in_time = false, any = false;
    int64_t sum = 0;
    if (*text++ != 'P')
        return false;
    while (*text) {
        int count = 0;
        if (*text == 'T' && !in_time) {
            in_time = true;
            text++;
            continue;
        }
        if (!read_number(&text, 0, &count) || count > COUNT_MAX)
            return false;
        int64_t size = unit_seconds(*text, in_time);
        if (!size)
            return false;
        text++;
        sum += count * size;
        any = true;
    }
    if (!any || sum > HY_DURATION_MAX / HY_SECOND)
        return false;
    *out = sum * HY_SECOND;
    return true;
}
