/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Live migrations in the history. A whole one is: migrate_to on the node it leaves, migrate_from on the node it comes to,
 * a stop on the first. After any of them something may have come between: then it may be on one of the two, or on both.
 */
#include "scheduler/model.h"

static bool is_about(const struct hy_result *result, const struct hy_result *migration)
{
    return result->migrate_from && result->migrate_to && migration->migrate_from && migration->migrate_to &&
           !strcmp(result->migrate_from, migration->migrate_from) && !strcmp(result->migrate_to, migration->migrate_to);
}

static const struct hy_result *find(const struct hy_past *past, const char *op, const struct hy_result *migration)
{
    for (const struct hy_trace *at = past->trace; at; at = at->next)
        if (hy_result_is(at->result, op) && is_about(at->result, migration))
            return at->result;
    return NULL;
}

/* Calls of one node are numbered; between nodes there is only the time, and some order where that is the same. */
static bool is_newer(const struct hy_result *a, const struct hy_result *b, bool same_node)
{
    if (same_node || a->at == b->at)
        return a->call > b->call;
    return a->at && b->at && a->at > b->at;
}

static bool changed_after(const struct hy_past *past, const struct hy_result *event, bool same_node)
{
    for (const struct hy_trace *at = past->trace; at; at = at->next) {
        const struct hy_result *result = at->result;
        if (result != event && !hy_result_is(result, "monitor") && is_newer(result, event, same_node) &&
            (hy_result_is(result, "start") || hy_result_is(result, "stop") || hy_result_is(result, "migrate_to") ||
             hy_result_is(result, "migrate_from")))
            return true;
    }
    return false;
}

static bool gone_after(const struct hy_past *past, const struct hy_result *event, bool same_node)
{
    for (const struct hy_trace *at = past->trace; at; at = at->next)
        if (hy_result_is(at->result, "monitor") && at->result->exec == HY_EXEC_DONE && at->result->rc == 7 &&
            is_newer(at->result, event, same_node))
            return true;
    return false;
}

/* Whether the node says something newer than the migration: `own` is the half of it that was done there, if any. */
static bool has_moved_on(const struct hy_past *past, const struct hy_result *own, const struct hy_result *other)
{
    const struct hy_result *event = own ? own : other;
    return changed_after(past, event, own != NULL) || gone_after(past, event, own != NULL);
}

static bool is_unknown(const struct hy_past *past)
{
    return !past->trace;
}

static void fail_migration(struct hy_past *past)
{
    past->migration_failed = true;
}

/* migrate_to has succeeded. Answers the role on the node it was done on. */
enum hy_role hy_sched_migrated(struct hy_sched *s, struct hy_unit *unit, uint32_t node, const struct hy_result *result,
                               enum hy_role role)
{
    if (unit->anonymous)
        return HY_ROLE_STARTED; /* clones do not migrate */
    uint32_t target = hy_sched_node_named(s, result->migrate_to);
    struct hy_past *here = &unit->past[node];
    struct hy_past *there = target == HY_NO_NODE ? NULL : &unit->past[target];
    const struct hy_result *arrival = there ? find(there, "migrate_from", result) : NULL;
    bool here_newer = changed_after(here, result, true);
    if (arrival && here_newer)
        return role;
    bool there_newer = there && has_moved_on(there, arrival, result);
    if (here_newer && there_newer)
        return role;
    if (arrival && arrival->exec == HY_EXEC_DONE && arrival->rc == 0) {
        here->dangling = true; /* all but the stop */
        return HY_ROLE_STOPPED;
    }
    bool on_target = there && !there_newer && s->nodes[target].member;
    if (arrival) {
        if (on_target) {
            here->adds = target;
            here->came_from = true;
        } else {
            fail_migration(here);
        }
        return HY_ROLE_STARTED;
    }
    if (there && s->nodes[target].member && is_unknown(there) && !there->flights)
        return HY_ROLE_STARTED; /* cleaned up there: a probe will tell */
    if (on_target) {
        here->adds = target;
        here->partial = s->nodes[node].member;
    } else if (!here_newer) {
        fail_migration(here);
    }
    return HY_ROLE_STARTED;
}

static void left_behind(struct hy_sched *s, struct hy_unit *unit, uint32_t node, uint32_t other,
                        const struct hy_result *result, bool failed_here)
{
    struct hy_past *here = &unit->past[node], *there = &unit->past[other];
    const struct hy_result *half = find(there, failed_here ? "migrate_from" : "migrate_to", result);
    if (!is_unknown(there) && !has_moved_on(there, half, result)) {
        if (s->nodes[other].member)
            here->adds = other;
    } else if (failed_here && !changed_after(here, result, true)) {
        here->dangling = true;
    }
}

void hy_sched_migration_failed(struct hy_sched *s, struct hy_unit *unit, uint32_t node, const struct hy_result *result)
{
    bool to = hy_result_is(result, "migrate_to");
    uint32_t other = hy_sched_node_named(s, to ? result->migrate_to : result->migrate_from);
    if (other != HY_NO_NODE && other != node && !unit->anonymous)
        left_behind(s, unit, node, other, result, to);
}

/* Whoever migrates it away is being fenced: what may have arrived is to be stopped. */
void hy_sched_migration_pending(struct hy_sched *s, struct hy_unit *unit, uint32_t node, const struct hy_result *result)
{
    uint32_t target = hy_sched_node_named(s, result->migrate_to);
    if (s->nodes[node].unclean && target != HY_NO_NODE)
        unit->past[node].stop_on_target = target;
}
