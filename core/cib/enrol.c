/* SPDX-License-Identifier: Apache-2.0 */
/* Who shall be in the cluster: enrol, strike, struck. */
#include "cib/enrol.h"

#include "cib/apply.h"
#include "cib/fields.h"
#include "cib/grammar.h"
#include "cib/object.h"
#include "cib/words.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { ADDRESS_MAX = 64 };

/* ------------------------------------------------------------- fields */

static bool is_address(const char *text)
{
    size_t length = strlen(text);
    bool numeric = strspn(text, "0123456789abcdefABCDEF:.%") == length || strchr(text, '%');
    return length >= 2 && length <= ADDRESS_MAX && numeric && (strchr(text, '.') || strchr(text, ':')) &&
           !strpbrk(text, " \t\"'\\");
}

static int check_addresses(const struct hy_cursor *cursor, const struct hy_enrolment *enrolled)
{
    if (!is_address(enrolled->address))
        return hy_word_fail(cursor, NULL, "address=%s: expected a numeric address", enrolled->address);
    for (size_t i = 0; i < HY_LINKS_MAX; i++)
        if (enrolled->links[i] && !is_address(enrolled->links[i]))
            return hy_word_fail(cursor, NULL, "link%zu=%s: expected a numeric address", i + 1, enrolled->links[i]);
    return 0;
}

/* An enrolment owns its strings; one that was only read lends them. */
static char *borrowed(const char *text)
{
    return (char *)(uintptr_t)text;
}

static const char *const link_names[HY_LINKS_MAX] = {"link1", "link2", "link3", "link4",
                                                     "link5", "link6", "link7", "link8"};

int hy_enrolment_read(struct hy_cursor *cursor, bool stored, uint32_t *id, struct hy_enrolment *enrolled)
{
    const char *address = NULL, *witness = "false", *links[HY_LINKS_MAX] = {NULL};
    *enrolled = (struct hy_enrolment){0};
    struct hy_field fields[HY_LINKS_MAX + 4];
    size_t count = 0;
    for (; count < HY_LINKS_MAX; count++)
        fields[count] = (struct hy_field){link_names[count], HY_FIELD_TEXT, &links[count], false};
    fields[count++] = (struct hy_field){"address", HY_FIELD_TEXT, &address, true};
    fields[count++] = (struct hy_field){"witness", HY_FIELD_TEXT, &witness, false};
    if (stored)
        fields[count++] = (struct hy_field){"striking", HY_FIELD_YES_NO, &enrolled->striking, true};
    if (id)
        fields[count++] = (struct hy_field){"id", HY_FIELD_U32, id, true};
    int rc = hy_fields_read(cursor, fields, count);
    if (rc)
        return rc;
    if (!hy_parse_bool(witness, &enrolled->witness))
        return hy_word_fail(cursor, NULL, "witness=%s: expected true or false", witness);
    enrolled->address = borrowed(address);
    for (size_t i = 0; i < HY_LINKS_MAX; i++)
        enrolled->links[i] = borrowed(links[i]);
    return check_addresses(cursor, enrolled);
}

void hy_enrolment_print(const struct hy_enrolment *enrolled, bool stored, struct hy_buf *out)
{
    hy_attr_print("address", enrolled->address, out);
    for (size_t i = 0; i < HY_LINKS_MAX; i++)
        if (enrolled->links[i])
            hy_attr_print(link_names[i], enrolled->links[i], out);
    if (enrolled->witness)
        hy_buf_adds(out, " witness=true");
    if (stored)
        hy_buf_addf(out, " striking=%s", enrolled->striking ? "yes" : "no");
}

struct hy_enrolment hy_enrolment_copy(const struct hy_enrolment *enrolled)
{
    struct hy_enrolment copy = *enrolled;
    copy.address = hy_strdup(enrolled->address);
    for (size_t i = 0; i < HY_LINKS_MAX; i++)
        copy.links[i] = hy_strdup(enrolled->links[i]);
    return copy;
}

