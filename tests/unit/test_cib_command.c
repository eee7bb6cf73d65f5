/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/cib.h"
#include "lib/run.h"

#include <errno.h>

/* Three nodes, the address, the proxy as a clone: index 1. test3 is a member: index 2. */
static struct hy_cib *cluster(void)
{
    struct hy_cib *cib = hy_cib_new();
    must_apply(cib, "put 0 location clusterIP-preffer ClusterIP inf: test3\n"
                    "put 0 clone clone_max MaxScale\n"
                    "put 0 node test1\nput 0 node test3\nput 0 node test5\n"
                    "put 0 primitive ClusterIP IPaddr2 \\\n\tparams ip=172.100.102.110\n"
                    "put 0 primitive MaxScale lsb:maxscale\n");
    must_apply(cib, "member test3 id=3 state=in epoch=1 incarnation=17\n");
    return cib;
}

static struct hy_node_status *test3(struct hy_cib *cib)
{
    return hy_cib_node(cib, "test3");
}

/* "result test3 epoch=1 RSC op=... ..." */
static void result(struct hy_cib *cib, const char *rest)
{
    char text[512];
    snprintf(text, sizeof text, "result test3 epoch=1 %s\n", rest);
    must_apply(cib, text);
}

START_TEST(edits_are_of_versions)
{
    struct hy_cib *cib = cluster();
    ck_assert_uint_eq(hy_cib_find(cib, "ClusterIP")->version, 1);
    must_apply(cib, "put 1 primitive ClusterIP IPaddr2 params ip=1.2.3.4\n");
    ck_assert_uint_eq(hy_cib_find(cib, "ClusterIP")->version, 3);
    ck_assert_str_eq(hy_sets_get(&hy_cib_find(cib, "ClusterIP")->u.primitive.params, "ip"), "1.2.3.4");
    must_refuse(cib, "put 1 primitive ClusterIP IPaddr2\n", -ESTALE,
                "ClusterIP has been changed by someone else since you read it (version 3, yours is based on 1)");
    must_refuse(cib, "remove 1 ClusterIP\n", -ESTALE,
                "ClusterIP has been changed by someone else since you read it (version 3, yours is based on 1)");
    must_refuse(cib, "put 0 primitive ClusterIP IPaddr2\n", -EEXIST,
                "there is a primitive ClusterIP already (version 3)");
    must_refuse(cib, "put 5 primitive gone Dummy\n", -ESTALE,
                "gone has been removed by someone else since you read it (yours is based on 5)");
    must_refuse(cib, "put 3 group ClusterIP MaxScale\n", -EEXIST,
                "there is a primitive ClusterIP already: expected another id for the group, or its removal first");
    must_refuse(cib, "remove * nothing\n", -ENOENT, "there is no object 'nothing'");
    must_apply(cib, "put * primitive ClusterIP IPaddr2 params ip=1.2.3.5\nput * primitive fresh Dummy\n");
    ck_assert_ptr_nonnull(hy_cib_find(cib, "fresh"));
    must_apply(cib, "remove * fresh\n");
    ck_assert_ptr_null(hy_cib_find(cib, "fresh"));
    hy_cib_free(&cib);
}
END_TEST

START_TEST(references_hold_after_every_command)
{
    struct hy_cib *cib = cluster();
    must_refuse(cib, "remove 1 ClusterIP\n", -EBUSY,
                "ClusterIP cannot be removed: location clusterIP-preffer refers to it");
    must_refuse(cib, "remove 1 MaxScale\n", -EBUSY, "MaxScale cannot be removed: clone clone_max refers to it");
    must_refuse(cib, "put 0 location l nothing inf: test1\n", -ENOENT, "location l: there is no resource 'nothing'");
    must_refuse(cib, "put 0 order o ClusterIP test1\n", -ENOENT, "order o: there is no resource 'test1'");
    must_refuse(cib, "put 0 group g MaxScale\n", -EINVAL,
                "group g: 'MaxScale' is in clone clone_max already: a resource can be in one group or clone only");
    must_refuse(cib, "put 0 group g clone_max\n", -EINVAL,
                "group g: 'clone_max' is a clone: a group holds primitives only");
    must_refuse(cib, "put 0 clone c clone_max\n", -EINVAL,
                "clone c: 'clone_max' is a clone: only a primitive or a group can be cloned");
    must_refuse(cib, "remove 1 test3\n", -EBUSY,
                "node test3 cannot be removed: it is a member: stop its cluster service first");
    must_apply(cib, "put 0 location l ClusterIP inf: test5\nput 0 location later ClusterIP inf: test9\n");
    must_refuse(cib, "remove 1 test5\n", -EBUSY, "test5 cannot be removed: location l refers to it");
    must_apply(cib, "remove 1 test1\n");
    ck_assert_ptr_null(hy_cib_node(cib, "test1"));
    must_apply(cib, "remove 1 ClusterIP\nremove 1 clusterIP-preffer\nremove * l\nremove * later\n");
    must_apply(cib, "put * order o ClusterIP clone_max\nput * primitive ClusterIP IPaddr2\n");
    hy_cib_free(&cib);
}
END_TEST

START_TEST(all_or_nothing)
{
    struct hy_cib *cib = cluster();
    result(cib, "ClusterIP op=start interval=0 rc=0 exec=done call=1");
    must_refuse(
        cib,
        "put 1 primitive ClusterIP IPaddr2 params ip=9\nput 0 primitive a Dummy\nremove 1 test1\n"
        "put 0 node test1 attributes standby=on\nremove * clusterIP-preffer\nput * node test7\n"
        "member test1 id=1 state=in epoch=1 incarnation=5\n"
        "result test3 epoch=1 MaxScale op=start interval=0 rc=1 exec=done call=2\n"
        "transient test3 a=b\ncleanup *\nsynced test3 epoch=1\nmember test7 id=7 state=in epoch=1 incarnation=1\n"
        "synced test5 epoch=1\n",
        -ESTALE, "the report of node test5 is of its epoch 1: the node is in epoch 0");
    must_refuse(cib, "put 0 primitive a Dummy\nnonsense\n", -EINVAL,
                "line 3, column 1: 'nonsense': expected put, remove, member, enrol, strike, synced, detection, "
                "transient, result, "
                "forget, cleanup, "
                "expire, ticket, lock or noop");
    must_refuse(cib, "put 0 primitive a Dummy\nput 0 primitive b Dummy monitr\n", -EINVAL,
                "line 3, column 25: 'monitr': expected name=value, params, op, meta, utilization or operations");
    must_refuse(cib, "", -EINVAL, "the command has a head only: expected statements, or noop");
    must_refuse(cib, "put 0\n", -EINVAL, "line 2: the statement ends after '0': expected the object, as a statement");
    must_refuse(cib, "put x node a\n", -EINVAL,
                "line 2, column 5: 'x': expected the version that was edited, 0 for a new object, or *");
    must_refuse(cib, "remove 1\n", -EINVAL, "line 2: the statement ends after '1': expected the id of an object");
    must_refuse(cib, "noop x\n", -EINVAL, "line 2, column 6: 'x': expected the end of the statement");
    must_refuse(cib, "put 0 node a\001\n", -EINVAL, "line 2, column 13: control character 0x01: expected text");
    hy_cib_free(&cib);
}
END_TEST

