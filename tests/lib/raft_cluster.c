/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/raft_cluster.h"

#include "consensus/config.h"
#include "consensus/message.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t cluster_random(struct cluster *cluster, uint64_t below)
{
    uint64_t z = cluster->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    z ^= z >> 31;
    return below ? z % below : 0;
}

static hy_time between(struct cluster *cluster, hy_time min, hy_time max)
{
    return min + (hy_time)cluster_random(cluster, (uint64_t)(max - min) + 1);
}

static uint64_t hash_bytes(uint64_t hash, const void *data, size_t size)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
    return hash;
}

static uint64_t hash_entry(const struct hy_raft_entry *entry)
{
    uint64_t hash = hash_bytes(UINT64_C(14695981039346656037), &entry->term, sizeof entry->term);
    return hash_bytes(hash + (uint64_t)entry->type, entry->data, entry->size);
}

/* Keeps the first breach, with the time. */
static void __attribute__((format(printf, 2, 3))) breach(struct cluster *cluster, const char *format, ...)
{
    char text[400];
    va_list args;
    if (cluster->broken[0])
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    snprintf(cluster->broken, sizeof cluster->broken, "seed %" PRIu64 ", %.3f ms: %s", cluster->options.seed,
             (double)cluster->now / 1000, text);
}

static void __attribute__((format(printf, 2, 3))) trace(struct cluster *cluster, const char *format, ...)
{
    va_list args;
    if (!cluster->options.trace)
        return;
    hy_buf_addf(&cluster->trace, "[%7.1f ms] ", (double)cluster->now / 1000);
    va_start(args, format);
    hy_buf_vaddf(&cluster->trace, format, args);
    va_end(args);
    hy_buf_addc(&cluster->trace, '\n');
}

void cluster_note(struct cluster *cluster, const char *text)
{
    if (cluster->options.trace)
        hy_buf_addf(&cluster->trace, "# %s\n", text);
}

/* --- the wire ------------------------------------------------------------------------------------------------- */

static bool before(const struct cluster_message *a, const struct cluster_message *b)
{
    return a->at < b->at || (a->at == b->at && a->number < b->number);
}

static void wire_push(struct cluster *cluster, struct cluster_message message)
{
    hy_vec_push(&cluster->wire, message);
    struct cluster_message *items = cluster->wire.items;
    for (size_t i = cluster->wire.count - 1; i > 0 && before(&items[i], &items[(i - 1) / 2]); i = (i - 1) / 2) {
        struct cluster_message other = items[i];
        items[i] = items[(i - 1) / 2];
        items[(i - 1) / 2] = other;
    }
}

static struct cluster_message wire_pop(struct cluster *cluster)
{
    struct cluster_message *items = cluster->wire.items;
    struct cluster_message first = items[0];
    size_t count = --cluster->wire.count;
    items[0] = items[count];
    for (size_t i = 0;;) {
        size_t least = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < count; child++)
            if (before(&items[child], &items[least]))
                least = child;
        if (least == i)
            return first;
        struct cluster_message other = items[i];
        items[i] = items[least];
        items[least] = other;
        i = least;
    }
}

static void post(struct cluster *cluster, uint32_t from, uint32_t to, const void *data, size_t size)
{
    wire_push(cluster,
              (struct cluster_message){
                  .at = cluster->now + between(cluster, cluster->options.delay_min, cluster->options.delay_max),
                  .number = cluster->sent++,
                  .from = from,
                  .to = to,
                  .data = hy_memdup(data, size),
                  .size = size,
              });
}

/* --- what must hold ------------------------------------------------------------------------------------------- */

static const struct hy_raft_entry *on_disk(const struct cluster_disk *disk, uint64_t index)
{
    for (size_t i = disk->entries.count; i-- > 0;)
        if (disk->entries.items[i].index == index)
            return &disk->entries.items[i];
    return NULL;
}

/* The term in the sender's own log; of what it has compacted away, the term that was committed. */
static uint64_t true_term(const struct cluster *cluster, const struct cluster_node *node, uint64_t index)
{
    uint64_t term = hy_raft_term_at(node->raft, index);
    return term || index > cluster->committed.count ? term : cluster->committed.items[index - 1].term;
}

