/* SPDX-License-Identifier: Apache-2.0 */
/* What was done to one resource on one node, in the order in which it was done. */
#include "hactl/import.h"

#include "cib/object.h"
#include "cib/words.h"

#include <halyard/agent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More of one resource on one node were never seen: one for each operation, a few for notifications. */
enum { MOST_ENTRIES = 500, PENDING_RC = 193 };

/* An entry, and what its place among the others depends on. */
struct entry {
    struct hy_result result; /* its strings are the XML's */
    int call;                /* as written; -1: not answered yet */
    int transition;          /* from its transition-key; -1: not said */
    const char *uuid;        /* of who ordered it */
    bool last_failure;       /* kept because it failed, it was thought then, whatever came after */
    size_t number;           /* in the file */
};

struct entries {
    HY_VEC(struct entry) list;
};

static int number_of(const char *text, int otherwise)
{
    char *end;
    if (!text || !*text)
        return otherwise;
    long value = strtol(text, &end, 10);
    return *end || value < -1 || value > INT32_MAX ? otherwise : (int)value;
}

/* Some had underscores before 1.1. */
static const char *get_either(const struct hactl_xml *at, const char *name, const char *old)
{
    const char *text = hactl_xml_get(at, name);
    return text ? text : hactl_xml_get(at, old);
}

/* "ACTION:TRANSITION:EXPECTED:UUID", or behind "STATUS:RC;" in transition-magic. */
static void read_key(const struct hactl_xml *at, struct entry *entry)
{
    const char *key = hactl_xml_get(at, "transition-key"), *magic = hactl_xml_get(at, "transition-magic");
    int action = -1, transition = -1, expected = -1, read = 0;
    if (!key && magic && (key = strchr(magic, ';')))
        key++;
    entry->transition = -1;
    entry->uuid = "";
    if (!key || sscanf(key, "%9d:%9d:%9d:%n", &action, &transition, &expected, &read) != 3 || !read)
        return;
    entry->transition = transition;
    entry->result.has_expected = expected >= 0;
    entry->result.expected = expected >= 0 ? expected : 0;
    entry->uuid = key + read;
}

/* How it was carried out, as the reference numbers it. */
enum status {
    STATUS_PENDING = -1,
    STATUS_DONE,
    STATUS_CANCELLED,
    STATUS_TIMEOUT,
    STATUS_NOT_SUPPORTED,
    STATUS_ERROR,
    STATUS_ERROR_HARD,  /* not on this node */
    STATUS_ERROR_FATAL, /* nowhere */
    STATUS_NOT_INSTALLED,
    STATUS_NOT_CONNECTED,
    STATUS_INVALID,
    STATUS_NO_FENCE_DEVICE,
    STATUS_NO_SECRETS
};

/* Of done and error the answer tells whether it is a failure; other words are final. */
static enum hy_exec exec_of(int status, int rc)
{
    switch (status) {
    case STATUS_PENDING:
        return HY_EXEC_PENDING;
    case STATUS_CANCELLED:
        return HY_EXEC_CANCELLED;
    case STATUS_TIMEOUT:
        return HY_EXEC_TIMEOUT;
    default:
        return rc == PENDING_RC ? HY_EXEC_PENDING : HY_EXEC_DONE;
    }
}

/* The answer that has the same consequences as the final word. */
static int rc_of(int status, int rc)
{
    switch (status) {
    case STATUS_NOT_SUPPORTED:
    case STATUS_NOT_CONNECTED:
    case STATUS_INVALID:
        return HALYARD_ERR_GENERIC;
    case STATUS_ERROR_HARD:
    case STATUS_NO_FENCE_DEVICE:
    case STATUS_NO_SECRETS:
        return HALYARD_ERR_PERM;
    case STATUS_ERROR_FATAL:
        return HALYARD_ERR_CONFIGURED;
    case STATUS_NOT_INSTALLED:
        return HALYARD_ERR_INSTALLED;
    default:
        return rc;
    }
}

/* As the reference judges: by what was expected; a probe is right in whatever it finds, if it finds it sound. */
static bool is_failure(const struct hy_result *result)
{
    int rc = result->rc;
    if (result->exec == HY_EXEC_PENDING || result->exec == HY_EXEC_CANCELLED)
        return false;
    if (result->exec != HY_EXEC_DONE)
        return true;
    bool monitor = strcmp(result->op, "monitor") == 0;
    if (monitor && rc == HALYARD_DEGRADED)
        rc = HALYARD_OK;
    if (monitor && rc == HALYARD_DEGRADED_PROMOTED)
        rc = HALYARD_RUNNING_PROMOTED;
    if (monitor && !result->interval &&
        (rc == HALYARD_OK || rc == HALYARD_NOT_RUNNING || rc == HALYARD_RUNNING_PROMOTED))
        return false;
    return rc != (result->has_expected ? result->expected : HALYARD_OK);
}

