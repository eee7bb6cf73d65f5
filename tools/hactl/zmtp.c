/* SPDX-License-Identifier: Apache-2.0 */
#include "hactl/zmtp.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { GREETING = 64, MORE = 1, LONG = 2, COMMAND = 4, PIECE = 65536 };

static int write_all(int fd, const void *data, size_t size)
{
    const char *at = data;
    while (size) {
        ssize_t written = send(fd, at, size, MSG_NOSIGNAL);
        if (written < 0 && errno != EINTR)
            return errno == EAGAIN ? -ETIMEDOUT : -errno;
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
    hy_buf_free(&zmtp->in);
    *zmtp = (struct zmtp){.fd = -1};
}

static void add_frame(struct hy_buf *out, const struct zmtp_frame *frame, bool more)
{
    bool is_long = frame->size > 255;
    hy_buf_addc(out, (char)((more ? MORE : 0) | (is_long ? LONG : 0)));
    for (int shift = is_long ? 56 : 0; shift >= 0; shift -= 8)
        hy_buf_addc(out, (char)((uint64_t)frame->size >> shift & 0xff));
    hy_buf_add(out, frame->data, frame->size);
}

int zmtp_send(struct zmtp *zmtp, const struct zmtp_frame *frames, size_t count)
{
    struct hy_buf out = {0};
    for (size_t i = 0; i < count; i++)
        add_frame(&out, &frames[i], i + 1 < count);
    int rc = write_all(zmtp->fd, out.data, out.size);
    hy_buf_free(&out);
    return rc;
}

static int read_more(struct zmtp *zmtp)
{
    char piece[PIECE];
    ssize_t got = recv(zmtp->fd, piece, sizeof piece, MSG_DONTWAIT);
    if (got < 0)
        return errno == EINTR ? -EAGAIN : -errno;
    hy_buf_add(&zmtp->in, piece, (size_t)got);
    return got ? 0 : -ECONNRESET;
}

/* One frame from `*at` on; false: it is not whole yet. */
static bool next_frame(const struct hy_buf *in, size_t *at, unsigned char *flags, struct zmtp_frame *frame)
{
    if (in->size < *at + 2)
        return false;
    const unsigned char *bytes = (const unsigned char *)in->data + *at;
    size_t head = bytes[0] & LONG ? 9 : 2;
    uint64_t size = 0;
    if (in->size < *at + head)
        return false;
    for (size_t i = 1; i < head; i++)
        size = size << 8 | bytes[i];
    if (in->size - *at - head < size)
        return false;
    *flags = bytes[0];
    *frame = (struct zmtp_frame){bytes + head, (size_t)size};
    *at += head + (size_t)size;
    return true;
}

/* The other side's greeting and its READY are taken off. */
static bool take_greeting(struct zmtp *zmtp)
{
    struct zmtp_frame frame;
    unsigned char flags;
    size_t at = GREETING;
    if (zmtp->greeted || zmtp->in.size < GREETING || !next_frame(&zmtp->in, &at, &flags, &frame))
        return zmtp->greeted;
    memmove(zmtp->in.data, zmtp->in.data + at, zmtp->in.size - at);
    hy_buf_truncate(&zmtp->in, zmtp->in.size - at);
    zmtp->greeted = true;
    return true;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int wait_readable(const struct zmtp *zmtp, int64_t deadline)
{
    struct pollfd wait = {.fd = zmtp->fd, .events = POLLIN};
    int64_t left = deadline - now_ms();
    if (left < 0)
        return -ETIMEDOUT;
    int rc = poll(&wait, 1, (int)left + 1);
    return rc > 0 || (rc < 0 && errno == EINTR) ? 0 : -ETIMEDOUT;
}

static int await_greeting(struct zmtp *zmtp, int timeout_ms)
{
    int64_t deadline = now_ms() + timeout_ms;
    while (!take_greeting(zmtp)) {
        int rc = wait_readable(zmtp, deadline);
        if (!rc)
            rc = read_more(zmtp);
        if (rc && rc != -EAGAIN)
            return rc;
    }
    return 0;
}

static int connect_to(struct zmtp *zmtp, const char *path, int timeout_ms)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct timeval patience = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
    if (strlen(path) >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    strcpy(address.sun_path, path);
    zmtp->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (zmtp->fd < 0 || setsockopt(zmtp->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience))
        return -errno;
    if (connect(zmtp->fd, (const struct sockaddr *)&address, sizeof address))
        return errno == EAGAIN ? -ETIMEDOUT : -errno;
    return 0;
}

int zmtp_open(struct zmtp *zmtp, const char *path, int timeout_ms)
{
    static const unsigned char greeting[GREETING] = {0xff, [9] = 0x7f, 3, 0, 'N', 'U', 'L', 'L'};
    static const char ready[] = "\4\x1c\5READY\13Socket-Type\0\0\0\6DEALER"; /* a command of 28 bytes */
    *zmtp = (struct zmtp){.fd = -1};
    int rc = connect_to(zmtp, path, timeout_ms);
    if (!rc)
        rc = write_all(zmtp->fd, greeting, sizeof greeting);
    if (!rc)
        rc = write_all(zmtp->fd, ready, sizeof ready - 1);
    if (!rc)
        rc = await_greeting(zmtp, timeout_ms);
    if (rc)
        zmtp_close(zmtp);
    return rc;
}

/* A message among what has come. */
static int take_message(struct zmtp *zmtp, struct zmtp_frame frames[ZMTP_FRAMES])
{
    size_t at = 0;
    unsigned char flags = MORE;
    int count = 0;
    while (flags & MORE) {
        struct zmtp_frame frame;
        if (!next_frame(&zmtp->in, &at, &flags, &frame))
            return -EAGAIN;
        if (flags & COMMAND)
            flags = MORE; /* a message is still to come */
        else if (count == ZMTP_FRAMES)
            return -EMSGSIZE;
        else
            frames[count++] = frame;
    }
    hy_buf_clear(&zmtp->in); /* what the frames point to stays as it is: the first byte is a head's */
    return count;
}

int zmtp_receive(struct zmtp *zmtp, struct zmtp_frame frames[ZMTP_FRAMES])
{
    int rc = read_more(zmtp);
    return rc ? rc : take_message(zmtp, frames);
}

int zmtp_await(struct zmtp *zmtp, struct zmtp_frame frames[ZMTP_FRAMES], int timeout_ms)
{
    int64_t deadline = now_ms() + timeout_ms;
    int rc = -EAGAIN;
    while (rc == -EAGAIN) {
        rc = wait_readable(zmtp, deadline);
        if (!rc)
            rc = zmtp_receive(zmtp, frames);
    }
    return rc;
}
