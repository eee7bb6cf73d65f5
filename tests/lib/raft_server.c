/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/raft_server.h"

#include "lib/run.h"

#include <string.h>

/* --- one server under test: id 1 ------------------------------------------------------------------------------ */

struct hy_raft *raft;
struct hy_raft_effects effects;
hy_time now;
uint64_t asked; /* the last PERSIST's number */
struct hy_err error;

struct hy_raft_servers voters(uint32_t count)
{
    struct hy_raft_servers servers = {0};
    for (uint32_t id = 1; id <= count; id++)
        servers.list[servers.count++] = (struct hy_raft_server){.id = id, .voter = true, .disk = 10 + id};
    return servers;
}

/* `terms` are the log's, one digit an entry: "112" is 1/1 2/1 3/2. */
void start_with(const struct hy_raft_servers *servers, uint64_t term, uint32_t vote, const char *terms)
{
    struct hy_raft_entry entries[16];
    struct hy_raft_options options = {.self = 1, .disk = 11, .seed = 42, .max_pending = 1000};
    size_t count = strlen(terms);
    for (size_t i = 0; i < count; i++)
        entries[i] = (struct hy_raft_entry){i + 1, (uint64_t)(terms[i] - '0'), HY_RAFT_ENTRY_COMMAND, "x", 1};
    struct hy_raft_state state = {
        .term = term, .vote = vote, .servers = *servers, .entries = entries, .entry_count = count};
    now = 0;
    asked = 0;
    ck_assert_msg(hy_raft_new(&options, &state, now, &raft, &error) == 0, "%s", error.text);
}

void start(uint32_t count, uint64_t term, uint32_t vote, const char *terms)
{
    struct hy_raft_servers servers = voters(count);
    start_with(&servers, term, vote, terms);
}

void stop(void)
{
    hy_raft_effects_free(&effects);
    hy_raft_free(&raft);
}

/* The effects of the last step only are kept. */
int step(const struct hy_raft_event *event)
{
    hy_raft_effects_free(&effects);
    error.text[0] = '\0';
    int rc = hy_raft_step(raft, event, now, &effects, &error);
    for (size_t i = 0; i < effects.list.count; i++)
        if (effects.list.items[i].type == HY_RAFT_PERSIST)
            asked = effects.list.items[i].number;
    ck_assert((rc < 0) == (error.text[0] != '\0')); /* every refusal says why */
    return rc;
}

int receive(uint32_t from, struct hy_raft_message message)
{
    struct hy_buf buf = {0};
    message.to = 1;
    if (!message.disk)
        message.disk = 10 + from;
    if (message.type == HY_RAFT_VOTE && !message.vote.disk)
        message.vote.disk = 11;
    if (message.type == HY_RAFT_VOTE_ANSWER && !message.vote_answer.disk)
        message.vote_answer.disk = 11;
    if (message.type == HY_RAFT_APPEND && message.append.prev_index == 0 && !message.servers)
        message.servers = hy_raft_servers_at(raft, 0);
    hy_raft_message_encode(&message, &buf);
    int rc = step(&(struct hy_raft_event){.type = HY_RAFT_MESSAGE, .from = from, .data = buf.data, .size = buf.size});
    hy_buf_free(&buf);
    return rc;
}

void persisted(uint64_t number)
{
    ck_assert_int_eq(step(&(struct hy_raft_event){.type = HY_RAFT_PERSISTED, .number = number}), 0);
}

int propose(const char *text)
{
    return step(&(struct hy_raft_event){.type = HY_RAFT_PROPOSE, .data = text, .size = strlen(text)});
}

int campaign(void)
{
    return step(&(struct hy_raft_event){.type = HY_RAFT_CAMPAIGN});
}

int configure(const struct hy_raft_servers *servers)
{
    return step(&(struct hy_raft_event){.type = HY_RAFT_CONFIGURE, .servers = servers});
}

void tick_at(hy_time at)
{
    now = at;
    ck_assert_int_eq(step(&(struct hy_raft_event){.type = HY_RAFT_TICK}), 0);
}

/* All that the last step has sent, as lines "to: words". */
const char *sent(void)
{
    static struct hy_buf text;
    hy_buf_clear(&text);
    for (size_t i = 0; i < effects.list.count; i++) {
        const struct hy_raft_effect *effect = &effects.list.items[i];
        if (effect->type != HY_RAFT_SEND)
            continue;
        hy_buf_addf(&text, "%u: ", effect->to);
        hy_raft_message_print(effect->data, effect->size, &text);
        hy_buf_addc(&text, '\n');
    }
    return hy_buf_text(&text);
}

const struct hy_raft_effect *persist_effect(void)
{
    for (size_t i = 0; i < effects.list.count; i++)
        if (effects.list.items[i].type == HY_RAFT_PERSIST)
            return &effects.list.items[i];
    return NULL;
}

size_t count_effects(enum hy_raft_effect_type type)
{
    size_t count = 0;
    for (size_t i = 0; i < effects.list.count; i++)
        count += effects.list.items[i].type == type;
    return count;
}

/* --- messages --------------------------------------------------------------------------------------------------- */

struct hy_raft_message vote_for(uint64_t term, bool forced, uint64_t last_index, uint64_t last_term)
{
    return (struct hy_raft_message){.type = HY_RAFT_VOTE,
                                    .term = term,
                                    .vote = {.forced = forced, .last_index = last_index, .last_term = last_term}};
}

struct hy_raft_message granted(uint64_t term)
{
    return (struct hy_raft_message){
        .type = HY_RAFT_VOTE_ANSWER, .term = term, .vote_answer = {.verdict = HY_RAFT_GRANTED}};
}

struct hy_raft_message accepted(uint64_t term, uint64_t prev, uint64_t index)
{
    return (struct hy_raft_message){
        .type = HY_RAFT_APPEND_ANSWER, .term = term, .append_answer = {.ok = true, .prev_index = prev, .index = index}};
}

struct hy_raft_message heartbeat(uint64_t term, uint64_t prev, uint64_t prev_term, uint64_t commit)
{
    return (struct hy_raft_message){
        .type = HY_RAFT_APPEND, .term = term, .append = {.prev_index = prev, .prev_term = prev_term, .commit = commit}};
}

/* Entries of the given terms behind `prev`. */
int receive_entries(uint32_t from, uint64_t term, uint64_t prev, uint64_t prev_term, const char *terms, uint64_t commit)
{
    struct hy_raft_entry entries[16];
    struct hy_raft_message message = heartbeat(term, prev, prev_term, commit);
    for (size_t i = 0; terms[i]; i++)
        entries[i] = (struct hy_raft_entry){prev + 1 + i, (uint64_t)(terms[i] - '0'), HY_RAFT_ENTRY_COMMAND, "y", 1};
    message.append.entries = entries;
    message.append.entry_count = strlen(terms);
    return receive(from, message);
}

/* Server 1 of `count` becomes leader of the next term; its NOOP is at `last + 1`, and not on disk yet. */
void lead(uint32_t count)
{
    ck_assert_int_eq(campaign(), 0);
    uint64_t term = hy_raft_term(raft);
    persisted(asked);
    for (uint32_t id = 2; id <= count / 2 + 1; id++)
        ck_assert_int_eq(receive(id, granted(term)), 0);
    ck_assert_int_eq(hy_raft_role(raft), HY_RAFT_LEADER);
}
