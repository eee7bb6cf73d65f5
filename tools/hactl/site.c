/* SPDX-License-Identifier: Apache-2.0 */
/* Tickets: what this site may run. */
#include "cib/command.h"
#include "hactl/commands.h"
#include "hactl/edit.h"
#include "hactl/status.h"
#include "hactl/wait.h"

#include <stdio.h>
#include <string.h>

/* What crm's words set. */
struct wish {
    const char *word, *attr, *value;
};

static const struct wish wishes[] = {{"grant", "granted", "true"},
                                     {"revoke", "granted", "false"},
                                     {"standby", "standby", "true"},
                                     {"activate", "standby", "false"}};

static const struct wish *find_wish(const char *word)
{
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++)
        if (strcmp(wishes[i].word, word) == 0)
            return &wishes[i];
    return NULL;
}

static bool is_named(const struct hy_cib *cib, const char *ticket)
{
    for (size_t i = 0; i < cib->objects.count; i++)
        if (cib->objects.items[i]->kind == HY_RSC_TICKET &&
            strcmp(cib->objects.items[i]->u.rsc_ticket.ticket, ticket) == 0)
            return true;
    return false;
}

static int change(struct hactl *h, const struct hactl_state *state, const char *ticket, const struct wish *wish)
{
    struct hactl_edit edit;
    struct hy_buf statement = {0};
    bool known = hy_cib_ticket(state->cib, ticket) != NULL;
    if (!known && !wish)
        return hactl_fail("there is no ticket %s", ticket);
    if (!known && !is_named(state->cib, ticket))
        hactl_info("no rsc_ticket names %s: nothing depends on it yet", ticket);
    if (wish)
        hy_command_ticket(&statement, ticket, wish->attr, wish->value);
    else
        hy_command_unticket(&statement, ticket);
    hactl_edit_begin(&edit, h, state);
    hactl_edit_add(&edit, &statement);
    hy_buf_free(&statement);
    int status = hactl_edit_send(&edit);
    return !status && h->wait ? hactl_wait_settled(h) : status;
}

/* ---------------------------------------------------------------- show */

typedef HY_VEC(struct hy_ticket) ticket_list;

static bool is_listed(const ticket_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].name, name) == 0)
            return true;
    return false;
}

/* Those that something depends on are there though they were never granted. What the list holds is the CIB's. */
static void list_tickets(const struct hy_cib *cib, ticket_list *list)
{
    for (size_t i = 0; i < cib->tickets.count; i++)
        hy_vec_push(list, cib->tickets.items[i]);
    for (size_t i = 0; i < cib->objects.count; i++) {
        const struct hy_object *object = cib->objects.items[i];
        if (object->kind != HY_RSC_TICKET || is_listed(list, object->u.rsc_ticket.ticket))
            continue;
        const struct hy_ticket never = {.name = object->u.rsc_ticket.ticket};
        hy_vec_push(list, never);
    }
}

static json_t *ticket_json(const struct hy_ticket *ticket)
{
    json_t *entry = json_object();
    json_object_set_new(entry, "ticket", json_string(ticket->name));
    json_object_set_new(entry, "granted", json_boolean(ticket->granted));
    json_object_set_new(entry, "standby", json_boolean(ticket->standby));
    json_object_set_new(entry, "last_granted_us",
                        ticket->last_granted ? json_integer((json_int_t)ticket->last_granted) : json_null());
    return entry;
}

static const char *state_of(const struct hy_ticket *ticket)
{
    if (ticket->standby)
        return ticket->granted ? "granted standby" : "revoked standby";
    return ticket->granted ? "granted" : "revoked";
}

static void print_ticket(const struct hy_ticket *ticket)
{
    struct hy_buf when = {0};
    if (ticket->last_granted)
        hactl_wall_print(ticket->last_granted, &when);
    printf("%s\t%s%s%s\n", ticket->name, state_of(ticket), when.size ? " last-granted=" : "", hy_buf_text(&when));
    hy_buf_free(&when);
}

json_t *hactl_tickets_json(const struct hy_cib *cib)
{
    ticket_list tickets = {0};
    json_t *list = json_array();
    list_tickets(cib, &tickets);
    for (size_t i = 0; i < tickets.count; i++)
        json_array_append_new(list, ticket_json(&tickets.items[i]));
    hy_vec_free(&tickets);
    return list;
}

void hactl_tickets_print(const struct hy_cib *cib, struct hy_buf *out)
{
    ticket_list tickets = {0};
    list_tickets(cib, &tickets);
    if (tickets.count)
        hy_buf_adds(out, "\nTickets:\n");
    for (size_t i = 0; i < tickets.count; i++) {
        const struct hy_ticket *ticket = &tickets.items[i];
        hy_buf_addf(out, "* %s:\t%s", ticket->name, state_of(ticket));
        hy_buf_adds(out, ticket->last_granted ? "\tlast-granted='" : "");
        if (ticket->last_granted)
            hactl_wall_print(ticket->last_granted, out);
        hy_buf_adds(out, ticket->last_granted ? "'\n" : "\n");
    }
    hy_vec_free(&tickets);
}

/* One, or (NULL) all. */
static int show(const struct hactl *h, const struct hactl_state *state, const char *name)
{
    ticket_list tickets = {0};
    json_t *list = json_array();
    list_tickets(state->cib, &tickets);
    int status = !name || is_listed(&tickets, name) ? HACTL_OK : hactl_fail("there is no ticket %s", name);
    for (size_t i = 0; i < tickets.count; i++) {
        if (name && strcmp(name, tickets.items[i].name) != 0)
            continue;
        if (h->json)
            json_array_append_new(list, ticket_json(&tickets.items[i]));
        else
            print_ticket(&tickets.items[i]);
    }
    if (h->json && !status) {
        json_t *root = json_object();
        json_object_set_new(root, "version", json_integer(1));
        json_object_set(root, "tickets", list);
        hactl_print_json(root);
    }
    json_decref(list);
    hy_vec_free(&tickets);
    return status;
}

int hactl_site_ticket(struct hactl *h, int argc, char **argv)
{
    bool shows = strcmp(argv[1], "show") == 0 || strcmp(argv[1], "time") == 0;
    const struct wish *wish = find_wish(argv[1]);
    if ((!shows && !wish && strcmp(argv[1], "delete") != 0) || (!shows && argc != 3))
        return hactl_usage(hactl_find("site", "ticket"));
    struct hactl_state state;
    int status = shows ? hactl_state_show(h, &state) : hactl_state_fetch(h, &state);
    if (status)
        return status;
    status = shows ? show(h, &state, argc == 3 ? argv[2] : NULL) : change(h, &state, argv[2], wish);
    hactl_state_free(&state);
    return status;
}
