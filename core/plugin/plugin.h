/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plug-ins: finding, checking and loading shared objects. The guards are looked at in order, each with a message of its own:
 * not there, not a regular file, not owned by root or writable by others (before it is opened), not an ELF shared object, cannot be loaded (the linker's
 * words), no descriptor, wrong magic (and whether it is the other kind of plug-in), newer major, older major, newer minor, too small, missing name, missing operation,
 * bad parameter table. Two plug-ins in one folder that serve the same name: both files are named.
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

/* Loads one file and checks it. On success *agent is the descriptor as this host understands it: a copy, with what an older
 * plug-in does not have as NULL. It is valid until hy_plugin_close(). -ENOENT, -EPERM, -ENOEXEC, -EBADMSG. */
int hy_plugin_open_agent(const char *path, bool trust_any_owner, struct hy_plugin **plugin,
                         struct halyard_agent *agent, struct hy_err *err);
int hy_plugin_open_transport(const char *path, bool trust_any_owner, struct hy_plugin **plugin,
                             struct halyard_transport *transport, struct hy_err *err);
void hy_plugin_close(struct hy_plugin **plugin);

/* The transport NAME lies in FOLDER/NAME.so. The agent "ocf:heartbeat:IPaddr2", "lsb:maxscale": the file is found by the names that the plug-ins say
 * they serve. `path` gets the file; -ENOENT names what was looked for and where; -EEXIST two serve it. To learn the names each .so is loaded in a child
 * process once; the caller keeps the table. */
struct hy_agent_table;
int hy_agent_table_scan(const char *folder, bool trust_any_owner, struct hy_agent_table **table, struct hy_buf *problems, struct hy_err *err);
void hy_agent_table_free(struct hy_agent_table **table);
/* NULL: none serves it. `caps`: HALYARD_CAP_*, `has_watch`: offers watch; either may be NULL. */
const char *hy_agent_table_find(const struct hy_agent_table *table, const char *agent, uint32_t *caps, bool *has_watch);

#endif
