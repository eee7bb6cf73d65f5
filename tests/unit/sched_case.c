/* SPDX-License-Identifier: Apache-2.0 */
#include "sched_case.h"

#include "lib/run.h"
#include "sched_world.h"

#include <stdio.h>
#include <string.h>

enum { MOST_WORDS = 16 };

struct line {
    char text[512];
    char *words[MOST_WORDS];
    int count;
};

/* Words stand apart by blanks; "double quotes" keep some together, also behind a `name=`. */
static void split(const char *text, size_t size, struct line *line)
{
    ck_assert_uint_lt(size, sizeof line->text);
    memcpy(line->text, text, size);
    line->text[size] = '\0';
    line->count = 0;
    char *to = line->text;
    for (char *at = line->text; *at;) {
        while (*at == ' ' || *at == '\t')
            at++;
        if (!*at || *at == '#')
            break;
        ck_assert_int_lt(line->count, MOST_WORDS);
        line->words[line->count++] = to;
        bool quoted = false;
        for (; *at && (quoted || (*at != ' ' && *at != '\t')); at++) {
            if (*at == '"')
                quoted = !quoted;
            else
                *to++ = *at;
        }
        bool last = !*at;
        if (!last)
            at++;
        *to++ = '\0';
        if (last)
            break;
    }
}

struct test {
    struct world world;
    struct hy_decision *decision;
    struct hy_buf *difference;
    bool probes, monitors, notifications; /* compared, too */
    bool may_flap;
    struct hy_buf expected; /* actions, a line each */
};

static hy_time duration(const char *text)
{
    hy_time value = 0;
    ck_assert_msg(hy_parse_duration(text, &value), "not a duration: %s", text);
    return value;
}

/* "monitor/30s" */
static char *read_op(char *word, hy_time *interval)
{
    char *slash = strchr(word, '/');
    *interval = slash ? duration(slash + 1) : 0;
    if (slash)
        *slash = '\0';
    return word;
}

/* ---------------------------------------------------------------- state */

static void simple_result(struct test *test, const struct line *line, const char *op, hy_time interval, int rc,
                          int from)
{
    for (int i = from; i < line->count; i++)
        world_result(
            &test->world, line->words[i],
            &(struct hy_result){.rsc = line->words[1], .op = (char *)(uintptr_t)op, .interval = interval, .rc = rc});
}

static enum hy_exec read_exec(const char *text)
{
    return !strcmp(text, "timeout")     ? HY_EXEC_TIMEOUT
           : !strcmp(text, "died")      ? HY_EXEC_DIED
           : !strcmp(text, "error")     ? HY_EXEC_ERROR
           : !strcmp(text, "cancelled") ? HY_EXEC_CANCELLED
           : !strcmp(text, "pending")   ? HY_EXEC_PENDING
                                        : HY_EXEC_DONE;
}

static void full_result(struct test *test, struct line *line)
{
    struct hy_result result = {.rsc = line->words[2]};
    char names[256];
    result.op = read_op(line->words[3], &result.interval);
    for (int i = 4; i < line->count; i++) {
        char *value = strchr(line->words[i], '=');
        ck_assert_ptr_nonnull(value);
        *value++ = '\0';
        const char *name = line->words[i];
        if (!strcmp(name, "rc"))
            result.rc = atoi(value);
        else if (!strcmp(name, "exec"))
            result.exec = read_exec(value);
        else if (!strcmp(name, "reason"))
            result.reason = value;
        else if (!strcmp(name, "digest"))
            result.digest = value;
        else if (!strcmp(name, "agent"))
            result.agent = value;
        else if (!strcmp(name, "order"))
            result.order = strtoull(value, NULL, 10), result.notify = true;
        else if (!strcmp(name, "restart-digest"))
            result.restart_digest = value;
        else if (!strcmp(name, "restart-params"))
            snprintf(names, sizeof names, " %s ", value), result.restart_params = names;
        else if (!strcmp(name, "from"))
            result.migrate_from = value;
        else if (!strcmp(name, "to"))
            result.migrate_to = value;
        else
            ck_abort_msg("result: what is %s?", name);
    }
    world_result(&test->world, line->words[1], &result);
}

