/* SPDX-License-Identifier: Apache-2.0 */
#include "hactl/import_xml.h"

#include "cib/cib.h"

#include <errno.h>
#include <libxml/tree.h>
#include <libxml/xmlreader.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Far above what a CIB has, far below what hurts. */
enum {
    DEEPEST = 60,
    MOST_ATTRIBUTES = 200,
    MOST_ELEMENTS = 200000,                      /* taken at once */
    LONGEST_VALUE = HY_VALUE_MAX - HY_ID_MAX - 1 /* so that name=value is a word that can be read */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool starts_with(const char *at, const char *end, const char *word)
{
    size_t length = strlen(word);
    return (size_t)(end - at) >= length && memcmp(at, word, length) == 0;
}

/* Behind the comment or CDATA that begins at `at`; NULL: neither does. */
static const char *pass_over(const char *at, const char *end)
{
    static const char *const quotes[][2] = {{"<!--", "-->"}, {"<![CDATA[", "]]>"}};
    for (size_t i = 0; i < sizeof quotes / sizeof *quotes; i++) {
        if (!starts_with(at, end, quotes[i][0]))
            continue;
        for (at += strlen(quotes[i][0]); at < end; at++)
            if (starts_with(at, end, quotes[i][1]))
                return at + strlen(quotes[i][1]);
        return end;
    }
    return NULL;
}

static bool begins_value(const char *at, const char *end)
{
    for (at++; at < end && is_blank(*at); at++)
        ;
    return at < end && (*at == '"' || *at == '\'');
}

/* Before the parser sees it: it expands entities in attributes whatever one asks for, and compares each attribute of an
 * element with all others. */
static int check_markup(struct hactl_xml_reader *reader, const char *text, size_t size)
{
    size_t attributes = 0;
    int line = 1;
    for (const char *at = text, *end = text + size; at < end; at++) {
        const char *behind = *at == '<' ? pass_over(at, end) : NULL;
        for (; behind && at + 1 < behind; at++)
            line += *at == '\n';
        line += *at == '\n';
        if (behind)
            continue;
        if (starts_with(at, end, "<!"))
            return hactl_xml_fail(reader, line, "a document type or an entity: no CIB has them, and they are not read");
        attributes = *at == '<' ? 0 : attributes + (*at == '=' && begins_value(at, end));
        if (attributes > MOST_ATTRIBUTES)
            return hactl_xml_fail(reader, line, "an element with more than %d attributes", MOST_ATTRIBUTES);
    }
    return 0;
}

/* What people have at hand beside a CIB. */
static const char *other_kind(const char *text, size_t size)
{
    if (size >= 3 && memcmp(text, "BZh", 3) == 0)
        return "this is compressed: unpack it with bunzip2 first";
    if (size >= 2 && memcmp(text, "\x1f\x8b", 2) == 0)
        return "this is compressed: unpack it with gunzip first";
    size_t at = 0;
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        at = 3;
    while (at < size && is_blank(text[at]))
        at++;
    if (at == size)
        return "the file is empty: expected a CIB in XML, as `cibadmin --query` prints it";
    return text[at] == '<' ? NULL : "this is no XML: expected a CIB, as `cibadmin --query` prints it";
}

/* libxml2's reason, which may have several lines, as part of ours. */
static void take_reason(void *context, const xmlError *error)
{
    struct hactl_xml_reader *reader = context;
    if (error->level < XML_ERR_ERROR || !error->message)
        return;
    int length = (int)strcspn(error->message, "\n");
    (void)hactl_xml_fail(reader, error->line, "broken XML: %.*s", length, error->message);
}

#if LIBXML_VERSION < 21200
static void take_reason_before(void *context, xmlErrorPtr error)
{
    take_reason(context, error);
}
#define TAKE_REASON take_reason_before
#else
#define TAKE_REASON take_reason
#endif

int hactl_xml_fail(struct hactl_xml_reader *reader, int line, const char *format, ...)
{
    if (reader->err.text[0])
        return -EINVAL;
    char text[sizeof reader->err.text];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return hy_fail(&reader->err, EINVAL, "line %d: %s", line, text);
}

int hactl_xml_open(struct hactl_xml_reader *reader, const char *text, size_t size)
{
    *reader = (struct hactl_xml_reader){.depth = -1};
    if (size > HACTL_XML_MAX)
        return hy_fail(&reader->err, EINVAL, "more than %d MiB: that is no CIB", HACTL_XML_MAX >> 20);
    const char *other = other_kind(text, size);
    if (other)
        return hy_fail(&reader->err, EINVAL, "%s", other);
    int rc = check_markup(reader, text, size);
    if (rc)
        return rc;
    reader->reader =
        xmlReaderForMemory(text, (int)size, NULL, "UTF-8", XML_PARSE_NONET | XML_PARSE_COMPACT | XML_PARSE_BIG_LINES);
    if (!reader->reader)
        return hy_fail(&reader->err, ENOMEM, "the XML reader cannot be set up");
    xmlTextReaderSetStructuredErrorHandler(reader->reader, TAKE_REASON, reader);
    return 0;
}

void hactl_xml_close(struct hactl_xml_reader *reader)
{
    if (reader->reader)
        xmlFreeTextReader(reader->reader);
    reader->reader = NULL;
    hy_arena_free(&reader->here);
}

static const char *copy(struct hy_arena *arena, const xmlChar *text)
{
    return hy_arena_strdup(arena, text ? (const char *)text : "");
}

static size_t count_attributes(xmlTextReaderPtr at)
{
    int count = xmlTextReaderAttributeCount(at);
    return count > 0 ? (size_t)count : 0;
}

/* The element the reader is at, without what is in it. */
static void read_element(struct hactl_xml_reader *reader, struct hy_arena *arena, struct hactl_xml *element)
{
    xmlTextReaderPtr at = reader->reader;
    size_t most = count_attributes(at), count = 0;
    struct hactl_xml_attr *attrs = hy_arena_array(arena, most + 1, sizeof *attrs);
    *element =
        (struct hactl_xml){.name = copy(arena, xmlTextReaderConstLocalName(at)), .attrs = attrs, .line = reader->line};
    for (int more = xmlTextReaderMoveToFirstAttribute(at); more == 1 && count < most;
         more = xmlTextReaderMoveToNextAttribute(at)) {
        if (xmlTextReaderIsNamespaceDecl(at) == 1)
            continue;
        attrs[count].name = copy(arena, xmlTextReaderConstLocalName(at));
        attrs[count++].value = copy(arena, xmlTextReaderConstValue(at));
    }
    (void)xmlTextReaderMoveToElement(at);
    element->attr_count = count;
}

static enum hactl_xml_event bad(struct hactl_xml_reader *reader, const char *why)
{
    (void)hactl_xml_fail(reader, reader->line, "%s", why);
    return HACTL_XML_BAD;
}

static const struct hactl_xml_attr *find_overlong(const struct hactl_xml *element)
{
    for (size_t i = 0; i < element->attr_count; i++)
        if (strlen(element->attrs[i].value) > LONGEST_VALUE)
            return &element->attrs[i];
    return NULL;
}

static enum hactl_xml_event take_start(struct hactl_xml_reader *reader)
{
    if (++reader->depth > DEEPEST)
        return bad(reader, "elements are nested deeper than a CIB's are");
    reader->end_is_due = xmlTextReaderIsEmptyElement(reader->reader) == 1;
    hy_arena_free(&reader->here);
    read_element(reader, &reader->here, &reader->at);
    const struct hactl_xml_attr *overlong = find_overlong(&reader->at);
    if (overlong) {
        (void)hactl_xml_fail(reader, reader->line, "%.100s: its %.100s has %zu bytes: expected at most %d",
                             reader->at.name, overlong->name, strlen(overlong->value), LONGEST_VALUE);
        return HACTL_XML_BAD;
    }
    return HACTL_XML_START;
}

static enum hactl_xml_event over(struct hactl_xml_reader *reader, int rc)
{
    if (rc == 0 && !reader->err.text[0] && reader->depth == -1)
        return HACTL_XML_DONE;
    return bad(reader, "broken XML");
}

static int line_of(xmlTextReaderPtr at)
{
    xmlNodePtr node = xmlTextReaderCurrentNode(at);
    long line = node ? xmlGetLineNo(node) : 0;
    return line > 0 && line < INT_MAX ? (int)line : 0;
}

enum hactl_xml_event hactl_xml_step(struct hactl_xml_reader *reader)
{
    if (reader->end_is_due) {
        reader->end_is_due = false;
        reader->depth--;
        return HACTL_XML_END;
    }
    for (;;) {
        int rc = xmlTextReaderRead(reader->reader);
        if (rc != 1 || reader->err.text[0])
            return over(reader, rc);
        reader->line = line_of(reader->reader);
        switch (xmlTextReaderNodeType(reader->reader)) {
        case XML_READER_TYPE_ELEMENT:
            return take_start(reader);
        case XML_READER_TYPE_END_ELEMENT:
            reader->depth--;
            return HACTL_XML_END;
        case XML_READER_TYPE_DOCUMENT_TYPE:
        case XML_READER_TYPE_ENTITY:
        case XML_READER_TYPE_ENTITY_REFERENCE:
            return bad(reader, "a document type or an entity: no CIB has them, and they are not read");
        default:
            break; /* text, comments */
        }
    }
}

int hactl_xml_skip(struct hactl_xml_reader *reader)
{
    for (int depth = reader->depth; reader->depth >= depth;)
        if (hactl_xml_step(reader) == HACTL_XML_BAD)
            return -EINVAL;
    return 0;
}

struct hactl_xml *hactl_xml_take(struct hactl_xml_reader *reader, struct hy_arena *arena)
{
    struct hactl_xml *open[DEEPEST + 2], **tail[DEEPEST + 2];
    int depth = 0, count = 1;
    open[0] = hy_arena_alloc(arena, sizeof **open);
    read_element(reader, arena, open[0]);
    tail[0] = &open[0]->child;
    while (depth >= 0) {
        enum hactl_xml_event event = hactl_xml_step(reader);
        if (event == HACTL_XML_BAD || event == HACTL_XML_DONE)
            return NULL;
        if (event == HACTL_XML_END) {
            depth--;
            continue;
        }
        if (++count > MOST_ELEMENTS) {
            (void)bad(reader, "an element with more in it than a CIB's have");
            return NULL;
        }
        struct hactl_xml *fresh = hy_arena_alloc(arena, sizeof *fresh);
        read_element(reader, arena, fresh);
        *tail[depth] = fresh;
        tail[depth] = &fresh->next;
        open[++depth] = fresh;
        tail[depth] = &fresh->child;
    }
    return open[0];
}

struct hactl_xml hactl_xml_copy(const struct hactl_xml *element, struct hy_arena *arena)
{
    struct hactl_xml_attr *attrs = hy_arena_array(arena, element->attr_count + 1, sizeof *attrs);
    for (size_t i = 0; i < element->attr_count; i++) {
        attrs[i].name = hy_arena_strdup(arena, element->attrs[i].name);
        attrs[i].value = hy_arena_strdup(arena, element->attrs[i].value);
    }
    return (struct hactl_xml){.name = hy_arena_strdup(arena, element->name),
                              .attrs = attrs,
                              .attr_count = element->attr_count,
                              .line = element->line};
}

const char *hactl_xml_get(const struct hactl_xml *element, const char *name)
{
    for (size_t i = 0; i < element->attr_count; i++)
        if (strcmp(element->attrs[i].name, name) == 0)
            return element->attrs[i].value;
    return NULL;
}

bool hactl_xml_is(const struct hactl_xml *element, const char *name)
{
    return strcmp(element->name, name) == 0;
}

const struct hactl_xml *hactl_xml_child(const struct hactl_xml *element, const char *name)
{
    for (const struct hactl_xml *child = element->child; child; child = child->next)
        if (hactl_xml_is(child, name))
            return child;
    return NULL;
}
