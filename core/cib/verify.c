/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with a configuration as a whole. The values are checked by verify_values.c. */
#include "cib/grammar.h"

#include "cib/names.h"
#include "cib/object.h"
#include "cib/refs.h"
#include "cib/verify.h"

#include <regex.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

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

static char *name_of(const struct hy_object *object)
{
    return hy_asprintf("%s %s", hy_kind_word(object->kind), object->id);
}

static void check_sets(struct hy_verify *verify, enum hy_value_kind values, const struct hy_attr_sets *sets,
                       const char *where)
{
    for (size_t i = 0; i < sets->list.count; i++) {
        hy_verify_values(verify, values, &sets->list.items[i].attrs, where);
        if (sets->list.items[i].rule)
            hy_verify_rule(verify, sets->list.items[i].rule, where);
    }
}

/* ------------------------------------------------------------- primitives */

static void check_op(struct hy_verify *verify, const struct hy_primitive *primitive, size_t number, const char *owner)
{
    const struct hy_op_config *op = &primitive->ops.items[number];
    char *where = hy_asprintf("%s: op %s", owner, op->name);
    hy_verify_values(verify, HY_VALUES_OP, &op->attrs, where);
    check_sets(verify, HY_VALUES_OP, &op->meta, where);
    check_sets(verify, HY_VALUES_ANY, &op->params, where);
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
    char *where = name_of(object);
    check_sets(verify, HY_VALUES_ANY, &primitive->params, where);
    check_sets(verify, HY_VALUES_META, &primitive->meta, where);
    check_sets(verify, HY_VALUES_UTILIZATION, &primitive->utilization, where);
    for (size_t i = 0; i < primitive->ops.count; i++)
        check_op(verify, primitive, i, where);
    if (primitive->cls && strcmp(primitive->cls, "stonith") == 0)
        hy_verify_warning(verify, "%s: fencing is not supported yet: it will not be used", where);
    free(where);
}

/* ------------------------------------------------------------- constraints */

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

struct targets {
    struct hy_verify *verify;
    const struct hy_object *object;
    struct hy_map seen;
};

static void check_name(void *context, enum hy_name_kind kind, char **name)
{
    struct targets *targets = context;
    const struct hy_object *object = targets->object;
    if (kind != HY_NAME_RSC)
        return;
    if (hy_map_put(&targets->seen, *name, *name))
        hy_verify_error(targets->verify, "%s %s: names '%s' twice: expected %s", hy_kind_word(object->kind), object->id,
                        *name, hy_object_rsc_sets(object)->list.count ? "it once" : "two resources");
    else
        check_target(targets->verify, object, *name);
}

/* Each resource once, and clones instead of what is in them. */
static void check_targets(struct hy_verify *verify, const struct hy_object *object)
{
    struct targets targets = {.verify = verify, .object = object};
    hy_object_visit_names((struct hy_object *)(uintptr_t)object, check_name, &targets);
    hy_map_free(&targets.seen);
}

/* What the kind of constraint knows beside its resources; of a flag whether it is one. */
static void check_options(struct hy_verify *verify, const struct hy_object *object, const struct hy_attrs *options)
{
    static const struct {
        enum hy_kind kind;
        const char *name;
        bool flag;
    } known[] = {
        {HY_COLOCATION, "node-attribute", false}, {HY_COLOCATION, "influence", true}, {HY_ORDER, "require-all", true}};
    for (size_t i = 0; i < options->list.count; i++) {
        const struct hy_attr *attr = &options->list.items[i];
        size_t k = 0, count = sizeof known / sizeof *known;
        bool flag;
        while (k < count && (known[k].kind != object->kind || strcmp(known[k].name, attr->name) != 0))
            k++;
        if (k == count)
            hy_verify_warning(verify, "%s %s: unknown option '%s'", hy_kind_word(object->kind), object->id, attr->name);
        else if (known[k].flag && !hy_parse_bool(attr->value, &flag))
            hy_verify_error(verify, "%s %s: %s='%s': expected true or false", hy_kind_word(object->kind), object->id,
                            attr->name, attr->value);
    }
}

static void check_set_scores(struct hy_verify *verify, const struct hy_object *object)
{
    const struct hy_rsc_sets *sets = hy_object_rsc_sets(object);
    for (size_t i = 0; i < sets->list.count; i++) {
        const char *text = hy_attrs_get(&sets->list.items[i].options, "score");
        int score;
        if (text && !hy_score_parse(text, &score))
            hy_verify_error(verify,
                            "%s %s: score='%s' of a set: expected a score: a whole number, INFINITY or -INFINITY",
                            hy_kind_word(object->kind), object->id, text);
        else if (text && hy_score_is_beyond(text))
            hy_verify_warning(verify, "%s %s: score=%s of a set is beyond INFINITY (1000000), and counts as that",
                              hy_kind_word(object->kind), object->id, text);
    }
}

