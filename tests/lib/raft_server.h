/* SPDX-License-Identifier: Apache-2.0 */
/* One consensus server under test: id 1 with disk 11. Messages go in, what it says is looked at. */
#ifndef TESTS_LIB_RAFT_SERVER_H
#define TESTS_LIB_RAFT_SERVER_H

#include "consensus/config.h"
#include "consensus/message.h"

extern struct hy_raft *raft;
extern struct hy_raft_effects effects; /* of the last step */
extern hy_time now;
extern uint64_t asked; /* the last PERSIST's number */
extern struct hy_err error;

struct hy_raft_servers voters(uint32_t count);
void start_with(const struct hy_raft_servers *servers, uint64_t term, uint32_t vote, const char *terms);
void start(uint32_t count, uint64_t term, uint32_t vote, const char *terms);
void stop(void);
int step(const struct hy_raft_event *event);
int receive(uint32_t from, struct hy_raft_message message);
void persisted(uint64_t number);
int propose(const char *text);
int campaign(void);
int configure(const struct hy_raft_servers *servers);
void tick_at(hy_time at);
const char *sent(void);
const struct hy_raft_effect *persist_effect(void);
size_t count_effects(enum hy_raft_effect_type type);
struct hy_raft_message vote_for(uint64_t term, bool forced, uint64_t last_index, uint64_t last_term);
struct hy_raft_message granted(uint64_t term);
struct hy_raft_message accepted(uint64_t term, uint64_t prev, uint64_t index);
struct hy_raft_message heartbeat(uint64_t term, uint64_t prev, uint64_t prev_term, uint64_t commit);
int receive_entries(uint32_t from, uint64_t term, uint64_t prev, uint64_t prev_term, const char *terms,
                    uint64_t commit);
void lead(uint32_t count);

#endif
