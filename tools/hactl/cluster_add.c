/* SPDX-License-Identifier: Apache-2.0 */
/* `cluster add`: a node is enrolled, and gets a folder with what goes to its /etc/halyard. */
#include "base/alloc.h"
#include "bus/seal.h"
#include "cib/command.h"
#include "hactl/change.h"
#include "hactl/commands.h"
#include "hactl/edit.h"
#include "hactl/node_files.h"
#include "hactl/wait.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct newcomer {
    char *name;
    uint32_t id;
    struct hy_enrolment enrolled;
    const char *out; /* NULL: the cluster's name */
    bool known;      /* it is enrolled like this already: only its files are made again */
};

static void newcomer_free(struct newcomer *node)
{
    free(node->name);
    free(node->enrolled.address);
    for (size_t i = 0; i < HY_LINKS_MAX; i++)
        free(node->enrolled.links[i]);
}

/* ---------------------------------------------------------------- the words */

static int check_numeric(const char *what, const char *text)
{
    unsigned char bytes[16];
    if (inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1)
        return HACTL_OK;
    return hactl_fail("%s '%s' is no address: expected a numeric one, as 172.100.102.151 or fd00::151", what, text);
}

/* A name alone is looked up here and now: the cluster itself never asks for names. */
static int look_up(struct newcomer *node)
{
    struct addrinfo *found = NULL;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    char text[INET6_ADDRSTRLEN];
    int why = getaddrinfo(node->name, NULL, &hints, &found);
    if (!why)
        why = getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof text, NULL, 0, NI_NUMERICHOST);
    if (found)
        freeaddrinfo(found);
    if (why)
        return hactl_fail("'%s': its address is not known here (%s): expected NODE=ADDRESS, as test4=172.100.102.154",
                          node->name, gai_strerror(why));
    node->enrolled.address = hy_strdup(text);
    return HACTL_OK;
}

static int take_node(struct newcomer *node, const char *word)
{
    const char *address;
    if (node->name)
        return hactl_fail("'%s': one node at a time: %s comes first", word, node->name);
    if (!strchr(word, '=')) {
        node->name = hy_strdup(word);
        return look_up(node);
    }
    int status = hactl_take_node(word, &node->name, &address);
    if (!status)
        status = check_numeric("address", address);
    if (!status)
        node->enrolled.address = hy_strdup(address);
    return status;
}

/* `--link 2=10.0.0.4` */
static int take_link(struct newcomer *node, size_t link_count, const char *word)
{
    char *end;
    unsigned long number = strtoul(word, &end, 10);
    if (end == word || *end != '=' || number < 1 || number > link_count || number > HY_LINKS_MAX)
        return hactl_fail("--link '%s': expected N=ADDRESS, N from 1 to %zu as the links stand in the configuration",
                          word, link_count);
    free(node->enrolled.links[number - 1]);
    node->enrolled.links[number - 1] = hy_strdup(end + 1);
    return check_numeric("--link", end + 1);
}

static int read_words(struct newcomer *node, size_t link_count, int argc, char **argv)
{
    int status = HACTL_OK;
    for (int i = 1; i < argc && !status; i++) {
        if (strcmp(argv[i], "--witness") == 0)
            node->enrolled.witness = true;
        else if (strcmp(argv[i], "--link") == 0 && i + 1 < argc)
            status = take_link(node, link_count, argv[++i]);
        else if (strcmp(argv[i], "--out") == 0 && i + 1 < argc)
            node->out = argv[++i];
        else if (strncmp(argv[i], "-", 1) == 0)
            return hactl_usage(hactl_find("cluster", "add"));
        else
            status = take_node(node, argv[i]);
    }
    return status || node->name ? status : hactl_usage(hactl_find("cluster", "add"));
}

/* ---------------------------------------------------------------- does it make sense */

static const char *address_on(const struct hy_enrolment *enrolled, size_t link)
{
    return link < HY_LINKS_MAX && enrolled->links[link] ? enrolled->links[link] : enrolled->address;
}

