/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dates, times and durations as text (ISO 8601, as far as "Pacemaker Explained" uses it), and the calendar. Seconds are
 * counted in UTC from 1970. Pure: the present time and the zone are given. Internal to core/cib.
 */
#ifndef HY_CIB_ISO8601_H
#define HY_CIB_ISO8601_H

#include "base/time.h"

#include <stdbool.h>
#include <stdint.h>

struct hy_calendar {
    int64_t year;
    int month;   /* 1 to 12 */
    int day;     /* 1 to 31 */
    int yearday; /* 1 to 366 */
    int64_t weekyear;
    int week;    /* 1 to 53; week 1 has the year's first Thursday */
    int weekday; /* 1 is Monday */
    int hour, minute, second;
};

/* `offset`: of local time, in seconds. */
struct hy_calendar hy_calendar_at(int64_t seconds, int offset);

/*
 * A date: 2026-11-22, 20261122, 2026-326 (day of the year), 2026326, 2026-W47-7, 2026W477, or "epoch"; behind it perhaps a time, with `T` or
 * a blank in front: 10:30:00, 10:30, 10, 103000; behind that perhaps a zone: Z, +01:00, +0100, +01, with or without a
 * blank. A time alone (T10:30, 10:30) is of the day of `now`. Without a zone `offset` is the zone.
 */
bool hy_date_parse(const char *text, int64_t now, int offset, int64_t *seconds);

/* Later by so many; the time of day stays. Months keep the day where the month has it, else its last; years keep the
 * number of the day in the year (as the reference does). */
int64_t hy_date_add_months(int64_t seconds, int offset, int64_t months);
int64_t hy_date_add_years(int64_t seconds, int offset, int64_t years);

/* P1Y2M10DT2H30M5S, P3W: years of 365 days, months of 30. */
bool hy_iso_duration_parse(const char *text, hy_time *out);

#endif
