/* SPDX-License-Identifier: Apache-2.0 */
#include "xmlrpc.h"

#include <errno.h>
#include <expat.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the call */

static void add_escaped(struct sv_text *call, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '&':
            sv_text_adds(call, "&amp;");
            break;
        case '<':
            sv_text_adds(call, "&lt;");
            break;
        case '>':
            sv_text_adds(call, "&gt;");
            break;
        default:
            sv_text_add(call, text, 1);
        }
    }
}

void sv_call_begin(struct sv_text *call, const char *method)
{
    sv_text_adds(call, "<?xml version=\"1.0\"?>\n<methodCall><methodName>");
    add_escaped(call, method);
    sv_text_adds(call, "</methodName><params>");
}

void sv_call_string(struct sv_text *call, const char *text)
{
    sv_text_adds(call, "<param><value><string>");
    add_escaped(call, text);
    sv_text_adds(call, "</string></value></param>");
}

void sv_call_int(struct sv_text *call, int number)
{
    sv_text_addf(call, "<param><value><int>%d</int></value></param>", number);
}

void sv_call_bool(struct sv_text *call, bool yes)
{
    sv_text_addf(call, "<param><value><boolean>%d</boolean></value></param>", yes);
}

void sv_call_end(struct sv_text *call)
{
    sv_text_adds(call, "</params></methodCall>\n");
}

/* ---- the answer's elements */

enum tag {
    TAG_NONE,
    TAG_RESPONSE,
    TAG_PARAMS,
    TAG_PARAM,
    TAG_FAULT,
    TAG_VALUE,
    TAG_STRUCT,
    TAG_MEMBER,
    TAG_NAME,
    TAG_ARRAY,
    TAG_DATA,
    TAG_SCALAR
};

struct element {
    const char *name;
    enum tag tag;
    unsigned parents; /* a bit for each that it may stand in */
    enum sv_kind kind;
};

#define IN(tag) (1u << (tag))
static const struct element elements[] = {
    {"methodResponse", TAG_RESPONSE, IN(TAG_NONE), SV_OTHER},
    {"params", TAG_PARAMS, IN(TAG_RESPONSE), SV_OTHER},
    {"param", TAG_PARAM, IN(TAG_PARAMS), SV_OTHER},
    {"fault", TAG_FAULT, IN(TAG_RESPONSE), SV_OTHER},
    {"value", TAG_VALUE, IN(TAG_PARAM) | IN(TAG_FAULT) | IN(TAG_MEMBER) | IN(TAG_DATA), SV_OTHER},
    {"struct", TAG_STRUCT, IN(TAG_VALUE), SV_STRUCT},
    {"member", TAG_MEMBER, IN(TAG_STRUCT), SV_OTHER},
    {"name", TAG_NAME, IN(TAG_MEMBER), SV_OTHER},
    {"array", TAG_ARRAY, IN(TAG_VALUE), SV_ARRAY},
    {"data", TAG_DATA, IN(TAG_ARRAY), SV_OTHER},
    {"string", TAG_SCALAR, IN(TAG_VALUE), SV_STRING},
    {"int", TAG_SCALAR, IN(TAG_VALUE), SV_INT},
    {"i4", TAG_SCALAR, IN(TAG_VALUE), SV_INT},
    {"i8", TAG_SCALAR, IN(TAG_VALUE), SV_INT},
    {"boolean", TAG_SCALAR, IN(TAG_VALUE), SV_BOOL},
    {"double", TAG_SCALAR, IN(TAG_VALUE), SV_DOUBLE},
    {"base64", TAG_SCALAR, IN(TAG_VALUE), SV_OTHER},
    {"dateTime.iso8601", TAG_SCALAR, IN(TAG_VALUE), SV_OTHER},
    {"nil", TAG_SCALAR, IN(TAG_VALUE), SV_OTHER},
};

/* A struct in a struct is four elements: value, struct, member, value. */
enum { TAGS_MOST = 4 * SV_DEPTH_MOST + 8 };

