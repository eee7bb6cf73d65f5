/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammar's table: one row a keyword, with what reads the statement behind it and what prints it. A new kind of
 * object is one row, one parser, one printer. Internal to core/cib.
 */
#ifndef HY_CIB_KINDS_H
#define HY_CIB_KINDS_H

#include "base/buf.h"
#include "cib/cib.h"
#include "cib/cursor.h"

/* Reads what follows the keyword into a fresh object of the kind. All words must be read. On error what has been
 * read stays in the object, whose owner frees it. */
typedef int hy_parse_fn(struct hy_cursor *cursor, struct hy_object *object);

/* Prints what follows the keyword, without the newline. */
typedef void hy_print_fn(const struct hy_object *object, struct hy_buf *out);

struct hy_kind_row {
    const char *keyword;
    enum hy_kind kind;
    hy_parse_fn *parse;
};

/* The row for a keyword; NULL: there is none. */
const struct hy_kind_row *hy_kind_row(const char *keyword);

/* One statement to a fresh object. */
int hy_statement_parse(struct hy_cursor *cursor, struct hy_object **object);

hy_parse_fn hy_parse_node, hy_parse_template, hy_parse_primitive, hy_parse_group, hy_parse_clone, hy_parse_ms,
    hy_parse_tag, hy_parse_location, hy_parse_colocation, hy_parse_order, hy_parse_rsc_ticket, hy_parse_topology,
    hy_parse_set;

hy_print_fn hy_print_node, hy_print_primitive, hy_print_group, hy_print_clone, hy_print_tag, hy_print_location,
    hy_print_colocation, hy_print_order, hy_print_rsc_ticket, hy_print_topology, hy_print_set;

/* For printers: begins a continued line. */
void hy_print_continue(struct hy_buf *out);

#endif