void hy_enrolment_free(struct hy_enrolment *enrolled)
{
    free(enrolled->address);
    for (size_t i = 0; i < HY_LINKS_MAX; i++)
        free(enrolled->links[i]);
    *enrolled = (struct hy_enrolment){0};
}

/* ------------------------------------------------------------- enrol */

static const char *address_on(const struct hy_enrolment *enrolled, size_t link)
{
    if (link == HY_LINKS_MAX)
        return enrolled->address;
    return enrolled->links[link];
}

static bool has_address(const struct hy_enrolment *enrolled, const char *address)
{
    for (size_t link = 0; link <= HY_LINKS_MAX; link++) {
        const char *own = address_on(enrolled, link);
        if (own && strcmp(own, address) == 0)
            return true;
    }
    return false;
}

static int check_others(struct hy_apply *apply, const char *name, uint32_t id, const struct hy_enrolment *given)
{
    size_t count = 1;
    for (size_t i = 0; i < apply->cib->nodes.count; i++) {
        const struct hy_node_status *other = apply->cib->nodes.items[i];
        if (!other->enrolled.address || strcmp(other->node, name) == 0)
            continue;
        count++;
        if (other->id == id)
            return hy_fail(apply->err, EEXIST, "enrol %s: id %" PRIu32 " is that of node %s", name, id, other->node);
        for (size_t link = 0; link <= HY_LINKS_MAX; link++) {
            const char *address = address_on(given, link);
            if (address && has_address(&other->enrolled, address))
                return hy_fail(apply->err, EEXIST, "enrol %s: address %s is that of node %s", name, address,
                               other->node);
        }
    }
    if (count > HY_NODES_MAX)
        return hy_fail(apply->err, EINVAL, "enrol %s: there are %d nodes already, more cannot be", name, HY_NODES_MAX);
    return 0;
}

static int check_enrol(struct hy_apply *apply, const struct hy_node_status *status, const char *name, uint32_t id,
                       const struct hy_enrolment *given)
{
    if (id == 0)
        return hy_fail(apply->err, EINVAL, "enrol %s: expected an id from 1 on", name);
    const struct hy_object *object = hy_cib_find(apply->cib, name);
    if (object && object->kind != HY_NODE)
        return hy_fail(apply->err, EEXIST, "enrol %s: there is a %s of that name", name, hy_kind_word(object->kind));
    bool enrolled = status && status->enrolled.address;
    if (enrolled && status->enrolled.striking)
        return hy_fail(apply->err, EBUSY,
                       "enrol %s: the node is being taken out: when it is out it can be added with a new id", name);
    if (status && status->id && status->id != id)
        return hy_fail(apply->err, EEXIST, "enrol %s: there is a node of that name, with id %" PRIu32, name,
                       status->id);
    if (!enrolled && id <= apply->last_id)
        return hy_fail(apply->err, EEXIST, "enrol %s: id %" PRIu32 " has been used before: expected one above %" PRIu32,
                       name, id, apply->last_id);
    return check_others(apply, name, id, given);
}

static struct hy_node_status *status_to_change(struct hy_apply *apply, struct hy_node_status *status, const char *name)
{
    apply->config_changed = apply->nodes_changed = true;
    if (status) {
        apply->alone = false; /* it is checked as a whole afterwards, so it may have to be brought back */
        hy_apply_keep_status(apply, status);
        return status;
    }
    struct hy_object *object = hy_object_new(HY_NODE);
    object->id = hy_strdup(name);
    object->version = apply->index;
    const struct hy_undo undo = {.kind = HY_UNDO_ADDED, .position = apply->cib->objects.count};
    hy_cib_add(apply->cib, object);
    hy_vec_push(&apply->undo, undo);
    return hy_cib_node(apply->cib, name);
}

