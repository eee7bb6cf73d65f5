/* SPDX-License-Identifier: Apache-2.0 */
#include "script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct ocf_agent current;

const struct halyard_param ocf_no_params[] = {{.name = NULL}};

const struct ocf_agent *ocf_agent(void)
{
    return current.descriptor.magic ? &current : NULL;
}

/* A process has one agent; but for tests, which have one after the other. */
__attribute__((destructor)) static void forget(void)
{
    free((char *)(uintptr_t)current.script.provider);
    free((char *)(uintptr_t)current.script.type);
    ocf_meta_free(&current.meta);
    current = (struct ocf_agent){.reload = NULL};
}

/* A word of a name is not a way to another folder. */
static bool is_word(const char *word)
{
    return word && *word && *word != '.' && !strchr(word, '/');
}

static bool find(const struct halyard_site *site, struct ocf_script *script, enum halyard_rc *answer)
{
    *answer = HALYARD_ERR_INSTALLED;
    if (!site->ocf_root || !site->ocf_tools) {
        site->reason(site, "this host does not say where scripts and their tools lie");
        return false;
    }
    int size = snprintf(script->path, sizeof script->path, "%s/resource.d/%s/%s", site->ocf_root, script->provider,
                        script->type);
    if (size < 0 || (size_t)size >= sizeof script->path) {
        site->reason(site, "the name of the agent %s:%s is too long", script->provider, script->type);
    } else if (stat(script->path, &script->file)) {
        int error = errno;
        if (error == ENOENT || error == ENOTDIR)
            site->reason(site, "the agent %s:%s is not installed: there is no %s", script->provider, script->type,
                         script->path);
        else
            site->reason(site, "%s: %s", script->path, strerror(error));
    } else if (!S_ISREG(script->file.st_mode)) {
        site->reason(site, "%s is no file that could be run", script->path);
    } else if (access(script->path, X_OK)) {
        site->reason(site, "%s is not executable: chmod 755 %s", script->path, script->path);
    } else {
        return true;
    }
    return false;
}

/* Of an agent whose meta-data are no good nothing is known, so all is tried but what would do harm: a reload. */
static void fill(struct ocf_agent *agent)
{
    struct ocf_meta *meta = &agent->meta;
    agent->reload = ocf_meta_reload(meta);
    agent->descriptor = (struct halyard_agent){
        .magic = HALYARD_AGENT_MAGIC,
        .major = HALYARD_AGENT_MAJOR,
        .minor = HALYARD_AGENT_MINOR,
        .size = sizeof(struct halyard_agent),
        .param_size = sizeof(struct halyard_param),
        .caps = HALYARD_CAP_SCRIPT,
        .cls = "ocf",
        .provider = agent->script.provider,
        .type = agent->script.type,
        .version = meta->version,
        .brief = meta->brief,
        .doc = meta->problem ? meta->problem : meta->doc,
        .params = meta->params,
        .start_ms = meta->start_ms,
        .stop_ms = meta->stop_ms,
        .monitor_ms = meta->monitor_ms,
        .interval_ms = meta->interval_ms,
        .start = ocf_start,
        .stop = ocf_stop,
        .monitor = ocf_monitor,
        .promote = ocf_promote,
        .demote = ocf_demote,
        .notify = meta->has_notify || meta->problem ? ocf_notify : NULL,
        .validate = meta->has_validate ? ocf_validate : NULL,
        .reload = agent->reload ? ocf_reload : NULL,
        .migrate_to = ocf_migrate_to,
        .migrate_from = ocf_migrate_from,
    };
}

const void *ocf_describe(const struct halyard_site *site, const char *provider, const char *type,
                         enum halyard_rc *answer)
{
    if (!is_word(provider) || !is_word(type)) {
        *answer = HALYARD_ERR_CONFIGURED;
        site->reason(site, "\"%s:%s\" is no name of an agent: expected PROVIDER:TYPE", provider ? provider : "",
                     type ? type : "");
        return NULL;
    }
    forget();
    current = (struct ocf_agent){.script = {.provider = strdup(provider), .type = strdup(type)}};
    if (!current.script.provider || !current.script.type || !find(site, &current.script, answer))
        return NULL;
    ocf_meta_of(site, &current.script, &current.meta);
    fill(&current);
    return &current.descriptor;
}
