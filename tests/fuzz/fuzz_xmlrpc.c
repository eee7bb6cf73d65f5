/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes at all as what supervisord answers: nothing may crash, leak or take more than its bounds, and what is refused
 * is refused with a reason. `make check` replays tests/fuzz/xmlrpc and mutations of it (test_supervisor_xmlrpc); to go on
 * from there with libFuzzer, from a build folder:
 *
 *   clang -g -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -I SRC/plugins/supervisor SRC/tests/fuzz/fuzz_xmlrpc.c \
 *         SRC/plugins/supervisor/xmlrpc.c SRC/plugins/supervisor/text.c -lexpat -o fuzz_xmlrpc
 *   ./fuzz_xmlrpc CORPUS SRC/tests/fuzz/xmlrpc
 */
#include "xmlrpc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "fuzz_xmlrpc: %s\n", what);
    abort();
}

/* How many there are. */
static int walk(const struct sv_value *value, int depth)
{
    int count = 0;
    must(depth <= SV_DEPTH_MOST, "deeper than the limit");
    for (; value; value = value->next) {
        int is_list = value->kind == SV_STRUCT || value->kind == SV_ARRAY;
        must(is_list || value->text, "a value without text");
        must(is_list || !value->first, "a value of a kind that holds none holds others");
        must(value->kind != SV_BOOL || value->number == 0 || value->number == 1, "a boolean that is neither");
        (void)sv_member(value, "faultCode");
        count += 1 + walk(value->first, depth + 1);
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char why[128] = "", *bytes = malloc(size + 1);
    struct sv_answer answer;
    must(bytes != NULL, "no memory");
    memcpy(bytes, data, size);
    bytes[size] = '\0';
    if (sv_answer_read(bytes, size, &answer, why, sizeof why)) {
        must(answer.value && !answer.value->next && !why[0], "taken, with a reason against it");
        must(walk(answer.value, 1) <= SV_VALUES_MOST, "more values than the limit");
        sv_answer_free(&answer);
    } else {
        must(why[0] && !answer.value, "refused without a reason");
    }
    free(bytes);
    return 0;
}
