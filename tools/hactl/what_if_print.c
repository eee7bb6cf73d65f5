/* SPDX-License-Identifier: Apache-2.0 */
/* The answers of `what-if`, for people and as JSON. */
#include "hactl/what_if.h"

#include <string.h>

static const char *word_of(enum hactl_effect_kind kind)
{
    switch (kind) {
    case HACTL_LOST:
        return "LOST";
    case HACTL_DEMOTED:
        return "DEMOTED";
    case HACTL_MOVED:
        return "moves";
    case HACTL_RESTARTED:
        return "restarts";
    default:
        return "fewer";
    }
}

static void print_effect(const struct hactl_effect *effect, int width, struct hy_buf *out)
{
    hy_buf_addf(out, "  %-9s  %-*s  ", word_of(effect->kind), width, effect->rsc);
    switch (effect->kind) {
    case HACTL_LOST:
        if (effect->before > 1)
            hy_buf_addf(out, "%zu instances -> none", effect->before);
        else
            hy_buf_addf(out, "%s -> nowhere", effect->from);
        break;
    case HACTL_DEMOTED:
        hy_buf_addf(out, "promoted on %s -> nowhere", effect->from);
        break;
    case HACTL_MOVED:
        hy_buf_addf(out, "%s -> %s", effect->from, effect->to);
        break;
    case HACTL_RESTARTED:
        hy_buf_addf(out, "on %s", effect->from);
        break;
    default:
        hy_buf_addf(out, "%zu of %zu instances", effect->after, effect->before);
    }
    if (effect->why)
        hy_buf_addf(out, ": %s", effect->why);
    hy_buf_addc(out, '\n');
}

static void print_title(const struct hactl_what_if_case *one, struct hy_buf *out)
{
    if (one->rsc)
        hy_buf_addf(out, "If %s fails on %s", one->rsc, one->node);
    else if (strcmp(one->event, "standby") == 0)
        hy_buf_addf(out, "If %s goes standby", one->node);
    else
        hy_buf_addf(out, "If %s goes down", one->node);
    hy_buf_adds(out, one->quorum_lost ? ", WITHOUT quorum then:\n" : ":\n");
}

static void print_case(const struct hactl_what_if_case *one, struct hy_buf *out)
{
    size_t width = 0;
    print_title(one, out);
    for (size_t i = 0; i < one->effects.list.count; i++)
        if (strlen(one->effects.list.items[i].rsc) > width)
            width = strlen(one->effects.list.items[i].rsc);
    for (size_t i = 0; i < one->effects.list.count; i++)
        print_effect(&one->effects.list.items[i], (int)width, out);
    if (!one->effects.list.count)
        hy_buf_adds(out, "  nothing stops, and nothing moves\n");
    hy_buf_addc(out, '\n');
}

/* "db and web have no place" */
static void print_lost_of(const struct hactl_what_if_case *one, enum hactl_effect_kind kind, struct hy_buf *out)
{
    size_t count = 0, told = 0;
    for (size_t i = 0; i < one->effects.list.count; i++)
        count += one->effects.list.items[i].kind == kind;
    for (size_t i = 0; i < one->effects.list.count; i++) {
        if (one->effects.list.items[i].kind != kind)
            continue;
        hy_buf_addf(out, "%s%s", !told ? "" : told + 1 == count ? " and " : ", ", one->effects.list.items[i].rsc);
        told++;
    }
    if (kind == HACTL_LOST)
        hy_buf_adds(out, count == 1 ? " has no place" : count ? " have no place" : "");
    else
        hy_buf_adds(out, count == 1 ? " is promoted nowhere" : count ? " are promoted nowhere" : "");
}

static void print_lost(const struct hactl_what_if_case *one, struct hy_buf *out)
{
    size_t begin = out->size;
    struct hy_buf demoted = {0};
    print_lost_of(one, HACTL_LOST, out);
    print_lost_of(one, HACTL_DEMOTED, &demoted);
    hy_buf_addf(out, "%s%s", demoted.size && out->size > begin ? ", " : "", hy_buf_text(&demoted));
    hy_buf_free(&demoted);
}

static size_t count_survived(const hactl_what_if_cases *cases)
{
    size_t count = 0;
    for (size_t i = 0; i < cases->count; i++)
        count += !cases->items[i].effects.lost;
    return count;
}

static void print_closing(const hactl_what_if_cases *cases, bool any, struct hy_buf *out)
{
    size_t survived = count_survived(cases);
    if (survived == cases->count) {
        hy_buf_adds(out, any ? "Every single failure is survived by everything.\n" : "Everything keeps a place.\n");
        return;
    }
    if (any)
        hy_buf_addf(out, "%zu of %zu single failures %s survived by everything", survived, cases->count,
                    survived == 1 ? "is" : "are");
    for (size_t i = 0; i < cases->count; i++) {
        if (!cases->items[i].effects.lost)
            continue;
        if (any)
            hy_buf_addf(out, "; with %s down ", cases->items[i].node);
        else
            hy_buf_adds(out, i ? "; " : "");
        print_lost(&cases->items[i], out);
    }
    hy_buf_adds(out, any ? ".\n" : " then.\n");
}

void hactl_what_if_print(const hactl_what_if_cases *cases, bool any, bool stopped, struct hy_buf *out)
{
    if (stopped) {
        hy_buf_adds(out,
                    "There is no quorum as it is: everything stops in this part of the cluster, whatever fails.\n");
        return;
    }
    for (size_t i = 0; i < cases->count; i++)
        print_case(&cases->items[i], out);
    print_closing(cases, any, out);
}

/* ---------------------------------------------------------------- JSON */

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

static json_t *effect_json(const struct hactl_effect *effect)
{
    static const char *const words[] = {"lost", "demoted", "moved", "restarted", "fewer"};
    json_t *entry = json_object();
    json_object_set_new(entry, "effect", json_string(words[effect->kind]));
    json_object_set_new(entry, "resource", json_string(effect->rsc));
    json_object_set_new(entry, "from", text_or_null(effect->from));
    json_object_set_new(entry, "to", text_or_null(effect->to));
    json_object_set_new(entry, "instances_before", json_integer((json_int_t)effect->before));
    json_object_set_new(entry, "instances_after", json_integer((json_int_t)effect->after));
    json_object_set_new(entry, "reason", text_or_null(effect->why));
    return entry;
}

static json_t *case_json(const struct hactl_what_if_case *one)
{
    json_t *entry = json_object(), *effects = json_array();
    json_object_set_new(entry, "event", json_string(one->event));
    json_object_set_new(entry, "node", json_string(one->node));
    json_object_set_new(entry, "resource", text_or_null(one->rsc));
    json_object_set_new(entry, "quorum_lost", json_boolean(one->quorum_lost));
    json_object_set_new(entry, "survived", json_boolean(!one->effects.lost));
    for (size_t i = 0; i < one->effects.list.count; i++)
        json_array_append_new(effects, effect_json(&one->effects.list.items[i]));
    json_object_set_new(entry, "effects", effects);
    return entry;
}

json_t *hactl_what_if_json(const hactl_what_if_cases *cases, bool stopped)
{
    json_t *root = json_object(), *list = json_array();
    for (size_t i = 0; i < cases->count; i++)
        json_array_append_new(list, case_json(&cases->items[i]));
    json_object_set_new(root, "version", json_integer(1));
    json_object_set_new(root, "stopped_without_quorum", json_boolean(stopped));
    json_object_set_new(root, "cases", list);
    json_object_set_new(root, "survived", json_integer((json_int_t)count_survived(cases)));
    json_object_set_new(root, "of", json_integer((json_int_t)cases->count));
    return root;
}
