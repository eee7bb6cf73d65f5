/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An operation as it travels: from the DC to the node that shall run it, and from there to the node's executor; and its
 * outcome, back. Encoded with a version in front; decoding checks everything: a decoded name of a resource or operation
 * is made of letters, digits and _-.: and does not begin with a dot; texts hold no NUL; times are not negative.
 */
#ifndef HY_CLUSTER_OPERATION_H
#define HY_CLUSTER_OPERATION_H

#include "base/buf.h"
#include "base/err.h"
#include "cib/cib.h"

struct hy_operation {
    uint32_t epoch; /* of the node, for which it was ordered: what starts it in a later life of the node is too late */
    uint64_t id;    /* given by the DC: unique for ever (term in the upper 32 bits, counter below); may be sent twice */
    char *rsc;      /* instance name */
    char *agent;    /* "ocf:heartbeat:IPaddr2"; "" with a stop: the one it was started with */
    char *op;       /* "start", "monitor", ...; "cancel": ends the recurring operation op_to_cancel/interval */
    char *cancels;  /* with "cancel": the operation's name; else NULL */
    hy_time interval; /* 0: once; else again and again until cancelled or replaced */
    hy_time timeout;  /* 0: 20 s */
    hy_time start_delay;
    bool lease;   /* what it starts may run only under the lease: the executor stops it when the lease ends */
    char *digest; /* NULL: none */
    struct hy_attrs params;
    struct hy_attrs meta;
};

/* What came of it. A recurring operation reports its first answer and then each change. */
struct hy_outcome {
    uint64_t id;
    char *rsc;
    char *op;
    char *cancels; /* with "cancel": the operation's name; else NULL */
    hy_time interval;
    enum hy_exec exec;
    int rc;
    hy_time took;
    hy_time queued;
    char *reason;       /* NULL: none */
    char *output;       /* last lines of what it printed, when it failed; NULL: none */
    char *agent;        /* the operation's; NULL or "": not known */
    char *digest;       /* NULL: none */
    char *migrate_from; /* migrate_to, migrate_from: the node it leaves, and the one it goes to; else NULL */
    char *migrate_to;
    bool notify; /* the operation is of a clone with notify=true */
};

void hy_operation_encode(const struct hy_operation *operation, struct hy_buf *out);
int hy_operation_decode(const void *data, size_t size, struct hy_operation *operation,
                        struct hy_err *err); /* -EBADMSG */
struct hy_operation hy_operation_copy(const struct hy_operation *operation);
void hy_operation_free(struct hy_operation *operation); /* what it owns, not the struct */

void hy_outcome_encode(const struct hy_outcome *outcome, struct hy_buf *out);
int hy_outcome_decode(const void *data, size_t size, struct hy_outcome *outcome, struct hy_err *err);
void hy_outcome_free(struct hy_outcome *outcome);

#endif
