/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent says of itself: is it all that an operator, and hactl, will look for? */
#include "agent_test/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must_have(struct session *session, const char *key, const char *what, const char *hint)
{
    char *value = session_described(session, key);
    if (value && *value)
        report_good(&session->report, "%s: %s", what, value);
    else
        report_bad(&session->report, hint, "%s is missing", what);
    free(value);
}

static void should_have(struct session *session, const char *key, const char *what)
{
    char *value = session_described(session, key);
    if (value && *value)
        report_good(&session->report, "%s: %s", what, value);
    else
        report_note(&session->report, "%s is not said", what);
    free(value);
}

/* Each "param NAME TYPE ..." has a "param-brief NAME ...". */
static void check_params(struct session *session)
{
    int count = 0, silent = 0;
    for (const char *line = hy_buf_text(&session->description); *line; line += strcspn(line, "\n") + 1) {
        char name[128], key[160];
        if (strncmp(line, "param ", 6) != 0 || sscanf(line + 6, "%127s", name) != 1)
            continue;
        count++;
        snprintf(key, sizeof key, "param-brief %s", name);
        char *brief = session_described(session, key);
        if (!brief) {
            silent++;
            report_bad(&session->report, "give it a `brief`: one line that `hactl ra info` shows",
                       "parameter %s is not explained", name);
        }
        free(brief);
    }
    if (!silent)
        report_good(&session->report, "%d parameter%s, each explained", count, count == 1 ? "" : "s");
}

static void tell_operations(struct session *session)
{
    struct hy_buf list = {0};
    for (const char *line = hy_buf_text(&session->description); *line; line += strcspn(line, "\n") + 1)
        if (strncmp(line, "operation ", 10) == 0)
            hy_buf_addf(&list, "%s%.*s", list.size ? ", " : "", (int)strcspn(line + 10, "\n"), line + 10);
    report_good(&session->report, "operations: %s", hy_buf_text(&list));
    hy_buf_free(&list);
}

void part_description(struct session *session)
{
    must_have(session, "name", "its name", "CLASS:PROVIDER:TYPE in `cls`, `provider`, `type`");
    must_have(session, "version", "its version", "set `version`");
    must_have(session, "brief", "what it is", "set `brief`: one line");
    tell_operations(session);
    should_have(session, "start-timeout", "the time that a start should be given");
    should_have(session, "stop-timeout", "the time that a stop should be given");
    should_have(session, "monitor-timeout", "the time that a monitor should be given");
    should_have(session, "monitor-interval", "how often a monitor should run");
    check_params(session);
}
