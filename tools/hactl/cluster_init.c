/* SPDX-License-Identifier: Apache-2.0 */
/* `cluster init`: for each node of a new cluster a folder with what goes to its /etc/halyard. */
#include "bus/seal.h"
#include "hactl/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
    })
    members;
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

/* What goes into the file as it is must not end the text it stands in. */
static int check_text(const char *what, const char *text)
{
    for (const char *p = text; *p; p++)
        if (*p == '"' || *p == '\\' || (unsigned char)*p < ' ')
            return hactl_fail("%s '%s': expected no quotes, backslashes or control characters", what, text);
    return *text ? HACTL_OK : hactl_fail("%s: expected a text that is not empty", what);
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
    const char *equals = strchr(word, '=');
    if (!equals || equals == word || !equals[1])
        return hactl_fail("'%s': expected NODE=ADDRESS, as test1=172.100.102.151", word);
    const struct member member = {hy_strndup(word, (size_t)(equals - word)), equals + 1};
    hy_vec_push(&plan->members, member);
    if (strchr(member.name, '/') || member.name[0] == '.')
        return hactl_fail("'%s' is no name of a node", member.name);
    int status = check_text("node", member.name);
    return status ? status : check_text("address", member.address);
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
        else if (strncmp(argv[i], "--", 2) == 0)
            return hactl_usage(hactl_find("cluster", "init"));
        else
            status = add_member(plan, argv[i]);
    }
    if (!status && (!plan->name || !plan->members.count))
        return hactl_usage(hactl_find("cluster", "init"));
    const char *const texts[][2] = {
        {"--name", plan->name}, {"--transport", plan->transport}, {"--profile", plan->profile}};
    for (size_t i = 0; i < 3 && !status; i++)
        status = check_text(texts[i][0], texts[i][1]);
    if (!status && plan->user)
        status = check_text("--user", plan->user);
    if (!status)
        status = check_port("--port", plan->port);
    if (!status)
        status = check_port("--bus-port", plan->bus_port);
    if (!plan->out)
        plan->out = plan->name;
    return status;
}

/* ---------------------------------------------------------------- the configuration */

static void write_config(const struct plan *plan, const struct member *self, struct hy_buf *out)
{
    hy_buf_addf(out,
                "# Halyard, node %s of cluster %s. Made by `hactl cluster init`; read by halyardd when it starts.\n"
                "# But for `node` it is the same on all nodes.\n"
                "\n"
                "cluster = \"%s\";\n"
                "\n"
                "# Which of the nodes below this host is.\n"
                "node = \"%s\";\n"
                "\n"
                "# All nodes. Ids are never used again for another host; addresses are numeric.\n"
                "nodes = (\n",
                self->name, plan->name, plan->name, self->name);
    for (size_t i = 0; i < plan->members.count; i++)
        hy_buf_addf(out, "    { name = \"%s\"; id = %zu; address = \"%s\"; }%s\n", plan->members.items[i].name, i + 1,
                    plan->members.items[i].address, i + 1 < plan->members.count ? "," : "");
    hy_buf_addf(
        out,
        ");\n"
        "\n"
        "# The secret all nodes share: whoever has it is of the cluster. Readable by root only.\n"
        "key = \"/etc/halyard/halyard.key\";\n"
        "\n"
        "# Whom the part that talks to the network becomes; left out: halyard, if there is such a user.\n"
        "%suser = \"%s\";\n"
        "\n"
        "# The ways heartbeats go, all of them at once. A second one over other cables:\n"
        "#   , { transport = \"udpu\"; port = 5407; addresses = { test1 = \"10.0.0.1\"; test3 = \"10.0.0.3\"; }; }\n"
        "links = ( { transport = \"%s\"; port = %s; } );\n"
        "\n"
        "# What the nodes tell each other beside heartbeats: TCP, encrypted.\n"
        "bus = { port = %s; };\n"
        "\n"
        "# How soon a silent node counts as dead: fast (bare metal), lan, wan.\n"
        "detection = { profile = \"%s\"; };\n"
        "\n"
        "log = { file = \"/var/log/halyard.log\"; level = \"info\"; };\n",
        plan->user ? "" : "# ", plan->user ? plan->user : "halyard", plan->transport, plan->port, plan->bus_port,
        plan->profile);
}