int hy_apply_enrol(struct hy_apply *apply, struct hy_cursor *cursor)
{
    char *name = NULL;
    uint32_t id = 0;
    struct hy_enrolment given;
    int rc = hy_cursor_read_node_name(cursor, &name);
    if (!rc)
        rc = hy_enrolment_read(cursor, false, &id, &given);
    struct hy_node_status *status = rc ? NULL : hy_cib_node(apply->cib, name);
    if (!rc)
        rc = check_enrol(apply, status, name, id, &given);
    if (!rc) {
        status = status_to_change(apply, status, name);
        hy_enrolment_free(&status->enrolled);
        status->enrolled = hy_enrolment_copy(&given);
        status->id = id;
        if (id > apply->cib->last_id)
            apply->cib->last_id = id;
    }
    free(name);
    return rc;
}

int hy_apply_lineage(struct hy_apply *apply, struct hy_cursor *cursor)
{
    const struct hy_word *word = hy_cursor_next(cursor);
    uint64_t lineage = 0;
    if (!word || !hy_uint_parse(word->text, UINT64_MAX, &lineage) || lineage == 0)
        return hy_word_fail(cursor, word, "expected a number above 0");
    int rc = hy_cursor_end(cursor, "the end of the statement");
    if (rc)
        return rc;
    if (apply->head->origin || apply->cib->lineage)
        return hy_fail(apply->err, EEXIST, "the cluster has its lineage already, and it is the DC's to give");
    apply->cib->lineage = lineage;
    return 0;
}

/* ------------------------------------------------------------- strike, struck */

static int read_enrolled(struct hy_apply *apply, struct hy_cursor *cursor, struct hy_node_status **status)
{
    int rc = hy_apply_node(apply, cursor, status);
    if (!rc)
        rc = hy_cursor_end(cursor, "the end of the statement");
    if (!rc && !(*status)->enrolled.address)
        rc = hy_fail(apply->err, ENOENT, "node %s is not enrolled: remove takes it out of the configuration",
                     (*status)->node);
    return rc;
}

int hy_apply_strike(struct hy_apply *apply, struct hy_cursor *cursor)
{
    struct hy_node_status *status = NULL;
    int rc = read_enrolled(apply, cursor, &status);
    if (rc || status->enrolled.striking)
        return rc;
    status_to_change(apply, status, NULL)->enrolled.striking = true;
    return 0;
}

int hy_apply_struck(struct hy_apply *apply, struct hy_cursor *cursor)
{
    struct hy_node_status *status = NULL;
    int rc = read_enrolled(apply, cursor, &status);
    if (rc)
        return rc;
    if (apply->head->origin || !status->enrolled.striking || status->state == HY_MEMBER_IN)
        return hy_fail(apply->err, EBUSY, "node %s is %s: the DC alone says when a node is out (strike asks for it)",
                       status->node, status->state == HY_MEMBER_IN ? "a member" : "not to be taken out");
    struct hy_undo undo = {.kind = HY_UNDO_REMOVED, .struck = true};
    undo.position = hy_cib_position(apply->cib, hy_cib_find_kind(apply->cib, HY_NODE, status->node));
    undo.status_position = hy_cib_node_position(apply->cib, status);
    undo.object = hy_cib_take(apply->cib, undo.position, &undo.status);
    hy_vec_push(&apply->undo, undo);
    apply->config_changed = true;
    return 0;
}

int hy_enrol_check(struct hy_apply *apply)
{
    bool any = false;
    for (size_t i = 0; i < apply->cib->nodes.count; i++) {
        const struct hy_enrolment *enrolled = &apply->cib->nodes.items[i]->enrolled;
        if (!enrolled->address || enrolled->striking)
            continue;
        any = true;
        if (!enrolled->witness)
            return 0;
    }
    if (!apply->nodes_changed)
        return 0;
    return hy_fail(apply->err, EINVAL, "%s would be left: at least one node that may run something has to stay",
                   any ? "only witnesses" : "no node");
}
