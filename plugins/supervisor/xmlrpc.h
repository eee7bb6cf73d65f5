/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XML-RPC (xmlrpc.com/spec.md): a call as text, and an answer as a tree of values. Whatever the answer is, reading it takes
 * bounded memory and time: it has a limit of bytes, of values and of depth, no document type and so no entities of its own.
 */
#ifndef SUPERVISOR_XMLRPC_H
#define SUPERVISOR_XMLRPC_H

#include "text.h"

#include <stdbool.h>
#include <stdint.h>

enum { SV_ANSWER_MOST = 8 << 20, SV_VALUES_MOST = 200000, SV_DEPTH_MOST = 16 };

/* ---- the call */

void sv_call_begin(struct sv_text *call, const char *method);
void sv_call_string(struct sv_text *call, const char *text);
void sv_call_int(struct sv_text *call, int number);
void sv_call_bool(struct sv_text *call, bool yes);
void sv_call_end(struct sv_text *call);

/* ---- the answer */

enum sv_kind { SV_STRING, SV_INT, SV_BOOL, SV_DOUBLE, SV_OTHER, SV_STRUCT, SV_ARRAY };

struct sv_value {
    enum sv_kind kind;
    char *name;              /* of a member */
    char *text;              /* of what is neither struct nor array; never NULL then */
    int64_t number;          /* SV_INT, SV_BOOL */
    struct sv_value *first;  /* of a struct's members, of an array's items */
    struct sv_value *next;   /* beside this one */
    struct sv_value *latest; /* the last of its own */
};

struct sv_answer {
    bool fault; /* `value` is a struct with faultCode and faultString */
    struct sv_value *value;
};

/* False: it is none; `why` has the reason in one line. The bytes are changed: control characters that XML does not allow and
 * supervisord lets through (a program's log) become question marks. */
bool sv_answer_read(char *bytes, size_t size, struct sv_answer *answer, char *why, size_t room);
void sv_answer_free(struct sv_answer *answer);

const struct sv_value *sv_member(const struct sv_value *value, const char *name);
/* "" and 0 where there is no such member, or none of that kind. */
const char *sv_member_text(const struct sv_value *value, const char *name);
int64_t sv_member_number(const struct sv_value *value, const char *name);

#endif
