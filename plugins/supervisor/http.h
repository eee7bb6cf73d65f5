/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One POST to supervisord's HTTP server, over its unix socket or TCP: HTTP/1.0 (RFC 1945), one request a connection. By
 * hand, because libcurl takes 4 to 10 ms to be loaded, by each operation's process anew, and this one takes none.
 */
#ifndef SUPERVISOR_HTTP_H
#define SUPERVISOR_HTTP_H

#include "text.h"

#include <stdbool.h>
#include <stdint.h>

/* How a request ended. */
enum sv_end {
    SV_OK = 0,
    SV_DOWN,    /* nobody is there, or went away before the answer was complete: may be back soon */
    SV_SLOW,    /* no answer in time */
    SV_DENIED,  /* user and password, or the socket's mode */
    SV_GARBAGE, /* it is no answer */
    SV_FAULT    /* the answer is a fault: see `fault` */
};

struct sv_failure {
    enum sv_end end;
    int fault;      /* supervisor.xmlrpc.Faults */
    char text[480]; /* one line: what, where, what would be right */
};

struct sv_server {
    char url[300];  /* as it is shown: without the password */
    char path[108]; /* of the unix socket; "": none */
    char host[256], port[8];
    char user[128], password[128];
};

/* "unix:///run/supervisor.sock", "http://127.0.0.1:9001", "http://user:password@host:9001"; false: `why`. */
bool sv_server_parse(const char *url, struct sv_server *server, char *why, size_t room);

/* Adds the body of an answer with status 200 to `answer`. `until`: sv_now(). */
enum sv_end sv_http_post(const struct sv_server *server, const char *body, size_t size, int64_t until,
                         struct sv_text *answer, struct sv_failure *failure);

/* Fills and returns `end`. */
enum sv_end sv_fail(struct sv_failure *failure, enum sv_end end, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Connected and not blocking, or -errno: -ETIMEDOUT. `host`: a name or a number. */
int sv_connect_tcp(const char *host, const char *port, int64_t until);

#endif
