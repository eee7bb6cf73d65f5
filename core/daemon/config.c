/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config.h"

#include "base/alloc.h"
#include "cib/cib.h"
#include "daemon/config_reader.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NODES = 32, MAX_NODE_ID = 65534, MAX_NAME = 255, USUAL_LOSS = 5, LEAST_HEARTBEATS = 4 };

/* Profiles: heartbeat, silence after which a node counts as dead, and its upper bound; LEASE arithmetic is in
 * docs/decisions/lease.md. Consensus' own timeout is only the net below the failure detector, so a leader that has
 * nothing to say need not say so often: a third of it. */
static const struct hy_config_detection profiles[] = {
    {"fast", 5 * HY_MS, 25 * HY_MS, 50 * HY_MS, 8 * HY_MS, 300 * HY_MS, 30 * HY_MS, 100 * HY_MS, false},
    {"lan", 25 * HY_MS, 120 * HY_MS, 240 * HY_MS, 30 * HY_MS, 600 * HY_MS, 60 * HY_MS, 200 * HY_MS, false},
    {"wan", 200 * HY_MS, 1500 * HY_MS, 3000 * HY_MS, 200 * HY_MS, 3000 * HY_MS, 300 * HY_MS, 1000 * HY_MS, false},
};

const struct hy_config_detection *hy_config_profile(const char *name)
{
    for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++)
        if (strcmp(profiles[i].profile, name) == 0)
            return &profiles[i];
    return NULL;
}

/* Twice the silence after which a node is gone: a link is not what services wait for, and a flapping line in the log helps
 * nobody. */
hy_time hy_config_link_dead_after(const struct hy_config *config, const struct hy_config_link *link)
{
    return link->dead_after ? link->dead_after : 2 * config->detection.dead_after;
}

unsigned hy_config_link_loss(const struct hy_config_link *link)
{
    return link->loss_percent ? link->loss_percent : USUAL_LOSS;
}

static bool is_name(const char *text)
{
    size_t length = strlen(text);
    if (!length || length > MAX_NAME)
        return false;
    for (const char *p = text; *p; p++)
        if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || strchr("._-", *p)))
            return false;
    return true;
}

