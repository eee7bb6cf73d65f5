/* SPDX-License-Identifier: Apache-2.0 */
/* What is to come. Events come from blocks and go back to a list: a packet costs no allocation for being on its way. */
#include "sim/internal.h"

enum { BLOCK = 256, ARITY = 4 };

static bool is_before(const struct sim_slot *a, const struct sim_slot *b)
{
    return a->at < b->at || (a->at == b->at && a->order < b->order);
}

static struct sim_event *take_free(struct sim_agenda *agenda)
{
    if (!agenda->free) {
        struct sim_event *block = hy_alloc_array(BLOCK, sizeof *block);
        hy_vec_push(&agenda->blocks, block);
        for (size_t i = 0; i < BLOCK; i++) {
            block[i].next = agenda->free;
            agenda->free = &block[i];
        }
    }
    struct sim_event *event = agenda->free;
    agenda->free = event->next;
    return event;
}

static void push(struct sim_agenda *agenda, struct sim_event *event)
{
    struct sim_slot slot = {event->at, event->order, event};
    hy_vec_push(&agenda->heap, slot);
    size_t at = agenda->heap.count - 1;
    struct sim_slot *items = agenda->heap.items;
    while (at && is_before(&slot, &items[(at - 1) / ARITY])) {
        items[at] = items[(at - 1) / ARITY];
        at = (at - 1) / ARITY;
    }
    items[at] = slot;
}

struct sim_event *sim_agenda_make(struct sim_world *world, enum sim_event_kind kind, size_t node)
{
    struct sim_event *event = take_free(&world->agenda);
    *event = (struct sim_event){.kind = kind, .node = (uint8_t)node};
    return event;
}

struct sim_event *sim_agenda_add(struct sim_world *world, hy_time at, enum sim_event_kind kind, size_t node)
{
    struct sim_agenda *agenda = &world->agenda;
    struct sim_event *event = take_free(agenda);
    *event = (struct sim_event){
        .at = at > world->now ? at : world->now, .order = ++agenda->order, .kind = kind, .node = (uint8_t)node};
    push(agenda, event);
    return event;
}

void sim_agenda_again(struct sim_world *world, struct sim_event *event, hy_time at)
{
    event->at = at > world->now ? at : world->now;
    event->order = ++world->agenda.order;
    event->next = NULL;
    push(&world->agenda, event);
}

struct sim_event *sim_agenda_take(struct sim_agenda *agenda)
{
    struct sim_slot *items = agenda->heap.items;
    struct sim_event *event = items[0].event;
    struct sim_slot last = items[--agenda->heap.count];
    size_t count = agenda->heap.count, at = 0;
    for (;;) {
        size_t first = at * ARITY + 1, least = first;
        if (first >= count)
            break;
        for (size_t child = first + 1; child < first + ARITY && child < count; child++)
            if (is_before(&items[child], &items[least]))
                least = child;
        if (!is_before(&items[least], &last))
            break;
        items[at] = items[least];
        at = least;
    }
    if (count)
        items[at] = last;
    return event;
}

struct sim_packet *sim_packet_take(void *data, size_t size)
{
    struct sim_packet *packet = hy_alloc(sizeof *packet);
    *packet = (struct sim_packet){.refs = 1, .size = size, .data = data};
    return packet;
}

void sim_packet_unref(struct sim_packet *packet)
{
    if (--packet->refs)
        return;
    free(packet->data);
    free(packet->marks);
    free(packet);
}

void sim_agenda_free_event(struct sim_world *world, struct sim_event *event)
{
    switch (event->kind) {
    case SIM_EV_DATAGRAM:
    case SIM_EV_BUS:
        sim_packet_unref(event->packet);
        break;
    case SIM_EV_ORDER:
        if (event->operation) {
            hy_operation_free(event->operation);
            free(event->operation);
        }
        break;
    case SIM_EV_NEWS:
        if (event->news) {
            hy_outcome_free(&event->news->outcome);
            free(event->news);
        }
        break;
    default: /* the others own nothing */
        break;
    }
    event->next = world->agenda.free;
    world->agenda.free = event;
}

void sim_agenda_free(struct sim_world *world)
{
    struct sim_agenda *agenda = &world->agenda;
    for (size_t i = 0; i < agenda->heap.count; i++)
        sim_agenda_free_event(world, agenda->heap.items[i].event);
    for (size_t i = 0; i < agenda->blocks.count; i++)
        free(agenda->blocks.items[i]);
    hy_vec_free(&agenda->blocks);
    hy_vec_free(&agenda->heap);
}
