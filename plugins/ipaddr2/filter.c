/* SPDX-License-Identifier: Apache-2.0 */
#include "filter.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#define REQUEST_SIZE 1024
#define PRIORITIES 64

struct request {
    _Alignas(struct nlmsghdr) char bytes[REQUEST_SIZE];
};

static struct nlmsghdr *begin(struct request *request, uint16_t type, unsigned flags, int index, struct tcmsg **tc)
{
    memset(request, 0, sizeof *request);
    struct nlmsghdr *message = mnl_nlmsg_put_header(request->bytes);
    message->nlmsg_type = type;
    message->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
    *tc = mnl_nlmsg_put_extra_header(message, sizeof **tc);
    (*tc)->tcm_family = AF_UNSPEC;
    (*tc)->tcm_ifindex = index;
    return message;
}

static uint32_t parent_of(enum hy_ip_side side)
{
    return TC_H_MAKE(TC_H_CLSACT, side == HY_IP_OUT ? TC_H_MIN_EGRESS : TC_H_MIN_INGRESS);
}

/* ---- what is in an answer */

struct texts {
    const char *kind, *name;
};

static int take_text(const struct nlattr *attr, uint16_t wanted, const char **text)
{
    if (mnl_attr_get_type(attr) == wanted && mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0)
        *text = mnl_attr_get_str(attr);
    return MNL_CB_OK;
}

static int take_name(const struct nlattr *attr, void *context)
{
    struct texts *texts = context;
    return take_text(attr, TCA_BPF_NAME, &texts->name);
}

static int take_texts(const struct nlattr *attr, void *context)
{
    struct texts *texts = context;
    if (mnl_attr_get_type(attr) == TCA_OPTIONS && texts->kind && strcmp(texts->kind, "bpf") == 0)
        return mnl_attr_parse_nested(attr, take_name, texts);
    return take_text(attr, TCA_KIND, &texts->kind);
}

/* ---- clsact */

struct search {
    int index;
    bool found;
};

static int find_clsact(const struct nlmsghdr *message, void *context)
{
    struct search *search = context;
    struct texts texts = {0};
    if (message->nlmsg_type != RTM_NEWQDISC || mnl_nlmsg_get_payload_len(message) < sizeof(struct tcmsg) ||
        mnl_attr_parse(message, sizeof(struct tcmsg), take_texts, &texts) < 0)
        return MNL_CB_OK;
    const struct tcmsg *tc = mnl_nlmsg_get_payload(message);
    if (tc->tcm_ifindex == search->index && tc->tcm_parent == TC_H_CLSACT && texts.kind)
        search->found |= strcmp(texts.kind, "clsact") == 0;
    return MNL_CB_OK;
}

static bool is_clsact(struct hy_ip_nl *nl, int index)
{
    struct request request;
    struct tcmsg *tc;
    struct search search = {.index = index};
    struct nlmsghdr *message = begin(&request, RTM_GETQDISC, NLM_F_DUMP, index, &tc);
    return hy_ip_nl_ask(nl, message, find_clsact, &search) == 0 && search.found;
}

int hy_ip_clsact_add(struct hy_ip_nl *nl, int index)
{
    struct request request;
    struct tcmsg *tc;
    struct nlmsghdr *message = begin(&request, RTM_NEWQDISC, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, index, &tc);
    tc->tcm_parent = TC_H_CLSACT;
    tc->tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
    mnl_attr_put_strz(message, TCA_KIND, "clsact");
    int rc = hy_ip_nl_ask(nl, message, NULL, NULL);
    return rc == -EEXIST && !is_clsact(nl, index) ? -EBUSY : rc;
}

int hy_ip_clsact_delete(struct hy_ip_nl *nl, int index)
{
    struct request request;
    struct tcmsg *tc;
    struct nlmsghdr *message = begin(&request, RTM_DELQDISC, NLM_F_ACK, index, &tc);
    tc->tcm_parent = TC_H_CLSACT;
    tc->tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
    return hy_ip_nl_ask(nl, message, NULL, NULL);
}

/* ---- filters: what is there */

struct walk {
    char prefix[HY_IP_FILTER_NAME]; /* of the names for the address */
    struct hy_ip_filters *filters;
};

static void note_own(struct walk *walk, const struct tcmsg *tc, const char *name)
{
    struct hy_ip_filters *filters = walk->filters;
    size_t size = strlen(name), mark = strlen(HY_IP_FILTER_MADE);
    bool made = size > mark && strcmp(name + size - mark, HY_IP_FILTER_MADE) == 0;
    filters->ours++;
    filters->made |= made;
    if (made)
        size -= mark;
    if (strncmp(name, walk->prefix, strlen(walk->prefix)) != 0 || filters->count == HY_IP_FILTERS_MAX ||
        size >= HY_IP_FILTER_NAME)
        return;
    struct hy_ip_filter *own = &filters->own[filters->count++];
    *own = (struct hy_ip_filter){.info = tc->tcm_info, .handle = tc->tcm_handle};
    memcpy(own->name, name, size);
}