static void members(struct test *test, const struct line *line, enum hy_member_state state, bool synced)
{
    for (int i = 1; i < line->count; i++)
        world_member(&test->world, line->words[i], state, synced);
}

static void probed(struct test *test)
{
    struct hy_decision *decision = world_decide(&test->world);
    for (size_t i = 0; i < decision->action_count; i++)
        if (decision->actions[i].kind == HY_ACT_PROBE)
            world_do(&test->world, &decision->actions[i]);
    hy_decision_free(&decision);
}

static void set_transient(struct test *test, struct line *line)
{
    for (int i = 2; i < line->count; i++) {
        char *value = strchr(line->words[i], '=');
        ck_assert_ptr_nonnull(value);
        *value++ = '\0';
        hy_attrs_set(&hy_cib_node(test->world.cib, line->words[1])->transient, line->words[i], value);
    }
}

static void shut_down(struct test *test, const struct line *line)
{
    for (int i = 1; i < line->count; i++)
        hy_attrs_set(&hy_cib_node(test->world.cib, line->words[i])->transient, "shutdown", "true");
}

/* Lost, and nobody vouches for it: what it ran is still in the status. */
static void lose(struct test *test, const struct line *line)
{
    for (int i = 1; i < line->count; i++) {
        struct hy_node_status *status = hy_cib_node(test->world.cib, line->words[i]);
        status->state = HY_MEMBER_GONE;
        status->unclean = true;
    }
}

/* ticket T granted=true standby=false last-granted=1600000000 */
static void set_ticket(struct test *test, const struct line *line)
{
    struct hy_ticket *ticket = hy_cib_ticket(test->world.cib, line->words[1]);
    if (!ticket) {
        ticket = hy_vec_add(&test->world.cib->tickets);
        *ticket = (struct hy_ticket){.name = hy_strdup(line->words[1])};
    }
    for (int i = 2; i < line->count; i++) {
        const char *word = line->words[i];
        if (!strncmp(word, "granted=", 8))
            ticket->granted = !strcmp(word + 8, "true");
        else if (!strncmp(word, "standby=", 8))
            ticket->standby = !strcmp(word + 8, "true");
        else if (!strncmp(word, "last-granted=", 13))
            ticket->last_granted = atoll(word + 13) * HY_SECOND;
        else
            ck_abort_msg("ticket: what is %s?", word);
    }
}

static void state_line(struct test *test, struct line *line, char **kept)
{
    const char *word = line->words[0];
    hy_time interval;
    if (!strcmp(word, "online"))
        members(test, line, HY_MEMBER_IN, true);
    else if (!strcmp(word, "pending"))
        members(test, line, HY_MEMBER_IN, false);
    else if (!strcmp(word, "offline"))
        members(test, line, HY_MEMBER_GONE, false);
    else if (!strcmp(word, "unclean"))
        lose(test, line);
    else if (!strcmp(word, "shutdown"))
        shut_down(test, line);
    else if (!strcmp(word, "ticket"))
        set_ticket(test, line);
    else if (!strcmp(word, "noquorum"))
        test->world.quorum = false;
    else if (!strcmp(word, "pass"))
        test->world.now += duration(line->words[1]);
    else if (!strcmp(word, "stopped"))
        simple_result(test, line, "monitor", 0, 7, 2);
    else if (!strcmp(word, "found"))
        simple_result(test, line, "monitor", 0, 0, 2);
    else if (!strcmp(word, "started"))
        simple_result(test, line, "start", 0, 0, 2);
    else if (!strcmp(word, "promoted"))
        simple_result(test, line, "promote", 0, 0, 2);
    else if (!strcmp(word, "monitored"))
        simple_result(test, line, "monitor", duration(line->words[2]), 0, 3);
    else if (!strcmp(word, "result"))
        full_result(test, line);
    else if (!strcmp(word, "probed"))
        probed(test);
    else if (!strcmp(word, "settled"))
        ck_assert_msg(world_settle(&test->world, false), "it does not settle");
    else if (!strcmp(word, "cleanup"))
        world_cleanup(&test->world, line->words[1]);
    else if (!strcmp(word, "fails"))
        world_fail(&test->world, line->words[1], line->words[2], "monitor", 30 * HY_SECOND, atoi(line->words[3]));
    else if (!strcmp(word, "transient"))
        set_transient(test, line);
    else if (!strcmp(word, "inflight")) {
        const char *op = read_op(line->words[3], &interval);
        /* Names outlive the line. */
        hy_vec_push(&test->world.inflight, ((struct hy_inflight){.node = (kept[0] = hy_strdup(line->words[1])),
                                                                 .rsc = (kept[1] = hy_strdup(line->words[2])),
                                                                 .op = (kept[2] = hy_strdup(op)),
                                                                 .interval = interval}));
    } else
        ck_abort_msg("state: what is '%s'?", word);
}