static void must_restamp(const char *text, const char *expected)
{
    struct hy_buf out = {0};
    int rc = hy_command_restamp(&out, text, strlen(text), 1484018697000000);
    ck_assert_int_eq(rc, expected ? 0 : -EINVAL);
    ck_assert_str_eq(hy_buf_text(&out), expected ? expected : "");
    hy_buf_free(&out);
}

START_TEST(a_command_is_said_at_another_time)
{
    must_restamp("command origin=3 incarnation=10 seq=1 at=1.5 by=\"a at=b\"\nput 0 node at=5\n",
                 "command origin=3 incarnation=10 seq=1 at=1484018697.000000 by=\"a at=b\"\nput 0 node at=5\n");
    must_restamp("command origin=0 at=1\n", "command origin=0 at=1484018697.000000\n");
    must_restamp("command origin=0\nput 0 node at=5\n", NULL);
    must_restamp("command origin=0 at=1", NULL);
    must_restamp("", NULL);
}
END_TEST

static int apply_as(struct hy_cib *cib, uint32_t origin, uint64_t incarnation, uint64_t seq, const char *statements,
                    struct hy_answer *answer)
{
    struct hy_buf text = {0};
    struct hy_command_head head = {.origin = origin,
                                   .incarnation = incarnation,
                                   .seq = seq,
                                   .at = 1484018696123456,
                                   .by = "ops man",
                                   .via = "hactl"};
    hy_command_begin(&text, &head);
    hy_buf_adds(&text, statements);
    hy_cib_apply(cib, cib->index + 1, hy_buf_text(&text), text.size, answer);
    struct hy_command_head read;
    ck_assert_int_eq(hy_command_head_parse(hy_buf_text(&text), text.size, &read, NULL), 0);
    ck_assert(read.origin == origin && read.incarnation == incarnation && read.seq == seq && read.at == head.at);
    ck_assert(!read.by && !read.via);
    hy_buf_free(&text);
    return answer->code;
}

START_TEST(sessions_take_each_command_once)
{
    struct hy_cib *cib = hy_cib_new();
    struct hy_answer answer;
    ck_assert_int_eq(apply_as(cib, 3, 10, 1, "put 0 node a\n", &answer), 0);
    ck_assert(answer.config_changed);
    ck_assert_uint_eq(answer.head.seq, 1);
    ck_assert_str_eq(cib->changed_by, "ops man");
    ck_assert_str_eq(cib->changed_via, "hactl");
    ck_assert_int_eq(cib->changed, 1484018696123456);
    ck_assert_int_eq(apply_as(cib, 3, 10, 1, "put 0 node a\n", &answer), -EALREADY);
    ck_assert_str_eq(answer.err.text, "command 1 of node 3 has been taken before");
    ck_assert_int_eq(apply_as(cib, 3, 10, 3, "put 0 node b\n", &answer), -ESTALE);
    ck_assert_str_eq(answer.err.text, "command 3 of node 3 came too early: 2 is the next");
    /* Refused is an answer: it is not given again. */
    ck_assert_int_eq(apply_as(cib, 3, 10, 2, "put 0 node a\n", &answer), -EEXIST);
    ck_assert(!answer.config_changed);
    ck_assert_int_eq(apply_as(cib, 3, 10, 2, "put 0 node b\n", &answer), -EALREADY);
    ck_assert_int_eq(apply_as(cib, 3, 10, 3, "noop\n", &answer), 0);
    ck_assert(!answer.config_changed);
    ck_assert_int_eq(apply_as(cib, 4, 2, 1, "noop\n", &answer), 0);
    ck_assert_int_eq(apply_as(cib, 3, 11, 2, "noop\n", &answer), -ESTALE);
    ck_assert_int_eq(apply_as(cib, 3, 11, 1, "noop\n", &answer), 0);
    ck_assert_int_eq(apply_as(cib, 3, 10, 4, "noop\n", &answer), -EALREADY);
    ck_assert_str_eq(answer.err.text, "command 4 of node 3 is of its incarnation 10, which 11 has replaced");
    ck_assert_uint_eq(cib->sessions.count, 2);
    ck_assert_uint_eq(cib->index, 10);
    hy_cib_free(&cib);
}
END_TEST

START_TEST(heads_are_checked)
{
    static const struct {
        const char *text;
        const char *error;
    } heads[] = {
        {"", "line 1: expected 'command origin=... at=...' as the first line of a command"},
        {"noop\n", "line 1, column 1: 'noop': expected 'command origin=... at=...' as the first line of a command"},
        {"command at=1.000000\n", "line 1: the statement ends after 'at=1.000000': expected origin="},
        {"command origin=1 at=1.000000\n",
         "line 1: the statement ends after 'at=1.000000': expected seq= from 1 on, as the command has an origin"},
        {"command origin=x at=1.000000\n", "line 1, column 9: 'origin=x': expected a whole number up to 4294967295"},
        {"command origin=0 at=1\n", "line 1, column 18: 'at=1': expected seconds since 1970 with six decimals"},
        {"command origin=0 origin=0\n", "line 1, column 18: 'origin=0': origin is given twice: expected it once"},
        {"command origin=0 who=me\n", "line 1, column 18: 'who=me': expected origin=, incarnation=, seq=, at=, by=, "
                                      "via=, client=, request= or repeat="},
    };
    struct hy_cib *cib = hy_cib_new();
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        struct hy_answer answer;
        hy_cib_apply(cib, i + 1, heads[i].text, strlen(heads[i].text), &answer);
        ck_assert_int_eq(answer.code, -EINVAL);
        ck_assert_str_eq(answer.err.text, heads[i].error);
        ck_assert_uint_eq(cib->index, i + 1);
    }
    hy_cib_free(&cib);
}
END_TEST

