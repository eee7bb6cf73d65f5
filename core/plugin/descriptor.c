/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/descriptor.h"

#include "plugin/param.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

const struct hy_descriptor_kind hy_agent_kind = {
    .symbol = "halyard_agent_plugin",
    .article = "an agent",
    .magic = HALYARD_AGENT_MAGIC,
    .major = HALYARD_AGENT_MAJOR,
    .minor = HALYARD_AGENT_MINOR,
    .size_1_0 = offsetof(struct halyard_agent, watch) + sizeof(halyard_op_fn *),
    .other = &hy_transport_kind,
};

const struct hy_descriptor_kind hy_transport_kind = {
    .symbol = "halyard_transport_plugin",
    .article = "a transport",
    .magic = HALYARD_TRANSPORT_MAGIC,
    .major = HALYARD_TRANSPORT_MAJOR,
    .minor = HALYARD_TRANSPORT_MINOR,
    .size_1_0 = offsetof(struct halyard_transport, stats) + sizeof(void (*)(void)),
    .other = &hy_agent_kind,
};

enum {
    PARAM_SIZE_1_0 = offsetof(struct halyard_param, doc) + sizeof(char *),
    TP_PARAM_SIZE_1_0 = offsetof(struct halyard_tp_param, brief) + sizeof(char *)
};

void hy_params_free(struct hy_params *params)
{
    hy_vec_free(&params->agent);
    hy_vec_free(&params->transport);
}

int hy_descriptor_check_guard(const char *path, const struct hy_descriptor_kind *kind, const struct hy_guard *guard,
                              size_t symbol_size, struct hy_err *err)
{
    if (symbol_size && symbol_size < sizeof *guard)
        return hy_fail(err, EBADMSG, "%s: %s has only %zu bytes; is it a plug-in of halyard?", path, kind->symbol,
                       symbol_size);
    if (guard->magic == kind->other->magic)
        return hy_fail(err, EBADMSG, "%s: has the magic number of %s plug-in, not of %s plug-in", path,
                       kind->other->article, kind->article);
    if (guard->magic != kind->magic)
        return hy_fail(err, EBADMSG, "%s: wrong magic number 0x%08x in %s; 0x%08x would be right", path, guard->magic,
                       kind->symbol, kind->magic);
    if (guard->major > kind->major)
        return hy_fail(err, EBADMSG,
                       "%s: built for version %u.%u of the plug-in interface; this host has %u.%u: update halyard",
                       path, guard->major, guard->minor, kind->major, kind->minor);
    if (guard->major < kind->major)
        return hy_fail(err, EBADMSG,
                       "%s: built for version %u.%u of the plug-in interface; this host has %u.%u: update the plug-in",
                       path, guard->major, guard->minor, kind->major, kind->minor);
    if (guard->minor > kind->minor)
        return hy_fail(err, EBADMSG,
                       "%s: needs version %u.%u of the plug-in interface; this host has only %u.%u: update halyard",
                       path, guard->major, guard->minor, kind->major, kind->minor);
    if (guard->size < kind->size_1_0)
        return hy_fail(err, EBADMSG, "%s: its descriptor says it has %u bytes; version 1.0 has %zu", path, guard->size,
                       kind->size_1_0);
    if (symbol_size && guard->size > symbol_size)
        return hy_fail(err, EBADMSG, "%s: its descriptor says it has %u bytes, but there are %zu", path, guard->size,
                       symbol_size);
    return 0;
}

/* The words of a name: no colon (it separates them), no space, nothing that a shell or a log would stumble over. */
static bool is_word(const char *text)
{
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.@");
    return length && !text[length];
}

static int check_agent_names(const char *path, const struct halyard_agent *agent, struct hy_err *err)
{
    if (!agent->cls)
        return hy_fail(err, EBADMSG, "%s: missing name: cls is NULL; \"ocf\" or the like would be right", path);
    if (!agent->type)
        return hy_fail(err, EBADMSG, "%s: missing name: type is NULL; the last word of the agent's name would be right",
                       path);
    if (!is_word(agent->cls))
        return hy_fail(err, EBADMSG, "%s: cls \"%.64s\" is not a name; letters, digits and _-.@ make one", path,
                       agent->cls);
    bool any_provider = agent->provider && strcmp(agent->provider, "*") == 0;
    if (agent->provider && !any_provider && !is_word(agent->provider))
        return hy_fail(err, EBADMSG,
                       "%s: provider \"%.64s\" is not a name; letters, digits and _-.@ make one (NULL: none)", path,
                       agent->provider);
    if (any_provider && strcmp(agent->type, "*") != 0)
        return hy_fail(err, EBADMSG, "%s: provider \"*\" with type \"%.64s\": who serves any provider serves any type",
                       path, agent->type);
    if (strcmp(agent->type, "*") != 0 && !is_word(agent->type))
        return hy_fail(err, EBADMSG, "%s: type \"%.64s\" is not a name; letters, digits and _-.@ make one (\"*\": any)",
                       path, agent->type);
    return 0;
}

