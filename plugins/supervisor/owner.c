/* SPDX-License-Identifier: Apache-2.0 */
#include "owner.h"

#include "clock.h"

#include <string.h>
#include <strings.h>
#include <syslog.h>

/* supervisor.datatypes.boolean */
static bool is_word_of(const char *word, const char *const *words)
{
    for (; *words; words++)
        if (strcasecmp(word, *words) == 0)
            return true;
    return false;
}

static bool is_off(const char *word)
{
    static const char *const words[] = {"false", "no", "off", "0", NULL};
    return is_word_of(word, words);
}

static bool starts_itself(const struct sv_unit *unit, const char **where)
{
    struct sv_program program;
    struct sv_failure failure;
    *where = unit->conf_path;
    if (sv_get_program(&unit->server, unit->name, sv_unit_until(unit), &program, &failure) == SV_OK) {
        *where = unit->server.url;
        return program.autostart;
    }
    return unit->has_conf && unit->conf.has_program && !is_off(unit->conf.autostart);
}

int sv_warn_of_owner(const struct sv_unit *unit)
{
    const char *where;
    int count = 0;
    if (starts_itself(unit, &where)) {
        unit->host->log(
            unit->op, LOG_WARNING,
            "supervisord (%s) starts %s by itself, at boot and when it is restarted, and so may run it where the "
            "cluster does not want it: set autostart=false for it",
            where, unit->name);
        count++;
    }
    if (unit->has_conf && unit->conf.has_program && !is_off(unit->conf.autorestart) && unit->restarts == 0) {
        unit->host->log(unit->op, LOG_WARNING,
                        "supervisord (%s) restarts %s by itself while the cluster recovers it, or moves it: set "
                        "autorestart=false for it (it is %s), or tolerate so many restarts with restarts=N",
                        unit->conf_path, unit->name, unit->conf.autorestart[0] ? unit->conf.autorestart : "unexpected");
        count++;
    }
    return count;
}
