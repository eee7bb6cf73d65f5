/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults put in on purpose, to see whether the checks of the simulator (tests/sim) find them: `if (HY_MUTANT(NAME))` around
 * what is wrong. In every build but the simulator's the condition is the constant false, and no code is made for it.
 */
#ifndef HY_BASE_MUTANT_H
#define HY_BASE_MUTANT_H

#include <stdbool.h>

/* Name, and in words what is wrong. A new one needs a line here and its place in the code, nothing else. */
#define HY_MUTANT_LIST(MUTANT)                                                                                         \
    MUTANT(VOTE_NOT_SYNCED, "a vote is said before it is on disk")                                                     \
    MUTANT(TWO_VOTES, "whoever asks gets the vote, also the second one in a term")                                     \
    MUTANT(VOTE_FOR_OLD_LOG, "a candidate whose log lacks entries gets the vote")                                      \
    MUTANT(NO_PREVOTE, "a server that was cut off stands without asking whether it could win")                         \
    MUTANT(OLD_TERM_BY_COUNTING, "an entry of an older term is committed by counting (Figure 8)")                      \
    MUTANT(HALF_IS_ENOUGH, "half of the servers commit")                                                               \
    MUTANT(LEADER_COUNTS_UNSYNCED, "the leader counts itself before the entry is on its disk")                         \
    MUTANT(ACK_NOT_SYNCED, "a follower acknowledges what is not on its disk")                                          \
    MUTANT(ACK_BEYOND_WHAT_CAME, "a follower acknowledges beyond prev + n")                                            \
    MUTANT(CONFLICT_KEPT, "a conflict does not cut the log")                                                           \
    MUTANT(TRUNCATION_NOT_WRITTEN, "what is cut from the log stays on disk")                                           \
    MUTANT(ANY_DISK_WILL_DO, "a server with an empty disk counts as the one that was lost")                            \
    MUTANT(READ_WITHOUT_ROUND, "a read is answered without asking whether this server still leads")                    \
    MUTANT(READ_ANSWERED_LOCALLY, "a read is answered from what this node knows, and the DC is not asked")             \
    MUTANT(LEASE_FROM_RECEIPT, "a promise counts from when it came, not from when its question was sent")              \
    MUTANT(CLOCKS_ARE_EXACT, "a promise is not counted shorter by what clocks may differ")                             \
    MUTANT(PROMISES_BEFORE_ADMISSION, "a core that restarted promises before it is admitted")                          \
    MUTANT(UNCOMMITTED_VERDICT_IGNORED, "who has a verdict in its log goes on promising until it is committed")        \
    MUTANT(PROMISE_OF_ANY_EPOCH, "a promise counts for another epoch than it was given for")                           \
    MUTANT(PROMISE_NOT_KEPT, "a voter turns before its promise has ended")                                             \
    MUTANT(PROMISE_SHORTENED, "when dead-after becomes shorter, promises of the longer one are not kept")              \
    MUTANT(RELEASED_AT_ONCE, "what a node ran is given away with the verdict, whatever was promised")                  \
    MUTANT(OLD_LIFE_GOES_ON, "what was started before a verdict goes on after the admission")                          \
    MUTANT(HUNG_LOOKS_ALIVE, "heartbeats go on although the main thread has hung for long")                            \
    MUTANT(SAID_IN_PIECES, "heartbeats go out between two halves of what the log says of a node")                      \
    MUTANT(LEASE_NOT_WATCHED, "the executor does not look at the lease")                                               \
    MUTANT(STALE_ORDER_OBEYED, "an order is obeyed whose DC has been replaced by one that was heard")                  \
    MUTANT(ORDER_TAKEN_TWICE, "an order that comes twice is carried out twice")                                        \
    MUTANT(DC_WITHOUT_LEASE, "the DC acts without its own lease")                                                      \
    MUTANT(DC_DOES_NOT_LISTEN, "a new DC acts before it has heard what runs")                                          \
    MUTANT(GONE_IS_RELEASED, "the DC does not wait until a node that is gone has let go")                              \
    MUTANT(COMMAND_TWICE, "a member's command that is in the log twice is applied twice")                              \
    MUTANT(SNAPSHOT_WITHOUT_SESSIONS, "a snapshot lacks the table of sessions")                                        \
    MUTANT(REQUEST_TWICE, "a client's request that is asked again is applied again")                                   \
    MUTANT(LEARNER_COUNTS, "a learner's vote and acknowledgement count")                                               \
    MUTANT(PROBES_LEFT_OUT, "nobody asks a node whether a resource runs there already")                                \
    MUTANT(BLOCKED_IS_UP, "what is blocked counts as active before what comes after it")                               \
    MUTANT(START_BEFORE_STOP, "a resource is started before it has stopped elsewhere")                                 \
    MUTANT(ORDERS_IGNORED, "orders between resources are not obeyed")                                                  \
    MUTANT(WITNESS_RUNS, "a witness is taken as a node like any other")                                                \
    MUTANT(WITNESS_FORGOTTEN, "the first list of nodes does not say who is a witness")                                 \
    MUTANT(NO_SELF_DOUBT, "a node that was late itself takes the others for silent")                                   \
    MUTANT(DEAD_AFTER_SHORTER, "dead-after is three quarters of what it should be")                                    \
    MUTANT(PROMISE_TOLD_SHORTER, "a promise is told shorter than it is kept")                                          \
    MUTANT(HEARTBEATS_ON_ONE_LINK, "heartbeats go over the first link only")                                           \
    MUTANT(METER_HASTY, "a link is called dead after an eighth of the time")                                           \
    MUTANT(METER_NEVER_DEAD, "a link that is silent is called up")                                                     \
    MUTANT(METER_STAYS_DEAD, "a link that was called dead is never called up again")                                   \
    MUTANT(METER_DEAF_TO_PEERS, "what a peer says of a link is not looked at")                                         \
    MUTANT(FILTER_LETS_PASS, "the kernel's filter of an address lets all pass")                                        \
    MUTANT(FILTER_CLOCK_STOPS, "it counts on a clock that stands still with the processes")                            \
    MUTANT(FILTER_WITHOUT_SINCE, "it does not look at since when there was no verdict")                                \
    MUTANT(FOUND_IS_WATCHED, "what a probe has found is watched, and guarded, before anybody has decided upon it")     \
    MUTANT(CONFLICT_NOT_ASKED, "nobody asks whether another host answers for an address")

#define HY_MUTANT_ENUM(name, words) HY_MUTANT_##name,
enum hy_mutant { HY_MUTANT_NONE, HY_MUTANT_LIST(HY_MUTANT_ENUM) HY_MUTANT_COUNT };
#undef HY_MUTANT_ENUM

#ifdef HY_MUTANTS
extern enum hy_mutant hy_mutant; /* tests/sim */
#define HY_MUTANT(name) (hy_mutant == HY_MUTANT_##name)
#else
#define HY_MUTANT(name) false
#endif

#endif