static int check_agent_operations(const char *path, const struct halyard_agent *agent, struct hy_err *err)
{
    const char *missing = !agent->start ? "start" : !agent->stop ? "stop" : !agent->monitor ? "monitor" : NULL;
    if (missing)
        return hy_fail(err, EBADMSG, "%s: missing operation: %s is NULL; start, stop and monitor are required", path,
                       missing);
    return 0;
}

static int check_param_table(const char *path, const void *table, uint32_t stride, size_t stride_1_0,
                             struct hy_err *err)
{
    if (!table)
        return hy_fail(err, EBADMSG, "%s: params is NULL; a table that ends with a NULL name would be right", path);
    if (stride < stride_1_0 || stride % _Alignof(void *))
        return hy_fail(err, EBADMSG, "%s: param_size is %u; the size of the parameter struct (%zu) would be right",
                       path, stride, stride_1_0);
    return 0;
}

static int copy_agent_params(const char *path, struct halyard_agent *agent, struct hy_params *params,
                             struct hy_err *err)
{
    int rc = check_param_table(path, agent->params, agent->param_size, PARAM_SIZE_1_0, err);
    if (rc)
        return rc;
    const char *at = (const char *)agent->params;
    size_t size = agent->param_size < sizeof(struct halyard_param) ? agent->param_size : sizeof(struct halyard_param);
    for (;; at += agent->param_size) {
        struct halyard_param param = {0};
        memcpy(&param, at, size);
        if (!param.name)
            break;
        for (size_t i = 0; i < params->agent.count; i++)
            if (strcmp(params->agent.items[i].name, param.name) == 0)
                return hy_fail(err, EBADMSG, "%s: parameter %s is declared twice", path, param.name);
        if (hy_param_check_declaration(&param, err))
            return hy_fail_in(err, -EBADMSG, "%s", path);
        hy_vec_push(&params->agent, param);
    }
    hy_vec_push(&params->agent, (struct halyard_param){0});
    agent->params = params->agent.items;
    agent->param_size = sizeof(struct halyard_param);
    return 0;
}

int hy_descriptor_copy_agent(const char *path, const struct hy_guard *guard, struct halyard_agent *agent,
                             struct hy_params *params, struct hy_err *err)
{
    *agent = (struct halyard_agent){0};
    memcpy(agent, guard, guard->size < sizeof *agent ? guard->size : sizeof *agent);
    int rc = check_agent_names(path, agent, err);
    if (!rc)
        rc = check_agent_operations(path, agent, err);
    if (!rc)
        rc = copy_agent_params(path, agent, params, err);
    if (!agent->version)
        agent->version = "";
    if (!agent->brief)
        agent->brief = "";
    return rc;
}

static int check_transport(const char *path, const struct halyard_transport *transport, struct hy_err *err)
{
    if (!transport->name)
        return hy_fail(err, EBADMSG, "%s: missing name: name is NULL; the file's name without .so would be right",
                       path);
    if (!is_word(transport->name))
        return hy_fail(err, EBADMSG, "%s: name \"%.64s\" is not a name; letters, digits and _-.@ make one", path,
                       transport->name);
    const char *missing = !transport->open          ? "open"
                          : !transport->close       ? "close"
                          : !transport->peer_add    ? "peer_add"
                          : !transport->peer_del    ? "peer_del"
                          : !transport->send        ? "send"
                          : !transport->max_payload ? "max_payload"
                                                    : NULL;
    if (missing)
        return hy_fail(err, EBADMSG, "%s: missing operation: %s is NULL; all but stats are required", path, missing);
    return check_param_table(path, transport->params, transport->param_size, TP_PARAM_SIZE_1_0, err);
}

static int copy_transport_params(const char *path, struct halyard_transport *transport, struct hy_params *params,
                                 struct hy_err *err)
{
    const char *at = (const char *)transport->params;
    size_t own = sizeof(struct halyard_tp_param);
    size_t size = transport->param_size < own ? transport->param_size : own;
    for (;; at += transport->param_size) {
        struct halyard_tp_param param = {0};
        memcpy(&param, at, size);
        if (!param.name)
            break;
        if (!*param.name)
            return hy_fail(err, EBADMSG, "%s: a parameter has an empty name", path);
        for (size_t i = 0; i < params->transport.count; i++)
            if (strcmp(params->transport.items[i].name, param.name) == 0)
                return hy_fail(err, EBADMSG, "%s: parameter %s is declared twice", path, param.name);
        hy_vec_push(&params->transport, param);
    }
    hy_vec_push(&params->transport, (struct halyard_tp_param){0});
    transport->params = params->transport.items;
    transport->param_size = sizeof(struct halyard_tp_param);
    return 0;
}

int hy_descriptor_copy_transport(const char *path, const struct hy_guard *guard, struct halyard_transport *transport,
                                 struct hy_params *params, struct hy_err *err)
{
    *transport = (struct halyard_transport){0};
    memcpy(transport, guard, guard->size < sizeof *transport ? guard->size : sizeof *transport);
    int rc = check_transport(path, transport, err);
    if (!rc)
        rc = copy_transport_params(path, transport, params, err);
    if (!transport->version)
        transport->version = "";
    if (!transport->brief)
        transport->brief = "";
    return rc;
}
