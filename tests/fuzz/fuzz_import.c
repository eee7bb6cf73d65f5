/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes at all as a Pacemaker CIB: nothing may crash or leak, what is refused must be refused with a reason, and
 * what is taken must be a configuration that the grammar prints and reads back. `make check` replays the files of
 * tests/import and mutations of them (test_import_fuzz); to go on from there with libFuzzer, from a build folder:
 *
 *   clang -g -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -I SRC/core -I SRC/include -I SRC/tools \
 *         $(xml2-config --cflags) SRC/tests/fuzz/fuzz_import.c $(ls SRC/tools/hactl/import*.c | grep -v command) \
 *         SRC/core/cib/[a-z]*.c SRC/core/base/[a-z]*.c -lxml2 -o fuzz_import
 *   ./fuzz_import CORPUS SRC/tests/import
 */
#include "cib/grammar.h"
#include "hactl/import.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds, const char *what, const char *text)
{
    if (holds)
        return;
    fprintf(stderr, "fuzz_import: %s\n%s\n", what, text);
    abort();
}

static void check_printed(const struct hy_cib *cib)
{
    struct hy_buf first = {0}, second = {0};
    struct hy_cib *again = hy_cib_new();
    struct hy_err err = {{0}};
    hy_cib_print(cib, &first);
    if (hy_cib_parse(again, hy_buf_text(&first), first.size, &err))
        must(0, err.text, hy_buf_text(&first));
    hy_cib_print(again, &second);
    must(strcmp(hy_buf_text(&first), hy_buf_text(&second)) == 0, "print(parse(x)) differs from x", hy_buf_text(&first));
    hy_cib_free(&again);
    hy_buf_free(&first);
    hy_buf_free(&second);
}

static void check_saved(const struct hy_cib *cib)
{
    struct hy_buf first = {0}, second = {0};
    struct hy_cib *again = hy_cib_new();
    struct hy_err err = {{0}};
    hy_cib_save(cib, &first);
    if (hy_cib_restore(again, hy_buf_text(&first), first.size, &err))
        must(0, err.text, hy_buf_text(&first));
    hy_cib_save(again, &second);
    must(strcmp(hy_buf_text(&first), hy_buf_text(&second)) == 0, "restored differs from saved", hy_buf_text(&first));
    hy_cib_free(&again);
    hy_buf_free(&first);
    hy_buf_free(&second);
}

static void check_lines(const struct hy_buf *lines)
{
    for (size_t i = 0; i < lines->size; i++)
        must((unsigned char)lines->data[i] >= ' ' || lines->data[i] == '\n', "a line with a control character",
             lines->data);
}

static void try_import(const char *text, size_t size, bool with_status)
{
    struct hactl_import import = {.with_status = with_status};
    struct hy_err err = {{0}};
    if (hactl_import_read(&import, text, size, &err) == 0) {
        struct hy_buf findings = {0};
        must(!import.refused_count && !err.text[0], "taken, with a reason against it", err.text);
        (void)hy_cib_verify(import.cib, &findings, &findings);
        check_printed(import.cib);
        check_saved(import.cib);
        hy_buf_free(&findings);
    } else {
        must(err.text[0] || import.refused_count, "refused without a reason", "");
    }
    check_lines(&import.report);
    check_lines(&import.refused);
    hactl_import_free(&import);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_import((const char *)data, size, false);
    try_import((const char *)data, size, true);
    return 0;
}
