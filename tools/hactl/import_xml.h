/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XML, read as a stream: start by start and end by end, and one small element at a time with all that is in it. Nothing
 * is fetched, no entity is expanded, a document type is refused, and what no CIB has (depth, thousands of attributes on
 * one element) is refused before it can cost anything.
 */
#ifndef HACTL_IMPORT_XML_H
#define HACTL_IMPORT_XML_H

#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* Bytes of a document: the state of 32 nodes with 5,000 resources is 90 MiB of XML. */
enum { HACTL_XML_MAX = 512 << 20 };

struct hactl_xml_attr {
    const char *name;
    const char *value;
};

/* An element with its attributes and the elements in it; text between them is passed over. Lives in the arena it was
 * taken into. */
struct hactl_xml {
    const char *name;
    const struct hactl_xml_attr *attrs;
    size_t attr_count;
    struct hactl_xml *child; /* the first one in it */
    struct hactl_xml *next;  /* beside it */
    int line;
};

enum hactl_xml_event {
    HACTL_XML_START,
    HACTL_XML_END,
    HACTL_XML_DONE, /* the document is over, and was well-formed */
    HACTL_XML_BAD   /* why is in the reader's err */
};

struct hactl_xml_reader {
    struct _xmlTextReader *reader;
    struct hy_err err;    /* "line 12: ..." */
    int line;             /* where it is */
    int depth;            /* of the element it is at: 0, the root */
    bool end_is_due;      /* the element it is at is empty */
    struct hy_arena here; /* the present start's name and attributes */
    struct hactl_xml at;  /* the present start: valid until the next step */
};

/* `text` must live as long as the reader. -EINVAL: err says why. */
int hactl_xml_open(struct hactl_xml_reader *reader, const char *text, size_t size);
void hactl_xml_close(struct hactl_xml_reader *reader);

enum hactl_xml_event hactl_xml_step(struct hactl_xml_reader *reader);
/* After a start: goes on to its end. -EINVAL. */
int hactl_xml_skip(struct hactl_xml_reader *reader);
/* After a start: all of the element, which is over then. NULL: err says why. */
struct hactl_xml *hactl_xml_take(struct hactl_xml_reader *reader, struct hy_arena *arena);

/* The element alone, without what is in it. */
struct hactl_xml hactl_xml_copy(const struct hactl_xml *element, struct hy_arena *arena);

/* Keeps the first reason. Returns -EINVAL. */
int hactl_xml_fail(struct hactl_xml_reader *reader, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The value of an attribute; NULL when absent. */
const char *hactl_xml_get(const struct hactl_xml *element, const char *name);
bool hactl_xml_is(const struct hactl_xml *element, const char *name);
/* The first element in it of that name; NULL: none. */
const struct hactl_xml *hactl_xml_child(const struct hactl_xml *element, const char *name);

#endif
