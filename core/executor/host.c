/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/host.h"

#include "base/wire.h"
#include "executor/child.h"
#include "plugin/param.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 1024 };

hy_time hy_host_left(const struct halyard_op *op)
{
    hy_time deadline = op->request->deadline;
    if (deadline == HY_NEVER)
        return HY_NEVER;
    hy_time left = deadline - hy_loop_now();
    return left > 0 ? left : 0;
}

void hy_host_send_text(int answer_fd, enum hy_op_message kind, const char *text)
{
    struct hy_buf message = {0};
    hy_wr_u8(&message, (uint8_t)kind);
    hy_wr_bytes(&message, text, strnlen(text, TEXT_MAX));
    hy_child_send(answer_fd, message.data, message.size);
    hy_buf_free(&message);
}

/* ---- values */

static const char *get(const struct halyard_op *op, const char *name)
{
    return hy_attrs_get(&op->values, name);
}

static const char *meta(const struct halyard_op *op, const char *name)
{
    return hy_attrs_get(&op->meta, name);
}

static int attr_at(const struct hy_attrs *attrs, uint32_t number, const char **name, const char **value)
{
    if (number >= attrs->list.count)
        return 0;
    *name = attrs->list.items[number].name;
    *value = attrs->list.items[number].value;
    return 1;
}

static int param_at(const struct halyard_op *op, uint32_t number, const char **name, const char **value)
{
    return attr_at(&op->values, number, name, value);
}

static int meta_at(const struct halyard_op *op, uint32_t number, const char **name, const char **value)
{
    return attr_at(&op->meta, number, name, value);
}

static const struct halyard_site *site(const struct halyard_op *op)
{
    return &op->request->env->site;
}

static const char *resource(const struct halyard_op *op)
{
    return op->request->operation->rsc;
}

static const char *type(const struct halyard_op *op)
{
    const char *agent = op->request->operation->agent;
    const char *colon = strncmp(agent, "ocf:", 4) == 0 ? strrchr(agent, ':') : strchr(agent, ':');
    return colon ? colon + 1 : agent;
}

static const char *node(const struct halyard_op *op)
{
    return op->request->env->node;
}

static const char *state_dir(const struct halyard_op *op)
{
    return op->state_dir;
}

static int64_t ms_left(const struct halyard_op *op)
{
    hy_time left = hy_host_left(op);
    return left == HY_NEVER ? INT64_MAX : left / HY_MS;
}

static int64_t lease_ms(const struct halyard_op *op)
{
    if (!op->request->operation->lease)
        return INT64_MAX;
    const struct hy_lease_page *page = op->request->env->page;
    uint32_t epoch = op->request->operation->epoch;
    hy_time deadline = atomic_load(&page->deadline);
    if (epoch && epoch < atomic_load(&page->since))
        return 0; /* a verdict came since it was ordered: what it started has been given to others */
    if (deadline == HY_NEVER)
        return INT64_MAX;
    hy_time left = deadline - hy_loop_now();
    return left > 0 ? left / HY_MS : 0;
}

/* In step with what hy_run_start() lends. */
static int lease_map(const struct halyard_op *op)
{
    if (!op->request->operation->lease)
        return -ENODATA;
    return op->request->env->lease_map > 0 ? HY_CHILD_LENT_FD : op->request->env->lease_map;
}

/* ---- words */

__attribute__((format(printf, 3, 4))) static void host_log(const struct halyard_op *op, int priority,
                                                           const char *format, ...)
{
    char text[TEXT_MAX];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct hy_buf message = {0};
    hy_wr_u8(&message, HY_OP_LOG);
    hy_wr_u8(&message, (uint8_t)(priority < HY_LOG_ERROR   ? HY_LOG_ERROR
                                 : priority > HY_LOG_DEBUG ? HY_LOG_DEBUG
                                                           : priority));
    hy_wr_bytes(&message, text, length < 0 ? 0 : strlen(text));
    hy_child_send(op->answer_fd, message.data, message.size);
    hy_buf_free(&message);
}

