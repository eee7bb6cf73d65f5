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

static void print_ticket(const struct hy_ticket *ticket)
{
    struct hy_buf when = {0};
    if (ticket->last_granted)
        hactl_wall_print(ticket->last_granted, &when);
    printf("%s\t%s%s%s%s\n", ticket->name, ticket->granted ? "granted" : "revoked", ticket->standby ? " standby" : "",
           when.size ? " last-granted=" : "", hy_buf_text(&when));
    hy_buf_free(&when);
}

/* One, or (NULL) all. */
static int show(const struct hactl *h, const struct hactl_state *state, const char *name)
{
    const struct hy_cib *cib = state->cib;
    if (name && !hy_cib_ticket(cib, name))
        return hactl_fail("there is no ticket %s", name);
    json_t *list = json_array();
    for (size_t i = 0; i < cib->tickets.count; i++) {
        const struct hy_ticket *ticket = &cib->tickets.items[i];
        if (name && strcmp(name, ticket->name) != 0)
            continue;
        if (h->json)
            json_array_append_new(list, ticket_json(ticket));
        else
            print_ticket(ticket);
    }
    if (h->json) {
        json_t *root = json_object();
        json_object_set_new(root, "version", json_integer(1));
        json_object_set(root, "tickets", list);
        hactl_print_json(root);
    }
    json_decref(list);
    return HACTL_OK;
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
