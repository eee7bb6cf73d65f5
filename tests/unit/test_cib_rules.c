/* SPDX-License-Identifier: Apache-2.0 */
/* Which rules hold, when they may hold next, and which values win. */
#include "lib/cib.h"
#include "lib/run.h"

#include "cib/digest.h"
#include "cib/rule_eval.h"

#include <errno.h>

/* 2026-11-22 10:30:15 UTC, a Sunday: day 326, week 47; the moon is five days from full. */
#define NOW INT64_C(1795343415)

static const char *node_attr(const void *from, const char *name)
{
    return strcmp(name, "#uname") == 0 ? "test1"
                                       : hy_sets_get(&((const struct hy_object *)from)->u.node.attributes, name);
}

static const char *param(const void *from, const char *name)
{
    (void)from;
    return strcmp(name, "depth") == 0 ? "5" : NULL;
}

static const char *meta(const void *from, const char *name)
{
    (void)from;
    return strcmp(name, "site") == 0 ? "north" : NULL;
}

#define NODE                                                                                                           \
    "node test1 a=1 b=1.5 c=abc d=ABC f=10 g=1.10.2 h=-3 l=3x site=north rack-db=7 pingd=200 bad=x\n"                  \
    "primitive r Dummy\n"

/* The rule of location `l`, over a CIB that the caller frees. */
static bool holds(const char *rule, int64_t now, int offset, hy_wall *next, int *score)
{
    char *text = hy_asprintf(NODE "location l r rule %s\n", rule);
    struct hy_cib *cib = cib_of(text);
    const struct hy_match matches[] = {{"r-db", 4}, {"db", 2}};
    const struct hy_rule_context context = {.cib = cib,
                                            .now = now * HY_SECOND,
                                            .utc_offset = offset,
                                            .node_attr = node_attr,
                                            .node = hy_cib_find(cib, "test1"),
                                            .param = param,
                                            .meta = meta,
                                            .cls = "ocf",
                                            .provider = "heartbeat",
                                            .type = "Dummy",
                                            .op_name = "monitor",
                                            .op_interval = 10 * HY_SECOND,
                                            .matches = matches,
                                            .match_count = 2,
                                            .next = next};
    const struct hy_rule *r = &hy_cib_find(cib, "l")->u.location.rules.items[0];
    bool is = hy_rule_holds(r, &context);
    if (score)
        *score = hy_rule_score(r, &context);
    hy_cib_free(&cib);
    free(text);
    return is;
}

