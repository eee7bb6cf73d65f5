/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config.h"

#include <string.h>

/* A text as libconfig reads it back. */
static void add_text(struct hy_buf *out, const char *text)
{
    hy_buf_addc(out, '"');
    for (const char *p = text; *p; p++) {
        if (*p == '"' || *p == '\\')
            hy_buf_addc(out, '\\');
        if ((unsigned char)*p < ' ')
            hy_buf_addf(out, "\\x%02x", (unsigned)*p);
        else
            hy_buf_addc(out, *p);
    }
    hy_buf_addc(out, '"');
}

/* A number or a truth is written as one: quotes would read the same, but not to people. */
static void add_value(struct hy_buf *out, const char *text)
{
    size_t digits = strspn(text, "0123456789");
    bool plain = strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
    plain = plain || (digits && digits < 10 && !text[digits] && (text[0] != '0' || digits == 1));
    if (plain)
        hy_buf_adds(out, text);
    else
        add_text(out, text);
}

static void add_nodes(struct hy_buf *out, const struct hy_config *config)
{
    hy_buf_adds(out, "# The nodes to begin with: the first start waits for all of them. What comes later is in the "
                     "cluster's own state.\n"
                     "# Ids are never used again for another host; addresses are numeric.\n"
                     "nodes = (\n");
    for (size_t i = 0; i < config->nodes.count; i++) {
        const struct hy_config_node *node = &config->nodes.items[i];
        hy_buf_addf(out, "    { name = \"%s\"; id = %u; address = \"%s\";%s }%s\n", node->name, (unsigned)node->id,
                    node->address, node->witness ? " witness = true;" : "", i + 1 < config->nodes.count ? "," : "");
    }
    hy_buf_adds(out, ");\n\n");
}

static bool has_own_addresses(const struct hy_config *config, const struct hy_config_link *link)
{
    for (size_t i = 0; i < config->nodes.count; i++)
        if (strcmp(link->addresses[i], config->nodes.items[i].address) != 0)
            return true;
    return false;
}

static void add_link(struct hy_buf *out, const struct hy_config *config, const struct hy_config_link *link)
{
    hy_buf_addf(out, "{ transport = \"%s\";", link->transport);
    for (size_t i = 0; i < link->settings.count; i++) {
        hy_buf_addf(out, " %s = ", link->settings.items[i].name);
        add_value(out, link->settings.items[i].value);
        hy_buf_addc(out, ';');
    }
    if (link->dead_after)
        hy_buf_addf(out, " dead_after_ms = %lld;", (long long)(link->dead_after / HY_MS));
    if (link->loss_percent)
        hy_buf_addf(out, " loss_percent = %u;", link->loss_percent);
    if (has_own_addresses(config, link)) {
        hy_buf_adds(out, " addresses = {");
        for (size_t i = 0; i < config->nodes.count; i++)
            hy_buf_addf(out, " %s = \"%s\";", config->nodes.items[i].name, link->addresses[i]);
        hy_buf_adds(out, " };");
    }
    hy_buf_adds(out, " }");
}

static void add_links(struct hy_buf *out, const struct hy_config *config)
{
    hy_buf_adds(out, "# The ways heartbeats go, all of them at once.");
    if (config->links.count == 1)
        hy_buf_adds(out, " A second one over other cables:\n"
                         "#   , { transport = \"udpu\"; port = 5407; addresses = { test1 = \"10.0.0.1\"; test3 = "
                         "\"10.0.0.3\"; }; }");
    hy_buf_adds(out, "\nlinks = ( ");
    for (size_t i = 0; i < config->links.count; i++) {
        hy_buf_adds(out, i ? ",\n          " : "");
        add_link(out, config, &config->links.items[i]);
    }
    hy_buf_adds(out, " );\n\n");
}

