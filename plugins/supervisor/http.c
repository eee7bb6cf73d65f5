/* SPDX-License-Identifier: Apache-2.0 */
#include "http.h"

#include "clock.h"
#include "xmlrpc.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { HEADER_MOST = 16384, AGAIN_MS = 5 };

enum sv_end sv_fail(struct sv_failure *failure, enum sv_end end, const char *format, ...)
{
    va_list args;
    failure->end = end;
    failure->fault = 0;
    va_start(args, format);
    vsnprintf(failure->text, sizeof failure->text, format, args);
    va_end(args);
    return end;
}

/* ---- connecting */

/* 0 or -errno. */
static int wait_for(int fd, short events, int64_t until)
{
    for (;;) {
        struct pollfd ready = {.fd = fd, .events = events};
        int count = poll(&ready, 1, sv_until(until));
        if (count > 0)
            return 0;
        if (count < 0 && errno != EINTR)
            return -errno;
        if (sv_now() >= until)
            return -ETIMEDOUT;
    }
}

static int finish_connect(int fd, int64_t until)
{
    int error = 0;
    socklen_t size = sizeof error;
    int rc = wait_for(fd, POLLOUT, until);
    if (!rc && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
        rc = -errno;
    return rc ? rc : -error;
}

static int connect_one(const struct addrinfo *address, int64_t until)
{
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    int rc = connect(fd, address->ai_addr, address->ai_addrlen) == 0 ? 0 : -errno;
    if (rc == -EINPROGRESS)
        rc = finish_connect(fd, until);
    if (rc)
        close(fd);
    return rc ? rc : fd;
}

int sv_connect_tcp(const char *host, const char *port, int64_t until)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV}, *found = NULL;
    if (getaddrinfo(host, port, &hints, &found) || !found)
        return -EADDRNOTAVAIL;
    int rc = -EADDRNOTAVAIL;
    for (const struct addrinfo *at = found; at && rc < 0; at = at->ai_next)
        rc = connect_one(at, until);
    freeaddrinfo(found);
    return rc;
}

/* A unix socket says EAGAIN while as many wait as its backlog has room for. */
static int connect_unix(const char *path, int64_t until)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    while (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0) {
        int error = errno;
        if (error == EINTR)
            continue;
        if (error == EAGAIN && sv_now() < until) {
            sv_pause(AGAIN_MS);
            continue;
        }
        close(fd);
        return error == EAGAIN ? -ETIMEDOUT : -error;
    }
    return fd;
}

static enum sv_end say_unconnected(const struct sv_server *server, int rc, struct sv_failure *failure)
{
    switch (rc) {
    case -ETIMEDOUT:
        return sv_fail(failure, SV_SLOW, "supervisord at %s does not accept a connection in time", server->url);
    case -EACCES:
    case -EPERM:
        return sv_fail(failure, SV_DENIED, "supervisord's socket %s may not be opened: %s", server->url, strerror(-rc));
    case -ENOENT:
        return sv_fail(failure, SV_DOWN, "supervisord does not run, or has another socket: there is no %s",
                       server->path);
    case -ECONNREFUSED:
        return sv_fail(failure, SV_DOWN, "supervisord does not run: nobody listens at %s", server->url);
    default:
        return sv_fail(failure, SV_DOWN, "supervisord at %s cannot be reached: %s", server->url, strerror(-rc));
    }
}

/* ---- the request */

static void add_base64(struct sv_text *text, const char *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        uint32_t group = 0;
        size_t have = size - i < 3 ? size - i : 3;
        for (size_t k = 0; k < 3; k++)
            group = group << 8 | (k < have ? (unsigned char)bytes[i + k] : 0);
        char four[4];
        for (size_t k = 0; k < 4; k++)
            four[k] = k <= have ? digits[group >> (18 - 6 * k) & 63] : '=';
        sv_text_add(text, four, sizeof four);
    }
}

