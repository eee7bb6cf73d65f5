/* SPDX-License-Identifier: Apache-2.0 */
/* The table of all commands: what can be run, what help tells, what is completed, what errors name. */
#include "hactl/commands.h"
#include "hactl/help.h"

#include <string.h>

#define STATEMENT(word, usage, brief)                                                                                  \
    {                                                                                                                  \
        "configure", word, usage, brief, 1, -1, hactl_configure_put                                                    \
    }
#define SET(word, usage, brief)                                                                                        \
    {                                                                                                                  \
        "configure", word, usage, brief, 1, -1, hactl_configure_set                                                    \
    }

const struct hactl_command hactl_commands[] = {
    {"", "status", "[--links]", "how things stand: nodes, resources, failures; or the links to the other nodes", 0, 1,
     hactl_status},
    {"", "verify", "[-L]", "check the configuration; silent when it is sound", 0, 1, hactl_verify},
    {"", "simulate",
     "[--xml FILE | --state FILE] [--node-down NODE] [--standby NODE] [--fail RSC@NODE] [--quorum yes|no] [--at TIME] "
     "[--save FILE]",
     "what would be done, here or with a Pacemaker CIB, and how things would stand then", 0, -1, hactl_simulate},
    {"", "why", "RSC [NODE] [--state FILE | --xml FILE] [OPTION OF simulate]...",
     "why a resource is where it is, and on no other node; or why it does not run", 1, -1, hactl_why},
    {"", "what-if", "node-down NODE | any-node-down | standby NODE | fail RSC[@NODE] [--state FILE | --xml FILE]",
     "what would stop, move, or be left without a place", 1, -1, hactl_what_if},
    {"", "import", "[--commit] FILE|-", "a Pacemaker CIB in XML as our configuration; --commit: into the cluster", 1, 2,
     hactl_import},
    {"", "lsb-check", "NAME", "start and stop an init script of this host, and see whether a cluster can rely on it", 1,
     1, hactl_lsb_check},
    {"", "help", "[LEVEL] [WORD]", "what there is, or what one command takes", 0, 2, hactl_help},

    STATEMENT("primitive", "ID AGENT [params N=V...] [op NAME N=V...]... [meta N=V...] [utilization N=V...]",
              "make a resource"),
    STATEMENT("group", "ID RSC... [params N=V...] [meta N=V...]", "make a group: its members run together, in order"),
    STATEMENT("clone", "ID RSC [params N=V...] [meta N=V...]", "run a resource on all nodes"),
    STATEMENT("ms", "ID RSC [params N=V...] [meta N=V...]", "make a promotable clone"),
    STATEMENT("rsc_template", "ID AGENT [params N=V...] [op NAME N=V...]... [meta N=V...]",
              "what primitives made with @ID have in common"),
    STATEMENT("tag", "ID RSC...", "a name for several objects"),
    STATEMENT("location", "ID RSC [role=ROLE] SCORE: NODE | ID RSC rule [$role=ROLE] SCORE: EXPRESSION",
              "say where a resource runs best, or must not"),
    STATEMENT("colocation", "ID SCORE: RSC[:ROLE] WITH-RSC[:ROLE] [node-attribute=NAME]",
              "keep two together, or apart"),
    STATEMENT("order", "ID KIND|SCORE: FIRST[:ACTION] THEN[:ACTION] [symmetrical=BOOL]", "say what comes first"),
    STATEMENT("rsc_ticket", "ID TICKET: RSC[:ROLE]... [loss-policy=stop|demote|freeze|fence]",
              "let it run only where the ticket is granted"),
    STATEMENT("fencing_topology", "[NODE:|attr:N=V|pattern:REGEX] DEVICE[,DEVICE]...",
              "which fencing devices are tried, and in which order"),
    SET("property", "[ID:] N=V...", "set properties of the cluster"),
    SET("rsc_defaults", "[ID:] N=V...", "set what holds for all resources"),
    SET("op_defaults", "[ID:] N=V...", "set what holds for all operations"),
    SET("node", "NAME [attributes N=V...] [utilization N=V...]", "set attributes of a node"),
    {"configure", "show", "[ID|type:KIND|tag:ID...]", "print the configuration, or some of it", 0, -1,
     hactl_configure_show},
    {"configure", "delete", "ID...", "remove objects, and the constraints that name them", 1, -1,
     hactl_configure_delete},
    {"configure", "rename", "ID NEW-ID", "give an object another id, wherever it is named", 2, 2,
     hactl_configure_rename},
    {"configure", "modgroup", "GROUP add RSC [after|before RSC] | GROUP remove RSC",
     "put a resource into a group, or take it out", 3, 5, hactl_configure_modgroup},
    {"configure", "verify", "", "check the configuration; silent when it is sound", 0, 0, hactl_verify},
    {"configure", "load", "[push|update|replace] FILE|-", "take a configuration from a file, all of it or nothing", 1,
     2, hactl_configure_load},
    {"configure", "save", "FILE|-", "write the configuration to a file", 1, 1, hactl_configure_save},
    {"configure", "edit", "", "change the configuration in $EDITOR", 0, 0, hactl_configure_edit},
    {"configure", "commit", "", "nothing is left to do: each change is committed at once", 0, 1,
     hactl_configure_commit},

    {"resource", "start", "RSC", "let it run", 1, 1, hactl_resource_start},
    {"resource", "stop", "RSC", "let it not run", 1, 1, hactl_resource_stop},
    {"resource", "restart", "RSC", "stop it, then start it", 1, 1, hactl_resource_restart},
    {"resource", "status", "[RSC]", "what runs where", 0, 1, hactl_resource_status},
    {"resource", "list", "", "what runs where", 0, 0, hactl_resource_status},
    {"resource", "locate", "RSC", "where it runs", 1, 1, hactl_resource_locate},
    {"resource", "move", "RSC [NODE]", "prefer a node from now on; without NODE: away from where it is", 1, 2,
     hactl_resource_move},
    {"resource", "migrate", "RSC [NODE]", "the same as move", 1, 2, hactl_resource_move},
    {"resource", "ban", "RSC [NODE]", "forbid a node: NODE, or where it is", 1, 2, hactl_resource_ban},
    {"resource", "unmove", "RSC", "take back what move and ban made", 1, 1, hactl_resource_unmove},
    {"resource", "unmigrate", "RSC", "the same as unmove", 1, 1, hactl_resource_unmove},
    {"resource", "unban", "RSC", "the same as unmove", 1, 1, hactl_resource_unmove},
    {"resource", "clear", "RSC", "the same as unmove", 1, 1, hactl_resource_unmove},
    {"resource", "cleanup", "[RSC] [NODE]", "forget failures, and look again at what runs", 0, 2,
     hactl_resource_cleanup},
    {"resource", "failcount", "RSC show|set|delete NODE [0]", "show or forget how often it failed on a node", 3, 4,
     hactl_resource_failcount},
    {"resource", "scores", "[RSC] [--state FILE | --xml FILE]",
     "what each node is worth to it, and what that is made of", 0, -1, hactl_resource_scores},
    {"resource", "manage", "RSC", "let the cluster start and stop it", 1, 1, hactl_resource_manage},
    {"resource", "unmanage", "RSC", "leave it as it is", 1, 1, hactl_resource_manage},

    {"resource", "param", "RSC set|show|delete NAME [VALUE]", "one parameter", 3, 4, hactl_resource_attribute},
    {"resource", "meta", "RSC set|show|delete NAME [VALUE]", "one meta attribute", 3, 4, hactl_resource_attribute},
    {"resource", "utilization", "RSC set|show|delete NAME [VALUE]", "what it needs of its node", 3, 4,
     hactl_resource_attribute},

    {"node", "standby", "[NODE]", "let nothing run on it", 0, 1, hactl_node_standby},
    {"node", "online", "[NODE]", "let it run resources again", 0, 1, hactl_node_online},
    {"node", "maintenance", "[NODE]", "leave what runs on it alone", 0, 1, hactl_node_maintenance},
    {"node", "ready", "[NODE]", "the end of maintenance", 0, 1, hactl_node_ready},
    {"node", "show", "[NODE]", "nodes and their attributes", 0, 1, hactl_node_show},
    {"node", "status", "[NODE]", "the same as show", 0, 1, hactl_node_show},
    {"node", "list", "[NODE]", "the same as show", 0, 1, hactl_node_show},
    {"node", "attribute", "NODE set|show|delete NAME [VALUE]", "one attribute", 3, 4, hactl_node_attribute},
    {"node", "utilization", "NODE set|show|delete NAME [VALUE]", "what it has for resources", 3, 4,
     hactl_node_attribute},
    {"node", "delete", "NODE", "take a node that is gone out of the cluster", 1, 1, hactl_node_delete},

    {"", "ticket", "grant|revoke|standby|activate|delete TICKET | show|time [TICKET]", "the same as site ticket", 1, 2,
     hactl_site_ticket},
    {"site", "ticket", "grant|revoke|standby|activate|delete TICKET | show|time [TICKET]",
     "what this site may run, when there are several", 1, 2, hactl_site_ticket},

    {"cluster", "init",
     "--name NAME [--out DIR] [--transport NAME] [--port N] [--bus-port N] [--profile NAME] [--user USER] "
     "[--witness NODE] NODE=ADDRESS...",
     "write the configuration and the key of every node of a new cluster", 1, -1, hactl_cluster_init},
    {"cluster", "add", "NODE=ADDRESS [--link N=ADDRESS]... [--witness] [--out DIR]",
     "enrol a new node, and write its configuration and key", 1, -1, hactl_cluster_add},
    {"cluster", "remove", "NODE", "take a node out: it gives up its resources first", 1, 1, hactl_cluster_remove},
    {"cluster", "found", "", "the first start, when not all nodes can be brought up", 0, 0, hactl_cluster_found},
    {"cluster", "status", "", "who hears whom, who votes, who comes and goes, the lease", 0, 0, hactl_cluster_status},

    {"agent", "new", "NAME DIR [--provider WORD]", "write a small agent that works, with what builds and tries it", 2,
     4, hactl_agent_new},
    {0},
};

