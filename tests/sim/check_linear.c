/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Edits and reads are linearizable. The workload's registers are property sets named "reg-1", "reg-2", ... with one
 * attribute "value", a number that is written once only:
 *
 *   put * property reg-1: value=7      a write
 *   put 12 property reg-1: value=7     a compare-and-set: 12 is the version of the object as the client saw it, so the
 *                                      value it has in that version is what is compared
 *   put 0 property reg-1: value=7      of a register that is empty
 *   remove 12 reg-1                    a compare-and-set to empty
 *
 * A certain read reads all registers at once; those that were used lately are noted. At the end each is read once more, from
 * whoever has applied most. A request that is repeated in its session is one operation, from the first call to the first
 * answer.
 *
 *   not-linearizable    no order of the operations explains the answers
 *   odd-answer          an answer that no such operation may get
 */
#include "sim/checks.h"

#include "sim/facts.h"
#include "sim/history.h"
#include "sim/table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { LATELY = 6, BUDGET = 200000 };

struct linear {
    struct sim_world *world;
    struct history history;
    struct table by_session; /* session, number -> edit + 1, attempts that may have been taken */
    struct table by_call;    /* an edit without session: likewise; a read -> the first of its reads + 1, how many,
                                true */
    uint64_t lately[LATELY];
    size_t lately_at;
    uint64_t highest;
};

static void *open_check(struct sim_world *world)
{
    struct linear *linear = hy_alloc(sizeof *linear);
    linear->world = world;
    return linear;
}

static void close_check(void *context)
{
    struct linear *linear = context;
    history_free(&linear->history);
    table_free(&linear->by_session);
    table_free(&linear->by_call);
    free(linear);
}

/* ---- what a call is about */

struct register_edit {
    uint64_t key;
    uint64_t value;
    bool any;      /* whatever was there */
    uint64_t base; /* else: the version that was seen */
};

static bool parse(const char *statements, struct register_edit *edit)
{
    char base[24];
    *edit = (struct register_edit){0};
    if (sscanf(statements, "put %23s property reg-%" SCNu64 ": value=%" SCNu64, base, &edit->key, &edit->value) != 3 &&
        sscanf(statements, "remove %23s reg-%" SCNu64, base, &edit->key) != 2)
        return false;
    edit->any = strcmp(base, "*") == 0;
    edit->base = edit->any ? 0 : strtoull(base, NULL, 10);
    return true;
}

static uint64_t value_in(const struct hy_cib *cib, uint64_t key, uint64_t *version)
{
    char id[40];
    snprintf(id, sizeof id, "reg-%" PRIu64, key);
    const struct hy_object *object = hy_cib_find_kind(cib, HY_PROPERTY, id);
    *version = object ? object->version : 0;
    const char *value = object ? hy_attrs_get(&object->u.set.attrs, "value") : NULL;
    return value ? strtoull(value, NULL, 10) : 0;
}

static void note_key(struct linear *linear, uint64_t key)
{
    if (key > linear->highest)
        linear->highest = key;
    for (size_t i = 0; i < LATELY; i++)
        if (linear->lately[i] == key)
            return;
    linear->lately[linear->lately_at++ % LATELY] = key;
}

static struct table_row *row_of(struct linear *linear, const struct sim_call *call)
{
    bool is_new;
    return call->session ? table_row(&linear->by_session, call->session, call->in_session, &is_new)
                         : table_row(&linear->by_call, call->number, 0, &is_new);
}

static void called_edit(struct linear *linear, const struct sim_call *call)
{
    struct register_edit edit;
    const struct hy_cluster *cluster = sim_cluster(linear->world, call->node);
    if (!parse(call->statements, &edit))
        return;
    struct table_row *row = row_of(linear, call);
    if (row->value[0])
        row->value[1]++; /* the same once more */
    if (row->value[0] || !cluster)
        return; /* or nobody is there, and it will be sent back */
    uint64_t version, seen = value_in(hy_cluster_cib(cluster), edit.key, &version);
    if (!edit.any && version != edit.base) {
        sim_violation(linear->world, "odd-workload", "'%s' is not based on what %s shows", call->statements,
                      sim_name(linear->world, call->node));
        return;
    }
    note_key(linear, edit.key);
    row->value[0] = 1 + history_call(&linear->history, (uint32_t)edit.key, (uint32_t)call->node,
                                     edit.any ? LIN_WRITE : LIN_CAS, seen, edit.value);
    row->value[1] = 1;
}

