/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/op_child.h"

#include "base/wire.h"
#include "executor/child.h"
#include "executor/host.h"
#include "executor/lease.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the operation came to. */
struct answer {
    enum hy_exec exec;
    int rc;
    struct hy_err reason;
};

void hy_op_child_be_clean(const char *process_name)
{
    hy_process_name(process_name);
    clearenv();
    setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
    setenv("LANG", "C", 1);
    umask(022);
    if (chdir("/"))
        _exit(1);
}

static void send_answer(int answer_fd, const struct answer *answer)
{
    struct hy_buf message = {0};
    hy_wr_u8(&message, HY_OP_ANSWER);
    hy_wr_u8(&message, (uint8_t)answer->exec);
    hy_wr_i64(&message, answer->rc);
    hy_wr_bytes(&message, answer->reason.text, strlen(answer->reason.text));
    hy_child_send(answer_fd, message.data, message.size);
    hy_buf_free(&message);
}

/* Agents of before there was a mark for it: what need not be unique can be reloaded. */
static bool any_is_marked(const struct halyard_agent *agent)
{
    for (const struct halyard_param *param = agent->params; param->name; param++)
        if (param->flags & HALYARD_RELOADABLE)
            return true;
    return false;
}

static void write_names(struct hy_buf *message, const struct halyard_agent *agent, uint32_t flag, bool set)
{
    struct hy_buf names = {0};
    hy_buf_addc(&names, ' ');
    for (const struct halyard_param *param = agent->params; param->name; param++)
        if (((param->flags & flag) != 0) == set)
            hy_buf_addf(&names, "%s ", param->name);
    hy_wr_bytes(message, names.data, names.size);
    hy_buf_free(&names);
}

static void send_called(int answer_fd, const struct halyard_agent *agent)
{
    struct hy_buf message = {0};
    bool marked = any_is_marked(agent);
    hy_wr_u8(&message, HY_OP_CALLED);
    hy_wr_u32(&message, agent->caps);
    hy_wr_u8(&message, agent->watch != NULL);
    hy_wr_u8(&message, agent->reload != NULL);
    write_names(&message, agent, marked ? HALYARD_RELOADABLE : HALYARD_UNIQUE, !marked);
    write_names(&message, agent, HALYARD_SECRET, true);
    hy_child_send(answer_fd, message.data, message.size);
    hy_buf_free(&message);
}

/* ---- finding the agent */

static int open_from(const struct hy_exec_env *env, const struct hy_agent_table *table, const char *name,
                     struct hy_plugin **plugin, struct halyard_agent *agent, struct hy_err *err)
{
    const char *path = table ? hy_agent_table_find(table, name, NULL, NULL) : NULL;
    if (!path)
        return hy_fail(err, ENOENT, "no plug-in in %s serves %s", env->agent_folder, name);
    int rc = hy_plugin_open_agent(path, env->trust_any_owner, plugin, agent, err);
    if (!rc && !hy_agent_serves(agent, name)) {
        hy_plugin_close(plugin);
        return hy_fail(err, ENOENT, "%s: does not serve %s any more", path, name);
    }
    return rc;
}

/* A plug-in that was installed after the executor had started is not in its table: this child looks for itself. */
static int open_agent(const struct hy_exec_env *env, const char *name, struct hy_plugin **plugin,
                      struct halyard_agent *agent, struct hy_err *err)
{
    int rc = open_from(env, env->agents, name, plugin, agent, err);
    if (rc != -ENOENT)
        return rc;
    struct hy_agent_table *table;
    struct hy_buf problems = {0};
    rc = hy_agent_table_scan(env->agent_folder, env->trust_any_owner, &table, &problems, err);
    if (rc)
        return rc;
    rc = open_from(env, table, name, plugin, agent, err);
    if (rc == -ENOENT && problems.size) {
        hy_buf_truncate(&problems, problems.size - 1);
        hy_fail_in(err, rc, "some cannot be used (%.*s)", (int)strcspn(problems.data, "\n"), problems.data);
    }
    hy_buf_free(&problems);
    hy_agent_table_free(&table);
    return rc;
}

static halyard_op_fn *find_function(const struct halyard_agent *agent, const struct hy_op_request *request)
{
    if (hy_op_is_notice(request->operation->op, NULL, NULL))
        return agent->notify;
    const struct {
        const char *name;
        halyard_op_fn *function;
    } table[] = {
        {"start", agent->start},
        {"stop", agent->stop},
        {"monitor", request->probe && agent->probe ? agent->probe : agent->monitor},
        {"validate", agent->validate},
        {"validate-all", agent->validate},
        {"promote", agent->promote},
        {"demote", agent->demote},
        {"notify", agent->notify},
        {"reload", agent->reload},
        {"migrate_to", agent->migrate_to},
        {"migrate_from", agent->migrate_from},
        {"watch", agent->watch},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].name, request->operation->op) == 0)
            return table[i].function;
    return NULL;
}

