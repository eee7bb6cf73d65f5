/* SPDX-License-Identifier: Apache-2.0 */
/* `cluster init`: for each node of a new cluster a folder with what goes to its /etc/halyard. */
#include "base/alloc.h"
#include "bus/seal.h"
#include "hactl/commands.h"
#include "hactl/node_files.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct plan {
    const char *name;
    const char *out;
    const char *transport;
    const char *port;
    const char *bus_port;
    const char *profile;
    const char *user; /* NULL: not written */
    HY_VEC(struct member {
        char *name;
        const char *address;
        bool witness;
    })
    members;
    HY_VEC(const char *) witnesses;
};

/* ---------------------------------------------------------------- the words */

static const char **option_of(struct plan *plan, const char *word)
{
    const struct {
        const char *word;
        const char **value;
    } options[] = {{"--name", &plan->name}, {"--out", &plan->out},           {"--transport", &plan->transport},
                   {"--port", &plan->port}, {"--bus-port", &plan->bus_port}, {"--profile", &plan->profile},
                   {"--user", &plan->user}};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (strcmp(options[i].word, word) == 0)
            return options[i].value;
    return NULL;
}

static int check_port(const char *what, const char *text)
{
    char *end;
    long port = strtol(text, &end, 10);
    if (!*text || *end || port < 1 || port > 65535)
        return hactl_fail("%s '%s': expected a port, 1 to 65535", what, text);
    return HACTL_OK;
}

static int add_member(struct plan *plan, const char *word)
{
    struct member member = {0};
    int status = hactl_take_node(word, &member.name, &member.address);
    if (member.name)
        hy_vec_push(&plan->members, member);
    return status;
}

/* `--witness NODE`: the nodes may stand behind it. */
static int mark_witnesses(struct plan *plan)
{
    for (size_t w = 0; w < plan->witnesses.count; w++) {
        size_t at = 0;
        while (at < plan->members.count && strcmp(plan->members.items[at].name, plan->witnesses.items[w]) != 0)
            at++;
        if (at == plan->members.count)
            return hactl_fail("--witness %s: it is none of the nodes: expected --witness NODE NODE=ADDRESS...",
                              plan->witnesses.items[w]);
        plan->members.items[at].witness = true;
    }
    return HACTL_OK;
}

static int read_words(struct plan *plan, int argc, char **argv)
{
    int status = HACTL_OK;
    for (int i = 1; i < argc && !status; i++) {
        const char **option = option_of(plan, argv[i]);
        if (option && i + 1 == argc)
            return hactl_usage(hactl_find("cluster", "init"));
        if (option)
            *option = argv[++i];
        else if (strcmp(argv[i], "--witness") == 0 && i + 1 < argc)
            hy_vec_push(&plan->witnesses, argv[++i]);
        else if (strncmp(argv[i], "--", 2) == 0)
            return hactl_usage(hactl_find("cluster", "init"));
        else
            status = add_member(plan, argv[i]);
    }
    if (!status && (!plan->name || !plan->members.count))
        return hactl_usage(hactl_find("cluster", "init"));
    if (!status)
        status = mark_witnesses(plan);
    const char *const texts[][2] = {{"--name", plan->name}, {"--transport", plan->transport}};
    for (size_t i = 0; i < 2 && !status; i++)
        status = hactl_check_text(texts[i][0], texts[i][1]);
    if (!status && plan->user)
        status = hactl_check_text("--user", plan->user);
    if (!status && !hy_config_profile(plan->profile))
        status = hactl_fail("--profile '%s': expected fast, lan or wan", plan->profile);
    if (!status)
        status = check_port("--port", plan->port);
    if (!status)
        status = check_port("--bus-port", plan->bus_port);
    if (!plan->out)
        plan->out = plan->name;
    return status;
}

/* ---------------------------------------------------------------- the configuration */

static struct hy_config *make_config(const struct plan *plan, const struct member *self)
{
    struct hy_config *config = hy_alloc(sizeof *config);
    struct hy_config_link *link = hy_vec_add(&config->links);
    *link = (struct hy_config_link){.transport = hy_strdup(plan->transport)};
    const struct hy_config_setting port = {hy_strdup("port"), hy_strdup(plan->port)};
    hy_vec_push(&link->settings, port);
    link->addresses = hy_alloc_array(plan->members.count, sizeof *link->addresses);
    for (size_t i = 0; i < plan->members.count; i++) {
        const struct member *member = &plan->members.items[i];
        const struct hy_config_node node = {.name = hy_strdup(member->name),
                                            .id = (uint32_t)i + 1,
                                            .address = hy_strdup(member->address),
                                            .witness = member->witness};
        hy_vec_push(&config->nodes, node);
        link->addresses[i] = hy_strdup(member->address);
    }
    config->cluster = hy_strdup(plan->name);
    config->node = hy_strdup(self->name);
    config->key_file = hy_strdup(HACTL_KEY_FILE);
    config->user = plan->user ? hy_strdup(plan->user) : NULL;
    config->bus_port = (uint16_t)atoi(plan->bus_port);
    config->detection = *hy_config_profile(plan->profile);
    config->log = (struct hy_config_log){.file = hy_strdup("/var/log/halyard.log"), .level = HY_LOG_INFO};
    return config;
}

/* ---------------------------------------------------------------- files */

static int write_all(const struct plan *plan)
{
    int status = HACTL_OK;
    /* Before anything is written: no half of it is to be new. */
    for (size_t i = 0; i < plan->members.count && !status; i++)
        status = hactl_files_check_free(plan->out, plan->members.items[i].name);
    if (status)
        return status;
    struct hy_buf key = {0};
    hy_key_generate(&key);
    for (size_t i = 0; i < plan->members.count && !status; i++) {
        struct hy_config *config = make_config(plan, &plan->members.items[i]);
        status = hactl_files_write(plan->out, config, &key, "hactl cluster init");
        hy_config_free(&config);
    }
    for (size_t i = 0; i < plan->members.count && status; i++)
        hactl_files_take_back(plan->out, plan->members.items[i].name);
    sodium_memzero(key.data, key.size);
    hy_buf_free(&key);
    return status;
}

static void tell_next(const struct plan *plan)
{
    printf("The configuration of %zu node%s is in %s. Copy to each node its own:\n", plan->members.count,
           plan->members.count == 1 ? "" : "s", plan->out);
    for (size_t i = 0; i < plan->members.count; i++)
        hactl_files_tell(plan->out, plan->members.items[i].name, plan->members.items[i].address);
    printf("Then start halyardd on each node (the first start waits for all of them), and look:\n"
           "  halyardd\n"
           "  hactl status\n"
           "%s holds the cluster's secret: remove it when you are done.\n",
           plan->out);
}

int hactl_cluster_init(struct hactl *h, int argc, char **argv)
{
    (void)h;
    struct plan plan = {.transport = "udpu", .port = "5405", .bus_port = "5406", .profile = "lan"};
    int status = read_words(&plan, argc, argv);
    if (!status)
        status = write_all(&plan);
    if (!status)
        tell_next(&plan);
    for (size_t i = 0; i < plan.members.count; i++)
        free(plan.members.items[i].name);
    hy_vec_free(&plan.members);
    hy_vec_free(&plan.witnesses);
    return status;
}
