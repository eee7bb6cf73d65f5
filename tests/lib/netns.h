/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network of one's own: tests in it may use any address and port, and take interfaces up and down. Where the system
 * allows none, the tests run on the host's loopback with ports that are free at the moment.
 */
#ifndef TESTS_LIB_NETNS_H
#define TESTS_LIB_NETNS_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static inline bool netns_flag(const char *interface, short flag, bool on)
{
    struct ifreq request = {0};
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", interface);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool done = fd >= 0 && !ioctl(fd, SIOCGIFFLAGS, &request);
    request.ifr_flags = (short)(on ? request.ifr_flags | flag : request.ifr_flags & ~flag);
    done = done && !ioctl(fd, SIOCSIFFLAGS, &request);
    if (fd >= 0)
        close(fd);
    return done;
}

static inline void netns_write(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    if (write(fd, text, strlen(text)) < 0)
        perror(path);
    close(fd);
}

/* One more IPv4 address, under a label as "lo:1". Only in a network of one's own. */
static inline bool netns_address(const char *label, const char *address)
{
    struct ifreq request = {0};
    struct sockaddr_in in = {.sin_family = AF_INET};
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", label);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool done = fd >= 0 && inet_pton(AF_INET, address, &in.sin_addr) == 1;
    memcpy(&request.ifr_addr, &in, sizeof in);
    done = done && !ioctl(fd, SIOCSIFADDR, &request);
    if (fd >= 0)
        close(fd);
    return done;
}

/* Moves this process, which has one thread still, to a network of its own with lo up. */
static inline bool netns_enter(void)
{
    char map[64];
    uid_t uid = geteuid();
    gid_t gid = getegid();
    if (unshare(CLONE_NEWNET)) {
        if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
            return false;
        netns_write("/proc/self/setgroups", "deny");
        snprintf(map, sizeof map, "0 %u 1", (unsigned)uid);
        netns_write("/proc/self/uid_map", map);
        snprintf(map, sizeof map, "0 %u 1", (unsigned)gid);
        netns_write("/proc/self/gid_map", map);
    }
    return netns_flag("lo", IFF_UP, true);
}

/* A port of `type` (SOCK_DGRAM, SOCK_STREAM) that nobody has on 127.0.0.1 and, unless IPv6 is not there, on ::1. */
static inline uint16_t netns_free_port(int type)
{
    for (;;) {
        struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
        socklen_t size = sizeof v4;
        int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
        if (fd < 0 || bind(fd, (struct sockaddr *)&v4, sizeof v4) || getsockname(fd, (struct sockaddr *)&v4, &size)) {
            perror("a free port");
            _exit(99);
        }
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback, .sin6_port = v4.sin_port};
        int fd6 = socket(AF_INET6, type | SOCK_CLOEXEC, 0);
        bool taken = fd6 >= 0 && bind(fd6, (struct sockaddr *)&v6, sizeof v6) && errno == EADDRINUSE;
        close(fd);
        if (fd6 >= 0)
            close(fd6);
        if (!taken)
            return ntohs(v4.sin_port);
    }
}

#endif