/* What is acknowledged must be on the sender's disk, and in its log; a vote that is given must be there too. */
static void check_said(struct cluster *cluster, struct cluster_node *node, const void *data, size_t size)
{
    struct hy_raft_message message;
    struct hy_err err;
    if (hy_raft_message_decode(data, size, &message, &err) < 0) {
        breach(cluster, "%u sends nonsense: %s", node->id, err.text);
        return;
    }
    const struct cluster_disk *disk = &node->disk;
    if (message.type == HY_RAFT_VOTE_ANSWER && !message.vote_answer.pre &&
        message.vote_answer.verdict == HY_RAFT_GRANTED && (disk->term != message.term || disk->vote != message.to))
        breach(cluster, "%u gives a vote of term %" PRIu64 " to %u that is not on its disk", node->id, message.term,
               message.to);
    if (message.type == HY_RAFT_VOTE && !message.vote.pre && (disk->term != message.term || disk->vote != node->id))
        breach(cluster, "%u asks for votes of term %" PRIu64 " before its own is on disk", node->id, message.term);
    uint64_t index = message.append_answer.index;
    if (message.type == HY_RAFT_APPEND_ANSWER && message.append_answer.ok && index > 0) {
        const struct hy_raft_entry *entry = on_disk(disk, index);
        uint64_t term = entry ? entry->term : index == disk->snapshot_index ? disk->snapshot_term : 0;
        if (disk->term != message.term)
            breach(cluster, "%u acknowledges in term %" PRIu64 ", on its disk is %" PRIu64, node->id, message.term,
                   disk->term);
        else if (index > disk->snapshot_index && (!entry || term != true_term(cluster, node, index)))
            breach(cluster, "%u acknowledges %" PRIu64 ", which is not on its disk", node->id, index);
    }
    hy_raft_message_release(&message);
}

static struct cluster_fact *entry_slot(struct cluster *cluster, uint64_t index, uint64_t term)
{
    uint64_t hash = (index * UINT64_C(0x9e3779b97f4a7c15)) ^ (term * UINT64_C(0xbf58476d1ce4e5b9));
    size_t at = (size_t)(hash >> 7) % cluster->entry_slots;
    while (cluster->entries[at].index && (cluster->entries[at].index != index || cluster->entries[at].term != term))
        at = (at + 1) % cluster->entry_slots;
    return &cluster->entries[at];
}

static void grow_entries(struct cluster *cluster)
{
    struct cluster_fact *old = cluster->entries;
    size_t count = cluster->entry_slots;
    cluster->entry_slots = count ? count * 2 : 1024;
    cluster->entries = hy_alloc_array(cluster->entry_slots, sizeof *cluster->entries);
    for (size_t i = 0; i < count; i++)
        if (old[i].index)
            *entry_slot(cluster, old[i].index, old[i].term) = old[i];
    free(old);
}

/* Log Matching: an (index, term) names one entry, with one entry before it. */
static void check_entry(struct cluster *cluster, struct cluster_node *node, const struct hy_raft_entry *entry,
                        uint64_t term_before)
{
    if (cluster->entry_count * 2 >= cluster->entry_slots)
        grow_entries(cluster);
    struct cluster_fact *fact = entry_slot(cluster, entry->index, entry->term);
    struct cluster_fact now = {entry->index, entry->term, term_before, hash_entry(entry)};
    if (!fact->index) {
        *fact = now;
        cluster->entry_count++;
    } else if (fact->before != now.before || fact->hash != now.hash) {
        breach(cluster, "log matching: %u has another entry %" PRIu64 " of term %" PRIu64, node->id, entry->index,
               entry->term);
    }
}

/* Election Safety, and Leader Completeness. */
static void check_leader(struct cluster *cluster, struct cluster_node *node, uint64_t term)
{
    for (size_t i = 0; i < cluster->leader_count; i++)
        if (cluster->leaders[i].term == term &&
            (cluster->leaders[i].id != node->id || cluster->leaders[i].life != node->lives))
            breach(cluster, "two leaders in term %" PRIu64 ": %u and %u", term, cluster->leaders[i].id, node->id);
    if (cluster->leader_count < sizeof cluster->leaders / sizeof *cluster->leaders) {
        cluster->leaders[cluster->leader_count].term = term;
        cluster->leaders[cluster->leader_count].id = node->id;
        cluster->leaders[cluster->leader_count++].life = node->lives;
    }
    for (uint64_t index = hy_raft_first_index(node->raft); index <= cluster->committed.count; index++) {
        const struct cluster_fact *fact = &cluster->committed.items[index - 1];
        if (fact->before < term && hy_raft_term_at(node->raft, index) != fact->term)
            breach(cluster, "leader %u of term %" PRIu64 " lacks the committed entry %" PRIu64, node->id, term, index);
    }
}

