/* SPDX-License-Identifier: Apache-2.0 */
#include "hactl_run.h"
#include "lib/run.h"

int main(void)
{
    Suite *suite = suite_create("hactl");
    suite_add_tcase(suite, hactl_article_case());
    suite_add_tcase(suite, hactl_configure_case());
    suite_add_tcase(suite, hactl_input_case());
    suite_add_tcase(suite, hactl_lsb_case());
    suite_add_tcase(suite, hactl_other_case());
    suite_add_tcase(suite, hactl_session_case());
    suite_add_tcase(suite, hactl_simulate_case());
    suite_add_tcase(suite, hactl_simulate_live_case());
    suite_add_tcase(suite, hactl_status_case());
    suite_add_tcase(suite, hactl_why_case());
    suite_add_tcase(suite, hactl_words_case());
    return run_suite(suite);
}