/* What crm_simulate of the reference says, too. */
static const struct {
    const char *rule;
    bool holds;
} cases[] = {
    {"defined a", true},
    {"defined z", false},
    {"not_defined z", true},
    {"#uname eq test1", true},
    {"#uname eq TEST1", true}, /* text is compared without case */
    {"#uname ne test1", false},
    {"c eq ABC", true},
    {"a eq 1", true},
    {"a eq 1.0", false},
    {"a number:eq 1.0", true},
    {"a integer:eq 1.9", true}, /* an integer ends at the point */
    {"f gt 9", true},           /* relations compare numbers */
    {"f string:gt 9", false},
    {"b gt 1", true},
    {"b integer:gt 1", false},
    {"b lt 1.6", true},
    {"h lt -2", true},
    {"l number:eq 3", true},
    {"l eq 3", false},
    {"c integer:eq abc", true}, /* what is no number is compared as text */
    {"g version:gt 1.9", true},
    {"g version:eq 1.10.2.0", true},
    {"g version:lt 1.11", true},
    {"g gt 1.9", false},
    {"z eq 1", false}, /* what is not there is not equal, and in no relation */
    {"z ne 1", true},
    {"z lt 1", false},
    {"z gt 1", false},
    {"a eq \"\"", false}, /* nothing is wanted: as if it were not there */
    {"a ne \"\"", true},
    {"z eq \"\"", true},
    {"a gte \"\"", false},
    {"f gt:param depth", true},
    {"f lt:param depth", false},
    {"site eq:meta site", true},
    {"f eq:param nothing", false},
    {"rack-%1 eq 7", true},
    {"rack-%0 eq 7", false},
    {"a eq 1 and b eq 2", false},
    {"a eq 1 or b eq 2", true},
    {"a eq 2 or ( b eq 1.5 and not_defined z )", true},
    {"a eq 1 and ( b eq 2 or defined z )", false},
    {"( ( ( a eq 1 ) ) )", true},
    {"rsc_type ocf:heartbeat:Dummy", true},
    {"rsc_type ocf::", true},
    {"rsc_type ::IPaddr2", false},
    {"rsc_type :pacemaker:", false},
    {"op_type monitor", true},
    {"op_type monitor:10s", true},
    {"op_type monitor:20s", false},
    {"op_type start", false},
    {"$id-ref=nothing", false},
    {"date gt 2026-11-22", true},
    {"date gt 2026-11-23", false},
    {"date lt 2026-11-23", true},
    {"date lt 20261123", true},
    {"date lt 2026-326", false},
    {"date lt 2026-327", true},
    {"date gt 2026-W47-7", true},
    {"date gt 2026W477", true},
    {"date lt 2026-W47-7", false},
    {"date lt 2026-W48-1", true},
    {"date gt 2026-W53-7", false},
    {"date lt 2026-W54-1", false}, /* there is none */
    {"date gt 2026-11-22T10:30:14Z", true},
    {"date gt 2026-11-22T10:30:15Z", false}, /* later, not as late */
    {"date lt 2026-11-22T10:30:15Z", false},
    {"date lt 2026-11-22T10:30:16Z", true},
    {"date gt \"2026-11-22 10:30:14Z\"", true},
    {"date gt 20261122T103014Z", true},
    {"date gt 2026-11-22T10:30Z", true},
    {"date gt 2026-11-22T11Z", false},
    {"date gt \"2026-11-22T12:30:14 +02:00\"", true},
    {"date gt \"2026-11-22T12:30:15 +02:00\"", false},
    {"date gt 2026-11-22T12:30:14+0200", true},
    {"date gt \"2026-11-22T09:30:14 -01\"", true},
    {"date gt \"2026-11-22T09:30:15 -01\"", false},
    {"date gt T10:30:14", true},
    {"date gt 10:30:15", false},
    {"date gt epoch", true},
    {"date gt 2026-02-30", false},
    {"date lt 2027-13-01", false},
    {"date gt garbage", false},
    {"date lt garbage", false},
    {"date gt 2026-11-21T25:00", false},
    {"date lt 2026-11-22T24:00:00", true},
    {"date in start=2026-11-22 end=2026-11-23", true},
    {"date in start=2026-11-22T10:30:15Z end=2026-11-22T10:30:15Z", true}, /* both ends belong to it */
    {"date in start=2026-11-22T10:30:16Z", false},
    {"date in end=2026-11-22T10:30:14Z", false},
    {"date in start=garbage end=2026-11-23", false},
    {"date in start=2025-11-22T10:30:15Z years=1", true},
    {"date in start=2025-11-22T10:30:14Z years=1", false},
    {"date in start=2026-10-31 months=1", true}, /* to November 30 */
    {"date in start=2026-10-22 months=1", false},
    {"date in start=2026-11-15T10:30:15Z weeks=1", true},
    {"date in start=2026-11-15T10:30:15Z days=7", true},
    {"date in start=2026-11-15T10:30:14Z days=7", false},
    {"date in start=2026-11-22T09:00:00Z hours=1 minutes=30 seconds=15", true},
    {"date in start=2026-11-22T09:00:00Z hours=1 minutes=30 seconds=14", false},
    {"date spec hours=9-16 weekdays=1-5", false},
    {"date spec hours=9-16 weekdays=6-7", true},
    {"date spec hours=10", true},
    {"date spec hours=11-", false},
    {"date spec hours=-10", true},
    {"date spec minutes=30 seconds=15", true},
    {"date spec monthdays=22 months=11 years=2026", true},
    {"date spec yeardays=326", true},
    {"date spec weeks=47 weekyears=2026", true},
    {"date spec weeks=48-", false},
    {"date spec hours=x", false},
    {"date spec moon=3", true},
};

START_TEST(rules_hold_as_the_reference_says)
{
    ck_assert_msg(holds(cases[_i].rule, NOW, 0, NULL, NULL) == cases[_i].holds, "%s", cases[_i].rule);
}
END_TEST

START_TEST(time_passes_in_the_zone)
{
    ck_assert(!holds("date spec hours=12 weekdays=7", NOW, 0, NULL, NULL));
    ck_assert(holds("date spec hours=12 weekdays=7", NOW, 2 * 3600, NULL, NULL));
    ck_assert(holds("date spec hours=0 weekdays=1", NOW, 14 * 3600, NULL, NULL));
    ck_assert(holds("date gt 2026-11-22T12:30:14", NOW, 2 * 3600, NULL, NULL));
    ck_assert(!holds("date gt 2026-11-22T12:30:15", NOW, 2 * 3600, NULL, NULL));
}
END_TEST

