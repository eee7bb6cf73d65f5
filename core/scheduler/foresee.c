/* SPDX-License-Identifier: Apache-2.0 */
/* What comes of a decision when all goes well: its answers, written into the history. */
#include "cib/object.h"
#include "scheduler/model.h"

#include <stdio.h>

/* The results of one node, found by what they are of. */
struct book {
    struct hy_node_status *status;
    struct hy_map by_key; /* number of the result + 1, as a pointer */
    uint64_t call;
    bool open;
};

struct future {
    struct hy_cib *cib;
    const struct hy_decision *decision;
    hy_wall now;
    struct book *books; /* by node of the CIB */
    struct hy_map by_node;
    struct hy_map active; /* what is active where, by instance and node */
};

static void key_of(char key[600], const char *rsc, const char *op, hy_time interval)
{
    snprintf(key, 600, "%s\n%s\n%lld", rsc, op, (long long)interval);
}

static void *numbered(size_t number)
{
    return (void *)(uintptr_t)number;
}

static struct book *book_of(struct future *f, const char *node)
{
    struct book *book = hy_map_get(&f->by_node, node);
    if (!book || book->open)
        return book;
    book->open = true;
    for (size_t i = 0; i < book->status->results.count; i++) {
        const struct hy_result *result = &book->status->results.items[i];
        char key[600];
        key_of(key, result->rsc, result->op, result->interval);
        hy_map_put(&book->by_key, key, numbered(i + 1));
        book->call = result->call > book->call ? result->call : book->call;
    }
    for (size_t i = 0; i < book->status->failures.count; i++)
        if (book->status->failures.items[i].call > book->call)
            book->call = book->status->failures.items[i].call;
    return book;
}

static struct hy_result *entry(struct book *book, const struct hy_action *action)
{
    char key[600];
    key_of(key, action->rsc, action->op, action->interval);
    size_t number = (size_t)(uintptr_t)hy_map_get(&book->by_key, key);
    if (number) {
        struct hy_result *known = &book->status->results.items[number - 1];
        hy_result_free(known);
        return known;
    }
    struct hy_result *result = hy_vec_add(&book->status->results);
    hy_map_put(&book->by_key, key, numbered(book->status->results.count));
    return result;
}

static const char *meta_of(const struct hy_action *action, const char *name)
{
    for (size_t i = 0; i < action->meta_count; i++)
        if (!strcmp(action->meta[i].name, name))
            return action->meta[i].value;
    return NULL;
}

static void tell(struct future *f, const struct hy_action *action, int rc)
{
    struct book *book = book_of(f, action->node);
    if (!book || book->status->state == HY_MEMBER_GONE)
        return; /* it was fenced before it could do that */
    bool migration = action->kind == HY_ACT_MIGRATE_TO || action->kind == HY_ACT_MIGRATE_FROM;
    *entry(book, action) =
        (struct hy_result){.rsc = hy_strdup(action->rsc),
                           .op = hy_strdup(action->op),
                           .interval = action->interval,
                           .rc = rc,
                           .call = ++book->call,
                           .at = f->now,
                           .agent = hy_strdup(action->agent),
                           .digest = hy_strdup(action->digest),
                           .migrate_from = migration ? hy_strdup(meta_of(action, "migrate_source")) : NULL,
                           .migrate_to = migration ? hy_strdup(meta_of(action, "migrate_target")) : NULL,
                           .has_expected = true,
                           .expected = rc};
}

/* A probe finds what is known to be there, a monitor what it is set up for. */
static int answer(const struct future *f, const struct hy_action *action)
{
    if (action->kind == HY_ACT_MONITOR)
        return meta_of(action, "role") && !strcmp(meta_of(action, "role"), "Promoted")  ? 8
               : meta_of(action, "role") && !strcmp(meta_of(action, "role"), "Stopped") ? 7
                                                                                        : 0;
    if (action->kind != HY_ACT_PROBE)
        return 0;
    char key[600];
    key_of(key, action->rsc, action->node, 0);
    const struct hy_active *active = hy_map_get(&f->active, key);
    return !active ? 7 : active->role == HY_ROLE_PROMOTED ? 8 : 0;
}

/* What ran there has stopped, and nothing is known of it. */
static void fence(struct future *f, const struct hy_action *action)
{
    struct book *book = hy_map_get(&f->by_node, action->node);
    if (!book || !strcmp(action->op, "on"))
        return;
    struct hy_node_status *status = book->status;
    while (status->results.count)
        hy_result_free(&status->results.items[--status->results.count]);
    while (status->failures.count)
        hy_result_free(&status->failures.items[--status->failures.count]);
    hy_attrs_free(&status->transient);
    hy_map_free(&book->by_key);
    book->open = false;
    status->unclean = false;
    status->state = HY_MEMBER_GONE;
}

static void happen(struct future *f, const struct hy_action *action)
{
    switch (action->kind) {
    case HY_ACT_FENCE:
        fence(f, action);
        break;
    case HY_ACT_CANCEL:
    case HY_ACT_NOTIFY:
        break;
    default:
        tell(f, action, answer(f, action));
    }
}

/* One round: what waits for something that cannot be done is not done. */
static void happen_in_order(struct future *f)
{
    const struct hy_decision *decision = f->decision;
    bool *held = hy_alloc_array(decision->action_count, sizeof *held);
    for (size_t i = 0; i < decision->action_count; i++) {
        const struct hy_action *action = &decision->actions[i];
        held[i] = action->blocked && action->kind != HY_ACT_FENCE;
        for (size_t a = 0; a < action->after_count; a++)
            held[i] = held[i] || held[action->after[a]];
        if (!held[i])
            happen(f, action);
    }
    free(held);
}

void hy_foresee(struct hy_cib *cib, const struct hy_decision *decision, hy_wall now)
{
    struct future f = {.cib = cib, .decision = decision, .now = now};
    f.books = hy_alloc_array(cib->nodes.count, sizeof *f.books);
    for (size_t i = 0; i < cib->nodes.count; i++) {
        f.books[i].status = cib->nodes.items[i];
        hy_map_put(&f.by_node, cib->nodes.items[i]->node, &f.books[i]);
    }
    for (size_t i = 0; i < decision->active_count; i++) {
        struct hy_active *active = &decision->active[i];
        char key[600];
        key_of(key, active->rsc, active->node, 0);
        hy_map_put(&f.active, key, active);
    }
    happen_in_order(&f);
    for (size_t i = 0; i < cib->nodes.count; i++)
        hy_map_free(&f.books[i].by_key);
    hy_map_free(&f.by_node);
    hy_map_free(&f.active);
    free(f.books);
}
