/* SPDX-License-Identifier: Apache-2.0 */
#include "environment.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The level of Pacemaker's interface that scripts find here: some ask, to know which tools they may call. */
#define FEATURE_SET "3.16.1"

extern char **environ;

struct list {
    char **items; /* ends with NULL */
    size_t count;
};

static void *sure(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

static bool has_name(const char *item, const char *name, size_t length)
{
    return strncmp(item, name, length) == 0 && item[length] == '=';
}

static void put(struct list *list, char *item)
{
    size_t length = strcspn(item, "=");
    for (size_t i = 0; i < list->count; i++)
        if (has_name(list->items[i], item, length)) {
            free(list->items[i]);
            list->items[i] = item;
            return;
        }
    list->items = sure(reallocarray(list->items, list->count + 2, sizeof *list->items));
    list->items[list->count++] = item;
    list->items[list->count] = NULL;
}

__attribute__((format(printf, 2, 3))) static void set(struct list *list, const char *format, ...)
{
    char *item;
    va_list args;
    va_start(args, format);
    int size = vasprintf(&item, format, args);
    va_end(args);
    if (size < 0)
        abort();
    put(list, item);
}

static const char *find(const struct list *list, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < list->count; i++)
        if (has_name(list->items[i], name, length))
            return list->items[i] + length + 1;
    return NULL;
}

/* ---- parameters */

/* OCF_CHECK_LEVEL is no parameter of the script but one of the API. */
static void add_params(struct list *list, const struct halyard_host *host, const struct halyard_op *op)
{
    const char *name, *value;
    for (uint32_t i = 0; host->param_at(op, i, &name, &value); i++)
        set(list, "%s%s=%s", strcmp(name, "OCF_CHECK_LEVEL") == 0 ? "" : "OCF_RESKEY_", name, value);
}

/* ---- meta attributes */

#define META "OCF_RESKEY_CRM_meta_"

/* What is there for plug-ins only. */
static bool is_of_host(const char *name)
{
    return strcmp(name, "lsb_folder") == 0 || strcmp(name, "handed_over") == 0;
}

/* The names that came before, which scripts still ask for. */
static const char *older_name(const char *name)
{
    static const char *const names[][2] = {
        {"promoted_max", "master_max"},
        {"promoted_node_max", "master_node_max"},
        {"notify_promoted_resource", "notify_master_resource"},
        {"notify_promoted_uname", "notify_master_uname"},
        {"notify_unpromoted_resource", "notify_slave_resource"},
        {"notify_unpromoted_uname", "notify_slave_uname"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i][0], name) == 0)
            return names[i][1];
    return NULL;
}

/* Of an empty list a script gets one blank: it is set. */
static const char *shown(const char *name, const char *value)
{
    return !*value && strncmp(name, "notify_", 7) == 0 ? " " : value;
}

static void set_meta(struct list *list, const char *name, const char *value)
{
    char *item;
    if (asprintf(&item, META "%s=%s", name, shown(name, value)) < 0)
        abort();
    for (char *at = item + strlen(META); *at && *at != '='; at++)
        if (*at == '-')
            *at = '_';
    put(list, item);
}

/* What the notification is about, in the words of Pacemaker's own bookkeeping; some scripts read these. */
static void add_notify_key(struct list *list)
{
    const char *type = find(list, META "notify_type"), *what = find(list, META "notify_operation");
    static const char *const done[][2] = {
        {"start", "running"}, {"stop", "stopped"}, {"promote", "promoted"}, {"demote", "demoted"}};
    if (!type || !what)
        return;
    const char *word = what;
    for (size_t i = 0; strcmp(type, "post") == 0 && i < sizeof done / sizeof *done; i++)
        if (strcmp(done[i][0], what) == 0)
            word = done[i][1];
    set(list, META "notify_key_type=%s", type);
    set(list, META "notify_key_operation=%s", word);
}

