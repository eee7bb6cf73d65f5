/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes at all as a Pacemaker CIB in XML, decided upon: nothing may crash or leak; what is refused is refused with a
 * reason; what is taken comes back from what is printed and saved, and the decision about it is sound. `make check`
 * replays a corpus and mutations of it (test_decide_fuzz); to go on from there with libFuzzer, from a build folder made
 * with CC=clang, HACTL_LIBS as in its Makefile:
 *
 *   clang -g -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -I SRC/core -I SRC/tools -I SRC/include \
 *         SRC/tests/fuzz/fuzz_decide.c $HACTL_LIBS -o fuzz_decide
 *   ./fuzz_decide CORPUS SRC/tests/fuzz/decide
 */
#include "cib/grammar.h"
#include "hactl/import.h"
#include "scheduler/scheduler.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "fuzz_decide: %s\n", what);
    abort();
}

static void same(struct hy_buf *a, struct hy_buf *b, const char *what)
{
    if (strcmp(hy_buf_text(a), hy_buf_text(b)) != 0)
        fprintf(stderr, "%s\n--- and\n%s\n", hy_buf_text(a), hy_buf_text(b));
    must(strcmp(hy_buf_text(a), hy_buf_text(b)) == 0, what);
    hy_buf_free(a);
    hy_buf_free(b);
}

/* What is taken is a configuration of ours: what is printed of it is read, and makes the same. */
static void check_printed(const struct hy_cib *cib)
{
    struct hy_buf first = {0}, second = {0};
    struct hy_err err = {{0}};
    struct hy_cib *again = hy_cib_new();
    hy_cib_print(cib, &first);
    if (hy_cib_parse(again, hy_buf_text(&first), first.size, &err)) {
        fprintf(stderr, "%s\n%s", err.text, hy_buf_text(&first));
        must(0, "what was imported and printed is not read");
    }
    hy_cib_print(again, &second);
    same(&first, &second, "read again it is another");
    hy_cib_free(&again);
}

static void check_saved(const struct hy_cib *cib)
{
    struct hy_buf first = {0}, second = {0};
    struct hy_err err = {{0}};
    struct hy_cib *again = hy_cib_new();
    hy_cib_save(cib, &first);
    if (hy_cib_restore(again, hy_buf_text(&first), first.size, &err)) {
        fprintf(stderr, "%s\n", err.text);
        must(0, "what was imported and saved is not restored");
    }
    hy_cib_save(again, &second);
    same(&first, &second, "restored it is another");
    hy_cib_free(&again);
}

static void check_decision(struct hy_cib *cib, const struct hactl_import *import)
{
    struct hy_sched_input input = {.cib = cib, .now = 1700000000 * HY_SECOND, .quorum = import->quorum};
    struct hy_decision *decision = hy_schedule(&input);
    for (size_t i = 0; i < decision->action_count; i++) {
        const struct hy_action *action = &decision->actions[i];
        must(action->reason && *action->reason, "an action without a reason");
        for (size_t k = 0; k < action->after_count; k++)
            must(action->after[k] < i, "an action stands before what it comes after");
    }
    hy_foresee(cib, decision, input.now);
    hy_decision_free(&decision);
}

static void try_import(const char *text, size_t size, bool with_status)
{
    struct hactl_import import = {.with_status = with_status};
    struct hy_err err = {{0}};
    int rc = hactl_import_read(&import, text, size, &err);
    if (rc) {
        must(err.text[0] || import.refused.size, "refused without a reason");
    } else {
        struct hy_buf lines = {0};
        (void)hy_cib_verify(import.cib, &lines, &lines);
        hy_buf_free(&lines);
        check_printed(import.cib);
        if (with_status) {
            check_saved(import.cib);
            check_decision(import.cib, &import);
        }
    }
    hactl_import_free(&import);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_import((const char *)data, size, false);
    try_import((const char *)data, size, true);
    return 0;
}
