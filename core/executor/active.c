/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/active.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

enum { DEFAULT_STOP_SECONDS = 20 };

bool hy_changes_state(const char *op)
{
    static const char *const names[] = {"start", "stop", "promote", "demote", "reload", "migrate_to", "migrate_from"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(op, names[i]) == 0)
            return true;
    return false;
}

struct hy_active_entry *hy_actives_get(const struct hy_actives *actives, const char *rsc)
{
    return hy_map_get(&actives->entries, rsc);
}

bool hy_actives_any_leased(const struct hy_actives *actives)
{
    size_t at = 0;
    void *value;
    while (hy_map_next(&actives->entries, &at, NULL, &value))
        if (((struct hy_active_entry *)value)->kept.lease)
            return true;
    return false;
}

static int tell(struct hy_actives *actives, bool leased)
{
    if (actives->held) {
        actives->owed |= leased;
        return 0;
    }
    return leased && actives->changed ? actives->changed(actives->context, actives) : 0;
}

void hy_actives_hold(struct hy_actives *actives)
{
    actives->held = true;
}

void hy_actives_let_go(struct hy_actives *actives)
{
    bool owed = actives->owed;
    actives->held = actives->owed = false;
    (void)tell(actives, owed); /* it was noted before; more than that cannot be lacking */
}

static void remove_entry(struct hy_actives *actives, struct hy_active_entry *entry)
{
    bool leased = entry->kept.lease;
    hy_map_remove(&actives->entries, entry->kept.rsc);
    hy_operation_free(&entry->kept);
    free(entry);
    tell(actives, leased);
}

static void replace_text(char **text, const char *with)
{
    char *copy = hy_strdup(with);
    free(*text);
    *text = copy;
}

/* These make it run with the parameters of their own order; the others work on what runs. */
static bool brings_parameters(const char *op)
{
    return strcmp(op, "start") == 0 || strcmp(op, "reload") == 0 || strcmp(op, "migrate_from") == 0;
}

static struct hy_active_entry *add_entry(struct hy_actives *actives, const struct hy_operation *operation)
{
    struct hy_active_entry *entry = hy_alloc(sizeof *entry);
    entry->kept = hy_operation_copy(operation);
    entry->fresh = true;
    hy_map_put(&actives->entries, operation->rsc, entry);
    return entry;
}

int hy_actives_begin(struct hy_actives *actives, const struct hy_operation *operation)
{
    struct hy_active_entry *entry = hy_actives_get(actives, operation->rsc);
    if (!entry) {
        entry = add_entry(actives, operation);
    } else if (brings_parameters(operation->op)) {
        bool leased = entry->kept.lease || operation->lease;
        hy_operation_free(&entry->kept);
        entry->kept = hy_operation_copy(operation);
        entry->kept.lease = leased;
        entry->fresh = false;
    } else {
        replace_text(&entry->kept.op, operation->op);
        entry->kept.id = operation->id;
        entry->fresh = false;
    }
    entry->pending = true;
    entry->group = 0;
    int rc = tell(actives, entry->kept.lease);
    if (rc && entry->fresh)
        remove_entry(actives, entry);
    else
        entry->pending = rc == 0;
    return rc;
}

void hy_actives_forked(struct hy_actives *actives, const char *rsc, pid_t group)
{
    struct hy_active_entry *entry = hy_actives_get(actives, rsc);
    if (!entry)
        return;
    entry->group = group;
    tell(actives, entry->kept.lease);
}

static bool is_done(const struct hy_run_result *result)
{
    return result->exec == HY_EXEC_DONE && result->rc == HALYARD_OK;
}

void hy_actives_end(struct hy_actives *actives, const struct hy_operation *operation,
                    const struct hy_run_result *result)
{
    struct hy_active_entry *entry = hy_actives_get(actives, operation->rsc);
    if (!entry)
        return;
    bool stopped = strcmp(operation->op, "stop") == 0 && is_done(result);
    if (stopped || (entry->fresh && !result->called)) {
        remove_entry(actives, entry);
        return;
    }
    entry->pending = false;
    entry->fresh = false;
    entry->group = 0;
    if (result->called) {
        entry->caps = result->caps;
        entry->has_watch = result->has_watch;
    }
    tell(actives, entry->kept.lease);
}

static bool shows_activity(int rc)
{
    switch (rc) {
    case HALYARD_OK:
    case HALYARD_ERR_GENERIC:
    case HALYARD_RUNNING_PROMOTED:
    case HALYARD_FAILED_PROMOTED:
    case HALYARD_DEGRADED:
    case HALYARD_DEGRADED_PROMOTED:
        return true;
    default:
        return false;
    }
}

void hy_actives_saw(struct hy_actives *actives, const struct hy_operation *operation, bool probe,
                    const struct hy_run_result *result)
{
    if (result->exec != HY_EXEC_DONE || !result->called)
        return;
    struct hy_active_entry *entry = hy_actives_get(actives, operation->rsc);
    if (entry && probe && result->rc == HALYARD_NOT_RUNNING && !entry->pending) {
        remove_entry(actives, entry);
        return;
    }
    if (entry || !shows_activity(result->rc))
        return;
    entry = add_entry(actives, operation);
    entry->fresh = false;
    entry->caps = result->caps;
    entry->has_watch = result->has_watch;
    /* That the note cannot be made changes nothing: it is active. */
    tell(actives, entry->kept.lease);
}

struct hy_operation hy_active_stop_order(const struct hy_active_entry *entry)
{
    struct hy_operation order = hy_operation_copy(&entry->kept);
    replace_text(&order.op, "stop");
    order.id = 0;
    order.interval = 0;
    order.start_delay = 0;
    if (order.timeout < DEFAULT_STOP_SECONDS * HY_SECOND)
        order.timeout = DEFAULT_STOP_SECONDS * HY_SECOND;
    return order;
}

void hy_actives_free(struct hy_actives *actives)
{
    size_t at = 0;
    void *value;
    while (hy_map_next(&actives->entries, &at, NULL, &value)) {
        struct hy_active_entry *entry = value;
        hy_operation_free(&entry->kept);
        free(entry);
    }
    hy_map_free(&actives->entries);
}