/* State Machine Safety. */
static void check_applied(struct cluster *cluster, struct cluster_node *node, uint64_t term)
{
    if (node->applied > cluster->committed.count) {
        hy_vec_push(&cluster->committed,
                    ((struct cluster_fact){node->applied, term, hy_raft_term(node->raft), node->hash}));
        return;
    }
    const struct cluster_fact *fact = &cluster->committed.items[node->applied - 1];
    if (fact->term != term || fact->hash != node->hash)
        breach(cluster, "%u has another state at %" PRIu64 " (term %" PRIu64 ", elsewhere %" PRIu64 ")", node->id,
               node->applied, term, fact->term);
}

/* --- disks ---------------------------------------------------------------------------------------------------- */

static struct hy_raft_effect copy_effect(const struct hy_raft_effect *effect)
{
    struct hy_raft_effect copy = *effect;
    copy.servers = effect->servers ? hy_memdup(effect->servers, sizeof *effect->servers) : NULL;
    copy.data = effect->data ? hy_memdup(effect->data, effect->size) : NULL;
    copy.entries = hy_alloc_array(effect->entry_count, sizeof *copy.entries);
    for (size_t i = 0; i < effect->entry_count; i++) {
        copy.entries[i] = effect->entries[i];
        copy.entries[i].data = hy_memdup(effect->entries[i].data, effect->entries[i].size);
    }
    return copy;
}

static void free_entry(const struct hy_raft_entry *entry)
{
    free((void *)(uintptr_t)entry->data);
}

static void free_copy(struct hy_raft_effect *effect, bool with_entries)
{
    for (size_t i = 0; with_entries && i < effect->entry_count; i++)
        free_entry(&effect->entries[i]);
    free(effect->entries);
    free(effect->data);
    free((void *)(uintptr_t)effect->servers);
}

static void disk_drop_before(struct cluster_disk *disk, uint64_t first)
{
    while (disk->entries.count && disk->entries.items[0].index < first) {
        free_entry(&disk->entries.items[0]);
        hy_vec_remove(&disk->entries, 0);
    }
}

static void disk_write(struct cluster *cluster, struct cluster_node *node, struct hy_raft_effect *effect)
{
    struct cluster_disk *disk = &node->disk;
    if (effect->save_vote) {
        if (effect->term < disk->term || (effect->term == disk->term && disk->vote && effect->vote != disk->vote))
            breach(cluster, "%u votes twice in term %" PRIu64, node->id, effect->term);
        disk->term = effect->term;
        disk->vote = effect->vote;
    }
    if (effect->form)
        disk->servers = *effect->servers;
    while (effect->truncate && disk->entries.count &&
           disk->entries.items[disk->entries.count - 1].index >= effect->truncate_from)
        free_entry(&disk->entries.items[--disk->entries.count]);
    if (effect->snapshot) {
        disk->snapshot_index = effect->index;
        disk->snapshot_term = effect->snapshot_term;
        disk->servers = *effect->servers;
        hy_buf_clear(&disk->snapshot);
        hy_buf_add(&disk->snapshot, effect->data, effect->size);
        disk_drop_before(disk, effect->index + 1);
    }
    for (size_t i = 0; i < effect->entry_count; i++) {
        uint64_t last = disk->entries.count ? disk->entries.items[disk->entries.count - 1].index : disk->snapshot_index;
        if (effect->entries[i].index != last + 1)
            breach(cluster, "%u writes entry %" PRIu64 " behind %" PRIu64, node->id, effect->entries[i].index, last);
        hy_vec_push(&disk->entries, effect->entries[i]);
    }
}

static hy_time write_time(const struct cluster_node *node)
{
    hy_time at = node->writes.items[0].done_at;
    return at > node->stalled_until ? at : node->stalled_until;
}

