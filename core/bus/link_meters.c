/* SPDX-License-Identifier: Apache-2.0 */
#include "bus/link_meters.h"

#include "base/alloc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KEPT_OF_LEFT = 32, CLOCK_TEXT = 32 };

static const hy_time order_line_period = 600 * HY_SECOND;

static struct hy_link_meter *find(struct halyard_tp_ctx *link, uint32_t node)
{
    for (size_t i = 0; i < link->meters.count; i++)
        if (link->meters.items[i].node == node)
            return &link->meters.items[i];
    return NULL;
}

/* ---- peers that come and go ---- */

void hy_link_meters_add(struct halyard_tp_ctx *link, uint32_t node, const char *name)
{
    struct hy_link_meter *known = find(link, node);
    if (!known) {
        known = hy_vec_add(&link->meters);
        *known = (struct hy_link_meter){.node = node};
        hy_meter_begin(&known->meter, &link->limits, hy_bus_now());
    }
    free(known->name);
    known->name = name ? hy_strdup(name) : hy_asprintf("node %" PRIu32, node);
    known->left = false;
}

void hy_link_meters_leave(struct halyard_tp_ctx *link, uint32_t node)
{
    struct hy_link_meter *leaver = find(link, node);
    size_t left = 0;
    if (!leaver)
        return;
    leaver->left = true;
    for (size_t i = link->meters.count; i-- > 0;) {
        if (!link->meters.items[i].left || ++left <= KEPT_OF_LEFT)
            continue;
        free(link->meters.items[i].name);
        hy_vec_remove(&link->meters, i);
    }
}

void hy_link_meters_free(struct halyard_tp_ctx *link)
{
    for (size_t i = 0; i < link->meters.count; i++)
        free(link->meters.items[i].name);
    hy_vec_free(&link->meters);
}

/* ---- datagrams ---- */

/* All pairs of link and peer in turn: where there are many, each is reported in one of a few datagrams. */
static void add_reports(struct hy_link_meters *meters, size_t most, hy_time now, struct hy_link_header *header)
{
    size_t total = 0, skip, taken = 0;
    for (size_t l = 0; l < meters->count; l++)
        total += meters->links[l].meters.count;
    most = most < total ? most : total;
    skip = total ? meters->turn % total : 0;
    for (size_t pass = 0; pass < 2 && taken < most; pass++)
        for (size_t l = 0; l < meters->count && taken < most; l++) {
            const struct halyard_tp_ctx *link = &meters->links[l];
            for (size_t i = 0; i < link->meters.count && taken < most; i++) {
                if (skip) {
                    skip--;
                    continue;
                }
                taken++;
                if (link->meters.items[i].left)
                    continue;
                struct hy_link_report *report = &header->reports[header->report_count++];
                *report = (struct hy_link_report){.node = link->meters.items[i].node, .link = (uint8_t)link->number};
                hy_meter_say(&link->meters.items[i].meter, now, &report->report);
            }
        }
    meters->turn = total ? (meters->turn + most) % total : 0;
}

static uint32_t next_number(struct halyard_tp_ctx *link)
{
    if (!++link->last_number) /* 0 is no number */
        ++link->last_number;
    return link->last_number;
}

void hy_link_meters_write(struct hy_link_meters *meters, struct halyard_tp_ctx *link, uint32_t to, size_t room,
                          struct hy_buf *out)
{
    hy_time now = hy_bus_now();
    size_t most = room < HY_LINK_HEADER_SIZE ? 0 : (room - HY_LINK_HEADER_SIZE) / HY_LINK_REPORT_SIZE;
    struct hy_link_header header = {.link = (uint8_t)link->number,
                                    .mark = {.incarnation = meters->incarnation, .sent = hy_meter_stamp(now)}};
    /* What goes to one node alone would be a gap for the others. */
    if (to == HALYARD_ALL)
        header.mark.number = next_number(link);
    add_reports(meters, most < HY_LINK_REPORTS_MAX ? most : HY_LINK_REPORTS_MAX, now, &header);
    hy_link_header_write(&header, out);
}

static void say_order(struct halyard_tp_ctx *link, const struct hy_link_meter *peer, unsigned number)
{
    uint64_t left_out;
    if (hy_rare_allows(&link->order_line, order_line_period, &left_out))
        hy_warning(link->log,
                   "link %zu (%s): what comes from %s says that it goes over link %u, and is not measured: links must "
                   "stand in the same order in the configuration of all nodes",
                   link->number, link->name, peer->name, number);
}

void hy_link_meters_take(struct hy_link_meters *meters, struct halyard_tp_ctx *link, uint32_t from,
                         const struct hy_link_header *header)
{
    struct hy_link_meter *peer = find(link, from);
    hy_time now = hy_bus_now();
    if (!peer)
        return;
    if (header->link != link->number) {
        say_order(link, peer, header->link);
        return;
    }
    if (!hy_meter_heard(&peer->meter, &header->mark, now))
        return;
    for (size_t i = 0; i < header->report_count; i++) {
        const struct hy_link_report *report = &header->reports[i];
        if (report->node != meters->self || report->link < 1 || report->link > meters->count)
            continue;
        struct hy_link_meter *about = find(&meters->links[report->link - 1], from);
        if (about)
            hy_meter_told(&about->meter, &header->mark, &report->report, now);
        if (about == peer)
            hy_meter_answered(&about->meter, &report->report, now);
    }
}

