/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/linearize.h"

#include "base/alloc.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A call or an answer, in a list in order of time. An operation that has found its place is lifted out of the list. */
struct entry {
    const struct lin_op *op;
    uint32_t number; /* of the operation */
    bool is_call;
    uint64_t at;
    struct entry *answer; /* of a call; NULL: none came */
    struct entry *before, *after;
};

/* What has been tried: these operations in some order, and the register holds this. */
struct tried {
    uint64_t hash;
    uint64_t state;
    uint64_t *done; /* bits; NULL: a free slot */
};

struct step { /* of the order that is being tried */
    struct entry *call;
    uint64_t state; /* before it */
};

struct search {
    struct entry *entries;
    size_t entry_count;
    struct entry head;
    size_t op_count;
    size_t words;
    uint64_t *done;
    uint64_t state;
    struct step *order;
    size_t depth;
    struct tried *slots;
    size_t slot_count;
    size_t tried_count;
    size_t deepest;
    const struct lin_op *stuck; /* what found no place behind the deepest order */
    uint64_t stuck_state;
};

/* Does the operation fit in here? What it leaves behind. */
static bool fits(const struct lin_op *op, uint64_t state, uint64_t *next)
{
    *next = state;
    switch (op->kind) {
    case LIN_READ:
        return state == op->value;
    case LIN_WRITE:
        *next = op->value;
        return true;
    case LIN_CAS:
        if (op->outcome == LIN_REFUSED)
            return state != op->expected;
        *next = op->value;
        return state == op->expected;
    }
    return false;
}

/* ---- the list */

static void lift(struct entry *call)
{
    call->before->after = call->after;
    if (call->after)
        call->after->before = call->before;
    struct entry *answer = call->answer;
    if (!answer)
        return;
    answer->before->after = answer->after;
    if (answer->after)
        answer->after->before = answer->before;
}

static void put_back(struct entry *call)
{
    struct entry *answer = call->answer;
    if (answer) {
        answer->before->after = answer;
        if (answer->after)
            answer->after->before = answer;
    }
    call->before->after = call;
    if (call->after)
        call->after->before = call;
}

/* ---- what has been tried */

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ (hash >> 29);
}

static uint64_t hash_of(const struct search *search, uint64_t state)
{
    uint64_t hash = mix(UINT64_C(0x51ed270b7a4c3f1d), state);
    for (size_t i = 0; i < search->words; i++)
        hash = mix(hash, search->done[i]);
    return hash;
}

static struct tried *slot_for(struct search *search, uint64_t hash, uint64_t state)
{
    size_t at = (size_t)hash & (search->slot_count - 1);
    for (;; at = (at + 1) & (search->slot_count - 1)) {
        struct tried *slot = &search->slots[at];
        if (!slot->done || (slot->hash == hash && slot->state == state &&
                            memcmp(slot->done, search->done, search->words * sizeof *slot->done) == 0))
            return slot;
    }
}

static void grow(struct search *search)
{
    struct tried *old = search->slots;
    size_t count = search->slot_count;
    search->slot_count = count ? count * 2 : 64;
    search->slots = hy_alloc_array(search->slot_count, sizeof *search->slots);
    for (size_t i = 0; i < count; i++) {
        if (!old[i].done)
            continue;
        size_t at = (size_t)old[i].hash & (search->slot_count - 1);
        while (search->slots[at].done)
            at = (at + 1) & (search->slot_count - 1);
        search->slots[at] = old[i];
    }
    free(old);
}

/* Notes that this set of operations with this state was reached; false: it was before. */
static bool is_new(struct search *search, uint64_t state)
{
    if (2 * (search->tried_count + 1) > search->slot_count)
        grow(search);
    uint64_t hash = hash_of(search, state);
    struct tried *slot = slot_for(search, hash, state);
    if (slot->done)
        return false;
    *slot = (struct tried){
        .hash = hash, .state = state, .done = hy_memdup(search->done, search->words * sizeof *search->done)};
    search->tried_count++;
    return true;
}

/* ---- the search */

static void flip(struct search *search, const struct entry *call)
{
    search->done[call->number / 64] ^= UINT64_C(1) << (call->number % 64);
}

/* Takes the call as the next one of the order, if it fits and leads to something that was not tried yet. */
static bool take(struct search *search, struct entry *call)
{
    uint64_t next;
    if (!fits(call->op, search->state, &next))
        return false;
    flip(search, call);
    if (!is_new(search, next)) {
        flip(search, call);
        return false;
    }
    search->order[search->depth++] = (struct step){call, search->state};
    search->state = next;
    lift(call);
    return true;
}

static struct entry *take_back(struct search *search)
{
    struct step step = search->order[--search->depth];
    flip(search, step.call);
    search->state = step.state;
    put_back(step.call);
    return step.call->after;
}

/* An answer is reached whose call has found no place: whatever comes next comes too late for it. */
static void note_stuck(struct search *search, const struct entry *answer)
{
    if (search->stuck && search->depth <= search->deepest)
        return;
    search->deepest = search->depth;
    search->stuck = answer->op;
    search->stuck_state = search->state;
}

