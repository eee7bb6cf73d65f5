/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/plugin.h"

#include "base/alloc.h"
#include "plugin/descriptor.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct hy_plugin {
    void *handle;
    struct hy_params params;
};

/* The program's own ELF header, put there by the linker: what a plug-in's machine and class must be. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

static int check_owner(const char *path, const struct stat *status, const char *of, struct hy_err *err)
{
    if (status->st_uid != 0)
        return hy_fail(err, EPERM, "%s: %s belongs to user %u; it must belong to root (chown root)", path, of,
                       (unsigned)status->st_uid);
    if (status->st_mode & (S_IWGRP | S_IWOTH))
        return hy_fail(err, EPERM, "%s: %s may be written by others (mode %03o); only root may (chmod go-w)", path, of,
                       (unsigned)status->st_mode & 0777);
    return 0;
}

static int check_folder(const char *path, struct hy_err *err)
{
    char *folder = hy_strdup(path);
    char *slash = strrchr(folder, '/');
    if (slash == folder)
        slash[1] = '\0';
    else if (slash)
        *slash = '\0';
    struct stat status;
    int rc = stat(slash ? folder : ".", &status) ? hy_fail(err, errno, "%s: its folder: %s", path, strerror(errno))
                                                 : check_owner(path, &status, "its folder", err);
    free(folder);
    return rc;
}

static int check_file(const char *path, bool trust_any_owner, struct hy_err *err)
{
    struct stat status;
    if (stat(path, &status))
        return errno == ENOENT ? hy_fail(err, ENOENT, "%s: there is no such file", path)
                               : hy_fail(err, errno, "%s: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return hy_fail(err, ENOEXEC, "%s: not a regular file", path);
    if (trust_any_owner)
        return 0;
    int rc = check_owner(path, &status, "the file", err);
    return rc ? rc : check_folder(path, err);
}

static int check_elf_header(const char *path, const ElfW(Ehdr) * header, struct hy_err *err)
{
    const unsigned char *own = __ehdr_start.e_ident;
    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
        return hy_fail(err, ENOEXEC, "%s: not an ELF file", path);
    if (header->e_ident[EI_CLASS] != own[EI_CLASS])
        return hy_fail(err, ENOEXEC, "%s: ELF class %u; this host is of class %u (1: 32 bits, 2: 64 bits)", path,
                       header->e_ident[EI_CLASS], own[EI_CLASS]);
    if (header->e_ident[EI_DATA] != own[EI_DATA])
        return hy_fail(err, ENOEXEC, "%s: built for the other byte order", path);
    if (header->e_machine != __ehdr_start.e_machine)
        return hy_fail(err, ENOEXEC, "%s: built for ELF machine %u; this host is machine %u", path, header->e_machine,
                       __ehdr_start.e_machine);
    if (header->e_type != ET_DYN)
        return hy_fail(err, ENOEXEC, "%s: not a shared object (ELF type %u)", path, header->e_type);
    return 0;
}

/* The loader maps what the header promises; a page that the file does not have would be SIGBUS. */
static int check_length(const char *path, int fd, const ElfW(Ehdr) * header, struct hy_err *err)
{
    struct stat status;
    if (fstat(fd, &status))
        return hy_fail(err, errno, "%s: %s", path, strerror(errno));
    uint64_t size = (uint64_t)status.st_size;
    uint64_t needed = (uint64_t)header->e_phoff + (uint64_t)header->e_phnum * sizeof(ElfW(Phdr));
    for (size_t i = 0; i < header->e_phnum && needed <= size; i++) {
        ElfW(Phdr) segment;
        off_t at = (off_t)(header->e_phoff + i * sizeof segment);
        if (pread(fd, &segment, sizeof segment, at) != (ssize_t)sizeof segment)
            return hy_fail(err, ENOEXEC, "%s: its program headers cannot be read", path);
        uint64_t end = (uint64_t)segment.p_offset + segment.p_filesz;
        if (segment.p_type == PT_LOAD && end > needed)
            needed = end;
    }
    if (needed > size)
        return hy_fail(err, ENOEXEC, "%s: cut short: it has %llu bytes, and needs %llu", path, (unsigned long long)size,
                       (unsigned long long)needed);
    return 0;
}

static int check_elf(const char *path, struct hy_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return hy_fail(err, errno, "%s: cannot be opened: %s", path, strerror(errno));
    ElfW(Ehdr) header = {.e_type = 0};
    ssize_t got = read(fd, &header, sizeof header);
    int rc;
    if (got < 0)
        rc = hy_fail(err, errno, "%s: cannot be read: %s", path, strerror(errno));
    else if ((size_t)got < sizeof header)
        rc = hy_fail(err, ENOEXEC, "%s: not an ELF file", path);
    else
        rc = check_elf_header(path, &header, err);
    if (!rc)
        rc = check_length(path, fd, &header, err);
    close(fd);
    return rc;
}

/* The bytes behind a symbol, as the file says; 0: not known. */
static size_t symbol_size(const void *symbol)
{
    Dl_info info;
    void *found = NULL;
    if (!dladdr1(symbol, &info, &found, RTLD_DL_SYMENT) || !found || info.dli_saddr != symbol)
        return 0;
    const ElfW(Sym) *entry = found;
    return (size_t)entry->st_size;
}

