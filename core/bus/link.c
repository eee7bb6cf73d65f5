/* SPDX-License-Identifier: Apache-2.0 */
#include "bus/link.h"

#include "base/alloc.h"
#include "bus/link_header.h"
#include "bus/link_host.h"
#include "bus/link_meters.h"
#include "bus/ticker.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

enum { RETRY_MS = 1000 };

static const hy_time refused_line_period = 10 * HY_SECOND;

struct hy_links {
    uint32_t self;
    struct hy_seal seal;
    struct hy_loop *loop;
    const struct hy_log *log;
    void (*received)(void *context, uint32_t from, size_t link, const void *data, size_t size);
    void (*stranger)(void *context, uint32_t from, const void *data, size_t size);
    void (*event)(void *context, size_t link, uint32_t node, bool up, const char *why);
    void *context;
    struct halyard_tp_ctx *links;
    size_t count;
    struct hy_link_meters meters;
    struct hy_ticker *retry; /* while a link waits for its address */
};

/* ---- receiving ---- */

static void refuse(struct halyard_tp_ctx *link, uint32_t hint, const char *why)
{
    uint64_t left_out;
    link->refused++;
    if (!hy_rare_allows(&link->refused_line, refused_line_period, &left_out))
        return;
    char whose[64] = "an address that is no peer's";
    if (hint)
        snprintf(whose, sizeof whose, "the address of node %u", hint);
    hy_warning(link->log, "link %zu (%s): dropped a datagram from %s: %s (%llu more before that)", link->number,
               link->name, whose, why, (unsigned long long)left_out);
}

/* The seal says that it is from a holder of the key. Is it from the one that it should be from? */
static int check_sender(const struct hy_links *links, struct halyard_tp_ctx *link, uint32_t from, uint32_t hint,
                        struct hy_err *err)
{
    if (from == links->self)
        return hy_fail(err, EBADMSG,
                       "it is sealed by node %u, which is this one: another node has the same id, or it was sent back",
                       from);
    if (!hy_link_node(link, from))
        return hy_fail(err, EBADMSG, "it is sealed by node %u, which is no peer on this link", from);
    if (hint && hint != from)
        return hy_fail(err, EBADMSG, "it is sealed by node %u: the addresses of the two are mixed up", from);
    return 0;
}

static bool is_stranger(const struct hy_links *links, uint32_t from)
{
    for (size_t i = 0; i < links->count; i++)
        if (hy_link_node(&links->links[i], from))
            return false;
    return links->stranger && from != links->self;
}

static void take_opened(struct halyard_tp_ctx *link, uint32_t from, uint32_t hint, const struct hy_buf *opened)
{
    struct hy_links *links = link->owner;
    struct hy_link_header header;
    struct hy_err err = {{0}};
    size_t skip = 0;
    const char *text = hy_buf_text(opened);
    if (hy_link_header_read(text, opened->size, &header, &skip, &err)) {
        refuse(link, hint, err.text);
    } else if (is_stranger(links, from)) {
        links->stranger(links->context, from, text + skip, opened->size - skip);
    } else if (check_sender(links, link, from, hint, &err)) {
        refuse(link, hint, err.text);
    } else {
        link->received++;
        hy_link_meters_take(&links->meters, link, from, &header);
        links->received(links->context, from, link->number, text + skip, opened->size - skip);
    }
}

static void on_datagram(struct halyard_tp_ctx *link, uint32_t hint, const void *data, size_t size)
{
    const struct hy_links *links = link->owner;
    struct hy_buf opened = {0};
    struct hy_err err = {{0}};
    uint32_t from = 0;
    if (hy_seal_open(&links->seal, data, size, &from, &opened, &err))
        refuse(link, hint, err.text);
    else
        take_opened(link, from, hint, &opened);
    hy_buf_free(&opened);
}

static void on_event(struct halyard_tp_ctx *link, uint32_t node, bool up, const char *why)
{
    struct hy_links *links = link->owner;
    links->event(links->context, link->number, node, up, why);
}

/* ---- sending ---- */

/* Sealed for each link: its header is the link's own. What is built is not kept from call to call: a transport may report
 * an event from within, and its receiver send again. */
