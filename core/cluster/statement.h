/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A light look at a command's statements, without parsing objects: which nodes it admits or condemns, which operations
 * it answers. What it sees are lines this project's writers made (cib/command.h); anything else is passed over.
 */
#ifndef HY_CLUSTER_STATEMENT_H
#define HY_CLUSTER_STATEMENT_H

#include "base/time.h"
#include "cib/cib.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hy_statement_kind { HY_STATEMENT_OTHER, HY_STATEMENT_MEMBER, HY_STATEMENT_RESULT, HY_STATEMENT_FORGET };

struct hy_statement {
    enum hy_statement_kind kind;
    char node[256];
    char rsc[256]; /* RESULT, FORGET */
    char op[64];
    hy_time interval;
    bool pending;         /* RESULT: exec=pending */
    bool cancelled;       /* RESULT: exec=cancelled */
    uint64_t order;       /* RESULT: the order it answers; 0: none */
    uint32_t id;          /* MEMBER */
    bool in;              /* MEMBER */
    uint32_t epoch;       /* MEMBER */
    uint64_t incarnation; /* MEMBER */
};

/* Walks: start with *at = 0; false at the end. */
bool hy_statement_next(const char *text, size_t size, size_t *at, struct hy_statement *statement);

#endif
