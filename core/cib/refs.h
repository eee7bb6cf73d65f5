/* SPDX-License-Identifier: Apache-2.0 */
/* Who refers to whom, and what is wrong with it. Shared by commands (which refuse) and verification (which reports).
 * Internal to core/cib. */
#ifndef HY_CIB_REFS_H
#define HY_CIB_REFS_H

#include "base/buf.h"
#include "cib/cib.h"

enum hy_ref_fault {
    HY_REF_NO_RESOURCE, /* a constraint, group or clone names a resource that is not there */
    HY_REF_NO_OBJECT,   /* a tag names what is not there */
    HY_REF_NO_TEMPLATE,
    HY_REF_NO_SET, /* of attributes or resources */
    HY_REF_NO_RULE,
    HY_REF_NO_OPERATIONS,
    HY_REF_TWO_IDS,     /* two sets or rules have one id */
    HY_REF_ENDLESS,     /* a rule is made of itself, or of far too many others */
    HY_REF_NO_NODE,     /* a location names a node that is not there: harmless, it may come */
    HY_REF_TWO_PARENTS, /* a resource is in two groups or clones */
    HY_REF_BAD_MEMBER,  /* a group's member is no primitive */
    HY_REF_BAD_CHILD    /* a clone's child is neither primitive nor group */
};

struct hy_ref_problem {
    enum hy_ref_fault fault;
    const struct hy_object *object; /* who refers */
    const char *id;                 /* to whom; ENDLESS: NULL */
    const struct hy_object *other;  /* TWO_PARENTS, TWO_IDS: what came first; BAD_*: what it is */
};

/* Calls `report` for each problem, in the order of the objects. */
void hy_refs_check(const struct hy_cib *cib, void (*report)(void *context, const struct hy_ref_problem *problem),
                   void *context);

/* One line, no newline. */
void hy_ref_problem_print(const struct hy_ref_problem *problem, struct hy_buf *out);

#endif
