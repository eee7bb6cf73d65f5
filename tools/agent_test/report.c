/* SPDX-License-Identifier: Apache-2.0 */
#include "agent_test/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void report_part(struct report *report, const char *part)
{
    report->part = part;
    report->told = false;
}

static void tell_part(struct report *report)
{
    if (!report->told && !report->tap)
        printf("%s\n", report->part);
    report->told = true;
}

/* TAP takes "#" for the beginning of a directive. */
__attribute__((format(printf, 2, 0))) static void print_text(const struct report *report, const char *format,
                                                             va_list arguments)
{
    char text[1024];
    vsnprintf(text, sizeof text, format, arguments);
    for (char *at = text; report->tap && *at; at++)
        if (*at == '#')
            *at = '*';
    fputs(text, stdout);
}

__attribute__((format(printf, 4, 0))) static void print_row(struct report *report, const char *word,
                                                            const char *tap_word, const char *format, va_list arguments)
{
    tell_part(report);
    if (report->tap)
        printf("%s %d - %s: ", tap_word, report->good + report->bad, report->part);
    else
        printf("  %-8s", word);
    print_text(report, format, arguments);
    putchar('\n');
    fflush(stdout);
}

void report_good(struct report *report, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    report->good++;
    print_row(report, "ok", "ok", format, arguments);
    va_end(arguments);
}

void report_bad(struct report *report, const char *hint, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    report->bad++;
    print_row(report, "FAILED", "not ok", format, arguments);
    va_end(arguments);
    report_more(report, "", hint);
}

void report_note(struct report *report, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    report->notes++;
    tell_part(report);
    fputs(report->tap ? "# note: " : "  note    ", stdout);
    print_text(report, format, arguments);
    putchar('\n');
    va_end(arguments);
}

void report_more(struct report *report, const char *label, const char *text)
{
    while (text && *text) {
        size_t length = strcspn(text, "\n");
        printf("%s%s%.*s\n", report->tap ? "#   " : "          ", label, (int)length, text);
        text += length + (text[length] == '\n');
    }
    fflush(stdout);
}

bool report_close(struct report *report)
{
    int all = report->good + report->bad;
    if (report->tap)
        printf("1..%d\n", all);
    else
        printf("\n%d things were tried: %d good, %d failed; %d note%s\n", all, report->good, report->bad, report->notes,
               report->notes == 1 ? "" : "s");
    fflush(stdout);
    return report->bad == 0 && all > 0;
}