/* ---- the log ---- */

/* "14:03:05.123": the time of day at which it was so long ago. */
static void clock_text(hy_time ago, char text[CLOCK_TEXT])
{
    struct timespec now;
    struct tm tm;
    char seconds[CLOCK_TEXT - 8];
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t then = (int64_t)now.tv_sec * HY_SECOND + now.tv_nsec / 1000 - ago;
    time_t whole = (time_t)(then / HY_SECOND);
    localtime_r(&whole, &tm);
    strftime(seconds, sizeof seconds, "%H:%M:%S", &tm);
    snprintf(text, CLOCK_TEXT, "%s.%03u", seconds, (unsigned)(then % HY_SECOND / HY_MS) % 1000);
}

/* What else there is to the node: "; link 2 carries on". */
static bool add_others(struct hy_link_meters *meters, const struct halyard_tp_ctx *but, uint32_t node, hy_time now,
                       struct hy_buf *line)
{
    size_t carrying = 0;
    struct hy_buf numbers = {0};
    for (size_t l = 0; l < meters->count; l++) {
        const struct hy_link_meter *other = &meters->links[l] == but ? NULL : find(&meters->links[l], node);
        if (!other || !hy_meter_carries(&other->meter, now))
            continue;
        hy_buf_addf(&numbers, "%s%zu", carrying ? ", " : "", meters->links[l].number);
        carrying++;
    }
    if (carrying)
        hy_buf_addf(line, "; link%s %s carr%s on", carrying > 1 ? "s" : "", hy_buf_text(&numbers),
                    carrying > 1 ? "y" : "ies");
    else
        hy_buf_adds(line, meters->count > 1 ? "; no other link to it works" : "; there is no other link");
    hy_buf_free(&numbers);
    return carrying > 0;
}

static void add_state(const struct hy_link_meter *peer, const struct hy_meter_figures *figures,
                      const struct hy_meter_limits *limits, hy_time now, struct hy_buf *line)
{
    char since[CLOCK_TEXT];
    clock_text(now - figures->last_heard, since);
    switch (figures->state) {
    case HY_METER_LOSSY:
        hy_buf_addf(line, "is bad: of the last %u datagrams from there %.1f %% were lost (bad is %u %%)",
                    figures->window, figures->loss_ppm / 1e4, limits->lossy);
        break;
    case HY_METER_UNHEARD:
        hy_buf_addf(line, "works one way: %s is heard, and does not hear this node", peer->name);
        break;
    case HY_METER_DEAF:
        hy_buf_addf(line, "works one way: %s hears this node, and is not heard", peer->name);
        break;
    default:
        hy_buf_adds(line, "is down: nothing is heard");
        break;
    }
    bool silent = figures->state == HY_METER_DEAF || figures->state == HY_METER_DOWN;
    if (silent && figures->heard)
        hy_buf_addf(line, " since %s (%" PRId64 " ms)", since, (now - figures->last_heard) / HY_MS);
}

static void say_state(struct hy_link_meters *meters, struct halyard_tp_ctx *link, const struct hy_link_meter *peer,
                      enum hy_meter_state was, hy_time was_since, hy_time now)
{
    struct hy_meter_figures figures;
    struct hy_buf line = {0};
    char since[CLOCK_TEXT];
    hy_meter_figures(&peer->meter, &figures);
    hy_buf_addf(&line, "link %zu (%s) to %s ", link->number, link->name, peer->name);
    if (figures.state == HY_METER_UP && was == HY_METER_NEW) {
        hy_info(link->log, "%sis up", hy_buf_text(&line));
    } else if (figures.state == HY_METER_UP) {
        clock_text(now - was_since, since);
        hy_notice(link->log, "%sworks again; it was %s since %s (%.1f s)", hy_buf_text(&line), hy_meter_word(was),
                  since, (double)(now - was_since) / HY_SECOND);
    } else {
        add_state(peer, &figures, &link->limits, now, &line);
        /* That a node is gone altogether, others say: this is then no news of a network. */
        if (add_others(meters, link, peer->node, now, &line) || figures.state == HY_METER_UNHEARD)
            hy_warning(link->log, "%s", hy_buf_text(&line));
        else
            hy_notice(link->log, "%s", hy_buf_text(&line));
    }
    hy_buf_free(&line);
}

/* Who could not listen for a while accuses nobody. */
static void excuse(struct hy_link_meters *meters, struct halyard_tp_ctx *link, hy_time now)
{
    if (now - meters->last_step > link->limits.dead_after / 2)
        for (size_t i = 0; i < link->meters.count; i++)
            hy_meter_was_late(&link->meters.items[i].meter, now);
}

void hy_link_meters_step(struct hy_link_meters *meters)
{
    hy_time now = hy_bus_now();
    for (size_t l = 0; l < meters->count; l++) {
        struct halyard_tp_ctx *link = &meters->links[l];
        if (!link->limits.dead_after)
            continue;
        excuse(meters, link, now);
        for (size_t i = 0; i < link->meters.count; i++) {
            struct hy_link_meter *peer = &link->meters.items[i];
            hy_time since = peer->meter.state_since;
            enum hy_meter_state was;
            if (!peer->left && hy_meter_step(&peer->meter, now, &was))
                say_state(meters, link, peer, was, since, now);
        }
    }
    meters->last_step = now;
}
