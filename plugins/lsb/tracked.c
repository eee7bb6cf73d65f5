/* SPDX-License-Identifier: Apache-2.0 */
#include "tracked.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#define IN_FOLDER (IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)
#define IN_FILE (IN_MODIFY | IN_CLOSE_WRITE)

/* A daemon writes its pid file when it has started; the clock may have been set a little in between. */
enum { STARTED_LATER_S = 60 };

/* Without inotify (the number of its instances is limited) a process is watched all the same; what follows it is not seen. */
void lsb_tracker_open(struct lsb_tracker *tracker)
{
    tracker->count = 0;
    for (int i = 0; i < LSB_PIDFILES; i++)
        tracker->awaited[i] = (struct lsb_awaited){.folder = -1, .file = -1};
    tracker->notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (tracker->notify < 0)
        tracker->host->log(
            tracker->op, LOG_WARNING,
            "no inotify (%s; fs.inotify.max_user_instances?): a pid file that is written later is not seen",
            strerror(errno));
}

void lsb_tracker_close(struct lsb_tracker *tracker)
{
    while (tracker->count)
        lsb_process_close(&tracker->all[--tracker->count].process);
    if (tracker->notify >= 0)
        close(tracker->notify);
    tracker->notify = -1;
}

const char *lsb_tracker_source(const struct lsb_tracker *tracker, const struct lsb_tracked *tracked)
{
    return tracked->file == LSB_BY_STATUS ? "its status" : tracker->files.paths[tracked->file];
}

/* ---- waiting for a pid file to change */

/* Splits off the last name; false: there is none left. */
static bool cut_last(char *path, char *name)
{
    char *slash = strrchr(path, '/');
    if (!slash || !slash[1])
        return false;
    snprintf(name, NAME_MAX + 1, "%s", slash + 1);
    slash[slash == path] = '\0';
    return true;
}

/* The folder, or where it does not exist the nearest above that does. True: a folder below that one has come since. */
static bool await_nearest(const struct lsb_tracker *tracker, struct lsb_awaited *awaited, const char *path)
{
    char folder[LSB_PIDFILE_PATH], below[LSB_PIDFILE_PATH];
    struct stat info;
    snprintf(folder, sizeof folder, "%s", path);
    awaited->folder = -1;
    while (awaited->folder < 0) {
        snprintf(below, sizeof below, "%s", folder);
        if (!cut_last(folder, awaited->name))
            return false;
        awaited->folder = inotify_add_watch(tracker->notify, folder, IN_FOLDER);
    }
    return strcmp(below, path) != 0 && stat(below, &info) == 0 && S_ISDIR(info.st_mode);
}

static void await(struct lsb_tracker *tracker, int file)
{
    struct lsb_awaited *awaited = &tracker->awaited[file];
    const char *path = tracker->files.paths[file];
    for (int tries = 0; tries < LSB_PIDFILE_PATH / 2 && await_nearest(tracker, awaited, path); tries++)
        continue;
    awaited->file = inotify_add_watch(tracker->notify, path, IN_FILE);
}

static bool is_about(const struct lsb_tracker *tracker, const struct inotify_event *event)
{
    if (event->mask & (IN_Q_OVERFLOW | IN_DELETE_SELF | IN_MOVE_SELF))
        return true;
    for (int i = 0; i < tracker->files.count; i++) {
        const struct lsb_awaited *awaited = &tracker->awaited[i];
        if (event->wd == awaited->file && !(event->mask & IN_IGNORED))
            return true;
        if (event->wd == awaited->folder && event->len && strcmp(event->name, awaited->name) == 0)
            return true;
    }
    return false;
}

bool lsb_tracker_heard(struct lsb_tracker *tracker)
{
    _Alignas(struct inotify_event) char events[4096];
    bool about = false;
    ssize_t size;
    while ((size = read(tracker->notify, events, sizeof events)) > 0) {
        for (char *at = events; at < events + size;) {
            const struct inotify_event *event = (const void *)at;
            about = about || is_about(tracker, event);
            at += sizeof *event + event->len;
        }
    }
    return about;
}

/* ---- processes */

static const struct lsb_tracked *find(const struct lsb_tracker *tracker, const struct lsb_process *process)
{
    for (int i = 0; i < tracker->count; i++)
        if (lsb_process_is_same(&tracker->all[i].process, process))
            return &tracker->all[i];
    return NULL;
}

