/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/workload.h"

#include "sim/checks.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { REGISTERS_AT_A_TIME = 3, EDITS_A_GENERATION = 24, MOST_ATTEMPTS = 40, DOUBT_MS = 100 };

bool workload_chance(struct workload *workload, unsigned percent)
{
    return sim_below(workload->world, 100) < percent;
}

static hy_time soon(struct workload *workload, hy_time least, hy_time most)
{
    return sim_now(workload->world) + least + (hy_time)sim_below(workload->world, (uint64_t)(most - least));
}

static void *open_workload(struct sim_world *world)
{
    struct workload *workload = hy_alloc(sizeof *workload);
    workload->world = world;
    workload->down = SIM_MAX_NODES;
    workload_configure(world, &workload->configuration);
    for (size_t i = 0; i < CLIENTS; i++) {
        workload->clients[i].session = sim_random(world) | 1;
        workload->clients[i].next = soon(workload, HY_SECOND, 4 * HY_SECOND);
    }
    workload->operator.session = sim_random(world) | 1;
    workload->operator.next = soon(workload, 8 * HY_SECOND, 15 * HY_SECOND);
    workload->next_doubt = DOUBT_MS * HY_MS;
    workload->next_hosts = soon(workload, 20 * HY_SECOND, 60 * HY_SECOND);
    return workload;
}

static void close_workload(void *context)
{
    struct workload *workload = context;
    for (size_t i = 0; i < CLIENTS; i++)
        hy_buf_free(&workload->clients[i].statements);
    hy_buf_free(&workload->operator.statements);
    hy_buf_free(&workload->configuration);
    free(workload);
}

static const char *configuration(void *context)
{
    return hy_buf_text(&((struct workload *)context)->configuration);
}

/* ---- requests, and asking again */

/* A node that is not retired; one without a core answers, too: that nobody is there. */
static size_t some_node(struct workload *workload)
{
    for (int i = 0; i < 8; i++) {
        size_t node = sim_below(workload->world, sim_node_count(workload->world));
        if (!sim_is_retired(workload->world, node))
            return node;
    }
    return 0;
}

static void attempt(struct workload *workload, struct client *client, size_t node)
{
    client->call = sim_request(workload->world, node, hy_buf_text(&client->statements), client->session, client->number,
                               client->attempts ? client->known : 0);
    client->attempts++;
    client->next = soon(workload, PATIENCE_MS * HY_MS, 2 * PATIENCE_MS * HY_MS);
}

static void request(struct workload *workload, struct client *client, size_t node)
{
    const struct hy_cluster *cluster = sim_cluster(workload->world, node);
    uint64_t index = cluster ? hy_cluster_cib(cluster)->index : 0;
    client->number++;
    client->attempts = 0;
    client->known = index ? index : 1;
    attempt(workload, client, node);
}

/* ---- registers */

static uint64_t some_register(struct workload *workload)
{
    uint64_t generation = workload->edits / EDITS_A_GENERATION;
    return 1 + generation * REGISTERS_AT_A_TIME + sim_below(workload->world, REGISTERS_AT_A_TIME);
}

static void write_edit(struct workload *workload, const struct hy_cib *cib, struct hy_buf *out)
{
    char id[40];
    uint64_t key = some_register(workload);
    snprintf(id, sizeof id, "reg-%" PRIu64, key);
    const struct hy_object *object = hy_cib_find_kind(cib, HY_PROPERTY, id);
    uint64_t version = object ? object->version : 0;
    workload->edits++;
    if (object && workload_chance(workload, 10))
        hy_buf_addf(out, "remove %" PRIu64 " %s\n", version, id);
    else if (workload_chance(workload, 30))
        hy_buf_addf(out, "put * property %s: value=%" PRIu64 "\n", id, ++workload->values);
    else
        hy_buf_addf(out, "put %" PRIu64 " property %s: value=%" PRIu64 "\n", version, id, ++workload->values);
}

static void act_as_client(struct workload *workload, struct client *client)
{
    size_t node = some_node(workload);
    const struct hy_cluster *cluster = sim_cluster(workload->world, node);
    client->next = soon(workload, 100 * HY_MS, 3 * HY_SECOND);
    if (!cluster)
        return;
    if (workload_chance(workload, 40)) {
        sim_read(workload->world, node);
        return;
    }
    hy_buf_clear(&client->statements);
    write_edit(workload, hy_cluster_cib(cluster), &client->statements);
    request(workload, client, node);
}

static void act_as_operator(struct workload *workload)
{
    struct client *client = &workload->operator;
    size_t node = some_node(workload);
    const struct hy_cluster *cluster = sim_cluster(workload->world, node);
    client->next = soon(workload, 500 * HY_MS, 12 * HY_SECOND);
    hy_buf_clear(&client->statements);
    if (cluster)
        workload_next_edit(workload, hy_cluster_cib(cluster), &client->statements);
    if (client->statements.size)
        request(workload, client, node);
}