static void add_login(struct sv_text *request, const struct sv_server *server)
{
    struct sv_text login = {0};
    sv_text_addf(&login, "%s:%s", server->user, server->password);
    sv_text_adds(request, "Authorization: Basic ");
    add_base64(request, login.data, login.size);
    sv_text_adds(request, "\r\n");
    sv_text_free(&login);
}

static void write_request(struct sv_text *request, const struct sv_server *server, const char *body, size_t size)
{
    sv_text_adds(request, "POST /RPC2 HTTP/1.0\r\n");
    sv_text_addf(request, "Host: %s\r\nUser-Agent: halyard\r\nAccept: text/xml\r\n",
                 server->host[0] ? server->host : "localhost");
    sv_text_addf(request, "Content-Type: text/xml\r\nContent-Length: %zu\r\n", size);
    if (server->user[0])
        add_login(request, server);
    sv_text_adds(request, "\r\n");
    sv_text_add(request, body, size);
}

static int send_all(int fd, const struct sv_text *request, int64_t until)
{
    for (size_t sent = 0; sent < request->size;) {
        ssize_t size = send(fd, request->data + sent, request->size - sent, MSG_NOSIGNAL);
        if (size > 0) {
            sent += (size_t)size;
        } else if (size < 0 && errno == EAGAIN) {
            int rc = wait_for(fd, POLLOUT, until);
            if (rc)
                return rc;
        } else if (size < 0 && errno != EINTR) {
            return -errno;
        }
    }
    return 0;
}

/* ---- the answer */

struct head {
    int status;
    size_t size;  /* of head and blank line */
    int64_t body; /* bytes; -1: until the connection ends */
    bool is_chunked;
};

static bool is_header(const char *line, const char *name)
{
    return strncasecmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':';
}

/* False: it is no head of HTTP. */
static bool parse_head(const struct sv_text *got, size_t size, struct head *head)
{
    int used = 0;
    *head = (struct head){.body = -1, .size = size};
    if (sscanf(got->data, "HTTP/%*d.%*d %3d%n", &head->status, &used) != 1 || !used)
        return false;
    for (const char *line = got->data; (line = strchr(line, '\n')) && line + 1 < got->data + size;) {
        line++;
        const char *value = line + strcspn(line, ":\r\n");
        value += *value == ':';
        value += strspn(value, " \t");
        if (is_header(line, "Content-Length")) {
            char *end;
            head->body = strtoll(value, &end, 10);
            if (end == value || !strchr("\r\n \t", *end) || head->body < 0)
                return false;
        } else if (is_header(line, "Transfer-Encoding")) {
            head->is_chunked = strncasecmp(value, "identity", 8) != 0;
        }
    }
    return true;
}

/* The size of the head with its blank line; 0: it is not complete. */
static size_t find_head(const struct sv_text *got)
{
    const char *end = got->data ? strstr(got->data, "\r\n\r\n") : NULL;
    if (end)
        return (size_t)(end - got->data) + 4;
    end = got->data ? strstr(got->data, "\n\n") : NULL;
    return end ? (size_t)(end - got->data) + 2 : 0;
}

static enum sv_end say_status(const struct sv_server *server, int status, struct sv_failure *failure)
{
    switch (status) {
    case 401:
    case 403:
        return sv_fail(failure, SV_DENIED,
                       server->user[0]
                           ? "supervisord at %s does not accept this user and password (HTTP %d)"
                           : "supervisord at %s asks for a user and a password (HTTP %d): set username and password",
                       server->url, status);
    case 404:
        return sv_fail(failure, SV_GARBAGE,
                       "what listens at %s has no XML-RPC (HTTP %d): is it supervisord, and has its configuration "
                       "[rpcinterface:supervisor]?",
                       server->url, status);
    default:
        return sv_fail(failure, SV_GARBAGE, "supervisord at %s answers with HTTP status %d", server->url, status);
    }
}

