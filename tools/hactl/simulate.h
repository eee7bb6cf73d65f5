/* SPDX-License-Identifier: Apache-2.0 */
/* What the cluster would do: from a state, and what is made to happen in it, to the state after. */
#ifndef HACTL_SIMULATE_H
#define HACTL_SIMULATE_H

#include "hactl/state.h"

enum hactl_tristate { HACTL_AS_IT_IS, HACTL_YES, HACTL_NO };

/* The command line. Strings are argv's. */
struct hactl_simulate_options {
    const char *command;    /* whose options they are, for what is said about them */
    const char *state_file; /* a saved state */
    const char *xml_file;   /* a Pacemaker CIB; neither: the running cluster */
    const char *save_file;  /* where the state it begins from is written; NULL: nowhere */
    enum hactl_tristate quorum;
    hy_wall at; /* 0: now, or when the CIB says it was decided upon */
    HY_VEC(const char *) down;
    HY_VEC(const char *) standby;
    HY_VEC(const char *) fail; /* RSC@NODE */
};

/* An exit status. */
int hactl_simulate_options(int argc, char **argv, struct hactl_simulate_options *options);
void hactl_simulate_options_free(struct hactl_simulate_options *options);

/* Seconds since 1970, or ISO 8601 (cib/iso8601.h); local time without a zone. */
bool hactl_parse_time(const char *text, hy_wall *time);

/* Where it begins. */
struct hactl_origin {
    struct hy_cib *cib;
    hy_wall now;
    bool quorum;
    bool given;              /* it came as a file, perhaps from somewhere else */
    char *dc;                /* NULL: not known */
    struct hactl_state live; /* of the running cluster; its CIB is taken out */
};

/* An exit status. */
int hactl_origin_read(struct hactl *h, const struct hactl_simulate_options *options, struct hactl_origin *origin);
void hactl_origin_free(struct hactl_origin *origin);
bool hactl_has_fencing(const struct hy_cib *cib);

/* What a decision depends on beside the CIB. */
struct hactl_setting {
    hy_wall now;
    bool quorum;
    const char *dc; /* NULL: not known */
    bool blotted;   /* as hy_sched_input has it */
};

/* A state with its decision; the CIB is the state's from then on. `live`: what is under way there counts; NULL: nothing
 * is. */
void hactl_decide(struct hactl_state *state, struct hy_cib *cib, const struct hactl_setting *setting,
                  const struct hactl_state *live, bool explain);

struct hactl_simulation {
    hy_wall now;
    bool quorum;
    struct hactl_state before; /* with the decision */
    struct hactl_state after;
};

/* Makes what the options say happen. An exit status. */
int hactl_simulate_events(const struct hactl_simulate_options *options, struct hy_cib *cib, bool fencing, hy_wall now);

/* The quorum that is left of what there was: of a majority of the nodes that vote, unless the options say. */
bool hactl_quorum_left(const struct hactl_simulate_options *options, const struct hy_cib *cib, bool quorum);

json_t *hactl_simulate_json(const struct hactl_simulation *simulation);
/* One line for what is done to an instance. */
void hactl_change_print(const struct hy_change *change, struct hy_buf *out);
void hactl_simulate_print(const struct hactl_simulation *simulation, struct hy_buf *out);

#endif