static enum lin_verdict run(struct search *search, size_t budget)
{
    struct entry *at = search->head.after;
    while (at) {
        if (search->tried_count > budget)
            return LIN_UNDECIDED;
        if (!at->is_call) {
            note_stuck(search, at);
            if (!search->depth)
                return LIN_NO;
            at = take_back(search);
        } else if (take(search, at)) {
            at = search->head.after;
        } else {
            at = at->after;
        }
    }
    return LIN_YES; /* only calls without an answer are left */
}

static int by_time(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return x->at < y->at ? -1 : x->at > y->at;
}

/* A read without an answer says nothing, and a refusal changes nothing: only what was refused with a reason counts. */
static bool counts(const struct lin_op *op)
{
    return op->kind == LIN_READ ? op->outcome == LIN_DONE : op->kind == LIN_CAS ? true : op->outcome != LIN_REFUSED;
}

static void fill(struct search *search, const struct lin_op *const *ops, size_t count)
{
    search->entries = hy_alloc_array(2 * count + 1, sizeof *search->entries);
    for (size_t i = 0; i < count; i++) {
        search->entries[search->entry_count++] =
            (struct entry){.op = ops[i], .number = (uint32_t)i, .is_call = true, .at = ops[i]->called};
        if (ops[i]->outcome != LIN_UNKNOWN)
            search->entries[search->entry_count++] =
                (struct entry){.op = ops[i], .number = (uint32_t)i, .at = ops[i]->answered};
    }
    qsort(search->entries, search->entry_count, sizeof *search->entries, by_time);
    struct entry **calls = hy_alloc_array(count + 1, sizeof *calls);
    struct entry *last = &search->head;
    for (size_t i = 0; i < search->entry_count; i++) {
        struct entry *entry = &search->entries[i];
        entry->before = last;
        last->after = entry;
        last = entry;
        if (entry->is_call)
            calls[entry->number] = entry;
        else if (calls[entry->number])
            calls[entry->number]->answer = entry;
    }
    free(calls);
    search->op_count = count;
    search->words = count / 64 + 1;
    search->done = hy_alloc_array(search->words, sizeof *search->done);
    search->order = hy_alloc_array(count + 1, sizeof *search->order);
}

static void release(struct search *search)
{
    for (size_t i = 0; i < search->slot_count; i++)
        free(search->slots[i].done);
    free(search->slots);
    free(search->entries);
    free(search->done);
    free(search->order);
}

/* ---- in words */

void lin_print(const struct lin_op *op, struct hy_buf *out)
{
    static const char *const outcomes[] = {"done", "refused", "no answer"};
    hy_buf_addf(out, "[%" PRIu64 ", ", op->called);
    if (op->outcome == LIN_UNKNOWN)
        hy_buf_adds(out, "...)");
    else
        hy_buf_addf(out, "%" PRIu64 "]", op->answered);
    hy_buf_addf(out, " client %" PRIu32 ": ", op->client);
    if (op->kind == LIN_READ)
        hy_buf_addf(out, "read %" PRIu64, op->value);
    else if (op->kind == LIN_WRITE)
        hy_buf_addf(out, "write %" PRIu64, op->value);
    else
        hy_buf_addf(out, "%" PRIu64 " -> %" PRIu64, op->expected, op->value);
    hy_buf_addf(out, ", %s\n", outcomes[op->outcome]);
}

static void explain(const struct search *search, const struct lin_op *const *ops, enum lin_verdict verdict,
                    struct hy_buf *why)
{
    hy_buf_addf(why, "register %" PRIu32 ": %s\n", ops[0]->key,
                verdict == LIN_NO ? "no order explains these answers" : "given up");
    for (size_t i = 0; i < search->op_count; i++) {
        hy_buf_adds(why, "  ");
        lin_print(ops[i], why);
    }
    if (!search->stuck)
        return;
    hy_buf_addf(why, "  after %zu of them, the register holding %" PRIu64 ", this has no place: ", search->deepest,
                search->stuck_state);
    lin_print(search->stuck, why);
}

static enum lin_verdict check_one(const struct lin_op *const *ops, size_t count, size_t budget, struct hy_buf *why)
{
    struct search search = {0};
    fill(&search, ops, count);
    enum lin_verdict verdict = run(&search, budget);
    if (verdict != LIN_YES && why)
        explain(&search, ops, verdict, why);
    release(&search);
    return verdict;
}

static int by_key(const void *a, const void *b)
{
    const struct lin_op *x = *(const struct lin_op *const *)a, *y = *(const struct lin_op *const *)b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->called < y->called ? -1 : x->called > y->called;
}

enum lin_verdict lin_check(const struct lin_op *ops, size_t count, size_t budget, struct hy_buf *why)
{
    const struct lin_op **sorted = hy_alloc_array(count + 1, sizeof *sorted);
    size_t used = 0;
    for (size_t i = 0; i < count; i++)
        if (counts(&ops[i]))
            sorted[used++] = &ops[i];
    qsort(sorted, used, sizeof *sorted, by_key);
    enum lin_verdict worst = LIN_YES;
    for (size_t from = 0, to; from < used; from = to) {
        for (to = from + 1; to < used && sorted[to]->key == sorted[from]->key;)
            to++;
        enum lin_verdict verdict = check_one(sorted + from, to - from, budget, why);
        if (verdict == LIN_NO || worst == LIN_YES)
            worst = verdict;
    }
    free(sorted);
    return worst;
}