static void drop(struct lsb_tracker *tracker, int at)
{
    lsb_process_close(&tracker->all[at].process);
    tracker->all[at] = tracker->all[--tracker->count];
}

/* Takes the process over. */
static void take(struct lsb_tracker *tracker, struct lsb_process *process, int file, struct timespec written)
{
    if (tracker->count == LSB_TRACKED_MOST || find(tracker, process)) {
        lsb_process_close(process);
        return;
    }
    struct lsb_tracked *tracked = &tracker->all[tracker->count++];
    *tracked = (struct lsb_tracked){.process = *process, .file = file, .written = written};
    tracker->host->log(tracker->op, LOG_INFO, "process %d (%s), named by %s, is watched", (int)process->pid,
                       process->name, lsb_tracker_source(tracker, tracked));
}

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* A number in a file of before can be anybody's by now. */
static bool is_anothers(struct lsb_tracker *tracker, int file, const struct lsb_process *process,
                        struct timespec written)
{
    struct lsb_awaited *awaited = &tracker->awaited[file];
    if (process->pid == awaited->ended && same_time(written, awaited->written))
        return true;
    if (!lsb_process_started_after(process, written, STARTED_LATER_S))
        return false;
    if (process->pid != awaited->refused)
        tracker->host->log(
            tracker->op, LOG_NOTICE,
            "%s names process %d (%s), which started long after the file was written: not watched, it is "
            "taken for another's",
            tracker->files.paths[file], (int)process->pid, process->name);
    awaited->refused = process->pid;
    return true;
}

static bool is_named(const struct lsb_pids *pids, pid_t pid)
{
    for (int i = 0; i < pids->count; i++)
        if (pids->pids[i] == pid)
            return true;
    return false;
}

/* Those that the file has named before, when it names another that runs: they are helpers now, or on their way out. */
static void drop_unnamed(struct lsb_tracker *tracker, int file, const struct lsb_pids *pids)
{
    for (int i = tracker->count; i-- > 0;)
        if (tracker->all[i].file == file && !is_named(pids, tracker->all[i].process.pid))
            drop(tracker, i);
}

static bool look_at(struct lsb_tracker *tracker, int file)
{
    struct lsb_pids pids;
    bool runs = false, dead = false;
    await(tracker, file); /* before it is read, so that no change is missed */
    if (!lsb_pidfile_read(tracker->files.paths[file], &pids))
        return false;
    for (int i = 0; i < pids.count; i++) {
        struct lsb_process process;
        if (lsb_process_open(pids.pids[i], &process) < 0) {
            dead = true;
        } else if (is_anothers(tracker, file, &process, pids.written)) {
            dead = true;
            lsb_process_close(&process);
        } else {
            runs = true;
            take(tracker, &process, file, pids.written);
        }
    }
    if (runs)
        drop_unnamed(tracker, file, &pids);
    return dead;
}

bool lsb_tracker_look(struct lsb_tracker *tracker)
{
    bool dead = false;
    for (int i = 0; i < tracker->files.count; i++)
        dead |= look_at(tracker, i);
    return dead;
}

void lsb_tracker_take_text(struct lsb_tracker *tracker, const char *text)
{
    struct lsb_pids pids;
    lsb_pids_in_text(text, &pids);
    for (int i = 0; i < pids.count; i++) {
        struct lsb_process process;
        if (lsb_process_open(pids.pids[i], &process) < 0)
            continue;
        if (is_named(&pids, process.parent))
            lsb_process_close(&process);
        else
            take(tracker, &process, LSB_BY_STATUS, (struct timespec){0});
    }
}

bool lsb_tracker_take_ended(struct lsb_tracker *tracker, struct lsb_tracked *ended)
{
    for (int i = 0; i < tracker->count; i++) {
        if (!lsb_process_has_ended(&tracker->all[i].process))
            continue;
        *ended = tracker->all[i];
        tracker->all[i] = tracker->all[--tracker->count];
        if (ended->file != LSB_BY_STATUS) {
            tracker->awaited[ended->file].ended = ended->process.pid;
            tracker->awaited[ended->file].written = ended->written;
        }
        return true;
    }
    return false;
}

const struct lsb_tracked *lsb_tracker_successor(const struct lsb_tracker *tracker, const struct lsb_tracked *ended)
{
    for (int i = 0; i < tracker->count; i++)
        if (tracker->all[i].file == ended->file && !lsb_process_has_ended(&tracker->all[i].process))
            return &tracker->all[i];
    return NULL;
}