static void called_read(struct linear *linear, const struct sim_call *call)
{
    bool is_new;
    struct table_row *row = table_row(&linear->by_call, call->number, 0, &is_new);
    row->value[0] = linear->history.ops.count + 1;
    for (size_t i = 0; i < LATELY; i++)
        if (linear->lately[i])
            history_call(&linear->history, (uint32_t)linear->lately[i], (uint32_t)call->node, LIN_READ, 0, 0);
    row->value[1] = linear->history.ops.count + 1 - row->value[0];
    row->value[2] = true;
}

static void called(void *context, const struct sim_call *call)
{
    if (call->read)
        called_read(context, call);
    else
        called_edit(context, call);
}

/* ---- answers */

static void answered_read(struct linear *linear, const struct sim_call *call)
{
    const struct table_row *row = table_find(&linear->by_call, call->number, 0);
    const struct hy_cluster *cluster = sim_cluster(linear->world, call->node);
    for (uint64_t i = 0; row && cluster && !call->code && i < row->value[1]; i++) {
        size_t number = (size_t)(row->value[0] - 1 + i);
        uint64_t version;
        uint64_t value = value_in(hy_cluster_cib(cluster), linear->history.ops.items[number].key, &version);
        history_read(&linear->history, number, value);
    }
}

static void answered_edit(struct linear *linear, const struct sim_call *call)
{
    struct register_edit edit;
    if (!parse(call->statements, &edit))
        return;
    struct table_row *row = row_of(linear, call);
    if (!row->value[0])
        return;
    size_t number = (size_t)(row->value[0] - 1);
    if (linear->history.ops.items[number].outcome != LIN_UNKNOWN)
        return; /* another attempt was answered before */
    switch (call->code) {
    case 0:
        history_done(&linear->history, number);
        break;
    case -ESTALE:
    case -EEXIST:
        history_refused(&linear->history, number);
        break;
    case -ECONNREFUSED:
    case -EHOSTUNREACH:
        row->value[1]--;
        break;
    case -ECONNRESET:
    case -EIO:
    case -EALREADY:
    case -ENODATA:
        break;
    default:
        sim_violation(linear->world, "odd-answer", "'%s' was answered with %d: %s", call->statements, call->code,
                      call->text ? call->text : "");
        break;
    }
}

static void answered(void *context, const struct sim_call *call)
{
    if (call->read)
        answered_read(context, call);
    else
        answered_edit(context, call);
}

/* ---- the end */

/* What was only ever sent back, by every node that was asked, has not happened. */
static void settle_refused(struct linear *linear, const struct table *table)
{
    for (size_t i = 0; i < table->capacity; i++) {
        const struct table_row *row = &table->rows[i];
        if (!(row->a || row->b) || !row->value[0] || row->value[1] || row->value[2])
            continue;
        const struct lin_op *op = &linear->history.ops.items[row->value[0] - 1];
        if (op->outcome == LIN_UNKNOWN && op->kind != LIN_READ)
            history_never(&linear->history, (size_t)(row->value[0] - 1));
    }
}

static void finished(void *context)
{
    struct linear *linear = context;
    const struct hy_cib *cib = fact_newest(linear->world);
    settle_refused(linear, &linear->by_session);
    settle_refused(linear, &linear->by_call);
    for (uint64_t key = 1; cib && key <= linear->highest; key++) {
        uint64_t version;
        size_t number = history_call(&linear->history, (uint32_t)key, 0, LIN_READ, 0, 0);
        history_read(&linear->history, number, value_in(cib, key, &version));
    }
    struct hy_buf why = {0};
    enum lin_verdict verdict = history_check(&linear->history, BUDGET, &why);
    if (verdict == LIN_NO)
        sim_violation(linear->world, "not-linearizable", "%s", hy_buf_text(&why));
    else if (verdict == LIN_UNDECIDED)
        sim_note(linear->world, "linearizability: %s", hy_buf_text(&why));
    hy_buf_free(&why);
}

const struct sim_observer sim_check_linear = {.name = "linear",
                                              .open = open_check,
                                              .close = close_check,
                                              .called = called,
                                              .answered = answered,
                                              .finished = finished};
