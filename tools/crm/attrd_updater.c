/* SPDX-License-Identifier: Apache-2.0 */
/* attrd_updater: transient attributes. What it says of waiting (dampening) and of sets is taken and has no effect: a value
 * that stays the same is never sent. */
#include "crm/crm.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

struct request {
    const char *name, *value, *node;
    bool query, all, delete;
};

static const struct option words[] = {{"help", no_argument, NULL, '$'},
                                      {"version", no_argument, NULL, '$'},
                                      {"verbose", no_argument, NULL, 'V'},
                                      {"quiet", no_argument, NULL, 'q'},
                                      {"name", required_argument, NULL, 'n'},
                                      {"update", required_argument, NULL, 'U'},
                                      {"update-both", required_argument, NULL, 'U'},
                                      {"query", no_argument, NULL, 'Q'},
                                      {"delete", no_argument, NULL, 'D'},
                                      {"refresh", no_argument, NULL, 'R'},
                                      {"delay", required_argument, NULL, 'd'},
                                      {"set", required_argument, NULL, 's'},
                                      {"node", required_argument, NULL, 'N'},
                                      {"all", no_argument, NULL, 'A'},
                                      {"lifetime", required_argument, NULL, 'l'},
                                      {"private", no_argument, NULL, 'p'},
                                      {NULL, 0, NULL, 0}};

/* -1: go on; else the exit status. */
static int read_options(struct request *request, int argc, char **argv)
{
    int option;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":VqQDRApn:U:v:B:d:s:S:N:l:$", words, NULL)) != -1)
        switch (option) {
        case '$':
            return crm_version();
        case 'n':
            request->name = optarg;
            break;
        case 'U':
        case 'v':
        case 'B':
            request->value = optarg;
            break;
        case 'N':
            request->node = optarg;
            break;
        case 'Q':
            request->query = true;
            break;
        case 'D':
            request->delete = true;
            break;
        case 'A':
            request->all = true;
            break;
        case ':':
        case '?':
            return crm_unknown(argv);
        default:
            break; /* means nothing here */
        }
    return request->name ? -1 : crm_fail(CRM_USAGE, "which attribute? --name=NAME is missing");
}

static bool show(const struct crm *crm, const char *name, const char *node)
{
    const struct crm_attribute attribute = {.place = CRM_TRANSIENT, .node = node, .name = name};
    const char *value = crm_get(crm, &attribute);
    if (value)
        printf("name=\"%s\" host=\"%s\" value=\"%s\"\n", name, node, value);
    return value;
}

static int query(const struct crm *crm, const struct request *request)
{
    bool any = false;
    for (size_t i = 0; request->all && i < crm->cib->nodes.count; i++)
        any |= show(crm, request->name, crm->cib->nodes.items[i]->node);
    if (!request->all)
        any = show(crm, request->name, request->node ? request->node : crm->node);
    return any ? CRM_OK : crm_fail(CRM_NO_SUCH, "Could not query value of %s: attribute does not exist", request->name);
}

int crm_attrd_main(int argc, char **argv)
{
    struct request request = {.name = NULL};
    struct crm crm;
    int status = read_options(&request, argc, argv);
    if (status >= 0)
        return status;
    status = crm_open(&crm);
    const struct crm_attribute attribute = {
        .place = CRM_TRANSIENT, .node = request.node ? request.node : crm.node, .name = request.name};
    if (!status && request.query)
        status = query(&crm, &request);
    else if (!status && (request.delete || request.value))
        status = crm_set(&crm, &attribute, request.delete ? NULL : request.value);
    crm_close(&crm);
    return status;
}
