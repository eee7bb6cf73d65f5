/* SPDX-License-Identifier: Apache-2.0 */
/* `resource scores`: what each instance is worth on each node, and which constraint each part comes from. */
#include "hactl/commands.h"
#include "hactl/question.h"
#include "hactl/why.h"

#include <stdio.h>
#include <string.h>

static bool is_asked_for(const struct hactl_question *question, const struct hy_score *score)
{
    if (!question->words.count)
        return true;
    const char *id = question->words.items[0];
    const struct hy_object *object = hy_cib_find(question->state.cib, id);
    return strcmp(score->rsc, id) == 0 || (object && hactl_state_contains(&question->state, object, score->primitive));
}

static void widen(size_t *width, const char *text)
{
    if (strlen(text) > *width)
        *width = strlen(text);
}

static void print_text(const struct hactl_question *question)
{
    const struct hy_decision *decision = question->state.decision;
    struct hy_buf out = {0};
    size_t wide = strlen("Resource"), node = strlen("Node");
    const char *last = "";
    for (size_t i = 0; i < decision->score_count; i++)
        if (is_asked_for(question, &decision->scores[i])) {
            widen(&wide, decision->scores[i].rsc);
            widen(&node, decision->scores[i].node);
        }
    hy_buf_addf(&out, "%-*s  %-*s  %9s  %s\n", (int)wide, "Resource", (int)node, "Node", "Score", "Made of");
    for (size_t i = 0; i < decision->score_count; i++) {
        const struct hy_score *score = &decision->scores[i];
        char text[16];
        if (!is_asked_for(question, score))
            continue;
        hy_buf_addf(&out, "%-*s  %-*s  %9s  ", (int)wide, strcmp(last, score->rsc) ? score->rsc : "", (int)node,
                    score->node, hy_score_text(score->score, text));
        if (score->promotion)
            hy_buf_adds(&out, "to be promoted there: ");
        if (score->part_count)
            hactl_parts_print(score, &out);
        else
            hy_buf_adds(&out, "nothing bears on it");
        hy_buf_addc(&out, '\n');
        last = score->rsc;
    }
    fputs(hy_buf_text(&out), stdout);
    hy_buf_free(&out);
}

static void print_json(const struct hactl_question *question)
{
    const struct hy_decision *decision = question->state.decision;
    json_t *root = json_object(), *list = json_array();
    for (size_t i = 0; i < decision->score_count; i++) {
        const struct hy_score *score = &decision->scores[i];
        if (!is_asked_for(question, score))
            continue;
        json_t *entry = json_object();
        json_object_set_new(entry, "instance", json_string(score->rsc));
        json_object_set_new(entry, "primitive", json_string(score->primitive));
        json_object_set_new(entry, "node", json_string(score->node));
        json_object_set_new(entry, "kind", json_string(score->promotion ? "promotion" : "placement"));
        json_object_set_new(entry, "score", json_integer(score->score));
        json_object_set_new(entry, "parts", hactl_parts_json(score));
        json_array_append_new(list, entry);
    }
    json_object_set_new(root, "version", json_integer(1));
    json_object_set_new(root, "scores", list);
    hactl_print_json(root);
}

static int check_id(const struct hactl_question *question)
{
    if (!question->words.count)
        return HACTL_OK;
    const char *id = question->words.items[0];
    for (size_t i = 0; i < question->state.decision->score_count; i++)
        if (strcmp(question->state.decision->scores[i].rsc, id) == 0)
            return HACTL_OK;
    return hactl_state_resource(&question->state, id) ? HACTL_OK : HACTL_FAILED;
}

int hactl_resource_scores(struct hactl *h, int argc, char **argv)
{
    struct hactl_question question;
    int status = hactl_question_read(h, argc, argv, 0, 1, &question);
    if (!status)
        status = hactl_question_decide(&question);
    if (!status)
        status = check_id(&question);
    if (!status && h->json)
        print_json(&question);
    else if (!status)
        print_text(&question);
    hactl_question_free(&question);
    return status;
}
