/* SPDX-License-Identifier: Apache-2.0 */
/* What the cluster is to run, one of several kinds, drawn from the seed. */
#include "sim/workload.h"

#include <stdio.h>
#include <string.h>

enum { MOST_TOPS = 8 };

static uint64_t draw(struct sim_world *world, uint64_t below)
{
    return sim_below(world, below);
}

static bool chance(struct sim_world *world, unsigned percent)
{
    return draw(world, 100) < percent;
}

static const char *node_name(struct sim_world *world)
{
    return sim_name(world, draw(world, sim_node_count(world)));
}

/* One draw an expression, here and below: in which order arguments are evaluated is the compiler's own business. */
static void add_rest(struct sim_world *world, struct hy_buf *out)
{
    static const char *const on_fail[] = {"", "", "", "", "", " on-fail=standby", " on-fail=stop", " on-fail=block"};
    const char *failed = on_fail[draw(world, 8)];
    hy_buf_addf(out, " op monitor interval=%us timeout=5s%s", (unsigned)(2 + draw(world, 9)), failed);
    hy_buf_adds(out, " op start interval=0 timeout=6s op stop interval=0 timeout=6s meta priority=0");
    if (chance(world, 30))
        hy_buf_addf(out, " resource-stickiness=%u", (unsigned)(100 * draw(world, 3)));
    if (chance(world, 40))
        hy_buf_addf(out, " migration-threshold=%u", (unsigned)(1 + draw(world, 3)));
    if (chance(world, 20))
        hy_buf_addf(out, " failure-timeout=%us", (unsigned)(5 + draw(world, 20)));
    hy_buf_addc(out, '\n');
}

/* An address that runs everywhere would be in its own way. */
static void add_head(struct sim_world *world, const char *id, bool everywhere, struct hy_buf *out)
{
    bool address = !everywhere && sim_settings(world)->addresses && (unsigned char)id[strlen(id) - 1] % 3 == 0;
    if (address)
        hy_buf_addf(out, "put 0 primitive %s IPaddr2 params ip=172.100.102.%u", id, 120 + (unsigned char)id[1] % 100u);
    else
        hy_buf_addf(out, "put 0 primitive %s ocf:heartbeat:Dummy params name=%s", id, id);
}

static void add_primitive(struct sim_world *world, const char *id, struct hy_buf *out)
{
    add_head(world, id, false, out);
    add_rest(world, out);
}

/* A virtual address pinned to a node by its location, and a service on every node; perhaps the address only where it runs. */
static void pinned_address(struct sim_world *world, struct hy_buf *out)
{
    hy_buf_adds(out,
                "put 0 primitive ClusterIP IPaddr2 params ip=172.100.102.110 nic=\"eth0:0\" cidr_netmask=24 op monitor "
                "interval=30s op start interval=0 timeout=6s op stop interval=0 timeout=6s\n"
                "put 0 primitive MaxScale lsb:maxscale op monitor interval=5s timeout=5s op start interval=0 "
                "timeout=6s on-fail=standby op stop interval=0 timeout=6s meta migration-threshold=3\n"
                "put 0 clone clone_max MaxScale\n");
    hy_buf_addf(out, "put 0 location clusterIP-preffer ClusterIP inf: %s\n", node_name(world));
    if (chance(world, 60))
        hy_buf_adds(out, "put 0 colocation vip_with_max inf: ClusterIP clone_max\n");
    if (chance(world, 60))
        hy_buf_adds(out, "put 0 order max_then_vip Mandatory: clone_max ClusterIP\n");
}

static void groups(struct sim_world *world, struct hy_buf *out)
{
    unsigned count = 1 + (unsigned)draw(world, 2);
    for (unsigned i = 0; i < count; i++) {
        char id[3][16];
        for (unsigned j = 0; j < 3; j++) {
            snprintf(id[j], sizeof id[j], "g%u_%c", i, (char)('a' + j));
            add_primitive(world, id[j], out);
        }
        hy_buf_addf(out, "put 0 group grp%u %s %s %s\n", i, id[0], id[1], id[2]);
        const char *node = node_name(world);
        hy_buf_addf(out, "put 0 location where%u grp%u %u: %s\n", i, i, (unsigned)(50 * (1 + draw(world, 3))), node);
    }
    if (count == 2 && chance(world, 50))
        hy_buf_adds(out, "put 0 colocation apart -inf: grp1 grp0\n");
    if (count == 2 && chance(world, 50))
        hy_buf_adds(out, "put 0 order one_then_other Mandatory: grp0 grp1\n");
}