static void finish_write(struct cluster *cluster, struct cluster_node *node)
{
    struct cluster_write write = node->writes.items[0];
    hy_vec_remove(&node->writes, 0);
    disk_write(cluster, node, &write.effect);
    struct hy_raft_event event = {.type = HY_RAFT_PERSISTED, .number = write.effect.number};
    free_copy(&write.effect, false);
    cluster_step(cluster, node->id, &event);
}

/* --- effects -------------------------------------------------------------------------------------------------- */

static void trace_persist(struct cluster *cluster, const struct cluster_node *node, const struct hy_raft_effect *effect)
{
    struct hy_buf text = {0};
    if (!cluster->options.trace)
        return;
    if (effect->form)
        hy_buf_adds(&text, " the first set");
    if (effect->save_vote)
        hy_buf_addf(&text, " term %" PRIu64 " vote %u", effect->term, effect->vote);
    if (effect->truncate)
        hy_buf_addf(&text, " cut from %" PRIu64, effect->truncate_from);
    if (effect->snapshot)
        hy_buf_addf(&text, " snapshot %" PRIu64 "/%" PRIu64, effect->index, effect->snapshot_term);
    for (size_t i = 0; i < effect->entry_count; i++)
        hy_buf_addf(&text, " entry %" PRIu64 "/%" PRIu64, effect->entries[i].index, effect->entries[i].term);
    trace(cluster, "%u writes%s", node->id, hy_buf_text(&text));
    hy_buf_free(&text);
}

/* Sets behind `index` may yet be in force, whatever happens to their entries. */
static void note_set(struct cluster *cluster, uint64_t index, const void *data, size_t size)
{
    struct cluster_set set = {.index = index};
    struct hy_err err;
    if (hy_raft_servers_decode(data, size, &set.servers, &err) < 0)
        breach(cluster, "entry %" PRIu64 ": %s", index, err.text);
    hy_vec_push(&cluster->sets, set);
}

/* The set at `index` is committed: the ones before it, and its rivals, are history. */
static void settle_set(struct cluster *cluster, uint64_t index, const void *data, size_t size)
{
    if (cluster->sets.items[0].index >= index)
        return;
    size_t kept = 0;
    for (size_t i = 0; i < cluster->sets.count; i++)
        if (cluster->sets.items[i].index > index)
            cluster->sets.items[kept++] = cluster->sets.items[i];
    cluster->sets.count = kept;
    note_set(cluster, index, data, size);
    struct cluster_set first = cluster->sets.items[0];
    cluster->sets.items[0] = cluster->sets.items[kept];
    cluster->sets.items[kept] = first;
}

bool cluster_set_viable(const struct cluster *cluster, const struct hy_raft_servers *servers, uint32_t lost)
{
    size_t voters = 0;
    size_t there = 0;
    for (size_t i = 0; i < servers->count; i++) {
        const struct hy_raft_server *server = &servers->list[i];
        voters += server->voter;
        there += server->voter && server->id != lost && cluster->nodes[server->id].disk.id == server->disk;
    }
    return there > voters / 2;
}

bool cluster_viable(const struct cluster *cluster, uint32_t lost)
{
    for (size_t i = 0; i < cluster->sets.count; i++)
        if (!cluster_set_viable(cluster, &cluster->sets.items[i].servers, lost))
            return false;
    return true;
}

static void on_persist(struct cluster *cluster, struct cluster_node *node, const struct hy_raft_effect *effect)
{
    trace_persist(cluster, node, effect);
    for (size_t i = 0; i < effect->entry_count; i++) {
        const struct hy_raft_entry *entry = &effect->entries[i];
        if (entry->type == HY_RAFT_ENTRY_CONFIG && entry->index > cluster->sets.items[0].index)
            note_set(cluster, entry->index, entry->data, entry->size);
        check_entry(cluster, node, &effect->entries[i],
                    i ? effect->entries[i - 1].term : hy_raft_term_at(node->raft, effect->entries[i].index - 1));
    }
    hy_time takes = between(cluster, cluster->options.disk_min, cluster->options.disk_max);
    hy_time before = node->writes.count ? node->writes.items[node->writes.count - 1].done_at : 0;
    hy_time done = cluster->now + takes;
    if (before > cluster->now && cluster->options.disk_serial)
        done = before + takes;
    else if (before > done)
        done = before;
    hy_vec_push(&node->writes, ((struct cluster_write){.done_at = done, .effect = copy_effect(effect)}));
}

