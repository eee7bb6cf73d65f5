/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define DEFAULT_URL "unix:///var/run/supervisor.sock"

enum { MARGIN_MS = 1000 };

/* ---- parameters */

static enum halyard_rc name_it(struct sv_unit *unit)
{
    const char *type = unit->host->type(unit->op);
    const char *colon = strchr(type, ':');
    const char *process = colon ? colon + 1 : type;
    int group_size = colon ? (int)(colon - type) : (int)strlen(type);
    if (!group_size || !*process || strchr(process, ':') || strlen(type) >= sizeof unit->group) {
        unit->host->reason(unit->op, "supervisor:%.100s: expected supervisor:PROGRAM, or supervisor:GROUP:PROGRAM",
                           type);
        return HALYARD_ERR_CONFIGURED;
    }
    snprintf(unit->group, sizeof unit->group, "%.*s", group_size, type);
    snprintf(unit->process, sizeof unit->process, "%s", process);
    snprintf(unit->name, sizeof unit->name, "%s:%s", unit->group, unit->process);
    return HALYARD_OK;
}

static int64_t number(const struct sv_unit *unit, const char *name)
{
    const char *text = unit->host->get(unit->op, name);
    return text ? strtoll(text, NULL, 10) : 0;
}

static bool take_word(const char *value, char *to, size_t room)
{
    if (!value || !*value)
        return true;
    if (strlen(value) >= room)
        return false;
    memcpy(to, value, strlen(value) + 1);
    return true;
}

/* The file is one's own when it is named; the default one need not be there. */
static enum halyard_rc read_conf(struct sv_unit *unit)
{
    char why[400];
    const char *given = unit->host->get(unit->op, "conf");
    snprintf(unit->conf_path, sizeof unit->conf_path, "%s", given ? given : SV_CONF);
    unit->has_conf = sv_conf_read(unit->conf_path, unit->group, unit->process, &unit->conf, why, sizeof why);
    if (unit->has_conf || !given)
        return HALYARD_OK;
    unit->host->reason(unit->op, "conf: %s", why);
    return HALYARD_ERR_INSTALLED;
}

/* As supervisorctl has it: what is not said is in the configuration file. */
static enum halyard_rc find_server(struct sv_unit *unit)
{
    char why[400];
    const char *given = unit->host->get(unit->op, "url");
    const char *url = given ? given : unit->conf.url[0] ? unit->conf.url : DEFAULT_URL;
    if (!sv_server_parse(url, &unit->server, why, sizeof why)) {
        unit->host->reason(unit->op, "%s%s%s", why, given ? "" : ", in ", given ? "" : unit->conf_path);
        return given ? HALYARD_ERR_CONFIGURED : HALYARD_ERR_ARGS;
    }
    const char *user = unit->host->get(unit->op, "username"), *password = unit->host->get(unit->op, "password");
    if (!user && !unit->server.user[0] && unit->conf.user[0] && (!given || strcmp(given, unit->conf.url) == 0)) {
        user = unit->conf.user;
        password = password ? password : unit->conf.password;
    }
    if (take_word(user, unit->server.user, sizeof unit->server.user) &&
        take_word(password, unit->server.password, sizeof unit->server.password) && !strchr(unit->server.user, ':'))
        return HALYARD_OK;
    unit->host->reason(unit->op, "username or password: longer than 127 bytes, or a username with a colon");
    return HALYARD_ERR_CONFIGURED;
}

static void set_times(struct sv_unit *unit)
{
    int64_t left = unit->host->ms_left(unit->op);
    unit->begun = sv_now();
    unit->margin = left / 4 < MARGIN_MS ? left / 4 : MARGIN_MS;
    unit->end = left < INT64_MAX / 2 ? unit->begun + left - unit->margin : INT64_MAX / 2; /* that of a watch is never */
    unit->patience = number(unit, "patience");
    unit->restarts = number(unit, "restarts");
    unit->restart_window = number(unit, "restarts_within");
}

