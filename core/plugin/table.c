/* SPDX-License-Identifier: Apache-2.0 */
/* Which file serves which agent. */
#include "plugin/plugin.h"

#include "base/alloc.h"
#include "base/vec.h"
#include "base/wire.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

struct names {
    const char *cls;
    const char *provider; /* NULL: none */
    const char *type;     /* "*": any */
};

struct entry {
    char *path;
    char *text; /* what `names` points into */
    struct names names;
    uint32_t caps;
    bool has_watch;
};

struct hy_agent_table {
    HY_VEC(struct entry) entries; /* in order of file names */
};

/* ---- names */

static bool has_providers(const char *cls)
{
    return strcmp(cls, "ocf") == 0 || strcmp(cls, "ocf-script") == 0;
}

/* "lsb:x", "ocf:heartbeat:IPaddr2", "supervisor:group:program"; false: not of this form. Only the OCF's classes have
 * providers. The words point into `text`, which is cut up. */
static bool split(char *text, struct names *names)
{
    char *first = strchr(text, ':');
    if (!first)
        return false;
    *first++ = '\0';
    char *second = has_providers(text) ? strchr(first, ':') : NULL;
    if (second)
        *second++ = '\0';
    *names = (struct names){.cls = text, .provider = second ? first : NULL, .type = second ? second : first};
    return *names->cls && *names->type && (!second || (*first && !strchr(names->type, ':')));
}

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool is_any(const char *word)
{
    return word && strcmp(word, "*") == 0;
}

static bool serves(const struct names *served, const struct names *wanted)
{
    return same(served->cls, wanted->cls) &&
           (same(served->provider, wanted->provider) || (is_any(served->provider) && wanted->provider)) &&
           (is_any(served->type) || same(served->type, wanted->type));
}

bool hy_agent_serves(const struct halyard_agent *descriptor, const char *agent)
{
    char *text = hy_strdup(agent);
    struct names wanted;
    struct names served = {.cls = descriptor->cls, .provider = descriptor->provider, .type = descriptor->type};
    bool yes = split(text, &wanted) && serves(&served, &wanted);
    free(text);
    return yes;
}

static void add_name(struct hy_buf *out, const struct names *names)
{
    hy_buf_adds(out, names->cls);
    if (names->provider)
        hy_buf_addf(out, ":%s", names->provider);
    hy_buf_addf(out, ":%s", names->type);
}

/* ---- scanning */

static void report_names(const struct halyard_agent *agent, const void *context, struct hy_buf *out)
{
    (void)context;
    hy_wr_u32(out, agent->caps);
    hy_wr_u8(out, agent->watch != NULL);
    struct hy_buf name = {0};
    add_name(&name, &(struct names){.cls = agent->cls, .provider = agent->provider, .type = agent->type});
    hy_wr_bytes(out, name.data, name.size);
    hy_buf_free(&name);
}

static void free_entry(struct entry *entry)
{
    free(entry->path);
    free(entry->text);
}

static bool read_entry(const struct hy_probe *probe, struct entry *entry)
{
    struct hy_rd rd = hy_rd_from(probe->report.data, probe->report.size);
    entry->caps = hy_rd_u32(&rd);
    entry->has_watch = hy_rd_u8(&rd) != 0;
    size_t size;
    const char *name = hy_rd_bytes(&rd, &size);
    entry->text = hy_strndup(name, size);
    entry->path = hy_strdup(probe->path);
    if (hy_rd_done(&rd) && split(entry->text, &entry->names))
        return true;
    free_entry(entry);
    return false;
}

static bool is_plugin_name(const char *name)
{
    size_t length = strlen(name);
    return name[0] != '.' && length > 3 && strcmp(name + length - 3, ".so") == 0;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct hy_probe *)a)->path, ((const struct hy_probe *)b)->path);
}

typedef HY_VEC(struct hy_probe) probe_list;

static int list_files(const char *folder, probe_list *probes, struct hy_err *err)
{
    DIR *stream = opendir(folder);
    if (!stream)
        return hy_fail(err, errno, "plug-in folder %s: %s", folder, strerror(errno));
    for (struct dirent *file; (file = readdir(stream));)
        if (is_plugin_name(file->d_name))
            hy_vec_push(probes, ((struct hy_probe){.path = hy_asprintf("%s/%s", folder, file->d_name)}));
    closedir(stream);
    if (probes->count)
        qsort(probes->items, probes->count, sizeof *probes->items, by_path);
    return 0;
}

static void add_entry(struct hy_agent_table *table, const struct hy_probe *probe, struct hy_buf *problems)
{
    struct entry entry = {0};
    if (!read_entry(probe, &entry)) {
        hy_buf_addf(problems, "%s: gave a malformed report of itself\n", probe->path);
        return;
    }
    for (size_t i = 0; i < table->entries.count; i++) {
        const struct entry *other = &table->entries.items[i];
        if (!same(other->names.cls, entry.names.cls) || !same(other->names.provider, entry.names.provider) ||
            !same(other->names.type, entry.names.type))
            continue;
        hy_buf_addf(problems, "%s: serves ", entry.path);
        add_name(problems, &entry.names);
        hy_buf_addf(problems, " as does %s, which is used: remove one of them\n", other->path);
        free_entry(&entry);
        return;
    }
    hy_vec_push(&table->entries, entry);
}

int hy_agent_table_scan(const char *folder, bool trust_any_owner, struct hy_agent_table **table,
                        struct hy_buf *problems, struct hy_err *err)
{
    probe_list probes = {0};
    int rc = list_files(folder, &probes, err);
    if (rc)
        return rc;
    hy_plugin_probe(probes.items, probes.count, trust_any_owner, report_names);
    *table = hy_alloc(sizeof **table);
    for (size_t i = 0; i < probes.count; i++) {
        struct hy_probe *probe = &probes.items[i];
        if (probe->rc)
            hy_buf_addf(problems, "%s\n", probe->err.text);
        else
            add_entry(*table, probe, problems);
        hy_buf_free(&probe->report);
    }
    for (size_t i = 0; i < probes.count; i++)
        free(probes.items[i].path);
    hy_vec_free(&probes);
    return 0;
}

void hy_agent_table_free(struct hy_agent_table **table)
{
    if (!*table)
        return;
    for (size_t i = 0; i < (*table)->entries.count; i++)
        free_entry(&(*table)->entries.items[i]);
    hy_vec_free(&(*table)->entries);
    free(*table);
    *table = NULL;
}

static int exactness(const struct names *served)
{
    return is_any(served->provider) ? 0 : is_any(served->type) ? 1 : 2;
}

static const struct entry *find(const struct hy_agent_table *table, const struct names *wanted)
{
    const struct entry *best = NULL;
    for (size_t i = 0; i < table->entries.count; i++) {
        const struct entry *entry = &table->entries.items[i];
        if (serves(&entry->names, wanted) && (!best || exactness(&entry->names) > exactness(&best->names)))
            best = entry;
    }
    return best;
}

const char *hy_agent_table_find(const struct hy_agent_table *table, const char *agent, uint32_t *caps, bool *has_watch)
{
    char *text = hy_strdup(agent);
    struct names wanted;
    const struct entry *entry = split(text, &wanted) ? find(table, &wanted) : NULL;
    free(text);
    if (entry && caps)
        *caps = entry->caps;
    if (entry && has_watch)
        *has_watch = entry->has_watch;
    return entry ? entry->path : NULL;
}
