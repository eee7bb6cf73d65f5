/* SPDX-License-Identifier: Apache-2.0 */
#include "hactl/agents.h"

#include "cib/rule_eval.h"
#include "hactl/advice.h"

#include "base/alloc.h"
#include "plugin/param.h"
#include "plugin/plugin.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HAS_ADVICE "+ advise\n"

/* Of a script whose meta-data are no good nothing is known but why. */
static bool is_known(const struct halyard_agent *agent)
{
    return !(agent->caps & HALYARD_CAP_SCRIPT) || agent->start_ms || agent->params->name;
}

/* In a child process: what times the agent advises, each on a line "@ start 20000"; whether it gives advice; then each parameter, "! " before one
 * that must be given, with a line behind it of what its value must be: "= TYPE FLAGS RANGE". Or, when
 * nothing is known, "? WHY". */
static void report_agent(const struct halyard_agent *agent, const void *context, struct hy_buf *report)
{
    (void)context;
    if (!is_known(agent)) {
        hy_buf_addf(report, "? %s\n", agent->doc ? agent->doc : "its meta-data say nothing");
        return;
    }
    hy_buf_addf(report, "@ start %" PRIu32 "\n@ stop %" PRIu32 "\n@ monitor %" PRIu32 "\n", agent->start_ms,
                agent->stop_ms, agent->monitor_ms);
    if (agent->advise)
        hy_buf_adds(report, HAS_ADVICE);
    for (const struct halyard_param *param = agent->params; param->name; param++)
        hy_buf_addf(report, "%s%s\n= %" PRIu32 " %" PRIu32 " %s\n", param->flags & HALYARD_REQUIRED ? "! " : "",
                    param->name, param->type, param->flags, param->range ? param->range : "");
}

/* What an agent's plug-in has reported; asked of each agent once. */
struct known {
    char *agent;
    struct hy_buf report;
    bool good;
    struct hy_err err; /* why not */
};

struct check {
    const struct hy_cib *cib;
    const struct hy_agent_table *table;
    const struct hy_config *config;
    struct halyard_site site;
    HY_VEC(struct known) known;
    struct hy_buf *warnings;
};

static char *agent_name(const struct hy_primitive *primitive)
{
    return hy_asprintf("%s%s%s:%s", primitive->cls, primitive->provider ? ":" : "",
                       primitive->provider ? primitive->provider : "", primitive->type);
}

static const struct known *ask(struct check *check, const char *path, const char *agent)
{
    for (size_t i = 0; i < check->known.count; i++)
        if (strcmp(check->known.items[i].agent, agent) == 0)
            return &check->known.items[i];
    struct hy_probe probe = {.path = (char *)(uintptr_t)path, .agent = agent, .site = &check->site};
    hy_plugin_probe(&probe, 1, geteuid() != 0, report_agent);
    struct known *known = hy_vec_add(&check->known);
    *known = (struct known){.agent = hy_strdup(agent), .report = probe.report, .good = !probe.rc, .err = probe.err};
    return known;
}

/* The line of a parameter, with or without the mark; NULL: there is none. */
static const char *find_line(const struct hy_buf *lines, const char *name)
{
    size_t length = strlen(name);
    for (const char *line = hy_buf_text(lines); *line; line += strcspn(line, "\n") + 1) {
        const char *text = line[0] == '!' ? line + 2 : line;
        if (!strchr("@+=", line[0]) && strncmp(text, name, length) == 0 && text[length] == '\n')
            return line;
    }
    return NULL;
}

/* By what `line` has behind it. */
static void check_value(struct check *check, const char *id, const char *agent, const char *line,
                        const struct hy_attr *given)
{
    const char *rule = line + strcspn(line, "\n") + 1;
    struct halyard_param param = {.name = given->name};
    int range_at = 0;
    if (sscanf(rule, "= %" SCNu32 " %" SCNu32 "%n", &param.type, &param.flags, &range_at) != 2 || rule[range_at] != ' ')
        return;
    size_t length = strcspn(rule + range_at + 1, "\n");
    char *range = hy_strndup(rule + range_at + 1, length);
    struct hy_err err = {{0}};
    param.range = length ? range : NULL;
    if (hy_param_check(&param, given->value, NULL, &err))
        hy_buf_addf(check->warnings, "warning: primitive %s: %s: %s\n", id, agent, err.text);
    free(range);
}