START_TEST(members_come_and_go_by_epochs)
{
    struct hy_cib *cib = cluster();
    const struct hy_node_status *status = test3(cib);
    ck_assert(status->state == HY_MEMBER_IN && status->id == 3 && status->epoch == 1 && !status->synced);
    ck_assert_int_eq(status->since, 2 * HY_SECOND);
    ck_assert_ptr_eq(hy_cib_node_by_id(cib, 3), status);
    ck_assert_ptr_null(hy_cib_node_by_id(cib, 0));
    must_refuse(cib, "member test3 id=3 state=in epoch=1 incarnation=18\n", -ESTALE,
                "member test3: epoch 1 is not the next: the node is in epoch 1");
    must_refuse(cib, "member test3 id=3 state=in epoch=3 incarnation=18\n", -ESTALE,
                "member test3: epoch 3 is not the next: the node is in epoch 1");
    must_refuse(cib, "member test1 id=3 state=in epoch=1 incarnation=18\n", -EEXIST,
                "member test1: id 3 is that of node test3");
    must_refuse(cib, "member test9 id=9 state=in epoch=1 incarnation=18\n", -ENOENT, "there is no node 'test9'");
    must_refuse(cib, "member test1 id=0 state=in epoch=1 incarnation=1\n", -EINVAL,
                "member test1: expected an id from 1 on");
    must_refuse(cib, "member test1 id=1 state=never epoch=1 incarnation=1\n", -EINVAL,
                "member test1: expected state=in or state=gone");
    must_refuse(cib, "member test1 id=1 epoch=1 incarnation=1\n", -EINVAL,
                "line 2: the statement ends after 'incarnation=1': expected state=");
    must_apply(cib, "synced test3 epoch=1\n");
    ck_assert(status->synced);
    must_apply(cib, "transient test3 pingd=100\n");
    must_apply(cib, "transient test3 other=\"a b\"\n");
    must_apply(cib, "transient test3 other\n");
    ck_assert_uint_eq(status->transient.list.count, 1);
    ck_assert_str_eq(hy_attrs_get(&status->transient, "pingd"), "100");
    result(cib, "ClusterIP op=start interval=0 rc=1 exec=done call=1");
    must_apply(cib, "member test3 id=3 state=gone epoch=2 incarnation=17\n");
    ck_assert(status->state == HY_MEMBER_GONE && !status->synced && status->epoch == 2);
    ck_assert_uint_eq(status->results.count, 0);
    ck_assert_uint_eq(status->transient.list.count, 0);
    ck_assert_int_eq(hy_cib_failcount(status, "ClusterIP", NULL), HY_INFINITY);
    must_refuse(cib, "synced test3 epoch=2\n", -ESTALE, "the report of node test3: the node is no member");
    must_refuse(cib, "result test3 epoch=1 ClusterIP op=stop interval=0 rc=0 exec=done call=2\n", -ESTALE,
                "a result of node test3 is of its epoch 1: the node is in epoch 2");
    must_apply(cib, "member test3 id=3 state=in epoch=3 incarnation=17\n");
    ck_assert_int_eq(hy_cib_failcount(status, "ClusterIP", NULL), HY_INFINITY);
    must_apply(cib, "member test3 id=3 state=in epoch=4 incarnation=18\n");
    ck_assert_int_eq(hy_cib_failcount(status, "ClusterIP", NULL), 0);
    ck_assert_uint_eq(status->failures.count, 0);
    hy_cib_free(&cib);
}
END_TEST

START_TEST(failures_count_as_pacemaker_counts)
{
    struct hy_cib *cib = cluster();
    struct hy_node_status *status = test3(cib);
    hy_wall last = 0;
    result(cib, "ClusterIP op=monitor interval=0 rc=7 exec=done call=1");
    ck_assert(!hy_cib_result(status, "ClusterIP", "monitor", 0)->failed);
    result(cib, "ClusterIP op=monitor interval=0 rc=5 exec=done call=2");
    ck_assert(hy_cib_result(status, "ClusterIP", "monitor", 0)->failed);
    ck_assert_int_eq(hy_cib_failcount(status, "ClusterIP", &last), 0);
    ck_assert_int_eq(last, 0);
    result(cib, "ClusterIP op=start interval=0 rc=0 exec=done call=3 took=381ms queued=1ms digest=abc");
    result(cib, "ClusterIP op=monitor interval=30s rc=0 exec=done call=4");
    result(cib, "ClusterIP op=monitor interval=30s rc=190 exec=done call=4");
    ck_assert_int_eq(hy_cib_failcount(status, "ClusterIP", NULL), 0);
    result(cib, "ClusterIP op=monitor interval=30s rc=7 exec=done call=4 reason=\"no such address\"");
    result(cib, "ClusterIP op=monitor interval=30s rc=0 exec=timeout call=4");
    result(cib, "ClusterIP op=monitor interval=30s rc=8 exec=done call=4");
    ck_assert_int_eq(hy_cib_failcount(status, "ClusterIP", &last), 3);
    ck_assert_int_eq(last, (hy_wall)cib->index * HY_SECOND);
    result(cib, "ClusterIP op=stop interval=0 rc=1 exec=done call=5");
    ck_assert_int_eq(hy_cib_failcount(status, "ClusterIP", NULL), HY_INFINITY);
    result(cib, "MaxScale op=start interval=0 rc=1 exec=done call=6");
    ck_assert_int_eq(hy_cib_failcount(status, "MaxScale", NULL), HY_INFINITY);
    must_apply(cib, "put 0 property start-failure-is-fatal=false\ncleanup MaxScale\n");
    result(cib, "MaxScale op=start interval=0 rc=1 exec=done call=7");
    result(cib, "MaxScale op=start interval=0 rc=0 exec=died call=8");
    result(cib, "MaxScale op=promote interval=0 rc=1 exec=done call=9");
    ck_assert_int_eq(hy_cib_failcount(status, "MaxScale", NULL), 3);
    result(cib, "MaxScale op=start interval=0 rc=0 exec=cancelled call=10");
    ck_assert_uint_eq(hy_cib_result(status, "MaxScale", "start", 0)->call, 8);
    result(cib, "MaxScale op=start interval=0 rc=0 exec=pending call=11");
    ck_assert_int_eq(hy_cib_result(status, "MaxScale", "start", 0)->exec, HY_EXEC_PENDING);
    result(cib, "MaxScale op=start interval=0 rc=0 exec=cancelled call=11");
    ck_assert_ptr_null(hy_cib_result(status, "MaxScale", "start", 0));
    ck_assert_int_eq(hy_cib_failcount(status, "MaxScale", NULL), 3);
    hy_cib_free(&cib);
}
END_TEST

START_TEST(a_promoted_instance_is_right_to_say_so)
{
    struct hy_cib *cib = cluster();
    struct hy_node_status *status = test3(cib);
    result(cib, "MaxScale op=promote interval=0 rc=0 exec=done call=1");
    result(cib, "MaxScale op=monitor interval=10s rc=8 exec=done call=2");
    result(cib, "MaxScale op=monitor interval=10s rc=191 exec=done call=2");
    ck_assert_int_eq(hy_cib_failcount(status, "MaxScale", NULL), 0);
    result(cib, "MaxScale op=demote interval=0 rc=0 exec=done call=3");
    result(cib, "MaxScale op=monitor interval=10s rc=8 exec=done call=4");
    ck_assert_int_eq(hy_cib_failcount(status, "MaxScale", NULL), 1);
    hy_cib_free(&cib);
}
END_TEST

