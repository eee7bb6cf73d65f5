/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/supervisord.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROGRAM "/usr/bin/supervisord"
#define PATIENCE_S 20

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static time_t now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    close(fd);
    return ntohs(address.sin_port);
}

/* ---- a real one */

static void write_conf(const struct supervisord *supervisord, const char *programs)
{
    FILE *file = fopen(supervisord->conf, "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "[unix_http_server]\nfile=%s\n", supervisord->socket);
    if (supervisord->port)
        fprintf(file, "[inet_http_server]\nport=127.0.0.1:%d\nusername=halyard\npassword=se:cret<&>\n",
                supervisord->port);
    fprintf(file,
            "[supervisord]\nlogfile=%s/supervisord.log\npidfile=%s/supervisord.pid\nchildlogdir=%s\nnodaemon=true\n"
            "[rpcinterface:supervisor]\n"
            "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n"
            "[supervisorctl]\nserverurl=%s\n",
            supervisord->folder, supervisord->folder, supervisord->folder, supervisord->url);
    for (; *programs; programs++) {
        if (*programs == '@')
            fputs(supervisord->folder, file);
        else
            fputc(*programs, file);
    }
    ck_assert_int_eq(fclose(file), 0);
}

void supervisord_open(struct supervisord *supervisord, const char *folder, const char *programs, bool with_port)
{
    ck_assert_msg(access(PROGRAM, X_OK) == 0, "%s is needed for this test: install the package supervisor", PROGRAM);
    *supervisord = (struct supervisord){.port = with_port ? free_port() : 0};
    snprintf(supervisord->folder, sizeof supervisord->folder, "%s", folder);
    snprintf(supervisord->socket, sizeof supervisord->socket, "%s/s.sock", folder);
    snprintf(supervisord->url, sizeof supervisord->url, "unix://%s", supervisord->socket);
    snprintf(supervisord->conf, sizeof supervisord->conf, "%s/conf", folder);
    write_conf(supervisord, programs);
}

static bool answers(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool yes = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return yes;
}

void supervisord_run(struct supervisord *supervisord)
{
    supervisord->pid = fork();
    ck_assert_int_ge(supervisord->pid, 0);
    if (supervisord->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        int null = open("/dev/null", O_RDWR);
        dup2(null, 0), dup2(null, 1), dup2(null, 2);
        execl(PROGRAM, PROGRAM, "-n", "-c", supervisord->conf, (char *)NULL);
        _exit(127);
    }
    for (time_t end = now_s() + PATIENCE_S; !answers(supervisord->socket); pause_ms(10))
        ck_assert_msg(now_s() < end && waitpid(supervisord->pid, NULL, WNOHANG) == 0, "supervisord does not start");
}

void supervisord_await_end(struct supervisord *supervisord)
{
    ck_assert_int_eq(waitpid(supervisord->pid, NULL, 0), supervisord->pid);
    supervisord->pid = 0;
}

void supervisord_kill(struct supervisord *supervisord, int signal_number)
{
    ck_assert_int_eq(kill(supervisord->pid, signal_number), 0);
    if (signal_number == SIGKILL)
        supervisord_await_end(supervisord);
}

/* They have its socket in their environment. */
void supervisord_sweep(const char *folder)
{
    char command[400];
    snprintf(command, sizeof command,
             "for e in /proc/[0-9]*/environ; do grep -qa 'SUPERVISOR_SERVER_URL=unix://%s/' $e && p=${e%%/environ} && "
             "kill -9 ${p#/proc/}; done 2>/dev/null",
             folder);
    if (system(command) == -1)
        abort();
}

void supervisord_close(struct supervisord *supervisord)
{
    if (supervisord->pid > 0) {
        kill(supervisord->pid, SIGCONT);
        supervisord_kill(supervisord, SIGKILL);
    }
    supervisord_sweep(supervisord->folder);
}

const char *supervisord_ctl(const struct supervisord *supervisord, const char *words)
{
    static char output[4096];
    char command[512];
    snprintf(command, sizeof command, "/usr/bin/supervisorctl -c %s %s 2>&1", supervisord->conf, words);
    FILE *stream = popen(command, "r");
    ck_assert_ptr_nonnull(stream);
    size_t size = fread(output, 1, sizeof output - 1, stream);
    output[size] = '\0';
    pclose(stream);
    return output;
}

pid_t supervisord_pid_of(const struct supervisord *supervisord, const char *name)
{
    char words[200];
    snprintf(words, sizeof words, "pid %s", name);
    return (pid_t)atoi(supervisord_ctl(supervisord, words));
}

void supervisord_await(const struct supervisord *supervisord, const char *name, const char *state)
{
    char words[200];
    const char *said;
    snprintf(words, sizeof words, "status %s", name);
    for (time_t end = now_s() + PATIENCE_S; !strstr(said = supervisord_ctl(supervisord, words), state); pause_ms(20))
        ck_assert_msg(now_s() < end, "it is not %s: %s", state, said);
}

/* ---- a stand-in */

static void send_all(int fd, const char *bytes, size_t size)
{
    while (size) {
        ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        bytes += sent;
        size -= (size_t)sent;
    }
}

/* All of the request is read first, as closing with unread bytes would be a reset. */
static void read_request(int fd)
{
    char bytes[8192];
    size_t used = 0;
    while (used + 1 < sizeof bytes) {
        ssize_t got = recv(fd, bytes + used, sizeof bytes - 1 - used, 0);
        if (got <= 0)
            return;
        used += (size_t)got;
        bytes[used] = '\0';
        if (strstr(bytes, "</methodCall>"))
            return;
    }
}

static void take_turn(int fd, const struct stand_in_turn *turn, bool listens_first)
{
    char head[200];
    if (listens_first)
        read_request(fd);
    pause_ms(turn->wait_ms);
    if (turn->answer) {
        int size =
            snprintf(head, sizeof head, "HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %zu\r\n\r\n",
                     strlen(turn->answer));
        send_all(fd, head, (size_t)size);
        send_all(fd, turn->answer, strlen(turn->answer));
    } else if (turn->raw) {
        send_all(fd, turn->raw, turn->size ? turn->size : strlen(turn->raw));
    }
    if (!turn->stays)
        close(fd);
}

static _Noreturn void serve(int listener, const struct stand_in_turn *turns, int count, bool listens_first)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGTERM, SIG_DFL);
    for (int turn = 0;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            _exit(1);
        take_turn(fd, &turns[turn], listens_first);
        if (turn + 1 < count)
            turn++;
    }
}

static void run(struct stand_in *stand_in, int listener, const struct stand_in_turn *turns, int count,
                bool listens_first)
{
    ck_assert_int_eq(listen(listener, 16), 0);
    stand_in->pid = fork();
    ck_assert_int_ge(stand_in->pid, 0);
    if (stand_in->pid == 0)
        serve(listener, turns, count, listens_first);
    close(listener);
}

void stand_in_run(struct stand_in *stand_in, const char *folder, const struct stand_in_turn *turns, int count)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(stand_in->path, sizeof stand_in->path, "%s/stand-in", folder);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", stand_in->path);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    unlink(stand_in->path);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    run(stand_in, listener, turns, count, true);
}

void stand_in_run_tcp(struct stand_in *stand_in, const struct stand_in_turn *turns, int count)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    stand_in->port = ntohs(address.sin_port);
    run(stand_in, listener, turns, count, false);
}

void stand_in_end(struct stand_in *stand_in)
{
    if (stand_in->pid <= 0)
        return;
    kill(stand_in->pid, SIGKILL);
    waitpid(stand_in->pid, NULL, 0);
    stand_in->pid = 0;
}