static const char *agent_of(struct hactl_import *import, const struct hactl_xml *resource)
{
    const char *cls = hactl_xml_get(resource, "class"), *provider = hactl_xml_get(resource, "provider");
    const char *type = hactl_xml_get(resource, "type");
    if (!cls || !type)
        return NULL;
    return provider ? hy_arena_printf(&import->arena, "%s:%s:%s", cls, provider, type)
                    : hy_arena_printf(&import->arena, "%s:%s", cls, type);
}

/* Names with one blank around each. */
static char *names_of(struct hactl_import *import, const char *text)
{
    if (!text)
        return NULL;
    char *names = hy_arena_alloc(&import->arena, strlen(text) + 3);
    size_t size = 0;
    names[size++] = ' ';
    for (; *text; text++)
        if (*text != ' ' || names[size - 1] != ' ')
            names[size++] = *text;
    if (names[size - 1] != ' ')
        names[size++] = ' ';
    return names;
}

/* What is longer than any duration of ours cannot be meant. */
static hy_time ms_of(const char *text)
{
    uint64_t ms = 0;
    return text && hy_uint_parse(text, HY_DURATION_MAX / HY_MS, &ms) ? (hy_time)ms * HY_MS : 0;
}

static bool is_last_failure(const struct hactl_xml *at)
{
    static const char suffix[] = "_last_failure_0";
    const char *id = hactl_xml_get(at, "id");
    size_t length = id ? strlen(id) : 0, tail = sizeof suffix - 1;
    return length > tail && strcmp(id + length - tail, suffix) == 0;
}

static void read_entry(struct hactl_import *import, const struct hactl_xml *at, const char *rsc, const char *agent,
                       struct entry *entry)
{
    int status = number_of(hactl_xml_get(at, "op-status"), 0), rc = number_of(hactl_xml_get(at, "rc-code"), 0);
    const char *changed = get_either(at, "last-rc-change", "last_rc_change");
    const char *reason = hactl_xml_get(at, "exit-reason");
    const char *digest = hactl_xml_get(at, "op-digest");
    struct hy_result *result = &entry->result;
    *result =
        (struct hy_result){.rsc = (char *)rsc,
                           .op = (char *)hactl_xml_get(at, "operation"),
                           .interval = ms_of(hactl_xml_get(at, "interval")),
                           .exec = exec_of(status, rc),
                           .rc = rc_of(status, rc),
                           .at = hactl_import_epoch(changed ? changed : get_either(at, "last-run", "last_run")),
                           .took = ms_of(get_either(at, "exec-time", "exec_time")),
                           .queued = ms_of(get_either(at, "queue-time", "queue_time")),
                           .reason = reason && *reason ? (char *)reason : NULL,
                           .agent = (char *)agent,
                           .digest = (char *)(digest ? digest : ""), /* none: the reference takes that for another */
                           .restart_digest = (char *)hactl_xml_get(at, "op-restart-digest"),
                           .restart_params = names_of(import, hactl_xml_get(at, "op-force-restart"))};
    result->secure_digest = (char *)hactl_xml_get(at, "op-secure-digest");
    result->secure_params = names_of(import, hactl_xml_get(at, "op-secure-params"));
    result->migrate_from = (char *)hactl_xml_get(at, "migrate_source");
    result->migrate_to = (char *)hactl_xml_get(at, "migrate_target");
    entry->call = number_of(hactl_xml_get(at, "call-id"), -1);
    entry->last_failure = is_last_failure(at);
    read_key(at, entry);
    result->failed = is_failure(result);
}

/* Which was later. One that was not answered has no number: what it was ordered by tells. */
static int compare(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    int order = 0;
    if (a->call >= 0 && b->call >= 0)
        order = (a->call > b->call) - (a->call < b->call);
    else if (a->call < 0 && b->call < 0)
        order = (a->transition > b->transition) - (a->transition < b->transition);
    else if (strcmp(a->uuid, b->uuid) == 0 && a->transition != b->transition)
        order = (a->transition > b->transition) - (a->transition < b->transition);
    else
        order = (a->call < 0) - (b->call < 0);
    if (!order)
        order = (a->result.at > b->result.at) - (a->result.at < b->result.at);
    return order ? order : (a->number > b->number) - (a->number < b->number);
}

