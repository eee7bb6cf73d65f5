/* SPDX-License-Identifier: Apache-2.0 */
#include "bus/link_host.h"

#include "base/alloc.h"
#include "bus/ticker.h"

#include <errno.h>
#include <string.h>

struct halyard_tp_watch {
    struct halyard_tp_ctx *link;
    struct hy_watched watched; /* fd -1: a timer */
    void (*ready)(struct halyard_tp *tp, int fd, uint32_t events);
    struct hy_ticker *timer;
    void (*due)(struct halyard_tp *tp);
};

struct hy_link_node *hy_link_node(struct halyard_tp_ctx *link, uint32_t id)
{
    for (size_t i = 0; i < link->nodes.count; i++)
        if (link->nodes.items[i].id == id)
            return &link->nodes.items[i];
    return NULL;
}

/* ---- what the transport calls ---- */

static const struct halyard_tp_param *find_param(const struct halyard_transport *transport, const char *name)
{
    for (const struct halyard_tp_param *param = transport->params; param->name; param++)
        if (!strcmp(param->name, name))
            return param;
    return NULL;
}

static const char *host_get(struct halyard_tp_ctx *link, const char *name)
{
    for (size_t i = 0; i < link->settings.count; i++)
        if (!strcmp(link->settings.items[i].name, name))
            return link->settings.items[i].value;
    const struct halyard_tp_param *param = find_param(&link->transport, name);
    return param ? param->def : NULL;
}