struct reader {
    XML_Parser xml;
    struct sv_answer *answer;
    enum tag tags[TAGS_MOST];
    int depth;
    struct sv_value *values[SV_DEPTH_MOST]; /* those that are open, the innermost last */
    int open;
    bool typed; /* the innermost has an element that says what it is */
    char *name; /* of the member whose value comes next */
    int count;
    struct sv_text text;
    char why[128];
};

__attribute__((format(printf, 2, 3))) static void refuse(struct reader *reader, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (!reader->why[0])
        vsnprintf(reader->why, sizeof reader->why, format, args);
    va_end(args);
    XML_StopParser(reader->xml, XML_FALSE);
}

/* expat may call for what it has read already after it was told to stop. */
static bool is_refused(const struct reader *reader)
{
    return reader->why[0] != '\0';
}

static char *take_text(struct reader *reader)
{
    char *copy = strdup(reader->text.data ? reader->text.data : "");
    if (!copy)
        abort();
    return copy;
}

static const struct element *find_element(const char *name)
{
    for (size_t i = 0; i < sizeof elements / sizeof *elements; i++)
        if (strcmp(elements[i].name, name) == 0)
            return &elements[i];
    return NULL;
}

static bool read_number(struct sv_value *value)
{
    char *end;
    errno = 0;
    value->number = strtoll(value->text, &end, 10);
    if (errno || end == value->text || *end)
        return false;
    return value->kind != SV_BOOL || value->number == 0 || value->number == 1;
}

/* ---- elements begin and end */

static void attach(struct reader *reader, struct sv_value *value)
{
    if (!reader->open) {
        reader->answer->value = value;
        return;
    }
    struct sv_value *parent = reader->values[reader->open - 1];
    if (parent->latest)
        parent->latest->next = value;
    else
        parent->first = value;
    parent->latest = value;
}

static void begin_value(struct reader *reader, enum tag parent)
{
    if (reader->open == SV_DEPTH_MOST || reader->count == SV_VALUES_MOST) {
        refuse(reader, "%s", reader->open == SV_DEPTH_MOST ? "values in values without end" : "too many values");
        return;
    }
    if ((parent == TAG_MEMBER && !reader->name) || (!reader->open && reader->answer->value)) {
        refuse(reader, "%s", reader->open ? "a member has no name" : "more than one value");
        return;
    }
    struct sv_value *value = calloc(1, sizeof *value);
    if (!value)
        abort();
    value->name = reader->name;
    reader->name = NULL;
    reader->count++;
    attach(reader, value);
    reader->values[reader->open++] = value;
    reader->typed = false;
}

static void XMLCALL on_begin(void *context, const XML_Char *name, const XML_Char **attributes)
{
    struct reader *reader = context;
    (void)attributes;
    if (is_refused(reader))
        return;
    const struct element *element = find_element(name);
    enum tag parent = reader->depth ? reader->tags[reader->depth - 1] : TAG_NONE;
    if (!element || !(element->parents & IN(parent)) || reader->depth == TAGS_MOST) {
        refuse(reader, "<%.40s> where it has no place", name);
        return;
    }
    reader->tags[reader->depth++] = element->tag;
    sv_text_clear(&reader->text);
    if (element->tag == TAG_VALUE) {
        begin_value(reader, parent);
    } else if (element->tag == TAG_FAULT) {
        reader->answer->fault = true;
    } else if (parent == TAG_VALUE) {
        if (reader->typed)
            refuse(reader, "%s", "a value of two kinds");
        reader->typed = true;
        reader->values[reader->open - 1]->kind = element->kind;
    }
}

static void end_value(struct reader *reader)
{
    struct sv_value *value = reader->values[--reader->open];
    if (!reader->typed)
        value->text = take_text(reader);
    reader->typed = true; /* so is the one around it, or it is none of a kind that has text */
}

static void end_scalar(struct reader *reader)
{
    struct sv_value *value = reader->values[reader->open - 1];
    value->text = take_text(reader);
    if ((value->kind == SV_INT || value->kind == SV_BOOL) && !read_number(value))
        refuse(reader, "'%.40s' is no number", value->text);
}

