/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes of nodes and of the cluster, by name. */
#include "cib/command.h"
#include "cib/grammar.h"
#include "cib/words.h"
#include "crm/crm.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USUAL_SET "cib-bootstrap-options"
enum { TRIES = 5 };

bool crm_is_node(const struct crm *crm, const char *node)
{
    return hy_cib_node(crm->cib, node);
}

/* ---- reading */

static struct hy_attr_sets *sets_of(struct hy_object *node, enum crm_place place)
{
    return place == CRM_UTILIZATION ? &node->u.node.utilization : &node->u.node.attributes;
}

/* The object that has it, or would get it; NULL: there is none yet. */
static const struct hy_object *property_set(const struct crm *crm, const struct crm_attribute *attribute)
{
    const struct hy_object *usual = NULL;
    for (size_t i = 0; i < crm->cib->objects.count; i++) {
        const struct hy_object *object = crm->cib->objects.items[i];
        if (object->kind != HY_PROPERTY)
            continue;
        if (attribute->set && strcmp(attribute->set, object->id) == 0)
            return object;
        if (!attribute->set && !object->u.set.rule && hy_attrs_get(&object->u.set.attrs, attribute->name))
            return object;
        if (!attribute->set && strcmp(object->id, USUAL_SET) == 0)
            usual = object;
    }
    return usual;
}

const char *crm_get(const struct crm *crm, const struct crm_attribute *attribute)
{
    if (attribute->place == CRM_PROPERTY) {
        const struct hy_object *set = property_set(crm, attribute);
        return set ? hy_attrs_get(&set->u.set.attrs, attribute->name) : NULL;
    }
    if (attribute->place == CRM_TRANSIENT) {
        const struct hy_node_status *status = hy_cib_node(crm->cib, attribute->node);
        return status ? hy_attrs_get(&status->transient, attribute->name) : NULL;
    }
    struct hy_object *node = hy_cib_find_kind(crm->cib, HY_NODE, attribute->node);
    return node ? hy_sets_get(sets_of(node, attribute->place), attribute->name) : NULL;
}

/* ---- changing */

static void put(const struct crm *crm, struct hy_object *object, struct hy_buf *out)
{
    char base[32] = "0";
    const struct hy_object *known = hy_cib_find(crm->cib, object->id);
    if (known)
        snprintf(base, sizeof base, "%" PRIu64, known->version);
    hy_command_put(out, base, object);
    hy_object_free(&object);
}

static int change_node(const struct crm *crm, const struct crm_attribute *attribute, const char *value,
                       struct hy_buf *out)
{
    const struct hy_object *node = hy_cib_find_kind(crm->cib, HY_NODE, attribute->node);
    if (!node)
        return crm_fail(CRM_NO_SUCH, "there is no node %s", attribute->node);
    struct hy_object *changed = hy_object_copy(node);
    struct hy_attr_sets *sets = sets_of(changed, attribute->place);
    if (value)
        hy_sets_set(sets, attribute->name, value);
    else
        hy_sets_remove(sets, attribute->name);
    put(crm, changed, out);
    return CRM_OK;
}

static int change_property(const struct crm *crm, const struct crm_attribute *attribute, const char *value,
                           struct hy_buf *out)
{
    const struct hy_object *set = property_set(crm, attribute);
    struct hy_object *changed = set ? hy_object_copy(set) : NULL;
    struct hy_err err = {{0}};
    struct hy_buf text = {0};
    int rc = 0;
    if (!set) {
        hy_buf_addf(&text, "property %s:", attribute->set ? attribute->set : USUAL_SET);
        rc = hy_object_parse(text.data, text.size, &changed, &err);
    }
    hy_buf_free(&text);
    if (rc)
        return crm_fail(CRM_USAGE, "set %s: %s", attribute->set, err.text);
    if (value)
        hy_attrs_set(&changed->u.set.attrs, attribute->name, value);
    else
        hy_attrs_remove(&changed->u.set.attrs, attribute->name);
    put(crm, changed, out);
    return CRM_OK;
}

static int make_change(const struct crm *crm, const struct crm_attribute *attribute, const char *value,
                       struct hy_buf *out)
{
    switch (attribute->place) {
    case CRM_TRANSIENT:
        hy_command_transient(out, attribute->node, attribute->name, value);
        return CRM_OK;
    case CRM_NODE:
    case CRM_UTILIZATION:
        return change_node(crm, attribute, value, out);
    default:
        return change_property(crm, attribute, value, out);
    }
}

static bool is_as_wanted(const struct crm *crm, const struct crm_attribute *attribute, const char *value)
{
    const char *now = crm_get(crm, attribute);
    return value ? now && strcmp(now, value) == 0 : !now;
}

static int check(const struct crm *crm, const struct crm_attribute *attribute)
{
    const char *lease = getenv("HALYARD_LEASE");
    if (!hy_attr_name_is_valid(attribute->name))
        return crm_fail(CRM_USAGE, "'%s' is no name of an attribute", attribute->name);
    if (attribute->place != CRM_PROPERTY && !crm_is_node(crm, attribute->node))
        return crm_fail(CRM_NO_SUCH, "there is no node %s", attribute->node);
    if (!crm_has_quorum(crm) || (lease && strcmp(lease, "ended") == 0))
        return crm_fail(CRM_DISCONNECTED, "%s is not changed: this node has no quorum", attribute->name);
    return CRM_OK;
}

int crm_set(struct crm *crm, const struct crm_attribute *attribute, const char *value)
{
    struct hy_err refusal = {{0}};
    int status = CRM_OK, code = -ESTALE;
    for (int i = 0; i < TRIES && code == -ESTALE && !status; i++) {
        struct hy_buf statements = {0};
        if (i)
            status = crm_refresh(crm); /* somebody else has changed it meanwhile */
        if (!status && is_as_wanted(crm, attribute, value))
            return CRM_OK;
        if (!status)
            status = check(crm, attribute);
        if (!status)
            status = make_change(crm, attribute, value, &statements);
        if (!status)
            status = crm_send(crm, &statements, &code, &refusal);
        hy_buf_free(&statements);
    }
    return status ? status : code ? crm_fail(CRM_FAILED, "%s: %s", attribute->name, refusal.text) : CRM_OK;
}