static void host_log(struct halyard_tp_ctx *link, int priority, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void host_log(struct halyard_tp_ctx *link, int priority, const char *format, ...)
{
    struct hy_buf line = {0};
    va_list args;
    va_start(args, format);
    hy_buf_vaddf(&line, format, args);
    va_end(args);
    enum hy_log_level level = HY_LOG_DEBUG;
    if (priority <= (int)HY_LOG_ERROR)
        level = HY_LOG_ERROR;
    else if (priority < (int)HY_LOG_DEBUG)
        level = (enum hy_log_level)priority;
    if (link->opening && level == HY_LOG_ERROR) /* becomes the reason why it does not open */
        hy_buf_addf(&link->reason, "%s%s", link->reason.size ? "; " : "", hy_buf_text(&line));
    else
        hy_log_line(link->log, level, "link %zu (%s): %s", link->number, link->name, hy_buf_text(&line));
    hy_buf_free(&line);
}

static int64_t host_now_ms(struct halyard_tp_ctx *link)
{
    (void)link;
    return hy_bus_now() / HY_MS;
}

_Static_assert((int)HALYARD_READABLE == (int)HY_LOOP_READ && (int)HALYARD_WRITABLE == (int)HY_LOOP_WRITE,
               "handed on as they are");

static void fd_ready(void *context)
{
    struct halyard_tp_watch *watch = context;
    watch->ready(watch->link->tp, watch->watched.fd, watch->watched.events);
}

static int host_watch(struct halyard_tp_ctx *link, int fd, uint32_t events,
                      void (*ready)(struct halyard_tp *, int, uint32_t), struct halyard_tp_watch **watch)
{
    *watch = NULL;
    if (fd < 0 || !events || events & ~(uint32_t)(HALYARD_READABLE | HALYARD_WRITABLE))
        return -EINVAL;
    struct halyard_tp_watch *new = hy_alloc(sizeof *new);
    *new = (struct halyard_tp_watch){.link = link, .ready = ready};
    int rc = hy_loop_watch(link->loop, &new->watched, fd, fd_ready, new);
    if (!rc && events != HALYARD_READABLE)
        rc = hy_loop_want(link->loop, &new->watched, events);
    if (rc) {
        hy_loop_unwatch(link->loop, &new->watched);
        free(new);
        return rc;
    }
    hy_vec_push(&link->watches, new);
    *watch = new;
    return 0;
}

static void timer_due(void *context)
{
    struct halyard_tp_watch *watch = context;
    watch->due(watch->link->tp);
}

static int host_timer(struct halyard_tp_ctx *link, int64_t ms, void (*due)(struct halyard_tp *),
                      struct halyard_tp_watch **watch)
{
    struct hy_err err = {{0}};
    struct halyard_tp_watch *new = hy_alloc(sizeof *new);
    *new = (struct halyard_tp_watch){.link = link, .watched.fd = -1, .due = due};
    *watch = NULL;
    int rc = hy_ticker_start(link->loop, ms, timer_due, new, &new->timer, &err);
    if (rc) {
        free(new);
        host_log(link, (int)HY_LOG_ERROR, "%s", err.text);
        return rc;
    }
    hy_vec_push(&link->watches, new);
    *watch = new;
    return 0;
}

static void end_watch(struct halyard_tp_ctx *link, struct halyard_tp_watch *watch)
{
    hy_ticker_stop(&watch->timer);
    hy_loop_unwatch(link->loop, &watch->watched);
    free(watch);
}

static void host_unwatch(struct halyard_tp_ctx *link, struct halyard_tp_watch **watch)
{
    for (size_t i = 0; i < link->watches.count; i++)
        if (link->watches.items[i] == *watch) {
            hy_vec_remove(&link->watches, i);
            end_watch(link, *watch);
            break;
        }
    *watch = NULL;
}

static void host_received(struct halyard_tp_ctx *link, uint32_t from, const void *data, size_t size)
{
    link->datagram(link, from, data, size);
}

static void host_link(struct halyard_tp_ctx *link, uint32_t node, int up, const char *why)
{
    struct hy_link_node *known = hy_link_node(link, node);
    struct hy_buf *text = known ? &known->why : &link->why;
    if (!known && node != HALYARD_ALL)
        return;
    if (known)
        known->up = up;
    else
        link->up = up;
    hy_buf_clear(text);
    hy_buf_adds(text, why);
    link->event(link, node, up, why);
}

static const struct halyard_tp_host host = {
    .size = sizeof host,
    .minor = HALYARD_TRANSPORT_MINOR,
    .get = host_get,
    .log = host_log,
    .now_ms = host_now_ms,
    .watch = host_watch,
    .timer = host_timer,
    .unwatch = host_unwatch,
    .received = host_received,
    .link = host_link,
};

/* ---- loading ---- */

static int check_settings(struct halyard_tp_ctx *link, struct hy_err *err)
{
    for (size_t i = 0; i < link->settings.count; i++) {
        const char *name = link->settings.items[i].name;
        for (size_t j = 0; j < i; j++)
            if (!strcmp(name, link->settings.items[j].name))
                return hy_fail(err, EINVAL, "the setting '%s' is there twice", name);
        if (find_param(&link->transport, name))
            continue;
        struct hy_buf known = {0};
        for (const struct halyard_tp_param *param = link->transport.params; param->name; param++)
            hy_buf_addf(&known, "%s%s", known.size ? ", " : "", param->name);
        int rc = hy_fail(err, EINVAL, "unknown setting '%s': %s knows %s", name, link->name,
                         known.size ? known.data : "none");
        hy_buf_free(&known);
        return rc;
    }
    return 0;
}

static void keep_peer(struct halyard_tp_ctx *link, const struct hy_link_peer *peer)
{
    char *address = hy_strdup(peer->address);
    hy_vec_push(&link->nodes, ((struct hy_link_node){peer->id, address, peer->port, true, {0}}));
}

static void forget_peer(struct hy_link_node *node)
{
    free(node->address);
    hy_buf_free(&node->why);
}

static void copy_config(struct halyard_tp_ctx *link, const struct hy_link_config *config)
{
    link->name = hy_strdup(config->transport ? config->transport : "");
    link->up = true;
    for (size_t i = 0; i < config->setting_count; i++) {
        struct hy_link_setting_copy copy = {hy_strdup(config->settings[i].name), hy_strdup(config->settings[i].value)};
        hy_vec_push(&link->settings, copy);
    }
    for (size_t i = 0; i < config->peer_count; i++)
        keep_peer(link, &config->peers[i]);
}

static int load_transport(struct halyard_tp_ctx *link, const char *folder, bool trust_any_owner, struct hy_err *err)
{
    if (!*link->name || strchr(link->name, '/') || *link->name == '.')
        return hy_fail(err, EINVAL, "'%s' cannot be a transport's name: it is that of a file in %s, without its .so",
                       link->name, folder);
    char *path = hy_asprintf("%s/%s.so", folder, link->name);
    int rc = hy_plugin_open_transport(path, trust_any_owner, &link->plugin, &link->transport, err);
    if (!rc && strcmp(link->transport.name, link->name) != 0)
        rc = hy_fail(err, EBADMSG, "%s calls itself '%s': its file would be right as %s.so", path, link->transport.name,
                     link->transport.name);
    free(path);
    return rc;
}

int hy_link_load(struct halyard_tp_ctx *link, const struct hy_link_config *config, const char *folder,
                 bool trust_any_owner, struct hy_err *err)
{
    copy_config(link, config);
    int rc = load_transport(link, folder, trust_any_owner, err);
    if (!rc)
        rc = check_settings(link, err);
    return rc ? hy_fail_in(err, rc, "link %zu (%s)", link->number, link->name) : 0;
}

/* ---- opening ---- */

static void close_instance(struct halyard_tp_ctx *link)
{
    if (link->tp)
        link->transport.close(&link->tp);
    link->tp = NULL;
    /* None should be left; but what is left would be called with an instance that is no more. */
    while (link->watches.count) {
        end_watch(link, link->watches.items[link->watches.count - 1]);
        link->watches.count--;
    }
}

/* What a transport logs as an error is the reason of the failure that it returns. */
static void begin_reason(struct halyard_tp_ctx *link)
{
    hy_buf_clear(&link->reason);
    link->opening = true;
}

static int end_reason(struct halyard_tp_ctx *link, int rc, struct hy_err *err)
{
    link->opening = false;
    return rc ? hy_fail(err, -rc, "link %zu (%s): %s", link->number, link->name,
                        link->reason.size ? link->reason.data : strerror(-rc))
              : 0;
}

static int tell_peer(struct halyard_tp_ctx *link, const struct hy_link_peer *peer)
{
    struct halyard_tp_peer told = {sizeof told, peer->id, peer->address, peer->port};
    return link->transport.peer_add(link->tp, &told);
}

static int tell_peers(struct halyard_tp_ctx *link)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < link->nodes.count; i++) {
        const struct hy_link_node *node = &link->nodes.items[i];
        rc = tell_peer(link, &(struct hy_link_peer){node->id, node->address, node->port, NULL});
    }
    return rc;
}

