/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `simulate`, and what it makes happen. */
#include "hactl/simulate.h"

#include "cib/command.h"
#include "cib/iso8601.h"
#include "cib/object.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---------------------------------------------------------------- command line */

/* Of local time, in seconds. */
static int offset_at(time_t seconds)
{
    struct tm parts;
    return localtime_r(&seconds, &parts) ? (int)parts.tm_gmtoff : 0;
}

bool hactl_parse_time(const char *text, hy_wall *wall)
{
    size_t digits = strspn(text, "0123456789");
    int64_t seconds, now = (int64_t)time(NULL);
    if (digits && !text[digits] && digits != 7 && digits != 8 && digits < 13) { /* those are dates */
        *wall = (hy_wall)strtoll(text, NULL, 10) * HY_SECOND;
        return true;
    }
    if (!hy_date_parse(text, now, offset_at((time_t)now), &seconds) ||
        !hy_date_parse(text, now, offset_at((time_t)seconds), &seconds)) /* summer time is the time's own */
        return false;
    *wall = (hy_wall)seconds * HY_SECOND;
    return true;
}

/* Says what is wrong with the command line. */
#define USAGE(...) ((void)hactl_fail(__VA_ARGS__), HACTL_USAGE)

static int take_quorum(const char *value, struct hactl_simulate_options *options)
{
    bool yes;
    if (!hy_parse_bool(value, &yes))
        return USAGE("--quorum '%s': expected yes or no", value);
    options->quorum = yes ? HACTL_YES : HACTL_NO;
    return HACTL_OK;
}

static int take_at(const char *value, struct hactl_simulate_options *options)
{
    if (!*value)
        return HACTL_OK;
    if (!hactl_parse_time(value, &options->at))
        return USAGE("--at '%s': expected seconds since 1970, or a time as 2026-11-22T18:30:00Z", value);
    return HACTL_OK;
}

static int take_fail(const char *value, struct hactl_simulate_options *options)
{
    const char *at = strchr(value, '@');
    if (!at || at == value || !at[1])
        return USAGE("--fail '%s': expected RESOURCE@NODE", value);
    hy_vec_push(&options->fail, value);
    return HACTL_OK;
}

static int take_value(const char *option, const char *value, struct hactl_simulate_options *options)
{
    if (strcmp(option, "--at") == 0)
        return take_at(value, options);
    if (strcmp(option, "--quorum") == 0)
        return take_quorum(value, options);
    if (strcmp(option, "--fail") == 0)
        return take_fail(value, options);
    if (strcmp(option, "--node-down") == 0)
        hy_vec_push(&options->down, value);
    else if (strcmp(option, "--standby") == 0)
        hy_vec_push(&options->standby, value);
    else if (strcmp(option, "--xml") == 0)
        options->xml_file = value;
    else if (strcmp(option, "--state") == 0)
        options->state_file = value;
    else if (strcmp(option, "--save") == 0)
        options->save_file = value;
    else
        return USAGE("'%s' is no option of %s: `hactl help %s` tells which there are", option, options->command,
                     options->command);
    return HACTL_OK;
}

int hactl_simulate_options(int argc, char **argv, struct hactl_simulate_options *options)
{
    int status = HACTL_OK;
    options->command = argv[0];
    for (int i = 1; i < argc && !status; i += 2) {
        bool last = i + 1 == argc;
        if (last && strcmp(argv[i], "--at") == 0)
            break; /* a time that was left empty is none */
        if (argv[i][0] != '-')
            status = USAGE("'%s': expected an option of %s", argv[i], options->command);
        else if (last)
            status = USAGE("%s: a value must follow", argv[i]);
        else
            status = take_value(argv[i], argv[i + 1], options);
    }
    if (!status && options->xml_file && options->state_file)
        status = USAGE("expected either --xml or --state");
    return status;
}

void hactl_simulate_options_free(struct hactl_simulate_options *options)
{
    hy_vec_free(&options->down);
    hy_vec_free(&options->standby);
    hy_vec_free(&options->fail);
}

/* ---------------------------------------------------------------- events */

static struct hy_node_status *node_of(const struct hy_cib *cib, const char *name)
{
    struct hy_node_status *status = hy_cib_node(cib, name);
    if (!status)
        hactl_fail("there is no node %s in it", name);
    return status;
}

/* With fencing, somebody who is lost may still run what it ran; without, the verdict says that it does not. */
static int put_down(struct hy_cib *cib, const char *name, bool fencing)
{
    struct hy_node_status *status = node_of(cib, name);
    if (!status)
        return HACTL_FAILED;
    status->state = HY_MEMBER_GONE;
    status->synced = false;
    status->unclean = fencing;
    if (!fencing)
        hy_status_clear_results(status);
    return HACTL_OK;
}