static bool is_address(const char *text)
{
    uint8_t bytes[16];
    return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

static int check_name(struct hy_config_reader *r, const config_setting_t *at, const char *what, const char *text)
{
    if (is_name(text))
        return 0;
    return hy_config_bad(r, at, "%s '%s' is no name: expected 1 to %d letters, digits, '.', '_' or '-'", what, text,
                         MAX_NAME);
}

static int check_address(struct hy_config_reader *r, const config_setting_t *at, const char *what, const char *text)
{
    if (is_address(text))
        return 0;
    return hy_config_bad(r, at, "%s '%s' is no address: expected a numeric one, as 172.100.102.151 or fd00::151", what,
                         text);
}

/* ---- nodes */

static int check_unique(struct hy_config_reader *r, const config_setting_t *at, const struct hy_config *config,
                        const struct hy_config_node *node)
{
    for (size_t i = 0; i < config->nodes.count; i++) {
        const struct hy_config_node *other = &config->nodes.items[i];
        if (strcmp(other->name, node->name) == 0)
            return hy_config_bad(r, at, "node '%s' stands twice", node->name);
        if (other->id == node->id)
            return hy_config_bad(r, at, "nodes '%s' and '%s' have the same id %u: each needs its own", other->name,
                                 node->name, node->id);
        if (strcmp(other->address, node->address) == 0)
            return hy_config_bad(r, at, "nodes '%s' and '%s' have the same address %s: each needs its own", other->name,
                                 node->name, node->address);
    }
    return 0;
}

static int read_node(struct hy_config_reader *r, const config_setting_t *group, struct hy_config *config)
{
    static const char *const keys[] = {"name", "id", "address", "witness", NULL};
    struct hy_config_node *node = hy_vec_add(&config->nodes);
    *node = (struct hy_config_node){0};
    int64_t id = 0;
    int rc = hy_config_known(r, group, "a node", keys);
    if (!rc)
        rc = hy_config_string(r, group, "name", NULL, &node->name);
    if (!rc)
        rc = check_name(r, group, "node", node->name);
    if (!rc)
        rc = hy_config_string(r, group, "address", NULL, &node->address);
    if (!rc)
        rc = check_address(r, group, "address", node->address);
    if (!rc)
        rc = hy_config_integer(r, group, "id", (struct hy_config_range){1, MAX_NODE_ID, 0}, &id);
    if (!rc)
        rc = hy_config_boolean(r, group, "witness", false, &node->witness);
    if (rc)
        return rc;
    node->id = (uint32_t)id;
    config->nodes.count--;
    rc = check_unique(r, group, config, node);
    config->nodes.count++;
    return rc;
}

static int read_nodes(struct hy_config_reader *r, const config_setting_t *root, struct hy_config *config)
{
    const config_setting_t *list = config_setting_get_member(root, "nodes");
    if (!list || !config_setting_is_list(list) || config_setting_length(list) == 0)
        return hy_config_bad(r, list ? list : root,
                             "nodes: expected a list, as nodes = ( { name = \"test1\"; id = 1; address = "
                             "\"172.100.102.151\"; }, ... );");
    if (config_setting_length(list) > MAX_NODES)
        return hy_config_bad(r, list, "nodes: %d of them; at most %d", config_setting_length(list), MAX_NODES);
    for (int i = 0; i < config_setting_length(list); i++) {
        const config_setting_t *group = config_setting_get_elem(list, (unsigned)i);
        if (!config_setting_is_group(group))
            return hy_config_bad(r, group, "nodes: entry %d is no group { name = ...; id = ...; address = ...; }",
                                 i + 1);
        int rc = read_node(r, group, config);
        if (rc)
            return rc;
    }
    size_t witnesses = 0;
    for (size_t i = 0; i < config->nodes.count; i++)
        witnesses += config->nodes.items[i].witness;
    if (witnesses == config->nodes.count)
        return hy_config_bad(r, list, "nodes: all of them are witnesses: who is to run the resources?");
    for (size_t i = 0; i < config->nodes.count; i++) {
        if (strcmp(config->nodes.items[i].name, config->node) == 0) {
            config->self = i;
            return 0;
        }
    }
    return hy_config_bad(r, config_setting_get_member(root, "node"), "node '%s' is not in the list of nodes",
                         config->node);
}

/* ---- links */

static int read_addresses(struct hy_config_reader *r, const config_setting_t *group, const struct hy_config *config,
                          struct hy_config_link *link)
{
    link->addresses = hy_alloc_array(config->nodes.count, sizeof *link->addresses);
    const config_setting_t *addresses = config_setting_get_member(group, "addresses");
    if (addresses && !config_setting_is_group(addresses))
        return hy_config_bad(r, addresses, "addresses: expected a group, as { test1 = \"10.0.0.1\"; ... }");
    for (int i = 0; addresses && i < config_setting_length(addresses); i++) {
        const config_setting_t *entry = config_setting_get_elem(addresses, (unsigned)i);
        size_t number = 0;
        while (number < config->nodes.count &&
               strcmp(config->nodes.items[number].name, config_setting_name(entry)) != 0)
            number++;
        if (number == config->nodes.count)
            return hy_config_bad(r, entry, "addresses: '%s' is no node", config_setting_name(entry));
        const char *text = config_setting_get_string(entry);
        int rc = check_address(r, entry, "address", text ? text : "");
        if (rc)
            return rc;
        link->addresses[number] = hy_strdup(text);
    }
    for (size_t i = 0; i < config->nodes.count; i++) {
        if (!link->addresses[i] && addresses)
            return hy_config_bad(r, addresses, "addresses: that of '%s' is missing", config->nodes.items[i].name);
        if (!link->addresses[i])
            link->addresses[i] = hy_strdup(config->nodes.items[i].address);
    }
    return 0;
}

/* When a link is called dead, and bad: for the log and the status. Nodes are declared gone by `detection` alone. */
static int read_limits(struct hy_config_reader *r, const config_setting_t *group, const struct hy_config *config,
                       struct hy_config_link *link)
{
    int64_t dead_after = 0, loss = 0;
    int rc = 0;
    if (config_setting_get_member(group, "dead_after_ms"))
        rc = hy_config_integer(r, group, "dead_after_ms", (struct hy_config_range){5, 600000, 0}, &dead_after);
    if (!rc && config_setting_get_member(group, "loss_percent"))
        rc = hy_config_integer(r, group, "loss_percent", (struct hy_config_range){1, 100, 0}, &loss);
    if (rc)
        return rc;
    if (dead_after && dead_after * HY_MS < LEAST_HEARTBEATS * config->detection.heartbeat)
        return hy_config_bad(r, config_setting_get_member(group, "dead_after_ms"),
                             "link's dead_after_ms %lld: expected at least %d heartbeats (%lld ms each)",
                             (long long)dead_after, LEAST_HEARTBEATS, (long long)(config->detection.heartbeat / HY_MS));
    link->dead_after = dead_after * HY_MS;
    link->loss_percent = (unsigned)loss;
    return 0;
}

static bool is_own(const char *name)
{
    static const char *const own[] = {"transport", "addresses", "dead_after_ms", "loss_percent"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strcmp(own[i], name) == 0)
            return true;
    return false;
}

static int read_link(struct hy_config_reader *r, const config_setting_t *group, struct hy_config *config)
{
    struct hy_config_link *link = hy_vec_add(&config->links);
    *link = (struct hy_config_link){0};
    int rc = hy_config_string(r, group, "transport", NULL, &link->transport);
    if (!rc)
        rc = check_name(r, group, "transport", link->transport);
    if (!rc)
        rc = read_addresses(r, group, config, link);
    if (!rc)
        rc = read_limits(r, group, config, link);
    for (int i = 0; !rc && i < config_setting_length(group); i++) {
        const config_setting_t *entry = config_setting_get_elem(group, (unsigned)i);
        const char *name = config_setting_name(entry);
        if (is_own(name))
            continue;
        char *value = hy_config_text(entry);
        if (!value)
            return hy_config_bad(r, entry, "link setting '%s': expected a text, a number, or true or false", name);
        const struct hy_config_setting setting = {hy_strdup(name), value};
        hy_vec_push(&link->settings, setting);
    }
    return rc;
}

static int read_links(struct hy_config_reader *r, const config_setting_t *root, struct hy_config *config)
{
    const config_setting_t *list = config_setting_get_member(root, "links");
    if (!list || !config_setting_is_list(list) || config_setting_length(list) == 0)
        return hy_config_bad(r, list ? list : root,
                             "links: expected a list, as links = ( { transport = \"udpu\"; port = 5405; } );");
    if (config_setting_length(list) > HY_LINKS_MAX)
        return hy_config_bad(r, list, "links: %d of them; at most %d", config_setting_length(list), HY_LINKS_MAX);
    for (int i = 0; i < config_setting_length(list); i++) {
        const config_setting_t *group = config_setting_get_elem(list, (unsigned)i);
        if (!config_setting_is_group(group))
            return hy_config_bad(r, group, "links: entry %d is no group { transport = ...; ... }", i + 1);
        int rc = read_link(r, group, config);
        if (rc)
            return rc;
    }
    return 0;
}

/* ---- the smaller groups */

static int read_bus(struct hy_config_reader *r, const config_setting_t *root, struct hy_config *config)
{
    static const char *const keys[] = {"port", NULL};
    const config_setting_t *group;
    int64_t port = 5406;
    int rc = hy_config_group(r, root, "bus", keys, &group);
    if (!rc && group)
        rc = hy_config_integer(r, group, "port", (struct hy_config_range){1, 65535, 5406}, &port);
    config->bus_port = (uint16_t)port;
    return rc;
}

static int read_paths(struct hy_config_reader *r, const config_setting_t *root, struct hy_config *config)
{
    static const char *const keys[] = {"state", "run", "agents", "transports", "lsb", "ocf", NULL};
    const config_setting_t *group;
    struct hy_config_paths *paths = &config->paths;
    int rc = hy_config_group(r, root, "paths", keys, &group);
    if (!rc)
        rc = hy_config_path(r, group, "state", HY_STATE_FOLDER, &paths->state);
    if (!rc)
        rc = hy_config_path(r, group, "run", HY_RUN_FOLDER, &paths->run);
    if (!rc)
        rc = hy_config_path(r, group, "agents", HY_AGENT_FOLDER, &paths->agents);
    if (!rc)
        rc = hy_config_path(r, group, "transports", HY_TRANSPORT_FOLDER, &paths->transports);
    if (!rc)
        rc = hy_config_path(r, group, "lsb", HY_LSB_FOLDER, &paths->lsb);
    if (!rc)
        rc = hy_config_path(r, group, "ocf", HY_OCF_ROOT, &paths->ocf);
    return rc;
}

/* A group without a device is a mistake, and must not look like protection. */
static int read_watchdog(struct hy_config_reader *r, const config_setting_t *root, struct hy_config *config)
{
    static const char *const keys[] = {"device", "timeout_s", NULL};
    const config_setting_t *group;
    int64_t timeout = 10;
    int rc = hy_config_group(r, root, "watchdog", keys, &group);
    if (rc || !group)
        return rc;
    if (!config_setting_get_member(group, "device"))
        return hy_config_bad(r, group, "watchdog: device is missing: expected one, as device = \"/dev/watchdog\";");
    rc = hy_config_path(r, group, "device", "", &config->watchdog.device);
    if (!rc)
        rc = hy_config_integer(r, group, "timeout_s", (struct hy_config_range){2, 600, timeout}, &timeout);
    config->watchdog.timeout = timeout * HY_SECOND;
    return rc;
}

static int read_level(struct hy_config_reader *r, const config_setting_t *group, const char *word,
                      enum hy_log_level *level)
{
    static const struct {
        const char *word;
        enum hy_log_level level;
    } levels[] = {{"error", HY_LOG_ERROR},
                  {"warning", HY_LOG_WARNING},
                  {"notice", HY_LOG_NOTICE},
                  {"info", HY_LOG_INFO},
                  {"debug", HY_LOG_DEBUG}};
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        if (strcmp(levels[i].word, word) == 0) {
            *level = levels[i].level;
            return 0;
        }
    }
    return hy_config_bad(r, group, "level '%s': expected error, warning, notice, info or debug", word);
}