static void on_send(struct cluster *cluster, struct cluster_node *node, const struct hy_raft_effect *effect)
{
    check_said(cluster, node, effect->data, effect->size);
    bool lost = cluster_random(cluster, 1000) < cluster->options.loss ||
                (cluster->drop && cluster->drop(cluster, node->id, effect->to, effect->data, effect->size));
    if (cluster->options.trace) {
        struct hy_buf text = {0};
        hy_raft_message_print(effect->data, effect->size, &text);
        trace(cluster, "%u -> %u  %s%s", node->id, effect->to, hy_buf_text(&text), lost ? "  (lost)" : "");
        hy_buf_free(&text);
    }
    if (lost)
        return;
    post(cluster, node->id, effect->to, effect->data, effect->size);
    if (cluster_random(cluster, 1000) < cluster->options.doubled)
        post(cluster, node->id, effect->to, effect->data, effect->size);
}

static void on_apply(struct cluster *cluster, struct cluster_node *node, const struct hy_raft_entry *entry)
{
    if (entry->index != node->applied + 1)
        breach(cluster, "%u applies %" PRIu64 " after %" PRIu64, node->id, entry->index, node->applied);
    node->applied = entry->index;
    node->hash = hash_bytes(node->hash ^ hash_entry(entry), &entry->index, sizeof entry->index);
    node->configs_applied += entry->type == HY_RAFT_ENTRY_CONFIG;
    if (entry->type == HY_RAFT_ENTRY_CONFIG)
        settle_set(cluster, entry->index, entry->data, entry->size);
    if (entry->type == HY_RAFT_ENTRY_COMMAND)
        trace(cluster, "%u applies %" PRIu64 ": %.*s", node->id, entry->index, (int)entry->size,
              (const char *)entry->data);
    else
        trace(cluster, "%u applies %" PRIu64 ": %s", node->id, entry->index,
              entry->type == HY_RAFT_ENTRY_NOOP ? "(noop)" : "(servers)");
    check_applied(cluster, node, entry->term);
}

static void restore(struct cluster *cluster, struct cluster_node *node, uint64_t index, const void *data, size_t size)
{
    if (size < sizeof node->hash) {
        breach(cluster, "%u restores %zu bytes", node->id, size);
        return;
    }
    node->applied = index;
    memcpy(&node->hash, data, sizeof node->hash);
}

static void on_role(struct cluster *cluster, struct cluster_node *node, const struct hy_raft_effect *effect)
{
    static const char *const roles[] = {"follower", "precandidate", "candidate", "leader"};
    if (effect->leader)
        trace(cluster, "%u is %s of term %" PRIu64 ", leader %u", node->id, roles[effect->role], effect->term,
              effect->leader);
    else
        trace(cluster, "%u is %s of term %" PRIu64, node->id, roles[effect->role], effect->term);
    if (effect->role == HY_RAFT_LEADER)
        check_leader(cluster, node, effect->term);
}

/* Linearizable: what was committed anywhere when the read began is in the state it reads. */
static void on_ready_read(struct cluster *cluster, struct cluster_node *node, const struct hy_raft_effect *effect)
{
    size_t at = 0;
    while (at < node->reads.count && node->reads.items[at].number != effect->number)
        at++;
    trace(cluster, "%u may read from %" PRIu64, node->id, effect->index);
    if (at == node->reads.count) {
        breach(cluster, "%u answers read %" PRIu64 ", which was not asked, or was answered before", node->id,
               effect->number);
        return;
    }
    if (effect->index && effect->index < node->reads.items[at].least)
        breach(cluster, "%u reads at %" PRIu64 ", at %" PRIu64 " something was acknowledged before the read began",
               node->id, effect->index, node->reads.items[at].least);
    cluster->reads_answered += effect->index > 0;
    hy_vec_remove(&node->reads, at);
}

