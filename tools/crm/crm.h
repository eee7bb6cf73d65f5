/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stand-ins for those of Pacemaker's programs that resource agents call: crm_attribute, crm_master, attrd_updater, crm_node,
 * crm_resource, crm_mon. One program, which goes by the name it is called with; in a folder that only scripts have on
 * their path. They take the options that agents use, print what Pacemaker's print, and speak to this node's core. What
 * they do not know is one line on stderr and status 3.
 *
 * They are told where they are by HALYARD_CONFIG and HALYARD_NODE; HALYARD_LEASE=ended says that nobody would hear a
 * change.
 */
#ifndef CRM_CRM_H
#define CRM_CRM_H

#include "cib/cib.h"
#include "daemon/config.h"
#include "hactl/dealer.h"

#include <jansson.h>

/* Exit statuses, as Pacemaker has them. */
enum {
    CRM_OK = 0,
    CRM_FAILED = 1,
    CRM_UNKNOWN = 3, /* an option that is not known here */
    CRM_USAGE = 64,
    CRM_DISCONNECTED = 102,
    CRM_NO_SUCH = 105,
    CRM_TIMED_OUT = 124
};

struct crm {
    struct hy_config *config;
    struct dealer dealer;
    struct hy_cib *cib; /* as this node has it */
    json_t *report;
    const char *node; /* this one */
};

/* Reads the configuration, connects, and asks for the state. An exit status; on failure it has said why. */
int crm_open(struct crm *crm);
void crm_close(struct crm *crm);
bool crm_has_quorum(const struct crm *crm);
/* Asks for the state again. */
int crm_refresh(struct crm *crm);
/* Sends statements (cib/command.h), and waits until they are committed. *code: 0 or the refusal. */
int crm_send(struct crm *crm, const struct hy_buf *statements, int *code, struct hy_err *refusal);

/* "NAME: ..." on stderr; returns `status`. */
int crm_fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* An option that getopt_long() has not known. */
int crm_unknown(char **argv);
int crm_version(void);

/* ---- attributes.c */

enum crm_place { CRM_TRANSIENT, CRM_NODE, CRM_UTILIZATION, CRM_PROPERTY };

struct crm_attribute {
    enum crm_place place;
    const char *node; /* NULL with CRM_PROPERTY */
    const char *name;
    const char *set; /* CRM_PROPERTY: the set's id; NULL: the first that has the name, or the usual one */
};

/* Points into the state; NULL: it is not set. */
const char *crm_get(const struct crm *crm, const struct crm_attribute *attribute);
/* `value` NULL: it goes. What is as wanted is not sent. */
int crm_set(struct crm *crm, const struct crm_attribute *attribute, const char *value);
bool crm_is_node(const struct crm *crm, const char *node);

/* ---- the programs; each frees nothing: the process ends */

int crm_attribute_main(int argc, char **argv);
int crm_master_main(int argc, char **argv);
int crm_attrd_main(int argc, char **argv);
int crm_node_main(int argc, char **argv);
int crm_resource_main(int argc, char **argv);
int crm_mon_main(int argc, char **argv);

#endif
