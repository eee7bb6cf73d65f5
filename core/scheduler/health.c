/* SPDX-License-Identifier: Apache-2.0 */
/* Node health: attributes "#health..." of a node, read by node-health-strategy ("Pacemaker Explained"). */
#include "scheduler/model.h"

enum strategy { NONE, MIGRATE_ON_RED, ONLY_GREEN, PROGRESSIVE, CUSTOM };

struct scale {
    int red, yellow, green, base;
};

static enum strategy read_strategy(const char *text)
{
    static const char *const words[] = {"none", "migrate-on-red", "only-green", "progressive", "custom"};
    for (size_t i = 0; text && i < sizeof words / sizeof *words; i++)
        if (!strcasecmp(words[i], text))
            return (enum strategy)i;
    return NONE;
}

static int option_score(const struct hy_values *options, const char *name, int otherwise)
{
    const char *text = hy_values_get(options, name);
    if (text)
        hy_score_parse(text, &otherwise);
    return otherwise;
}

/* With `custom` the colours count, too, whatever rules are added to them (the documentation says that they do not). */
static struct scale read_scale(const struct hy_values *options, enum strategy strategy)
{
    if (strategy == ONLY_GREEN)
        return (struct scale){.red = -HY_INFINITY, .yellow = -HY_INFINITY};
    if (strategy == MIGRATE_ON_RED)
        return (struct scale){.red = -HY_INFINITY};
    return (struct scale){.red = option_score(options, "node-health-red", -HY_INFINITY),
                          .yellow = option_score(options, "node-health-yellow", 0),
                          .green = option_score(options, "node-health-green", 0),
                          .base = strategy == PROGRESSIVE ? option_score(options, "node-health-base", 0) : 0};
}

static int value_score(const struct scale *scale, const char *value)
{
    int score = 0;
    if (!strcasecmp(value, "red"))
        return scale->red;
    if (!strcasecmp(value, "yellow"))
        return scale->yellow;
    if (!strcasecmp(value, "green"))
        return scale->green;
    hy_score_parse(value, &score);
    return score;
}

void hy_sched_read_health(struct hy_sched *s, const struct hy_values *options)
{
    enum strategy strategy = read_strategy(hy_values_get(options, "node-health-strategy"));
    if (strategy == NONE)
        return;
    struct scale scale = read_scale(options, strategy);
    for (uint32_t n = 0; n < s->node_count; n++) {
        struct hy_snode *node = &s->nodes[n];
        node->health = scale.base;
        for (size_t i = 0; i < node->attr_count; i++)
            if (!strncmp(node->attrs[i].name, "#health", 7))
                node->health = hy_score_add(node->health, value_score(&scale, node->attrs[i].value));
    }
}

void hy_sched_apply_health(struct hy_sched *s)
{
    for (uint32_t n = 0; n < s->node_count; n++) {
        int health = s->nodes[n].health;
        for (size_t i = 0; health && i < s->tops.count; i++) {
            struct hy_srsc *top = s->tops.items[i];
            if (health < 0 && top->meta.allow_unhealthy)
                continue;
            hy_sched_add_location(s, top, n, health);
            hy_sched_cause(s, top, HY_CAUSE_OTHER, n, health)->id = "the health of the node";
        }
    }
}