/* Two lead, in two terms: who was replaced and does not know it yet. SIM_MAX_NODES: nobody. */
static size_t replaced_dc(const struct workload *workload)
{
    size_t old = SIM_MAX_NODES;
    uint64_t least = UINT64_MAX, most = 0;
    for (size_t node = 0; node < sim_node_count(workload->world); node++) {
        const struct hy_cluster *cluster = sim_cluster(workload->world, node);
        const struct hy_raft *raft = cluster ? hy_cluster_raft(cluster) : NULL;
        if (!raft || !hy_raft_leads(raft))
            continue;
        uint64_t term = hy_raft_term(raft);
        most = term > most ? term : most;
        if (term < least) {
            least = term;
            old = node;
        }
    }
    return least < most ? old : SIM_MAX_NODES;
}

/* What it says is most likely to be old. */
static void read_at_replaced_dc(struct workload *workload)
{
    size_t node = replaced_dc(workload);
    workload->next_doubt = sim_now(workload->world) + DOUBT_MS * HY_MS;
    if (node < SIM_MAX_NODES && !sim_core_is_frozen(workload->world, node))
        sim_read(workload->world, node);
}

/* No answer came, or one that says nothing: once more, elsewhere. */
static void ask_again(struct workload *workload, struct client *client)
{
    if (client->attempts < MOST_ATTEMPTS)
        attempt(workload, client, some_node(workload));
    else
        client->call = 0;
}

/* ---- the callbacks */

static bool is_over(const struct workload *workload)
{
    return sim_now(workload->world) >= sim_settings(workload->world)->operator_ends;
}

static struct client *due(struct workload *workload)
{
    hy_time now = sim_now(workload->world);
    for (size_t i = 0; i < CLIENTS; i++)
        if (workload->clients[i].next <= now)
            return &workload->clients[i];
    return workload->operator.next <= now ? &workload->operator: NULL;
}

static void act(void *context)
{
    struct workload *workload = context;
    bool with_operator = sim_with(workload->world, "operator");
    for (struct client *client; (client = due(workload));) {
        if (client->call)
            ask_again(workload, client);
        else if (is_over(workload))
            client->next = HY_NEVER;
        else if (client != &workload->operator)
            act_as_client(workload, client);
        else if (with_operator)
            act_as_operator(workload);
        else
            client->next = HY_NEVER;
    }
    if (workload->next_doubt <= sim_now(workload->world))
        read_at_replaced_dc(workload);
    if (workload->next_hosts <= sim_now(workload->world)) {
        workload->next_hosts = soon(workload, 10 * HY_SECOND, 60 * HY_SECOND);
        if (with_operator)
            workload_see_to_hosts(workload);
        if (is_over(workload))
            workload->next_hosts = HY_NEVER;
    }
}

static hy_time next(void *context)
{
    const struct workload *workload = context;
    hy_time at = workload->operator.next<workload->next_hosts ? workload->operator.next : workload->next_hosts;
    at = workload->next_doubt < at ? workload->next_doubt : at;
    for (size_t i = 0; i < CLIENTS; i++)
        at = workload->clients[i].next < at ? workload->clients[i].next : at;
    return at;
}

static bool says_nothing(int code)
{
    return code == -ECONNREFUSED || code == -ECONNRESET || code == -EHOSTUNREACH || code == -EIO;
}

static void answered(void *context, const struct sim_call *call)
{
    struct workload *workload = context;
    for (size_t i = 0; i <= CLIENTS; i++) {
        struct client *client = i < CLIENTS ? &workload->clients[i] : &workload->operator;
        if (!client->call || call->read || call->session != client->session || call->in_session != client->number)
            continue;
        if (says_nothing(call->code)) {
            if (call->number == client->call)
                client->next = soon(workload, 100 * HY_MS, HY_SECOND);
            continue;
        }
        client->call = 0;
        client->next = soon(workload, 50 * HY_MS, 2 * HY_SECOND);
        if (client == &workload->operator)
            client->next += (hy_time)sim_below(workload->world, 8 * HY_SECOND);
    }
}

/* Services differ: a name has its own usual times, and each call varies a little. */
static void behave(void *context, size_t node, const struct hy_operation *operation, struct sim_behaviour *behaviour)
{
    struct workload *workload = context;
    const struct sim_service *service = sim_service(workload->world, node, operation->rsc);
    unsigned char last = 0;
    if (sim_settings(workload->world)->addresses && service && service->address)
        return; /* comes and goes in an instant: exclusion in time is promised for those that do */

    for (const char *at = operation->rsc; *at; at++)
        last = (unsigned char)(last * 31 + *at);
    bool changes = operation->op[0] == 's' || operation->op[0] == 'p' || operation->op[0] == 'd';
    if (changes && last % 4 == 0)
        behaviour->takes += 100 * HY_MS + (hy_time)sim_below(workload->world, 400 * HY_MS);
}

const struct sim_workload sim_operator = {.name = "operator",
                                          .open = open_workload,
                                          .close = close_workload,
                                          .configuration = configuration,
                                          .next = next,
                                          .act = act,
                                          .answered = answered,
                                          .behave = behave};
