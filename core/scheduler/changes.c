/* SPDX-License-Identifier: Apache-2.0 */
/* What a human calls an action: one word for all that is done to an instance. */
#include "scheduler/model.h"

const char *hy_change_word(enum hy_change_kind kind)
{
    static const char *const words[] = {"leave",   "start",  "stop",    "move",   "migrate",   "restart",
                                        "recover", "reload", "promote", "demote", "repromote", "fence"};
    return (size_t)kind < sizeof words / sizeof *words ? words[kind] : "?";
}
