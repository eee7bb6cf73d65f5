/* SPDX-License-Identifier: Apache-2.0 */
#include "hactl/advice.h"

#include "base/alloc.h"
#include "plugin/param.h"
#include "plugin/plugin.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

enum { TIME_MS = 1000 }; /* an edit asks twice: before and after */

struct question {
    const char *agent, *id;
    const struct hy_attrs *params;
};

/* In the child. */
struct halyard_op {
    const struct question *question;
    struct hy_attrs values; /* checked, defaults filled in */
    struct hy_buf *report;
};

static const char *get(const struct halyard_op *op, const char *name)
{
    return hy_attrs_get(&op->values, name);
}

static const char *none(const struct halyard_op *op, const char *name)
{
    (void)op, (void)name;
    return NULL;
}

static const char *resource(const struct halyard_op *op)
{
    return op->question->id;
}

static const char *type(const struct halyard_op *op)
{
    const char *agent = op->question->agent;
    const char *colon = strncmp(agent, "ocf", 3) == 0 ? strrchr(agent, ':') : strchr(agent, ':');
    return colon ? colon + 1 : agent;
}

static const char *node(const struct halyard_op *op)
{
    static const char unknown[] = "";
    (void)op;
    return unknown;
}

/* Where nothing can lie, and nothing be made. */
static const char *state_dir(const struct halyard_op *op)
{
    (void)op;
    return "/dev/null";
}

static int64_t ms_left(const struct halyard_op *op)
{
    (void)op;
    return TIME_MS;
}

static int64_t lease_ms(const struct halyard_op *op)
{
    (void)op;
    return INT64_MAX;
}

__attribute__((format(printf, 3, 4))) static void take(const struct halyard_op *op, int priority, const char *format,
                                                       ...)
{
    if (priority > LOG_WARNING)
        return;
    struct hy_buf line = {0};
    va_list args;
    va_start(args, format);
    hy_buf_vaddf(&line, format, args);
    va_end(args);
    hy_buf_addf(op->report, "%.*s\n", (int)strcspn(hy_buf_text(&line), "\n"), hy_buf_text(&line));
    hy_buf_free(&line);
}

__attribute__((format(printf, 2, 3))) static void reason(const struct halyard_op *op, const char *format, ...)
{
    (void)op, (void)format;
}

static void changed(const struct halyard_op *op, const char *why)
{
    (void)op, (void)why;
}

static int run(const struct halyard_op *op, const char *const argv[])
{
    (void)op, (void)argv;
    return -ENOSYS;
}

static int capture(const struct halyard_op *op, const char *const argv[], char *out, uint32_t size)
{
    (void)op, (void)argv, (void)out, (void)size;
    return -ENOSYS;
}

static int lease_map(const struct halyard_op *op)
{
    (void)op;
    return -ENODATA;
}

static const struct halyard_host host = {
    .size = sizeof(struct halyard_host),
    .minor = HALYARD_AGENT_MINOR,
    .get = get,
    .meta = none,
    .resource = resource,
    .type = type,
    .node = node,
    .state_dir = state_dir,
    .ms_left = ms_left,
    .lease_ms = lease_ms,
    .log = take,
    .reason = reason,
    .changed = changed,
    .run = run,
    .capture = capture,
    .lease_map = lease_map,
};

/* With a value that would be refused there is nothing to advise: that is told by others. */
static bool take_params(const struct halyard_agent *agent, const struct hy_attrs *given, struct hy_attrs *values)
{
    struct hy_err err = {{0}};
    for (const struct halyard_param *param = agent->params; param->name; param++) {
        const char *text = hy_attrs_get(given, param->name);
        if (!text && (param->flags & HALYARD_REQUIRED))
            return false;
        struct hy_buf value = {0};
        if (!text)
            text = param->def;
        if (text && hy_param_check(param, text, &value, &err))
            return false;
        if (text)
            hy_attrs_set(values, param->name, hy_buf_text(&value));
        hy_buf_free(&value);
    }
    return true;
}

static void ask(const struct halyard_agent *agent, const void *context, struct hy_buf *report)
{
    struct halyard_op op = {.question = context, .report = report};
    if (agent->advise && take_params(agent, op.question->params, &op.values))
        (void)agent->advise(&host, &op);
}

void hactl_advice_ask(const char *path, const char *agent, const char *id, const struct hy_attrs *params,
                      struct hy_buf *lines)
{
    const struct question question = {.agent = agent, .id = id, .params = params};
    struct hy_probe probe = {.path = (char *)(uintptr_t)path, .context = &question};
    hy_plugin_probe(&probe, 1, geteuid() != 0, ask);
    if (!probe.rc)
        hy_buf_adds(lines, hy_buf_text(&probe.report));
    hy_buf_free(&probe.report);
}