START_TEST(years_have_their_weeks)
{
    /* ISO 8601: January 4 is in week 1. Each pair is a day at 00:00 UTC and its week. */
    static const struct {
        int64_t day;
        const char *rule;
    } days[] = {
        {0, "date spec years=1970 yeardays=1 weekdays=4 weeks=1 weekyears=1970"},
        {-1, "date spec years=1969 yeardays=365 weekdays=3 weeks=1 weekyears=1970"},
        {18262, "date spec years=2020 months=1 monthdays=1 weeks=1 weekyears=2020"},
        {18627, "date spec years=2020 yeardays=366 months=12 monthdays=31 weeks=53 weekyears=2020"},
        {18628, "date spec years=2021 yeardays=1 weekdays=5 weeks=53 weekyears=2020"},
        {18631, "date spec years=2021 monthdays=4 weekdays=1 weeks=1 weekyears=2021"},
        {19716, "date spec years=2023 monthdays=25 weeks=52"},
        {19722, "date spec years=2023 monthdays=31 months=12 weeks=52 weekyears=2023"},
        {19723, "date spec years=2024 weeks=1 weekyears=2024"},
        {19782, "date spec years=2024 months=2 monthdays=29 yeardays=60"},
        {47541, "date spec years=2100 months=3 monthdays=1 yeardays=60"}, /* no leap year */
    };
    for (size_t i = 0; i < sizeof days / sizeof *days; i++)
        ck_assert_msg(holds(days[i].rule, days[i].day * 86400, 0, NULL, NULL), "%s", days[i].rule);
}
END_TEST

START_TEST(what_may_change_is_known)
{
    static const struct {
        const char *rule;
        int64_t next; /* seconds from now; 0: never */
    } ahead[] = {
        {"a eq 1", 0},
        {"date gt 2026-11-22T10:30:20Z", 6},
        {"date gt 2026-11-22T10:30:10Z", 0},
        {"date lt 2026-11-22T10:30:20Z", 5},
        {"date lt 2026-11-22T10:30:10Z", 0},
        {"date in start=2026-11-22T10:30:20Z end=2026-11-22T10:30:30Z", 5},
        {"date in start=2026-11-22T10:30:10Z end=2026-11-22T10:30:30Z", 16},
        {"date in start=2026-11-22T10:30:10Z minutes=1", 56},
        {"date in start=2026-11-22T10:30:10Z", 0},
        {"date in start=2026-01-01T00:00:00Z days=6405119995", 0}, /* no clock of ours goes so far */
        {"date in start=2026-01-01T00:00:00Z years=999999", 0},
        {"date spec seconds=20-30", 1},
        {"date spec minutes=5", 45},
        {"date spec hours=9-16 weekdays=1-5", 1785},
        {"date spec weekdays=6", 48585},
        /* The earliest of all, also when the outcome is certain without it. */
        {"a eq 1 or ( date gt 2026-11-22T10:30:20Z and date lt 2026-11-22T10:30:18Z )", 3},
    };
    for (size_t i = 0; i < sizeof ahead / sizeof *ahead; i++) {
        hy_wall next = HY_NEVER;
        (void)holds(ahead[i].rule, NOW, 0, &next, NULL);
        ck_assert_msg(next == (ahead[i].next ? (NOW + ahead[i].next) * HY_SECOND : HY_NEVER), "%s", ahead[i].rule);
        if (!ahead[i].next || strncmp(ahead[i].rule, "date spec", 9) == 0 || strncmp(ahead[i].rule, "a eq", 4) == 0)
            continue;
        bool now = holds(ahead[i].rule, NOW, 0, NULL, NULL);
        ck_assert_msg(holds(ahead[i].rule, NOW + ahead[i].next - 1, 0, NULL, NULL) == now, "%s", ahead[i].rule);
        ck_assert_msg(holds(ahead[i].rule, NOW + ahead[i].next, 0, NULL, NULL) != now, "%s", ahead[i].rule);
    }
}
END_TEST

