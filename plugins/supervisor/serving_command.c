/* SPDX-License-Identifier: Apache-2.0 */
/* An operator's own check: a line for the shell, as a user of its own, which is ended with all its children when it is late. */
#include "serving.h"

#include "clock.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CANNOT = 126, OUTPUT_MOST = 4096 };

struct user {
    uid_t uid;
    gid_t gid;
    const char *name, *home; /* NULL: stay who we are */
};

static _Noreturn void be_command(const char *command, const struct user *user, int output)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    setpgid(0, 0);
    if (dup2(output, 1) < 0 || dup2(output, 2) < 0)
        _exit(CANNOT);
    if (user->name && (initgroups(user->name, user->gid) || setgid(user->gid) || setuid(user->uid))) {
        dprintf(2, "cannot become user %s: %s\n", user->name, strerror(errno));
        _exit(CANNOT);
    }
    if (user->home)
        setenv("HOME", user->home, 1);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(CANNOT);
}

struct child {
    pid_t pid;
    int process, output;
    char text[OUTPUT_MOST];
    size_t size;
};

static void take_output(struct child *child)
{
    char spill[1024];
    for (;;) {
        size_t room = sizeof child->text - child->size;
        ssize_t got = read(child->output, room ? child->text + child->size : spill, room ? room : sizeof spill);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return;
        child->size += room ? (size_t)got : 0;
    }
}

/* Its own end counts, not that of children which keep its output open. False: it is late. */
static bool await(struct child *child, int64_t until)
{
    for (;;) {
        struct pollfd ready[2] = {{.fd = child->process, .events = POLLIN}, {.fd = child->output, .events = POLLIN}};
        int count = poll(ready, 2, sv_until(until));
        if (count < 0 && errno != EINTR)
            return false;
        if (ready[1].revents && count > 0)
            take_output(child);
        if (ready[0].revents && count > 0)
            return true;
        if (count == 0)
            return false;
        if (ready[1].revents & POLLHUP && !(ready[1].revents & POLLIN))
            sv_pause(1);
    }
}

static bool begin(struct child *child, const char *command, const struct user *user)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return false;
    child->pid = fork();
    if (child->pid == 0) {
        int flags = fcntl(ends[1], F_GETFL);
        fcntl(ends[1], F_SETFL, flags & ~O_NONBLOCK);
        be_command(command, user, ends[1]);
    }
    close(ends[1]);
    child->output = ends[0];
    child->process = child->pid > 0 ? pidfd_open(child->pid, 0) : -1;
    if (child->pid > 0)
        setpgid(child->pid, child->pid);
    return child->process >= 0;
}

static int end(struct child *child)
{
    int status = 0;
    if (child->pid > 0) {
        kill(-child->pid, SIGKILL);
        kill(child->pid, SIGKILL);
        while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
            continue;
    }
    if (child->process >= 0)
        close(child->process);
    close(child->output);
    return status;
}

static bool find_user(const char *name, struct user *user)
{
    const struct passwd *found = getpwnam(name);
    if (found)
        *user = (struct user){.uid = found->pw_uid, .gid = found->pw_gid, .name = name, .home = found->pw_dir};
    return found != NULL;
}

static bool say(const struct child *child, int status, bool late, char *why, size_t room)
{
    char words[240];
    sv_one_line(child->text, child->size, words, sizeof words, 1);
    const char *before = words[0] ? ": " : "";
    if (late)
        snprintf(why, room, "its check does not end in time%s%s", before, words);
    else if (WIFSIGNALED(status))
        snprintf(why, room, "its check was killed by signal %d%s%s", WTERMSIG(status), before, words);
    else if (WEXITSTATUS(status))
        snprintf(why, room, "its check ended with status %d%s%s", WEXITSTATUS(status), before, words);
    else
        return true;
    return false;
}

bool sv_check_command(const char *command, const char *name, int64_t until, char *why, size_t room)
{
    struct child child = {.process = -1};
    struct user user = {0};
    if (name && !find_user(name, &user)) {
        snprintf(why, room, "check_user: this host has no user %s", name);
        return false;
    }
    if (!begin(&child, command, &user)) {
        snprintf(why, room, "its check cannot be run: %s", strerror(errno));
        if (child.pid > 0)
            (void)end(&child);
        return false;
    }
    bool late = !await(&child, until);
    if (!late)
        take_output(&child);
    /* The process is a zombie until end() has its status: what is killed then is its children. */
    return say(&child, end(&child), late, why, room);
}
