/* SPDX-License-Identifier: Apache-2.0 */
/* What the table of commands names: each takes its word and what follows, and returns an exit status. */
#ifndef HACTL_COMMANDS_H
#define HACTL_COMMANDS_H

#include "hactl/hactl.h"

typedef int hactl_command_fn(struct hactl *h, int argc, char **argv);

hactl_command_fn hactl_status, hactl_verify, hactl_help, hactl_simulate, hactl_import, hactl_why, hactl_what_if,
    hactl_lsb_check;

hactl_command_fn hactl_configure_put, hactl_configure_set, hactl_configure_show, hactl_configure_delete,
    hactl_configure_load, hactl_configure_save, hactl_configure_edit, hactl_configure_commit, hactl_configure_rename,
    hactl_configure_modgroup;

hactl_command_fn hactl_resource_status, hactl_resource_locate, hactl_resource_start, hactl_resource_stop,
    hactl_resource_restart, hactl_resource_manage, hactl_resource_move, hactl_resource_ban, hactl_resource_unmove,
    hactl_resource_cleanup, hactl_resource_failcount, hactl_resource_scores, hactl_resource_attribute;

hactl_command_fn hactl_node_standby, hactl_node_online, hactl_node_maintenance, hactl_node_ready, hactl_node_show,
    hactl_node_delete, hactl_node_attribute;

hactl_command_fn hactl_site_ticket;

hactl_command_fn hactl_agent_new;

hactl_command_fn hactl_cluster_init, hactl_cluster_status, hactl_cluster_add, hactl_cluster_remove, hactl_cluster_found;

#endif