static void check_pattern(struct hy_verify *verify, const struct hy_object *object)
{
    const char *pattern = object->u.location.pattern;
    regex_t regex;
    if (!pattern)
        return;
    if (regcomp(&regex, pattern + (*pattern == '!'), REG_EXTENDED | REG_NOSUB) != 0) {
        hy_verify_error(verify, "location %s: /%s/ is no pattern: expected an extended regular expression", object->id,
                        pattern);
        return;
    }
    bool meant = false;
    for (size_t i = 0; i < verify->cib->objects.count && !meant; i++) {
        const struct hy_object *other = verify->cib->objects.items[i];
        meant = hy_kind_is_resource(other->kind) && (regexec(&regex, other->id, 0, NULL, 0) == 0) == (*pattern != '!');
    }
    if (!meant)
        hy_verify_warning(verify, "location %s: there is no resource that /%s/ means", object->id, pattern);
    regfree(&regex);
}

/* Matching it may take as many steps as there are ways to cut an id into pieces: minutes, on every node. */
static void check_references_back(struct hy_verify *verify, const struct hy_object *object)
{
    const char *pattern = object->u.location.pattern;
    for (const char *at = pattern; at && (at = strchr(at, '\\')); at += at[1] ? 2 : 1)
        if (at[1] >= '1' && at[1] <= '9') {
            hy_verify_error(verify, "location %s: /%s/ refers back (\\%c): expected a pattern without", object->id,
                            pattern, at[1]);
            return;
        }
}

static void check_location(struct hy_verify *verify, const struct hy_object *object)
{
    const char *discovery = hy_attrs_get(&object->u.location.options, "resource-discovery");
    if (discovery && strcmp(discovery, "always") != 0 && strcmp(discovery, "never") != 0 &&
        strcmp(discovery, "exclusive") != 0)
        hy_verify_error(verify, "location %s: resource-discovery='%s': expected always, never or exclusive", object->id,
                        discovery);
    check_pattern(verify, object);
    check_references_back(verify, object);
    char *where = name_of(object);
    for (size_t i = 0; i < object->u.location.rules.count; i++)
        hy_verify_rule(verify, &object->u.location.rules.items[i], where);
    free(where);
    check_targets(verify, object);
}

/* Two resources, or sets of them. */
static void check_pair(struct hy_verify *verify, const struct hy_object *object, const struct hy_attrs *options)
{
    check_targets(verify, object);
    check_options(verify, object, options);
    check_set_scores(verify, object);
}

/* ------------------------------------------------------------- the rest */

static void check_topology(struct hy_verify *verify, const struct hy_topology *topology)
{
    for (size_t i = 0; i < topology->levels.count; i++) {
        for (size_t d = 0; d < topology->levels.items[i].devices.count; d++) {
            const char *id = topology->levels.items[i].devices.items[d];
            const struct hy_object *device = hy_cib_find_kind(verify->cib, HY_PRIMITIVE, id);
            const struct hy_primitive *agent = device ? hy_cib_agent(verify->cib, &device->u.primitive) : NULL;
            if (agent && strcmp(agent->cls, "stonith") != 0)
                hy_verify_warning(verify, "fencing_topology: '%s' is no stonith resource", id);
        }
    }
}

static void check_node(struct hy_verify *verify, const struct hy_object *object)
{
    char *where = name_of(object);
    check_sets(verify, HY_VALUES_NODE, &object->u.node.attributes, where);
    check_sets(verify, HY_VALUES_UTILIZATION, &object->u.node.utilization, where);
    free(where);
}

static void check_set(struct hy_verify *verify, const struct hy_object *object)
{
    static const enum hy_value_kind values[HY_KIND_COUNT] = {[HY_PROPERTY] = HY_VALUES_PROPERTY,
                                                             [HY_RSC_DEFAULTS] = HY_VALUES_META,
                                                             [HY_OP_DEFAULTS] = HY_VALUES_OP_DEFAULTS};
    char *where = name_of(object);
    hy_verify_values(verify, values[object->kind], &object->u.set.attrs, where);
    if (object->u.set.rule)
        hy_verify_rule(verify, object->u.set.rule, where);
    free(where);
}

static void check_with_meta(struct hy_verify *verify, const struct hy_object *object, const struct hy_attr_sets *params,
                            const struct hy_attr_sets *meta)
{
    char *where = name_of(object);
    check_sets(verify, HY_VALUES_ANY, params, where);
    check_sets(verify, HY_VALUES_META, meta, where);
    free(where);
}

static void check_object(struct hy_verify *verify, const struct hy_object *object)
{
    switch (object->kind) {
    case HY_NODE:
        check_node(verify, object);
        break;
    case HY_TEMPLATE:
    case HY_PRIMITIVE:
        check_primitive(verify, object);
        break;
    case HY_GROUP:
        check_with_meta(verify, object, &object->u.group.params, &object->u.group.meta);
        break;
    case HY_CLONE:
        check_with_meta(verify, object, &object->u.clone.params, &object->u.clone.meta);
        break;
    case HY_LOCATION:
        check_location(verify, object);
        break;
    case HY_COLOCATION:
        check_pair(verify, object, &object->u.colocation.options);
        break;
    case HY_ORDER:
        check_pair(verify, object, &object->u.order.options);
        break;
    case HY_RSC_TICKET:
        check_targets(verify, object);
        check_set_scores(verify, object);
        break;
    case HY_TOPOLOGY:
        check_topology(verify, &object->u.topology);
        break;
    case HY_PROPERTY:
    case HY_RSC_DEFAULTS:
    case HY_OP_DEFAULTS:
        check_set(verify, object);
        break;
    case HY_TAG:
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
