/* SPDX-License-Identifier: Apache-2.0 */
/*
 * halyard-ocf-meta-data OCF_ROOT PROVIDER SCRIPT: runs the script's action meta-data, and prints what it says in the form of
 * meta.h. A program of its own: so no operation loads an XML parser, and what a script prints is parsed where it can do
 * no harm. Status 0 also for a script whose meta-data are no good ("problem"); 1: it could not be asked.
 */
#include "meta_xml.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SECONDS = 20, BYTES_MOST = 1 << 20 };

struct text {
    char *bytes;
    size_t size;
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static _Noreturn void be_script(char **argv, int output, int errors)
{
    const char *slash = strrchr(argv[3], '/');
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    clearenv();
    setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
    setenv("LANG", "C", 1);
    setenv("OCF_ROOT", argv[1], 1);
    setenv("OCF_RA_VERSION_MAJOR", "1", 1);
    setenv("OCF_RA_VERSION_MINOR", "1", 1);
    setenv("OCF_RESOURCE_PROVIDER", argv[2], 1);
    setenv("OCF_RESOURCE_TYPE", slash ? slash + 1 : argv[3], 1);
    setenv("HA_LOGFACILITY", "none", 1);
    int null = open("/dev/null", O_RDONLY);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 || dup2(errors, STDERR_FILENO) < 0)
        _exit(126);
    execl(argv[3], argv[3], "meta-data", (char *)NULL);
    _exit(errno == ENOENT ? 127 : 126);
}

/* False: it went on too long, or for too much. */
static bool read_all(int fd, struct text *text)
{
    int64_t until = now_ms() + SECONDS * 1000;
    text->bytes = malloc(BYTES_MOST);
    while (text->bytes && text->size < BYTES_MOST) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        int64_t left = until - now_ms();
        if (left <= 0 || (poll(&ready, 1, (int)left) < 0 && errno != EINTR))
            return false;
        if (!ready.revents)
            continue;
        ssize_t got = read(fd, text->bytes + text->size, BYTES_MOST - text->size);
        if (got == 0)
            return true;
        if (got > 0)
            text->size += (size_t)got;
    }
    return false;
}

/* It has said all, or too much: what is left of it after a second is ended. */
static void await_end(pid_t script, bool whole, int *status)
{
    for (int i = 0; whole && i < 100; i++) {
        if (waitpid(script, status, WNOHANG) == script)
            return;
        poll(NULL, 0, 10);
    }
    kill(script, SIGKILL);
    while (waitpid(script, status, 0) < 0 && errno == EINTR)
        continue;
}

/* What it said last on its standard error. */
static void last_words(int errors, char *line, size_t size)
{
    char text[240];
    off_t end = lseek(errors, 0, SEEK_END), from = end > (off_t)sizeof text - 1 ? end - (off_t)sizeof text + 1 : 0;
    ssize_t got = pread(errors, text, sizeof text - 1, from);
    size_t length = got > 0 ? (size_t)got : 0;
    while (length && (text[length - 1] == '\n' || text[length - 1] == ' '))
        length--;
    text[length] = '\0';
    const char *newline = strrchr(text, '\n');
    snprintf(line, size, "%s%.240s", *text ? ": " : "", newline ? newline + 1 : text);
}

static void judge(const struct text *text, bool whole, int status, int errors)
{
    char said[256];
    last_words(errors, said, sizeof said);
    if (!whole)
        ocf_meta_problem(stdout, "its action meta-data did not end in %d s, or printed more than %d KiB", SECONDS,
                         BYTES_MOST / 1024);
    else if (WIFEXITED(status) && WEXITSTATUS(status) == 127 && !text->size)
        ocf_meta_problem(stdout,
                         "its action meta-data cannot be run: its interpreter, in the first line, is not on this "
                         "host%s",
                         said);
    else if (!text->size)
        ocf_meta_problem(stdout, "its action meta-data printed nothing, and ended with status %d%s",
                         WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), said);
    else
        ocf_meta_from_xml(text->bytes, text->size, stdout);
}

int main(int argc, char **argv)
{
    int output[2], status = 0;
    if (argc != 4) {
        fputs("usage: halyard-ocf-meta-data OCF_ROOT PROVIDER SCRIPT\n", stderr);
        return 2;
    }
    int errors = memfd_create("errors", MFD_CLOEXEC);
    if (errors < 0 || pipe2(output, O_CLOEXEC))
        return 1;
    pid_t script = fork();
    if (script < 0)
        return 1;
    if (script == 0)
        be_script(argv, output[1], errors);
    close(output[1]);
    struct text text = {0};
    bool whole = read_all(output[0], &text);
    await_end(script, whole, &status);
    judge(&text, whole, status, errors);
    free(text.bytes);
    return fflush(stdout) || ferror(stdout) ? 1 : 0;
}
