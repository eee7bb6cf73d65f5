/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/watchdog.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/watchdog.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum {
    PARTS = 5, /* of its time, in which it is fed once: four may come to nothing */
    LONGEST_INTERVAL_MS = 1000,
    MISC_MAJOR = 10,
    MISC_MINOR = 130 /* /dev/watchdog, which is the first of them */
};

struct hy_watchdog {
    char *device;
    char *identity;
    const struct hy_log *log;
    int fd;
    hy_time timeout; /* as the driver took it */
    bool stops;      /* it can be told to stop */
    struct hy_loop *loop;
    struct hy_timer timer;
    hy_sound_fn *sound;
    void *context;
    bool hungry; /* it was not fed the last time */
};

static long long seconds(hy_time time)
{
    return (long long)(time / HY_SECOND);
}

/* ---- opening */

/* The kernel was told to let nobody stop it; false also where that is not to be found out. */
static bool is_never_stopped(int fd)
{
    struct stat status;
    if (fstat(fd, &status) || !S_ISCHR(status.st_mode))
        return false;
    bool first = major(status.st_rdev) == MISC_MAJOR && minor(status.st_rdev) == MISC_MINOR;
    char *path = first ? hy_strdup("/sys/class/watchdog/watchdog0/nowayout")
                       : hy_asprintf("/sys/dev/char/%u:%u/nowayout", major(status.st_rdev), minor(status.st_rdev));
    int file = open(path, O_RDONLY | O_CLOEXEC);
    char value = '0';
    if (file >= 0 && read(file, &value, 1) != 1)
        value = '0';
    if (file >= 0)
        close(file);
    free(path);
    return value == '1';
}

static void read_support(struct hy_watchdog *watchdog, const struct watchdog_info *info)
{
    const char *name = (const char *)info->identity;
    watchdog->identity = hy_asprintf("%.*s", (int)strnlen(name, sizeof info->identity), name);
    watchdog->stops = (info->options & WDIOF_MAGICCLOSE) && !is_never_stopped(watchdog->fd);
}

/* What the driver takes is what counts. */
static void set_timeout(struct hy_watchdog *watchdog, hy_time wanted)
{
    int value = (int)seconds(wanted);
    int rc = ioctl(watchdog->fd, WDIOC_SETTIMEOUT, &value) ? errno : 0;
    int taken = value;
    bool known = ioctl(watchdog->fd, WDIOC_GETTIMEOUT, &taken) == 0 && taken > 0;
    if (!known && !rc)
        taken = value;
    else if (!known)
        taken = (int)seconds(wanted);
    watchdog->timeout = (hy_time)taken * HY_SECOND;
    if (rc)
        hy_warning(watchdog->log, "watchdog %s: its time cannot be set (%s): it is %d s%s", watchdog->device,
                   strerror(rc), taken, known ? "" : ", as far as is known");
    else if (watchdog->timeout != wanted)
        hy_warning(watchdog->log, "watchdog %s: %lld s were asked for, it took %d s", watchdog->device, seconds(wanted),
                   taken);
}

static void tell(const struct hy_watchdog *watchdog)
{
    hy_notice(watchdog->log, "watchdog %s (%s): this host is reset %lld s after the executor has come to a stop",
              watchdog->device, watchdog->identity, seconds(watchdog->timeout));
    if (!watchdog->stops)
        hy_warning(watchdog->log,
                   "watchdog %s cannot be stopped (nowayout): the end of halyardd, also one in good order, is followed "
                   "by a reset of this host, unless it is started again before that",
                   watchdog->device);
    int status = 0;
    if (ioctl(watchdog->fd, WDIOC_GETBOOTSTATUS, &status) == 0 && status > 0 && (status & WDIOF_CARDRESET))
        hy_warning(watchdog->log, "watchdog %s: it was what reset this host the last time", watchdog->device);
}

