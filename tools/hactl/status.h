/* SPDX-License-Identifier: Apache-2.0 */
/* How things stand, for people and as JSON; both from the same readings. */
#ifndef HACTL_STATUS_H
#define HACTL_STATUS_H

#include "hactl/state.h"

/* All of `status`. */
void hactl_status_print(const struct hactl_state *state, struct hy_buf *out);
json_t *hactl_status_json(const struct hactl_state *state);

/* Its parts: the nodes; what failed (nothing when nothing did). */
void hactl_status_nodes(const struct hactl_state *state, struct hy_buf *out);
void hactl_status_failures(const struct hactl_state *state, struct hy_buf *out);
/* What comes next stands behind an empty line. */
void hactl_paragraph(struct hy_buf *out);

/* What running resources say of themselves, such as what binds an address to the lease (nothing when none does). */
void hactl_status_notes(const struct hactl_state *state, struct hy_buf *out);
/* Of one of them; NULL: nothing. */
const char *hactl_note(const struct hactl_state *state, const char *rsc, const char *node);

/* The resources alone: each with all that is in it. */
void hactl_status_resource(const struct hactl_state *state, const struct hy_object *resource, struct hy_buf *out);
void hactl_status_resources(const struct hactl_state *state, struct hy_buf *out);

/* Where an instance is: active there, or on its way. */
struct hactl_spot {
    const char *rsc; /* instance name */
    const char *node;
    enum hy_role role;
    const char *doing; /* "Starting", "Stopping", ...; NULL: nothing */
    bool failed, blocked, unmanaged, orphan;
};

struct hactl_spots {
    HY_VEC(struct hactl_spot) list; /* in order of instance, then node; the strings are the state's */
};

/* Where the instances of a primitive are. */
void hactl_spots_find(const struct hactl_state *state, const char *primitive, struct hactl_spots *spots);
void hactl_spots_free(struct hactl_spots *spots);

/* Resources that run and are not configured any more: the id of the first that is not below `after` (NULL: of all). */
const char *hactl_status_orphan(const struct hactl_state *state, const char *after);

/* Counted as the reference counts: a clone by its instances. */
int hactl_status_count(const struct hactl_state *state);
/* How many instances a clone has at most. */
int hactl_clone_max(const struct hactl_state *state, const struct hy_object *clone);
bool hactl_clone_is_unique(const struct hy_object *clone);
bool hactl_clone_is_promotable(const struct hy_object *clone);

/* "ocf::heartbeat:IPaddr2" */
void hactl_agent_print(const struct hactl_state *state, const struct hy_primitive *primitive, struct hy_buf *out);
/* "Tue Jan 10 11:24:56 2017", local time. */
void hactl_wall_print(hy_wall wall, struct hy_buf *out);
/* "root via hactl on test3"; false: nobody is named. */
bool hactl_author_print(const struct hy_cib *cib, struct hy_buf *out);
/* What an agent's answer is called. */
const char *hactl_rc_word(const struct hy_result *result);
/* The number to show beside it: of an operation that gave no answer, that of a general error. */
int hactl_rc_shown(const struct hy_result *result);

/* Positions in decision->nodes in order of name; as many as there are. Caller frees. */
size_t *hactl_nodes_sorted(const struct hactl_state *state);

/* The links of this node, and how they work to each other node. */
void hactl_links_print(const struct hactl_state *state, struct hy_buf *out);
json_t *hactl_links_json(const struct hactl_state *state);

/* How long a silence is borne, and the worst case that follows; a line that begins with `head`. */
void hactl_detection_print(const struct hactl_state *state, const char *head, struct hy_buf *out);
json_t *hactl_detection_json(const struct hactl_state *state);

/* The tickets that are known or asked for; nothing when there are none. */
void hactl_tickets_print(const struct hy_cib *cib, struct hy_buf *out);
json_t *hactl_tickets_json(const struct hy_cib *cib);

#endif
