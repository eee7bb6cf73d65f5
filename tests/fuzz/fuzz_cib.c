/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes at all as a configuration, an object, a command and a saved CIB: nothing may crash or leak, and what is
 * accepted must come back from what is printed. `make check` replays a corpus and mutations of it (test_cib_fuzz); to go
 * on from there with libFuzzer, from a build folder:
 *
 *   clang -g -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -I SRC/core -I SRC/include \
 *         SRC/tests/fuzz/fuzz_cib.c SRC/core/cib/[a-z]*.c SRC/core/base/[a-z]*.c -o fuzz_cib
 *   ./fuzz_cib CORPUS SRC/tests/golden/cib SRC/tests/fuzz/cib
 */
#include "cib/clients.h"
#include "cib/command.h"
#include "cib/grammar.h"
#include "cib/object.h"
#include "cib/rule_eval.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "fuzz_cib: %s\n", what);
    abort();
}

static void same(struct hy_buf *a, struct hy_buf *b, const char *what)
{
    must(strcmp(hy_buf_text(a), hy_buf_text(b)) == 0, what);
    hy_buf_free(a);
    hy_buf_free(b);
}

/* save(restore(save(c))) = save(c) = save(copy(c)) */
static void check_saved(const struct hy_cib *cib)
{
    struct hy_buf first = {0}, second = {0}, third = {0}, once_more = {0};
    struct hy_cib *again = hy_cib_new(), *copy = hy_cib_copy(cib);
    hy_cib_save(cib, &first);
    must(hy_cib_restore(again, first.data, first.size, NULL) == 0, "what was saved is not restored");
    hy_cib_save(again, &second);
    hy_cib_save(copy, &third);
    hy_buf_add(&once_more, first.data, first.size);
    same(&first, &second, "restored differs from saved");
    same(&once_more, &third, "the copy differs");
    hy_cib_free(&again);
    hy_cib_free(&copy);
}

static void check_printed(const struct hy_cib *cib)
{
    struct hy_buf first = {0}, second = {0};
    struct hy_cib *again = hy_cib_new();
    hy_cib_print(cib, &first);
    must(hy_cib_parse(again, hy_buf_text(&first), first.size, NULL) == 0, "what was printed is not read");
    hy_cib_print(again, &second);
    same(&first, &second, "print(parse(x)) differs from x");
    hy_cib_free(&again);
}

static const char *any_value(const void *from, const char *name)
{
    (void)from;
    return name[0] & 1 ? name : NULL;
}

static void evaluate(void *context, const struct hy_rule *rule)
{
    struct hy_rule_context *given = context;
    hy_wall next = HY_NEVER;
    given->next = &next;
    bool holds = hy_rule_holds(rule, given);
    (void)hy_rule_score(rule, given);
    must(next > given->now, "the answer may change in the past");
    given->next = NULL;
    must(hy_rule_holds(rule, given) == holds, "a rule holds now and then");
}

static void check_values(const struct hy_values *values)
{
    for (size_t i = 0; i < values->list.count; i++)
        for (size_t k = 0; k < i; k++)
            must(strcmp(values->list.items[i].name, values->list.items[k].name) != 0, "a value is there twice");
}

/* Asks all rules and collects all values at two points of time. */
static void try_rules(const struct hy_cib *cib)
{
    struct hy_rule_context context = {
        .cib = cib, .node_attr = any_value, .param = any_value, .cls = "ocf", .type = "Dummy", .op_name = "monitor"};
    for (int i = 0; i < 2; i++) {
        context.now = i ? INT64_C(1795343415) * HY_SECOND : 0;
        for (size_t k = 0; k < cib->objects.count; k++) {
            const struct hy_object *object = cib->objects.items[k];
            struct hy_values values = {0};
            struct hy_op_configs ops = {0};
            struct hy_objects found = {0};
            hy_object_visit_rules(object, evaluate, &context);
            if (object->kind == HY_PRIMITIVE) {
                hy_values_collect_primitive(&object->u.primitive, HY_PART_PARAMS, &context, &values);
                hy_ops_collect(cib, &object->u.primitive, &ops);
            }
            check_values(&values);
            (void)hy_cib_resolve(cib, object->id, &found);
            hy_vec_free(&values.list);
            hy_vec_free(&ops.list);
            hy_vec_free(&found.list);
        }
        struct hy_values values = {0};
        hy_values_collect_kind(HY_PROPERTY, &context, &values);
        check_values(&values);
        hy_vec_free(&values.list);
    }
}

static void try_configuration(const char *text, size_t size)
{
    struct hy_cib *cib = hy_cib_new();
    struct hy_err err = {{0}};
    struct hy_buf errors = {0}, warnings = {0};
    if (hy_cib_parse(cib, text, size, &err) == 0) {
        (void)hy_cib_verify(cib, &errors, &warnings);
        try_rules(cib);
        check_printed(cib);
    } else {
        must(err.text[0] != '\0', "refused without a reason");
        must(cib->objects.count == 0, "refused, but changed");
    }
    hy_buf_free(&errors);
    hy_buf_free(&warnings);
    hy_cib_free(&cib);
}

static void try_command(const char *text, size_t size)
{
    struct hy_cib *cib = hy_cib_new();
    struct hy_answer answer;
    static const char base[] =
        "command origin=0 at=1.000000\nput 0 node test1\nput 0 node test3\nput 0 primitive a Dummy\n"
        "put 0 primitive b Dummy\nput 0 clone c b\n"
        "member test3 id=3 state=in epoch=1 incarnation=1\n";
    hy_cib_apply(cib, 1, base, sizeof base - 1, &answer);
    must(answer.code == 0, "the base is refused");
    struct hy_buf before = {0}, after = {0};
    cib->index = 2;
    hy_cib_save(cib, &before);
    hy_cib_apply(cib, 2, text, size, &answer);
    must(answer.code == 0 || answer.err.text[0] != '\0', "refused without a reason");
    if (answer.code) {
        for (size_t i = 0; i < cib->sessions.count; i++)
            must(cib->sessions.items[i].origin == answer.head.origin, "a session of nobody");
        cib->sessions.count = 0;
        hy_clients_free(cib);
        hy_cib_save(cib, &after);
        same(&before, &after, "refused, but changed");
    }
    hy_buf_free(&before);
    check_saved(cib);
    check_printed(cib);
    hy_cib_free(&cib);
}

static void try_saved(const char *text, size_t size)
{
    struct hy_cib *cib = hy_cib_new();
    struct hy_err err = {{0}};
    if (hy_cib_restore(cib, text, size, &err) == 0)
        check_saved(cib);
    else
        must(err.text[0] != '\0', "refused without a reason");
    hy_cib_free(&cib);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct hy_object *object = NULL;
    try_configuration(text, size);
    try_command(text, size);
    try_saved(text, size);
    if (hy_object_parse(text, size, &object, NULL) == 0)
        hy_object_free(&object);
    return 0;
}