static void note_other(struct hy_ip_filters *filters, const struct tcmsg *tc)
{
    uint32_t priority = TC_H_MAJ(tc->tcm_info) >> 16;
    filters->others++;
    if (priority < PRIORITIES)
        filters->taken |= UINT64_C(1) << priority;
    if (!filters->first_others || priority < filters->first_others)
        filters->first_others = (uint16_t)priority;
}

static int walk_filter(const struct nlmsghdr *message, void *context)
{
    struct walk *walk = context;
    if (message->nlmsg_type != RTM_NEWTFILTER || mnl_nlmsg_get_payload_len(message) < sizeof(struct tcmsg))
        return MNL_CB_OK;
    const struct tcmsg *tc = mnl_nlmsg_get_payload(message);
    struct texts texts = {0};
    if (mnl_attr_parse(message, sizeof *tc, take_texts, &texts) < 0)
        return MNL_CB_ERROR;
    bool bpf = texts.kind && strcmp(texts.kind, "bpf") == 0;
    if (bpf && tc->tcm_handle == 0)
        return MNL_CB_OK; /* the list that the filters of one priority are in */
    if (bpf && texts.name && strncmp(texts.name, "halyard/", strlen("halyard/")) == 0)
        note_own(walk, tc, texts.name);
    else
        note_other(walk->filters, tc);
    return MNL_CB_OK;
}

int hy_ip_filters_read(struct hy_ip_nl *nl, int index, enum hy_ip_side side, const struct hy_ip_target *target,
                       struct hy_ip_filters *filters)
{
    struct request request;
    struct tcmsg *tc;
    struct walk walk = {.filters = filters};
    *filters = (struct hy_ip_filters){0};
    snprintf(walk.prefix, sizeof walk.prefix, "halyard/%s/", target->text);
    struct nlmsghdr *message = begin(&request, RTM_GETTFILTER, NLM_F_DUMP, index, &tc);
    tc->tcm_parent = parent_of(side);
    return hy_ip_nl_ask(nl, message, walk_filter, &walk);
}

/* ---- filters: one more, one less */

static uint32_t free_priority(const struct hy_ip_filters *there)
{
    for (uint32_t priority = 1; priority < PRIORITIES; priority++)
        if (!(there->taken & UINT64_C(1) << priority))
            return priority;
    return PRIORITIES;
}

/* Filters of one priority are in one list, each with a handle that the kernel gives: so any number of addresses are beside
 * each other, and several processes may add theirs at once. */
int hy_ip_filter_add(struct hy_ip_nl *nl, int index, enum hy_ip_side side, const struct hy_ip_filters *there,
                     const char *name, bool made, int program)
{
    struct request request;
    struct tcmsg *tc;
    char whole[HY_IP_FILTER_NAME + sizeof HY_IP_FILTER_MADE];
    snprintf(whole, sizeof whole, "%s%s", name, made ? HY_IP_FILTER_MADE : "");
    struct nlmsghdr *message = begin(&request, RTM_NEWTFILTER, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, index, &tc);
    tc->tcm_parent = parent_of(side);
    tc->tcm_info = TC_H_MAKE(free_priority(there) << 16, htons(ETH_P_ALL));
    mnl_attr_put_strz(message, TCA_KIND, "bpf");
    struct nlattr *options = mnl_attr_nest_start(message, TCA_OPTIONS);
    mnl_attr_put_u32(message, TCA_BPF_FD, (uint32_t)program);
    mnl_attr_put_strz(message, TCA_BPF_NAME, whole);
    mnl_attr_put_u32(message, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
    mnl_attr_nest_end(message, options);
    return hy_ip_nl_ask(nl, message, NULL, NULL);
}

int hy_ip_filter_delete(struct hy_ip_nl *nl, int index, enum hy_ip_side side, const struct hy_ip_filter *filter)
{
    struct request request;
    struct tcmsg *tc;
    struct nlmsghdr *message = begin(&request, RTM_DELTFILTER, NLM_F_ACK, index, &tc);
    tc->tcm_parent = parent_of(side);
    tc->tcm_info = filter->info;
    tc->tcm_handle = filter->handle;
    mnl_attr_put_strz(message, TCA_KIND, "bpf");
    return hy_ip_nl_ask(nl, message, NULL, NULL);
}
