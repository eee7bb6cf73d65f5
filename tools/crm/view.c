/* SPDX-License-Identifier: Apache-2.0 */
/* crm_resource and crm_mon: what runs where, for scripts that look before they act. */
#include "cib/command.h"
#include "cib/grammar.h"
#include "crm/crm.h"
#include "scheduler/scheduler.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct hy_decision *decide(const struct crm *crm)
{
    const struct hy_sched_input input = {.cib = crm->cib,
                                         .now = (hy_wall)json_integer_value(json_object_get(crm->report, "wall_us")),
                                         .quorum = crm_has_quorum(crm)};
    return hy_schedule(&input);
}

static bool is_promoted(const struct hy_active *active)
{
    return active->role == HY_ROLE_PROMOTED;
}

/* ---------------------------------------------------------------- crm_resource */

struct request {
    const char *rsc, *name, *value;
    char act; /* W(here), g(et), p(ut), d(elete); 0: nothing yet */
    bool quiet, utilization, meta;
};

static const struct option resource_words[] = {{"help", no_argument, NULL, '$'},
                                               {"version", no_argument, NULL, '$'},
                                               {"verbose", no_argument, NULL, 'V'},
                                               {"quiet", no_argument, NULL, 'Q'},
                                               {"resource", required_argument, NULL, 'r'},
                                               {"locate", no_argument, NULL, 'W'},
                                               {"get-parameter", required_argument, NULL, 'g'},
                                               {"set-parameter", required_argument, NULL, 'p'},
                                               {"delete-parameter", required_argument, NULL, 'd'},
                                               {"parameter-value", required_argument, NULL, 'v'},
                                               {"utilization", no_argument, NULL, 'z'},
                                               {"meta", no_argument, NULL, 'm'},
                                               {NULL, 0, NULL, 0}};

/* -1: go on; else the exit status. */
static int read_options(struct request *request, int argc, char **argv)
{
    int option;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":VQr:Wg:p:d:v:zm$", resource_words, NULL)) != -1)
        switch (option) {
        case '$':
            return crm_version();
        case '?':
        case ':':
            return crm_unknown(argv);
        case 'r':
            request->rsc = optarg;
            break;
        case 'v':
            request->value = optarg;
            break;
        case 'g':
        case 'p':
        case 'd':
            request->name = optarg;
            request->act = (char)option;
            break;
        case 'W':
            request->act = 'W';
            break;
        case 'z':
            request->utilization = true;
            break;
        case 'm':
            request->meta = true;
            break;
        default:
            request->quiet = request->quiet || option == 'Q';
        }
    if (!request->rsc)
        return crm_fail(CRM_USAGE, "which resource? --resource=ID is missing");
    if (!request->act)
        return crm_fail(CRM_UNKNOWN, "what is to be done? --locate, --get-parameter, --set-parameter and "
                                     "--delete-parameter are known here");
    return -1;
}

static int locate(const struct crm *crm, const struct request *request)
{
    struct hy_decision *decision = decide(crm);
    bool any = false;
    for (size_t i = 0; i < decision->active_count; i++) {
        const struct hy_active *active = &decision->active[i];
        if (strcmp(active->rsc, request->rsc) != 0 && strcmp(active->primitive, request->rsc) != 0)
            continue;
        any = true;
        if (request->quiet)
            puts(active->node);
        else
            printf("resource %s is running on: %s%s\n", request->rsc, active->node,
                   is_promoted(active) ? " Promoted" : "");
    }
    if (!any && !request->quiet)
        printf("resource %s is NOT running\n", request->rsc);
    hy_decision_free(&decision);
    return CRM_OK;
}

static struct hy_attr_sets *sets_of(struct hy_object *object, const struct request *request)
{
    struct hy_primitive *primitive = &object->u.primitive;
    return request->utilization ? &primitive->utilization : request->meta ? &primitive->meta : &primitive->params;
}

static int change(struct crm *crm, const struct request *request, const struct hy_object *known)
{
    struct hy_object *changed = hy_object_copy(known);
    struct hy_err refusal = {{0}};
    char base[32];
    int code = 0;
    if (request->act == 'p')
        hy_sets_set(sets_of(changed, request), request->name, request->value);
    else
        hy_sets_remove(sets_of(changed, request), request->name);
    struct hy_buf statements = {0};
    snprintf(base, sizeof base, "%" PRIu64, known->version);
    hy_command_put(&statements, base, changed);
    int status = crm_has_quorum(crm) ? crm_send(crm, &statements, &code, &refusal)
                                     : crm_fail(CRM_DISCONNECTED, "nothing is changed: this node has no quorum");
    hy_buf_free(&statements);
    hy_object_free(&changed);
    return status ? status : code ? crm_fail(CRM_FAILED, "%s: %s", request->rsc, refusal.text) : CRM_OK;
}