static int find_descriptor(void *handle, const char *path, const struct hy_descriptor_kind *kind,
                           const struct hy_guard **guard, struct hy_err *err)
{
    *guard = dlsym(handle, kind->symbol);
    if (!*guard) {
        const struct hy_descriptor_kind *other = kind->other;
        if (dlsym(handle, other->symbol))
            return hy_fail(err, EBADMSG, "%s: is %s plug-in, not %s plug-in", path, other->article, kind->article);
        return hy_fail(err, EBADMSG, "%s: does not define %s; is it a plug-in of halyard?", path, kind->symbol);
    }
    return hy_descriptor_check_guard(path, kind, *guard, symbol_size(*guard), err);
}

/* dlopen() searches the library path for a name without a slash; the full name also tells apart files of one name. */
static int load(const char *path, bool trust_any_owner, const struct hy_descriptor_kind *kind,
                struct hy_plugin **plugin, const struct hy_guard **guard, struct hy_err *err)
{
    *plugin = NULL;
    int rc = check_file(path, trust_any_owner, err);
    if (!rc)
        rc = check_elf(path, err);
    if (rc)
        return rc;
    char *full = realpath(path, NULL);
    if (!full)
        return hy_fail(err, errno, "%s: %s", path, strerror(errno));
    void *handle = dlopen(full, RTLD_NOW | RTLD_LOCAL);
    free(full);
    if (!handle)
        return hy_fail(err, ENOEXEC, "%s: cannot be loaded: %s", path, dlerror());
    rc = find_descriptor(handle, path, kind, guard, err);
    if (rc) {
        dlclose(handle);
        return rc;
    }
    *plugin = hy_alloc(sizeof **plugin);
    (*plugin)->handle = handle;
    return 0;
}

int hy_plugin_open_agent(const char *path, bool trust_any_owner, struct hy_plugin **plugin, struct halyard_agent *agent,
                         struct hy_err *err)
{
    const struct hy_guard *guard;
    int rc = load(path, trust_any_owner, &hy_agent_kind, plugin, &guard, err);
    if (!rc)
        rc = hy_descriptor_copy_agent(path, guard, agent, &(*plugin)->params, err);
    if (rc)
        hy_plugin_close(plugin);
    return rc;
}

/* ---- one of many agents */

__attribute__((format(printf, 2, 3))) static void say_why(const struct halyard_site *site, const char *format, ...)
{
    const struct hy_site *own = (const struct hy_site *)(const void *)site;
    va_list args;
    va_start(args, format);
    struct hy_buf text = {0};
    hy_buf_vaddf(&text, format, args);
    va_end(args);
    hy_fail(own->err, 0, "%s", hy_buf_text(&text));
    hy_buf_free(&text);
}

void hy_site_init(struct hy_site *site, struct hy_err *err)
{
    site->site.size = sizeof site->site;
    site->site.minor = HALYARD_AGENT_MINOR;
    site->site.reason = say_why;
    site->err = err;
}

/* "ocf:heartbeat:Dummy": its last word, and what stands between the first one and that. */
static const char *split_name(const char *name, char **provider)
{
    const char *first = strchr(name, ':'), *last = strrchr(name, ':');
    *provider = first != last ? hy_strndup(first + 1, (size_t)(last - first - 1)) : NULL;
    return last + 1;
}

int hy_plugin_describe(struct hy_plugin *plugin, const struct halyard_site *site, const char *name,
                       struct halyard_agent *agent, enum halyard_rc *answer, struct hy_err *err)
{
    *answer = HALYARD_ERR_INSTALLED;
    if (!agent->describe || strcmp(agent->type, "*") != 0)
        return 0;
    struct hy_site told = {.site = *site};
    hy_site_init(&told, err);
    char *provider;
    const char *type = split_name(name, &provider);
    hy_fail(err, ENOENT, "%s: its plug-in does not know it, and does not say why", name);
    const struct hy_guard *guard = agent->describe(&told.site, provider, type, answer);
    free(provider);
    if (!guard)
        return -ENOENT;
    *answer = HALYARD_ERR_GENERIC;
    hy_params_free(&plugin->params);
    int rc = hy_descriptor_check_guard(name, &hy_agent_kind, guard, 0, err);
    if (!rc)
        rc = hy_descriptor_copy_agent(name, guard, agent, &plugin->params, err);
    agent->describe = NULL;
    return rc;
}

int hy_plugin_open_transport(const char *path, bool trust_any_owner, struct hy_plugin **plugin,
                             struct halyard_transport *transport, struct hy_err *err)
{
    const struct hy_guard *guard;
    int rc = load(path, trust_any_owner, &hy_transport_kind, plugin, &guard, err);
    if (!rc)
        rc = hy_descriptor_copy_transport(path, guard, transport, &(*plugin)->params, err);
    if (rc)
        hy_plugin_close(plugin);
    return rc;
}

void hy_plugin_close(struct hy_plugin **plugin)
{
    if (!*plugin)
        return;
    dlclose((*plugin)->handle);
    hy_params_free(&(*plugin)->params);
    free(*plugin);
    *plugin = NULL;
}