START_TEST(history_is_ordered_by_call)
{
    struct hy_cib *cib = cluster();
    struct hy_node_status *status = test3(cib);
    result(cib, "ClusterIP op=start interval=0 rc=0 exec=done call=5");
    result(cib, "ClusterIP op=start interval=0 rc=1 exec=done call=4");
    ck_assert_int_eq(hy_cib_result(status, "ClusterIP", "start", 0)->rc, 0);
    ck_assert_int_eq(hy_cib_failcount(status, "ClusterIP", NULL), 0);
    result(cib, "ClusterIP op=monitor interval=30s rc=0 exec=done call=6");
    hy_wall first = hy_cib_result(status, "ClusterIP", "monitor", 30 * HY_SECOND)->at;
    result(cib, "ClusterIP op=monitor interval=30s rc=0 exec=done call=6");
    ck_assert_int_eq(hy_cib_result(status, "ClusterIP", "monitor", 30 * HY_SECOND)->at, first);
    result(cib, "ClusterIP op=monitor interval=30s rc=7 exec=done call=6");
    ck_assert_int_gt(hy_cib_result(status, "ClusterIP", "monitor", 30 * HY_SECOND)->at, first);
    result(cib, "ClusterIP op=stop interval=0 rc=0 exec=done call=7");
    ck_assert_ptr_null(hy_cib_result(status, "ClusterIP", "monitor", 30 * HY_SECOND));
    ck_assert_ptr_nonnull(hy_cib_result(status, "ClusterIP", "start", 0));
    /* A monitor that was ordered before the stop and comes after it finds nothing running: that is no failure. */
    result(cib, "ClusterIP op=monitor interval=30s rc=7 exec=done call=8");
    ck_assert_ptr_null(hy_cib_result(status, "ClusterIP", "monitor", 30 * HY_SECOND));
    ck_assert_int_eq(hy_cib_failcount(status, "ClusterIP", NULL), 1);
    /* What has failed stays on show after it works again. */
    result(cib, "ClusterIP op=start interval=0 rc=0 exec=done call=8");
    result(cib, "ClusterIP op=monitor interval=30s rc=0 exec=done call=9");
    ck_assert(!hy_cib_result(status, "ClusterIP", "monitor", 30 * HY_SECOND)->failed);
    ck_assert_uint_eq(status->failures.count, 1);
    ck_assert_int_eq(status->failures.items[0].rc, 7);
    ck_assert_int_eq(hy_cib_failcount(status, "ClusterIP", NULL), 1);
    must_apply(cib, "forget test3 ClusterIP op=monitor interval=30s\n");
    ck_assert_ptr_null(hy_cib_result(status, "ClusterIP", "monitor", 30 * HY_SECOND));
    must_apply(cib, "forget test3 ClusterIP op=monitor interval=30s\n");
    must_refuse(cib, "forget test9 ClusterIP op=monitor interval=30s\n", -ENOENT, "there is no node 'test9'");
    must_refuse(cib, "result test3 epoch=1 db: op=start interval=0 rc=0 exec=done call=1\n", -EINVAL,
                "line 2, column 22: 'db:': expected a resource's id, or ID:NUMBER for an instance");
    must_refuse(cib, "result test3 epoch=1 db op=start interval=soon rc=0 exec=done call=1\n", -EINVAL,
                "line 2, column 34: 'interval=soon': expected a duration, such as 30s or 381ms");
    must_refuse(cib, "result test3 db op=start interval=0 rc=0 exec=done call=1\n", -EINVAL,
                "line 2, column 14: 'db': expected epoch=NUMBER");
    hy_cib_free(&cib);
}
END_TEST

/* Nobody started it, and a monitor has seen it after its stop: that it does not run is news, and not to be asked for ever. */
START_TEST(what_was_seen_after_its_stop_and_is_gone_is_recorded)
{
    struct hy_cib *cib = cluster();
    struct hy_node_status *status = test3(cib);
    result(cib, "ClusterIP op=start interval=0 rc=0 exec=done call=1");
    result(cib, "ClusterIP op=stop interval=0 rc=0 exec=done call=2");
    result(cib, "ClusterIP op=monitor interval=30s rc=1 exec=done call=3");
    must_apply(cib, "forget test3 ClusterIP op=monitor interval=30s\n"); /* defined anew: its failure stays */
    result(cib, "ClusterIP op=monitor interval=30s rc=7 exec=done call=4");
    ck_assert_ptr_nonnull(hy_cib_result(status, "ClusterIP", "monitor", 30 * HY_SECOND));
    hy_cib_free(&cib);
}
END_TEST

START_TEST(cleanup_forgets_what_failed)
{
    struct hy_cib *cib = cluster();
    must_apply(cib, "put 0 primitive a Dummy\nput 0 primitive b Dummy\nput 0 group g a b\nput 0 clone c g\n"
                    "member test1 id=1 state=in epoch=1 incarnation=1\n");
    struct hy_node_status *status = test3(cib);
    result(cib, "a:0 op=start interval=0 rc=0 exec=done call=1");
    result(cib, "a:1 op=start interval=0 rc=1 exec=done call=2");
    result(cib, "b op=start interval=0 rc=0 exec=done call=3");
    result(cib, "ClusterIP op=start interval=0 rc=1 exec=done call=4");
    must_refuse(cib, "cleanup nothing\n", -ENOENT, "there is no resource 'nothing'");
    must_refuse(cib, "cleanup test1\n", -ENOENT, "there is no resource 'test1'");
    must_refuse(cib, "cleanup a node=test9\n", -ENOENT, "there is no node 'test9'");
    must_apply(cib, "cleanup c node=test1\n");
    must_apply(cib, "cleanup b\n");
    ck_assert_uint_eq(status->results.count, 4);
    must_apply(cib, "cleanup c\n");
    ck_assert_uint_eq(status->results.count, 2);
    ck_assert_ptr_nonnull(hy_cib_result(status, "b", "start", 0));
    ck_assert_int_eq(hy_cib_failcount(status, "a:1", NULL), 0);
    ck_assert_uint_eq(status->failures.count, 1);
    must_apply(cib, "cleanup *\n");
    ck_assert_uint_eq(status->results.count, 1);
    ck_assert_uint_eq(status->failures.count, 0);
    ck_assert_uint_eq(status->failcounts.count, 0);
    hy_cib_free(&cib);
}
END_TEST

START_TEST(expiry_forgets_the_failures_only)
{
    struct hy_cib *cib = cluster();
    struct hy_node_status *status = test3(cib);
    result(cib, "ClusterIP op=start interval=0 rc=0 exec=done call=1");
    result(cib, "ClusterIP op=monitor interval=30s rc=7 exec=done call=2");
    must_refuse(cib, "expire ClusterIP\n", -EINVAL, "line 2: the statement ends after 'ClusterIP': expected node=NAME");
    must_apply(cib, "expire ClusterIP node=test1\n");
    ck_assert_uint_eq(status->results.count, 2);
    must_apply(cib, "expire ClusterIP node=test3\n");
    ck_assert_uint_eq(status->results.count, 1);
    ck_assert_uint_eq(status->failures.count, 0);
    ck_assert_int_eq(hy_cib_failcount(status, "ClusterIP", NULL), 0);
    hy_cib_free(&cib);
}
END_TEST

START_TEST(nothing_is_kept_of_what_is_removed_and_stopped)
{
    struct hy_cib *cib = cluster();
    must_apply(cib, "put 0 primitive a Dummy\n");
    struct hy_node_status *status = test3(cib);
    result(cib, "a op=start interval=0 rc=0 exec=done call=1");
    must_apply(cib, "remove * a\n");
    ck_assert_uint_eq(status->results.count, 1); /* it runs still */
    result(cib, "a op=stop interval=0 rc=1 exec=done call=2");
    ck_assert_uint_eq(status->results.count, 2);
    result(cib, "a op=stop interval=0 rc=0 exec=done call=3");
    ck_assert_uint_eq(status->results.count, 0);
    ck_assert_uint_eq(status->failcounts.count, 0);
    ck_assert_uint_eq(status->failures.count, 0);
    must_apply(cib, "put 0 primitive a Dummy\n");
    result(cib, "a op=monitor interval=0 rc=7 exec=done call=4");
    must_apply(cib, "remove * a\n");
    ck_assert_uint_eq(status->results.count, 0);
    hy_cib_free(&cib);
}
END_TEST

