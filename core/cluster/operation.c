/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/operation.h"

#include "base/wire.h"

#include <errno.h>
#include <string.h>

enum {
    OPERATION_VERSION = 2,
    OUTCOME_VERSION = 4,
    NAME_MAX_BYTES = 255,  /* a resource's name is also the name of its state folder */
    ATTR_MIN_BYTES = 4 + 4 /* two length fields: what the smallest pair takes up */
};

/* ---- strings and pairs */

static void write_text(struct hy_buf *out, const char *text)
{
    hy_wr_bytes(out, text ? text : "", text ? strlen(text) : 0);
}

static void write_optional(struct hy_buf *out, const char *text)
{
    hy_wr_u8(out, text != NULL);
    if (text)
        write_text(out, text);
}

/* Text with a NUL inside would be another string to whoever reads it as C does: it makes the message bad. */
static char *read_text(struct hy_rd *rd)
{
    size_t size;
    const void *data = hy_rd_bytes(rd, &size);
    if (memchr(data, '\0', size))
        rd->bad = true;
    return rd->bad ? hy_strdup("") : hy_strndup(data, size);
}

static bool read_flag(struct hy_rd *rd)
{
    uint8_t value = hy_rd_u8(rd);
    if (value > 1)
        rd->bad = true;
    return value == 1;
}

static char *read_optional(struct hy_rd *rd)
{
    return read_flag(rd) ? read_text(rd) : NULL;
}

static void write_attrs(struct hy_buf *out, const struct hy_attrs *attrs)
{
    hy_wr_u32(out, (uint32_t)attrs->list.count);
    for (size_t i = 0; i < attrs->list.count; i++) {
        write_text(out, attrs->list.items[i].name);
        write_text(out, attrs->list.items[i].value);
    }
}

static void read_attrs(struct hy_rd *rd, struct hy_attrs *attrs)
{
    uint32_t count = hy_rd_u32(rd);
    if (count > hy_rd_left(rd) / ATTR_MIN_BYTES)
        rd->bad = true;
    for (uint32_t i = 0; i < count && !rd->bad; i++) {
        char *name = read_text(rd);
        char *value = read_text(rd);
        for (size_t j = 0; j < attrs->list.count; j++)
            if (strcmp(attrs->list.items[j].name, name) == 0)
                rd->bad = true;
        if (!*name)
            rd->bad = true;
        hy_vec_push(&attrs->list, ((struct hy_attr){.name = name, .value = value}));
    }
}

/* Letters, digits and what instance names have beside them; nothing that leads out of a folder. */
static bool is_name(const char *text)
{
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:");
    return length > 0 && length <= NAME_MAX_BYTES && !text[length] && text[0] != '.';
}

static int check_version(struct hy_rd *rd, const char *what, uint8_t known, struct hy_err *err)
{
    uint8_t version = hy_rd_u8(rd);
    if (rd->bad)
        return hy_fail(err, EBADMSG, "%s: empty message", what);
    if (version != known)
        return hy_fail(err, EBADMSG, "%s: format %u is not known here; this version of halyard reads format %u", what,
                       version, known);
    return 0;
}

/* ---- operation */

void hy_operation_encode(const struct hy_operation *operation, struct hy_buf *out)
{
    hy_wr_u8(out, OPERATION_VERSION);
    hy_wr_u64(out, operation->id);
    hy_wr_u32(out, operation->epoch);
    write_text(out, operation->rsc);
    write_text(out, operation->agent);
    write_text(out, operation->op);
    write_optional(out, operation->cancels);
    hy_wr_i64(out, operation->interval);
    hy_wr_i64(out, operation->timeout);
    hy_wr_i64(out, operation->start_delay);
    hy_wr_u8(out, operation->lease);
    write_optional(out, operation->digest);
    write_attrs(out, &operation->params);
    write_attrs(out, &operation->meta);
}

/* Sums of a time and any of these stay far from what 64 bits hold. */
static bool is_duration(hy_time time)
{
    return time >= 0 && time <= INT64_C(100) * 365 * 24 * 3600 * HY_SECOND;
}

static int check_operation(const struct hy_operation *operation, struct hy_err *err)
{
    if (!is_name(operation->rsc))
        return hy_fail(err, EBADMSG, "operation: \"%.64s\" is not the name of a resource", operation->rsc);
    if (!is_name(operation->op))
        return hy_fail(err, EBADMSG, "operation for %s: \"%.64s\" is not the name of an operation", operation->rsc,
                       operation->op);
    if (!is_duration(operation->interval) || !is_duration(operation->timeout) || !is_duration(operation->start_delay))
        return hy_fail(err, EBADMSG,
                       "operation %s of %s: interval, timeout and start-delay must be within 0 and a hundred years",
                       operation->op, operation->rsc);
    bool cancel = strcmp(operation->op, "cancel") == 0;
    if (cancel && (!operation->cancels || !is_name(operation->cancels)))
        return hy_fail(err, EBADMSG, "cancel for %s: does not say which operation", operation->rsc);
    if (!cancel && operation->cancels)
        return hy_fail(err, EBADMSG, "operation %s of %s: only a cancel names an operation to cancel", operation->op,
                       operation->rsc);
    return 0;
}