/* The agent holds the operation as const; the reason is the one thing of it that it sets. */
__attribute__((format(printf, 2, 3))) static void reason(const struct halyard_op *op, const char *format, ...)
{
    struct hy_buf *kept = &((struct halyard_op *)(uintptr_t)op)->reason;
    hy_buf_clear(kept);
    va_list args;
    va_start(args, format);
    hy_buf_vaddf(kept, format, args);
    va_end(args);
    hy_buf_truncate(kept, TEXT_MAX);
}

static void changed(const struct halyard_op *op, const char *why)
{
    hy_host_send_text(op->answer_fd, HY_OP_CHANGED, why ? why : "");
}

static const struct halyard_host host = {
    .size = sizeof(struct halyard_host),
    .minor = HALYARD_AGENT_MINOR,
    .get = get,
    .meta = meta,
    .resource = resource,
    .type = type,
    .node = node,
    .state_dir = state_dir,
    .ms_left = ms_left,
    .lease_ms = lease_ms,
    .log = host_log,
    .reason = reason,
    .changed = changed,
    .run = hy_program_run,
    .capture = hy_program_capture,
    .lease_map = lease_map,
    .param_at = param_at,
    .meta_at = meta_at,
    .site = site,
};

const struct halyard_host *hy_host(void)
{
    return &host;
}

/* ---- parameters */

static bool is_declared(const struct halyard_agent *agent, const char *name)
{
    for (const struct halyard_param *param = agent->params; param->name; param++)
        if (strcmp(param->name, name) == 0)
            return true;
    return false;
}

/* OCF's own (OCF_CHECK_LEVEL) is for any agent, and declared by none. */
static bool is_ocf(const char *name)
{
    return strncmp(name, "OCF_", 4) == 0;
}

static int refuse_unknown(const struct halyard_op *op, const struct halyard_agent *agent, const char *name,
                          struct hy_err *err)
{
    struct hy_buf known = {0};
    for (const struct halyard_param *param = agent->params; param->name; param++)
        hy_buf_addf(&known, "%s%s", known.size ? ", " : "", param->name);
    int rc = hy_fail(err, EINVAL, "parameter %s: %s has no such parameter; it has: %s", name,
                     op->request->operation->agent, known.size ? known.data : "none");
    hy_buf_free(&known);
    return rc;
}

static int take_param(struct halyard_op *op, const struct halyard_param *param, struct hy_err *err)
{
    const char *text = hy_attrs_get(&op->request->operation->params, param->name);
    if (!text && (param->flags & HALYARD_REQUIRED) && !param->def)
        return hy_fail(err, EINVAL, "parameter %s is required by %s and not set: %s", param->name,
                       op->request->operation->agent, param->brief ? param->brief : "see `hactl ra info`");
    if (!text)
        text = param->def;
    if (!text)
        return 0;
    struct hy_buf value = {0};
    int rc = hy_param_check(param, text, &value, err);
    if (!rc)
        hy_attrs_set(&op->values, param->name, hy_buf_text(&value));
    hy_buf_free(&value);
    return rc;
}

int hy_host_take_params(struct halyard_op *op, const struct halyard_agent *agent, struct hy_err *err)
{
    const struct hy_attrs *given = &op->request->operation->params;
    if (agent->caps & HALYARD_CAP_SCRIPT) {
        for (size_t i = 0; i < given->list.count; i++)
            hy_attrs_set(&op->values, given->list.items[i].name, given->list.items[i].value);
        return 0;
    }
    for (size_t i = 0; i < given->list.count; i++) {
        const struct hy_attr *attr = &given->list.items[i];
        if (is_ocf(attr->name))
            hy_attrs_set(&op->values, attr->name, attr->value);
        else if (!is_declared(agent, attr->name))
            return refuse_unknown(op, agent, attr->name, err);
    }
    int rc = 0;
    for (const struct halyard_param *param = agent->params; param->name && !rc; param++)
        rc = take_param(op, param, err);
    return rc;
}