/* Thousands that were stopped go with one command. So long that what is quadratic would not end. */
START_TEST(many_are_removed_at_once)
{
    enum { MANY = 6000 };
    struct hy_cib *cib = cib_of("node test3\n");
    struct hy_buf text = {0};
    must_apply(cib, "member test3 id=3 state=in epoch=1 incarnation=17\n");
    for (int i = 0; i < MANY; i++)
        hy_buf_addf(&text, "put 0 primitive p%d Dummy\n", i);
    must_apply(cib, hy_buf_text(&text));
    hy_buf_clear(&text);
    for (int i = 0; i < MANY; i++)
        hy_buf_addf(&text, "result test3 epoch=1 p%d op=start interval=0 rc=0 exec=done call=1\n", i);
    for (int i = MANY / 2; i < MANY; i++)
        hy_buf_addf(&text, "result test3 epoch=1 p%d op=stop interval=0 rc=0 exec=done call=2\n", i);
    must_apply(cib, hy_buf_text(&text));
    hy_buf_clear(&text);
    for (int i = 0; i < MANY; i++)
        hy_buf_addf(&text, "remove * p%d\n", i);
    must_apply(cib, hy_buf_text(&text));
    ck_assert_uint_eq(test3(cib)->results.count, MANY / 2); /* what may still run stays known */
    ck_assert_ptr_nonnull(hy_cib_result(test3(cib), "p0", "start", 0));
    ck_assert_ptr_null(hy_cib_result(test3(cib), "p5999", "start", 0));
    hy_buf_free(&text);
    hy_cib_free(&cib);
}
END_TEST

START_TEST(writers_write_what_is_read)
{
    struct hy_cib *cib = cluster();
    struct hy_buf text = {0};
    struct hy_command_head head = {.at = 1484018696123456, .by = "root@test3"};
    char rsc[] = "ClusterIP", op[] = "start", reason[] = "it said:\n\"no\" \\ \xff", digest[] = "f00";
    struct hy_result result = {.rsc = rsc,
                               .op = op,
                               .rc = 1,
                               .call = 214,
                               .took = 381 * HY_MS,
                               .queued = -1,
                               .reason = reason,
                               .digest = digest};
    hy_command_begin(&text, &head);
    hy_command_put(&text, "1", hy_cib_find(cib, "ClusterIP"));
    hy_command_remove(&text, "1", "clusterIP-preffer");
    hy_command_member(&text, "test3", 3, HY_MEMBER_IN, 2, 18);
    hy_command_synced(&text, "test3", 2);
    hy_command_transient(&text, "test3", "a", "b c");
    hy_command_transient(&text, "test3", "a", NULL);
    hy_command_result(&text, "test3", 2, &result);
    hy_command_forget(&text, "test3", "ClusterIP", "monitor", 30 * HY_SECOND);
    hy_command_cleanup(&text, "*", NULL);
    hy_command_cleanup(&text, "ClusterIP", "test3");
    hy_command_expire(&text, "ClusterIP", "test3");
    hy_command_result(&text, "test3", 2, &result);
    hy_command_noop(&text);
    ck_assert_str_eq(hy_buf_text(&text),
                     "command origin=0 at=1484018696.123456 by=root@test3\n"
                     "put 1 primitive ClusterIP IPaddr2 \\\n\tparams ip=172.100.102.110\n"
                     "remove 1 clusterIP-preffer\n"
                     "member test3 id=3 state=in epoch=2 incarnation=18\n"
                     "synced test3 epoch=2\n"
                     "transient test3 a=\"b c\"\n"
                     "transient test3 a\n"
                     "result test3 epoch=2 ClusterIP op=start interval=0 rc=1 exec=done call=214 took=381ms queued=0 "
                     "reason=\"it said: \\\"no\\\" \\ ?\" digest=f00\n"
                     "forget test3 ClusterIP op=monitor interval=30s\n"
                     "cleanup *\n"
                     "cleanup ClusterIP node=test3\n"
                     "expire ClusterIP node=test3\n"
                     "result test3 epoch=2 ClusterIP op=start interval=0 rc=1 exec=done call=214 took=381ms queued=0 "
                     "reason=\"it said: \\\"no\\\" \\ ?\" digest=f00\n"
                     "noop\n");
    struct hy_answer answer;
    hy_cib_apply(cib, 3, hy_buf_text(&text), text.size, &answer);
    ck_assert_str_eq(answer.err.text, "");
    ck_assert_int_eq(answer.code, 0);
    const struct hy_result *kept = hy_cib_result(test3(cib), "ClusterIP", "start", 0);
    ck_assert_str_eq(kept->reason, "it said: \"no\" \\ ?");
    ck_assert_int_eq(kept->took, 381 * HY_MS);
    ck_assert_str_eq(kept->digest, "f00");
    ck_assert(kept->failed);
    hy_buf_free(&text);
    hy_cib_free(&cib);
}
END_TEST

START_TEST(saved_is_restored)
{
    struct hy_cib *cib = cluster(), *again = hy_cib_new();
    struct hy_answer answer;
    struct hy_err err = {{0}};
    ck_assert_int_eq(apply_as(cib, 3, 10, 1, "transient test3 pingd=\"a b\"\n", &answer), 0);
    result(cib, "MaxScale:1 op=start interval=0 rc=1 exec=timeout call=4 took=20s reason=\"it hangs\"");
    char *text = saved(cib);
    ck_assert_str_eq(text, "halyard-cib 1\nindex 4\nchanged at=1.000000 by=\"root@test3\" via=hactl\n"
                           "session origin=3 incarnation=10 seq=1\n"
                           "object 1 location clusterIP-preffer ClusterIP inf: test3\n"
                           "object 1 clone clone_max MaxScale\nobject 1 node test1\nobject 1 node test3\n"
                           "object 1 node test5\n"
                           "object 1 primitive ClusterIP IPaddr2 \\\n\tparams ip=172.100.102.110\n"
                           "object 1 primitive MaxScale lsb:maxscale\n"
                           "status test1 id=0 state=never epoch=0 incarnation=0 synced=no since=0.000000\n"
                           "status test3 id=3 state=in epoch=1 incarnation=17 synced=no since=2.000000\n"
                           "transient test3 pingd=\"a b\"\n"
                           "result test3 MaxScale:1 op=start interval=0 rc=1 exec=timeout call=4 took=20s queued=0 "
                           "reason=\"it hangs\" at=4.000000 failed=yes\n"
                           "failure test3 MaxScale:1 op=start interval=0 rc=1 exec=timeout call=4 took=20s queued=0 "
                           "reason=\"it hangs\" at=4.000000 failed=yes\n"
                           "failcount test3 MaxScale:1 op=start interval=0 count=1000000 last=4.000000\n"
                           "status test5 id=0 state=never epoch=0 incarnation=0 synced=no since=0.000000\n"
                           "end\n");
    ck_assert_int_eq(hy_cib_restore(again, text, strlen(text), &err), 0);
    char *text_again = saved(again);
    ck_assert_str_eq(text_again, text);
    ck_assert_int_eq(hy_cib_restore(again, text, strlen(text), &err), -EINVAL);
    ck_assert_str_eq(err.text, "expected an empty CIB to restore into");
    struct hy_cib *copy = hy_cib_copy(cib);
    char *text_copy = saved(copy);
    ck_assert_str_eq(text_copy, text);
    free(text);
    free(text_again);
    free(text_copy);
    hy_cib_free(&cib);
    hy_cib_free(&again);
    hy_cib_free(&copy);
}
END_TEST