static void check_params(struct check *check, const char *id, const char *agent, const struct hy_attrs *given,
                         const struct hy_buf *params)
{
    for (size_t i = 0; i < given->list.count; i++) {
        const char *line = find_line(params, given->list.items[i].name);
        if (line)
            check_value(check, id, agent, line, &given->list.items[i]);
        else
            hy_buf_addf(check->warnings, "warning: primitive %s: %s knows no parameter '%s'\n", id, agent,
                        given->list.items[i].name);
    }
    for (const char *line = hy_buf_text(params); *line; line += strcspn(line, "\n") + 1) {
        if (line[0] != '!')
            continue;
        char *name = hy_strndup(line + 2, strcspn(line + 2, "\n"));
        if (!hy_attrs_get(given, name))
            hy_buf_addf(check->warnings, "warning: primitive %s: %s must have the parameter '%s'\n", id, agent, name);
        free(name);
    }
}

/* Of an operation: what is no option of operations is its agent's. */
static void check_op_params(struct check *check, const char *id, const char *agent, const struct hy_op_config *op,
                            const struct hy_buf *report)
{
    for (size_t i = 0; i < op->params.list.count; i++) {
        const struct hy_attrs *given = &op->params.list.items[i].attrs;
        for (size_t k = 0; k < given->list.count; k++) {
            const char *name = given->list.items[k].name;
            if (!find_line(report, name) && strcmp(name, "OCF_CHECK_LEVEL") != 0)
                hy_buf_addf(
                    check->warnings,
                    "warning: primitive %s: op %s: '%s' is neither an option of operations nor a parameter of %s\n", id,
                    op->name, name, agent);
        }
    }
}

/* What it has now, its template's parameters among it. */
static void collect_params(const struct check *check, const struct hy_primitive *primitive, struct hy_attrs *params)
{
    const struct hy_rule_context context = {.cib = check->cib};
    struct hy_values values = {0};
    hy_values_collect_primitive(primitive, HY_PART_PARAMS, &context, &values);
    for (size_t i = 0; i < values.list.count; i++)
        hy_attrs_set(params, values.list.items[i].name, values.list.items[i].value);
    hy_vec_free(&values.list);
}

/* ---------------------------------------------------------------- times */

/* As it is configured for all operations, where no rule makes a difference. */
static const char *default_timeout(const struct hy_cib *cib)
{
    for (size_t i = 0; i < cib->objects.count; i++) {
        const struct hy_object *object = cib->objects.items[i];
        const char *timeout = object->kind == HY_OP_DEFAULTS && !object->u.set.rule
                                  ? hy_attrs_get(&object->u.set.attrs, "timeout")
                                  : NULL;
        if (timeout)
            return timeout;
    }
    return NULL;
}

static void warn_of_time(struct check *check, const char *id, const char *agent, const char *op, const char *timeout,
                         hy_time advised)
{
    const char *whose = timeout ? "timeout" : "the default timeout";
    hy_time given = 20 * HY_SECOND;
    if (!timeout)
        timeout = default_timeout(check->cib);
    if ((timeout && !hy_parse_duration(timeout, &given)) || given >= advised)
        return;
    hy_buf_addf(check->warnings, "warning: primitive %s: op %s: %s=%s is less than the %" PRId64 "s that %s advises\n",
                id, op, whose, timeout ? timeout : "20s", advised / HY_SECOND, agent);
}

/* Each operation as it is written, or the default when none is. */
static void check_times(struct check *check, const char *id, const char *agent, const struct hy_primitive *primitive,
                        const struct hy_buf *report)
{
    for (const char *line = hy_buf_text(report); *line == '@'; line += strcspn(line, "\n") + 1) {
        char op[16];
        uint32_t advised = 0;
        bool found = false;
        if (sscanf(line, "@ %15s %" SCNu32, op, &advised) != 2)
            continue;
        for (size_t i = 0; i < primitive->ops.count; i++) {
            const struct hy_op_config *config = &primitive->ops.items[i];
            if (strcmp(config->name, op) != 0)
                continue;
            const char *timeout = hy_attrs_get(&config->attrs, "timeout");
            found = true;
            warn_of_time(check, id, agent, op, timeout ? timeout : hy_sets_get(&config->meta, "timeout"),
                         advised * HY_MS);
        }
        if (!found)
            warn_of_time(check, id, agent, op, NULL, advised * HY_MS);
    }
}