static void promotable(struct sim_world *world, struct hy_buf *out)
{
    hy_buf_adds(out,
                "put 0 primitive db ocf:pacemaker:Stateful op monitor interval=4s timeout=5s op monitor interval=5s "
                "role=Promoted timeout=5s op start interval=0 timeout=6s op stop interval=0 timeout=6s op promote "
                "interval=0 timeout=6s op demote interval=0 timeout=6s\n"
                "put 0 clone dbs db meta promotable=true promoted-max=1\n"
                "put 0 primitive vip IPaddr2 params ip=172.100.102.111 cidr_netmask=24 op monitor interval=6s "
                "op start interval=0 timeout=6s op stop interval=0 timeout=6s\n"
                "put 0 colocation vip_with_db inf: vip dbs:Promoted\n");
    const char *node = node_name(world);
    hy_buf_addf(out, "put 0 location db_here dbs role=Promoted %u: %s\n", (unsigned)(100 * (1 + draw(world, 3))), node);
    if (chance(world, 70))
        hy_buf_adds(out, "put 0 order db_then_vip Mandatory: dbs:promote vip:start\n");
}

static void several(struct sim_world *world, struct hy_buf *out)
{
    unsigned count = 3 + (unsigned)draw(world, 5);
    for (unsigned i = 0; i < count; i++) {
        char id[16];
        snprintf(id, sizeof id, "p%u", i);
        add_primitive(world, id, out);
        if (chance(world, 50)) {
            const char *node = node_name(world);
            hy_buf_addf(out, "put 0 location l%u p%u %u: %s\n", i, i, (unsigned)(10 * (1 + draw(world, 20))), node);
        }
    }
    if (chance(world, 50))
        hy_buf_adds(out, "put 0 order first_then Mandatory: p0 p1\n");
    if (chance(world, 50))
        hy_buf_adds(out, "put 0 colocation together inf: p1 p0\n");
}

/* Constraints from later to earlier resources, so that there are no circles. */
static void random_constraints(struct sim_world *world, char tops[][16], unsigned count, struct hy_buf *out)
{
    static const char *const scores[] = {"inf", "-inf", "100", "-100", "50", "1"};
    static const char *const kinds[] = {"Mandatory", "Mandatory", "Optional", "Serialize"};
    for (unsigned i = 0; i < count; i++)
        if (chance(world, 40)) {
            const char *node = node_name(world);
            hy_buf_addf(out, "put 0 location l%u %s %s: %s\n", i, tops[i], scores[draw(world, 6)], node);
        }
    for (unsigned i = 1; i < count; i++) {
        if (chance(world, 35)) {
            const char *with = tops[draw(world, i)];
            hy_buf_addf(out, "put 0 colocation k%u %s: %s %s\n", i, scores[draw(world, 6)], tops[i], with);
        }
        if (chance(world, 40)) {
            const char *first = tops[draw(world, i)];
            hy_buf_addf(out, "put 0 order o%u %s: %s %s\n", i, kinds[draw(world, 4)], first, tops[i]);
        }
    }
}

static void random_set(struct sim_world *world, struct hy_buf *out)
{
    char tops[MOST_TOPS][16];
    unsigned count = 2 + (unsigned)draw(world, MOST_TOPS - 2);
    for (unsigned i = 0; i < count; i++) {
        char id[16];
        snprintf(id, sizeof id, "p%u", i);
        struct hy_buf rest = {0};
        add_rest(world, &rest);
        unsigned form = (unsigned)draw(world, 10);
        add_head(world, id, form >= 7, out);
        hy_buf_adds(out, hy_buf_text(&rest));
        hy_buf_free(&rest);
        if (form < 5) {
            snprintf(tops[i], sizeof tops[i], "p%u", i);
        } else if (form < 7) {
            snprintf(id, sizeof id, "q%u", i);
            add_primitive(world, id, out);
            snprintf(tops[i], sizeof tops[i], "g%u", i);
            hy_buf_addf(out, "put 0 group g%u p%u q%u\n", i, i, i);
        } else {
            snprintf(tops[i], sizeof tops[i], "c%u", i);
            hy_buf_addf(out, "put 0 clone c%u p%u meta interleave=%s", i, i, chance(world, 50) ? "true" : "false");
            if (chance(world, 40))
                hy_buf_addf(out, " clone-max=%u", (unsigned)(1 + draw(world, 3)));
            hy_buf_addc(out, '\n');
        }
    }
    random_constraints(world, tops, count, out);
}

void workload_configure(struct sim_world *world, struct hy_buf *out)
{
    static void (*const kinds[])(struct sim_world *, struct hy_buf *) = {pinned_address, groups,     promotable,
                                                                         several,        random_set, random_set};
    hy_buf_adds(out, "put * property cib-bootstrap-options: stonith-enabled=false\n");
    kinds[draw(world, sizeof kinds / sizeof *kinds)](world, out);
}
