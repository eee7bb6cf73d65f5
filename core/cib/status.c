/* SPDX-License-Identifier: Apache-2.0 */
/* Status entries: what the cluster knows of one node. */
#include "cib/enrol.h"
#include "cib/object.h"
#include "cib/wish.h"

#include <string.h>

struct hy_node_status *hy_node_status_new(const char *node)
{
    struct hy_node_status *status = hy_alloc(sizeof *status);
    status->node = hy_strdup(node);
    return status;
}

void hy_result_free(struct hy_result *result)
{
    free(result->rsc);
    free(result->op);
    free(result->reason);
    free(result->agent);
    free(result->digest);
    free(result->restart_digest);
    free(result->restart_params);
    free(result->secure_digest);
    free(result->secure_params);
    free(result->migrate_from);
    free(result->migrate_to);
}

struct hy_result hy_result_copy(const struct hy_result *result)
{
    struct hy_result copy = *result;
    copy.rsc = hy_strdup(result->rsc);
    copy.op = hy_strdup(result->op);
    copy.reason = hy_strdup(result->reason);
    copy.agent = hy_strdup(result->agent);
    copy.digest = hy_strdup(result->digest);
    copy.restart_digest = hy_strdup(result->restart_digest);
    copy.restart_params = hy_strdup(result->restart_params);
    copy.secure_digest = hy_strdup(result->secure_digest);
    copy.secure_params = hy_strdup(result->secure_params);
    copy.migrate_from = hy_strdup(result->migrate_from);
    copy.migrate_to = hy_strdup(result->migrate_to);
    return copy;
}

void hy_status_clear_results(struct hy_node_status *status)
{
    for (size_t i = 0; i < status->results.count; i++)
        hy_result_free(&status->results.items[i]);
    hy_vec_free(&status->results);
}

void hy_status_clear_failures(struct hy_node_status *status)
{
    for (size_t i = 0; i < status->failures.count; i++)
        hy_result_free(&status->failures.items[i]);
    hy_vec_free(&status->failures);
    for (size_t i = 0; i < status->failcounts.count; i++) {
        free(status->failcounts.items[i].rsc);
        free(status->failcounts.items[i].op);
    }
    hy_vec_free(&status->failcounts);
}

void hy_node_status_free(struct hy_node_status *status)
{
    if (!status)
        return;
    hy_attrs_free(&status->transient);
    hy_status_clear_results(status);
    hy_status_clear_failures(status);
    for (size_t i = 0; i < status->locks.count; i++)
        free(status->locks.items[i].rsc);
    hy_vec_free(&status->locks);
    hy_enrolment_free(&status->enrolled);
    hy_wish_free(&status->wish);
    free(status->node);
    free(status);
}

struct hy_node_status *hy_node_status_copy(const struct hy_node_status *status)
{
    struct hy_node_status *copy = hy_node_status_new(status->node);
    copy->id = status->id;
    copy->enrolled = hy_enrolment_copy(&status->enrolled);
    copy->state = status->state;
    copy->epoch = status->epoch;
    copy->incarnation = status->incarnation;
    copy->synced = status->synced;
    copy->unclean = status->unclean;
    copy->pending = status->pending;
    copy->since = status->since;
    copy->wish = hy_wish_copy(&status->wish);
    hy_attrs_copy(&copy->transient, &status->transient);
    for (size_t i = 0; i < status->results.count; i++)
        hy_vec_push(&copy->results, hy_result_copy(&status->results.items[i]));
    for (size_t i = 0; i < status->failures.count; i++)
        hy_vec_push(&copy->failures, hy_result_copy(&status->failures.items[i]));
    for (size_t i = 0; i < status->failcounts.count; i++) {
        struct hy_failcount count = status->failcounts.items[i];
        count.rsc = hy_strdup(count.rsc);
        count.op = hy_strdup(count.op);
        hy_vec_push(&copy->failcounts, count);
    }
    for (size_t i = 0; i < status->locks.count; i++) {
        const struct hy_rsc_lock lock = {hy_strdup(status->locks.items[i].rsc), status->locks.items[i].since};
        hy_vec_push(&copy->locks, lock);
    }
    return copy;
}

void hy_ticket_copy(struct hy_ticket *to, const struct hy_ticket *from)
{
    *to = *from;
    to->name = hy_strdup(from->name);
    hy_attrs_copy(&to->attrs, &from->attrs);
}

void hy_ticket_free(struct hy_ticket *ticket)
{
    free(ticket->name);
    hy_attrs_free(&ticket->attrs);
}

struct hy_ticket *hy_cib_ticket(const struct hy_cib *cib, const char *name)
{
    for (size_t i = 0; i < cib->tickets.count; i++)
        if (strcmp(cib->tickets.items[i].name, name) == 0)
            return &cib->tickets.items[i];
    return NULL;
}

struct hy_result *hy_cib_result(const struct hy_node_status *node, const char *rsc, const char *op, hy_time interval)
{
    for (size_t i = 0; i < node->results.count; i++) {
        struct hy_result *result = &node->results.items[i];
        if (result->interval == interval && strcmp(result->rsc, rsc) == 0 && strcmp(result->op, op) == 0)
            return result;
    }
    return NULL;
}

int hy_cib_failcount(const struct hy_node_status *node, const char *rsc, hy_wall *last)
{
    int sum = 0;
    hy_wall latest = 0;
    for (size_t i = 0; i < node->failcounts.count; i++) {
        const struct hy_failcount *count = &node->failcounts.items[i];
        if (strcmp(count->rsc, rsc) != 0)
            continue;
        sum = hy_score_add(sum, count->count);
        if (count->last > latest)
            latest = count->last;
    }
    if (last)
        *last = latest;
    return sum;
}
