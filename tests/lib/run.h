/* SPDX-License-Identifier: Apache-2.0 */
/* What every Check program does at its end: runs its suite, each test in a process of its own, and tells make. */
#ifndef TESTS_LIB_RUN_H
#define TESTS_LIB_RUN_H

#include <check.h>
#include <stdlib.h>

static inline int run_suite(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