static int send_over(struct hy_links *links, struct halyard_tp_ctx *link, uint32_t to, const void *data, size_t size)
{
    struct hy_buf content = {0}, sealed = {0};
    if (!link->tp)
        return -ENETDOWN;
    size_t most = link->transport.max_payload(link->tp), taken = HY_SEAL_OVERHEAD + size;
    hy_link_meters_write(&links->meters, link, to, most > taken ? most - taken : 0, &content);
    hy_buf_add(&content, data, size);
    hy_seal_close(&links->seal, links->self, content.data, content.size, &sealed);
    int rc = link->transport.send(link->tp, to, sealed.data, sealed.size);
    if (rc)
        link->send_failed++;
    else
        link->sent++;
    hy_buf_free(&content);
    hy_buf_free(&sealed);
    return rc;
}

int hy_links_send(struct hy_links *links, uint32_t to, const void *data, size_t size)
{
    int first_error = -ENETDOWN;
    bool sent = false, failed = false;
    for (size_t i = 0; i < links->count; i++) {
        int rc = send_over(links, &links->links[i], to, data, size);
        sent = sent || !rc;
        if (rc && !failed && links->links[i].tp) {
            failed = true;
            first_error = rc;
        }
    }
    if (to == HALYARD_ALL)
        hy_link_meters_step(&links->meters);
    return sent ? 0 : first_error;
}

size_t hy_links_max_size(const struct hy_links *links)
{
    size_t least = 1200; /* what transport.h promises; a link that is not open yet may not carry more */
    bool known = links->count > 0;
    for (size_t i = 0; i < links->count; i++)
        known = known && links->links[i].tp;
    for (size_t i = 0; known && i < links->count; i++) {
        size_t size = links->links[i].transport.max_payload(links->links[i].tp);
        if (!i || size < least)
            least = size;
    }
    return least - HY_SEAL_OVERHEAD - HY_LINK_HEADER_SIZE;
}

/* ---- opening and closing ---- */

static bool may_come_yet(int rc)
{
    return rc == -EADDRNOTAVAIL || rc == -ENODEV;
}

/* Said once, however often it is tried. */
static void tell_waiting(struct halyard_tp_ctx *link, const char *why)
{
    link->up = false;
    hy_buf_clear(&link->why);
    hy_buf_adds(&link->why, hy_buf_text(&link->reason));
    if (!strcmp(hy_buf_text(&link->waiting_for), why))
        return;
    hy_buf_clear(&link->waiting_for);
    hy_buf_adds(&link->waiting_for, why);
    hy_warning(link->log, "%s; trying again each second", why);
    on_event(link, HALYARD_ALL, false, hy_buf_text(&link->why));
}

static void retry(void *context)
{
    struct hy_links *links = context;
    bool waiting = false;
    for (size_t i = 0; i < links->count; i++) {
        struct halyard_tp_ctx *link = &links->links[i];
        struct hy_err err = {{0}};
        if (link->tp)
            continue;
        /* The transport may say that the link is down as it opens, for want of a carrier: that stands. */
        link->up = true;
        hy_buf_clear(&link->why);
        if (hy_link_start(link, &err)) {
            waiting = true;
            tell_waiting(link, err.text);
            continue;
        }
        hy_buf_clear(&link->waiting_for);
        hy_notice(links->log, "link %zu (%s): open now", link->number, link->name);
        if (link->up)
            on_event(link, HALYARD_ALL, true, "open now");
    }
    if (!waiting)
        hy_ticker_stop(&links->retry);
}

static int open_link(struct hy_links *links, const struct hy_links_options *options, struct hy_err *err)
{
    struct halyard_tp_ctx *link = &links->links[links->count];
    link->number = links->count + 1;
    link->loop = links->loop;
    link->log = links->log;
    link->datagram = on_datagram;
    link->event = on_event;
    link->owner = links;
    links->count++;
    const struct hy_link_config *config = &options->links[link->number - 1];
    link->limits = config->limits;
    links->meters.count = links->count;
    for (size_t i = 0; i < config->peer_count; i++)
        hy_link_meters_add(link, config->peers[i].id, config->peers[i].name);
    int rc = hy_link_load(link, config, options->folder, options->trust_any_owner, err);
    if (!rc)
        rc = hy_link_start(link, err);
    if (!may_come_yet(rc))
        return rc;
    tell_waiting(link, err->text);
    return links->retry ? 0 : hy_ticker_start(links->loop, RETRY_MS, retry, links, &links->retry, err);
}