const char *const hactl_levels[] = {"", "configure", "resource", "node", "site", "cluster", "agent", NULL};

const struct hactl_command *hactl_find(const char *level, const char *word)
{
    for (const struct hactl_command *command = hactl_commands; command->word; command++)
        if (strcmp(command->level, level) == 0 && strcmp(command->word, word) == 0)
            return command;
    return NULL;
}

const char *hactl_level(const char *word)
{
    for (const char *const *level = hactl_levels; *level; level++)
        if (strcmp(*level, word) == 0)
            return *level;
    return "";
}

bool hactl_is_level(const char *word)
{
    return *hactl_level(word);
}

static bool asks_for_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static int run_command(struct hactl *h, const struct hactl_command *command, int argc, char **argv)
{
    if (argc == 2 && asks_for_help(argv[1])) {
        hactl_help_command(command);
        return HACTL_OK;
    }
    if (argc - 1 < command->least || (command->most >= 0 && argc - 1 > command->most))
        return hactl_usage(command);
    return command->run(h, argc, argv);
}

int hactl_run(struct hactl *h, const char *level, int argc, char **argv)
{
    const struct hactl_command *command = hactl_find(level, argv[0]);
    if (command)
        return run_command(h, command, argc, argv);
    if (hactl_is_level(argv[0])) {
        if (argc == 1 || asks_for_help(argv[1])) {
            hactl_help_level(argv[0]);
            return HACTL_OK;
        }
        return (command = hactl_find(argv[0], argv[1])) ? run_command(h, command, argc - 1, argv + 1)
                                                        : hactl_unknown(argv[0], argv[1]);
    }
    command = hactl_find("", argv[0]);
    return command ? run_command(h, command, argc, argv) : hactl_unknown(level, argv[0]);
}