static void carry_out(struct cluster *cluster, struct cluster_node *node, const struct hy_raft_effect *effect)
{
    switch (effect->type) {
    case HY_RAFT_PERSIST:
        on_persist(cluster, node, effect);
        break;
    case HY_RAFT_SEND:
        on_send(cluster, node, effect);
        break;
    case HY_RAFT_APPLY:
        on_apply(cluster, node, &effect->entry);
        break;
    case HY_RAFT_RESTORE:
        trace(cluster, "%u restores %" PRIu64, node->id, effect->index);
        restore(cluster, node, effect->index, effect->data, effect->size);
        check_applied(cluster, node, effect->term);
        break;
    case HY_RAFT_NEED_SNAPSHOT:
        trace(cluster, "%u needs a snapshot for %u", node->id, effect->to);
        break;
    case HY_RAFT_READY_READ:
        on_ready_read(cluster, node, effect);
        break;
    case HY_RAFT_ROLE:
        on_role(cluster, node, effect);
        break;
    }
}

/* The state machine as bytes: its hash, and filling to the wanted size that only depends on it. */
static struct hy_buf state_bytes(const struct cluster *cluster, const struct cluster_node *node)
{
    struct hy_buf buf = {0};
    while (buf.size < cluster->options.snapshot_size || buf.size < 16)
        hy_buf_add(&buf, &node->hash, sizeof node->hash);
    return buf;
}

static void offer(struct cluster *cluster, struct cluster_node *node)
{
    struct hy_buf bytes = state_bytes(cluster, node);
    hy_raft_offer_snapshot(node->raft, node->applied, bytes.data, bytes.size);
    hy_buf_free(&bytes);
}

int cluster_step(struct cluster *cluster, uint32_t id, const struct hy_raft_event *event)
{
    struct cluster_node *node = &cluster->nodes[id];
    struct hy_raft_effects effects = {0};
    struct hy_err err = {{0}};
    bool wanted = false;
    cluster->steps++;
    int rc = hy_raft_step(node->raft, event, cluster->now, &effects, &err);
    if (rc == -EBADMSG ||
        (rc == -EINVAL && (event->type == HY_RAFT_PERSISTED || event->type == HY_RAFT_SNAPSHOT_TAKEN)))
        breach(cluster, "%u refuses: %s", id, err.text);
    for (size_t i = 0; i < effects.list.count; i++) {
        carry_out(cluster, node, &effects.list.items[i]);
        wanted |= effects.list.items[i].type == HY_RAFT_NEED_SNAPSHOT;
    }
    hy_raft_effects_free(&effects);
    if (wanted)
        offer(cluster, node);
    return rc;
}

/* --- running -------------------------------------------------------------------------------------------------- */

static void boot(struct cluster *cluster, struct cluster_node *node)
{
    struct hy_raft_options options = cluster->options.raft;
    struct hy_err err;
    options.self = node->id;
    options.disk = node->disk.id;
    options.seed = cluster->options.seed * 1000 + node->lives++;
    struct hy_raft_state state = {
        .term = node->disk.term,
        .vote = node->disk.vote,
        .snapshot_index = node->disk.snapshot_index,
        .snapshot_term = node->disk.snapshot_term,
        .servers = node->disk.servers,
        .entries = node->disk.entries.items,
        .entry_count = node->disk.entries.count,
    };
    node->applied = 0;
    node->hash = 0;
    if (hy_raft_new(&options, &state, cluster->now, &node->raft, &err) < 0) {
        breach(cluster, "%u does not start: %s", node->id, err.text);
        fprintf(stderr, "%s\n", cluster->broken);
        abort();
    }
    if (node->disk.snapshot_index)
        restore(cluster, node, node->disk.snapshot_index, node->disk.snapshot.data, node->disk.snapshot.size);
}

static struct hy_raft_servers first_set(const struct cluster *cluster)
{
    struct hy_raft_servers servers = {0};
    for (uint32_t id = 1; id <= cluster->options.voters; id++)
        servers.list[servers.count++] = (struct hy_raft_server){.id = id, .voter = true, .disk = 10 + id};
    return servers;
}

