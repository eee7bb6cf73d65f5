/* SPDX-License-Identifier: Apache-2.0 */
#include "agent_test/handover.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Room for two descriptors, as cmsg(3) has it. */
union control {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(2 * sizeof(int))];
};

static int address_of(const char *path, struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    int length = snprintf(address->sun_path, sizeof address->sun_path, "%s", path);
    return length > 0 && (size_t)length < sizeof address->sun_path ? 0 : -ENAMETOOLONG;
}

static int hand_over(const char *path, const int fds[2])
{
    struct sockaddr_un address;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || address_of(path, &address) || connect(fd, (struct sockaddr *)&address, sizeof address))
        return -1;
    pid_t pid = getpid();
    struct iovec data = {&pid, sizeof pid};
    union control control = {.bytes = {0}};
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(2 * sizeof(int));
    memcpy(CMSG_DATA(header), fds, 2 * sizeof(int));
    return sendmsg(fd, &message, 0) == (ssize_t)sizeof pid ? 0 : -1;
}

int handover_core_main(int argc, char **argv)
{
    int fds[2] = {-1, -1};
    for (int i = 3; i < argc; i++) {
        sscanf(argv[i], "--executor-fd=%d", &fds[0]);
        sscanf(argv[i], "--lease-fd=%d", &fds[1]);
    }
    sigset_t end;
    sigemptyset(&end);
    sigaddset(&end, SIGTERM);
    sigaddset(&end, SIGUSR1);
    sigaddset(&end, SIGUSR2);
    sigprocmask(SIG_BLOCK, &end, NULL);
    if (argc < 3 || fds[0] < 0 || fds[1] < 0 || hand_over(argv[2], fds))
        return 3;
    close(fds[0]);
    close(fds[1]);
    int number = 0;
    sigwait(&end, &number);
    return number == SIGUSR1 ? 78 : number == SIGUSR2 ? 5 : 0;
}

int handover_listen(const char *path)
{
    struct sockaddr_un address;
    int rc = address_of(path, &address);
    if (rc)
        return rc;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 5)) {
        rc = -errno;
        close(fd);
        return rc;
    }
    return fd;
}

static int receive(int fd, pid_t *core, int fds[2])
{
    struct iovec data = {core, sizeof *core};
    union control control = {.bytes = {0}};
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    if (recvmsg(fd, &message, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof *core)
        return -EPROTO;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (!header || header->cmsg_type != SCM_RIGHTS || header->cmsg_len != CMSG_LEN(2 * sizeof(int)))
        return -EPROTO;
    memcpy(fds, CMSG_DATA(header), 2 * sizeof(int));
    return 0;
}

int handover_accept(int listener, int timeout_ms, pid_t *core, int fds[2])
{
    struct pollfd ready = {.fd = listener, .events = POLLIN};
    int count = poll(&ready, 1, timeout_ms);
    if (count <= 0)
        return count ? -errno : -ETIMEDOUT;
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return -errno;
    int rc = receive(fd, core, fds);
    close(fd);
    return rc;
}
