/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/warm_child.h"

#include "base/alloc.h"
#include "base/wire.h"
#include "executor/child.h"
#include "executor/host.h"
#include "executor/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEAP_ROOM = 96 * 1024 }; /* below what malloc would give back to the system */

int hy_warm_order_encode(const struct hy_op_request *request, struct hy_buf *out)
{
    struct hy_buf operation = {0}, body = {0};
    hy_operation_encode(request->operation, &operation);
    hy_wr_u8(&body, request->probe);
    hy_wr_i64(&body, request->deadline);
    hy_wr_bytes(&body, operation.data, operation.size);
    int rc = body.size > HY_WARM_ORDER_MAX ? -EMSGSIZE : 0;
    if (!rc)
        hy_wr_bytes(out, body.data, body.size);
    hy_buf_free(&operation);
    hy_buf_free(&body);
    return rc;
}

/* ---- the file that was loaded */

struct identity {
    bool known;
    struct stat status;
};

static struct identity identify(const char *path)
{
    struct identity identity = {.known = false};
    identity.known = path && stat(path, &identity.status) == 0;
    return identity;
}

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* The time of change tells of a new owner or mode as well. */
static bool is_same(const struct identity *a, const struct identity *b)
{
    return a->known && b->known && a->status.st_dev == b->status.st_dev && a->status.st_ino == b->status.st_ino &&
           a->status.st_size == b->status.st_size && same_time(a->status.st_mtim, b->status.st_mtim) &&
           same_time(a->status.st_ctim, b->status.st_ctim);
}

/* ---- the order */

static bool read_all(void *to, size_t size)
{
    for (char *at = to; size;) {
        ssize_t got = read(STDIN_FILENO, at, size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        at += got;
        size -= (size_t)got;
    }
    return true;
}

static bool decode(const char *bytes, size_t size, struct hy_op_request *request, struct hy_operation *operation)
{
    struct hy_rd rd = hy_rd_from(bytes, size);
    struct hy_err err;
    size_t length;
    request->probe = hy_rd_u8(&rd) != 0;
    request->deadline = hy_rd_i64(&rd);
    const void *text = hy_rd_bytes(&rd, &length);
    return hy_rd_done(&rd) && hy_operation_decode(text, length, operation, &err) == 0;
}

/* False: nobody needs it any more. */
static bool wait_for_order(struct hy_op_request *request, struct hy_operation *operation)
{
    uint8_t header[4];
    if (!read_all(header, sizeof header))
        return false;
    struct hy_rd rd = hy_rd_from(header, sizeof header);
    size_t size = hy_rd_u32(&rd);
    if (size > HY_WARM_ORDER_MAX)
        return false;
    char *bytes = hy_alloc(size + 1);
    bool whole = read_all(bytes, size) && decode(bytes, size, request, operation);
    free(bytes);
    return whole;
}

/* From here on it is as if it had been forked for this operation. */
static bool be_ordinary(const struct hy_op_request *request)
{
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0)
        return false;
    close(null);
    if (request->env->lease_map > 0 && !request->operation->lease)
        close(HY_CHILD_LENT_FD);
    hy_process_name("halyard-op");
    return true;
}

/* What the first operation would have to wait for: pages that are not there, or are still shared with the executor. */
static void settle(const struct hy_origin *origin)
{
    free(hy_alloc(HEAP_ROOM));
    hy_process_lock_present(origin);
    hy_process_realtime(origin);
}

int hy_warm_child_body(const void *argument, int answer_fd)
{
    const struct hy_warm_task *task = argument;
    hy_op_child_be_clean("halyard-load");
    struct hy_op_agent agent;
    struct hy_operation operation = {0};
    struct hy_op_request request = {.env = task->env, .operation = &operation};
    const char *path = hy_agent_table_find(task->env->agents, task->agent, NULL, NULL);
    struct identity loaded = identify(path);
    hy_op_child_open(task->env, task->agent, &agent);
    if (agent.rc) {
        hy_host_send_text(answer_fd, HY_OP_STALE, agent.why.text);
        return 1;
    }
    settle(&task->env->origin);
    hy_host_send_text(answer_fd, HY_OP_READY, "");
    hy_process_name("halyard-warm");
    if (!wait_for_order(&request, &operation))
        return 0;
    struct identity now = identify(path);
    if (!is_same(&loaded, &now)) {
        hy_host_send_text(answer_fd, HY_OP_STALE, "its file has changed");
        return 0;
    }
    if (!be_ordinary(&request))
        return 1;
    return hy_op_child_serve(&request, &agent, answer_fd);
}
