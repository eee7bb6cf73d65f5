/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names Pacemaker knows ("Pacemaker Explained": cluster options, resource meta-attributes, operation properties) and
 * what values they take. One table each.
 */
#include "cib/verify.h"

#include "cib/words.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum type { TEXT, BOOL, DURATION, NUMBER, COUNT, SCORE, THRESHOLD, ROLE, CHOICE };

struct known {
    const char *name;
    enum type type;
    const char *choice; /* CHOICE: "a|b|c" */
};

static const struct known properties[] = {
    {"batch-limit", NUMBER, NULL},
    {"cancel-removed-actions", BOOL, NULL},
    {"cluster-delay", DURATION, NULL},
    {"cluster-infrastructure", TEXT, NULL},
    {"cluster-ipc-limit", COUNT, NULL},
    {"cluster-name", TEXT, NULL},
    {"cluster-recheck-interval", DURATION, NULL},
    {"concurrent-fencing", BOOL, NULL},
    {"crmd-finalization-timeout", DURATION, NULL},
    {"crmd-integration-timeout", DURATION, NULL},
    {"crmd-transition-delay", DURATION, NULL},
    {"dc-deadtime", DURATION, NULL},
    {"dc-version", TEXT, NULL},
    {"default-action-timeout", DURATION, NULL},
    {"default-resource-stickiness", SCORE, NULL},
    {"election-timeout", DURATION, NULL},
    {"enable-acl", BOOL, NULL},
    {"enable-startup-probes", BOOL, NULL},
    {"expected-quorum-votes", COUNT, NULL},
    {"fence-reaction", CHOICE, "stop|panic"},
    {"fencing-action", CHOICE, "reboot|off|poweroff"},
    {"fencing-enabled", BOOL, NULL},
    {"fencing-max-attempts", COUNT, NULL},
    {"fencing-reaction", CHOICE, "stop|panic"},
    {"fencing-timeout", DURATION, NULL},
    {"fencing-watchdog-timeout", TEXT, NULL},
    {"have-watchdog", BOOL, NULL},
    {"is-managed-default", BOOL, NULL},
    {"join-finalization-timeout", DURATION, NULL},
    {"join-integration-timeout", DURATION, NULL},
    {"last-lrm-refresh", COUNT, NULL},
    {"load-threshold", TEXT, NULL},
    {"maintenance-mode", BOOL, NULL},
    {"migration-limit", NUMBER, NULL},
    {"no-quorum-policy", CHOICE, "stop|freeze|ignore|demote|fence|suicide"},
    {"node-action-limit", NUMBER, NULL},
    {"node-health-base", SCORE, NULL},
    {"node-health-green", SCORE, NULL},
    {"node-health-red", SCORE, NULL},
    {"node-health-strategy", CHOICE, "none|migrate-on-red|only-green|progressive|custom"},
    {"node-health-yellow", SCORE, NULL},
    {"node-pending-timeout", DURATION, NULL},
    {"pe-error-series-max", NUMBER, NULL},
    {"pe-input-series-max", NUMBER, NULL},
    {"pe-warn-series-max", NUMBER, NULL},
    {"placement-strategy", CHOICE, "default|utilization|minimal|balanced"},
    {"priority-fencing-delay", DURATION, NULL},
    {"remove-after-stop", BOOL, NULL},
    {"shutdown-escalation", DURATION, NULL},
    {"shutdown-lock", BOOL, NULL},
    {"shutdown-lock-limit", DURATION, NULL},
    {"start-failure-is-fatal", BOOL, NULL},
    {"startup-fencing", BOOL, NULL},
    {"stonith-action", CHOICE, "reboot|off|poweroff"},
    {"stonith-enabled", BOOL, NULL},
    {"stonith-max-attempts", COUNT, NULL},
    {"stonith-timeout", DURATION, NULL},
    {"stonith-watchdog-timeout", TEXT, NULL},
    {"stop-all-resources", BOOL, NULL},
    {"stop-orphan-actions", BOOL, NULL},
    {"stop-orphan-resources", BOOL, NULL},
    {"stop-removed-resources", BOOL, NULL},
    {"symmetric-cluster", BOOL, NULL},
    {"transition-delay", DURATION, NULL},
};

