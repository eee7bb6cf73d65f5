/* SPDX-License-Identifier: Apache-2.0 */
/* `what-if`: what one failure would do, or each of them in turn. Nothing is changed. */
#include "hactl/what_if.h"

#include "hactl/commands.h"
#include "hactl/question.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct what_if {
    const struct hactl_question *question;
    struct hactl_future now; /* as it comes to rest when nothing happens */
    hactl_what_if_cases cases;
};

/* ---------------------------------------------------------------- quorum */

/* Without quorum nothing keeps a place, unless the policy leaves it. */
static bool stops_everything(const struct hactl_question *question)
{
    const char *policy = hy_cib_property(question->origin.cib, "no-quorum-policy");
    return !question->setting.quorum && !(policy && (strcmp(policy, "freeze") == 0 || strcmp(policy, "ignore") == 0));
}

/* ---------------------------------------------------------------- one case */

static struct hy_cib *present(const struct what_if *what)
{
    return hy_cib_copy(what->question->origin.cib);
}

static int happen(struct what_if *what, const char *event, const char *node, const char *rsc)
{
    const struct hactl_question *question = what->question;
    struct hactl_simulate_options options = {.command = "what-if"};
    struct hy_cib *cib = present(what);
    char *failure = rsc ? hy_asprintf("%s@%s", rsc, node) : NULL;
    if (failure)
        hy_vec_push(&options.fail, failure);
    else if (strcmp(event, "standby") == 0)
        hy_vec_push(&options.standby, node);
    else
        hy_vec_push(&options.down, node);
    int status = hactl_simulate_events(&options, cib, hactl_has_fencing(cib), question->setting.now);
    free(failure);
    hactl_simulate_options_free(&options);
    if (status) {
        hy_cib_free(&cib);
        return status;
    }
    struct hactl_what_if_case *one = hy_vec_add(&what->cases);
    struct hactl_setting setting = question->setting;
    bool quorum = setting.quorum = hactl_quorum_left(&question->options, cib, question->setting.quorum);
    *one = (struct hactl_what_if_case){
        .event = event, .node = node, .rsc = rsc, .quorum_lost = question->setting.quorum && !quorum};
    struct hactl_future future;
    hactl_future_make(cib, &setting, NULL, &future);
    hactl_effects_find(&what->now, &future, &one->effects);
    hactl_effects_keep(&one->effects);
    hactl_future_free(&future);
    return HACTL_OK;
}

static void free_cases(hactl_what_if_cases *cases)
{
    for (size_t i = 0; i < cases->count; i++)
        hactl_effects_free(&cases->items[i].effects);
    hy_vec_free(cases);
}

/* ---------------------------------------------------------------- which cases */

static int each_node(struct what_if *what)
{
    const struct hy_cib *cib = what->question->origin.cib;
    int status = HACTL_OK;
    for (size_t i = 0; i < cib->nodes.count && !status; i++)
        if (cib->nodes.items[i]->state == HY_MEMBER_IN)
            status = happen(what, "node-down", cib->nodes.items[i]->node, NULL);
    if (!status && !what->cases.count)
        status = hactl_fail("no node is online: there is nothing left to fail");
    return status;
}

/* Where it runs. */
static int each_place(struct what_if *what, const char *rsc)
{
    const struct hy_decision *decision = what->now.rest.decision;
    int status = HACTL_OK;
    size_t before = what->cases.count;
    if (!hactl_state_resource(&what->now.rest, rsc))
        return HACTL_FAILED;
    const struct hy_object *object = hy_cib_find(what->now.rest.cib, rsc);
    if (object->kind != HY_PRIMITIVE)
        return hactl_fail("%s is a %s: say which of its members fails", rsc, hy_kind_word(object->kind));
    for (size_t i = 0; i < decision->active_count && !status; i++)
        if (strcmp(decision->active[i].primitive, rsc) == 0)
            status = happen(what, "fail", decision->active[i].node, rsc);
    if (!status && what->cases.count == before)
        status = hactl_fail("%s does not run anywhere: it cannot fail", rsc);
    return status;
}

static bool runs_on(const struct hy_decision *decision, const char *rsc, const char *node)
{
    for (size_t i = 0; i < decision->active_count; i++)
        if (strcmp(decision->active[i].primitive, rsc) == 0 && strcmp(decision->active[i].node, node) == 0)
            return true;
    hactl_fail("%s does not run on %s: it cannot fail there", rsc, node);
    return false;
}

static int one_place(struct what_if *what, const char *place)
{
    const char *at = strchr(place, '@');
    char *rsc = hy_strndup(place, (size_t)(at - place));
    const struct hy_object *object = hactl_state_resource(&what->now.rest, rsc);
    int status =
        object && hactl_state_is_node(&what->now.rest, at + 1) && runs_on(what->now.rest.decision, object->id, at + 1)
            ? happen(what, "fail", at + 1, object->id)
            : HACTL_FAILED;
    free(rsc);
    return status;
}

static int find_cases(struct what_if *what)
{
    const char *event = what->question->words.items[0];
    const char *of = what->question->words.count > 1 ? what->question->words.items[1] : NULL;
    bool any = strcmp(event, "any-node-down") == 0;
    if (any && !of)
        return each_node(what);
    if (!of || any)
        return hactl_usage(hactl_find("", "what-if"));
    if (strcmp(event, "fail") == 0)
        return strchr(of, '@') ? one_place(what, of) : each_place(what, of);
    if (strcmp(event, "node-down") != 0 && strcmp(event, "standby") != 0) {
        hactl_fail("what-if '%s': expected node-down, any-node-down, standby or fail", event);
        return HACTL_USAGE;
    }
    return hactl_state_is_node(&what->now.rest, of) ? happen(what, event, of, NULL) : HACTL_FAILED;
}

/* ---------------------------------------------------------------- the command */

static int worse(const void *left, const void *right)
{
    const struct hactl_what_if_case *a = left, *b = right;
    if (a->effects.lost != b->effects.lost)
        return a->effects.lost > b->effects.lost ? -1 : 1;
    if (a->effects.list.count != b->effects.list.count)
        return a->effects.list.count > b->effects.list.count ? -1 : 1;
    return strcmp(a->node, b->node);
}

static int say(const struct hactl *h, const struct what_if *what)
{
    bool any = strcmp(what->question->words.items[0], "any-node-down") == 0;
    bool stopped = stops_everything(what->question), lost = stopped;
    qsort(what->cases.items, what->cases.count, sizeof *what->cases.items, worse);
    for (size_t i = 0; i < what->cases.count; i++)
        lost = lost || what->cases.items[i].effects.lost;
    if (h->json) {
        hactl_print_json(hactl_what_if_json(&what->cases, stopped));
    } else {
        struct hy_buf out = {0};
        hactl_what_if_print(&what->cases, any, stopped, &out);
        fputs(hy_buf_text(&out), stdout);
        hy_buf_free(&out);
    }
    return lost ? HACTL_LOSES : HACTL_OK;
}

int hactl_what_if(struct hactl *h, int argc, char **argv)
{
    struct hactl_question question;
    struct what_if what = {.question = &question};
    int status = hactl_question_read(h, argc, argv, 1, 2, &question);
    if (!status)
        status = hactl_simulate_events(&question.options, question.origin.cib, hactl_has_fencing(question.origin.cib),
                                       question.setting.now);
    if (!status) {
        hactl_future_make(present(&what), &question.setting, &question.origin.live, &what.now);
        status = find_cases(&what);
    }
    if (!status)
        status = say(h, &what);
    free_cases(&what.cases);
    hactl_future_free(&what.now);
    hactl_question_free(&question);
    return status;
}
