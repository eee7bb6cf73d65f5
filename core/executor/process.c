/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/process.h"

#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PRIORITY_CHILD = 1, PRIORITY_EXECUTOR = 2 };

static bool write_oom_score(const char *text)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool done = write(fd, text, strlen(text)) > 0;
    close(fd);
    return done;
}

static void save(struct hy_origin *origin)
{
    *origin = (struct hy_origin){0};
    getrlimit(RLIMIT_NOFILE, &origin->files);
    getrlimit(RLIMIT_MEMLOCK, &origin->memlock);
    int fd = open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t got = read(fd, origin->oom_score, sizeof origin->oom_score - 1);
    origin->oom_score[got > 0 ? got : 0] = '\0';
    close(fd);
}

static bool may_lock_any_amount(void)
{
    struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
    if (setrlimit(RLIMIT_MEMLOCK, &none) == 0)
        return true;
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};
    return syscall(SYS_capget, &header, data) == 0 && (data[0].effective & 1u << CAP_IPC_LOCK);
}

/* Locking what is still to come under a limit would make later allocations fail: so without one, or not at all. */
bool hy_process_lock_memory(void)
{
    if (may_lock_any_amount())
        return mlockall(MCL_CURRENT | MCL_FUTURE) == 0;
    errno = EPERM;
    return false;
}

bool hy_process_lock_memory_in_use(void)
{
    if (may_lock_any_amount())
        return mlockall(MCL_CURRENT) == 0 && mlockall(MCL_FUTURE | MCL_ONFAULT) == 0;
    errno = EPERM;
    return false;
}

void hy_process_raise(struct hy_origin *origin, const struct hy_log *log)
{
    save(origin);
    struct hy_buf missing = {0};
    struct sched_param priority = {.sched_priority = PRIORITY_EXECUTOR};
    origin->realtime = sched_setscheduler(0, SCHED_RR, &priority) == 0;
    if (!origin->realtime)
        hy_buf_addf(&missing, ", real-time priority (%s: it takes CAP_SYS_NICE or LimitRTPRIO)", strerror(errno));
    if (!hy_process_lock_memory())
        hy_buf_addf(&missing, ", memory that is not swapped (%s: it takes CAP_IPC_LOCK or LimitMEMLOCK=infinity)",
                    strerror(errno));
    if (missing.size)
        hy_warning(log, "under load this node may let go late: it was refused%s", missing.data + 1);
    origin->oom_changed = write_oom_score("-1000");
    if (!origin->oom_changed)
        hy_warning(
            log,
            "when memory runs out the kernel may end the executor as well: oom_score_adj -1000 was refused (%s: it "
            "takes CAP_SYS_RESOURCE, which a container mostly has not)",
            strerror(errno));
    struct rlimit files = {origin->files.rlim_max, origin->files.rlim_max};
    setrlimit(RLIMIT_NOFILE, &files);
    hy_buf_free(&missing);
}

static void reset_signals(void)
{
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

void hy_process_lock_present(const struct hy_origin *origin)
{
    if (may_lock_any_amount())
        (void)mlockall(MCL_CURRENT);
    setrlimit(RLIMIT_MEMLOCK, &origin->memlock);
}

static void set_policy(const struct hy_origin *origin, bool realtime)
{
    struct sched_param priority = {.sched_priority = realtime ? PRIORITY_CHILD : 0};
    if (origin->realtime)
        sched_setscheduler(0, realtime ? SCHED_RR : SCHED_OTHER, &priority);
}

void hy_process_realtime(const struct hy_origin *origin)
{
    set_policy(origin, true);
}

void hy_process_reset(const struct hy_origin *origin, bool realtime)
{
    reset_signals();
    set_policy(origin, realtime);
    setrlimit(RLIMIT_NOFILE, &origin->files);
    setrlimit(RLIMIT_MEMLOCK, &origin->memlock);
    if (origin->oom_changed && *origin->oom_score)
        write_oom_score(origin->oom_score);
}

void hy_process_name(const char *name)
{
    prctl(PR_SET_NAME, name);
}