/* Rules may refer to one another: what would take for ever does not hold, and no command makes it. */
START_TEST(rules_come_to_an_end)
{
    struct hy_buf text = {0};
    ck_assert(!holds("$id=R ( $id-ref=R ) and ( $id-ref=R ) and ( $id-ref=R ) and ( $id-ref=R )", NOW, 0, NULL, NULL));
    ck_assert(
        !holds("$id=R ( $id-ref=R ) or ( $id-ref=R ) or ( $id-ref=R ) or ( $id-ref=R ) or a eq 1", NOW, 0, NULL, NULL));
    struct hy_cib *cib = cib_of(NODE "location a r rule $id=A ( $id-ref=B )\nlocation b r rule $id=B x eq 1\n");
    must_refuse(cib, "put * location b r rule $id=B ( a eq 1 and ( $id-ref=A ) )\n", -EINVAL,
                "location b: a rule is made of itself, or of more than 10000 expressions: expected fewer references");
    hy_cib_free(&cib);
    hy_buf_adds(&text, NODE "location l0 r rule $id=R0 a eq 1 and b eq 1.5\n");
    for (int i = 1; i < 5; i++) {
        hy_buf_addf(&text, "location l%d r rule $id=R%d ( $id-ref=R%d )", i, i, i - 1);
        for (int k = 1; k < 10; k++)
            hy_buf_addf(&text, " and ( $id-ref=R%d )", i - 1);
        hy_buf_addc(&text, '\n');
    }
    cib = cib_of(hy_buf_text(&text));
    for (int i = 0; i < 5; i++) {
        const char *const ids[] = {"l0", "l1", "l2", "l3", "l4"};
        ck_assert(hy_rule_is_bounded(cib, &hy_cib_find(cib, ids[i])->u.location.rules.items[0]) == (i < 4));
    }
    hy_cib_free(&cib);
    hy_buf_free(&text);
}
END_TEST

START_TEST(scores_are_the_rules_or_the_nodes)
{
    int score = 0;
    ck_assert(holds("-inf: a eq 1", NOW, 0, NULL, &score));
    ck_assert_int_eq(score, -HY_INFINITY);
    ck_assert(holds("pingd: defined pingd", NOW, 0, NULL, &score));
    ck_assert_int_eq(score, 200);
    (void)holds("bad: defined pingd", NOW, 0, NULL, &score);
    ck_assert_int_eq(score, 0);
    (void)holds("nothing: defined pingd", NOW, 0, NULL,
                &score); /* as crm_simulate has it: off nodes that say nothing */
    ck_assert_int_eq(score, -HY_INFINITY);
    (void)holds("rack-%1: defined pingd", NOW, 0, NULL, &score);
    ck_assert_int_eq(score, 7);
}
END_TEST

/* ------------------------------------------------------------- sets */

static void expect_values(const struct hy_values *values, const char *wanted)
{
    struct hy_buf text = {0};
    for (size_t i = 0; i < values->list.count; i++)
        hy_buf_addf(&text, "%s%s=%s", i ? " " : "", values->list.items[i].name, values->list.items[i].value);
    ck_assert_str_eq(hy_buf_text(&text), wanted);
    hy_buf_free(&text);
}

static void expect_part(const char *config, enum hy_part part, const char *wanted)
{
    struct hy_cib *cib = cib_of(config);
    const struct hy_rule_context context = {.cib = cib, .now = NOW * HY_SECOND};
    struct hy_values values = {0};
    hy_values_collect_primitive(&hy_cib_find(cib, "r")->u.primitive, part, &context, &values);
    expect_values(&values, wanted);
    hy_vec_free(&values.list);
    hy_cib_free(&cib);
}

START_TEST(the_highest_set_wins_and_of_equal_ones_the_later)
{
    expect_part("primitive r Dummy a=1 b=2", HY_PART_PARAMS, "a=1 b=2");
    expect_part("primitive r Dummy", HY_PART_PARAMS, "");
    expect_part("primitive r Dummy params 1: a=1 params 2: a=2 b=2 params c=3 a=3", HY_PART_PARAMS, "a=2 b=2 c=3");
    expect_part("primitive r Dummy params $id=x a=1 b=1 params $id=y a=2", HY_PART_PARAMS, "a=2 b=1");
    expect_part("primitive r Dummy meta -5: a=1 meta a=2 meta -inf: b=1 meta -7: b=2", HY_PART_META, "a=2 b=2");
}
END_TEST

START_TEST(only_what_holds_counts)
{
    expect_part("primitive r Dummy params 2: rule date gt 2026-12-01 a=1 params 1: a=2", HY_PART_PARAMS, "a=2");
    expect_part("primitive r Dummy params 2: rule date lt 2026-12-01 a=1 params 1: a=2", HY_PART_PARAMS, "a=1");
    expect_part("primitive r Dummy params rule #uname eq test1 a=1 params $id=x 1: b=1", HY_PART_PARAMS, "b=1");
}
END_TEST