static const struct known meta[] = {
    {"allow-migrate", BOOL, NULL},
    {"allow-unhealthy-nodes", BOOL, NULL},
    {"clone-max", COUNT, NULL},
    {"clone-min", COUNT, NULL},
    {"clone-node-max", COUNT, NULL},
    {"collocated", BOOL, NULL},
    {"container-attribute-target", TEXT, NULL},
    {"critical", BOOL, NULL},
    {"failure-timeout", DURATION, NULL},
    {"globally-unique", BOOL, NULL},
    {"interleave", BOOL, NULL},
    {"is-managed", BOOL, NULL},
    {"maintenance", BOOL, NULL},
    {"master-max", COUNT, NULL},
    {"master-node-max", COUNT, NULL},
    {"migration-threshold", THRESHOLD, NULL},
    {"multiple-active", CHOICE, "block|stop_only|stop_start|stop_unexpected"},
    {"notify", BOOL, NULL},
    {"ordered", BOOL, NULL},
    {"priority", SCORE, NULL},
    {"promotable", BOOL, NULL},
    {"promoted-max", COUNT, NULL},
    {"promoted-node-max", COUNT, NULL},
    {"remote-addr", TEXT, NULL},
    {"remote-allow-migrate", BOOL, NULL},
    {"remote-connect-timeout", DURATION, NULL},
    {"remote-node", TEXT, NULL},
    {"remote-port", COUNT, NULL},
    {"requires", CHOICE, "nothing|quorum|fencing|unfencing"},
    {"resource-stickiness", SCORE, NULL},
    {"restart-type", CHOICE, "ignore|restart"},
    {"target-role", ROLE, NULL},
};

/* An operation takes parameters of its own too (OCF_CHECK_LEVEL, depth), so an unknown name is none of ours. */
static const struct known op[] = {
    {"description", TEXT, NULL},
    {"enabled", BOOL, NULL},
    {"interval", DURATION, NULL},
    {"interval-origin", TEXT, NULL},
    {"on-fail", CHOICE, "ignore|block|demote|stop|restart|standby|fence|restart-container"},
    {"record-pending", BOOL, NULL},
    {"role", ROLE, NULL},
    {"start-delay", DURATION, NULL},
    {"timeout", DURATION, NULL},
};

static const struct known node[] = {
    {"maintenance", BOOL, NULL},
    {"standby", BOOL, NULL},
};

struct table {
    const struct known *rows;
    size_t count;
    const char *unknown; /* what a name is that is not in the table; NULL: may be anything */
};

static const struct table tables[] = {
    [HY_VALUES_PROPERTY] = {properties, sizeof properties / sizeof *properties, "cluster property"},
    [HY_VALUES_META] = {meta, sizeof meta / sizeof *meta, "meta attribute"},
    [HY_VALUES_OP] = {op, sizeof op / sizeof *op, NULL},
    [HY_VALUES_OP_DEFAULTS] = {op, sizeof op / sizeof *op, "operation option"},
    [HY_VALUES_NODE] = {node, sizeof node / sizeof *node, NULL},
    [HY_VALUES_UTILIZATION] = {NULL, 0, NULL},
    [HY_VALUES_ANY] = {NULL, 0, NULL},
};

static bool is_number(const char *text)
{
    uint64_t number;
    return hy_uint_parse(text + (*text == '-' || *text == '+'), INT32_MAX, &number);
}

static bool is_choice(const char *text, const char *choice)
{
    size_t length = strlen(text);
    for (const char *at = choice; length && *at;) {
        size_t size = strcspn(at, "|");
        if (size == length && strncasecmp(at, text, size) == 0)
            return true;
        at += size + (at[size] == '|');
    }
    return false;
}

/* NULL: the value is of the type; else what was expected. */
static const char *expected(const struct known *known, const char *value)
{
    bool flag;
    hy_time duration;
    int score;
    enum hy_role role;
    uint64_t number;
    switch (known->type) {
    case TEXT:
        return NULL;
    case BOOL:
        return hy_parse_bool(value, &flag) ? NULL : "true or false";
    case DURATION:
        return hy_parse_duration(value, &duration) ? NULL : "a duration, such as 30s, 500ms or 2min";
    case NUMBER:
        return is_number(value) ? NULL : "a whole number";
    case COUNT:
        return hy_uint_parse(value, INT32_MAX, &number) ? NULL : "a whole number from 0 on";
    case SCORE:
        return hy_score_parse(value, &score) ? NULL : "a score: a whole number, INFINITY or -INFINITY";
    case THRESHOLD:
        return hy_score_parse(value, &score) && score >= 0 ? NULL : "a whole number from 0 on, or INFINITY";
    case ROLE:
        return hy_role_parse(value, &role) ? NULL : "Started, Stopped, Promoted or Unpromoted";
    case CHOICE:
        return is_choice(value, known->choice) ? NULL : known->choice; /* printed as a list */
    }
    return "another value";
}