static int attribute(struct crm *crm, const struct request *request)
{
    struct hy_object *object = hy_cib_find_kind(crm->cib, HY_PRIMITIVE, request->rsc);
    if (!object)
        return crm_fail(CRM_NO_SUCH, "there is no primitive %s", request->rsc);
    const char *value = hy_sets_get(sets_of(object, request), request->name);
    if (request->act != 'g')
        return request->act == 'p' && !request->value ? crm_fail(CRM_USAGE, "--parameter-value=VALUE is missing")
                                                      : change(crm, request, object);
    if (!value)
        return crm_fail(CRM_NO_SUCH, "Attribute '%s' not found for '%s'", request->name, request->rsc);
    puts(value);
    return CRM_OK;
}

int crm_resource_main(int argc, char **argv)
{
    struct request request = {.rsc = NULL};
    struct crm crm;
    int status = read_options(&request, argc, argv);
    if (status >= 0)
        return status;
    status = crm_open(&crm);
    if (!status)
        status = request.act == 'W' ? locate(&crm, &request) : attribute(&crm, &request);
    crm_close(&crm);
    return status;
}

/* ---------------------------------------------------------------- crm_mon */

/* Names in the state are made of letters, digits and few signs: none that XML would have to hide. */
static void print_resources(const struct crm *crm, const struct hy_decision *decision)
{
    puts("  <resources>");
    for (size_t i = 0; i < decision->active_count; i++) {
        const struct hy_active *active = &decision->active[i];
        const struct hy_node_status *node = hy_cib_node(crm->cib, active->node);
        printf("    <resource id=\"%s\" role=\"%s\" active=\"true\" orphaned=\"%s\" managed=\"%s\" failed=\"%s\" "
               "nodes_running_on=\"1\">\n      <node name=\"%s\" id=\"%u\"/>\n    </resource>\n",
               active->primitive,
               is_promoted(active)                  ? "Promoted"
               : active->role == HY_ROLE_UNPROMOTED ? "Unpromoted"
                                                    : "Started",
               active->orphan ? "true" : "false", active->unmanaged ? "false" : "true",
               active->failed ? "true" : "false", active->node, node ? node->id : 0);
    }
    puts("  </resources>");
}

static void print_nodes(const struct crm *crm, const struct hy_decision *decision)
{
    puts("  <nodes>");
    for (size_t i = 0; i < decision->node_count; i++) {
        const struct hy_node_view *view = &decision->nodes[i];
        const struct hy_node_status *node = hy_cib_node(crm->cib, view->node);
        printf("    <node name=\"%s\" id=\"%u\" online=\"%s\" standby=\"%s\" maintenance=\"%s\" pending=\"%s\" "
               "unclean=\"%s\" type=\"member\"/>\n",
               view->node, node ? node->id : 0, view->member ? "true" : "false", view->standby ? "true" : "false",
               view->maintenance ? "true" : "false", view->pending ? "true" : "false",
               view->unclean ? "true" : "false");
    }
    puts("  </nodes>");
}

int crm_mon_main(int argc, char **argv)
{
    static const struct option mon_words[] = {{"one-shot", no_argument, NULL, '1'},
                                              {"as-xml", no_argument, NULL, 'X'},
                                              {"output-as", required_argument, NULL, 'o'},
                                              {"version", no_argument, NULL, '$'},
                                              {NULL, 0, NULL, 0}};
    int option;
    bool once = false, as_xml = false;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":1X$", mon_words, NULL)) != -1) {
        if (option == '$')
            return crm_version();
        if (option == '?' || option == ':')
            return crm_unknown(argv);
        once = once || option == '1';
        as_xml = as_xml || option == 'X' || (option == 'o' && strcmp(optarg, "xml") == 0);
    }
    if (!once || !as_xml)
        return crm_fail(CRM_UNKNOWN, "only -1 --output-as=xml is known here: `hactl status` shows the cluster");
    struct crm crm;
    int status = crm_open(&crm);
    if (!status) {
        struct hy_decision *decision = decide(&crm);
        puts("<?xml version=\"1.0\"?>\n<pacemaker-result api-version=\"2.0\">");
        print_nodes(&crm, decision);
        print_resources(&crm, decision);
        puts("  <status code=\"0\" message=\"OK\"/>\n</pacemaker-result>");
        hy_decision_free(&decision);
    }
    crm_close(&crm);
    return status;
}