START_TEST(references_are_followed_once)
{
    expect_part("primitive r Dummy params $id-ref=s-set\nprimitive s Dummy params $id=s-set 5: a=1", HY_PART_PARAMS,
                "a=1");
    expect_part("primitive r Dummy params $id-ref=s-instance_attributes params -1: b=2\nprimitive s Dummy a=1",
                HY_PART_PARAMS, "a=1 b=2");
    expect_part("primitive r Dummy meta $id-ref=g-meta_attributes\nprimitive s Dummy\ngroup g s meta a=1", HY_PART_META,
                "a=1");
    expect_part("primitive r Dummy params $id-ref=rsc-options\nrsc_defaults a=1", HY_PART_PARAMS, "a=1");
    expect_part("primitive r Dummy params $id-ref=nothing params $id=x b=1", HY_PART_PARAMS, "b=1");
    expect_part("primitive r Dummy params 1: rule $id-ref=the-rule a=1\nprimitive s Dummy\n"
                "location l s rule $id=the-rule 5: date lt 2026-12-01",
                HY_PART_PARAMS, "a=1");
}
END_TEST

START_TEST(a_primitive_comes_before_its_template)
{
    const char *text = "rsc_template t IPaddr2 params a=t b=t meta 1: priority=7 "
                       "op monitor interval=10 timeout=1 op monitor interval=11 role=Promoted op start timeout=2\n"
                       "primitive r @t params a=own meta priority=5 "
                       "op monitor interval=20 role=Started op stop timeout=3\n";
    struct hy_cib *cib = cib_of(text);
    struct hy_op_configs ops = {0};
    expect_part(text, HY_PART_PARAMS, "a=own b=t");
    expect_part(text, HY_PART_META, "priority=7"); /* the template's set has the higher score */
    hy_ops_collect(cib, &hy_cib_find(cib, "r")->u.primitive, &ops);
    ck_assert_uint_eq(ops.list.count, 4);
    ck_assert_int_eq(ops.list.items[0]->interval, 20 * HY_SECOND);
    ck_assert_str_eq(ops.list.items[1]->name, "stop");
    ck_assert_int_eq(ops.list.items[2]->interval, 11 * HY_SECOND); /* another role: another operation */
    ck_assert_str_eq(ops.list.items[3]->name, "start");
    const struct hy_primitive *agent = hy_cib_agent(cib, &hy_cib_find(cib, "r")->u.primitive);
    ck_assert_str_eq(agent->type, "IPaddr2");
    hy_vec_free(&ops.list);
    hy_cib_free(&cib);
}
END_TEST

START_TEST(operations_can_be_shared)
{
    struct hy_cib *cib = cib_of("primitive r Dummy operations $id-ref=s-ops\n"
                                "primitive q Dummy operations $id-ref=s\n"
                                "primitive s Dummy operations $id=s-ops op start timeout=9\n");
    for (int i = 0; i < 2; i++) {
        struct hy_op_configs ops = {0};
        hy_ops_collect(cib, &hy_cib_find(cib, i ? "r" : "q")->u.primitive, &ops);
        ck_assert_uint_eq(ops.list.count, 1);
        ck_assert_str_eq(hy_attrs_get(&ops.list.items[0]->attrs, "timeout"), "9");
        hy_vec_free(&ops.list);
    }
    hy_cib_free(&cib);
}
END_TEST

START_TEST(properties_have_one_set_that_comes_first)
{
    struct hy_cib *cib = cib_of("property later: 10: a=later b=later\nproperty a=first\nproperty last: b=last c=last\n"
                                "rsc_defaults one: a=1\nrsc_defaults two: 1: rule date gt 2027-01-01 a=2\n"
                                "rsc_defaults three: a=3");
    const struct hy_rule_context context = {.cib = cib, .now = NOW * HY_SECOND};
    struct hy_values values = {0};
    hy_values_collect_kind(HY_PROPERTY, &context, &values);
    expect_values(&values, "a=first b=later c=last");
    values.list.count = 0;
    hy_values_collect_kind(HY_RSC_DEFAULTS, &context, &values);
    expect_values(&values, "a=3");
    hy_values_collect_kind(HY_OP_DEFAULTS, &context, &values);
    expect_values(&values, "a=3");
    ck_assert_str_eq(hy_values_get(&values, "a"), "3");
    ck_assert_ptr_null(hy_values_get(&values, "b"));
    hy_vec_free(&values.list);
    hy_cib_free(&cib);
}
END_TEST