/* Where the others have addresses of their own on a link, the newcomer's own is hardly the right one. */
static int check_links(const struct newcomer *node, const struct hactl_state *state, size_t link_count)
{
    for (size_t link = 0; link < link_count && link < HY_LINKS_MAX; link++) {
        for (size_t i = 0; i < state->cib->nodes.count && !node->enrolled.links[link]; i++) {
            const struct hy_node_status *other = state->cib->nodes.items[i];
            if (other->enrolled.links[link] && strcmp(other->node, node->name) != 0)
                return hactl_fail("link %zu has addresses of its own (%s of %s): say %s's with --link %zu=ADDRESS",
                                  link + 1, other->enrolled.links[link], other->node, node->name, link + 1);
        }
    }
    return HACTL_OK;
}

static bool is_same(const struct hy_enrolment *a, const struct hy_enrolment *b, size_t link_count)
{
    bool same = strcmp(a->address, b->address) == 0 && a->witness == b->witness;
    for (size_t i = 0; i < link_count && same; i++)
        same = strcmp(address_on(a, i), address_on(b, i)) == 0;
    return same;
}

static int check_address(const struct newcomer *node, const struct hactl_state *state)
{
    for (size_t i = 0; i < state->cib->nodes.count; i++) {
        const struct hy_node_status *other = state->cib->nodes.items[i];
        if (other->enrolled.address && strcmp(other->node, node->name) != 0 &&
            strcmp(other->enrolled.address, node->enrolled.address) == 0)
            return hactl_fail("address %s is that of node %s: each node needs its own", node->enrolled.address,
                              other->node);
    }
    return HACTL_OK;
}

static int check_known(struct newcomer *node, const struct hactl_state *state, size_t link_count)
{
    const struct hy_node_status *status = hy_cib_node(state->cib, node->name);
    node->id = state->cib->last_id + 1;
    if (!status || !status->enrolled.address)
        return HACTL_OK;
    node->id = status->id;
    node->known = is_same(&status->enrolled, &node->enrolled, link_count);
    if (status->enrolled.striking)
        return hactl_fail("%s is being taken out: `hactl cluster status` tells what that waits for", node->name);
    if (status->state == HY_MEMBER_IN && node->known)
        return hactl_fail("%s is in the cluster already", node->name);
    if (status->state == HY_MEMBER_IN)
        return hactl_fail("%s is in the cluster already, otherwise (address %s%s): stop halyardd there first",
                          node->name, status->enrolled.address, status->enrolled.witness ? ", witness" : "");
    return HACTL_OK;
}

/* ---------------------------------------------------------------- its configuration */

static void empty_nodes(struct hy_config *config)
{
    for (size_t l = 0; l < config->links.count; l++) {
        for (size_t i = 0; i < config->nodes.count; i++)
            free(config->links.items[l].addresses[i]);
        free(config->links.items[l].addresses);
        config->links.items[l].addresses = hy_alloc_array(HY_NODES_MAX + 1, sizeof(char *));
    }
    for (size_t i = 0; i < config->nodes.count; i++) {
        free(config->nodes.items[i].name);
        free(config->nodes.items[i].address);
    }
    config->nodes.count = 0;
}

static void add_node(struct hy_config *config, const char *name, uint32_t id, const struct hy_enrolment *enrolled)
{
    const struct hy_config_node node = {
        .name = hy_strdup(name), .id = id, .address = hy_strdup(enrolled->address), .witness = enrolled->witness};
    for (size_t l = 0; l < config->links.count; l++)
        config->links.items[l].addresses[config->nodes.count] = hy_strdup(address_on(enrolled, l));
    hy_vec_push(&config->nodes, node);
}

/* This host's, with the nodes as they are enrolled. NULL: said why. */
static struct hy_config *make_config(struct hactl *h, const struct hactl_state *state, const struct newcomer *node)
{
    struct hy_config *config;
    struct hy_err err = {{0}};
    if (hy_config_read(h->config_file, &config, &err)) {
        hactl_fail("%s", err.text);
        return NULL;
    }
    empty_nodes(config);
    for (size_t i = 0; i < state->cib->nodes.count && i < HY_NODES_MAX; i++) {
        const struct hy_node_status *status = state->cib->nodes.items[i];
        if (status->enrolled.address && !status->enrolled.striking && strcmp(status->node, node->name) != 0)
            add_node(config, status->node, status->id, &status->enrolled);
    }
    add_node(config, node->name, node->id, &node->enrolled);
    free(config->node);
    free(config->key_file);
    config->node = hy_strdup(node->name);
    config->key_file = hy_strdup(HACTL_KEY_FILE);
    return config;
}

