/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Injected faults. A schedule is a list of them, each with its time, made from the seed before the run: so it can be
 * printed, saved, replayed and shrunk. What is drawn while a fault is in force comes from the world's streams.
 */
#ifndef SIM_FAULT_H
#define SIM_FAULT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"
#include "sim/world.h"

/* Name for --faults and in the file; has an end (else it happens at one instant); in words. a, b: sets of nodes, v, w: numbers.
 * What concerns links may be of some only: l. */
#define SIM_FAULT_LIST(FAULT)                                                                                          \
    FAULT(LOSS, "loss", true, "datagrams from a to b are lost, v per mille; the bus stalls as TCP does")               \
    FAULT(DELAY, "delay", true, "from a to b all takes up to v us more")                                               \
    FAULT(REORDER, "reorder", true, "datagrams from a to b, v per mille, come up to w us late")                        \
    FAULT(DUPLICATE, "duplicate", true, "datagrams from a to b, v per mille, come twice")                              \
    FAULT(CORRUPT, "corrupt", true, "datagrams from a to b, v per mille, are changed: the seal drops them")            \
    FAULT(CUT, "cut", true, "nothing passes from a to b")                                                              \
    FAULT(PARTITION, "partition", true, "nothing passes between a and b and the others")                               \
    FAULT(SLOW_LINK, "slow-link", true, "from a to b v bytes pass in a millisecond")                                   \
    FAULT(RESET, "reset", false, "the bus connections between a and b end")                                            \
    FAULT(CARRIER, "carrier", true, "a has no carrier")                                                                \
    FAULT(NOISE, "noise", true,                                                                                        \
          "between a and b no datagram takes longer than w us, and v are lost in any time dead-after: --noise")        \
    FAULT(DISK_SLOW, "disk-slow", true, "each write on a takes up to v us more")                                       \
    FAULT(DISK_FULL, "disk-full", true, "each write on a fails: the core ends, and again")                             \
    FAULT(DISK_ERROR, "disk-error", false, "the next write on a fails")                                                \
    FAULT(DISK_LOST, "disk-lost", true, "a loses power, and comes back with an empty disk")                            \
    FAULT(DISK_FLIP, "disk-flip", true, "a loses power, and bit v of what is on its disk flips")                       \
    FAULT(RATE, "clock-rate", true, "a's clock runs v ppm fast")                                                       \
    FAULT(WALL, "wall-jump", false, "a's wall clock jumps by v us")                                                    \
    FAULT(FREEZE_CORE, "freeze-core", true, "a's core stands still; v 1: its main thread alone")                       \
    FAULT(FREEZE_STEP, "freeze-step", true, "likewise, between its next step and what comes of it")                    \
    FAULT(FREEZE_ORDER, "freeze-order", true,                                                                          \
          "the first core of a that gives orders stands still before they are sent")                                   \
    FAULT(FREEZE_HOST, "freeze-host", true, "all processes of a stand still")                                          \
    FAULT(CRASH_CORE, "crash-core", false, "a's core dies; its executor starts it again")                              \
    FAULT(CRASH_EXECUTOR, "crash-executor", true, "a's executor dies, and the core with it; the guard lets go")        \
    FAULT(KILL_ALL, "kill-all", true, "all processes of a die at once, the guard too: what runs is nobody's")          \
    FAULT(CRASH_HOST, "crash-host", true, "a loses power; v: what becomes of the write under way")                     \
    FAULT(RESTART, "restart", true, "a's halyardd is stopped in good order, and started again")                        \
    FAULT(SERVICE_FAIL, "service-fail", true, "on a, operations of services that hash to v (w: which) fail")           \
    FAULT(SERVICE_HANG, "service-hang", true, "likewise, they hang until they are killed")                             \
    FAULT(SERVICE_LATE, "service-late", true, "likewise, they take up to five seconds more")                           \
    FAULT(SERVICE_LIE, "service-lie", false,                                                                           \
          "the next monitor on a of a service that hashes to v says what is not so")                                   \
    FAULT(SERVICE_DIE, "service-die", false, "services on a that hash to v die")

#define SIM_FAULT_ENUM(name, word, lasts, words) SIM_FAULT_##name,
enum sim_fault_kind { SIM_FAULT_LIST(SIM_FAULT_ENUM) SIM_FAULT_COUNT };
#undef SIM_FAULT_ENUM

struct sim_fault {
    hy_time at;
    hy_time lasts; /* 0 where it happens at one instant */
    enum sim_fault_kind kind;
    uint32_t a, b;  /* sets of nodes: bit n is node n */
    uint32_t links; /* likewise; 0: all */
    int64_t v, w;
};

struct sim_schedule {
    uint64_t seed;
    size_t nodes;
    hy_time duration, quiet, operator_ends;
    char profile[16];
    uint32_t witnesses;     /* set of nodes; those beyond `nodes` count for nothing */
    bool witnesses_by_seed; /* sim_schedule_generate() draws them */
    size_t links;           /* of each node, 1 to SIM_MAX_LINKS; 0: sim_schedule_generate() draws it */
    bool guards_given;      /* else sim_schedule_generate() draws: */
    uint32_t unguarded;     /* set of nodes: their kernel takes no filter of addresses */
    bool noise;             /* nothing but noise within the bounds, and links that die while another one works */
    bool addresses;         /* more of them than there once were */
    bool gathers;           /* heartbeats go out together, as the daemon has it */
    uint64_t kinds;         /* switched on: a bit each; SIM_FAULT_COUNT: the operator */
    char mutant[48];
    char only[48];                   /* this invariant alone ends the run; "": any */
    HY_VEC(struct sim_fault) faults; /* in order of time */
};

const char *sim_fault_name(enum sim_fault_kind kind);
bool sim_fault_lasts(enum sim_fault_kind kind);
/* "all", "none", names with commas, "-name" to take one out; -EINVAL. */
int sim_fault_kinds(const char *text, uint64_t *kinds, struct hy_err *err);

/* Fills in profile, links, witnesses and faults from seed, nodes, duration and kinds. A profile that is there stays, and so are
 * links. */
void sim_schedule_generate(struct sim_schedule *schedule);
void sim_schedule_sort(struct sim_schedule *schedule);
void sim_schedule_print(const struct sim_schedule *schedule, struct hy_buf *out);
int sim_schedule_parse(const char *text, struct sim_schedule *schedule, struct hy_err *err);
struct sim_schedule sim_schedule_copy(const struct sim_schedule *schedule);
void sim_schedule_free(struct sim_schedule *schedule);
void sim_fault_print(const struct sim_fault *fault, struct hy_buf *out);

#endif
