/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked about the cluster, or about another one with --state or --xml: words, then the options of `simulate`. */
#ifndef HACTL_QUESTION_H
#define HACTL_QUESTION_H

#include "hactl/simulate.h"

struct hactl_question {
    struct hactl_simulate_options options;
    HY_VEC(const char *) words; /* behind the command's; argv's */
    struct hactl_origin origin;
    struct hactl_setting setting;
    struct hactl_state state; /* decided, with explanations */
};

/* Takes the line apart and reads the state. An exit status. */
int hactl_question_read(struct hactl *h, int argc, char **argv, size_t least, size_t most,
                        struct hactl_question *question);
/* Makes the events of the options happen, and decides. */
int hactl_question_decide(struct hactl_question *question);
void hactl_question_free(struct hactl_question *question);

#endif
