/* SPDX-License-Identifier: Apache-2.0 */
/* What nodes are and were: node_state, and what it holds. */
#include "hactl/import.h"

#include "cib/object.h"
#include "cib/tickets.h"
#include "cib/words.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* ---------------------------------------------------------------- fail counts and attributes */

/* "fail-count-RSC#OP_10000": takes it apart. False: none of these; the form before 1.1.17, without an operation, is not
 * read any more there either. */
static bool split_counter(struct hy_arena *arena, const char *name, const char *prefix, char **rsc, char **op,
                          hy_time *interval)
{
    if (strncmp(name, prefix, strlen(prefix)) != 0 || !name[strlen(prefix)])
        return false;
    *rsc = hy_arena_strdup(arena, name + strlen(prefix));
    *interval = 0;
    char *hash = strrchr(*rsc, '#');
    char *line = hash ? strrchr(hash, '_') : NULL;
    uint64_t ms = 0;
    if (!line || line == hash + 1 || !hy_uint_parse(line + 1, INT32_MAX, &ms))
        return false;
    *hash = *line = '\0';
    *op = hash + 1;
    *interval = (hy_time)ms * HY_MS;
    return **rsc && hy_word_is_plain(*op);
}

static struct hy_failcount *counter_of(struct hy_node_status *status, const char *rsc, const char *op, hy_time interval)
{
    for (size_t i = 0; i < status->failcounts.count; i++) {
        struct hy_failcount *count = &status->failcounts.items[i];
        if (count->interval == interval && strcmp(count->rsc, rsc) == 0 && strcmp(count->op, op) == 0)
            return count;
    }
    struct hy_failcount *count = hy_vec_add(&status->failcounts);
    *count = (struct hy_failcount){.rsc = hy_strdup(rsc), .op = hy_strdup(op), .interval = interval};
    return count;
}

static bool take_counter(struct hactl_import *import, struct hy_node_status *status, const struct hy_attr *attr)
{
    char *rsc, *op;
    hy_time interval;
    int count = 0;
    if (split_counter(&import->arena, attr->name, "fail-count-", &rsc, &op, &interval) &&
        hy_instance_name_is_valid(rsc)) {
        if (hy_score_parse(attr->value, &count) && count > 0)
            counter_of(status, rsc, op, interval)->count = count;
        return true;
    }
    if (split_counter(&import->arena, attr->name, "last-failure-", &rsc, &op, &interval) &&
        hy_instance_name_is_valid(rsc)) {
        counter_of(status, rsc, op, interval)->last = hactl_import_epoch(attr->value);
        return true;
    }
    return false;
}

/* A count of 0 with a date says nothing. */
static void drop_empty_counters(struct hy_node_status *status)
{
    for (size_t i = status->failcounts.count; i > 0; i--) {
        if (status->failcounts.items[i - 1].count)
            continue;
        free(status->failcounts.items[i - 1].rsc);
        free(status->failcounts.items[i - 1].op);
        hy_vec_remove(&status->failcounts, i - 1);
    }
}

static void read_transient(struct hactl_import *import, const struct hactl_xml *at, struct hy_node_status *status)
{
    struct hy_attr_sets sets = {0};
    hactl_import_sets(import, at, "instance_attributes", HACTL_USE_OTHER, &sets);
    for (size_t i = 0; i < sets.list.count; i++) {
        const struct hy_attrs *attrs = &sets.list.items[i].attrs;
        for (size_t k = 0; k < attrs->list.count; k++) {
            const struct hy_attr *attr = &attrs->list.items[k];
            if (!take_counter(import, status, attr) && !hy_attrs_get(&status->transient, attr->name))
                hy_attrs_set(&status->transient, attr->name, attr->value);
        }
    }
    hy_sets_free(&sets);
}

/* ---------------------------------------------------------------- is it there? */

struct state {
    int member;   /* in the membership: -1 not said, 0, 1 */
    bool running; /* its controller is */
    bool expected;
    const char *join;
};

/* "true", "false", or since 2.1.7 the seconds since 1970 from when on; 0 is no. */
static int read_since(const char *text, hy_wall *since)
{
    bool yes = false;
    if (!text)
        return -1;
    *since = strlen(text) > 2 ? hactl_import_epoch(text) : 0;
    if (*since)
        return 1;
    return hy_parse_bool(text, &yes) && yes;
}

static bool property_is(const struct hactl_import *import, const char *name, bool otherwise)
{
    const char *text = hy_cib_property(import->cib, name);
    bool value = otherwise;
    if (text)
        (void)hy_parse_bool(text, &value);
    return value;
}

static bool has_fencing(const struct hactl_import *import)
{
    return property_is(import, "fencing-enabled", property_is(import, "stonith-enabled", true));
}

/* `terminate`: true, or a time from which on. */
static bool is_to_be_fenced(const struct hy_node_status *status)
{
    const char *text = hy_attrs_get(&status->transient, "terminate");
    bool yes = false;
    return text && ((hy_parse_bool(text, &yes) && yes) || (isdigit((unsigned char)*text) && *text != '0'));
}

