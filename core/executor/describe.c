/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/executor.h"

#include "plugin/param.h"
#include "plugin/plugin.h"

#include <errno.h>
#include <string.h>

/* `name value`, one line for each line of the value. */
static void add_lines(struct hy_buf *out, const char *name, const char *value)
{
    while (value && *value) {
        size_t length = strcspn(value, "\n");
        hy_buf_addf(out, "%s %.*s\n", name, (int)length, value);
        value += length + (value[length] == '\n');
    }
}

static void add_ms(struct hy_buf *out, const char *name, uint32_t ms)
{
    if (ms)
        hy_buf_addf(out, "%s %ums\n", name, ms);
}

static void add_param_lines(struct hy_buf *out, const char *key, const struct halyard_param *param, const char *value)
{
    struct hy_buf name = {0};
    hy_buf_addf(&name, "%s %s", key, param->name);
    add_lines(out, name.data, value);
    hy_buf_free(&name);
}

static void add_param(struct hy_buf *out, const struct halyard_param *param)
{
    hy_buf_addf(out, "param %s %s%s%s%s%s\n", param->name, hy_param_type_word(param->type),
                param->flags & HALYARD_REQUIRED ? " required" : "", param->flags & HALYARD_UNIQUE ? " unique" : "",
                param->flags & HALYARD_SECRET ? " secret" : "", param->flags & HALYARD_RELOADABLE ? " reloadable" : "");
    add_param_lines(out, "param-range", param, param->range);
    add_param_lines(out, "param-default", param, param->def);
    add_param_lines(out, "param-brief", param, param->brief);
    add_param_lines(out, "param-doc", param, param->doc);
}

static void add_operations(struct hy_buf *out, const struct halyard_agent *agent)
{
    const struct {
        const char *name;
        halyard_op_fn *function;
    } all[] = {{"start", agent->start},
               {"stop", agent->stop},
               {"monitor", agent->monitor},
               {"probe", agent->probe},
               {"validate", agent->validate},
               {"promote", agent->promote},
               {"demote", agent->demote},
               {"notify", agent->notify},
               {"reload", agent->reload},
               {"migrate_to", agent->migrate_to},
               {"migrate_from", agent->migrate_from},
               {"watch", agent->watch}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].function)
            hy_buf_addf(out, "operation %s\n", all[i].name);
}

static void report(const struct halyard_agent *agent, struct hy_buf *out)
{
    hy_buf_addf(out, "name %s%s%s:%s\n", agent->cls, agent->provider ? ":" : "", agent->provider ? agent->provider : "",
                agent->type);
    add_lines(out, "version", agent->version);
    add_lines(out, "brief", agent->brief);
    add_lines(out, "doc", agent->doc);
    if (agent->caps & HALYARD_CAP_FAST_RELEASE)
        hy_buf_adds(out, "capability fast-release\n");
    if (agent->caps & HALYARD_CAP_PREPARE)
        hy_buf_adds(out, "capability prepare\n");
    add_operations(out, agent);
    add_ms(out, "start-timeout", agent->start_ms);
    add_ms(out, "stop-timeout", agent->stop_ms);
    add_ms(out, "monitor-timeout", agent->monitor_ms);
    add_ms(out, "monitor-interval", agent->interval_ms);
    for (const struct halyard_param *param = agent->params; param->name; param++)
        add_param(out, param);
}

int hy_agent_describe_file(const char *file, bool trust_any_owner, struct hy_buf *out, struct hy_err *err)
{
    struct hy_probe probe = {.path = hy_strdup(file)};
    hy_plugin_probe(&probe, 1, trust_any_owner, report);
    int rc = probe.rc;
    if (rc)
        hy_fail(err, -rc, "%s", probe.err.text);
    else
        hy_buf_addf(out, "file %s\n%s", file, hy_buf_text(&probe.report));
    hy_buf_free(&probe.report);
    free(probe.path);
    return rc;
}

int hy_agent_describe(const char *agent_folder, const char *agent, bool trust_any_owner, struct hy_buf *out,
                      struct hy_err *err)
{
    struct hy_agent_table *table;
    struct hy_buf problems = {0};
    int rc = hy_agent_table_scan(agent_folder, trust_any_owner, &table, &problems, err);
    if (rc)
        return rc;
    const char *file = hy_agent_table_find(table, agent, NULL, NULL);
    if (file)
        rc = hy_agent_describe_file(file, trust_any_owner, out, err);
    else if (problems.size)
        rc = hy_fail(err, ENOENT, "no plug-in in %s serves %s; not all of them can be used: %.*s", agent_folder, agent,
                     (int)strcspn(problems.data, "\n"), problems.data);
    else
        rc = hy_fail(err, ENOENT, "no plug-in in %s serves %s", agent_folder, agent);
    hy_buf_free(&problems);
    hy_agent_table_free(&table);
    return rc;
}