/* What consensus takes as a snapshot is read: 32 nodes with 5,000 resources make more than a configuration may be. */
START_TEST(what_is_saved_may_be_long)
{
    static const char end[] = "end\n";
    struct hy_cib *cib = cluster(), *again = hy_cib_new();
    struct hy_err err = {{0}};
    struct hy_buf text = {0};
    hy_cib_save(cib, &text);
    hy_buf_truncate(&text, text.size - strlen(end));
    for (char line[4096] = "#"; text.size <= HY_TEXT_MAX;) {
        memset(line + 1, 'x', sizeof line - 2);
        hy_buf_adds(&text, line);
        hy_buf_addc(&text, '\n');
    }
    hy_buf_adds(&text, end);
    ck_assert_msg(hy_cib_restore(again, hy_buf_text(&text), text.size, &err) == 0, "%s", err.text);
    ck_assert_int_eq(hy_cib_parse(cib, hy_buf_text(&text), text.size, &err), -EINVAL);
    ck_assert_ptr_nonnull(strstr(err.text, "bytes: expected at most 67108864"));
    hy_buf_free(&text);
    hy_cib_free(&cib);
    hy_cib_free(&again);
}
END_TEST

static const char *wisher(const struct hy_cib *cib)
{
    const struct hy_node_status *status = hy_cib_wisher(cib);
    return status ? status->node : "none";
}

START_TEST(wishes_last_until_the_verdict)
{
    struct hy_cib *cib = cluster(), *again = hy_cib_new();
    must_apply(cib, "member test1 id=1 state=in epoch=1 incarnation=5\n");
    ck_assert_str_eq(wisher(cib), "none");
    struct hy_buf statement = {0};
    const struct hy_wish wish = {.dead_after = 168 * HY_MS, .gap = 100500, .of = (char[]){"test1"}, .promises = true};
    hy_command_detection(&statement, "test3", 1, &wish);
    ck_assert_str_eq(hy_buf_text(&statement),
                     "detection test3 epoch=1 dead-after=168ms gap=100500us of=test1 by=promises\n");
    must_apply(cib, hy_buf_text(&statement));
    must_apply(cib, "detection test1 epoch=1 dead-after=144ms gap=80ms of=test3 by=heartbeats\n");
    ck_assert_str_eq(wisher(cib), "test3");
    char *text = saved(cib);
    ck_assert_ptr_nonnull(strstr(text, "\ndetection test3 dead-after=168ms gap=100500us of=test1 by=promises\n"));
    ck_assert_int_eq(hy_cib_restore(again, text, strlen(text), NULL), 0);
    char *text_again = saved(again);
    ck_assert_str_eq(text_again, text);
    ck_assert(test3(again)->wish.promises);
    /* All or nothing. */
    must_refuse(cib, "detection test3 epoch=1 dead-after=0\nsynced test5 epoch=1\n", -ESTALE,
                "the report of node test5 is of its epoch 1: the node is in epoch 0");
    ck_assert_int_eq(test3(cib)->wish.dead_after, 168 * HY_MS);
    must_refuse(cib, "detection test3 epoch=2 dead-after=1s\n", -ESTALE,
                "what is asked of the detection of node test3 is of its epoch 2: the node is in epoch 1");
    must_refuse(cib, "detection test3 epoch=1 dead-after=1s by=rumour\n", -EINVAL,
                "line 2: the statement ends after 'by=rumour': expected by=heartbeats or by=promises");
    /* A core that restarts keeps it, one that is gone does not. */
    must_apply(cib, "member test3 id=3 state=in epoch=2 incarnation=18\n");
    ck_assert_str_eq(wisher(cib), "test3");
    must_apply(cib, "member test3 id=3 state=gone epoch=3 incarnation=18\n");
    ck_assert_str_eq(wisher(cib), "test1");
    must_apply(cib, "member test3 id=3 state=in epoch=4 incarnation=18\n");
    ck_assert_str_eq(wisher(cib), "test1");
    must_apply(cib, "detection test1 epoch=1 dead-after=0\n");
    ck_assert_str_eq(wisher(cib), "none");
    free(text);
    free(text_again);
    hy_buf_free(&statement);
    hy_cib_free(&cib);
    hy_cib_free(&again);
}
END_TEST

START_TEST(who_is_enrolled_is_written_and_read)
{
    struct hy_cib *cib = hy_cib_new(), *again = hy_cib_new();
    struct hy_buf statements = {0};
    struct hy_enrolment enrolled = {.address = (char[]){"10.0.0.1"}, .links = {NULL, (char[]){"fe80::1%eth1"}}};
    hy_command_lineage(&statements, 77);
    hy_command_enrol(&statements, "test1", 1, &enrolled);
    enrolled = (struct hy_enrolment){.address = (char[]){"10.0.0.3"}, .witness = true};
    hy_command_enrol(&statements, "test3", 3, &enrolled);
    enrolled = (struct hy_enrolment){.address = (char[]){"10.0.0.2"}};
    hy_command_enrol(&statements, "test2", 2, &enrolled); /* in one command they come in any order */
    must_apply(cib, hy_buf_text(&statements));
    hy_buf_clear(&statements);
    hy_command_strike(&statements, "test2");
    ck_assert_str_eq(hy_buf_text(&statements), "strike test2\n");
    must_apply(cib, hy_buf_text(&statements));
    cib->servers_index = 9;
    char *text = saved(cib);
    ck_assert_ptr_nonnull(strstr(text, "\nlineage 77\n"));
    ck_assert_ptr_nonnull(strstr(text, "\nservers-index 9\n"));
    ck_assert_ptr_nonnull(strstr(text, "\nlast-id 3\n"));
    ck_assert_ptr_nonnull(strstr(text, "\nenrolled test1 address=10.0.0.1 link2=\"fe80::1%eth1\" striking=no\n"));
    ck_assert_ptr_nonnull(strstr(text, "\nenrolled test3 address=10.0.0.3 witness=true striking=no\n"));
    ck_assert_ptr_nonnull(strstr(text, "\nenrolled test2 address=10.0.0.2 striking=yes\n"));
    ck_assert_int_eq(hy_cib_restore(again, text, strlen(text), NULL), 0);
    char *text_again = saved(again);
    ck_assert_str_eq(text_again, text);
    /* All or nothing: what was before comes back, the highest id too. */
    must_refuse(cib, "enrol test4 id=4 address=10.0.0.4\nnonsense\n", -EINVAL,
                "line 3, column 1: 'nonsense': expected put, remove, member, enrol, strike, synced, detection, "
                "transient, result, "
                "forget, cleanup, expire, ticket, lock or noop");
    must_refuse(cib, "enrol test1 id=1 address=10.0.0.9\nstrike test1\n", -EINVAL,
                "only witnesses would be left: at least one node that may run something has to stay");
    must_refuse(cib, "enrol test4 id=4 address=10.0.0.4 witness=perhaps\n", -EINVAL,
                "line 2: the statement ends after 'witness=perhaps': witness=perhaps: expected true or false");
    ck_assert_ptr_null(hy_cib_node(cib, "test4"));
    ck_assert_uint_eq(cib->last_id, 3);
    ck_assert_str_eq(hy_cib_node(cib, "test1")->enrolled.address, "10.0.0.1");
    must_apply(cib, "enrol test4 id=4 address=10.0.0.4\n");
    must_apply(cib, "struck test2\n");
    ck_assert_ptr_null(hy_cib_find(cib, "test2"));
    free(text);
    free(text_again);
    hy_buf_free(&statements);
    hy_cib_free(&cib);
    hy_cib_free(&again);
}
END_TEST

