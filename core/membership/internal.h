/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this module share. Who may touch which part of a peer is said there. */
#ifndef HY_MEMBERSHIP_INTERNAL_H
#define HY_MEMBERSHIP_INTERNAL_H

#include "membership/membership.h"

/* A heartbeat that is echoed later than this many sends of ours is too old to be worth anything. */
enum { HY_MEMBERSHIP_SENT = 256 };

/* What a member command says; also the state that the applied ones have led to. */
struct hy_membership_entry {
    bool in;
    uint32_t epoch;
    uint64_t incarnation;
};

/* What a peer said last about a third node. */
struct hy_membership_opinion {
    bool hears;
    uint32_t epoch;        /* the refusal is about this epoch and all before */
    hy_time refused_until; /* on our clock, counted from when we sent what it echoed; 0: never */
};

struct hy_membership_node {
    uint32_t id;
    bool voter; /* in the set of servers that this node has applied */
    uint64_t voter_disk;

    /* By the log (verdicts.c). */
    struct hy_membership_entry applied;
    uint32_t in_epoch; /* epoch of the last admission */
    uint32_t since;    /* epoch of the first admission after the last verdict */
    HY_VEC(struct hy_membership_entry) logged;
    hy_time release_at; /* slow way; HY_NEVER: no verdict waits */
    bool released;
    bool condemned; /* CONDEMN was said, and holds */

    /* Heard of it (membership.c). */
    uint64_t incarnation;
    uint64_t number;
    hy_time met_at; /* first heard in this incarnation */
    hy_time heard_at;
    hy_time count_from;   /* heard_at, and as much later as we were late ourselves */
    bool hears_us;        /* so it said last */
    hy_time contact_at;   /* when it last said so */
    hy_time contact_from; /* as count_from */
    hy_time round_trip;
    uint64_t disk; /* this and what follows: so it said last */
    uint64_t servers_index;
    uint64_t lineage;
    bool blank;
    uint64_t differs;      /* DIFFERS was said of this incarnation */
    hy_time differs_since; /* its promises have not been of this node's D; 0: they are */
    hy_time hinted;        /* given for hints since then */
    bool told;             /* ALIVE was said, for this incarnation and epoch */
    uint64_t told_incarnation;
    uint32_t told_epoch;

    /* Promised to it (promises.c, verdicts.c). */
    hy_time promised_until; /* we may not turn before */
    hy_time refused_until;  /* we may not support before */
    bool turned;            /* SUSPECT was said, and it is still silent */
    hy_time refusals_until; /* none that anybody said about it, or this node keeps, is longer */

    /* Promised by it (promises.c). */
    hy_time promise_until; /* to this node, on this node's clock */
    uint32_t promise_epoch;
    hy_time promise_sent; /* when this node sent what the newest of them answers; 0: none since they were given up */
    struct hy_membership_opinion opinions[HY_MEMBERSHIP_MAX_NODES]; /* by node index */
};

enum { HY_MEMBERSHIP_PIECES = 10 };

/* What D should be, from the longest gaps of some minutes; the wish is `worst` of the pieces, rounded up (wish.c). */
struct hy_membership_wishing {
    bool adapts;
    hy_time least;
    hy_time piece, piece_ends;
    size_t at; /* the piece that is being filled */
    struct hy_membership_wish pieces[HY_MEMBERSHIP_PIECES], wish;
    bool changed; /* WISH is to be said */
};

struct hy_membership {
    uint32_t self; /* index */
    uint64_t incarnation;
    struct hy_membership_node nodes[HY_MEMBERSHIP_MAX_NODES];
    size_t count;
    size_t voters;
    size_t majority; /* above `count` when there is no voter */
    uint64_t disk;
    uint64_t servers_index;
    uint64_t lineage;

    hy_time heartbeat;
    hy_time dead_after;
    hy_time dead_after_max;
    hy_time commit_wait;
    hy_time refuse_for; /* H */
    hy_time release_margin;
    hy_time gather;
    int64_t rho_ppm;
    struct hy_membership_wishing wishing;
    hy_time excused;   /* by this node's own lateness, since the last HELD_UP... */
    hy_time looked_at; /* ...which was then */

    hy_time started;
    hy_time now; /* of the last step */
    hy_time deadline;
    hy_time next_heartbeat;
    bool say_now;
    uint64_t later_life;  /* of this node, that others know; below its own: none */
    hy_time say_outlived; /* not before */

    char introduction[HY_MEMBERSHIP_INTRODUCTION_MAX];
    size_t introduction_size;
    uint64_t number;     /* of the last heartbeat sent */
    uint64_t count_echo; /* older heartbeats renew nothing (LINK_DOWN) */
    hy_time sent[HY_MEMBERSHIP_SENT];

    hy_time lease_said;
    bool withdraw; /* a verdict on this node was logged; the lease of an earlier incarnation is to go, too */
    uint32_t lease_epoch;
};

/* One decoded message (heartbeat.c). */
struct hy_heartbeat_about {
    uint32_t node;
    bool hears;
    uint32_t epoch;
    uint64_t incarnation; /* the latest that was heard of that node, or that the log has admitted; 0: none */
    uint64_t number;      /* echoed heartbeat of that incarnation; 0: none */
    hy_time held;         /* since that was received */
    hy_time promised;     /* D; 0: not supported */
    hy_time refused;      /* left of the negative promise; 0: none */
};

struct hy_heartbeat {
    uint64_t incarnation;
    uint64_t number;
    uint64_t disk;
    uint64_t servers_index;
    uint64_t lineage;
    bool blank;
    hy_time dead_after_max;
    struct hy_heartbeat_about about[HY_MEMBERSHIP_MAX_NODES];
    size_t count;
    const void *introduction; /* decoded: points into the message */
    size_t introduction_size;
};

