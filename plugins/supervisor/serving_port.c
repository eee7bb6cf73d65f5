/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP: somebody accepts. The MySQL protocol: the server speaks first, with a greeting that tells its version, or with an
 * error such as "Too many connections" ("MySQL Internals", Connection Phase, Protocol::HandshakeV10 and ERR_Packet).
 */
#include "serving.h"

#include "clock.h"
#include "http.h"
#include "text.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEADER = 4, PACKET_MOST = 1024, PROTOCOL_10 = 10, ERR = 0xff };

/* Bytes that there are by then, `size` at most; -errno. */
static ssize_t receive(int fd, unsigned char *bytes, size_t size, int64_t until)
{
    size_t used = 0;
    while (used < size) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        int count = poll(&ready, 1, sv_until(until));
        if (count == 0)
            return -ETIMEDOUT;
        ssize_t got = count < 0 ? -1 : recv(fd, bytes + used, size - used, 0);
        if (got < 0 && errno != EINTR && errno != EAGAIN)
            return -errno;
        if (got == 0)
            break;
        used += got > 0 ? (size_t)got : 0;
    }
    return (ssize_t)used;
}

/* Code, then with a newer protocol # and five letters of SQLSTATE, then words. */
static void say_error(const unsigned char *packet, size_t size, char *why, size_t room)
{
    char words[200];
    size_t at = 3;
    if (size > 9 && packet[3] == '#')
        at = 9;
    sv_one_line((const char *)packet + (at < size ? at : size), at < size ? size - at : 0, words, sizeof words, 0);
    snprintf(why, room, "it answers with an error: %s (%d)", words, size >= 3 ? packet[1] | packet[2] << 8 : 0);
}

static bool read_greeting(int fd, int64_t until, char *why, size_t room)
{
    unsigned char packet[HEADER + PACKET_MOST];
    ssize_t got = receive(fd, packet, HEADER, until);
    size_t size = got == HEADER ? (size_t)(packet[0] | packet[1] << 8 | packet[2] << 16) : 0;
    if (got == HEADER && (size == 0 || size > PACKET_MOST || packet[3] != 0)) {
        snprintf(why, room, "what it sends is no greeting of the MySQL protocol");
        return false;
    }
    if (got == HEADER)
        got = receive(fd, packet + HEADER, size, until);
    if (got < 0 || (size_t)got < size || size == 0) {
        snprintf(why, room, "it accepts a connection and %s",
                 got == -ETIMEDOUT ? "does not send its greeting in time" : "ends it without a greeting");
        return false;
    }
    if (packet[HEADER] == PROTOCOL_10)
        return true;
    if (packet[HEADER] == ERR)
        say_error(packet + HEADER, size, why, room);
    else
        snprintf(why, room, "it greets with protocol %d: no server that clients of today can talk to", packet[HEADER]);
    return false;
}

bool sv_check_port(const char *host, const char *port, bool mysql, int64_t until, char *why, size_t room)
{
    char words[300] = "";
    bool good = true;
    int fd = sv_connect_tcp(host, port, until);
    if (fd < 0) {
        good = false;
        snprintf(words, sizeof words, "%s",
                 fd == -ETIMEDOUT ? "it does not accept a connection in time" : strerror(-fd));
    } else {
        good = !mysql || read_greeting(fd, until, words, sizeof words);
        close(fd);
    }
    if (!good)
        snprintf(why, room, "it does not serve at %s port %s: %s", host, port, words);
    return good;
}
