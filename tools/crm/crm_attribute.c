/* SPDX-License-Identifier: Apache-2.0 */
/* crm_attribute, and crm_master, which is the same for one attribute. */
#include "crm/crm.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum act { ACT_NONE, ACT_QUERY, ACT_UPDATE, ACT_DELETE };

struct request {
    enum act act;
    const char *name, *value, *node, *lifetime, *type, *set, *fallback;
    bool quiet, promotion, utilization;
    const char *resource; /* whose promotion score; NULL: OCF_RESOURCE_INSTANCE's */
};

enum { OPTION_HELP = 256 };

static const struct option words[] = {
    {"help", no_argument, NULL, OPTION_HELP},    {"version", no_argument, NULL, '$'},
    {"verbose", no_argument, NULL, 'V'},         {"quiet", no_argument, NULL, 'q'},
    {"query", no_argument, NULL, 'G'},           {"get-value", no_argument, NULL, 'G'},
    {"update", required_argument, NULL, 'v'},    {"attr-value", required_argument, NULL, 'v'},
    {"delete", no_argument, NULL, 'D'},          {"delete-attr", no_argument, NULL, 'D'},
    {"name", required_argument, NULL, 'n'},      {"attr-name", required_argument, NULL, 'n'},
    {"promotion", optional_argument, NULL, 'p'}, {"node", required_argument, NULL, 'N'},
    {"uname", required_argument, NULL, 'N'},     {"node-uname", required_argument, NULL, 'N'},
    {"lifetime", required_argument, NULL, 'l'},  {"type", required_argument, NULL, 't'},
    {"set-name", required_argument, NULL, 's'},  {"default", required_argument, NULL, 'd'},
    {"utilization", no_argument, NULL, 'z'},     {"resource", required_argument, NULL, 'r'},
    {"id", required_argument, NULL, 'i'},        {NULL, 0, NULL, 0}};

/* False: not an option of these. */
static bool take_text(struct request *request, int option, const char *text)
{
    switch (option) {
    case 'n':
        request->name = text;
        return true;
    case 'N':
    case 'U':
        request->node = text;
        return true;
    case 'l':
        request->lifetime = text;
        return true;
    case 't':
        request->type = text;
        return true;
    case 's':
        request->set = text;
        return true;
    case 'd':
        request->fallback = text;
        return true;
    case 'r':
        request->resource = text;
        return true;
    case 'v':
        request->act = ACT_UPDATE;
        request->value = text;
        return true;
    default:
        return option == 'i'; /* which of several entries: here there is one */
    }
}

static bool take_flag(struct request *request, int option)
{
    switch (option) {
    case 'G':
        request->act = ACT_QUERY;
        return true;
    case 'D':
        request->act = ACT_DELETE;
        return true;
    case 'q':
    case 'Q':
        request->quiet = true;
        return true;
    case 'z':
        request->utilization = true;
        return true;
    default:
        return option == 'V';
    }
}

/* -1: go on; else the exit status. */
static int read_options(struct request *request, int argc, char **argv)
{
    int option;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":VqQGDzp::n:N:U:l:t:s:d:r:v:i:$", words, NULL)) != -1) {
        if (option == OPTION_HELP || option == '$')
            return crm_version();
        if (option == 'p') {
            request->promotion = true;
            if (optarg)
                request->resource = optarg;
            else if (optind < argc && argv[optind][0] != '-')
                request->resource = argv[optind++];
        } else if (!take_flag(request, option) && !take_text(request, option, optarg)) {
            return crm_unknown(argv);
        }
    }
    return optind < argc ? crm_fail(CRM_USAGE, "'%s' is too much", argv[optind]) : -1;
}

/* ---- what is meant */

static bool is_any(const char *text, const char *one, const char *other)
{
    return text && (strcasecmp(text, one) == 0 || strcasecmp(text, other) == 0);
}

static int find_place(struct request *request, const struct crm *crm, struct crm_attribute *attribute)
{
    bool of_node = request->promotion || request->lifetime || request->node || request->utilization ||
                   is_any(request->type, "nodes", "status");
    bool transient = is_any(request->lifetime, "reboot", "status") || is_any(request->type, "status", "reboot") ||
                     (request->promotion && !request->lifetime);
    *attribute = (struct crm_attribute){.name = request->name};
    if (!of_node && request->type && !is_any(request->type, "crm_config", "cluster"))
        return crm_fail(CRM_UNKNOWN, "--type=%s is not known here: crm_config, nodes and status are", request->type);
    if (request->lifetime && !transient && !is_any(request->lifetime, "forever", "nodes"))
        return crm_fail(CRM_USAGE, "--lifetime=%s: reboot and forever are known", request->lifetime);
    if (!of_node) {
        attribute->place = CRM_PROPERTY;
        attribute->set = request->set;
        return CRM_OK;
    }
    attribute->place = request->utilization ? CRM_UTILIZATION : transient ? CRM_TRANSIENT : CRM_NODE;
    attribute->node = request->node && !is_any(request->node, "auto", "localhost") ? request->node : crm->node;
    return CRM_OK;
}

/* The attribute of a promotion score, which the scheduler reads. */
static int name_score(struct request *request)
{
    const char *resource = request->resource ? request->resource : getenv("OCF_RESOURCE_INSTANCE");
    if (!resource || !*resource)
        return crm_fail(CRM_USAGE,
                        "whose promotion score? It is for resource agents: OCF_RESOURCE_INSTANCE is not set");
    request->name = hy_asprintf("master-%s", resource);
    return CRM_OK;
}

static int show(const struct request *request, const struct crm *crm, const struct crm_attribute *attribute)
{
    static const char *const scopes[] = {"status", "nodes", "nodes", "crm_config"};
    const char *value = crm_get(crm, attribute);
    if (!value)
        value = request->fallback;
    if (!value)
        return crm_fail(CRM_NO_SUCH, "Error performing operation: No such device or address");
    if (request->quiet)
        puts(value);
    else
        printf("scope=%s  name=%s value=%s\n", scopes[attribute->place], attribute->name, value);
    return CRM_OK;
}

static int carry_out(struct request *request)
{
    struct crm crm;
    struct crm_attribute attribute;
    int status = request->promotion ? name_score(request) : CRM_OK;
    if (!status && !request->name)
        status = crm_fail(CRM_USAGE, "which attribute? --name=NAME is missing");
    if (status)
        return status;
    status = crm_open(&crm);
    if (!status)
        status = find_place(request, &crm, &attribute);
    if (!status && request->act == ACT_UPDATE)
        status = crm_set(&crm, &attribute, request->value);
    else if (!status && request->act == ACT_DELETE)
        status = crm_set(&crm, &attribute, NULL);
    else if (!status)
        status = show(request, &crm, &attribute);
    crm_close(&crm);
    return status;
}

int crm_attribute_main(int argc, char **argv)
{
    struct request request = {.act = ACT_NONE};
    int status = read_options(&request, argc, argv);
    return status < 0 ? carry_out(&request) : status;
}

int crm_master_main(int argc, char **argv)
{
    struct request request = {.act = ACT_NONE, .promotion = true, .lifetime = "forever"};
    int status = read_options(&request, argc, argv);
    return status < 0 ? carry_out(&request) : status;
}