static int put_standby(struct hy_cib *cib, const char *name)
{
    struct hy_object *node = hy_cib_find_kind(cib, HY_NODE, name);
    if (!node)
        return hactl_fail("there is no node %s in it", name);
    hy_sets_set(&node->u.node.attributes, "standby", "on");
    return HACTL_OK;
}

/* Its first recurring monitor, as it is configured. */
static hy_time configured_interval(const struct hy_cib *cib, const char *rsc)
{
    const struct hy_object *object = hy_cib_find_kind(cib, HY_PRIMITIVE, rsc);
    for (size_t i = 0; object && i < object->u.primitive.ops.count; i++) {
        const struct hy_op_config *op = &object->u.primitive.ops.items[i];
        if (op->interval && strcmp(op->name, "monitor") == 0)
            return op->interval;
    }
    return 10 * HY_SECOND;
}

/* The first recurring monitor that is known there; 0: none. */
static hy_time interval_of(const struct hy_node_status *status, const char *rsc)
{
    for (size_t i = 0; i < status->results.count; i++) {
        const struct hy_result *result = &status->results.items[i];
        if (result->interval && strcmp(result->rsc, rsc) == 0 && strcmp(result->op, "monitor") == 0)
            return result->interval;
    }
    return 0;
}

/* The instance of that name that something is known of there: itself, or one with a number. */
static const char *instance_on(const struct hy_node_status *status, const char *rsc)
{
    size_t length = strlen(rsc);
    for (size_t i = 0; i < status->results.count; i++) {
        const char *name = status->results.items[i].rsc;
        if (strncmp(name, rsc, length) == 0 && (!name[length] || name[length] == ':'))
            return name;
    }
    return NULL;
}

static uint64_t last_call(const struct hy_node_status *status)
{
    uint64_t call = 0;
    for (size_t i = 0; i < status->results.count; i++)
        if (status->results.items[i].call > call)
            call = status->results.items[i].call;
    return call;
}

/* As if its monitor had found it stopped. */
static int put_failure(struct hy_cib *cib, const char *what, hy_wall now)
{
    char *rsc = hy_strndup(what, strcspn(what, "@"));
    struct hy_node_status *status = node_of(cib, strchr(what, '@') + 1);
    const char *instance = status ? instance_on(status, rsc) : NULL;
    int code = HACTL_OK;
    if (status && !instance)
        code = hactl_fail("nothing is known of %s on %s: it cannot fail there", rsc, status->node);
    if (instance) {
        hy_time interval = interval_of(status, instance);
        struct hy_result result = {.rsc = (char *)instance,
                                   .op = "monitor",
                                   .interval = interval ? interval : configured_interval(cib, rsc),
                                   .rc = 1,
                                   .expected = 0,
                                   .call = last_call(status) + 1,
                                   .reason = "made to fail for the simulation"};
        struct hy_buf text = {0};
        struct hy_answer answer = {0};
        hy_command_begin(&text, &(struct hy_command_head){.at = now});
        hy_command_result(&text, status->node, status->epoch, &result);
        hy_cib_apply(cib, cib->index + 1, hy_buf_text(&text), text.size, &answer);
        if (answer.code)
            code = hactl_fail("--fail %s: %s", what, answer.err.text);
        hy_buf_free(&text);
    }
    free(rsc);
    return status ? code : HACTL_FAILED;
}

/* A Pacemaker cluster of two goes on with one of them, as corosync's two_node has it. */
bool hactl_quorum_left(const struct hactl_simulate_options *options, const struct hy_cib *cib, bool quorum)
{
    size_t votes = 0, there = 0;
    if (options->quorum != HACTL_AS_IT_IS)
        return options->quorum == HACTL_YES;
    for (size_t i = 0; i < cib->nodes.count; i++) {
        const struct hy_node_status *status = cib->nodes.items[i];
        if (!status->id && !options->xml_file)
            continue; /* it was never in the cluster */
        votes++;
        there += status->state == HY_MEMBER_IN;
    }
    bool two_node = options->xml_file && votes == 2;
    return quorum && (2 * there > votes || two_node);
}

int hactl_simulate_events(const struct hactl_simulate_options *options, struct hy_cib *cib, bool fencing, hy_wall now)
{
    int status = HACTL_OK;
    for (size_t i = 0; i < options->fail.count && !status; i++)
        status = put_failure(cib, options->fail.items[i], now);
    for (size_t i = 0; i < options->standby.count && !status; i++)
        status = put_standby(cib, options->standby.items[i]);
    for (size_t i = 0; i < options->down.count && !status; i++)
        status = put_down(cib, options->down.items[i], fencing);
    return status;
}
