/* SPDX-License-Identifier: Apache-2.0 */
#include "zmtp.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { GREETING = 64, MORE = 1, LONG = 2, COMMAND = 4, HELLO_MS = 2000 };

static int write_all(int fd, const void *data, size_t size)
{
    const char *at = data;
    while (size) {
        ssize_t written = send(fd, at, size, MSG_NOSIGNAL);
        if (written < 0 && errno != EINTR)
            return -errno;
        if (written > 0) {
            at += written;
            size -= (size_t)written;
        }
    }
    return 0;
}

void zmtp_close(struct zmtp *zmtp)
{
    if (zmtp->fd >= 0)
        close(zmtp->fd);
    free(zmtp->in);
    *zmtp = (struct zmtp){.fd = -1};
}

int zmtp_send(struct zmtp *zmtp, const struct zmtp_frame *frames, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += frames[i].size + 9;
    unsigned char *out = malloc(size), *at = out;
    if (!out)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        unsigned char more = i + 1 < count ? MORE : 0;
        if (frames[i].size < 256) {
            *at++ = more;
            *at++ = (unsigned char)frames[i].size;
        } else {
            *at++ = more | LONG;
            for (int shift = 56; shift >= 0; shift -= 8)
                *at++ = (unsigned char)(frames[i].size >> shift);
        }
        memcpy(at, frames[i].data, frames[i].size);
        at += frames[i].size;
    }
    int rc = write_all(zmtp->fd, out, (size_t)(at - out));
    free(out);
    return rc;
}

static int read_more(struct zmtp *zmtp)
{
    if (zmtp->in_room - zmtp->in_size < 4096) {
        zmtp->in_room = zmtp->in_room * 2 + 8192;
        unsigned char *in = realloc(zmtp->in, zmtp->in_room);
        if (!in)
            return -ENOMEM;
        zmtp->in = in;
    }
    ssize_t got = recv(zmtp->fd, zmtp->in + zmtp->in_size, zmtp->in_room - zmtp->in_size, MSG_DONTWAIT);
    if (got < 0)
        return -errno;
    zmtp->in_size += (size_t)got;
    return got ? 0 : -ECONNRESET;
}

/* One frame from `*at` on; false: it is not whole yet. */
static bool next_frame(const struct zmtp *zmtp, size_t *at, unsigned char *flags, struct zmtp_frame *frame)
{
    size_t head = 2, size = 0;
    if (zmtp->in_size < *at + head)
        return false;
    *flags = zmtp->in[*at];
    if (*flags & LONG) {
        head = 9;
        if (zmtp->in_size < *at + head)
            return false;
        for (size_t i = 1; i < head; i++)
            size = size << 8 | zmtp->in[*at + i];
    } else {
        size = zmtp->in[*at + 1];
    }
    if (zmtp->in_size - *at - head < size)
        return false;
    *frame = (struct zmtp_frame){zmtp->in + *at + head, size};
    *at += head + size;
    return true;
}

static void drop(struct zmtp *zmtp, size_t size)
{
    zmtp->in_size -= size;
    memmove(zmtp->in, zmtp->in + size, zmtp->in_size);
}

static bool greeted(struct zmtp *zmtp)
{
    struct zmtp_frame frame;
    unsigned char flags;
    size_t at = GREETING;
    if (!zmtp->ready && zmtp->in_size >= GREETING && next_frame(zmtp, &at, &flags, &frame)) {
        drop(zmtp, at);
        zmtp->ready = true;
    }
    return zmtp->ready;
}

/* Until the core has said hello too. */
static int wait_ready(struct zmtp *zmtp)
{
    while (!greeted(zmtp)) {
        struct pollfd wait = {.fd = zmtp->fd, .events = POLLIN};
        int rc = poll(&wait, 1, HELLO_MS) > 0 ? read_more(zmtp) : -ETIMEDOUT;
        if (rc && rc != -EAGAIN)
            return rc;
    }
    return 0;
}

int zmtp_open(struct zmtp *zmtp, const char *path)
{
    static const char hello[] = "\4\x1c\5READY\13Socket-Type\0\0\0\6DEALER"; /* a command of 28 bytes */
    unsigned char greeting[GREETING] = {0xff, [9] = 0x7f, 3, 0, 'N', 'U', 'L', 'L'};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    *zmtp = (struct zmtp){.fd = -1};
    if (strlen(path) >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    strcpy(address.sun_path, path);
    zmtp->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (zmtp->fd < 0)
        return -errno;
    int rc = connect(zmtp->fd, (const struct sockaddr *)&address, sizeof address) ? -errno : 0;
    if (!rc)
        rc = write_all(zmtp->fd, greeting, sizeof greeting);
    if (!rc)
        rc = write_all(zmtp->fd, hello, sizeof hello - 1);
    if (!rc)
        rc = wait_ready(zmtp);
    if (rc)
        zmtp_close(zmtp);
    return rc;
}

int zmtp_receive(struct zmtp *zmtp, struct zmtp_frame frames[ZMTP_FRAMES])
{
    int rc = read_more(zmtp);
    if (rc)
        return rc;
    size_t at = 0;
    unsigned char flags = MORE;
    int count = 0;
    while (flags & MORE) {
        struct zmtp_frame frame;
        if (!next_frame(zmtp, &at, &flags, &frame))
            return -EAGAIN;
        if (flags & COMMAND)
            flags = MORE;
        else if (count == ZMTP_FRAMES)
            return -EMSGSIZE;
        else
            frames[count++] = frame;
    }
    zmtp->in_size = 0;
    return count;
}