int hy_links_open(const struct hy_links_options *options, struct hy_loop *loop, struct hy_links **links,
                  struct hy_err *err)
{
    struct hy_links *self = hy_alloc(sizeof *self);
    struct hy_err local = {{0}}; /* it is needed even where the caller wants none */
    int rc = 0;
    self->self = options->self;
    self->seal = *options->seal;
    self->loop = loop;
    self->log = options->log;
    self->received = options->received;
    self->stranger = options->stranger;
    self->event = options->event;
    self->context = options->context;
    self->links = hy_alloc_array(options->link_count, sizeof *self->links);
    self->meters = (struct hy_link_meters){.self = options->self,
                                           .incarnation = options->incarnation,
                                           .links = self->links,
                                           .log = options->log,
                                           .last_step = hy_bus_now()};
    *links = self;
    for (size_t i = 0; !rc && i < options->link_count; i++)
        rc = open_link(self, options, &local);
    if (rc) {
        hy_links_close(links);
        return hy_fail(err, -rc, "%s", local.text);
    }
    return 0;
}

void hy_links_close(struct hy_links **links)
{
    struct hy_links *self = *links;
    if (!self)
        return;
    *links = NULL;
    hy_ticker_stop(&self->retry);
    for (size_t i = 0; i < self->count; i++)
        hy_link_stop(&self->links[i]);
    for (size_t i = 0; i < self->count; i++)
        hy_link_meters_free(&self->links[i]);
    sodium_memzero(&self->seal, sizeof self->seal);
    free(self->links);
    free(self);
}

/* ---- peers that come and go ---- */

int hy_links_peer_remove(struct hy_links *links, uint32_t id)
{
    bool known = false;
    for (size_t i = 0; i < links->count; i++)
        if (!hy_link_remove(&links->links[i], id)) {
            hy_link_meters_leave(&links->links[i], id);
            known = true;
        }
    return known ? 0 : -ENOENT;
}

int hy_links_peer_add(struct hy_links *links, uint32_t id, const char *name, const char *const addresses[],
                      struct hy_err *err)
{
    int rc = 0;
    if (!id || id == links->self)
        return hy_fail(err, EINVAL, "a peer cannot have the id %u: ids start at 1, and each is one node's", id);
    for (size_t i = 0; i < links->count; i++)
        if (hy_link_node(&links->links[i], id))
            return hy_fail(err, EEXIST, "link %zu (%s): node %u is a peer already", i + 1, links->links[i].name, id);
    for (size_t i = 0; !rc && i < links->count; i++)
        if (addresses[i])
            rc = hy_link_add(&links->links[i], &(struct hy_link_peer){id, addresses[i], 0, name}, err);
    if (rc)
        hy_links_peer_remove(links, id);
    for (size_t i = 0; !rc && i < links->count; i++)
        if (addresses[i])
            hy_link_meters_add(&links->links[i], id, name);
    return rc;
}

/* ---- status ---- */

size_t hy_links_count(const struct hy_links *links)
{
    return links->count;
}

void hy_links_stats(const struct hy_links *links, size_t number, struct hy_link_stats *stats)
{
    *stats = (struct hy_link_stats){.transport = "", .why = "no such link"};
    if (number < 1 || number > links->count)
        return;
    const struct halyard_tp_ctx *link = &links->links[number - 1];
    *stats = (struct hy_link_stats){.transport = link->name,
                                    .open = link->tp != NULL,
                                    .up = link->up,
                                    .why = hy_buf_text(&link->why),
                                    .sent = link->sent,
                                    .send_failed = link->send_failed,
                                    .received = link->received,
                                    .refused = link->refused,
                                    .limits = link->limits,
                                    .wire.size = sizeof stats->wire};
    if (link->tp && link->transport.stats)
        link->transport.stats(link->tp, &stats->wire);
}

bool hy_links_peer_stats(const struct hy_links *links, size_t number, size_t at, struct hy_link_peer_stats *stats)
{
    *stats = (struct hy_link_peer_stats){.name = ""};
    if (number < 1 || number > links->count || at >= links->links[number - 1].meters.count)
        return false;
    const struct hy_link_meter *peer = &links->links[number - 1].meters.items[at];
    *stats = (struct hy_link_peer_stats){.node = peer->node, .name = peer->name, .left = peer->left};
    hy_meter_figures(&peer->meter, &stats->figures);
    return true;
}

bool hy_links_node_up(const struct hy_links *links, size_t number, uint32_t node, const char **why)
{
    *why = "no such link or node";
    const struct hy_link_node *known =
        number < 1 || number > links->count ? NULL : hy_link_node(&links->links[number - 1], node);
    if (!known)
        return false;
    *why = hy_buf_text(&known->why);
    return known->up;
}
