/* SPDX-License-Identifier: Apache-2.0 */
/* The program of one operation: who it is, where its supervisord is, what is known of its processes. */
#ifndef SUPERVISOR_UNIT_H
#define SUPERVISOR_UNIT_H

#include "conf.h"
#include "halyard/agent.h"
#include "process.h"
#include "record.h"
#include "rpc.h"

#include <stdbool.h>

struct sv_unit {
    const struct halyard_host *host;
    const struct halyard_op *op;
    struct sv_server server;
    char group[160], process[160];
    char name[324];         /* GROUP:PROCESS */
    int64_t begun, end;     /* sv_now(): a little before the operation's deadline ... */
    int64_t margin;         /* ... so many ms, for last words */
    int64_t patience;       /* ms for a supervisord that is not there, or does not answer */
    int64_t restarts;       /* of supervisord's that are tolerated ... */
    int64_t restart_window; /* ... within so many ms */
    struct sv_record record;
    char conf_path[300];
    bool has_conf;
    struct sv_conf conf;
};

/* HALYARD_OK, or the answer of the operation, with its reason said. */
enum halyard_rc sv_unit_open(const struct halyard_host *host, const struct halyard_op *op, struct sv_unit *unit);

/* One question, which ends by the unit's patience, and its end. */
enum sv_end sv_unit_ask(const struct sv_unit *unit, struct sv_info *info, struct sv_failure *failure);
int64_t sv_unit_until(const struct sv_unit *unit);

/* What an operation answers when supervisord's answer is that; the reason is said. */
enum halyard_rc sv_unit_say(const struct sv_unit *unit, const struct sv_failure *failure);

/* Might it be over soon: does it restart, is it slow, is it about to end? */
bool sv_failure_may_pass(const struct sv_failure *failure);

/* The process that supervisord calls by this pid, if it is one of this host; else all of it is 0. */
void sv_unit_look(const struct sv_info *info, struct sv_process *process);

/* As of now this is the process: kept for later operations. */
void sv_unit_remember(struct sv_unit *unit, const struct sv_info *info, const struct sv_process *process);

/* The recorded process, when it runs on. */
bool sv_unit_recorded_runs(const struct sv_unit *unit, struct sv_process *process);

/* Can its processes be seen from here, as far as is known? */
bool sv_unit_is_here(const struct sv_unit *unit);

/* ": " and the last that it has printed, or "". */
const char *sv_unit_last_words(const struct sv_unit *unit, char *words, size_t room);

/* What no supervisord answers for any more but runs: the recorded one, and those with its marks. False: nobody can tell. */
bool sv_unit_find_leftovers(const struct sv_unit *unit, struct sv_found *found);
/* Ends them, and is sure of it. False: the reason is said. */
bool sv_unit_end_leftovers(const struct sv_unit *unit);

#endif