static int read_key(const char *file, struct hy_buf *out)
{
    uint8_t key[HY_KEY_SIZE];
    struct hy_err err = {{0}};
    if (hy_key_read(file, key, &err))
        return hactl_fail("%s", err.text);
    for (size_t i = 0; i < sizeof key; i++)
        hy_buf_addf(out, "%02x", key[i]);
    hy_buf_addc(out, '\n');
    sodium_memzero(key, sizeof key);
    return HACTL_OK;
}

static int write_files(struct hactl *h, const struct hactl_state *state, const struct newcomer *node)
{
    struct hy_buf key = {0};
    struct hy_config *config = make_config(h, state, node);
    int status = config ? hactl_files_check_free(node->out, node->name) : HACTL_FAILED;
    if (!status)
        status = read_key(h->config->key_file, &key);
    if (!status) {
        status = hactl_files_write(node->out, config, &key, "hactl cluster add");
        if (status)
            hactl_files_take_back(node->out, node->name);
    }
    if (key.size)
        sodium_memzero(key.data, key.size);
    hy_buf_free(&key);
    hy_config_free(&config);
    return status;
}

/* ---------------------------------------------------------------- doing it */

static int enrol(struct hactl *h, const struct hactl_state *state, const struct newcomer *node)
{
    struct hactl_edit edit;
    struct hy_buf statement = {0};
    hactl_edit_begin(&edit, h, state);
    hy_command_enrol(&statement, node->name, node->id, &node->enrolled);
    hactl_edit_add(&edit, &statement);
    hy_buf_free(&statement);
    int status = hactl_edit_send(&edit);
    if (status)
        hactl_files_take_back(node->out, node->name);
    return status;
}

static void tell_next(const struct newcomer *node)
{
    const char *witness = node->enrolled.witness ? ", a witness" : "";
    if (node->known)
        printf("%s (id %u%s) is enrolled already. Its files were made again, in %s/%s. Copy them:\n", node->name,
               (unsigned)node->id, witness, node->out, node->name);
    else
        printf("%s (id %u%s) is enrolled. Its configuration is in %s/%s. Copy it:\n", node->name, (unsigned)node->id,
               witness, node->out, node->name);
    hactl_files_tell(node->out, node->name, node->enrolled.address);
    printf("Then start halyardd there. The cluster lets it in by itself; look how far it is:\n"
           "  halyardd\n"
           "  hactl cluster status\n"
           "Nothing is to be done on the other nodes, but their firewalls must let it through.\n"
           "%s holds the cluster's secret: remove it when you are done.\n",
           node->out);
}

static bool is_in(const struct hactl_state *state, const void *context, struct hy_buf *what)
{
    const struct hy_node_status *status = hy_cib_node(state->cib, context);
    if (hactl_change_waits(state, context, what))
        return false;
    if (status && status->state == HY_MEMBER_IN)
        return true;
    hy_buf_addf(what, "%s is no member yet", (const char *)context);
    return false;
}

static int add(struct hactl *h, const struct hactl_state *state, struct newcomer *node, size_t link_count)
{
    int status = check_known(node, state, link_count);
    if (!status)
        status = check_address(node, state);
    if (!status)
        status = check_links(node, state, link_count);
    if (!node->out)
        node->out = hactl_state_text(state, "cluster");
    if (!status)
        status = write_files(h, state, node);
    if (!status && !node->known)
        status = enrol(h, state, node);
    if (!status) {
        tell_next(node);
        fflush(stdout);
    }
    return !status && h->wait ? hactl_wait_until(h, is_in, node->name) : status;
}

int hactl_cluster_add(struct hactl *h, int argc, char **argv)
{
    const struct hy_config *config = hactl_config(h);
    if (!config)
        return HACTL_FAILED;
    struct newcomer node = {0};
    struct hactl_state state;
    int status = read_words(&node, config->links.count, argc, argv);
    if (!status)
        status = hactl_state_fetch(h, &state);
    if (!status) {
        status = add(h, &state, &node, config->links.count);
        hactl_state_free(&state);
    }
    newcomer_free(&node);
    return status;
}
