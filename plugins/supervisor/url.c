/* SPDX-License-Identifier: Apache-2.0 */
/* Where supervisord is, as supervisorctl's serverurl has it. */
#include "http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNIX "unix://"
#define HTTP "http://"
#define WANTED "expected unix:///the/socket or http://host:port"

static bool refuse(char *why, size_t room, const char *url, const char *what)
{
    snprintf(why, room, "url \"%.200s\": %s", url, what);
    return false;
}

static bool parse_unix(const char *url, struct sv_server *server, char *why, size_t room)
{
    const char *path = url + strlen(UNIX);
    if (*path != '/')
        return refuse(why, room, url, "the name of the socket is not a full one; " WANTED);
    if (strlen(path) >= sizeof server->path)
        return refuse(why, room, url, "the name of a socket has at most 107 bytes");
    snprintf(server->path, sizeof server->path, "%s", path);
    snprintf(server->url, sizeof server->url, "%s", url);
    return true;
}

static bool is_port(const char *port)
{
    char *end;
    long number = strtol(port, &end, 10);
    return *port >= '0' && *port <= '9' && !*end && number > 0 && number <= 65535;
}

static bool copy(char *to, size_t room, const char *from, size_t size)
{
    if (!size || size >= room)
        return false;
    memcpy(to, from, size);
    to[size] = '\0';
    return true;
}

/* USER:PASSWORD@, which stays out of what is shown. */
static bool parse_login(const char *login, size_t size, struct sv_server *server)
{
    const char *colon = memchr(login, ':', size);
    if (!colon)
        return copy(server->user, sizeof server->user, login, size);
    return copy(server->user, sizeof server->user, login, (size_t)(colon - login)) &&
           copy(server->password, sizeof server->password, colon + 1, size - (size_t)(colon - login) - 1);
}

static bool parse_http(const char *url, struct sv_server *server, char *why, size_t room)
{
    const char *at = url + strlen(HTTP), *end = at + strcspn(at, "/?#");
    const char *login_end = memchr(at, '@', (size_t)(end - at));
    if (login_end && !parse_login(at, (size_t)(login_end - at), server))
        return refuse(why, room, HTTP "...@...", "what stands before the @ is no USER:PASSWORD");
    const char *place = login_end ? login_end + 1 : at;
    if (*end && strcmp(end, "/") != 0 && strcmp(end, "/RPC2") != 0)
        return refuse(why, room, url, "supervisord has nothing behind the port; " WANTED);
    snprintf(server->url, sizeof server->url, HTTP "%.*s", (int)(end - place), place);
    const char *host = place, *host_end = NULL, *colon;
    if (*place == '[') {
        host = place + 1;
        host_end = memchr(host, ']', (size_t)(end - host));
        colon = host_end ? host_end + 1 : NULL;
    } else {
        colon = host_end = memchr(place, ':', (size_t)(end - place));
    }
    if (!host_end || !colon || *colon != ':' ||
        !copy(server->host, sizeof server->host, host, (size_t)(host_end - host)) ||
        !copy(server->port, sizeof server->port, colon + 1, (size_t)(end - colon) - 1) || !is_port(server->port))
        return refuse(why, room, server->url, WANTED);
    return true;
}

bool sv_server_parse(const char *url, struct sv_server *server, char *why, size_t room)
{
    *server = (struct sv_server){0};
    if (strncmp(url, UNIX, strlen(UNIX)) == 0)
        return parse_unix(url, server, why, room);
    if (strncmp(url, HTTP, strlen(HTTP)) == 0)
        return parse_http(url, server, why, room);
    return refuse(why, room, url, WANTED);
}
