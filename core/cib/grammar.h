/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one grammar: `crm configure` syntax (crmsh's manual, section "configure"), for what operators type, what
 * `configure show` prints, and what files, log entries and snapshots hold. One lexer, one parser, one printer;
 * print(parse(x)) = x for what the printer wrote, and parse(print(c)) = c for every CIB that the grammar can say (a CIB
 * made otherwise may hold ids, names or empty rules that it cannot). docs/configuration.md tells it statement by
 * statement.
 *
 * A statement ends at a newline that no backslash precedes (blanks behind the backslash are forgiven). `#` starts a
 * comment at the beginning of a line, within a continued statement too (where `#uname` and the other built-in
 * attributes are words). Words with blanks or quotes stand in "double" or 'single' quotes, in whole or in part, as in a
 * shell; \" and \\ inside double quotes. Text is UTF-8 without control characters but tab and line ends. Limits:
 * cib/cib.h.
 *
 * Not kept as typed, but in one form: Master and Slave (Promoted, Unpromoted), INFINITY (inf), ocf:heartbeat:X (X), a
 * rule without score (inf), an order without kind (Mandatory), the order of a resource's sections (params, operations,
 * op, meta, utilization), an operation's own parameters (behind op_params), what is written of a section's plain
 * attributes in several parts (in one), brackets around sets of resources where none are needed (none).
 *
 * Beyond crmsh, which can only write XML for it: rules within rules in parentheses, `rsc_type`, `op_type`, `eq:param`,
 * `eq:meta`; score=, kind=, $id= and $id-ref= within the brackets of a set.
 *
 * Not known, and refused by name: bundles, ACLs, alerts, `xml`, references to single attributes, remote nodes.
 *
 * Errors: -EINVAL with "line 3, column 14: 'monitr': expected ...": line and column count from 1, the word in quotes,
 * then what was expected. A statement that is too short: "line 3: the statement ends after 'op': expected ...".
 */
#ifndef HY_CIB_GRAMMAR_H
#define HY_CIB_GRAMMAR_H

#include "base/buf.h"
#include "base/err.h"
#include "cib/cib.h"

/* Reads a whole configuration and adds its objects to `cib` (which is left as it was on error). A statement whose id is
 * taken is an error, but for the sets (property, rsc_defaults, op_defaults), whose values are set one by one. No check
 * of references: that is hy_cib_verify(). -EINVAL, -EEXIST. */
int hy_cib_parse(struct hy_cib *cib, const char *text, size_t size, struct hy_err *err);

/* One statement to a fresh object that belongs to no CIB yet; caller frees with hy_object_free(). -EINVAL. */
int hy_object_parse(const char *text, size_t size, struct hy_object **object, struct hy_err *err);
void hy_object_free(struct hy_object **object);
struct hy_object *hy_object_copy(const struct hy_object *object);

/* Prints one object: continued lines end in " \" and begin with a tab, as crmsh prints them. Ends with a newline. */
void hy_object_print(const struct hy_object *object, struct hy_buf *out);

/* Prints the configuration as `crm configure show` does: nodes, primitives, groups, ms, clones, constraints (all kinds
 * among each other), property, rsc_defaults, op_defaults; each in order of id (a node's number, when it has one), byte
 * by byte. */
void hy_cib_print(const struct hy_cib *cib, struct hy_buf *out);

/* One word as the lexer would read it back: quoted only when it must be. Control characters become blanks, what is no
 * UTF-8 a question mark. (Values of name=value are quoted unless they are letters, digits, '_', '.', '-': crmsh's
 * rule.) */
void hy_word_print(const char *word, struct hy_buf *out);

/* All of it, status, sessions and versions included, as text (the form is described in save.c; its first line is
 * "halyard-cib 1"); and back into an empty CIB, which stays empty on error. restore(save(c)) = c. -EINVAL. */
void hy_cib_save(const struct hy_cib *cib, struct hy_buf *out);
/* The parts of that, in this order, for one who keeps what was saved before and asks again for what has changed: the head;
 * each object; of each node what it is, its results, its failures, and what else is kept of it; the tail. */
void hy_cib_save_head(const struct hy_cib *cib, struct hy_buf *out);
void hy_cib_save_object(const struct hy_object *object, struct hy_buf *out);
void hy_cib_save_node(const struct hy_node_status *status, struct hy_buf *out);
void hy_cib_save_result(const struct hy_node_status *status, const struct hy_result *result, struct hy_buf *out);
void hy_cib_save_failure(const struct hy_node_status *status, const struct hy_result *failure, struct hy_buf *out);
void hy_cib_save_counts(const struct hy_node_status *status, struct hy_buf *out);
void hy_cib_save_tail(const struct hy_cib *cib, struct hy_buf *out);
/* The same for those who only look: without the answers kept for client sessions. */
void hy_cib_save_to_show(const struct hy_cib *cib, struct hy_buf *out);
int hy_cib_restore(struct hy_cib *cib, const char *text, size_t size, struct hy_err *err);

/* What is wrong with a configuration as a whole, one line each ("error: ...", "warning: ...") into `errors` and
 * `warnings` (either may be NULL, both may be the same): references to nothing, a resource in two groups, an unknown
 * property, a value that is none of its kind, an impossible score. Returns the number of errors. */
size_t hy_cib_verify(const struct hy_cib *cib, struct hy_buf *errors, struct hy_buf *warnings);

#endif
