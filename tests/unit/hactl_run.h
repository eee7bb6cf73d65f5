/* SPDX-License-Identifier: Apache-2.0 */
/* Running the built hactl as an operator does. */
#ifndef TESTS_UNIT_HACTL_RUN_H
#define TESTS_UNIT_HACTL_RUN_H

#include "lib/fake_core.h"

#include <check.h>

struct ran {
    int status;
    char *out;
    char *err;
};

/* The line is read by sh; "hactl" in it is the built one, with the core's configuration. */
struct ran run_line(const struct fake_core *core, const char *line);
void ran_free(struct ran *ran);

/* Must succeed, say nothing on stderr, and print exactly that (NULL: whatever). */
void expect_ok(const struct fake_core *core, const char *line, const char *out);
/* Must fail with that status and exactly that on stderr (NULL: whatever). */
void expect_error(const struct fake_core *core, const char *line, int status, const char *err);
/* Its output must (or must not) hold the text. */
void expect_in(const struct fake_core *core, const char *line, const char *text);
void expect_not_in(const struct fake_core *core, const char *line, const char *text);
/* Its output must be what is in the file tests/golden/hactl/NAME. With HALYARD_GOLDEN=write it is written there. */
void expect_golden(const struct fake_core *core, const char *line, const char *name);
/* The same for a text. */
void text_is_golden(const char *text, const char *name);

TCase *hactl_article_case(void);
TCase *hactl_configure_case(void);
TCase *hactl_input_case(void);
TCase *hactl_lsb_case(void);
TCase *hactl_other_case(void);
TCase *hactl_session_case(void);
TCase *hactl_simulate_case(void);
TCase *hactl_simulate_live_case(void);
TCase *hactl_status_case(void);
TCase *hactl_why_case(void);
TCase *hactl_words_case(void);

#endif