int hy_operation_decode(const void *data, size_t size, struct hy_operation *operation, struct hy_err *err)
{
    *operation = (struct hy_operation){0};
    struct hy_rd rd = hy_rd_from(data, size);
    int rc = check_version(&rd, "operation", OPERATION_VERSION, err);
    if (rc)
        return rc;
    operation->id = hy_rd_u64(&rd);
    operation->epoch = hy_rd_u32(&rd);
    operation->rsc = read_text(&rd);
    operation->agent = read_text(&rd);
    operation->op = read_text(&rd);
    operation->cancels = read_optional(&rd);
    operation->interval = hy_rd_i64(&rd);
    operation->timeout = hy_rd_i64(&rd);
    operation->start_delay = hy_rd_i64(&rd);
    operation->lease = read_flag(&rd);
    operation->digest = read_optional(&rd);
    read_attrs(&rd, &operation->params);
    read_attrs(&rd, &operation->meta);
    if (!hy_rd_done(&rd))
        rc = hy_fail(err, EBADMSG, "operation: malformed message of %zu bytes", size);
    else
        rc = check_operation(operation, err);
    if (rc)
        hy_operation_free(operation);
    return rc;
}

static void copy_attrs(struct hy_attrs *to, const struct hy_attrs *from)
{
    for (size_t i = 0; i < from->list.count; i++)
        hy_vec_push(&to->list, ((struct hy_attr){.name = hy_strdup(from->list.items[i].name),
                                                 .value = hy_strdup(from->list.items[i].value)}));
}

struct hy_operation hy_operation_copy(const struct hy_operation *operation)
{
    struct hy_operation copy = *operation;
    copy.rsc = hy_strdup(operation->rsc);
    copy.agent = hy_strdup(operation->agent);
    copy.op = hy_strdup(operation->op);
    copy.cancels = hy_strdup(operation->cancels);
    copy.digest = hy_strdup(operation->digest);
    copy.params = copy.meta = (struct hy_attrs){0};
    copy_attrs(&copy.params, &operation->params);
    copy_attrs(&copy.meta, &operation->meta);
    return copy;
}

void hy_operation_free(struct hy_operation *operation)
{
    free(operation->rsc);
    free(operation->agent);
    free(operation->op);
    free(operation->cancels);
    free(operation->digest);
    hy_attrs_free(&operation->params);
    hy_attrs_free(&operation->meta);
    *operation = (struct hy_operation){0};
}

/* ---- outcome */

void hy_outcome_encode(const struct hy_outcome *outcome, struct hy_buf *out)
{
    hy_wr_u8(out, OUTCOME_VERSION);
    hy_wr_u64(out, outcome->id);
    write_text(out, outcome->rsc);
    write_text(out, outcome->op);
    hy_wr_i64(out, outcome->interval);
    hy_wr_u8(out, (uint8_t)outcome->exec);
    hy_wr_i64(out, outcome->rc);
    hy_wr_i64(out, outcome->took);
    hy_wr_i64(out, outcome->queued);
    write_optional(out, outcome->reason);
    write_optional(out, outcome->output);
    write_optional(out, outcome->agent);
    write_optional(out, outcome->digest);
    write_optional(out, outcome->cancels);
    write_optional(out, outcome->migrate_from);
    write_optional(out, outcome->migrate_to);
    hy_wr_u8(out, outcome->notify);
}

static int check_outcome(const struct hy_outcome *outcome, int64_t rc, struct hy_err *err)
{
    if (!is_name(outcome->rsc))
        return hy_fail(err, EBADMSG, "outcome: \"%.64s\" is not the name of a resource", outcome->rsc);
    if (!is_name(outcome->op))
        return hy_fail(err, EBADMSG, "outcome for %s: \"%.64s\" is not the name of an operation", outcome->rsc,
                       outcome->op);
    if ((unsigned)outcome->exec > HY_EXEC_PENDING)
        return hy_fail(err, EBADMSG, "outcome of %s of %s: unknown execution status %u", outcome->op, outcome->rsc,
                       (unsigned)outcome->exec);
    if (rc < 0 || rc > 255)
        return hy_fail(err, EBADMSG, "outcome of %s of %s: the answer %lld is not within 0..255", outcome->op,
                       outcome->rsc, (long long)rc);
    if (outcome->interval < 0 || outcome->took < 0 || outcome->queued < 0)
        return hy_fail(err, EBADMSG, "outcome of %s of %s: negative time", outcome->op, outcome->rsc);
    return 0;
}

int hy_outcome_decode(const void *data, size_t size, struct hy_outcome *outcome, struct hy_err *err)
{
    *outcome = (struct hy_outcome){0};
    struct hy_rd rd = hy_rd_from(data, size);
    int code = check_version(&rd, "outcome", OUTCOME_VERSION, err);
    if (code)
        return code;
    outcome->id = hy_rd_u64(&rd);
    outcome->rsc = read_text(&rd);
    outcome->op = read_text(&rd);
    outcome->interval = hy_rd_i64(&rd);
    outcome->exec = (enum hy_exec)hy_rd_u8(&rd);
    int64_t rc = hy_rd_i64(&rd);
    outcome->took = hy_rd_i64(&rd);
    outcome->queued = hy_rd_i64(&rd);
    outcome->reason = read_optional(&rd);
    outcome->output = read_optional(&rd);
    outcome->agent = read_optional(&rd);
    outcome->digest = read_optional(&rd);
    outcome->cancels = read_optional(&rd);
    outcome->migrate_from = read_optional(&rd);
    outcome->migrate_to = read_optional(&rd);
    outcome->notify = read_flag(&rd);
    if (!hy_rd_done(&rd))
        code = hy_fail(err, EBADMSG, "outcome: malformed message of %zu bytes", size);
    else
        code = check_outcome(outcome, rc, err);
    if (code)
        hy_outcome_free(outcome);
    else
        outcome->rc = (int)rc;
    return code;
}

void hy_outcome_free(struct hy_outcome *outcome)
{
    free(outcome->rsc);
    free(outcome->op);
    free(outcome->reason);
    free(outcome->output);
    free(outcome->agent);
    free(outcome->digest);
    free(outcome->cancels);
    free(outcome->migrate_from);
    free(outcome->migrate_to);
    *outcome = (struct hy_outcome){0};
}