static bool is_shutting_down(const struct hy_node_status *status)
{
    const char *text = hy_attrs_get(&status->transient, "shutdown");
    return text && *text && strcmp(text, "0") != 0;
}

static bool join_is(const struct state *state, const char *word)
{
    return state->join && strcasecmp(state->join, word) == 0;
}

/* Without fencing nobody can be made sure of. */
static void judge_plainly(const struct state *state, struct hy_node_status *status)
{
    status->state = state->member > 0 && state->running && join_is(state, "member") ? HY_MEMBER_IN : HY_MEMBER_GONE;
    status->unclean = state->member > 0 && !state->running && state->expected;
}

/* With fencing: who is lost without having been expected to leave must be fenced. */
static void judge_with_fencing(const struct state *state, struct hy_node_status *status)
{
    bool terminate = is_to_be_fenced(status);
    status->state = state->member > 0 ? HY_MEMBER_IN : HY_MEMBER_GONE;
    if (is_shutting_down(status)) {
        status->state = state->running ? HY_MEMBER_IN : HY_MEMBER_GONE;
    } else if (state->member < 0 || join_is(state, "nack")) {
        status->unclean = true;
    } else if (!terminate && !state->expected) {
        status->pending = state->member > 0 || state->running;
    } else if (terminate && state->member <= 0 && !state->running && join_is(state, "down")) {
        status->state = HY_MEMBER_GONE; /* it has just been fenced */
    } else if (state->member <= 0 || !state->running || terminate) {
        status->unclean = true;
    } else if (join_is(state, "pending") || join_is(state, "down")) {
        status->pending = true;
    } else if (!join_is(state, "member")) {
        status->unclean = true;
    }
}

static void judge(struct hactl_import *import, const struct hactl_xml *at, struct hy_node_status *status)
{
    hy_wall since = 0, online_since = 0;
    const char *crmd = hactl_xml_get(at, "crmd"), *expected = hactl_xml_get(at, "expected");
    struct state state = {.member = read_since(hactl_xml_get(at, "in_ccm"), &since), .join = hactl_xml_get(at, "join")};
    state.running = crmd && (strcasecmp(crmd, "online") == 0 || read_since(crmd, &online_since) > 0);
    state.expected = expected && strcasecmp(expected, "member") == 0;
    status->unclean = status->pending = false;
    if (has_fencing(import))
        judge_with_fencing(&state, status);
    else
        judge_plainly(&state, status);
    status->since = since;
    status->epoch = 1;
    status->synced = status->state == HY_MEMBER_IN && !status->pending;
}

/* Who has never had quorum does not kill itself for the lack of it. */
static void soften_policy(struct hactl_import *import)
{
    for (size_t i = 0; i < import->cib->objects.count; i++) {
        struct hy_object *object = import->cib->objects.items[i];
        const char *policy =
            object->kind == HY_PROPERTY ? hy_attrs_get(&object->u.set.attrs, "no-quorum-policy") : NULL;
        if (policy && (strcasecmp(policy, "suicide") == 0 || strcasecmp(policy, "fence") == 0)) {
            hy_attrs_set(&object->u.set.attrs, "no-quorum-policy", "stop");
            hy_buf_addf(&import->report,
                        "property %s: no-quorum-policy=stop is taken: the cluster has not had quorum yet\n",
                        object->id);
        }
    }
}

/* Of whom nothing is said nobody knows whether it runs something, unless startup-fencing tells to take it for down. */
void hactl_import_finish_status(struct hactl_import *import)
{
    bool unclean = has_fencing(import) && property_is(import, "startup-fencing", true);
    for (size_t i = 0; i < import->cib->nodes.count; i++)
        if (import->cib->nodes.items[i]->state == HY_MEMBER_NEVER)
            import->cib->nodes.items[i]->unclean = unclean;
    if (!import->quorum && !import->panic)
        soften_policy(import);
}

/* ---------------------------------------------------------------- node_state */

static struct hy_node_status *node_of(struct hactl_import *import, const struct hactl_xml *at)
{
    const char *name = hactl_xml_get(at, "uname"), *id = hactl_xml_get(at, "id");
    if (!name && id)
        name = hy_map_get(&import->names, id);
    struct hy_node_status *status = name ? hy_cib_node(import->cib, name) : NULL;
    if (!status)
        hactl_import_note(import, at, "is the state of a node that is not configured: left out");
    return status;
}

static int read_resources(struct hactl_import *import, struct hy_node_status *status)
{
    for (int depth = import->reader.depth; import->reader.depth >= depth;) {
        enum hactl_xml_event event = hactl_xml_step(&import->reader);
        if (event == HACTL_XML_BAD)
            return -EINVAL;
        if (event != HACTL_XML_START || !hactl_xml_is(&import->reader.at, "lrm_resource"))
            continue;
        hy_arena_free(&import->arena);
        const struct hactl_xml *resource = hactl_xml_take(&import->reader, &import->arena);
        if (!resource)
            return -EINVAL;
        hactl_import_history(import, resource, status);
    }
    return 0;
}

