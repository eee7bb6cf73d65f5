/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/cluster_case.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static const char SEED[] =
    "put 0 primitive ClusterIP IPaddr2 params ip=172.100.102.110 nic=\"eth0:0\" cidr_netmask=24 op monitor "
    "interval=30s\n"
    "put 0 primitive MaxScale lsb:maxscale op monitor interval=30s timeout=15s op start interval=0 timeout=15s "
    "on-fail=standby op stop interval=0 timeout=30s meta migration-threshold=3\n"
    "put 0 clone clone_max MaxScale\n"
    "put 0 location clusterIP-preffer ClusterIP inf: test2\n"
    "put 0 property cib-bootstrap-options: stonith-enabled=false\n";

bool has_dc(struct sim *sim, void *context)
{
    (void)context;
    return sim_dc(sim) < SIM_MAX_NODES;
}

bool answered(struct sim *sim, void *context)
{
    return sim_answer(sim, *(uint64_t *)context, NULL, NULL);
}

bool runs(struct sim *sim, void *context)
{
    const struct where *where = context;
    return sim_active(sim, where->node, where->rsc);
}

bool runs_somewhere(struct sim *sim, void *context)
{
    for (size_t i = 0; i < sim_count(sim); i++)
        if (sim_active(sim, i, context))
            return true;
    return false;
}

bool down(struct sim *sim, void *context)
{
    return !sim_is_up(sim, *(size_t *)context);
}

bool holds_nothing(struct sim *sim, void *context)
{
    const struct where *where = context;
    return !sim_active(sim, where->node, where->rsc);
}

void must_run(struct sim *sim, size_t node, const char *rsc, hy_time within)
{
    struct where where = {node, rsc};
    ck_assert_msg(sim_run_until(sim, within, runs, &where), "%s does not run on test%zu after %lld ms", rsc, node + 1,
                  (long long)(within / HY_MS));
}

void must_have_dc(struct sim *sim)
{
    ck_assert_msg(sim_run_until(sim, 10 * HY_SECOND, has_dc, NULL), "no DC after 10 s");
}

/* An edit that must be taken; tried again at whoever is there, as an operator would. */
void edit(struct sim *sim, size_t node, const char *statements)
{
    int code = -1;
    const char *text = "";
    uint64_t request = sim_request(sim, node, statements);
    ck_assert_msg(sim_run_until(sim, 10 * HY_SECOND, answered, &request), "no answer to: %s", statements);
    sim_answer(sim, request, &code, &text);
    ck_assert_msg(code == 0, "refused (%d): %s", code, text);
}

struct sim *seed_cluster(uint64_t seed)
{
    return start_cluster(sim_new(3, seed));
}

struct sim *start_cluster(struct sim *sim)
{
    size_t count = sim_count(sim);
    sim_single(sim, "ClusterIP");
    for (size_t i = 0; i < count; i++)
        sim_boot(sim, i);
    must_have_dc(sim);
    edit(sim, 0, SEED);
    must_run(sim, 1, "ClusterIP", 5 * HY_SECOND);
    for (size_t i = 0; i < count; i++)
        if (!sim_is_witness(sim, i))
            must_run(sim, i, "MaxScale", 5 * HY_SECOND);
    return sim;
}

void must_be_quiet(struct sim *sim)
{
    sim_run(sim, 2 * HY_SECOND);
    size_t before = sim_operations(sim);
    sim_run(sim, 60 * HY_SECOND);
    ck_assert_uint_eq(sim_operations(sim), before);
}