enum halyard_rc sv_unit_open(const struct halyard_host *host, const struct halyard_op *op, struct sv_unit *unit)
{
    *unit = (struct sv_unit){.host = host, .op = op};
    set_times(unit);
    enum halyard_rc answer = name_it(unit);
    if (answer == HALYARD_OK)
        answer = read_conf(unit);
    if (answer == HALYARD_OK)
        answer = find_server(unit);
    if (answer == HALYARD_OK)
        sv_record_load(host->state_dir(op), unit->name, &unit->record);
    return answer;
}

/* ---- asking */

int64_t sv_unit_until(const struct sv_unit *unit)
{
    int64_t until = sv_now() + unit->patience, latest = unit->end + unit->margin / 2;
    return until < latest ? until : latest;
}

enum sv_end sv_unit_ask(const struct sv_unit *unit, struct sv_info *info, struct sv_failure *failure)
{
    return sv_get_info(&unit->server, unit->name, sv_unit_until(unit), info, failure);
}

bool sv_failure_may_pass(const struct sv_failure *failure)
{
    return failure->end == SV_DOWN || failure->end == SV_SLOW ||
           (failure->end == SV_FAULT && failure->fault == SV_SHUTDOWN_STATE);
}

static enum halyard_rc say_unknown_name(const struct sv_unit *unit)
{
    char others[200];
    sv_find_namesakes(&unit->server, unit->process, sv_unit_until(unit), others, sizeof others);
    if (others[0])
        unit->host->reason(unit->op, "supervisord knows no process %s; it has %s: write supervisor:GROUP:PROCESS",
                           unit->name, others);
    else
        unit->host->reason(unit->op,
                           "supervisord knows no program %s: it has no section in its configuration on this host, or "
                           "'supervisorctl update' has not been run since",
                           unit->name);
    return HALYARD_ERR_INSTALLED;
}

enum halyard_rc sv_unit_say(const struct sv_unit *unit, const struct sv_failure *failure)
{
    if (failure->end == SV_FAULT) {
        switch (failure->fault) {
        case SV_BAD_NAME:
            return say_unknown_name(unit);
        case SV_SHUTDOWN_STATE:
            unit->host->reason(unit->op, "supervisord is shutting down, or restarts its programs");
            return HALYARD_ERR_GENERIC;
        case SV_UNKNOWN_METHOD:
            unit->host->reason(unit->op,
                               "what listens at %s does not have supervisord's methods: has its configuration "
                               "[rpcinterface:supervisor]?",
                               unit->server.url);
            return HALYARD_ERR_GENERIC;
        default:
            break;
        }
    }
    unit->host->reason(unit->op, "%s", failure->text);
    return failure->end == SV_DENIED ? HALYARD_ERR_PERM : HALYARD_ERR_GENERIC;
}

const char *sv_unit_last_words(const struct sv_unit *unit, char *words, size_t room)
{
    static const char before[] = "; its last words: ";
    enum { LENGTH = sizeof before - 1 };
    memcpy(words, before, LENGTH);
    sv_get_last_words(&unit->server, unit->name, sv_unit_until(unit), words + LENGTH, room - LENGTH);
    return words[LENGTH] ? words : "";
}

/* ---- its processes */

void sv_unit_look(const struct sv_info *info, struct sv_process *process)
{
    if (!sv_process_read(info->pid, process) || !sv_process_is_supervised(process))
        *process = (struct sv_process){0};
}

void sv_unit_remember(struct sv_unit *unit, const struct sv_info *info, const struct sv_process *process)
{
    unit->record.pid = info->pid;
    unit->record.ticks = process->started;
    unit->record.started = info->started;
    int rc = sv_record_save(unit->host->state_dir(unit->op), unit->name, &unit->record);
    if (rc)
        unit->host->log(unit->op, LOG_ERR, "%s: which process it is cannot be written down: %s", unit->name,
                        strerror(-rc));
}

bool sv_unit_recorded_runs(const struct sv_unit *unit, struct sv_process *process)
{
    return unit->record.pid && unit->record.ticks && sv_process_read(unit->record.pid, process) &&
           process->started == unit->record.ticks && !process->is_dead;
}

bool sv_unit_is_here(const struct sv_unit *unit)
{
    return !unit->record.pid || unit->record.ticks;
}