static int read_part(struct hactl_import *import, struct hy_node_status *status)
{
    if (hactl_xml_is(&import->reader.at, "lrm"))
        return read_resources(import, status);
    if (!hactl_xml_is(&import->reader.at, "transient_attributes"))
        return hactl_xml_skip(&import->reader);
    hy_arena_free(&import->arena);
    const struct hactl_xml *attributes = hactl_xml_take(&import->reader, &import->arena);
    if (!attributes)
        return -EINVAL;
    read_transient(import, attributes, status);
    return 0;
}

/* The reference numbers the instances of anonymous clones in the order in which it finds them in the status: the nodes
 * are put into that order. */
static void put_in_order(struct hactl_import *import, const struct hy_node_status *status)
{
    struct hy_cib *cib = import->cib;
    size_t from = 0, to = import->state_count++;
    while (cib->nodes.items[from] != status)
        from++;
    size_t slots[HY_CIB_NODES_MAX], count = 0;
    for (size_t i = 0; i < cib->objects.count && count < HY_CIB_NODES_MAX; i++)
        if (cib->objects.items[i]->kind == HY_NODE)
            slots[count++] = i;
    for (; from > to && from < count; from--) {
        struct hy_node_status *other = cib->nodes.items[from - 1];
        cib->nodes.items[from - 1] = cib->nodes.items[from];
        cib->nodes.items[from] = other;
        struct hy_object *object = cib->objects.items[slots[from - 1]];
        cib->objects.items[slots[from - 1]] = cib->objects.items[slots[from]];
        cib->objects.items[slots[from]] = object;
    }
}

int hactl_import_node_state(struct hactl_import *import)
{
    struct hactl_xml_reader *reader = &import->reader;
    struct hy_arena own = {0};
    const struct hactl_xml at = hactl_xml_copy(&reader->at, &own);
    struct hy_node_status *status = node_of(import, &at);
    hy_map_free(&import->seen);
    int depth = reader->depth, rc = status ? 0 : hactl_xml_skip(reader);
    while (!rc && reader->depth >= depth) {
        enum hactl_xml_event event = hactl_xml_step(reader);
        if (event == HACTL_XML_BAD)
            rc = -EINVAL;
        else if (event == HACTL_XML_START)
            rc = read_part(import, status);
    }
    if (!rc && status) {
        drop_empty_counters(status);
        judge(import, &at, status);
        put_in_order(import, status);
    }
    hy_arena_free(&own);
    return rc;
}

/* ---------------------------------------------------------------- tickets */

static void set_ticket(struct hy_ticket *ticket, const char *name, const char *value)
{
    if (strcmp(name, "granted") == 0)
        (void)hy_parse_bool(value, &ticket->granted);
    else if (strcmp(name, "standby") == 0)
        (void)hy_parse_bool(value, &ticket->standby);
    else if (strcmp(name, "last-granted") == 0)
        ticket->last_granted = hactl_import_epoch(value);
    else if (strcmp(name, "id") != 0 && hactl_import_is_attribute(name))
        hy_attrs_set(&ticket->attrs, name, value);
}

/* The form before 1.1.7: nvpairs granted-ticket-NAME, last-granted-ticket-NAME. */
static void read_old_ticket(struct hactl_import *import, const struct hactl_xml *pair)
{
    static const char *const prefixes[][2] = {
        {"granted-ticket-", "granted"}, {"standby-ticket-", "standby"}, {"last-granted-ticket-", "last-granted"}};
    const char *name = hactl_xml_get(pair, "name"), *value = hactl_xml_get(pair, "value");
    for (size_t i = 0; name && value && i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t length = strlen(prefixes[i][0]);
        if (strncmp(name, prefixes[i][0], length) == 0 && hy_ticket_name_is_valid(name + length))
            set_ticket(hy_ticket_make(import->cib, name + length), prefixes[i][1], value);
    }
}

void hactl_import_tickets(struct hactl_import *import, const struct hactl_xml *at)
{
    for (const struct hactl_xml *child = at->child; child; child = child->next) {
        const char *id = hactl_xml_get(child, "id");
        for (const struct hactl_xml *pair = child->child; pair; pair = pair->next)
            read_old_ticket(import, pair);
        if (!hactl_xml_is(child, "ticket_state"))
            continue;
        if (!id || !hy_ticket_name_is_valid(id)) {
            hactl_import_note(import, child, "has no name that a ticket may have: left out");
            continue;
        }
        struct hy_ticket *ticket = hy_ticket_make(import->cib, id);
        for (size_t i = 0; i < child->attr_count; i++)
            set_ticket(ticket, child->attrs[i].name, child->attrs[i].value);
    }
}