/* What is expected of a monitor: a probe expects nothing to run. */
static void add_target_rc(struct list *list, const char *action)
{
    const char *interval = find(list, META "interval"), *role = find(list, META "role");
    if (strcmp(action, "monitor") != 0)
        return;
    if (!interval || strcmp(interval, "0") == 0)
        set(list, META "op_target_rc=%d", HALYARD_NOT_RUNNING);
    else if (role && (strcasecmp(role, "Promoted") == 0 || strcasecmp(role, "Master") == 0))
        set(list, META "op_target_rc=%d", HALYARD_RUNNING_PROMOTED);
}

static void add_meta(struct list *list, const struct halyard_host *host, const struct halyard_op *op,
                     const char *action)
{
    const char *name, *value;
    for (uint32_t i = 0; host->meta_at(op, i, &name, &value); i++) {
        if (is_of_host(name))
            continue;
        set_meta(list, name, value);
        const char *older = older_name(name);
        if (older)
            set_meta(list, older, value);
    }
    set(list, META "name=%s", action);
    if (!find(list, META "on_node"))
        set(list, META "on_node=%s", host->node(op));
    if (!find(list, META "on_node_uuid"))
        set(list, META "on_node_uuid=%s", host->node(op));
    add_notify_key(list);
    add_target_rc(list, action);
}

/* ---- the rest */

static void add_ocf(struct list *list, const struct halyard_host *host, const struct halyard_op *op,
                    const struct ocf_agent *agent)
{
    set(list, "OCF_ROOT=%s", host->site(op)->ocf_root);
    set(list, "OCF_RA_VERSION_MAJOR=1");
    set(list, "OCF_RA_VERSION_MINOR=1");
    set(list, "OCF_RESOURCE_INSTANCE=%s", host->resource(op));
    set(list, "OCF_RESOURCE_TYPE=%s", agent->script.type);
    set(list, "OCF_RESOURCE_PROVIDER=%s", agent->script.provider);
    set(list, "OCF_EXIT_REASON_PREFIX=ocf-exit-reason:");
    set(list, "OCF_RESKEY_crm_feature_set=" FEATURE_SET);
}

/* Without a syslog a script's every word would be a complaint that there is none. */
static void add_logging(struct list *list)
{
    const char *facility = access("/dev/log", F_OK) == 0 ? "daemon" : "none";
    set(list, "HA_LOGFACILITY=%s", facility);
    set(list, "HA_logfacility=%s", facility);
    set(list, "PCMK_logfacility=%s", facility);
    set(list, "HA_debug=0");
    set(list, "PCMK_debug=0");
    set(list, "HA_use_logd=off");
}

/* HA_SBIN_DIR is where the scripts of resource-agents look for the cluster's tools, the others search the path. */
static void add_tools(struct list *list, const struct halyard_site *site)
{
    const char *path = find(list, "PATH");
    set(list, "PATH=%s:%s", site->ocf_tools, path ? path : "/usr/sbin:/usr/bin:/sbin:/bin");
    set(list, "HA_SBIN_DIR=%s", site->ocf_tools);
    if (site->config_file)
        set(list, "HALYARD_CONFIG=%s", site->config_file);
}

char **ocf_environment(const struct halyard_host *host, const struct halyard_op *op, const struct ocf_agent *agent,
                       const char *action)
{
    struct list list = {.items = sure(calloc(1, sizeof *list.items))};
    for (char **item = environ; item && *item; item++)
        put(&list, sure(strdup(*item)));
    add_ocf(&list, host, op, agent);
    add_logging(&list);
    add_params(&list, host, op);
    add_meta(&list, host, op, action);
    add_tools(&list, host->site(op));
    set(&list, "HALYARD_NODE=%s", host->node(op));
    /* At the end of the lease nobody takes note of attributes any more, and a stop must not wait for somebody who would. */
    if (host->lease_ms(op) <= 0)
        set(&list, "HALYARD_LEASE=ended");
    return list.items;
}

void ocf_environment_free(char **list)
{
    for (char **item = list; *item; item++)
        free(*item);
    free(list);
}