/* ---------------------------------------------------------------- expectations */

static const struct hy_action *find_action(const struct test *test, char *const *words, size_t *at)
{
    for (size_t i = 0; i < test->decision->action_count; i++) {
        const struct hy_action *action = &test->decision->actions[i];
        const char *word = action->kind == HY_ACT_NOTIFY ? action->op : hy_action_word(action->kind);
        if (!strcmp(word, words[0]) && !strcmp(action->kind == HY_ACT_FENCE ? action->op : action->rsc, words[1]) &&
            !strcmp(action->node, words[2])) {
            if (at)
                *at = i;
            return action;
        }
    }
    return NULL;
}

static bool comes_after(const struct hy_decision *decision, size_t then, size_t first)
{
    for (size_t i = 0; i < decision->actions[then].after_count; i++) {
        size_t at = decision->actions[then].after[i];
        if (at == first || comes_after(decision, at, first))
            return true;
    }
    return false;
}

/* order stop MaxScale test3 , start MaxScale test1 */
static void expect_order(struct test *test, struct line *line)
{
    size_t first, then;
    if (line->count != 8 || !find_action(test, line->words + 1, &first) || !find_action(test, line->words + 5, &then))
        hy_buf_addf(test->difference, "  one of the two is not there: order %s %s %s, ...\n", line->words[1],
                    line->words[2], line->words[3]);
    else if (!comes_after(test->decision, then, first))
        hy_buf_addf(test->difference, "  %s of %s on %s does not wait for %s of %s on %s\n", line->words[5],
                    line->words[6], line->words[7], line->words[1], line->words[2], line->words[3]);
}