/* ---------------------------------------------------------------- files */

static char *path_of(const struct plan *plan, const struct member *member, const char *file)
{
    return hy_asprintf("%s/%s/%s", plan->out, member->name, file);
}

static int create_file(const char *path, const struct hy_buf *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        return hactl_fail("%s: %s", path,
                          errno == EEXIST ? "is there already: it is not overwritten" : strerror(errno));
    ssize_t written = write(fd, hy_buf_text(text), text->size);
    if (close(fd) || written != (ssize_t)text->size)
        return hactl_fail("%s: cannot be written: %s", path, strerror(errno));
    return HACTL_OK;
}

static int make_folder(const char *path)
{
    if (mkdir(path, 0700) && errno != EEXIST)
        return hactl_fail("%s: %s", path, strerror(errno));
    return HACTL_OK;
}

static const char *const files[] = {"halyard.conf", "halyard.key"};

/* Before anything is written: nothing that is there is to be lost, and no half of it new. */
static int check_free(const struct plan *plan)
{
    int status = HACTL_OK;
    for (size_t i = 0; i < plan->members.count && !status; i++) {
        for (size_t f = 0; f < 2 && !status; f++) {
            char *path = path_of(plan, &plan->members.items[i], files[f]);
            if (access(path, F_OK) == 0)
                status = hactl_fail("%s: is there already: it is not overwritten", path);
            free(path);
        }
    }
    return status;
}

/* The daemon is to find no fault with it. */
static int check_config(const char *path)
{
    struct hy_config *config;
    struct hy_err err = {{0}};
    if (hy_config_read(path, &config, &err))
        return hactl_fail("%s", err.text);
    hy_config_free(&config);
    return HACTL_OK;
}

static int write_member(const struct plan *plan, const struct member *member, const struct hy_buf *key)
{
    char *folder = hy_asprintf("%s/%s", plan->out, member->name);
    char *config = path_of(plan, member, files[0]);
    char *secret = path_of(plan, member, files[1]);
    struct hy_buf text = {0};
    write_config(plan, member, &text);
    int status = make_folder(folder);
    if (!status)
        status = create_file(config, &text, 0644);
    if (!status)
        status = check_config(config);
    if (!status)
        status = create_file(secret, key, 0600);
    hy_buf_free(&text);
    free(folder);
    free(config);
    free(secret);
    return status;
}

/* Nothing half made stays. */
static void take_back(const struct plan *plan)
{
    for (size_t i = 0; i < plan->members.count; i++) {
        for (size_t f = 0; f < 2; f++) {
            char *path = path_of(plan, &plan->members.items[i], files[f]);
            unlink(path);
            free(path);
        }
        char *folder = hy_asprintf("%s/%s", plan->out, plan->members.items[i].name);
        rmdir(folder);
        free(folder);
    }
    rmdir(plan->out);
}

static int write_all(const struct plan *plan)
{
    struct hy_buf key = {0};
    hy_key_generate(&key);
    int status = check_free(plan);
    if (!status)
        status = make_folder(plan->out);
    if (!status) {
        for (size_t i = 0; i < plan->members.count && !status; i++)
            status = write_member(plan, &plan->members.items[i], &key);
        if (status)
            take_back(plan);
    }
    memset(key.data, 0, key.size);
    hy_buf_free(&key);
    return status;
}

static void tell_next(const struct plan *plan)
{
    printf("The configuration of %zu node%s is in %s. Copy to each node its own:\n", plan->members.count,
           plan->members.count == 1 ? "" : "s", plan->out);
    for (size_t i = 0; i < plan->members.count; i++) {
        const struct member *member = &plan->members.items[i];
        bool v6 = strchr(member->address, ':') != NULL;
        printf("  ssh root@%s mkdir -p /etc/halyard\n", member->address);
        printf("  scp -p %s/%s/halyard.conf %s/%s/halyard.key root@%s%s%s:/etc/halyard/\n", plan->out, member->name,
               plan->out, member->name, v6 ? "[" : "", member->address, v6 ? "]" : "");
    }
    printf("Then start halyardd on each node, and look:\n"
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
    return status;
}
