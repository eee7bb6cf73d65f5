/* SPDX-License-Identifier: Apache-2.0 */
/* What a word may be: shared by the parser, the printer and the commands. Internal to core/cib. */
#ifndef HY_CIB_WORDS_H
#define HY_CIB_WORDS_H

#include "base/buf.h"
#include "cib/cib.h"

#include <stdbool.h>

bool hy_char_is_letter(char c);

/* Letters, digits, '_', '.', '-' and nothing else, and not empty: what crmsh prints without quotes. */
bool hy_word_is_plain(const char *text);

/* An id is an XML name without colon (as in the reference's CIB): begins with a letter or '_'. */
bool hy_id_is_valid(const char *id);

/* Host names may begin with a digit. */
bool hy_node_name_is_valid(const char *name);

/* A resource's id, or that of an instance: "db", "db:1". */
bool hy_instance_name_is_valid(const char *name);

/* Printable ASCII without blanks, quotes, backslashes and '=', since names are printed without quotes. (`$id` and the
 * like are none of a name=value: they mean the set.) */
bool hy_attr_name_is_valid(const char *name);

/* A known class, a provider with ocf and with no other (NULL), and a type, which may be a path (stonith:external/ssh),
 * but not one that leads upwards. */
bool hy_agent_class_has_providers(const char *cls); /* ocf, ocf-script */
bool hy_agent_is_valid(const char *cls, const char *provider, const char *type);

enum { HY_PATTERN_MAX = 256, HY_PATTERN_REPEATS_MAX = 1000 };

/* Short enough to be compiled on every node: a{1000}{1000}{1000} would take all memory there is. Whether it is a regular
 * expression is not asked. */
bool hy_pattern_is_modest(const char *pattern);

/* Printable, without blanks and quotes, and no colon at the end: it stands in front of one. */
bool hy_ticket_name_is_valid(const char *name);

/* An id where a keyword may stand as well: one that is a keyword stands in quotes. */
void hy_id_print(const char *id, struct hy_buf *out);

const char *hy_loss_word(enum hy_loss_policy loss); /* NULL for DEFAULT */

bool hy_kind_is_set(enum hy_kind kind);

/* "30s", "381ms", "0": the largest unit that says it exactly. */
void hy_duration_print(hy_time duration, struct hy_buf *out);

/* "1484018696.123456" */
void hy_wall_print(hy_wall wall, struct hy_buf *out);
bool hy_wall_parse(const char *text, hy_wall *out);

/* Decimal digits only. */
bool hy_uint_parse(const char *text, uint64_t most, uint64_t *out);

/* " name=value", the value quoted as crmsh quotes: unless it is plain. */
void hy_attr_print(const char *name, const char *value, struct hy_buf *out);
void hy_attrs_print(const struct hy_attrs *attrs, struct hy_buf *out);

/* The value alone. */
void hy_value_print(const char *value, struct hy_buf *out);

#endif
