/* SPDX-License-Identifier: Apache-2.0 */
/* crm_node: names and numbers of nodes, and who is there. */
#include "crm/crm.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option words[] = {{"help", no_argument, NULL, '$'},
                                      {"version", no_argument, NULL, '$'},
                                      {"verbose", no_argument, NULL, 'V'},
                                      {"quiet", no_argument, NULL, 'Q'},
                                      {"cluster-id", no_argument, NULL, 'i'},
                                      {"list", no_argument, NULL, 'l'},
                                      {"name", no_argument, NULL, 'n'},
                                      {"partition", no_argument, NULL, 'p'},
                                      {"quorum", no_argument, NULL, 'q'},
                                      {"name-for-id", required_argument, NULL, 'N'},
                                      {NULL, 0, NULL, 0}};

static void list_all(const struct crm *crm)
{
    for (size_t i = 0; i < crm->cib->nodes.count; i++) {
        const struct hy_node_status *node = crm->cib->nodes.items[i];
        printf("%u %s %s\n", node->id, node->node, node->state == HY_MEMBER_IN ? "member" : "lost");
    }
}

static void list_members(const struct crm *crm)
{
    for (size_t i = 0; i < crm->cib->nodes.count; i++)
        if (crm->cib->nodes.items[i]->state == HY_MEMBER_IN)
            printf("%s ", crm->cib->nodes.items[i]->node);
    putchar('\n');
}

static int show(const struct crm *crm, int what, const char *text)
{
    const struct hy_node_status *node =
        what == 'N' ? hy_cib_node_by_id(crm->cib, (uint32_t)strtoul(text, NULL, 10)) : hy_cib_node(crm->cib, crm->node);
    switch (what) {
    case 'l':
        list_all(crm);
        return CRM_OK;
    case 'p':
        list_members(crm);
        return CRM_OK;
    case 'q':
        puts(crm_has_quorum(crm) ? "1" : "0");
        return CRM_OK;
    default:
        if (!node)
            return crm_fail(CRM_NO_SUCH, "this node is not known yet, or there is none with that number");
        if (what == 'i')
            printf("%u\n", node->id);
        else
            puts(node->node);
        return CRM_OK;
    }
}

int crm_node_main(int argc, char **argv)
{
    int option, what = 0;
    const char *text = NULL, *own = getenv("HALYARD_NODE");
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":VQilnpqN:$", words, NULL)) != -1) {
        if (option == '$')
            return crm_version();
        if (option == '?' || option == ':')
            return crm_unknown(argv);
        if (option == 'N')
            text = optarg;
        if (option != 'V' && option != 'Q')
            what = option;
    }
    if (!what)
        return crm_fail(CRM_USAGE, "what is asked for? -n, -i, -l, -p, -q and -N ID are known");
    if (what == 'n' && own && *own) { /* the most frequent question, and whoever runs a script knows */
        puts(own);
        return CRM_OK;
    }
    struct crm crm;
    int status = crm_open(&crm);
    if (!status)
        status = show(&crm, what, text);
    crm_close(&crm);
    return status;
}
