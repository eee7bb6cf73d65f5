/* SPDX-License-Identifier: Apache-2.0 */
#include "hactl/node_files.h"

#include "hactl/files.h"
#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const files[] = {"halyard.conf", "halyard.key"};

static char *path_of(const char *out, const char *node, const char *file)
{
    return hy_asprintf("%s/%s/%s", out, node, file);
}

int hactl_files_check_free(const char *out, const char *node)
{
    int status = HACTL_OK;
    for (size_t f = 0; f < 2 && !status; f++) {
        char *path = path_of(out, node, files[f]);
        if (access(path, F_OK) == 0)
            status = hactl_fail("%s: is there already: it is not overwritten", path);
        free(path);
    }
    return status;
}

static int make_folder(const char *path)
{
    if (!mkdir(path, 0700) || errno == EEXIST)
        return HACTL_OK;
    int why = errno;
    char *here = path[0] == '/' ? NULL : getcwd(NULL, 0);
    hactl_fail("%s%s%s: the folder for the node's files cannot be made: %s; name another one with --out DIR",
               here ? here : "", here && here[1] ? "/" : "", path, strerror(why));
    free(here);
    return HACTL_FAILED;
}

static int check_config(const char *path)
{
    struct hy_config *config;
    struct hy_err err = {{0}};
    if (hy_config_read(path, &config, &err))
        return hactl_fail("%s", err.text);
    hy_config_free(&config);
    return HACTL_OK;
}

static int write_files(const char *out, const char *node, const struct hy_buf *text, const struct hy_buf *key)
{
    char *folder = hy_asprintf("%s/%s", out, node);
    char *config = path_of(out, node, files[0]);
    char *secret = path_of(out, node, files[1]);
    int status = make_folder(out);
    if (!status)
        status = make_folder(folder);
    if (!status)
        status = hactl_create_file(config, text, 0644);
    if (!status)
        status = check_config(config);
    if (!status)
        status = hactl_create_file(secret, key, 0600);
    free(folder);
    free(config);
    free(secret);
    return status;
}

int hactl_files_write(const char *out, const struct hy_config *config, const struct hy_buf *key, const char *command)
{
    struct hy_buf text = {0};
    hy_buf_addf(&text,
                "# Halyard, node %s of cluster %s. Made by `%s`; read by halyardd when it starts.\n"
                "# But for `node` it may be the same on all nodes.\n"
                "\n",
                config->node, config->cluster, command);
    hy_config_print(config, &text);
    int status = write_files(out, config->node, &text, key);
    hy_buf_free(&text);
    return status;
}

void hactl_files_take_back(const char *out, const char *node)
{
    for (size_t f = 0; f < 2; f++) {
        char *path = path_of(out, node, files[f]);
        unlink(path);
        free(path);
    }
    char *folder = hy_asprintf("%s/%s", out, node);
    rmdir(folder);
    free(folder);
    rmdir(out);
}

void hactl_files_tell(const char *out, const char *node, const char *address)
{
    bool v6 = strchr(address, ':') != NULL;
    printf("  ssh root@%s mkdir -p /etc/halyard\n", address);
    printf("  scp -p %s/%s/halyard.conf %s/%s/halyard.key root@%s%s%s:/etc/halyard/\n", out, node, out, node,
           v6 ? "[" : "", address, v6 ? "]" : "");
}

int hactl_check_text(const char *what, const char *text)
{
    for (const char *p = text; *p; p++)
        if (*p == '"' || *p == '\\' || (unsigned char)*p < ' ')
            return hactl_fail("%s '%s': expected no quotes, backslashes or control characters", what, text);
    return *text ? HACTL_OK : hactl_fail("%s: expected a text that is not empty", what);
}

int hactl_take_node(const char *word, char **name, const char **address)
{
    const char *equals = strchr(word, '=');
    if (!equals || equals == word || !equals[1])
        return hactl_fail("'%s': expected NODE=ADDRESS, as test1=172.100.102.151", word);
    *name = hy_strndup(word, (size_t)(equals - word));
    *address = equals + 1;
    if (strchr(*name, '/') || (*name)[0] == '.')
        return hactl_fail("'%s' is no name of a node", *name);
    int status = hactl_check_text("node", *name);
    return status ? status : hactl_check_text("address", *address);
}