static void end_name(struct reader *reader)
{
    if (reader->name)
        refuse(reader, "%s", "a member has two names");
    else
        reader->name = take_text(reader);
}

static void XMLCALL on_end(void *context, const XML_Char *name)
{
    struct reader *reader = context;
    (void)name;
    if (is_refused(reader))
        return;
    switch (reader->tags[--reader->depth]) {
    case TAG_VALUE:
        end_value(reader);
        break;
    case TAG_SCALAR:
        end_scalar(reader);
        break;
    case TAG_NAME:
        end_name(reader);
        break;
    default:
        break;
    }
    sv_text_clear(&reader->text);
}

static void XMLCALL on_text(void *context, const XML_Char *text, int size)
{
    struct reader *reader = context;
    if (is_refused(reader))
        return;
    enum tag tag = reader->depth ? reader->tags[reader->depth - 1] : TAG_NONE;
    if (tag == TAG_SCALAR || tag == TAG_NAME || (tag == TAG_VALUE && !reader->typed))
        sv_text_add(&reader->text, text, (size_t)size);
}

static void XMLCALL on_doctype(void *context, const XML_Char *name, const XML_Char *system, const XML_Char *public,
                               int internal)
{
    (void)system, (void)public, (void)internal;
    refuse(context, "a document type: %.40s", name);
}

/* ---- all of it */

static void tame(char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)bytes[i] < ' ' && bytes[i] != '\n' && bytes[i] != '\r' && bytes[i] != '\t')
            bytes[i] = '?';
}

static bool parse(struct reader *reader, const char *bytes, size_t size)
{
    XML_SetUserData(reader->xml, reader);
    XML_SetElementHandler(reader->xml, on_begin, on_end);
    XML_SetCharacterDataHandler(reader->xml, on_text);
    XML_SetStartDoctypeDeclHandler(reader->xml, on_doctype);
    enum XML_Status status = XML_Parse(reader->xml, bytes, (int)size, XML_TRUE);
    if (status == XML_STATUS_OK && reader->answer->value)
        return true;
    if (!reader->why[0])
        snprintf(reader->why, sizeof reader->why, "%s",
                 status == XML_STATUS_OK ? "it has no value" : XML_ErrorString(XML_GetErrorCode(reader->xml)));
    return false;
}

bool sv_answer_read(char *bytes, size_t size, struct sv_answer *answer, char *why, size_t room)
{
    *answer = (struct sv_answer){0};
    if (size > SV_ANSWER_MOST) {
        snprintf(why, room, "it is longer than %d bytes", SV_ANSWER_MOST);
        return false;
    }
    struct reader reader = {.xml = XML_ParserCreate(NULL), .answer = answer};
    if (!reader.xml)
        abort();
    tame(bytes, size);
    bool good = parse(&reader, bytes, size);
    if (!good) {
        snprintf(why, room, "%s", reader.why);
        sv_answer_free(answer);
    }
    XML_ParserFree(reader.xml);
    sv_text_free(&reader.text);
    free(reader.name);
    return good;
}

static void free_value(struct sv_value *value)
{
    while (value) {
        struct sv_value *next = value->next;
        free_value(value->first);
        free(value->name);
        free(value->text);
        free(value);
        value = next;
    }
}

void sv_answer_free(struct sv_answer *answer)
{
    free_value(answer->value);
    *answer = (struct sv_answer){0};
}

const struct sv_value *sv_member(const struct sv_value *value, const char *name)
{
    if (!value || value->kind != SV_STRUCT)
        return NULL;
    for (const struct sv_value *at = value->first; at; at = at->next)
        if (at->name && strcmp(at->name, name) == 0)
            return at;
    return NULL;
}

const char *sv_member_text(const struct sv_value *value, const char *name)
{
    const struct sv_value *member = sv_member(value, name);
    return member && member->text ? member->text : "";
}

int64_t sv_member_number(const struct sv_value *value, const char *name)
{
    const struct sv_value *member = sv_member(value, name);
    return member && (member->kind == SV_INT || member->kind == SV_BOOL) ? member->number : 0;
}