START_TEST(what_is_no_saved_cib_is_refused)
{
    static const struct {
        const char *text;
        const char *error;
    } bad[] = {
        {"", "this is no saved CIB: expected 'halyard-cib 1' as its first line"},
        {"node a\nend\n", "line 1, column 1: 'node': expected 'halyard-cib 1' as the first line"},
        {"halyard-cib 2\nend\n", "a saved CIB of form 2: this program reads form 1"},
        {"halyard-cib 1\nindex 5\n",
         "line 2, column 1: 'index': expected 'end' as the last line: the saved CIB is cut off"},
        {"halyard-cib 1\nindex x\nend\n", "line 2, column 7: 'x': expected a whole number"},
        {"halyard-cib 1\nthing\nend\n",
         "line 2, column 1: 'thing': expected index, object, status, end, or another statement of a saved CIB"},
        {"halyard-cib 1\nobject 1 node a\nobject 1 node a\nend\n",
         "line 3, column 1: 'object': object a: expected each id once, and at most 20000 objects"},
        {"halyard-cib 1\nobject 1\nend\n", "line 2: the statement ends after '1': expected an object"},
        {"halyard-cib 1\ntransient a b=c\nend\n",
         "line 2, column 11: 'a': expected the name of a node that stands above"},
    };
    struct hy_cib *cib = hy_cib_new();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct hy_err err = {{0}};
        ck_assert_int_eq(hy_cib_restore(cib, bad[i].text, strlen(bad[i].text), &err), -EINVAL);
        ck_assert_str_eq(err.text, bad[i].error);
        ck_assert_uint_eq(cib->objects.count, 0);
    }
    hy_cib_free(&cib);
}
END_TEST

START_TEST(tickets_are_granted_and_taken_back)
{
    struct hy_cib *cib = cluster();
    ck_assert_ptr_null(hy_cib_ticket(cib, "site-A"));
    must_apply(cib, "ticket site-B standby=yes\n");
    hy_wall at = (hy_wall)(cib->index + 1) * HY_SECOND;
    must_apply(cib, "ticket site-A granted=yes owner=3\n");
    const struct hy_ticket *ticket = hy_cib_ticket(cib, "site-A");
    ck_assert(ticket->granted && !ticket->standby);
    ck_assert_int_eq(ticket->last_granted, at);
    ck_assert_str_eq(hy_attrs_get(&ticket->attrs, "owner"), "3");
    ck_assert_str_eq(cib->tickets.items[1].name, "site-B");
    must_apply(cib, "ticket site-A granted=true standby=on\n"); /* granted as before: when, too */
    ticket = hy_cib_ticket(cib, "site-A");
    ck_assert(ticket->granted && ticket->standby);
    ck_assert_int_eq(ticket->last_granted, at);
    must_apply(cib, "ticket site-A granted=no\nticket site-A granted=yes\n");
    ck_assert_int_eq(hy_cib_ticket(cib, "site-A")->last_granted, (hy_wall)cib->index * HY_SECOND);
    must_come_back_when_saved(cib);
    must_refuse(
        cib, "ticket site-A\n", -EINVAL,
        "line 2: the statement ends after 'site-A': expected granted=yes, granted=no, standby=yes, standby=no or "
        "name=value");
    must_refuse(cib, "ticket site-A granted=perhaps\n", -EINVAL,
                "line 2, column 15: 'granted=perhaps': expected yes or no, once");
    must_refuse(cib, "ticket 'a b' granted=yes\n", -EINVAL, "line 2, column 8: 'a b': expected the name of a ticket");
    must_refuse(cib, "unticket site-C\n", -ENOENT, "there is no ticket 'site-C'");
    must_refuse(cib, "ticket site-C granted=yes\nunticket site-A\nticket site-B granted=yes\nremove * nothing\n",
                -ENOENT, "there is no object 'nothing'");
    must_apply(cib, "unticket site-A\n");
    ck_assert_ptr_null(hy_cib_ticket(cib, "site-A"));
    hy_cib_free(&cib);
}
END_TEST

START_TEST(locks_are_kept_with_their_node)
{
    struct hy_cib *cib = cluster();
    must_apply(cib, "lock test3 MaxScale\nlock test3 ClusterIP\nlock test3 MaxScale\n");
    ck_assert_uint_eq(test3(cib)->locks.count, 2);
    ck_assert_str_eq(test3(cib)->locks.items[1].rsc, "MaxScale");
    ck_assert_int_eq(test3(cib)->locks.items[1].since, (hy_wall)cib->index * HY_SECOND);
    must_come_back_when_saved(cib);
    must_refuse(cib, "unlock test3 MaxScale\nlock nobody MaxScale\n", -ENOENT, "there is no node 'nobody'");
    must_apply(cib, "unlock test3 MaxScale\nunlock test3 nothing\n");
    ck_assert_uint_eq(test3(cib)->locks.count, 1);
    hy_cib_free(&cib);
}
END_TEST

START_TEST(what_is_referred_to_stays)
{
    struct hy_cib *cib = cluster();
    must_apply(cib, "put 0 rsc_template t Dummy params $id=t-set a=1\nput 0 primitive p @t\n"
                    "put 0 primitive q Dummy params $id-ref=t-set\nput 0 tag both p q\n"
                    "put 0 location lt both 5: test1\nput 0 colocation ct inf: p ( q MaxScale )\n"
                    "put 0 location lr p rule $id=lr-rule 5: #uname eq test1\n"
                    "put 0 location ls q rule $id-ref=lr-rule\n");
    must_refuse(cib, "remove * both\n", -EBUSY, "both cannot be removed: location lt refers to it");
    must_refuse(cib, "remove * q\nput * tag both p\n", -EBUSY, "q cannot be removed: colocation ct refers to it");
    must_refuse(cib, "remove * t\n", -EBUSY, "t cannot be removed: primitive p refers to it");
    must_refuse(cib, "put * rsc_template t Dummy\n", -ENOENT,
                "primitive q: there is no set 't-set': expected its id (a resource's plain ones are called "
                "ID-instance_attributes, ID-meta_attributes, ID-utilization)");
    must_refuse(cib, "remove * lr\n", -ENOENT, "location ls: there is no rule 'lr-rule'");
    must_refuse(cib, "put 0 primitive p2 @nothing\n", -ENOENT, "primitive p2: there is no template 'nothing'");
    must_refuse(cib, "put 0 tag x nothing\n", -ENOENT, "tag x: there is no object 'nothing'");
    must_refuse(cib, "put 0 fencing_topology nothing\n", -ENOENT, "fencing_topology: there is no resource 'nothing'");
    must_refuse(cib, "put 0 primitive p3 Dummy params $id=t-set b=2\n", -EEXIST,
                "primitive p3: the id 't-set' is in rsc_template t already: expected an id that is not taken");
    must_refuse(cib, "put 0 primitive p3 Dummy params $id=both b=2\n", -EEXIST,
                "primitive p3: the id 'both' is in tag both already: expected an id that is not taken");
    must_apply(cib, "remove * both\nremove * lt\nremove * ct\nremove * ls\nremove * q\n");
    must_apply(cib, "put * rsc_template t Dummy\n");
    hy_cib_free(&cib);
}
END_TEST