/* free start MaxScale test1: nothing must be done first */
static void expect_free(struct test *test, struct line *line)
{
    const struct hy_action *action = line->count == 4 ? find_action(test, line->words + 1, NULL) : NULL;
    if (!action || action->after_count)
        hy_buf_addf(test->difference, "  %s of %s on %s is not there, or waits for something\n", line->words[1],
                    line->words[2], line->words[3]);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void join_sorted(const char **list, size_t count, struct hy_buf *out)
{
    qsort(list, count, sizeof *list, by_text);
    for (size_t i = 0; i < count; i++)
        hy_buf_addf(out, "%s%s", i ? " " : "", list[i]);
    if (!count)
        hy_buf_adds(out, "nowhere");
}

/* place ClusterIP test1 | place MaxScale test1 test3 | place ClusterIP nowhere | promoted db test1 */
static void expect_place(struct test *test, struct line *line, bool promoted)
{
    const char *list[64];
    size_t count = 0;
    for (size_t i = 0; i < test->decision->placement_count; i++) {
        const struct hy_placement *placement = &test->decision->placements[i];
        if (!strcmp(placement->rsc, line->words[1]) && placement->node &&
            (!promoted || placement->role == HY_ROLE_PROMOTED))
            list[count++] = placement->node;
    }
    const char *wanted[MOST_WORDS];
    size_t wanted_count = 0;
    for (int i = 2; i < line->count; i++)
        if (strcmp(line->words[i], "nowhere"))
            wanted[wanted_count++] = line->words[i];
    struct hy_buf is = {0}, should = {0};
    join_sorted(list, count, &is);
    join_sorted(wanted, wanted_count, &should);
    if (strcmp(hy_buf_text(&is), hy_buf_text(&should)))
        hy_buf_addf(test->difference, "  %s is to be on: %s\n    expected:  %s\n", line->words[1], hy_buf_text(&is),
                    hy_buf_text(&should));
    hy_buf_free(&is);
    hy_buf_free(&should);
}

static void expect_text(struct test *test, const char *what, const char *is, const char *wanted)
{
    if (!is || !strstr(is, wanted))
        hy_buf_addf(test->difference, "  the reason of %s is: %s\n    expected in it:  %s\n", what, is ? is : "(none)",
                    wanted);
}

/* why ClusterIP "text" | why stop ClusterIP test3 "text" | why node test3 "text" */
static void expect_why(struct test *test, struct line *line)
{
    const char *is = NULL;
    if (line->count == 5) {
        const struct hy_action *action = find_action(test, line->words + 1, NULL);
        is = action ? action->reason : NULL;
    } else if (line->count == 4) {
        for (size_t i = 0; i < test->decision->node_count; i++)
            if (!strcmp(test->decision->nodes[i].node, line->words[2]))
                is = test->decision->nodes[i].reason;
    } else {
        for (size_t i = 0; i < test->decision->placement_count && !is; i++)
            if (!strcmp(test->decision->placements[i].rsc, line->words[1]))
                is = test->decision->placements[i].reason;
    }
    expect_text(test, line->words[line->count - 2], is, line->words[line->count - 1]);
}

static void expect_node(struct test *test, const struct line *line)
{
    for (size_t i = 0; i < test->decision->node_count; i++) {
        const struct hy_node_view *view = &test->decision->nodes[i];
        if (strcmp(view->node, line->words[1]))
            continue;
        const char *is = view->standby_onfail ? "standby(on-fail)"
                         : view->standby      ? "standby"
                         : !view->member      ? "offline"
                         : view->pending      ? "pending"
                         : view->maintenance  ? "maintenance"
                                              : "online";
        if (strcmp(is, line->words[2]))
            hy_buf_addf(test->difference, "  %s is %s\n    expected:  %s\n", view->node, is, line->words[2]);
    }
}

/* active MaxScale test3 failed|blocked|unmanaged|orphan|ok */
static void expect_active(struct test *test, const struct line *line)
{
    const char *is = "not active";
    for (size_t i = 0; i < test->decision->active_count; i++) {
        const struct hy_active *active = &test->decision->active[i];
        if (!strcmp(active->rsc, line->words[1]) && !strcmp(active->node, line->words[2]))
            is = active->blocked     ? "blocked"
                 : active->failed    ? "failed"
                 : active->orphan    ? "orphan"
                 : active->unmanaged ? "unmanaged"
                                     : "ok";
    }
    if (strcmp(is, line->words[3]))
        hy_buf_addf(test->difference, "  %s on %s is %s\n    expected:  %s\n", line->words[1], line->words[2], is,
                    line->words[3]);
}

static void expect_expired(struct test *test, const struct line *line)
{
    for (size_t i = 0; i < test->decision->expired.count; i++)
        if (!strcmp(test->decision->expired.items[i].rsc, line->words[1]) &&
            !strcmp(test->decision->expired.items[i].node, line->words[2]))
            return;
    hy_buf_addf(test->difference, "  failures of %s on %s have not expired\n", line->words[1], line->words[2]);
}

static void expect_recheck(struct test *test, const struct line *line)
{
    hy_time is = test->decision->recheck == HY_NEVER ? -1 : (test->decision->recheck - test->world.now) / HY_SECOND;
    hy_time wanted = strcmp(line->words[1], "never") ? duration(line->words[1]) / HY_SECOND : -1;
    if (is != wanted)
        hy_buf_addf(test->difference, "  recheck in %llds\n    expected:  %llds\n", (long long)is, (long long)wanted);
}

static bool is_kind(const char *word)
{
    for (int kind = HY_ACT_PROBE; kind <= HY_ACT_FENCE; kind++)
        if (!strcmp(word, hy_action_word((enum hy_action_kind)kind)))
            return true;
    return hy_op_is_notice(word, NULL, NULL);
}

static void expect_line(struct test *test, struct line *line)
{
    const char *word = line->words[0];
    if (!strcmp(word, "order"))
        expect_order(test, line);
    else if (!strcmp(word, "free"))
        expect_free(test, line);
    else if (!strcmp(word, "place"))
        expect_place(test, line, false);
    else if (!strcmp(word, "promoted"))
        expect_place(test, line, true);
    else if (!strcmp(word, "why"))
        expect_why(test, line);
    else if (!strcmp(word, "node"))
        expect_node(test, line);
    else if (!strcmp(word, "active"))
        expect_active(test, line);
    else if (!strcmp(word, "expired"))
        expect_expired(test, line);
    else if (!strcmp(word, "recheck"))
        expect_recheck(test, line);
    else if (!strcmp(word, "with"))
        for (int i = 1; i < line->count; i++) {
            test->probes = test->probes || !strcmp(line->words[i], "probes");
            test->monitors = test->monitors || !strcmp(line->words[i], "monitors");
            test->notifications = test->notifications || !strcmp(line->words[i], "notifications");
        }
    else if (is_kind(word)) {
        for (int i = 0; i < line->count; i++)
            hy_buf_addf(&test->expected, "%s%s", i ? " " : "", line->words[i]);
        hy_buf_addc(&test->expected, '\n');
    } else
        ck_abort_msg("expect: what is '%s'?", word);
}

/* Takes the line out of the text. */
static bool take_line(struct hy_buf *text, const char *line)
{
    size_t size = strlen(line);
    for (char *at = text->data; at && *at; at = strchr(at, '\n') + 1)
        if (!strncmp(at, line, size) && at[size] == '\n') {
            memmove(at, at + size + 1, strlen(at + size + 1) + 1);
            text->size -= size + 1;
            return true;
        }
    return false;
}

static void compare_actions(struct test *test)
{
    for (size_t i = 0; i < test->decision->action_count; i++) {
        const struct hy_action *action = &test->decision->actions[i];
        struct hy_buf line = {0};
        world_print_action(action, &line);
        bool compared = action->kind == HY_ACT_PROBE     ? test->probes
                        : action->kind == HY_ACT_MONITOR ? test->monitors
                        : action->kind == HY_ACT_NOTIFY  ? test->notifications
                                                         : true;
        if (!take_line(&test->expected, hy_buf_text(&line)) && compared)
            hy_buf_addf(test->difference, "  not expected:  %s  (%s)\n", hy_buf_text(&line), action->reason);
        hy_buf_free(&line);
    }
    for (char *at = test->expected.data; at && *at;) {
        char *end = strchr(at, '\n');
        hy_buf_addf(test->difference, "  missing:       %.*s\n", (int)(end - at), at);
        at = end + 1;
    }
}

/* ---------------------------------------------------------------- a file */

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    ck_assert_msg(file, "cannot open %s", path);
    struct hy_buf text = {0};
    char part[4096];
    for (size_t got; (got = fread(part, 1, sizeof part, file)) > 0;)
        hy_buf_add(&text, part, got);
    fclose(file);
    return hy_buf_take(&text);
}

