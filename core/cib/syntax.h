/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What several kinds of statements have in common: scores, roles, rules, sets of attributes, sets of resources; each
 * with its reader and its printer. Internal to core/cib.
 */
#ifndef HY_CIB_SYNTAX_H
#define HY_CIB_SYNTAX_H

#include "base/buf.h"
#include "cib/cursor.h"

/* "inf:", "-100:". False: the next word is no score (*score is untouched). */
bool hy_accept_score(struct hy_cursor *cursor, int *score);
#define HY_EXPECTED_SCORE "a score with a colon, such as inf:, -inf: or 100:"

/* "inf:", "-inf:", "100:" */
void hy_score_print(int score, struct hy_buf *out);

/* `text` is the role in `word`, which the error is about. */
int hy_read_role(struct hy_cursor *cursor, const struct hy_word *word, const char *text, enum hy_role *role);

/* `$id=ID` when it is next: a fresh string into *id, which must have been NULL. */
int hy_read_inner_id(struct hy_cursor *cursor, const char *name, char **id);

/* ------------------------------------------------------------- rules */

/* The keyword `rule` has been read. */
int hy_read_rule(struct hy_cursor *cursor, struct hy_rule *rule);

/* With the keyword, without a blank in front. `scored`: its score counts, and is always written. */
void hy_rule_print(const struct hy_rule *rule, bool scored, struct hy_buf *out);

/* ------------------------------------------------------------- sets of attributes */

/* What follows the keyword of a section (params, meta, ...): a set that goes into `sets`, or further attributes for the
 * plain set that is there. */
int hy_read_attr_section(struct hy_cursor *cursor, struct hy_attr_sets *sets);

/* One set: [$id=ID] [SCORE:] [rule ...] name=value ... */
int hy_read_attr_set(struct hy_cursor *cursor, struct hy_attr_set *set);

/* One continued line for each set: the keyword and the set. */
void hy_attr_sections_print(const char *keyword, const struct hy_attr_sets *sets, struct hy_buf *out);

/* The parts of a set, each with a blank in front: what is before the attributes; the attributes. */
void hy_attr_set_head_print(const struct hy_attr_set *set, struct hy_buf *out);

/* Have they the same score and rule? */
bool hy_attr_set_same_head(const struct hy_attr_set *a, const struct hy_attr_set *b);

/* Would this name, behind the set's rule, be read as a part of it? Then it stands in quotes. */
bool hy_rule_takes_name(const struct hy_rule *rule, const char *name);

/* ------------------------------------------------------------- sets of resources */

/* What may stand behind a member, with a colon. */
enum hy_suffix { HY_SUFFIX_NONE, HY_SUFFIX_ROLE, HY_SUFFIX_ACTION };

/* Reads up to name=value, `}`, or the end. A list without brackets that would be a pair, too, stays a set when `_rsc_set_`
 * stands in front of it: *forced. */
int hy_read_rsc_sets(struct hy_cursor *cursor, enum hy_suffix suffix, struct hy_rsc_sets *sets, bool *forced);

/* When the sets are no more than `count` resources without brackets: takes them out, as `refs`, and leaves no set. */
bool hy_rsc_sets_to_refs(struct hy_rsc_sets *sets, struct hy_ref *const *refs, size_t count);

/* Each with a blank in front. `pair`: as many members without brackets would be read as single ones. */
void hy_rsc_sets_print(const struct hy_rsc_sets *sets, enum hy_suffix suffix, size_t pair, struct hy_buf *out);

#endif