void cluster_start(struct cluster *cluster, const struct cluster_options *options)
{
    *cluster = (struct cluster){.options = *options, .random = options->seed * 77 + 1, .disks = 10 + CLUSTER_MAX};
    grow_entries(cluster);
    hy_vec_push(&cluster->sets, ((struct cluster_set){.servers = first_set(cluster)}));
    for (uint32_t id = 1; id <= options->voters + options->joiners; id++) {
        struct cluster_node *node = &cluster->nodes[id];
        node->id = id;
        node->disk.id = 10 + id;
        if (id <= options->voters && !options->blank)
            node->disk.servers = first_set(cluster);
        boot(cluster, node);
    }
}

int cluster_form(struct cluster *cluster, uint32_t id)
{
    const struct hy_raft_servers servers = first_set(cluster);
    return cluster_step(cluster, id, &(struct hy_raft_event){.type = HY_RAFT_FORM, .servers = &servers});
}

void cluster_crash(struct cluster *cluster, uint32_t id)
{
    struct cluster_node *node = &cluster->nodes[id];
    trace(cluster, "%u crashes", id);
    hy_raft_free(&node->raft);
    for (size_t i = 0; i < node->writes.count; i++)
        free_copy(&node->writes.items[i].effect, true);
    hy_vec_free(&node->writes);
    hy_vec_free(&node->reads);
}

static void free_disk(struct cluster_disk *disk)
{
    for (size_t i = 0; i < disk->entries.count; i++)
        free_entry(&disk->entries.items[i]);
    hy_vec_free(&disk->entries);
    hy_buf_free(&disk->snapshot);
    *disk = (struct cluster_disk){0};
}

void cluster_replace_disk(struct cluster *cluster, uint32_t id)
{
    struct cluster_node *node = &cluster->nodes[id];
    trace(cluster, "%u has lost its disk", id);
    free_disk(&node->disk);
    node->disk.id = ++cluster->disks;
}

void cluster_restart(struct cluster *cluster, uint32_t id)
{
    trace(cluster, "%u starts", id);
    boot(cluster, &cluster->nodes[id]);
}

void cluster_free(struct cluster *cluster)
{
    for (uint32_t id = 1; id < CLUSTER_MAX; id++) {
        struct cluster_node *node = &cluster->nodes[id];
        if (node->raft)
            cluster_crash(cluster, id);
        free_disk(&node->disk);
    }
    for (size_t i = 0; i < cluster->wire.count; i++)
        free(cluster->wire.items[i].data);
    hy_vec_free(&cluster->wire);
    hy_vec_free(&cluster->committed);
    hy_vec_free(&cluster->sets);
    free(cluster->entries);
    hy_buf_free(&cluster->trace);
}

static void deliver(struct cluster *cluster)
{
    struct cluster_message message = wire_pop(cluster);
    struct cluster_node *to = &cluster->nodes[message.to];
    if (to->raft && to->group == cluster->nodes[message.from].group) {
        struct hy_raft_event event = {
            .type = HY_RAFT_MESSAGE, .from = message.from, .data = message.data, .size = message.size};
        cluster_step(cluster, message.to, &event);
    }
    free(message.data);
}

bool cluster_next(struct cluster *cluster, hy_time until)
{
    enum { NOTHING, WIRE, DISK, TIMER } what = NOTHING;
    hy_time at = until;
    struct cluster_node *who = NULL;
    if (cluster->wire.count && cluster->wire.items[0].at <= at) {
        what = WIRE;
        at = cluster->wire.items[0].at;
    }
    for (uint32_t id = 1; id < CLUSTER_MAX; id++) {
        struct cluster_node *node = &cluster->nodes[id];
        if (!node->raft)
            continue;
        if (node->writes.count && write_time(node) < at) {
            what = DISK;
            at = write_time(node);
            who = node;
        }
        if (hy_raft_deadline(node->raft) < at) {
            what = TIMER;
            at = hy_raft_deadline(node->raft);
            who = node;
        }
    }
    if (what == NOTHING || cluster->broken[0])
        return false;
    if (at > cluster->now)
        cluster->now = at;
    if (what == WIRE)
        deliver(cluster);
    else if (what == DISK)
        finish_write(cluster, who);
    else
        cluster_step(cluster, who->id, &(struct hy_raft_event){.type = HY_RAFT_TICK});
    return true;
}