int hy_watchdog_open(const char *device, hy_time timeout, const struct hy_log *log, struct hy_watchdog **watchdog,
                     struct hy_err *err)
{
    struct watchdog_info info;
    memset(&info, 0, sizeof info);
    int fd = open(device, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return hy_fail(err, errno, "watchdog %s: %s%s", device, strerror(errno),
                       errno == EBUSY ? ": another program feeds it; it can have one only" : "");
    if (ioctl(fd, WDIOC_GETSUPPORT, &info)) {
        int rc = hy_fail(err, errno == ENOTTY ? ENODEV : errno, "watchdog %s: this is no watchdog device (%s)", device,
                         strerror(errno));
        close(fd);
        return rc;
    }
    struct hy_watchdog *made = hy_alloc(sizeof *made);
    *made = (struct hy_watchdog){.device = hy_strdup(device), .log = log, .fd = fd};
    read_support(made, &info);
    set_timeout(made, timeout);
    tell(made);
    *watchdog = made;
    return 0;
}

int hy_watchdog_check(const char *device, struct hy_err *err)
{
    struct stat status;
    if (stat(device, &status))
        return hy_fail(err, errno, "watchdog %s: %s", device, strerror(errno));
    if (!S_ISCHR(status.st_mode))
        return hy_fail(err, ENODEV, "watchdog %s: this is no watchdog device (not a character device)", device);
    if (access(device, W_OK))
        return hy_fail(err, errno, "watchdog %s: %s", device, strerror(errno));
    return 0;
}

void hy_watchdog_describe(const struct hy_watchdog *watchdog, struct hy_buf *out)
{
    hy_buf_addf(out, "%s (%s), %lld s%s", watchdog->device, watchdog->identity, seconds(watchdog->timeout),
                watchdog->stops ? "" : ", cannot be stopped");
}

/* ---- feeding */

static void write_food(struct hy_watchdog *watchdog)
{
    struct hy_err why;
    if (!watchdog->sound(watchdog->context, &why)) {
        if (!watchdog->hungry)
            hy_error(watchdog->log, "watchdog %s is not fed: %s. If that does not change this host is reset in %lld s",
                     watchdog->device, why.text, seconds(watchdog->timeout));
        watchdog->hungry = true;
        return;
    }
    if (write(watchdog->fd, "k", 1) != 1) { /* anything but 'V' */
        if (!watchdog->hungry)
            hy_error(watchdog->log, "watchdog %s cannot be fed: %s", watchdog->device, strerror(errno));
        watchdog->hungry = true;
        return;
    }
    if (watchdog->hungry)
        hy_notice(watchdog->log, "watchdog %s is fed again", watchdog->device);
    watchdog->hungry = false;
}

static void feed(void *context)
{
    struct hy_watchdog *watchdog = context;
    hy_time interval = watchdog->timeout / PARTS;
    if (interval > LONGEST_INTERVAL_MS * HY_MS)
        interval = LONGEST_INTERVAL_MS * HY_MS;
    write_food(watchdog);
    hy_loop_at(watchdog->loop, &watchdog->timer, hy_loop_now() + interval, feed, watchdog);
}

void hy_watchdog_begin(struct hy_watchdog *watchdog, struct hy_loop *loop, hy_sound_fn *sound, void *context)
{
    watchdog->loop = loop;
    watchdog->sound = sound;
    watchdog->context = context;
    feed(watchdog);
}

void hy_watchdog_close(struct hy_watchdog **watchdog, bool stop)
{
    struct hy_watchdog *w = *watchdog;
    if (!w)
        return;
    if (w->loop)
        hy_loop_unset(w->loop, &w->timer);
    if (stop && write(w->fd, "V", 1) != 1)
        hy_error(w->log, "watchdog %s cannot be stopped: %s", w->device, strerror(errno));
    if (!stop || !w->stops)
        hy_warning(w->log,
                   "watchdog %s goes on: this host is reset in %lld s, unless halyardd is started again before that",
                   w->device, seconds(w->timeout));
    else
        hy_notice(w->log, "watchdog %s is stopped", w->device);
    close(w->fd);
    free(w->device);
    free(w->identity);
    free(w);
    *watchdog = NULL;
}