static void expect_resolved(const struct hy_cib *cib, const char *id, const char *wanted)
{
    struct hy_objects found = {0};
    struct hy_buf text = {0};
    bool known = hy_cib_resolve(cib, id, &found);
    for (size_t i = 0; i < found.list.count; i++)
        hy_buf_addf(&text, "%s%s", i ? " " : "", found.list.items[i]->id);
    ck_assert_str_eq(known ? hy_buf_text(&text) : "-", wanted);
    hy_buf_free(&text);
    hy_vec_free(&found.list);
}

START_TEST(names_stand_for_resources)
{
    struct hy_cib *cib = cib_of("node n\nprimitive a @t\nprimitive b Dummy\nprimitive c @t\nrsc_template t Dummy\n"
                                "tag both b t\ntag none n\ngroup g b\n");
    expect_resolved(cib, "b", "b");
    expect_resolved(cib, "g", "g");
    expect_resolved(cib, "t", "a c");
    expect_resolved(cib, "both", "b a c");
    expect_resolved(cib, "none", "");
    expect_resolved(cib, "n", "-");
    expect_resolved(cib, "nothing", "-");
    hy_cib_free(&cib);
}
END_TEST

/* MD5 of what the reference would write, as md5sum says. */
START_TEST(digests_are_the_references)
{
    char text[HY_DIGEST_TEXT];
    const struct hy_value params[] = {{"passive", "1 & <2> \"3\""}, {"fake", "it's"}};
    hy_params_digest(NULL, 0, text);
    ck_assert_str_eq(text, "f2317cad3d54cec5d7d7aa7d0bf35cf8");
    hy_params_digest(params, 2, text);
    ck_assert_str_eq(text, "d6bca7a8a7a1431b4a378f3ffe78244b");
    const struct hy_value sorted[] = {params[1], params[0]};
    char again[HY_DIGEST_TEXT];
    hy_params_digest(sorted, 2, again);
    ck_assert_str_eq(again, text);
    static char big[400];
    memset(big, 'x', sizeof big - 1);
    const struct hy_value one = {"a", big};
    hy_params_digest(&one, 1, text);
    ck_assert_str_eq(text, "54e8abea5309205590d75eb45deddaf0");
}
END_TEST

START_TEST(durations_may_be_iso)
{
    hy_time time = 0;
    ck_assert(hy_parse_duration("PT5M", &time) && time == 300 * HY_SECOND);
    ck_assert(hy_parse_duration("P1DT2H3S", &time) && time == (86400 + 7200 + 3) * HY_SECOND);
    ck_assert(hy_parse_duration("P2W", &time) && time == 14 * 86400 * HY_SECOND);
    ck_assert(hy_parse_duration("P1Y2M", &time) && time == (365 + 60) * 86400 * HY_SECOND);
    ck_assert(hy_parse_duration("P10S", &time) && time == 10 * HY_SECOND); /* without the T, too */
    static const char *const wrong[] = {"P", "PT", "P5", "PT5D", "5P", "PTT5S", "P999Y", "P1Y ", "P-1D"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ck_assert_msg(!hy_parse_duration(wrong[i], &time), "%s", wrong[i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cib: rules");
    TCase *tcase = tcase_create("rules");
    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, rules_hold_as_the_reference_says, 0, (int)(sizeof cases / sizeof *cases));
    tcase_add_test(tcase, time_passes_in_the_zone);
    tcase_add_test(tcase, years_have_their_weeks);
    tcase_add_test(tcase, what_may_change_is_known);
    tcase_add_test(tcase, rules_come_to_an_end);
    tcase_add_test(tcase, scores_are_the_rules_or_the_nodes);
    tcase_add_test(tcase, the_highest_set_wins_and_of_equal_ones_the_later);
    tcase_add_test(tcase, only_what_holds_counts);
    tcase_add_test(tcase, references_are_followed_once);
    tcase_add_test(tcase, a_primitive_comes_before_its_template);
    tcase_add_test(tcase, operations_can_be_shared);
    tcase_add_test(tcase, properties_have_one_set_that_comes_first);
    tcase_add_test(tcase, names_stand_for_resources);
    tcase_add_test(tcase, digests_are_the_references);
    tcase_add_test(tcase, durations_may_be_iso);
    return run_suite(suite);
}