struct reading {
    const struct sv_server *server;
    int fd;
    int64_t until;
    struct sv_text got;
    struct head head; /* size 0: not there yet */
};

/* Is what has come all of it? */
static bool is_complete(const struct reading *reading, bool ended)
{
    const struct head *head = &reading->head;
    if (!head->size)
        return false;
    return head->body < 0 ? ended : reading->got.size - head->size >= (size_t)head->body;
}

/* What came may be the head, too much, or nonsense. */
static enum sv_end look(struct reading *reading, struct sv_failure *failure)
{
    struct head *head = &reading->head;
    const char *url = reading->server->url;
    if (!head->size) {
        size_t size = find_head(&reading->got);
        if (size ? !parse_head(&reading->got, size, head) : reading->got.size > HEADER_MOST) {
            head->size = 0;
            return sv_fail(failure, SV_GARBAGE, "what listens at %s does not speak HTTP", url);
        }
        if (size && head->status != 200)
            return say_status(reading->server, head->status, failure);
        if (size && head->is_chunked)
            return sv_fail(failure, SV_GARBAGE,
                           "what listens at %s answers HTTP/1.0 in chunks, as supervisord does not", url);
    }
    if (reading->got.size > SV_ANSWER_MOST + HEADER_MOST || head->body > SV_ANSWER_MOST)
        return sv_fail(failure, SV_GARBAGE, "supervisord at %s answers with more than %d bytes", url, SV_ANSWER_MOST);
    return SV_OK;
}

static enum sv_end say_ended(const struct reading *reading, int error, struct sv_failure *failure)
{
    if (error == -ETIMEDOUT)
        return sv_fail(failure, SV_SLOW, "supervisord at %s does not answer in time: it may be stopped, or very busy",
                       reading->server->url);
    return sv_fail(failure, SV_DOWN, "supervisord at %s went away %s%s%s", reading->server->url,
                   reading->got.size ? "in the middle of its answer" : "without an answer", error ? ": " : "",
                   error ? strerror(-error) : "");
}

static enum sv_end read_answer(struct reading *reading, struct sv_failure *failure)
{
    char bytes[16384];
    for (;;) {
        int rc = wait_for(reading->fd, POLLIN, reading->until);
        ssize_t size = rc ? -1 : recv(reading->fd, bytes, sizeof bytes, 0);
        if (size < 0 && !rc && (errno == EAGAIN || errno == EINTR))
            continue;
        if (size < 0)
            return say_ended(reading, rc ? rc : -errno, failure);
        sv_text_add(&reading->got, bytes, (size_t)size);
        enum sv_end end = look(reading, failure);
        if (end || is_complete(reading, size == 0))
            return end;
        if (size == 0)
            return say_ended(reading, 0, failure);
    }
}

enum sv_end sv_http_post(const struct sv_server *server, const char *body, size_t size, int64_t until,
                         struct sv_text *answer, struct sv_failure *failure)
{
    int fd = server->path[0] ? connect_unix(server->path, until) : sv_connect_tcp(server->host, server->port, until);
    if (fd < 0)
        return say_unconnected(server, fd, failure);
    struct sv_text request = {0};
    struct reading reading = {.server = server, .fd = fd, .until = until};
    write_request(&request, server, body, size);
    int rc = send_all(fd, &request, until);
    /* One who has refused in the middle of the request has perhaps said why. */
    enum sv_end end = rc == -ETIMEDOUT ? say_ended(&reading, rc, failure) : read_answer(&reading, failure);
    if (end == SV_OK) {
        size_t most = reading.got.size - reading.head.size;
        size_t wanted = reading.head.body < 0 ? most : (size_t)reading.head.body;
        sv_text_add(answer, reading.got.data + reading.head.size, wanted);
    }
    close(fd);
    explicit_bzero(request.data, request.size);
    sv_text_free(&request);
    sv_text_free(&reading.got);
    return end;
}
