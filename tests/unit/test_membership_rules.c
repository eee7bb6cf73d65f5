/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/run.h"
#include "membership_fixture.h"

int main(void)
{
    Suite *suite = suite_create("membership, rules");
    TCase *tcase = tcase_create("rules");
    tcase_set_timeout(tcase, 120);
    suite_add_tcase(suite, tcase);
    membership_lease_tests(tcase);
    membership_verdict_tests(tcase);
    membership_message_tests(tcase);
    membership_wish_tests(tcase);
    membership_doubt_tests(tcase);
    return run_suite(suite);
}