static int read_log(struct hy_config_reader *r, const config_setting_t *root, struct hy_config *config)
{
    static const char *const keys[] = {"file", "syslog", "stderr", "level", "format", NULL};
    const config_setting_t *group;
    struct hy_config_log *log = &config->log;
    char *level = NULL;
    char *format = NULL;
    log->level = HY_LOG_INFO;
    int rc = hy_config_group(r, root, "log", keys, &group);
    log->syslog = !group; /* a log that nobody asked for is better than none */
    if (!rc && !group)
        return 0;
    if (!rc && config_setting_get_member(group, "file"))
        rc = hy_config_path(r, group, "file", "", &log->file);
    if (!rc)
        rc = hy_config_boolean(r, group, "syslog", false, &log->syslog);
    if (!rc)
        rc = hy_config_boolean(r, group, "stderr", false, &log->to_stderr);
    if (!rc)
        rc = hy_config_string(r, group, "level", "info", &level);
    if (!rc)
        rc = read_level(r, group, level, &log->level);
    if (!rc)
        rc = hy_config_string(r, group, "format", "text", &format);
    if (!rc && strcmp(format, "text") != 0 && strcmp(format, "json") != 0)
        rc = hy_config_bad(r, group, "format '%s': expected text or json", format);
    log->json = !rc && strcmp(format, "json") == 0;
    free(level);
    free(format);
    return rc;
}