int hy_link_start(struct halyard_tp_ctx *link, struct hy_err *err)
{
    begin_reason(link);
    int rc = link->transport.open(&host, link, &link->tp);
    if (!rc)
        rc = tell_peers(link);
    if (rc)
        close_instance(link);
    return end_reason(link, rc, err);
}

int hy_link_check(const struct hy_link_config *config, size_t number, const char *folder, bool trust_any_owner,
                  struct hy_err *err)
{
    struct halyard_tp_ctx link = {.number = number};
    int rc = hy_link_load(&link, config, folder, trust_any_owner, err);
    if (!rc && link.transport.check) {
        begin_reason(&link);
        rc = end_reason(&link, link.transport.check(&host, &link), err);
    }
    hy_link_stop(&link);
    return rc;
}

int hy_link_add(struct halyard_tp_ctx *link, const struct hy_link_peer *peer, struct hy_err *err)
{
    if (hy_link_node(link, peer->id))
        return hy_fail(err, EEXIST, "link %zu (%s): node %u is a peer already", link->number, link->name, peer->id);
    if (link->tp) {
        begin_reason(link);
        int rc = end_reason(link, tell_peer(link, peer), err);
        if (rc)
            return rc;
    }
    keep_peer(link, peer);
    return 0;
}

int hy_link_remove(struct halyard_tp_ctx *link, uint32_t id)
{
    for (size_t i = 0; i < link->nodes.count; i++)
        if (link->nodes.items[i].id == id) {
            if (link->tp)
                link->transport.peer_del(link->tp, id);
            forget_peer(&link->nodes.items[i]);
            hy_vec_remove(&link->nodes, i);
            return 0;
        }
    return -ENOENT;
}

void hy_link_stop(struct halyard_tp_ctx *link)
{
    close_instance(link);
    hy_plugin_close(&link->plugin);
    for (size_t i = 0; i < link->settings.count; i++) {
        free(link->settings.items[i].name);
        free(link->settings.items[i].value);
    }
    for (size_t i = 0; i < link->nodes.count; i++)
        forget_peer(&link->nodes.items[i]);
    hy_vec_free(&link->settings);
    hy_vec_free(&link->nodes);
    hy_vec_free(&link->watches);
    hy_buf_free(&link->reason);
    hy_buf_free(&link->waiting_for);
    hy_buf_free(&link->why);
    free(link->name);
}
