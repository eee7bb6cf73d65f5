/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What rules say, and which values win ("Pacemaker Explained", chapters "Rules" and "Attribute sets"). Pure: the time
 * is given.
 */
#ifndef HY_CIB_RULE_EVAL_H
#define HY_CIB_RULE_EVAL_H

#include "cib/cib.h"

/* NULL: there is no such attribute. */
typedef const char *hy_lookup_fn(const void *from, const char *name);

/* What a pattern matched: %0 (all of it) to %9 in the name of an attribute. */
struct hy_match {
    const char *text;
    size_t size;
};

/* What a rule is asked about. What is zero is not at issue: an expression about it does not hold (an attribute is not
 * defined). */
struct hy_rule_context {
    const struct hy_cib *cib; /* for references to rules and sets */
    hy_wall now;              /* UTC */
    int utc_offset;           /* of local time, in seconds: for dates without a zone, and hours= of a date_spec */
    hy_lookup_fn *node_attr;  /* "#uname" and the other built-in ones included */
    const void *node;         /* its `from` */
    hy_lookup_fn *param;      /* of the constraint's resource, for value-source=param */
    hy_lookup_fn *meta;       /* likewise */
    const void *rsc;          /* their `from` */
    const char *cls;          /* the agent, for rsc expressions; NULL: no resource is at issue */
    const char *provider;
    const char *type;
    const char *op_name; /* for op expressions; NULL: no operation is at issue */
    hy_time op_interval;
    const struct hy_match *matches; /* of a location's pattern */
    size_t match_count;
    /* Lowered to when the answer may change by the passing of time alone; begin with HY_NEVER. NULL: not wanted. */
    hy_wall *next;
};

bool hy_rule_holds(const struct hy_rule *rule, const struct hy_rule_context *context);

/* The score of a rule that holds: its own, or that of its score-attribute on the node (0 when that is none, -INFINITY when the node has no such attribute). */
int hy_rule_score(const struct hy_rule *rule, const struct hy_rule_context *context);

/* The rule that is meant: itself, or what its `ref` names; NULL: that is nowhere. */
const struct hy_rule *hy_rule_meant(const struct hy_cib *cib, const struct hy_rule *rule);

/* Is it made of at most HY_RULE_MAX expressions, and of itself nowhere? What is beyond that does not hold. */
bool hy_rule_is_bounded(const struct hy_cib *cib, const struct hy_rule *rule);

/* Borrowed from the CIB. */
struct hy_value {
    const char *name;
    const char *value;
};

/* In order of winning, not of name; a name stands once. A zeroed one is empty; may be used again after its count is
 * set to 0. */
struct hy_values {
    HY_VEC(struct hy_value) list;
};

/* Adds the values of the sets that count now, but for names that are in `out` already: call it for what has precedence
 * first. Within one call: higher score first, then the later set (as the reference has it). */
void hy_values_collect(const struct hy_attr_sets *sets, const struct hy_rule_context *context, struct hy_values *out);

/* The same for all objects of one kind: HY_PROPERTY ("cib-bootstrap-options" before any other, whatever its score),
 * HY_RSC_DEFAULTS, HY_OP_DEFAULTS. context->cib is needed. */
void hy_values_collect_kind(enum hy_kind kind, const struct hy_rule_context *context, struct hy_values *out);

/* What a primitive and its template say together. */
enum hy_part { HY_PART_PARAMS, HY_PART_META, HY_PART_UTILIZATION };
void hy_values_collect_primitive(const struct hy_primitive *primitive, enum hy_part part,
                                 const struct hy_rule_context *context, struct hy_values *out);

const char *hy_values_get(const struct hy_values *values, const char *name); /* NULL when absent */

/* The operations of a primitive: its own, then those of its template whose name and role it has not. References to
 * another resource's operations are followed. */
struct hy_op_configs {
    HY_VEC(const struct hy_op_config *) list;
};
void hy_ops_collect(const struct hy_cib *cib, const struct hy_primitive *primitive, struct hy_op_configs *out);

#endif