static int read_detection(struct hy_config_reader *r, const config_setting_t *root, struct hy_config *config)
{
    static const char *const keys[] = {"profile", "heartbeat_ms", "dead_after_ms", "release_margin_ms", NULL};
    const config_setting_t *group;
    char *word = NULL;
    int rc = hy_config_group(r, root, "detection", keys, &group);
    if (!rc)
        rc = hy_config_string(r, group, "profile", "lan", &word);
    if (rc)
        return rc;
    const struct hy_config_detection *profile = hy_config_profile(word);
    if (!profile)
        rc = hy_config_bad(r, group, "profile '%s': expected fast, lan or wan", word);
    free(word);
    if (rc)
        return rc;
    int64_t heartbeat = profile->heartbeat / HY_MS, dead_after = profile->dead_after / HY_MS;
    int64_t margin = profile->release_margin / HY_MS;
    if (group)
        rc = hy_config_integer(r, group, "heartbeat_ms", (struct hy_config_range){1, 10000, heartbeat}, &heartbeat);
    if (!rc && group)
        rc = hy_config_integer(r, group, "dead_after_ms", (struct hy_config_range){5, 60000, dead_after}, &dead_after);
    if (!rc && group)
        rc = hy_config_integer(r, group, "release_margin_ms", (struct hy_config_range){1, 10000, margin}, &margin);
    if (!rc && (dead_after < 3 * heartbeat || margin * 2 > dead_after))
        return hy_config_bad(
            r, group,
            "dead_after_ms %lld: expected at least three heartbeats (%lld ms each) and twice the release "
            "margin (%lld ms)",
            (long long)dead_after, (long long)heartbeat, (long long)margin);
    struct hy_config_detection *d = &config->detection;
    *d = *profile;
    d->heartbeat = heartbeat * HY_MS;
    d->dead_after = dead_after * HY_MS;
    d->dead_after_max = 2 * d->dead_after > profile->dead_after_max ? 2 * d->dead_after : profile->dead_after_max;
    d->release_margin = margin * HY_MS;
    d->fixed = group && config_setting_get_member(group, "dead_after_ms");
    return rc;
}