static const struct known *find(const struct table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->rows[i].name, name) == 0)
            return &table->rows[i];
    return NULL;
}

/* "a|b|c" as "a, b or c"; any other text as it is. */
static void print_expected(const char *text, struct hy_buf *out)
{
    for (const char *last = strrchr(text, '|'); *text; text++) {
        if (*text == '|')
            hy_buf_adds(out, text == last ? " or " : ", ");
        else
            hy_buf_addc(out, *text);
    }
}

static void report_value(struct hy_verify *verify, const struct hy_attr *attr, const char *wanted, const char *where)
{
    struct hy_buf text = {0};
    print_expected(wanted, &text);
    hy_verify_error(verify, "%s: %s='%s': expected %s", where, attr->name, attr->value, hy_buf_text(&text));
    hy_buf_free(&text);
}

/* Known to Pacemaker and right, but not what this cluster does yet. */
static void warn_unsupported(struct hy_verify *verify, enum hy_value_kind values, const struct hy_attr *attr,
                             const char *where)
{
    bool on = false;
    if (values == HY_VALUES_PROPERTY &&
        (strcmp(attr->name, "stonith-enabled") == 0 || strcmp(attr->name, "fencing-enabled") == 0) &&
        hy_parse_bool(attr->value, &on) && on)
        hy_verify_warning(verify, "%s: %s=%s: fencing is not supported yet", where, attr->name, attr->value);
    if ((values == HY_VALUES_OP || values == HY_VALUES_OP_DEFAULTS) && strcmp(attr->name, "on-fail") == 0 &&
        strcasecmp(attr->value, "fence") == 0)
        hy_verify_warning(verify, "%s: on-fail=fence: fencing is not supported yet", where);
}

/* Values that change nothing, and why. */
static void warn_idle(struct hy_verify *verify, enum hy_value_kind values, const struct hy_attr *attr,
                      const char *where)
{
    static const struct {
        const char *name;
        bool value;
        const char *why;
    } idle[] = {
        {"enable-startup-probes", false, "a node that joins is always asked what runs there"},
        {"remove-after-stop", true, "what is known of a resource stays known when it has been stopped"},
        {"startup-fencing", false, "no node is fenced at the start of the cluster"},
    };
    for (size_t i = 0; values == HY_VALUES_PROPERTY && i < sizeof idle / sizeof *idle; i++) {
        bool value = !idle[i].value;
        if (!strcmp(attr->name, idle[i].name) && hy_parse_bool(attr->value, &value) && value == idle[i].value)
            hy_verify_warning(verify, "%s: %s=%s has no effect: %s", where, attr->name, attr->value, idle[i].why);
    }
}

/* Scores end at INFINITY. */
static void warn_beyond(struct hy_verify *verify, const struct known *known, const struct hy_attr *attr,
                        const char *where)
{
    if ((known->type == SCORE || known->type == THRESHOLD) && hy_score_is_beyond(attr->value))
        hy_verify_warning(verify, "%s: %s=%s is beyond INFINITY (1000000), and counts as that", where, attr->name,
                          attr->value);
}

void hy_verify_values(struct hy_verify *verify, enum hy_value_kind values, const struct hy_attrs *attrs,
                      const char *where)
{
    static const struct known utilization = {"utilization", NUMBER, NULL};
    const struct table *table = &tables[values];
    for (size_t i = 0; i < attrs->list.count; i++) {
        const struct hy_attr *attr = &attrs->list.items[i];
        const struct known *known = values == HY_VALUES_UTILIZATION ? &utilization : find(table, attr->name);
        if (!known) {
            if (table->unknown)
                hy_verify_warning(verify, "%s: unknown %s '%s'", where, table->unknown, attr->name);
            continue;
        }
        const char *wanted = expected(known, attr->value);
        if (wanted)
            report_value(verify, attr, wanted, where);
        else
            warn_unsupported(verify, values, attr, where), warn_idle(verify, values, attr, where);
        if (!wanted)
            warn_beyond(verify, known, attr, where);
    }
}