/* A reference is found wherever it went, however the configuration came to be as it is. */
START_TEST(inner_ids_are_found_after_any_edit)
{
    struct hy_cib *cib = cluster();
    must_apply(cib, "put 0 primitive p Dummy params $id=set a=1\n");
    ck_assert_str_eq(hy_attrs_get(&hy_cib_find_set(cib, "set")->attrs, "a"), "1");
    must_apply(cib, "put * primitive p Dummy params $id=set a=2\n");
    ck_assert_str_eq(hy_attrs_get(&hy_cib_find_set(cib, "set")->attrs, "a"), "2");
    must_apply(cib, "put * primitive p Dummy\nput 0 primitive q Dummy params $id=set a=3\n");
    ck_assert_str_eq(hy_attrs_get(&hy_cib_find_set(cib, "set")->attrs, "a"), "3");
    must_refuse(cib, "remove * q\nremove * nothing\n", -ENOENT, "there is no object 'nothing'");
    ck_assert_str_eq(hy_attrs_get(&hy_cib_find_set(cib, "set")->attrs, "a"), "3");
    must_apply(cib, "remove * q\n");
    ck_assert_ptr_null(hy_cib_find_set(cib, "set"));
    must_apply(cib, "put * primitive p Dummy b=4 utilization cpu=1\n");
    ck_assert_str_eq(hy_attrs_get(&hy_cib_find_set(cib, "p-instance_attributes")->attrs, "b"), "4");
    ck_assert_str_eq(hy_attrs_get(&hy_cib_find_set(cib, "p-utilization")->attrs, "cpu"), "1");
    ck_assert_ptr_null(hy_cib_find_set(cib, "p-meta_attributes"));
    ck_assert_ptr_null(hy_cib_find_set(cib, "-utilization"));
    hy_cib_free(&cib);
}
END_TEST

static void parent_is(const struct hy_cib *cib, const char *id, const char *parent)
{
    const struct hy_object *found = hy_cib_parent(cib, id);
    ck_assert_msg((found != NULL) == (parent != NULL), "%s", id);
    if (parent)
        ck_assert_str_eq(found->id, parent);
}

START_TEST(parents_are_found_after_any_edit)
{
    struct hy_cib *cib = cib_of("node test3\nprimitive A Dummy\nprimitive B Dummy\ngroup g A B\nclone k g\n");
    parent_is(cib, "A", "g");
    parent_is(cib, "g", "k");
    parent_is(cib, "k", NULL);
    /* From one to another, in either order; at the time between the two it is in both. */
    must_apply(cib, "put * group h A\nput * group g B\n");
    parent_is(cib, "A", "h");
    must_apply(cib, "put * group h B\nput * group g A\n");
    parent_is(cib, "A", "g");
    parent_is(cib, "B", "h");
    must_refuse(cib, "put * group g A B\n", -EINVAL,
                "group h: 'B' is in group g already: a resource can be in one group or clone only");
    parent_is(cib, "B", "h");
    must_apply(cib, "remove * h\n");
    parent_is(cib, "B", NULL);
    must_apply(cib, "remove * k\nput * clone k2 g\n");
    parent_is(cib, "g", "k2");
    struct hy_cib *copy = hy_cib_copy(cib);
    parent_is(copy, "A", "g");
    hy_cib_free(&copy);
    /* What was only read may be wrong: the first one counts, and then the next. */
    hy_cib_free(&cib);
    cib = cib_of("primitive A Dummy\ngroup g A\ngroup h A\nclone c A\n");
    parent_is(cib, "A", "g");
    hy_cib_free(&cib);
}
END_TEST

START_TEST(results_say_what_the_operation_was)
{
    struct hy_cib *cib = cluster();
    result(cib, "ClusterIP op=migrate_to interval=0 rc=0 exec=done call=9 agent=ocf:heartbeat:IPaddr2 digest=d "
                "restart-digest=r restart-params=\" a b \" migrate-from=test3 migrate-to=test1 expected=7");
    const struct hy_result *last = hy_cib_result(test3(cib), "ClusterIP", "migrate_to", 0);
    ck_assert_str_eq(last->agent, "ocf:heartbeat:IPaddr2");
    ck_assert_str_eq(last->restart_digest, "r");
    ck_assert_str_eq(last->restart_params, " a b ");
    ck_assert_str_eq(last->migrate_from, "test3");
    ck_assert_str_eq(last->migrate_to, "test1");
    ck_assert(last->has_expected);
    ck_assert_int_eq(last->expected, 7);
    result(cib, "MaxScale op=start interval=0 rc=0 exec=done call=10");
    ck_assert(!hy_cib_result(test3(cib), "MaxScale", "start", 0)->has_expected);
    must_come_back_when_saved(cib);
    hy_cib_free(&cib);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cib: commands");
    TCase *tcase = tcase_create("commands");
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, edits_are_of_versions);
    tcase_add_test(tcase, references_hold_after_every_command);
    tcase_add_test(tcase, all_or_nothing);
    tcase_add_test(tcase, sessions_take_each_command_once);
    tcase_add_test(tcase, heads_are_checked);
    tcase_add_test(tcase, a_command_is_said_at_another_time);
    tcase_add_test(tcase, members_come_and_go_by_epochs);
    tcase_add_test(tcase, failures_count_as_pacemaker_counts);
    tcase_add_test(tcase, a_promoted_instance_is_right_to_say_so);
    tcase_add_test(tcase, history_is_ordered_by_call);
    tcase_add_test(tcase, what_was_seen_after_its_stop_and_is_gone_is_recorded);
    tcase_add_test(tcase, cleanup_forgets_what_failed);
    tcase_add_test(tcase, expiry_forgets_the_failures_only);
    tcase_add_test(tcase, nothing_is_kept_of_what_is_removed_and_stopped);
    tcase_add_test(tcase, many_are_removed_at_once);
    tcase_add_test(tcase, writers_write_what_is_read);
    tcase_add_test(tcase, saved_is_restored);
    tcase_add_test(tcase, what_is_saved_may_be_long);
    tcase_add_test(tcase, wishes_last_until_the_verdict);
    tcase_add_test(tcase, who_is_enrolled_is_written_and_read);
    tcase_add_test(tcase, what_is_no_saved_cib_is_refused);
    tcase_add_test(tcase, tickets_are_granted_and_taken_back);
    tcase_add_test(tcase, locks_are_kept_with_their_node);
    tcase_add_test(tcase, what_is_referred_to_stays);
    tcase_add_test(tcase, inner_ids_are_found_after_any_edit);
    tcase_add_test(tcase, parents_are_found_after_any_edit);
    tcase_add_test(tcase, results_say_what_the_operation_was);
    return run_suite(suite);
}
