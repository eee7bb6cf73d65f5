/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/two_nets.h"

#include <check.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define AWAIT_STEPS 2000
#define AWAIT_STEP_NS 10000000

/* A Check test is a process of its own: two descriptors for it, and no more. */
static int here = -1, there = -1;

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    ck_assert_msg(file != NULL, "%s", path);
    fputs(text, file);
    ck_assert_msg(fclose(file) == 0, "%s", path);
}

static void become_root(void)
{
    int user = (int)getuid(), group = (int)getgid();
    if (geteuid() == 0)
        return;
    ck_assert_msg(unshare(CLONE_NEWUSER) == 0, "this test needs root, or user namespaces");
    char map[32];
    write_file("/proc/self/setgroups", "deny");
    snprintf(map, sizeof map, "0 %d 1", user);
    write_file("/proc/self/uid_map", map);
    snprintf(map, sizeof map, "0 %d 1", group);
    write_file("/proc/self/gid_map", map);
}

static int new_namespace(void)
{
    ck_assert_msg(unshare(CLONE_NEWNET) == 0, "this test needs root, or user namespaces");
    int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    return fd;
}

static void enter(int fd)
{
    ck_assert_int_eq(setns(fd, CLONE_NEWNET), 0);
}

void netns_here(void)
{
    enter(here);
}

void netns_there(void)
{
    enter(there);
}

__attribute__((format(printf, 1, 0))) static void run_ip(const char *format, va_list args)
{
    char words[512], command[600];
    vsnprintf(words, sizeof words, format, args);
    snprintf(command, sizeof command, "ip %s", words);
    ck_assert_msg(system(command) == 0, "%s", command);
}

void ip_here(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    run_ip(format, args);
    va_end(args);
}

void ip_there(const char *format, ...)
{
    va_list args;
    netns_there();
    va_start(args, format);
    run_ip(format, args);
    va_end(args);
    netns_here();
}

bool has_words(const char *line, const char *words)
{
    char copy[512];
    snprintf(copy, sizeof copy, "%s", words);
    for (char *rest = copy; rest;) {
        char *gap = strstr(rest, "...");
        if (gap)
            *gap = '\0';
        line = strstr(line, rest);
        if (!line)
            return false;
        line += strlen(rest);
        rest = gap ? gap + 3 : NULL;
    }
    return true;
}

bool address_here(const char *words)
{
    char line[1024];
    bool found = false;
    FILE *list = popen("ip -o address", "r");
    ck_assert_ptr_nonnull(list);
    while (fgets(line, sizeof line, list))
        found |= has_words(line, words);
    ck_assert_int_eq(pclose(list), 0);
    return found;
}

bool address_there(const char *words)
{
    netns_there();
    bool found = address_here(words);
    netns_here();
    return found;
}

bool await_address(const char *words, bool wanted)
{
    struct timespec step = {.tv_nsec = AWAIT_STEP_NS};
    for (int i = 0; i < AWAIT_STEPS; i++) {
        if (address_here(words) == wanted)
            return true;
        nanosleep(&step, NULL);
    }
    return false;
}

void netns_open(void)
{
    become_root();
    there = new_namespace();
    here = new_namespace();
    ip_here("link set lo up");
    ip_here("link add eth0 type veth peer name far0");
    ip_here("link set far0 netns /proc/%d/fd/%d", (int)getpid(), there);
    ip_here("link set eth0 address 02:00:00:00:00:01");
    ip_there("link set far0 address 02:00:00:00:00:02");
    ip_here("link set eth0 up");
    ip_there("link set far0 up");
}