void cluster_run(struct cluster *cluster, hy_time duration)
{
    hy_time until = cluster->now + duration;
    while (cluster_next(cluster, until))
        ;
    cluster->now = until;
}

bool cluster_run_until(struct cluster *cluster, hy_time duration, bool (*done)(struct cluster *cluster))
{
    hy_time until = cluster->now + duration;
    while (!done(cluster))
        if (!cluster_next(cluster, until))
            return false;
    return true;
}

int cluster_propose(struct cluster *cluster, uint32_t id, const char *text)
{
    struct hy_raft_event event = {.type = HY_RAFT_PROPOSE, .data = text, .size = strlen(text)};
    return cluster_step(cluster, id, &event);
}

int cluster_read(struct cluster *cluster, uint32_t id)
{
    struct hy_raft_event event = {.type = HY_RAFT_READ, .number = ++cluster->reads};
    hy_vec_push(&cluster->nodes[id].reads,
                ((struct cluster_read){.number = event.number, .least = cluster->committed.count}));
    int rc = cluster_step(cluster, id, &event);
    if (rc < 0)
        cluster->nodes[id].reads.count--;
    return rc;
}

void cluster_peer_back(struct cluster *cluster, uint32_t id, uint32_t who)
{
    cluster_step(cluster, id, &(struct hy_raft_event){.type = HY_RAFT_PEER_BACK, .from = who});
}

int cluster_campaign(struct cluster *cluster, uint32_t id)
{
    return cluster_step(cluster, id, &(struct hy_raft_event){.type = HY_RAFT_CAMPAIGN});
}

int cluster_transfer(struct cluster *cluster, uint32_t id, uint32_t to)
{
    return cluster_step(cluster, id, &(struct hy_raft_event){.type = HY_RAFT_TRANSFER, .to = to});
}

int cluster_configure(struct cluster *cluster, uint32_t id, const struct hy_raft_servers *servers)
{
    return cluster_step(cluster, id, &(struct hy_raft_event){.type = HY_RAFT_CONFIGURE, .servers = servers});
}

void cluster_snapshot(struct cluster *cluster, uint32_t id, uint64_t keep)
{
    struct cluster_node *node = &cluster->nodes[id];
    /* The state machine may be ahead of the own disk; only the store's queue would put that right, so wait. */
    if (node->writes.count || node->applied <= node->disk.snapshot_index)
        return;
    struct hy_buf bytes = state_bytes(cluster, node);
    hy_buf_free(&node->disk.snapshot);
    node->disk.snapshot = bytes;
    node->disk.snapshot_term = hy_raft_term_at(node->raft, node->applied);
    node->disk.servers = *hy_raft_servers_at(node->raft, node->applied);
    node->disk.snapshot_index = node->applied;
    if (node->applied > keep)
        disk_drop_before(&node->disk, node->applied - keep + 1);
    trace(cluster, "%u has a snapshot of %" PRIu64, id, node->applied);
    cluster_step(cluster, id,
                 &(struct hy_raft_event){.type = HY_RAFT_SNAPSHOT_TAKEN, .number = node->applied, .keep = keep});
}

void cluster_isolate(struct cluster *cluster, uint32_t id)
{
    trace(cluster, "%u is cut off", id);
    cluster->nodes[id].group = id;
}

void cluster_heal(struct cluster *cluster)
{
    trace(cluster, "all links work");
    for (uint32_t id = 1; id < CLUSTER_MAX; id++)
        cluster->nodes[id].group = 0;
}

uint32_t cluster_leader(const struct cluster *cluster)
{
    uint32_t leader = 0;
    uint64_t term = 0;
    for (uint32_t id = 1; id < CLUSTER_MAX; id++) {
        const struct cluster_node *node = &cluster->nodes[id];
        if (node->raft && hy_raft_leads(node->raft) && hy_raft_term(node->raft) > term) {
            term = hy_raft_term(node->raft);
            leader = id;
        }
    }
    return leader;
}

uint64_t cluster_highest_term(const struct cluster *cluster)
{
    uint64_t term = 0;
    for (uint32_t id = 1; id < CLUSTER_MAX; id++)
        if (cluster->nodes[id].raft && hy_raft_term(cluster->nodes[id].raft) > term)
            term = hy_raft_term(cluster->nodes[id].raft);
    return term;
}
