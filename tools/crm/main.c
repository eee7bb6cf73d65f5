/* SPDX-License-Identifier: Apache-2.0 */
#include "crm/crm.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

/* Scripts compare it: at this version of Pacemaker is what is spoken here. */
int crm_version(void)
{
    puts("Pacemaker 2.1.5\nHalyard's stand-in for resource agents: it knows the options that these use");
    return CRM_OK;
}

int crm_unknown(char **argv)
{
    return crm_fail(CRM_UNKNOWN, "'%s' is not known here, or lacks its value: this is Halyard's stand-in for agents",
                    argv[optind > 0 ? optind - 1 : 0]);
}

/* Scripts ask this for the version only, before they ask for the node's name. */
static int pacemakerd(int argc, char **argv)
{
    if (argc == 2 && (strcmp(argv[1], "-$") == 0 || strcmp(argv[1], "--version") == 0))
        return crm_version();
    return crm_fail(CRM_UNKNOWN, "there is no Pacemaker here, but Halyard");
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } programs[] = {{"crm_attribute", crm_attribute_main},
                    {"crm_master", crm_master_main},
                    {"attrd_updater", crm_attrd_main},
                    {"crm_node", crm_node_main},
                    {"crm_resource", crm_resource_main},
                    {"crm_mon", crm_mon_main},
                    {"pacemakerd", pacemakerd}};
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
        if (strcmp(programs[i].name, program_invocation_short_name) == 0) {
            int status = programs[i].run(argc, argv);
            return fflush(stdout) && !status ? CRM_FAILED : status;
        }
    return crm_fail(CRM_USAGE, "goes by the name it is called with: crm_attribute, crm_node and so on");
}
