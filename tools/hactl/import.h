/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Pacemaker CIB in XML, of any version from 1.1 to 3.0, to ours. What has no counterpart is told in the report, one
 * line each: what it is, where, and what was done about it. What cannot be left out without another cluster coming of it (bundles,
 * Pacemaker Remote) is refused.
 *
 * Source: "Pacemaker Explained" and the RELAX NG schemas' vocabulary.
 */
#ifndef HACTL_IMPORT_H
#define HACTL_IMPORT_H

#include "base/buf.h"
#include "base/err.h"
#include "cib/cib.h"
#include "hactl/import_xml.h"

struct hactl_import {
    struct hy_cib *cib;
    bool with_status;     /* asked for: nodes' states and history too, for simulating */
    hy_wall at;           /* lifetimes are judged as of then; 0: as of `execution`, or else of `clock` */
    hy_wall clock;        /* now; 0: not known */
    struct hy_buf report; /* a line each */
    struct hy_buf refused;
    size_t refused_count;

    /* What the CIB says of the moment it was written in. */
    bool quorum;
    bool panic;        /* it has had quorum before */
    const char *dc;    /* the XML id of who wrote it last; NULL: not said */
    hy_wall execution; /* "now" when it was last decided upon; 0: not said */

    /* While reading. */
    struct hactl_xml_reader reader;
    struct hy_arena arena; /* of the present element */
    struct hy_arena kept;  /* what is needed later on */
    struct hy_map names;   /* the XML id of a node -> its name */
    struct hy_map wanted;  /* what is referred to by id -> its hactl_xml when it is an nvpair, else an empty one */
    struct hy_map seen;    /* resources in the present node_state */
    bool old;              /* of a schema before 3.0, whose old names still mean something */
    bool fencing_is_set;
    size_t state_count; /* nodes of which a state was read */
};

/* Reads all of it. 0: import->cib is there; -EINVAL: err says why in one line, or, when it is empty, import->refused.
 * Release with hactl_import_free() in any case. */
int hactl_import_read(struct hactl_import *import, const char *text, size_t size, struct hy_err *err);
void hactl_import_free(struct hactl_import *import);
/* The same of a file ("-": standard input); says what is wrong. An exit status. */
int hactl_import_file(struct hactl_import *import, const char *file);

/* ---------------------------------------------------------------- for its parts */

/* A line of the report. */
void hactl_import_note(struct hactl_import *import, const struct hactl_xml *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same of what cannot be imported at all. */
void hactl_import_refuse(struct hactl_import *import, const struct hactl_xml *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The element as it is called in lines: "primitive vip". The element's own memory. */
const char *hactl_import_name(struct hactl_import *import, const struct hactl_xml *at);
/* Is it an id that we can take? Refuses when not. */
bool hactl_import_id(struct hactl_import *import, const struct hactl_xml *at, const char *id);
/* Puts an object in; refuses when its id is taken. The CIB owns it, or it is freed. */
void hactl_import_add(struct hactl_import *import, const struct hactl_xml *at, struct hy_object *object);

/* Readings: what is none gets a line, and `otherwise` is taken. */
int hactl_import_score(struct hactl_import *import, const struct hactl_xml *at, const char *attribute, int otherwise);
bool hactl_import_bool(struct hactl_import *import, const struct hactl_xml *at, const char *attribute, bool otherwise);
enum hy_role hactl_import_role(struct hactl_import *import, const struct hactl_xml *at, const char *attribute);
/* A number of seconds since 1970; 0 when it is none. */
hy_wall hactl_import_epoch(const char *text);
/* Lines about attributes of the element that are not in `known` (NULL at its end). */
void hactl_import_unknown(struct hactl_import *import, const struct hactl_xml *at, const char *const *known);

/* import_sets.c: attribute sets. What a set is for decides how old names in it read now. */
enum hactl_import_use { HACTL_USE_OTHER, HACTL_USE_META, HACTL_USE_PROPERTY };
void hactl_import_set(struct hactl_import *import, const struct hactl_xml *at, enum hactl_import_use use,
                      struct hy_attr_set *set);
void hactl_import_sets(struct hactl_import *import, const struct hactl_xml *parent, const char *element,
                       enum hactl_import_use use, struct hy_attr_sets *sets);
/* May an attribute be called that? Names are printed without quotes. */
bool hactl_import_is_attribute(const char *name);
/* The value of the last plain set that names it. */
const char *hactl_import_value(const struct hy_attr_sets *sets, const char *name);

/* import_rules.c */
struct hy_rule hactl_import_rule(struct hactl_import *import, const struct hactl_xml *at);

/* import_resources.c, import_constraints.c: an element right below resources, constraints. */
void hactl_import_resource(struct hactl_import *import, const struct hactl_xml *at);
void hactl_import_constraint(struct hactl_import *import, const struct hactl_xml *at);
/* fencing-topology as a whole. */
void hactl_import_topology(struct hactl_import *import, const struct hactl_xml *at);

/* import_config.c: everything else of the configuration: an element right below `section`. */
void hactl_import_node(struct hactl_import *import, const struct hactl_xml *at);
void hactl_import_options(struct hactl_import *import, const struct hactl_xml *at, enum hy_kind kind);
void hactl_import_tag(struct hactl_import *import, const struct hactl_xml *at);
/* When all of it was read: what is on by default there, and off here. */
void hactl_import_defaults(struct hactl_import *import);

/* import_status.c, import_history.c: the reader is at the start of a node_state, and is at its end afterwards. -EINVAL:
 * broken XML. */
int hactl_import_node_state(struct hactl_import *import);
/* When all of it was read. */
void hactl_import_finish_status(struct hactl_import *import);
void hactl_import_tickets(struct hactl_import *import, const struct hactl_xml *at);
void hactl_import_history(struct hactl_import *import, const struct hactl_xml *resource, struct hy_node_status *status);

#endif
