/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/warm.h"

#include "base/alloc.h"
#include "base/vec.h"
#include "base/wire.h"
#include "executor/warm_child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    QUIET_MS = 100, /* what is under way, a release above all, is not held up by forks */
    NEXT_MS = 10,   /* between two forks */
    FIRST_PAUSE_SECONDS = 1,
    LONGEST_PAUSE_SECONDS = 300
};

struct stock;

/* One child that waits. */
struct spare {
    struct stock *stock;
    struct hy_child *child;
    int order; /* the writing end of its standard input */
    bool ready;
    bool dropped; /* it is being ended */
    char *why;    /* it cannot be used */
};

/* All that wait for one agent. */
struct stock {
    struct hy_warm *warm;
    char *agent;
    struct hy_map expected; /* resources that may come here, or are here */
    HY_VEC(struct spare *) spares;
    size_t wanted;
    hy_time pause; /* until the next try, after one that failed */
    hy_time not_before;
};

struct hy_warm {
    struct hy_loop *loop;
    const struct hy_exec_env *env;
    const struct hy_actives *actives;
    struct hy_map stocks;
    struct hy_timer timer;
};

/* ---- one spare */

static void free_spare(struct spare *spare)
{
    struct stock *stock = spare->stock;
    for (size_t i = stock->spares.count; i-- > 0;)
        if (stock->spares.items[i] == spare)
            hy_vec_remove(&stock->spares, i);
    close(spare->order);
    free(spare->why);
    free(spare);
}

static void look(void *context);

static void look_soon(struct hy_warm *warm)
{
    hy_time at = hy_loop_now() + QUIET_MS * HY_MS;
    if (!warm->timer.place || warm->timer.at > at)
        hy_loop_at(warm->loop, &warm->timer, at, look, warm);
}

static void spare_says(void *context, const void *data, size_t size)
{
    struct spare *spare = context;
    struct hy_rd rd = hy_rd_from(data, size);
    size_t length;
    switch (hy_rd_u8(&rd)) {
    case HY_OP_READY:
        spare->ready = true;
        spare->stock->pause = 0;
        break;
    case HY_OP_STALE: {
        const char *why = hy_rd_bytes(&rd, &length);
        free(spare->why);
        spare->why = hy_asprintf("%.*s", (int)length, why);
        break;
    }
    default: /* a constructor of the plug-in that writes where it should not */
        break;
    }
}

/* It waited, and has ended by itself. */
static void spare_ended(void *context, const struct hy_child_end *end)
{
    struct spare *spare = context;
    struct stock *stock = spare->stock;
    struct hy_warm *warm = stock->warm;
    if (spare->dropped) {
        free_spare(spare);
        return;
    }
    hy_time longest = LONGEST_PAUSE_SECONDS * HY_SECOND;
    stock->pause = stock->pause ? stock->pause * 2 : FIRST_PAUSE_SECONDS * HY_SECOND;
    if (stock->pause > longest)
        stock->pause = longest;
    stock->not_before = hy_loop_now() + stock->pause;
    hy_notice(warm->env->log, "%s: a child that was kept ready has ended (%s%s%.*s): the next one in %lld s",
              stock->agent, spare->why ? spare->why : "killed, or died", end->output_size ? ": " : "",
              (int)(end->output_size < 200 ? end->output_size : 200), end->output,
              (long long)(stock->pause / HY_SECOND));
    free_spare(spare);
    look_soon(warm);
}

/* Without waiting for its end: it may hang in the loading of a file. */
static void drop(struct spare *spare)
{
    spare->ready = false;
    spare->dropped = true;
    hy_child_kill(spare->child);
}

static int fork_spare(struct spare *spare, struct hy_err *err)
{
    const struct hy_exec_env *env = spare->stock->warm->env;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC))
        return hy_fail(err, errno, "no pipe: %s", strerror(errno));
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    struct hy_warm_task task = {.env = env, .agent = spare->stock->agent};
    struct hy_child_spec spec = {.origin = &env->origin,
                                 .body = hy_warm_child_body,
                                 .argument = &task,
                                 .lent_fd = env->lease_map > 0 ? env->lease_map : 0,
                                 .input_fd = ends[0],
                                 .deadline = HY_NEVER,
                                 .message = spare_says,
                                 .ended = spare_ended,
                                 .context = spare};
    int rc = hy_child_start(spare->stock->warm->loop, &spec, &spare->child, err);
    close(ends[0]);
    if (rc)
        close(ends[1]);
    else
        spare->order = ends[1];
    return rc;
}

static void add_spare(struct stock *stock)
{
    struct spare *spare = hy_alloc(sizeof *spare);
    struct hy_err err;
    spare->stock = stock;
    if (fork_spare(spare, &err) == 0) {
        hy_vec_push(&stock->spares, spare);
        return;
    }
    free(spare);
    stock->not_before = hy_loop_now() + FIRST_PAUSE_SECONDS * HY_SECOND;
    hy_notice(stock->warm->env->log, "%s: no child can be kept ready: %s", stock->agent, err.text);
}

/* ---- how many */

static size_t count_active(const struct stock *stock)
{
    size_t at = 0, count = 0;
    void *value;
    while (hy_map_next(&stock->warm->actives->entries, &at, NULL, &value)) {
        const struct hy_active_entry *entry = value;
        count += entry->kept.lease && strcmp(entry->kept.agent, stock->agent) == 0;
    }
    return count;
}

