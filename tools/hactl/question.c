/* SPDX-License-Identifier: Apache-2.0 */
#include "hactl/question.h"

#include <string.h>

static const struct hactl_command *command_of(const char *word)
{
    for (const char *const *level = hactl_levels; *level; level++) {
        const struct hactl_command *command = hactl_find(*level, word);
        if (command)
            return command;
    }
    return NULL;
}

/* Words may stand before and behind options, which have a value each. */
static int take_apart(int argc, char **argv, size_t least, size_t most, struct hactl_question *question)
{
    HY_VEC(char *) options = {0};
    hy_vec_push(&options, argv[0]);
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] != '-') {
            hy_vec_push(&question->words, argv[i]);
            continue;
        }
        hy_vec_push(&options, argv[i]);
        if (i + 1 < argc)
            hy_vec_push(&options, argv[++i]);
    }
    int status = hactl_simulate_options((int)options.count, options.items, &question->options);
    hy_vec_free(&options);
    if (!status && (question->words.count < least || question->words.count > most))
        status = hactl_usage(command_of(argv[0]));
    return status;
}

int hactl_question_read(struct hactl *h, int argc, char **argv, size_t least, size_t most,
                        struct hactl_question *question)
{
    *question = (struct hactl_question){0};
    int status = take_apart(argc, argv, least, most, question);
    if (!status)
        status = hactl_origin_read(h, &question->options, &question->origin);
    const struct hactl_origin *origin = &question->origin;
    const struct hactl_simulate_options *options = &question->options;
    question->setting = (struct hactl_setting){
        .now = options->at ? options->at : origin->now,
        .quorum = options->quorum == HACTL_AS_IT_IS ? origin->quorum : options->quorum == HACTL_YES,
        .dc = origin->dc};
    return status;
}

int hactl_question_decide(struct hactl_question *question)
{
    struct hactl_origin *origin = &question->origin;
    bool fencing = hactl_has_fencing(origin->cib);
    int status = hactl_simulate_events(&question->options, origin->cib, fencing, question->setting.now);
    if (status)
        return status;
    if (question->options.down.count)
        question->setting.quorum = hactl_quorum_left(&question->options, origin->cib, question->setting.quorum);
    hactl_decide(&question->state, origin->cib, &question->setting, &origin->live, true);
    origin->cib = NULL;
    return HACTL_OK;
}

void hactl_question_free(struct hactl_question *question)
{
    hactl_state_free(&question->state);
    hactl_origin_free(&question->origin);
    hactl_simulate_options_free(&question->options);
    hy_vec_free(&question->words);
}
