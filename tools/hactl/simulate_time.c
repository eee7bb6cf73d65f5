/* SPDX-License-Identifier: Apache-2.0 */
/* A moment as operators write it: ISO 8601 in the forms in use, or the seconds since 1970. */
#include "hactl/simulate.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Exactly `digits` of them. */
static bool take_number(const char **at, int digits, int *number)
{
    *number = 0;
    for (int i = 0; i < digits; i++, (*at)++) {
        if (**at < '0' || **at > '9')
            return false;
        *number = *number * 10 + (**at - '0');
    }
    return true;
}

static bool take(const char **at, char c)
{
    if (**at != c)
        return false;
    (*at)++;
    return true;
}

static size_t digits_at(const char *at)
{
    return strspn(at, "0123456789");
}

/* The Monday of week 1 of a year is that of the week with 4 January in it. */
static bool take_week(const char **at, int year, struct tm *tm)
{
    int week, day = 1;
    if (!take_number(at, 2, &week) || week < 1 || week > 53)
        return false;
    if (**at == '-' || digits_at(*at) == 1) {
        (void)take(at, '-');
        if (!take_number(at, 1, &day) || day < 1 || day > 7)
            return false;
    }
    struct tm fourth = {.tm_year = year - 1900, .tm_mon = 0, .tm_mday = 4};
    if (timegm(&fourth) == -1)
        return false;
    tm->tm_mon = 0;
    tm->tm_mday = 4 - (fourth.tm_wday + 6) % 7 + (week - 1) * 7 + day - 1;
    return true;
}

static bool take_date(const char **at, struct tm *tm)
{
    int year, month = 1, day = 1;
    if (!take_number(at, 4, &year))
        return false;
    tm->tm_year = year - 1900;
    bool dashes = take(at, '-');
    if (take(at, 'W'))
        return take_week(at, year, tm);
    if (digits_at(*at) == 3) {
        if (!take_number(at, 3, &day) || day < 1 || day > 366)
            return false;
        tm->tm_mon = 0;
        tm->tm_mday = day;
        return true;
    }
    if (!take_number(at, 2, &month) || month < 1 || month > 12)
        return false;
    if ((dashes && take(at, '-')) || (!dashes && digits_at(*at) >= 2))
        if (!take_number(at, 2, &day) || day < 1 || day > 31)
            return false;
    tm->tm_mon = month - 1;
    tm->tm_mday = day;
    return true;
}

static bool take_clock(const char **at, struct tm *tm)
{
    if (!take_number(at, 2, &tm->tm_hour) || tm->tm_hour > 24)
        return false;
    bool colons = take(at, ':');
    if (!colons && digits_at(*at) < 2)
        return true;
    if (!take_number(at, 2, &tm->tm_min) || tm->tm_min > 59)
        return false;
    if (colons ? take(at, ':') : digits_at(*at) >= 2) {
        if (!take_number(at, 2, &tm->tm_sec) || tm->tm_sec > 60)
            return false;
        if (take(at, '.'))
            *at += digits_at(*at);
    }
    return true;
}

/* In seconds east of UTC; false at *zoned: local time is meant. */
static bool take_zone(const char **at, bool *zoned, long *offset)
{
    int hours, minutes = 0;
    *offset = 0;
    while (take(at, ' '))
        ;
    *zoned = **at != '\0';
    if (!*zoned || take(at, 'Z'))
        return **at == '\0';
    char sign = **at;
    if (sign != '+' && sign != '-')
        return false;
    (*at)++;
    if (!take_number(at, 2, &hours))
        return false;
    if ((take(at, ':') || **at) && !take_number(at, 2, &minutes))
        return false;
    *offset = (sign == '-' ? -1 : 1) * (hours * 3600L + minutes * 60L);
    return **at == '\0';
}

bool hactl_parse_time(const char *text, hy_wall *time)
{
    struct tm tm = {.tm_mday = 1, .tm_isdst = -1};
    size_t digits = digits_at(text);
    if (digits && digits != 4 && digits != 8 && digits < 13 && !text[digits]) {
        *time = (hy_wall)strtoll(text, NULL, 10) * HY_SECOND;
        return true;
    }
    const char *at = text;
    bool zoned;
    long offset;
    if (!take_date(&at, &tm))
        return false;
    if ((take(&at, 'T') || (*at == ' ' && digits_at(at + 1) && at++)) && !take_clock(&at, &tm))
        return false;
    if (!take_zone(&at, &zoned, &offset))
        return false;
    time_t seconds = zoned ? timegm(&tm) : mktime(&tm);
    *time = ((hy_wall)seconds - offset) * HY_SECOND;
    return seconds != -1;
}