/* ---- preparing the call */

static void set_ms(struct hy_attrs *meta, const char *name, hy_time time)
{
    struct hy_buf text = {0};
    hy_buf_addf(&text, "%" PRId64, time / HY_MS);
    if (!hy_attrs_get(meta, name))
        hy_attrs_set(meta, name, text.data);
    hy_buf_free(&text);
}

static void take_meta(struct halyard_op *op)
{
    const struct hy_operation *operation = op->request->operation;
    for (size_t i = 0; i < operation->meta.list.count; i++)
        hy_attrs_set(&op->meta, operation->meta.list.items[i].name, operation->meta.list.items[i].value);
    set_ms(&op->meta, "timeout", operation->timeout);
    set_ms(&op->meta, "interval", operation->interval);
    if (op->request->env->lsb_folder)
        hy_attrs_set(&op->meta, "lsb_folder", op->request->env->lsb_folder);
}

static int make_state_dir(struct halyard_op *op, struct hy_err *err)
{
    op->state_dir = hy_asprintf("%s/%s", op->request->env->state_folder, op->request->operation->rsc);
    if (mkdir(op->state_dir, 0700) == 0)
        return 0;
    struct stat status;
    int error = errno;
    if (error == EEXIST && lstat(op->state_dir, &status) == 0 && S_ISDIR(status.st_mode))
        return 0;
    return hy_fail(err, error, "state folder %s: %s", op->state_dir, strerror(error));
}

static bool is_validate(const struct hy_operation *operation)
{
    return strncmp(operation->op, "validate", strlen("validate")) == 0;
}

/* Calls the agent; everything before that which fails is answered here. */
static void call(struct halyard_op *op, const struct halyard_agent *agent, struct answer *answer)
{
    const struct hy_operation *operation = op->request->operation;
    halyard_op_fn *function = find_function(agent, op->request);
    if (!function && !is_validate(operation)) {
        answer->rc = HALYARD_ERR_UNIMPLEMENTED;
        hy_fail(&answer->reason, 0, "%s has no operation %s", operation->agent, operation->op);
        return;
    }
    if (hy_host_take_params(op, agent, &answer->reason)) {
        answer->rc = HALYARD_ERR_CONFIGURED;
        return;
    }
    if (make_state_dir(op, &answer->reason)) {
        answer->exec = HY_EXEC_ERROR;
        answer->rc = HALYARD_ERR_GENERIC;
        return;
    }
    take_meta(op);
    if (!hy_lease_page_allows(op->request->env->page, operation)) {
        answer->exec = HY_EXEC_CANCELLED;
        answer->rc = HALYARD_ERR_GENERIC;
        hy_fail(&answer->reason, 0, "this node's lease has ended");
        return;
    }
    send_called(op->answer_fd, agent);
    answer->rc = function ? (int)function(hy_host(), op) : HALYARD_OK;
    hy_fail(&answer->reason, 0, "%s", hy_buf_text(&op->reason));
}

void hy_op_child_open(const struct hy_exec_env *env, const char *name, struct hy_op_agent *agent)
{
    *agent = (struct hy_op_agent){.plugin = NULL};
    agent->rc = open_agent(env, name, &agent->plugin, &agent->agent, &agent->why);
    agent->refused = !agent->rc && hy_plugin_describe(agent->plugin, &env->site, name, &agent->agent, &agent->refusal,
                                                      &agent->why) != 0;
}

int hy_op_child_serve(const struct hy_op_request *request, const struct hy_op_agent *agent, int answer_fd)
{
    struct answer answer = {.exec = HY_EXEC_DONE};
    if (agent->rc) {
        answer.exec = HY_EXEC_ERROR;
        answer.rc = agent->rc == -ENOENT ? HALYARD_ERR_INSTALLED : HALYARD_ERR_GENERIC;
        answer.reason = agent->why;
    } else if (agent->refused) {
        answer.rc = (int)agent->refusal;
        answer.reason = agent->why;
    } else {
        struct halyard_op op = {.request = request, .answer_fd = answer_fd};
        call(&op, &agent->agent, &answer);
    }
    send_answer(answer_fd, &answer);
    /* Nothing is released: the process ends, and the agent's threads, if it left any, may still be looking. */
    return 0;
}

int hy_op_child_body(const void *argument, int answer_fd)
{
    const struct hy_op_request *request = argument;
    struct hy_op_agent agent;
    hy_op_child_be_clean("halyard-op");
    hy_op_child_open(request->env, request->operation->agent, &agent);
    return hy_op_child_serve(request, &agent, answer_fd);
}
