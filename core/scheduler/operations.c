/* SPDX-License-Identifier: Apache-2.0 */
/* Operations of a primitive: those that are written, and those that need not be. */
#include "scheduler/model.h"

/* What an operation's attributes are looked up in, one after the other. */
struct source {
    const struct hy_op_config *config;
    const struct hy_values *values; /* op_meta and op_defaults */
};

static const char *attr(const struct source *from, const char *name)
{
    const char *value = from->config ? hy_attrs_get(&from->config->attrs, name) : NULL;
    return value ? value : hy_values_get(from->values, name);
}

static bool is_recurring_promoted(const struct hy_sop *op)
{
    return !strcmp(op->name, "monitor") && op->interval && op->role == HY_ROLE_PROMOTED;
}

/* `demote` is for what can fail in the promoted role only. */
static enum hy_on_fail read_on_fail(const struct hy_sched *s, const struct hy_sop *op, const char *text)
{
    static const struct {
        const char *word;
        enum hy_on_fail value;
    } words[] = {{"restart", HY_ONFAIL_RESTART}, {"ignore", HY_ONFAIL_IGNORE}, {"nothing", HY_ONFAIL_IGNORE},
                 {"block", HY_ONFAIL_BLOCK},     {"stop", HY_ONFAIL_STOP},     {"standby", HY_ONFAIL_STANDBY},
                 {"fence", HY_ONFAIL_FENCE},     {"demote", HY_ONFAIL_DEMOTE}, {"migrate", HY_ONFAIL_MIGRATE}};
    bool stop = !strcmp(op->name, "stop");
    enum hy_on_fail otherwise = !stop ? HY_ONFAIL_RESTART : s->properties.fencing ? HY_ONFAIL_FENCE : HY_ONFAIL_BLOCK;
    for (size_t i = 0; text && i < sizeof words / sizeof *words; i++) {
        if (strcasecmp(words[i].word, text))
            continue;
        enum hy_on_fail value = words[i].value;
        if (value == HY_ONFAIL_FENCE && !s->properties.fencing)
            return stop ? HY_ONFAIL_BLOCK : HY_ONFAIL_STOP;
        if (value == HY_ONFAIL_DEMOTE && strcmp(op->name, "promote") && !is_recurring_promoted(op))
            return otherwise;
        bool needs_stop = value == HY_ONFAIL_RESTART || value == HY_ONFAIL_STOP || value == HY_ONFAIL_STANDBY;
        if (stop && needs_stop)
            return otherwise; /* what cannot be stopped cannot be helped by another stop */
        return value;
    }
    return otherwise;
}

static void read_op(const struct hy_sched *s, const struct source *from, struct hy_sop *op)
{
    op->config = from->config;
    op->timeout = HY_DEFAULT_TIMEOUT;
    op->enabled = true;
    const char *text = attr(from, "timeout");
    if (text)
        hy_parse_duration(text, &op->timeout);
    if ((text = attr(from, "start-delay")))
        hy_parse_duration(text, &op->start_delay);
    if ((text = attr(from, "enabled")))
        hy_parse_bool(text, &op->enabled);
    if ((text = attr(from, "role")))
        hy_role_parse(text, &op->role);
    op->on_fail = read_on_fail(s, op, attr(from, "on-fail"));
}

static struct hy_rule_context context_of(struct hy_sched *s, const struct hy_prim *prim, const struct hy_sop *op)
{
    struct hy_rule_context context = hy_sched_context(s, NULL);
    const struct hy_primitive *agent = prim->object ? hy_cib_agent(s->input->cib, &prim->object->u.primitive) : NULL;
    if (agent) {
        context.cls = agent->cls;
        context.provider = agent->provider;
        context.type = agent->type;
    }
    context.op_name = op->name;
    context.op_interval = op->interval;
    return context;
}

static void read_one(struct hy_sched *s, const struct hy_prim *prim, const struct hy_op_config *config,
                     struct hy_sop *op)
{
    s->values.list.count = 0;
    if ((config && config->meta.list.count) || s->op_defaults.list.count) {
        struct hy_rule_context context = context_of(s, prim, op);
        if (config)
            hy_values_collect(&config->meta, &context, &s->values);
        hy_values_collect(&s->op_defaults, &context, &s->values);
    }
    struct source from = {.config = config, .values = &s->values};
    read_op(s, &from, op);
}

/* Beside the configured operations there are those that need not be: they have the defaults. */
static const char *const implied[] = {"start", "stop", "promote", "demote", "migrate_to", "migrate_from", "monitor"};
enum { IMPLIED_COUNT = sizeof implied / sizeof *implied };

static struct hy_sop *read_implied(struct hy_sched *s, const struct hy_prim *prim)
{
    struct hy_sop *ops = hy_arena_array(&s->scratch, IMPLIED_COUNT, sizeof *ops);
    for (size_t i = 0; i < IMPLIED_COUNT; i++) {
        ops[i].name = implied[i];
        read_one(s, prim, NULL, &ops[i]);
    }
    return ops;
}

void hy_sched_read_ops(struct hy_sched *s, struct hy_prim *prim)
{
    s->op_configs.list.count = 0;
    if (prim->object)
        hy_ops_collect(s->input->cib, &prim->object->u.primitive, &s->op_configs);
    prim->op_count = s->op_configs.list.count;
    prim->ops = hy_arena_array(&s->scratch, prim->op_count, sizeof *prim->ops);
    for (size_t i = 0; i < prim->op_count; i++) {
        const struct hy_op_config *config = s->op_configs.list.items[i];
        prim->ops[i].name = config->name;
        prim->ops[i].interval = config->interval;
        read_one(s, prim, config, &prim->ops[i]);
    }
    if (s->op_defaults.list.count) {
        prim->implied = read_implied(s, prim);
        return;
    }
    if (!s->implied)
        s->implied = read_implied(s, prim);
    prim->implied = s->implied;
}

const struct hy_sop *hy_sched_op(const struct hy_prim *prim, const char *name, hy_time interval)
{
    for (size_t i = 0; i < prim->op_count; i++)
        if (prim->ops[i].interval == interval && !strcmp(prim->ops[i].name, name))
            return &prim->ops[i];
    for (size_t i = 0; i < IMPLIED_COUNT; i++)
        if (!strcmp(implied[i], name))
            return &prim->implied[i];
    return &prim->implied[IMPLIED_COUNT - 1];
}

/* A probe has the time that `op monitor interval=0` gives it, else that of the most frequent monitor. */
const struct hy_sop *hy_sched_probe_op(const struct hy_prim *prim)
{
    const struct hy_sop *best = NULL;
    for (size_t i = 0; i < prim->op_count; i++) {
        const struct hy_sop *op = &prim->ops[i];
        if (!strcmp(op->name, "monitor") && op->enabled && (!best || op->interval < best->interval))
            best = op;
    }
    return best ? best : hy_sched_op(prim, "monitor", 0);
}