/* By insertion: the order of answered and unanswered ones is no total one, and qsort() may not be given such. */
static void sort(struct entries *entries)
{
    for (size_t i = 1; i < entries->list.count; i++) {
        struct entry entry = entries->list.items[i];
        size_t at = i;
        for (; at > 0 && compare(&entries->list.items[at - 1], &entry) > 0; at--)
            entries->list.items[at] = entries->list.items[at - 1];
        entries->list.items[at] = entry;
    }
}

static bool is_sound(struct hactl_import *import, const struct hactl_xml *at)
{
    const char *op = hactl_xml_get(at, "operation");
    if (op && hy_word_is_plain(op) && strlen(op) <= HY_ID_MAX)
        return true;
    hactl_import_note(import, at, "names no operation: left out");
    return false;
}

static void keep_failure(struct hy_node_status *status, size_t from, const struct hy_result *result)
{
    for (size_t i = from; i < status->failures.count; i++) {
        struct hy_result *known = &status->failures.items[i];
        if (known->interval != result->interval || strcmp(known->op, result->op) != 0)
            continue;
        hy_result_free(known);
        *known = hy_result_copy(result);
        return;
    }
    hy_vec_push(&status->failures, hy_result_copy(result));
}

static void keep_result(struct hy_node_status *status, size_t from, const struct hy_result *result)
{
    for (size_t i = from; i < status->results.count; i++) {
        struct hy_result *known = &status->results.items[i];
        if (known->interval != result->interval || strcmp(known->op, result->op) != 0)
            continue;
        hy_result_free(known);
        *known = hy_result_copy(result);
        return;
    }
    hy_vec_push(&status->results, hy_result_copy(result));
}

/* One thing is done at a time: what came to its end later was ordered later, and what waited for an answer then is over,
 * answered or not. */
static bool is_overtaken(const struct entries *entries, size_t at)
{
    if (entries->list.items[at].result.exec != HY_EXEC_PENDING || entries->list.items[at].result.interval)
        return false;
    for (size_t i = at + 1; i < entries->list.count; i++) {
        const struct hy_result *later = &entries->list.items[i].result;
        if (later->exec != HY_EXEC_PENDING && strcmp(later->op, "monitor") != 0 && strcmp(later->op, "notify") != 0)
            return true;
    }
    return false;
}

/* In their order: a later one of the same operation takes the place of an earlier. What has no number of its own gets
 * the one before it or more. */
static void keep(struct hy_node_status *status, struct entries *entries)
{
    uint64_t call = 0;
    size_t results = status->results.count, failures = status->failures.count; /* those of the resource come behind */
    for (size_t i = 0; i < entries->list.count; i++) {
        struct entry *entry = &entries->list.items[i];
        if (entry->call >= 0 && (uint64_t)entry->call > call)
            call = (uint64_t)entry->call;
        else if (entry->call < 0)
            call++;
        entry->result.call = call;
        if (is_overtaken(entries, i))
            continue;
        if (!entry->last_failure || !entry->result.failed)
            keep_result(status, results, &entry->result);
        if (entry->result.failed)
            keep_failure(status, failures, &entry->result);
    }
}

static void read_lock(const struct hactl_xml *resource, const char *id, struct hy_node_status *status)
{
    hy_wall since = hactl_import_epoch(hactl_xml_get(resource, "shutdown-lock"));
    if (!since)
        return;
    const struct hy_rsc_lock lock = {.rsc = hy_strdup(id), .since = since};
    hy_vec_push(&status->locks, lock);
}

void hactl_import_history(struct hactl_import *import, const struct hactl_xml *resource, struct hy_node_status *status)
{
    const char *id = hactl_xml_get(resource, "id");
    struct entries entries = {0};
    if (!id || !hy_instance_name_is_valid(id)) {
        hactl_import_note(import, resource, "its id is none of a resource: its history is left out");
        return;
    }
    if (hy_map_put(&import->seen, id, import)) {
        hactl_import_note(import, resource, "is there twice on %s: the second is left out", status->node);
        return;
    }
    const char *agent = agent_of(import, resource);
    for (const struct hactl_xml *at = resource->child; at; at = at->next) {
        if (!hactl_xml_is(at, "lrm_rsc_op") || !is_sound(import, at))
            continue;
        if (entries.list.count >= MOST_ENTRIES) {
            hactl_import_note(import, at, "is one of more than %d of %s on %s: left out", MOST_ENTRIES, id,
                              status->node);
            break;
        }
        struct entry *entry = hy_vec_add(&entries.list);
        *entry = (struct entry){.number = entries.list.count};
        read_entry(import, at, id, agent, entry);
    }
    sort(&entries);
    keep(status, &entries);
    read_lock(resource, id, status);
    hy_vec_free(&entries.list);
}