/* heartbeat.c. Durations above HY_HEARTBEAT_LONGEST are cut to it. */
#define HY_HEARTBEAT_LONGEST ((hy_time)UINT32_MAX)
struct hy_buf;
void hy_heartbeat_encode(const struct hy_heartbeat *heartbeat, struct hy_buf *out);
int hy_heartbeat_decode(const void *data, size_t size, struct hy_heartbeat *heartbeat, struct hy_err *err);

/* nodes.c: who there is, and who votes */
void hy_membership_set_nodes(struct hy_membership *m, const struct hy_membership_peer *nodes, size_t count,
                             hy_time now);
int hy_membership_check_nodes(const struct hy_membership_peer *nodes, size_t count, struct hy_err *err);
/* A voter whose word counts: not one with another disk than the one that the servers know. A node that never said which
 * disk it has has said nothing else either. */
static inline bool hy_membership_has_say(const struct hy_membership_node *node)
{
    return node->voter && (node->voter_disk == 0 || node->disk == 0 || node->disk == node->voter_disk);
}

/* membership.c */
struct hy_membership_effect *hy_membership_emit(struct hy_membership_effects *effects,
                                                enum hy_membership_effect_type type);
struct hy_membership_node *hy_membership_find(struct hy_membership *membership, uint32_t id);
/* The latest life of it that was heard, or that the log has admitted: this node may have begun when that was over. */
uint64_t hy_membership_latest(const struct hy_membership_node *node);

/* view.c: what is seen now */
bool hy_membership_heard(const struct hy_membership *m, const struct hy_membership_node *node, hy_time now);
bool hy_membership_reachable(const struct hy_membership *m, const struct hy_membership_node *node, hy_time now);
bool hy_membership_admissible(const struct hy_membership *m, const struct hy_membership_node *node, hy_time now);

/* promises.c */
hy_time hy_membership_shorter(const struct hy_membership *m, hy_time duration); /* times (1 - 2 rho) */
hy_time hy_membership_longer(const struct hy_membership *m, hy_time duration);  /* times (1 + 2 rho) */
bool hy_membership_may_promise(const struct hy_membership *m);
bool hy_membership_supports(const struct hy_membership *m, const struct hy_membership_node *node, hy_time now);
/* When heartbeat `number` of this incarnation was sent; false: not known any more, or never sent. */
bool hy_membership_sent_at(const struct hy_membership *m, uint64_t number, hy_time *at);
void hy_membership_take_promise(struct hy_membership *m, struct hy_membership_node *from,
                                const struct hy_heartbeat_about *about, hy_time now);
void hy_membership_give_promises(struct hy_membership *m, struct hy_heartbeat *heartbeat, hy_time now);
void hy_membership_drop_promises(struct hy_membership *m);
hy_time hy_membership_lease_end(const struct hy_membership *m);
void hy_membership_renew_lease(struct hy_membership *m, hy_time now, struct hy_membership_effects *effects);

/* verdicts.c */
bool hy_membership_verdict_logged(const struct hy_membership_node *node);
void hy_membership_log_event(struct hy_membership *m, struct hy_membership_node *node,
                             const struct hy_membership_event *event, hy_time now,
                             struct hy_membership_effects *effects);
void hy_membership_take_refusals(struct hy_membership *m, struct hy_membership_node *from,
                                 const struct hy_heartbeat *heartbeat, hy_time sent);
bool hy_membership_must_turn(const struct hy_membership *m, const struct hy_membership_node *node, hy_time now);
hy_time hy_membership_turn_at(const struct hy_membership *m, const struct hy_membership_node *node);
void hy_membership_turn(struct hy_membership *m, hy_time now, struct hy_membership_effects *effects);
void hy_membership_refresh_refusals(struct hy_membership *m, hy_time now);
void hy_membership_judge(struct hy_membership *m, hy_time now, struct hy_membership_effects *effects);
/* Voters that refuse `node` with more than `left` to run. */
size_t hy_membership_against(const struct hy_membership *m, const struct hy_membership_node *node, hy_time now,
                             hy_time left);

/* wish.c: what D should be */
void hy_membership_wish_begin(struct hy_membership *m, const struct hy_membership_options *options, hy_time now);
/* Before a heartbeat of `from` counts as heard: how long was it silent? */
void hy_membership_note_silence(struct hy_membership *m, const struct hy_membership_node *from, hy_time now);
/* The promise that is replaced now was that old. */
void hy_membership_note_age(struct hy_membership *m, const struct hy_membership_node *from, hy_time age);
void hy_membership_say_wish(struct hy_membership *m, hy_time now, struct hy_membership_effects *effects);
int hy_membership_take_settings(struct hy_membership *m, const struct hy_membership_event *event, struct hy_err *err);

/* differs.c: nodes that go by other settings */
void hy_membership_other_bound(struct hy_membership *m, struct hy_membership_node *from,
                               const struct hy_heartbeat *heartbeat, struct hy_membership_effects *effects);
void hy_membership_compare_promise(struct hy_membership *m, struct hy_membership_node *from,
                                   const struct hy_heartbeat *heartbeat, hy_time now,
                                   struct hy_membership_effects *effects);

/* self_doubt.c */
void hy_membership_doubt_self(struct hy_membership *m, hy_time now, struct hy_membership_effects *effects);
void hy_membership_held_up(struct hy_membership *m, const struct hy_membership_event *event, hy_time now,
                           struct hy_membership_effects *effects);
const char *hy_membership_why_silent(const struct hy_membership *m, const struct hy_membership_node *node, hy_time now);

#endif
