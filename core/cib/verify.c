/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with a configuration as a whole. The values are checked by verify_values.c. */
#include "cib/grammar.h"

#include "cib/refs.h"
#include "cib/verify.h"

#include <stdarg.h>
#include <string.h>

static void __attribute__((format(printf, 3, 0)))
add_line(struct hy_buf *out, const char *level, const char *format, va_list args)
{
    if (!out)
        return;
    hy_buf_addf(out, "%s: ", level);
    hy_buf_vaddf(out, format, args);
    hy_buf_addc(out, '\n');
}

void hy_verify_error(struct hy_verify *verify, const char *format, ...)
{
    verify->error_count++;
    va_list args;
    va_start(args, format);
    add_line(verify->errors, "error", format, args);
    va_end(args);
}

void hy_verify_warning(struct hy_verify *verify, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_line(verify->warnings, "warning", format, args);
    va_end(args);
}

static void report_ref(void *context, const struct hy_ref_problem *problem)
{
    struct hy_buf text = {0};
    hy_ref_problem_print(problem, &text);
    if (problem->fault == HY_REF_NO_NODE)
        hy_verify_warning(context, "%s", hy_buf_text(&text));
    else
        hy_verify_error(context, "%s", hy_buf_text(&text));
    hy_buf_free(&text);
}

/* "op start of MaxScale" */
static char *op_name(const struct hy_object *object, const struct hy_op_config *op)
{
    return hy_asprintf("primitive %s: op %s", object->id, op->name);
}

static void check_op(struct hy_verify *verify, const struct hy_object *object, size_t number)
{
    const struct hy_primitive *primitive = &object->u.primitive;
    const struct hy_op_config *op = &primitive->ops.items[number];
    char *where = op_name(object, op);
    hy_verify_values(verify, HY_VALUES_OP, &op->attrs, where);
    const char *interval = hy_attrs_get(&op->attrs, "interval");
    hy_time read = 0;
    if (strcmp(op->name, "monitor") == 0 && (!interval || (hy_parse_duration(interval, &read) && read == 0)))
        hy_verify_warning(verify, "%s: has no interval, so it is never run: expected interval=DURATION", where);
    for (size_t i = 0; i < number; i++)
        if (primitive->ops.items[i].interval == op->interval && strcmp(primitive->ops.items[i].name, op->name) == 0)
            hy_verify_error(verify, "%s: is there twice with the same interval: expected another interval", where);
    free(where);
}

static void check_primitive(struct hy_verify *verify, const struct hy_object *object)
{
    const struct hy_primitive *primitive = &object->u.primitive;
    char *where = hy_asprintf("primitive %s", object->id);
    hy_verify_values(verify, HY_VALUES_META, hy_sets_plain(&primitive->meta), where);
    hy_verify_values(verify, HY_VALUES_UTILIZATION, hy_sets_plain(&primitive->utilization), where);
    for (size_t i = 0; i < primitive->ops.count; i++)
        check_op(verify, object, i);
    if (strcmp(primitive->cls, "stonith") == 0)
        hy_verify_warning(verify, "%s: fencing is not supported yet: it will not be used", where);
    free(where);
}

/* In a rule or a constraint: the instances of a clone have no place of their own to be told. */
static void check_target(struct hy_verify *verify, const struct hy_object *object, const char *rsc)
{
    const struct hy_object *parent = hy_cib_parent(verify->cib, rsc);
    const struct hy_object *top = parent ? hy_cib_parent(verify->cib, parent->id) : NULL;
    const struct hy_object *clone = top ? top : parent;
    if (clone && clone->kind == HY_CLONE)
        hy_verify_warning(verify, "%s %s: '%s' is in clone %s: expected the clone", hy_kind_word(object->kind),
                          object->id, rsc, clone->id);
}

static void check_pair(struct hy_verify *verify, const struct hy_object *object, const char *a, const char *b)
{
    if (strcmp(a, b) == 0)
        hy_verify_error(verify, "%s %s: names '%s' twice: expected two resources", hy_kind_word(object->kind),
                        object->id, a);
    check_target(verify, object, a);
    if (strcmp(a, b) != 0)
        check_target(verify, object, b);
}

static void check_with_meta(struct hy_verify *verify, const struct hy_object *object, const struct hy_attrs *meta)
{
    char *where = hy_asprintf("%s %s", hy_kind_word(object->kind), object->id);
    hy_verify_values(verify, HY_VALUES_META, meta, where);
    free(where);
}

static void check_location(struct hy_verify *verify, const struct hy_object *object)
{
    const char *discovery = hy_attrs_get(&object->u.location.options, "resource-discovery");
    if (discovery && strcmp(discovery, "always") != 0 && strcmp(discovery, "never") != 0 &&
        strcmp(discovery, "exclusive") != 0)
        hy_verify_error(verify, "location %s: resource-discovery='%s': expected always, never or exclusive", object->id,
                        discovery);
    check_target(verify, object, object->u.location.rsc);
}

static void check_node(struct hy_verify *verify, const struct hy_object *object)
{
    char *where = hy_asprintf("node %s", object->id);
    hy_verify_values(verify, HY_VALUES_NODE, hy_sets_plain(&object->u.node.attributes), where);
    hy_verify_values(verify, HY_VALUES_UTILIZATION, hy_sets_plain(&object->u.node.utilization), where);
    free(where);
}

static void check_set(struct hy_verify *verify, const struct hy_object *object)
{
    static const enum hy_values values[HY_KIND_COUNT] = {
        [HY_PROPERTY] = HY_VALUES_PROPERTY, [HY_RSC_DEFAULTS] = HY_VALUES_META, [HY_OP_DEFAULTS] = HY_VALUES_OP};
    char *where = hy_asprintf("%s %s", hy_kind_word(object->kind), object->id);
    hy_verify_values(verify, values[object->kind], &object->u.set.attrs, where);
    free(where);
}

static void check_object(struct hy_verify *verify, const struct hy_object *object)
{
    switch (object->kind) {
    case HY_NODE:
        check_node(verify, object);
        break;
    case HY_PRIMITIVE:
        check_primitive(verify, object);
        break;
    case HY_GROUP:
        check_with_meta(verify, object, hy_sets_plain(&object->u.group.meta));
        break;
    case HY_CLONE:
        check_with_meta(verify, object, hy_sets_plain(&object->u.clone.meta));
        break;
    case HY_LOCATION:
        check_location(verify, object);
        break;
    case HY_COLOCATION:
        check_pair(verify, object, object->u.colocation.rsc.rsc, object->u.colocation.with.rsc);
        break;
    case HY_ORDER:
        check_pair(verify, object, object->u.order.first.rsc, object->u.order.then.rsc);
        break;
    case HY_PROPERTY:
    case HY_RSC_DEFAULTS:
    case HY_OP_DEFAULTS:
        check_set(verify, object);
        break;
    case HY_TEMPLATE:
    case HY_TAG:
    case HY_RSC_TICKET:
    case HY_TOPOLOGY:
    case HY_KIND_COUNT:
        break;
    }
}

size_t hy_cib_verify(const struct hy_cib *cib, struct hy_buf *errors, struct hy_buf *warnings)
{
    struct hy_verify verify = {.cib = cib, .errors = errors, .warnings = warnings};
    hy_refs_check(cib, report_ref, &verify);
    for (size_t i = 0; i < cib->objects.count; i++)
        check_object(&verify, cib->objects.items[i]);
    return verify.error_count;
}