/* What an init script needs its plug-in cannot know. */
static bool gives_advice(const struct hy_primitive *agent)
{
    return strcmp(agent->cls, "lsb") != 0;
}

static void take_advice(struct check *check, const char *id, const char *agent, const char *path,
                        const struct hy_attrs *params)
{
    struct hy_buf lines = {0};
    hactl_advice_ask(path, agent, id, params, &lines);
    for (const char *line = hy_buf_text(&lines); *line; line += strcspn(line, "\n") + 1)
        hy_buf_addf(check->warnings, "warning: primitive %s: %s: %.*s\n", id, agent, (int)strcspn(line, "\n"), line);
    hy_buf_free(&lines);
}

/* Says why, when nothing is known of it. */
static bool says_nothing(struct check *check, const char *id, const char *agent, const struct hy_buf *report)
{
    const char *line = hy_buf_text(report);
    if (line[0] != '?')
        return false;
    hy_buf_addf(check->warnings, "warning: primitive %s: %s: %.*s\n", id, agent, (int)strcspn(line + 2, "\n"),
                line + 2);
    return true;
}

static void check_against(struct check *check, const struct hy_object *object, bool advised, const char *agent,
                          const char *path, const struct known *known)
{
    const struct hy_primitive *primitive = &object->u.primitive;
    if (!known->good)
        hy_buf_addf(check->warnings, "warning: primitive %s: %s: %s\n", object->id, agent, known->err.text);
    if (!known->good || says_nothing(check, object->id, agent, &known->report))
        return;
    struct hy_attrs params = {0};
    collect_params(check, primitive, &params);
    if (advised)
        check_times(check, object->id, agent, primitive, &known->report);
    for (size_t i = 0; i < primitive->ops.count; i++)
        check_op_params(check, object->id, agent, &primitive->ops.items[i], &known->report);
    check_params(check, object->id, agent, &params, &known->report);
    if (strstr(hy_buf_text(&known->report), HAS_ADVICE))
        take_advice(check, object->id, agent, path, &params);
    hy_attrs_free(&params);
}

static void check_primitive(struct check *check, const struct hy_object *object)
{
    const struct hy_primitive *named = hy_cib_agent(check->cib, &object->u.primitive);
    if (!named)
        return; /* the template is not there: the configuration's own check says it */
    char *agent = agent_name(named);
    const char *path = hy_agent_table_find(check->table, agent, NULL, NULL);
    if (!path) {
        hy_buf_addf(check->warnings, "warning: primitive %s: this host has no agent %s (looked for in %s)\n",
                    object->id, agent, check->config->paths.agents);
    } else {
        check_against(check, object, gives_advice(named), agent, path, ask(check, path, agent));
    }
    free(agent);
}

void hactl_agents_check(const struct hy_config *config, const struct hy_cib *cib, struct hy_buf *warnings)
{
    struct hy_agent_table *table = NULL;
    struct hy_buf problems = {0}; /* halyardd says them */
    struct hy_err err = {{0}};
    if (hy_agent_table_scan(config->paths.agents, geteuid() != 0, &table, &problems, &err) == 0) {
        struct check check = {.table = table, .config = config, .warnings = warnings, .cib = cib};
        char *cache = hy_asprintf("%s/resources/.meta-data", config->paths.run);
        check.site = (struct halyard_site){.ocf_root = config->paths.ocf,
                                           .ocf_tools = HY_OCF_TOOLS,
                                           .config_file = config->file,
                                           .cache_dir = geteuid() ? NULL : cache};
        for (size_t i = 0; i < cib->objects.count; i++)
            if (cib->objects.items[i]->kind == HY_PRIMITIVE)
                check_primitive(&check, cib->objects.items[i]);
        for (size_t i = 0; i < check.known.count; i++) {
            hy_buf_free(&check.known.items[i].report);
            free(check.known.items[i].agent);
        }
        free(cache);
        hy_vec_free(&check.known);
        hy_agent_table_free(&table);
    }
    hy_buf_free(&problems);
}
