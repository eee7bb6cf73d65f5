/* SPDX-License-Identifier: Apache-2.0 */
/* The core's end of the link. */
#include "base/wire.h"
#include "executor/executor.h"
#include "executor/protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct hy_executor_link {
    int socket;
    struct hy_lease_page *page;
    atomic_bool look_due; /* the lease has become shorter, and the executor could not be told yet */
};

static int map_page(int lease_fd, struct hy_lease_page **page, struct hy_err *err)
{
    void *mapped = mmap(NULL, sizeof **page, PROT_READ | PROT_WRITE, MAP_SHARED, lease_fd, 0);
    if (mapped == MAP_FAILED)
        return hy_fail(err, errno, "lease page: cannot be mapped: %s", strerror(errno));
    *page = mapped;
    if ((*page)->magic == HY_LEASE_PAGE_MAGIC && (*page)->version == HY_LEASE_PAGE_VERSION)
        return 0;
    int rc = hy_fail(err, EBADMSG, "lease page: magic 0x%08x, version %u; 0x%08x and %u would be right", (*page)->magic,
                     (*page)->version, HY_LEASE_PAGE_MAGIC, HY_LEASE_PAGE_VERSION);
    munmap(mapped, sizeof **page);
    return rc;
}

int hy_executor_link_open(int socket_fd, int lease_fd, struct hy_executor_link **link, struct hy_err *err)
{
    struct hy_lease_page *page = NULL;
    int rc = map_page(lease_fd, &page, err);
    if (rc)
        return rc;
    fcntl(socket_fd, F_SETFD, FD_CLOEXEC);
    hy_packet_socket(socket_fd);
    close(lease_fd);
    *link = hy_alloc(sizeof **link);
    **link = (struct hy_executor_link){.socket = socket_fd, .page = page};
    return 0;
}

void hy_executor_link_close(struct hy_executor_link **link)
{
    if (!*link)
        return;
    close((*link)->socket);
    munmap((*link)->page, sizeof *(*link)->page);
    free(*link);
    *link = NULL;
}

int hy_executor_link_fd(const struct hy_executor_link *link)
{
    return link->socket;
}

static int send_plain(struct hy_executor_link *link, enum hy_packet type)
{
    struct hy_buf packet = {0};
    hy_packet_begin(&packet, type, false);
    int rc = hy_packet_send(link->socket, &packet);
    hy_buf_free(&packet);
    return rc;
}

static void send_due_look(struct hy_executor_link *link)
{
    if (atomic_exchange(&link->look_due, false) && send_plain(link, HY_PACKET_LOOK) == -EAGAIN)
        atomic_store(&link->look_due, true);
}

int hy_executor_order(struct hy_executor_link *link, const struct hy_operation *operation)
{
    send_due_look(link);
    struct hy_buf packet = {0};
    hy_packet_begin(&packet, HY_PACKET_ORDER, false);
    hy_operation_encode(operation, &packet);
    int rc = hy_packet_send(link->socket, &packet);
    hy_buf_free(&packet);
    return rc;
}

int hy_executor_query(struct hy_executor_link *link)
{
    send_due_look(link);
    return send_plain(link, HY_PACKET_QUERY);
}

int hy_executor_hands_off(struct hy_executor_link *link, const char *names)
{
    send_due_look(link);
    struct hy_buf packet = {0};
    hy_packet_begin(&packet, HY_PACKET_HANDS_OFF, false);
    hy_wr_bytes(&packet, names, strlen(names));
    int rc = hy_packet_send(link->socket, &packet);
    hy_buf_free(&packet);
    return rc;
}

void hy_executor_set_lease(struct hy_executor_link *link, hy_time deadline, uint32_t since)
{
    bool new_life = atomic_exchange(&link->page->since, since) != since; /* before the deadline that it comes with */
    hy_time before = atomic_exchange(&link->page->deadline, deadline);
    /* Later: the executor finds out when the time before has come. Sooner: it must be told. */
    if (deadline < before || new_life)
        atomic_store(&link->look_due, true);
    send_due_look(link);
}

static int take_text(const void *body, size_t size, struct hy_outcome *outcome, struct hy_err *err)
{
    struct hy_rd rd = hy_rd_from(body, size);
    size_t length;
    const char *text = hy_rd_bytes(&rd, &length);
    if (!hy_rd_done(&rd) || memchr(text, '\0', length))
        return hy_fail(err, EBADMSG, "executor: malformed report of %zu bytes", size);
    *outcome = (struct hy_outcome){.reason = hy_strndup(text, length)};
    return 0;
}

static int take_news(const struct hy_buf *packet, struct hy_executor_news *news, struct hy_err *err)
{
    enum hy_packet type;
    const void *body;
    size_t size;
    *news = (struct hy_executor_news){0};
    int rc = hy_packet_open(packet->data, packet->size, &type, &news->clean, &body, &size, err);
    if (rc)
        return rc;
    switch (type) {
    case HY_PACKET_OUTCOME:
        news->type = HY_EXECUTOR_OUTCOME;
        return hy_outcome_decode(body, size, &news->outcome, err);
    case HY_PACKET_ACTIVE:
        news->type = HY_EXECUTOR_ACTIVE;
        return hy_outcome_decode(body, size, &news->outcome, err);
    case HY_PACKET_EVENT:
        news->type = HY_EXECUTOR_EVENT;
        return hy_outcome_decode(body, size, &news->outcome, err);
    case HY_PACKET_ACTIVE_END:
        news->type = HY_EXECUTOR_ACTIVE_END;
        return take_text(body, size, &news->outcome, err);
    case HY_PACKET_RELEASED:
        news->type = HY_EXECUTOR_RELEASED;
        return take_text(body, size, &news->outcome, err);
    default:
        return hy_fail(err, EBADMSG, "executor: a message of type %u, which only the core may send", (unsigned)type);
    }
}

int hy_executor_next(struct hy_executor_link *link, struct hy_executor_news *news, struct hy_err *err)
{
    send_due_look(link);
    struct hy_buf packet = {0};
    int rc = hy_packet_receive(link->socket, &packet);
    if (rc == 1) {
        int bad = take_news(&packet, news, err);
        if (bad)
            rc = bad;
    } else if (rc < 0) {
        rc = hy_fail(err, EPIPE, "the executor is gone");
    }
    hy_buf_free(&packet);
    return rc;
}