static void add_detection(struct hy_buf *out, const struct hy_config_detection *detection)
{
    const struct hy_config_detection *profile = hy_config_profile(detection->profile);
    const struct {
        const char *name;
        hy_time value, usual;
    } times[] = {{"heartbeat_ms", detection->heartbeat, profile->heartbeat},
                 {"dead_after_ms", detection->dead_after, profile->dead_after},
                 {"release_margin_ms", detection->release_margin, profile->release_margin}};
    hy_buf_addf(
        out, "# How soon a silent node counts as dead: fast (bare metal), lan, wan.\ndetection = { profile = \"%s\";",
        detection->profile);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        if (times[i].value != times[i].usual)
            hy_buf_addf(out, " %s = %lld;", times[i].name, (long long)(times[i].value / HY_MS));
    hy_buf_adds(out, " };\n\n");
}

static void add_paths(struct hy_buf *out, const struct hy_config_paths *paths)
{
    const struct {
        const char *name, *value, *usual;
    } all[] = {{"state", paths->state, HY_STATE_FOLDER},   {"run", paths->run, HY_RUN_FOLDER},
               {"agents", paths->agents, HY_AGENT_FOLDER}, {"transports", paths->transports, HY_TRANSPORT_FOLDER},
               {"lsb", paths->lsb, HY_LSB_FOLDER},         {"ocf", paths->ocf, HY_OCF_ROOT}};
    bool any = false;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (!all[i].value || strcmp(all[i].value, all[i].usual) == 0)
            continue;
        hy_buf_addf(out, "%s %s = ", any ? "" : "paths = {", all[i].name);
        add_text(out, all[i].value);
        hy_buf_addc(out, ';');
        any = true;
    }
    hy_buf_adds(out, any ? " };\n\n" : "");
}

static void add_log(struct hy_buf *out, const struct hy_config_log *log)
{
    static const char *const levels[] = {[HY_LOG_ERROR] = "error",
                                         [HY_LOG_WARNING] = "warning",
                                         [HY_LOG_NOTICE] = "notice",
                                         [HY_LOG_INFO] = "info",
                                         [HY_LOG_DEBUG] = "debug"};
    hy_buf_adds(out, "log = {");
    if (log->file) {
        hy_buf_adds(out, " file = ");
        add_text(out, log->file);
        hy_buf_addc(out, ';');
    }
    hy_buf_addf(out, "%s%s level = \"%s\";%s };\n", log->syslog ? " syslog = true;" : "",
                log->to_stderr ? " stderr = true;" : "", levels[log->level], log->json ? " format = \"json\";" : "");
}

void hy_config_print(const struct hy_config *config, struct hy_buf *out)
{
    hy_buf_addf(out,
                "cluster = \"%s\";\n"
                "\n"
                "# Which of the nodes below this host is.\n"
                "node = \"%s\";\n"
                "\n",
                config->cluster, config->node);
    add_nodes(out, config);
    hy_buf_adds(out, "# The secret all nodes share: whoever has it is of the cluster. Readable by root only.\nkey = ");
    add_text(out, config->key_file);
    hy_buf_addf(out,
                ";\n\n"
                "# Whom the part that talks to the network becomes; left out: halyard, if there is such a user.\n"
                "%suser = ",
                config->user ? "" : "# ");
    add_text(out, config->user ? config->user : "halyard");
    hy_buf_adds(out, ";\n\n");
    add_links(out, config);
    hy_buf_addf(out, "# What the nodes tell each other beside heartbeats: TCP, encrypted.\nbus = { port = %u; };\n\n",
                (unsigned)config->bus_port);
    add_detection(out, &config->detection);
    add_paths(out, &config->paths);
    if (config->watchdog.device) {
        hy_buf_adds(out, "# Resets this host when the executor has come to a stop.\nwatchdog = { device = ");
        add_text(out, config->watchdog.device);
        hy_buf_addf(out, "; timeout_s = %lld; };\n\n", (long long)(config->watchdog.timeout / HY_SECOND));
    }
    add_log(out, &config->log);
}