static int read_top(struct hy_config_reader *r, const config_setting_t *root, struct hy_config *config)
{
    static const char *const keys[] = {"cluster", "node",      "nodes", "key",      "user", "links",
                                       "bus",     "detection", "paths", "watchdog", "log",  NULL};
    int rc = hy_config_known(r, root, "the file", keys);
    if (!rc)
        rc = hy_config_string(r, root, "cluster", NULL, &config->cluster);
    if (!rc)
        rc = check_name(r, config_setting_get_member(root, "cluster"), "cluster", config->cluster);
    if (!rc)
        rc = hy_config_string(r, root, "node", NULL, &config->node);
    if (!rc)
        rc = hy_config_path(r, root, "key", "/etc/halyard/halyard.key", &config->key_file);
    if (!rc && config_setting_get_member(root, "user"))
        rc = hy_config_string(r, root, "user", NULL, &config->user);
    if (!rc)
        rc = read_nodes(r, root, config);
    if (!rc)
        rc = read_detection(r, root, config);
    if (!rc)
        rc = read_links(r, root, config);
    if (!rc)
        rc = read_bus(r, root, config);
    if (!rc)
        rc = read_paths(r, root, config);
    if (!rc)
        rc = read_watchdog(r, root, config);
    if (!rc)
        rc = read_log(r, root, config);
    return rc;
}

int hy_config_read(const char *file, struct hy_config **config, struct hy_err *err)
{
    struct hy_config_reader reader;
    int rc = hy_config_reader_open(&reader, file, err);
    if (rc)
        return rc;
    struct hy_config *read = hy_alloc(sizeof *read);
    read->file = hy_strdup(file);
    rc = read_top(&reader, config_root_setting(&reader.config), read);
    hy_config_reader_close(&reader);
    if (rc) {
        hy_config_free(&read);
        return rc;
    }
    *config = read;
    return 0;
}

static void free_link(struct hy_config_link *link, size_t node_count)
{
    for (size_t i = 0; link->addresses && i < node_count; i++)
        free(link->addresses[i]);
    free(link->addresses);
    for (size_t i = 0; i < link->settings.count; i++) {
        free(link->settings.items[i].name);
        free(link->settings.items[i].value);
    }
    hy_vec_free(&link->settings);
    free(link->transport);
}

void hy_config_free(struct hy_config **config)
{
    struct hy_config *c = *config;
    if (!c)
        return;
    for (size_t i = 0; i < c->links.count; i++)
        free_link(&c->links.items[i], c->nodes.count);
    hy_vec_free(&c->links);
    for (size_t i = 0; i < c->nodes.count; i++) {
        free(c->nodes.items[i].name);
        free(c->nodes.items[i].address);
    }
    hy_vec_free(&c->nodes);
    char *texts[] = {c->file,
                     c->cluster,
                     c->node,
                     c->key_file,
                     c->user,
                     c->paths.state,
                     c->paths.run,
                     c->paths.agents,
                     c->paths.transports,
                     c->paths.lsb,
                     c->paths.ocf,
                     c->log.file,
                     c->watchdog.device,
                     c->watchdog.in_force};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    free(c);
    *config = NULL;
}

char *hy_config_socket(const struct hy_config *config)
{
    return hy_asprintf("%s/core/halyard.sock", config->paths.run);
}