static char *section(char *text, const char *name)
{
    char *at = strstr(text, name);
    ck_assert_msg(at, "no section '%s'", name);
    *at = '\0';
    return at + strlen(name);
}

static void each_line(struct test *test, char *text, bool state, char **kept)
{
    for (char *at = text; *at;) {
        size_t size = strcspn(at, "\n");
        struct line line;
        split(at, size, &line);
        if (line.count && state) {
            state_line(test, &line, kept);
            while (*kept)
                kept++;
        } else if (line.count) {
            expect_line(test, &line);
        }
        at += size + (at[size] == '\n');
    }
}

void sched_case_run(const char *path, struct hy_buf *difference)
{
    char *text = read_file(path);
    char *kept[64] = {0};
    char *configuration = section(text, "--- configuration\n");
    char *state = section(configuration, "--- state\n");
    char *expect = section(state, "--- expect\n");
    struct test test = {.difference = difference};
    char *change = strstr(state, "--- changed configuration\n");
    if (change)
        *change = '\0';
    world_init(&test.world, configuration);
    each_line(&test, state, true, kept);
    if (change)
        world_configure(&test.world, change + strlen("--- changed configuration\n"));
    test.decision = world_decide(&test.world);
    world_check(&test.world, test.decision, difference);
    each_line(&test, expect, false, kept);
    compare_actions(&test);
    hy_decision_free(&test.decision);
    if (!difference->size && !world_settle(&test.world, true))
        hy_buf_adds(difference, "  it does not come to rest\n");
    world_free(&test.world);
    hy_buf_free(&test.expected);
    for (size_t i = 0; kept[i]; i++)
        free(kept[i]);
    free(text);
}
