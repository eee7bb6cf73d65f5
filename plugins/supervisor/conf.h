/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervisord's configuration file, as far as it is of use here: how supervisorctl reaches supervisord, and what
 * supervisord does to one program by itself. Its XML-RPC tells autostart, but not autorestart.
 */
#ifndef SUPERVISOR_CONF_H
#define SUPERVISOR_CONF_H

#include <stdbool.h>
#include <stddef.h>

#define SV_CONF "/etc/supervisor/supervisord.conf"

struct sv_conf {
    char url[300];                 /* [supervisorctl] serverurl, or made of the servers' own sections; "": none */
    char user[128], password[128]; /* "": none */
    bool has_program;              /* its section was found */
    char autostart[32];            /* as written; "" is supervisord's default, true */
    char autorestart[32];          /* and unexpected */
};

/* `path` and the files that it includes. `process` may be NULL: no program is looked for. False: it cannot be read; `why`. */
bool sv_conf_read(const char *path, const char *group, const char *process, struct sv_conf *conf, char *why,
                  size_t room);

#endif
