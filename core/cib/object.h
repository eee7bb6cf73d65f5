/* SPDX-License-Identifier: Apache-2.0 */
/* Making, copying and releasing what a CIB holds, and putting it in and out. Internal to core/cib. */
#ifndef HY_CIB_OBJECT_H
#define HY_CIB_OBJECT_H

#include "cib/cib.h"

/* Empty, without an id. */
struct hy_object *hy_object_new(enum hy_kind kind);

/* `to` is overwritten. */
void hy_attrs_copy(struct hy_attrs *to, const struct hy_attrs *from);

void hy_names_copy(struct hy_names *to, const struct hy_names *from);
void hy_attr_set_copy(struct hy_attr_set *to, const struct hy_attr_set *from);
void hy_rule_copy(struct hy_rule *to, const struct hy_rule *from);
void hy_rsc_sets_copy(struct hy_rsc_sets *to, const struct hy_rsc_sets *from);
void hy_ref_copy(struct hy_ref *to, const struct hy_ref *from);

/* What they own, not the structs; they are empty then. */
void hy_names_free(struct hy_names *names);
void hy_attr_set_free(struct hy_attr_set *set);
void hy_rule_free(struct hy_rule *rule);
void hy_rsc_set_free(struct hy_rsc_set *set);
void hy_rsc_sets_free(struct hy_rsc_sets *sets);
void hy_ref_free(struct hy_ref *ref);

/* Calls `visit` with each set of attributes in the object; with each rule (not those within rules, which are reached
 * through it); with each set of resources. */
void hy_object_visit_sets(const struct hy_object *object, void (*visit)(void *context, const struct hy_attr_set *set),
                          void *context);
void hy_object_visit_rules(const struct hy_object *object, void (*visit)(void *context, const struct hy_rule *rule),
                           void *context);
const struct hy_rsc_sets *hy_object_rsc_sets(const struct hy_object *object); /* NULL: the kind has none */
struct hy_rsc_sets *hy_object_edit_rsc_sets(struct hy_object *object);        /* the same to write into */

/* Calls `visit` with each written id of a set of attributes, a rule or a set of resources in the object. */
void hy_object_visit_inner(const struct hy_object *object, void (*visit)(void *context, const char *id), void *context);

/* Status entries. */
struct hy_node_status *hy_node_status_new(const char *node);
struct hy_node_status *hy_node_status_copy(const struct hy_node_status *status);
void hy_node_status_free(struct hy_node_status *status);
void hy_result_free(struct hy_result *result);
void hy_ticket_free(struct hy_ticket *ticket);
void hy_ticket_copy(struct hy_ticket *to, const struct hy_ticket *from);
struct hy_result hy_result_copy(const struct hy_result *result);

/* Takes entries out of a status, releasing them. */
void hy_status_clear_results(struct hy_node_status *status);
void hy_status_clear_failures(struct hy_node_status *status); /* and the fail counts */

/* The object and, when it is a node, its status entry go in and out of a CIB together: each configured node has exactly
 * one. */
size_t hy_cib_position(const struct hy_cib *cib, const struct hy_object *object);
size_t hy_cib_node_position(const struct hy_cib *cib, const struct hy_node_status *status);

/* Puts in at `position` (the number of objects: at the end). `status` is a node's entry, which goes in at
 * `status_position`; ignored for other kinds. The CIB owns both from then on. */
void hy_cib_insert(struct hy_cib *cib, size_t position, struct hy_object *object, size_t status_position,
                   struct hy_node_status *status);

/* Adds a fresh object at the end; a node gets a fresh status entry. */
void hy_cib_add(struct hy_cib *cib, struct hy_object *object);

/* Takes out; the caller owns the object and *status (NULL unless a node). */
struct hy_object *hy_cib_take(struct hy_cib *cib, size_t position, struct hy_node_status **status);

/* Swaps the object at `position` for another of the same id and kind; the caller owns the one returned. */
struct hy_object *hy_cib_replace(struct hy_cib *cib, size_t position, struct hy_object *object);

#endif