/* Releases first: what would have been for those to come is what the limit cuts off. */
static void plan(struct hy_warm *warm)
{
    size_t left = HY_WARM_MAX, at = 0;
    void *value;
    while (hy_map_next(&warm->stocks, &at, NULL, &value)) {
        struct stock *stock = value;
        size_t active = count_active(stock);
        stock->wanted = active < left ? active : left;
        left -= stock->wanted;
    }
    for (at = 0; hy_map_next(&warm->stocks, &at, NULL, &value);) {
        struct stock *stock = value;
        size_t coming = stock->expected.count > stock->wanted ? stock->expected.count - stock->wanted : 0;
        if (coming > HY_WARM_COMING)
            coming = HY_WARM_COMING;
        if (coming > left)
            coming = left;
        stock->wanted += coming;
        left -= coming;
    }
}

static size_t count_kept(const struct stock *stock)
{
    size_t count = 0;
    for (size_t i = 0; i < stock->spares.count; i++)
        count += !stock->spares.items[i]->dropped;
    return count;
}

static void drop_one(struct stock *stock)
{
    for (size_t i = 0; i < stock->spares.count; i++)
        if (!stock->spares.items[i]->dropped) {
            drop(stock->spares.items[i]);
            return;
        }
}

/* One step towards what is wanted; false: there is nothing to be done now. */
static bool adjust(struct stock *stock, hy_time now, hy_time *again)
{
    size_t kept = count_kept(stock);
    if (kept > stock->wanted) {
        drop_one(stock);
        return true;
    }
    if (kept == stock->wanted)
        return false;
    if (now < stock->not_before) {
        *again = *again < stock->not_before ? *again : stock->not_before;
        return false;
    }
    add_spare(stock);
    return true;
}

static void look(void *context)
{
    struct hy_warm *warm = context;
    hy_time now = hy_loop_now(), again = HY_NEVER;
    size_t at = 0;
    void *value;
    plan(warm);
    while (hy_map_next(&warm->stocks, &at, NULL, &value))
        if (adjust(value, now, &again)) {
            again = now + NEXT_MS * HY_MS;
            break;
        }
    hy_loop_at(warm->loop, &warm->timer, again, look, warm);
}

/* ---- for the queue */

static bool is_fast(const struct hy_warm *warm, const char *agent)
{
    uint32_t caps = 0;
    return warm->env->agents && hy_agent_table_find(warm->env->agents, agent, &caps, NULL) &&
           caps & HALYARD_CAP_FAST_RELEASE;
}

static struct stock *add_stock(struct hy_warm *warm, const char *agent)
{
    struct stock *stock = hy_alloc(sizeof *stock);
    stock->warm = warm;
    stock->agent = hy_strdup(agent);
    hy_map_put(&warm->stocks, agent, stock);
    return stock;
}

void hy_warm_expect(struct hy_warm *warm, const struct hy_operation *operation)
{
    struct stock *stock = hy_map_get(&warm->stocks, operation->agent);
    if (!stock && !is_fast(warm, operation->agent))
        return;
    if (!stock)
        stock = add_stock(warm, operation->agent);
    if (!hy_map_get(&stock->expected, operation->rsc))
        hy_map_put(&stock->expected, operation->rsc, stock);
    look_soon(warm);
}

static struct spare *find_ready(const struct stock *stock)
{
    for (size_t i = 0; i < stock->spares.count; i++)
        if (stock->spares.items[i]->ready)
            return stock->spares.items[i];
    return NULL;
}

/* A pipe that is empty takes it whole, or the child is gone. */
static bool hand_over(struct spare *spare, const struct hy_buf *order)
{
    return write(spare->order, order->data, order->size) == (ssize_t)order->size;
}

bool hy_warm_take(struct hy_warm *warm, const struct hy_op_request *request, const struct hy_child_spec *spec,
                  struct hy_child **child)
{
    struct stock *stock = hy_map_get(&warm->stocks, request->operation->agent);
    if (!stock)
        return false;
    struct hy_buf order = {0};
    struct spare *spare = hy_warm_order_encode(request, &order) ? NULL : find_ready(stock);
    while (spare && !hand_over(spare, &order)) {
        drop(spare);
        spare = find_ready(stock);
    }
    hy_buf_free(&order);
    look_soon(warm);
    if (!spare)
        return false;
    *child = spare->child;
    hy_child_assign(spare->child, spec);
    free_spare(spare);
    return true;
}

void hy_warm_discard(struct hy_warm *warm, const char *agent)
{
    struct stock *stock = hy_map_get(&warm->stocks, agent);
    for (size_t i = 0; stock && i < stock->spares.count; i++)
        drop(stock->spares.items[i]);
    look_soon(warm);
}

/* ---- its life */

struct hy_warm *hy_warm_new(struct hy_loop *loop, const struct hy_exec_env *env, const struct hy_actives *actives)
{
    struct hy_warm *warm = hy_alloc(sizeof *warm);
    *warm = (struct hy_warm){.loop = loop, .env = env, .actives = actives};
    return warm;
}

void hy_warm_free(struct hy_warm **warm)
{
    if (!*warm)
        return;
    size_t at = 0;
    void *value;
    while (hy_map_next(&(*warm)->stocks, &at, NULL, &value)) {
        struct stock *stock = value;
        for (size_t i = 0; i < stock->spares.count; i++)
            hy_child_discard(stock->spares.items[i]->child);
        while (stock->spares.count)
            free_spare(stock->spares.items[0]);
        hy_vec_free(&stock->spares);
        hy_map_free(&stock->expected);
        free(stock->agent);
        free(stock);
    }
    hy_map_free(&(*warm)->stocks);
    hy_loop_unset((*warm)->loop, &(*warm)->timer);
    free(*warm);
    *warm = NULL;
}
