/* SPDX-License-Identifier: Apache-2.0 */
/* What was tried and how it went: for a human as it happens, or as TAP, version 13 (testanything.org). */
#ifndef AGENT_TEST_REPORT_H
#define AGENT_TEST_REPORT_H

#include <stdbool.h>

struct report {
    bool tap;
    const char *part; /* the heading of what follows */
    bool told;        /* the heading has been printed */
    int good, bad, notes;
};

void report_part(struct report *report, const char *part);
void report_good(struct report *report, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What went wrong in `format`; and `hint`: what would be right, or why it matters. */
void report_bad(struct report *report, const char *hint, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Good to know; no fault. */
void report_note(struct report *report, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* More about the last line; several lines of text are several lines. */
void report_more(struct report *report, const char *label, const char *text);

/* The closing line. True: all was good. */
bool report_close(struct report *report);

#endif
