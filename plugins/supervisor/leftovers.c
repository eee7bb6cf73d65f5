/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What still runs of a program when supervisord says that it does not, or is not there to say anything: a process whose
 * supervisord was killed, or the real program behind a wrapper that did not pass the signal on. A stop that leaves it is none.
 */
#include "clock.h"
#include "unit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <syslog.h>
#include <unistd.h>

enum { TERM_MS = 5000, KILL_MS = 2000, ROUNDS_MOST = 8 };

bool sv_unit_find_leftovers(const struct sv_unit *unit, struct sv_found *found)
{
    struct sv_process recorded;
    bool good = sv_process_find_marked(unit->group, unit->process, unit->server.url, found);
    if (!sv_unit_recorded_runs(unit, &recorded))
        return good && sv_unit_is_here(unit);
    for (int i = 0; i < found->count; i++)
        if (found->all[i].pid == recorded.pid)
            return good;
    if (found->count < SV_FOUND_MOST)
        found->all[found->count++] = recorded;
    return good;
}

static void signal_all(const struct sv_found *found, int number)
{
    for (int i = 0; i < found->count; i++) {
        int fd = sv_process_open(&found->all[i]);
        if (fd < 0)
            continue;
        (void)pidfd_send_signal(fd, number, NULL, 0);
        close(fd);
    }
}

/* Until none of them runs. */
static bool wait_for_end(const struct sv_found *found, int64_t until)
{
    for (;;) {
        int running = 0;
        for (int i = 0; i < found->count; i++)
            running += sv_process_runs(found->all[i].pid, found->all[i].started);
        if (!running || sv_now() >= until)
            return !running;
        sv_pause(5);
    }
}

static void name_them(const struct sv_found *found, char *text, size_t room)
{
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < found->count && used + 64 < room; i++)
        used += (size_t)snprintf(text + used, room - used, "%s%d (%s)", i ? ", " : "", (int)found->all[i].pid,
                                 found->all[i].name);
}

/* SIGTERM, and when that is not enough SIGKILL; a third of the time that is left is for the second. */
static bool end_them(const struct sv_unit *unit, const struct sv_found *found)
{
    int64_t now = sv_now(), patient = now + (unit->end - now) * 2 / 3, kill_by = unit->end;
    signal_all(found, SIGTERM);
    if (wait_for_end(found, patient < now + TERM_MS ? patient : now + TERM_MS))
        return true;
    signal_all(found, SIGKILL);
    now = sv_now();
    return wait_for_end(found, kill_by < now + KILL_MS ? kill_by : now + KILL_MS);
}

bool sv_unit_end_leftovers(const struct sv_unit *unit)
{
    struct sv_found found;
    char who[300];
    /* More than once: one that ends may have had a child that was not there yet. */
    for (int round = 0; round < ROUNDS_MOST; round++) {
        if (!sv_unit_find_leftovers(unit, &found)) {
            unit->host->reason(unit->op, "the processes of %s cannot be seen from here: it may still run", unit->name);
            return false;
        }
        if (!found.count)
            return true;
        name_them(&found, who, sizeof who);
        unit->host->log(
            unit->op, LOG_WARNING,
            "%s: supervisord does not answer for process %s any more: ending it. If supervisord has not been "
            "killed, its configuration lacks stopasgroup=true and killasgroup=true",
            unit->name, who);
        if (!end_them(unit, &found))
            break;
    }
    unit->host->reason(unit->op, "%s has left process %s, which does not end by SIGKILL", unit->name, who);
    return false;
}
