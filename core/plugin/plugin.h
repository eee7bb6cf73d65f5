/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plug-ins: finding, checking and loading shared objects. The guards are looked at in order, each with a message of its
 * own: not there, not a regular file, not owned by root or writable by others (the file, then its folder; before it is
 * opened), not an ELF shared object for this machine, cannot be loaded (the linker's words), no descriptor, wrong magic
 * (and whether it is the other kind of plug-in), newer major, older major, newer minor, too small, missing name,
 * missing operation, bad parameter table. Two plug-ins in one folder that serve the same name: both files are named.
 *
 * dlopen() runs the plug-in's constructors: agents are therefore loaded only in operation children.
 */
#ifndef HY_PLUGIN_PLUGIN_H
#define HY_PLUGIN_PLUGIN_H

#include "base/buf.h"
#include "base/err.h"
#include "halyard/agent.h"
#include "halyard/transport.h"

#include <stdbool.h>

struct hy_plugin; /* a loaded shared object */

/* Loads one file and checks it. On success *agent is the descriptor as this host understands it: a copy, with what an
 * older plug-in does not have as NULL, `params` an array of this host's struct, `version` and `brief` never NULL. It is
 * valid until hy_plugin_close(). -ENOENT, -EPERM (not trusted), -ENOEXEC (not loadable here), -EBADMSG (no good
 * descriptor). */
int hy_plugin_open_agent(const char *path, bool trust_any_owner, struct hy_plugin **plugin, struct halyard_agent *agent,
                         struct hy_err *err);
int hy_plugin_open_transport(const char *path, bool trust_any_owner, struct hy_plugin **plugin,
                             struct halyard_transport *transport, struct hy_err *err);
void hy_plugin_close(struct hy_plugin **plugin);

/* Of a plug-in that stands for many agents: *agent becomes the descriptor of that one, as above. One that stands for
 * itself is left as it is. -ENOENT: there is no such agent; -EBADMSG: its descriptor is no good; *answer is what an
 * operation answers then. */
int hy_plugin_describe(struct hy_plugin *plugin, const struct halyard_site *site, const char *name,
                       struct halyard_agent *agent, enum halyard_rc *answer, struct hy_err *err);

/* What this host is, for hy_plugin_describe(): what describe() says goes to `err`. */
struct hy_site {
    struct halyard_site site; /* first: the plug-in is handed this */
    struct hy_err *err;
};
void hy_site_init(struct hy_site *site, struct hy_err *err);

/* The transport NAME lies in FOLDER/NAME.so. The agent "ocf:heartbeat:IPaddr2", "lsb:maxscale" is found by the names
 * that the plug-ins say they serve. To learn these, each FOLDER/X.so is loaded once in a child process of its own, all
 * at the same time; one that crashes, exits, answers nothing within 5 s or is refused is a line in `problems` ("FILE:
 * why\n"), and the others are in the table. Of two that serve the same name the first in order of file names is used; a
 * line says so. The caller keeps the table. It forks: to be called from a process without threads. -ENOENT and such: of
 * the folder. */
struct hy_agent_table;
int hy_agent_table_scan(const char *folder, bool trust_any_owner, struct hy_agent_table **table,
                        struct hy_buf *problems, struct hy_err *err);
void hy_agent_table_free(struct hy_agent_table **table);
/* The file that serves `agent`; NULL: none does. An exact type goes before a plug-in that serves any ("lsb:*"), and that before one
 * of any provider ("ocf:*:*").
 * `caps`: HALYARD_CAP_*, `has_watch`: offers watch; either may be NULL. */
const char *hy_agent_table_find(const struct hy_agent_table *table, const char *agent, uint32_t *caps, bool *has_watch);

/* Splits "CLASS:PROVIDER:TYPE" or "CLASS:TYPE" and says whether a plug-in that serves these names serves it. */
bool hy_agent_serves(const struct halyard_agent *descriptor, const char *agent);

/* Runs `report` in a child on the descriptor of each file, and collects what it wrote. */
struct hy_probe {
    char *path;                      /* the caller's */
    const char *agent;               /* described as this one; NULL: as the plug-in itself */
    const struct halyard_site *site; /* with `agent`; reason() is not called */
    const void *context;             /* for `report` */
    int rc;                          /* 0, or -errno with the reason in `err` */
    struct hy_err err;
    struct hy_buf report; /* caller frees */
};
typedef void hy_probe_fn(const struct halyard_agent *agent, const void *context, struct hy_buf *report);
void hy_plugin_probe(struct hy_probe *probes, size_t count, bool trust_any_owner, hy_probe_fn *report);

#endif
