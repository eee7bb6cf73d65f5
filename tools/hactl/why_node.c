/* SPDX-License-Identifier: Apache-2.0 */
/* One instance and one node: why there, or why not. */
#include "hactl/why.h"

#include <stdio.h>
#include <string.h>

const struct hy_change *hactl_change_of(const struct hy_decision *decision, const char *instance)
{
    for (size_t i = 0; i < decision->change_count; i++)
        if (decision->changes[i].rsc && strcmp(decision->changes[i].rsc, instance) == 0)
            return &decision->changes[i];
    return NULL;
}

static const char *behind(const char *text, const char *prefix)
{
    size_t length = strlen(prefix);
    return strncmp(text, prefix, length) == 0 ? text + length : text;
}

const char *hactl_change_reason(const struct hy_change *change)
{
    char moves[300];
    if (!change->reason)
        return NULL;
    snprintf(moves, sizeof moves, "moves to %s: ", change->to ? change->to : "");
    return behind(behind(change->reason, moves), "starts again: ");
}

const struct hy_score *hactl_score_of(const struct hy_decision *decision, const char *instance, const char *node)
{
    for (size_t i = 0; i < decision->score_count; i++) {
        const struct hy_score *score = &decision->scores[i];
        if (!score->promotion && strcmp(score->rsc, instance) == 0 && strcmp(score->node, node) == 0)
            return score;
    }
    return NULL;
}

void hactl_score_print(int score, struct hy_buf *out)
{
    char text[16];
    hy_buf_adds(out, hy_score_text(score, text));
}

static bool is_forbidding(const struct hy_score_part *part)
{
    return part->score <= -HY_INFINITY;
}

/* How much of a reason is left when the failure it ends in has been told with another part: "test1 is standby
 * (on-fail): start of web failed ..." is cut before the colon. */
static int untold(const struct hy_score *score, size_t at)
{
    const char *why = score->parts[at].why, *failure = strstr(why, ": "),
               *end = failure ? strstr(failure, "; `") : NULL;
    for (size_t i = 0; end && i < at; i++) {
        const char *same = strstr(score->parts[i].why, ": ");
        if (is_forbidding(&score->parts[i]) && same && strncmp(same, failure, (size_t)(end - failure)) == 0)
            return (int)(failure - why);
    }
    return (int)strlen(why);
}

void hactl_parts_print(const struct hy_score *score, struct hy_buf *out)
{
    bool forbidden = score->score <= -HY_INFINITY;
    size_t begin = out->size;
    for (size_t i = 0; i < score->part_count; i++) {
        const struct hy_score_part *part = &score->parts[i];
        if (forbidden && !is_forbidding(part))
            continue;
        hy_buf_adds(out, out->size == begin ? "" : forbidden ? "; " : ", ");
        hy_buf_addf(out, "%.*s", forbidden ? untold(score, i) : (int)strlen(part->why), part->why);
        if (forbidden)
            continue;
        hy_buf_addc(out, ' ');
        hactl_score_print(part->score, out);
    }
}

json_t *hactl_parts_json(const struct hy_score *score)
{
    json_t *list = json_array();
    for (size_t i = 0; i < score->part_count; i++) {
        json_t *part = json_object();
        json_object_set_new(part, "score", json_integer(score->parts[i].score));
        json_object_set_new(part, "why", json_string(score->parts[i].why));
        if (score->parts[i].other)
            json_object_set_new(part, "from", json_string(score->parts[i].other));
        if (score->parts[i].constraint)
            json_object_set_new(part, "constraint", json_string(score->parts[i].constraint));
        json_array_append_new(list, part);
    }
    return list;
}

/* ---------------------------------------------------------------- the verdict */

static bool is(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

static void print_score(const struct hy_score *score, struct hy_buf *out)
{
    hy_buf_adds(out, "score ");
    hactl_score_print(score->score, out);
    if (!score->part_count)
        return;
    hy_buf_adds(out, " (");
    hactl_parts_print(score, out);
    hy_buf_addc(out, ')');
}

/* Another instance of the same clone that is to be there. */
static const char *instance_there(const struct hy_decision *decision, const struct hy_placement *placement,
                                  const char *node)
{
    for (size_t i = 0; i < decision->placement_count; i++) {
        const struct hy_placement *other = &decision->placements[i];
        if (other != placement && is(other->primitive, placement->primitive) && is(other->node, node))
            return other->instance;
    }
    return NULL;
}

static const char *compare(const struct hactl_state *state, const struct hy_placement *placement,
                           const struct hy_score *score, const char *node, struct hy_buf *why)
{
    const struct hy_score *chosen =
        placement->wanted ? hactl_score_of(state->decision, placement->instance, placement->wanted) : NULL;
    const struct hy_change *change = hactl_change_of(state->decision, placement->instance);
    const char *instance = instance_there(state->decision, placement, node);
    if (instance) {
        hy_buf_addf(why, "%s is there", instance);
        return "no";
    }
    print_score(score, why);
    if (!chosen)
        return "may";
    if (score->score > chosen->score) {
        hy_buf_addf(why, "; more than %s's: what it must be with, or its clone, made the difference", chosen->node);
        return "more";
    }
    if (score->score < chosen->score) {
        hy_buf_addf(why, "; less than %s's ", chosen->node);
        hactl_score_print(chosen->score, why);
        return "less";
    }
    if (change && is(change->from, chosen->node))
        hy_buf_addf(why, "; as good as %s, where it runs already", chosen->node);
    else
        hy_buf_addf(why, "; as good as %s, which had less to run, or stands before it by name", chosen->node);
    return "as good";
}

void hactl_verdict(const struct hactl_state *state, const struct hy_placement *placement,
                   const struct hy_node_view *node, struct hactl_verdict *verdict)
{
    const struct hy_score *score = hactl_score_of(state->decision, placement->instance, node->node);
    *verdict = (struct hactl_verdict){.word = "no", .score = score};
    if (is(placement->node ? placement->node : placement->wanted, node->node)) {
        verdict->word = "here";
        if (score && score->score > -HY_INFINITY)
            print_score(score, &verdict->why);
        else
            hy_buf_adds(&verdict->why, placement->reason ? placement->reason : "");
    } else if (!score) {
        hy_buf_adds(&verdict->why, node->reason ? node->reason : "nothing is placed there");
    } else if (score->score <= -HY_INFINITY) {
        hactl_parts_print(score, &verdict->why);
    } else if (score->score < 0) {
        print_score(score, &verdict->why);
        hy_buf_adds(&verdict->why, "; below 0");
    } else {
        verdict->word = compare(state, placement, score, node->node, &verdict->why);
    }
}
