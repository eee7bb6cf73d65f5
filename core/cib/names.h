/* SPDX-License-Identifier: Apache-2.0 */
/* By which names an object refers to others. */
#ifndef HY_CIB_NAMES_H
#define HY_CIB_NAMES_H

#include "cib/cib.h"

enum hy_name_kind {
    HY_NAME_CHILD,      /* a group's member, a clone's child: a resource */
    HY_NAME_RSC,        /* in a constraint: a resource, a template or a tag */
    HY_NAME_NODE,       /* in a location */
    HY_NAME_TEMPLATE,   /* of a primitive */
    HY_NAME_TAGGED,     /* in a tag: any object */
    HY_NAME_DEVICE,     /* in the fencing topology */
    HY_NAME_ATTR_SET,   /* `$id-ref=` of a set of attributes */
    HY_NAME_RULE,       /* of a rule */
    HY_NAME_RSC_SET,    /* of a set of resources */
    HY_NAME_OPERATIONS, /* of operations: their id, or the object's */
    HY_NAME_KIND_COUNT
};

/* Calls `visit` with each name, in the order in which they are written. A name may be replaced there by another fresh
 * string (the former one is freed by who replaces it). */
typedef void hy_name_fn(void *context, enum hy_name_kind kind, char **name);
void hy_object_visit_names(struct hy_object *object, hy_name_fn *visit, void *context);

/* Does the object refer to `id` in any of these ways? */
bool hy_object_names(const struct hy_object *object, const char *id);

#endif
