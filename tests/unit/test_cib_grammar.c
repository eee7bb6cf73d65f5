/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/cib.h"
#include "lib/run.h"

#include <errno.h>

/* print(parse(golden)) is the golden file, and so is the copy's. */
static void same_file(const char *in, const char *out)
{
    char *text = read_file(in), *wanted = read_file(out);
    struct hy_cib *cib = cib_of(text);
    char *got = printed(cib);
    ck_assert_str_eq(got, wanted);
    struct hy_cib *copy = hy_cib_copy(cib), *again = cib_of(got);
    char *got_copy = printed(copy), *got_again = printed(again);
    ck_assert_str_eq(got_copy, wanted);
    ck_assert_str_eq(got_again, wanted);
    free(text);
    free(wanted);
    free(got);
    free(got_copy);
    free(got_again);
    hy_cib_free(&cib);
    hy_cib_free(&copy);
    hy_cib_free(&again);
}

START_TEST(what_is_printed_comes_back)
{
    same_file("tests/golden/cib/maxscale-vip.conf", "tests/golden/cib/maxscale-vip.conf");
    same_file("tests/golden/cib/all-kinds.conf", "tests/golden/cib/all-kinds.conf");
    same_file("tests/golden/cib/sets.conf", "tests/golden/cib/sets.conf");
}
END_TEST

START_TEST(what_is_typed_is_understood)
{
    same_file("tests/golden/cib/typed.in", "tests/golden/cib/typed.out");
}
END_TEST

START_TEST(objects_hold_what_was_written)
{
    struct hy_cib *cib =
        cib_of("node test1\n"
               "primitive ClusterIP IPaddr2 params ip=172.100.102.110 nic='eth0:0' op monitor interval=30s\n"
               "primitive MaxScale lsb:maxscale\nclone clone_max MaxScale\n"
               "primitive Api supervisor:web:api\nprimitive Proxy supervisor:proxy-1\n"
               "location l ClusterIP rule -inf: #uname eq test1 or x number:gt 3\n"
               "property other: cluster-delay=9s a=b\nproperty cluster-delay=5s\n");
    const struct hy_object *ip = hy_cib_find_kind(cib, HY_PRIMITIVE, "ClusterIP");
    ck_assert_ptr_nonnull(ip);
    ck_assert_str_eq(ip->u.primitive.cls, "ocf");
    ck_assert_str_eq(ip->u.primitive.provider, "heartbeat");
    ck_assert_str_eq(hy_sets_get(&ip->u.primitive.params, "nic"), "eth0:0");
    ck_assert_ptr_null(hy_sets_get(&ip->u.primitive.params, "none"));
    ck_assert_int_eq(ip->u.primitive.ops.items[0].interval, 30 * HY_SECOND);
    ck_assert_ptr_null(hy_cib_find(cib, "MaxScale")->u.primitive.provider);
    const struct hy_primitive *api = &hy_cib_find(cib, "Api")->u.primitive;
    ck_assert_str_eq(api->cls, "supervisor");
    ck_assert_ptr_null(api->provider);
    ck_assert_str_eq(api->type, "web:api");
    ck_assert_str_eq(hy_cib_find(cib, "Proxy")->u.primitive.type, "proxy-1");
    ck_assert_str_eq(hy_cib_parent(cib, "MaxScale")->id, "clone_max");
    ck_assert_ptr_null(hy_cib_parent(cib, "ClusterIP"));
    ck_assert_ptr_null(hy_cib_find_kind(cib, HY_GROUP, "ClusterIP"));
    const struct hy_rule *rule = &hy_cib_find(cib, "l")->u.location.rules.items[0];
    ck_assert_int_eq(rule->score, -HY_INFINITY);
    ck_assert(rule->any);
    ck_assert_uint_eq(rule->expressions.count, 2);
    ck_assert_str_eq(rule->expressions.items[1].type, "number");
    ck_assert_int_eq(rule->expressions.items[1].op, HY_GT);
    ck_assert_str_eq(hy_cib_property(cib, "cluster-delay"), "5s");
    ck_assert_str_eq(hy_cib_property(cib, "a"), "b");
    ck_assert_ptr_null(hy_cib_property(cib, "b"));
    ck_assert_ptr_nonnull(hy_cib_node(cib, "test1"));
    ck_assert_int_eq(hy_cib_node(cib, "test1")->state, HY_MEMBER_NEVER);
    hy_cib_free(&cib);
}
END_TEST

/* What is named like a word of the grammar, or as long as a name may be, comes back as it is; in a saved CIB too. */
static void must_come_back(const char *text)
{
    struct hy_cib *cib = cib_of(text), *read = hy_cib_new(), *restored = hy_cib_new();
    struct hy_err err = {{0}};
    char *first = printed(cib), *state = saved(cib);
    ck_assert_msg(hy_cib_parse(read, first, strlen(first), &err) == 0, "%s\n%s", err.text, first);
    ck_assert_msg(hy_cib_restore(restored, state, strlen(state), &err) == 0, "%s\n%s", err.text, state);
    ck_assert_uint_eq(read->objects.count, cib->objects.count);
    for (size_t i = 0; i < cib->objects.count; i++) {
        ck_assert_ptr_nonnull(hy_cib_find(read, cib->objects.items[i]->id));
        ck_assert_ptr_nonnull(hy_cib_find(restored, cib->objects.items[i]->id));
    }
    char *second = printed(read), *third = printed(restored);
    ck_assert_str_eq(second, first);
    ck_assert_str_eq(third, first);
    free(first);
    free(second);
    free(third);
    free(state);
    hy_cib_free(&cib);
    hy_cib_free(&read);
    hy_cib_free(&restored);
}

START_TEST(names_that_look_like_words_come_back)
{
    char name[HY_ID_MAX + 1], text[4 * HY_ID_MAX];
    memset(name, 'a', HY_ID_MAX);
    name[HY_ID_MAX] = '\0';
    snprintf(text, sizeof text, "node $id=%s n1\nproperty $id=%s x=y\n", name, name + 1);
    must_come_back(text);
    must_come_back(
        "property $id=INFINITY a=b\nrsc_defaults $id=inf c=d\nop_defaults $id=infinity 10: rule x eq y e=f\n");
    must_come_back("group g A 'params' 'meta' meta a=b\n");
    must_come_back("group g params 'meta'\nclone c meta\ntag t params meta\n");
    must_come_back("order o '_rsc_set_' A\ncolocation c inf: '_rsc_set_':Started ( meta A )\n");
    must_come_back("rsc_ticket t T: '_rsc_set_'\nlocation l { '_rsc_set_' params } inf: n1\n");
}
END_TEST

#define KEYWORDS                                                                                                       \
    "node, primitive, rsc_template, group, clone, ms, tag, location, colocation, order, rsc_ticket, "                  \
    "fencing_topology, property, rsc_defaults or op_defaults"
#define SCORE "a score with a colon, such as inf:, -inf: or 100:"
#define COMPARISONS                                                                                                    \
    "eq, ne, lt, lte, gt or gte, with string:, integer:, number: or version: in front, and :param or :meta behind, "   \
    "if wanted"
#define ATTRIBUTE "the name of a node attribute, such as #uname, or date"
#define LEVELS "NODE:, attr:NAME=VALUE or pattern:REGEX, and devices (A,B: both together; blanks between attempts)"
#define ID_RULE "a letter or '_', then letters, digits, '_', '-', '.', at most 255 in all"
#define AGENT                                                                                                          \
    "TYPE, ocf:PROVIDER:TYPE, supervisor:PROGRAM or supervisor:GROUP:PROGRAM, or CLASS:TYPE with class lsb, systemd, " \
    "service or stonith"

static const struct {
    const char *text;
    const char *error;
} wrong[] = {
    {"primitiv x Dummy", "line 1, column 1: 'primitiv': expected " KEYWORDS},
    {"node a\n\n  bundle t a",
     "line 3, column 3: 'bundle': this statement of crmsh's is not supported: expected " KEYWORDS},
    {"primitive x Dummy\n\tmeta a=b",
     "line 2, column 2: 'meta': begins no statement: expected a backslash at the end of "
     "the line before, if it belongs there"},
    {"primitive", "line 1: the statement ends after 'primitive': expected the id of the primitive: " ID_RULE},
    {"primitive 1x Dummy", "line 1, column 11: '1x': expected the id of the primitive: " ID_RULE},
    {"primitive x", "line 1: the statement ends after 'x': expected a resource agent: " AGENT},
    {"primitive x foo:bar", "line 1, column 13: 'foo:bar': expected a resource agent: " AGENT},
    {"primitive x lsb:../a", "line 1, column 13: 'lsb:../a': expected a resource agent: " AGENT},
    {"primitive x stonith:../a", "line 1, column 13: 'stonith:../a': expected a resource agent: " AGENT},
    {"primitive x lsb:a:b",
     "line 1, column 13: 'lsb:a:b': only the classes ocf and ocf-script have providers: expected " AGENT},
    {"primitive x supervisor:", "line 1, column 13: 'supervisor:': expected a resource agent: " AGENT},
    {"primitive x supervisor:a:", "line 1, column 13: 'supervisor:a:': expected a resource agent: " AGENT},
    {"primitive x supervisor::a", "line 1, column 13: 'supervisor::a': expected a resource agent: " AGENT},
    {"primitive x supervisor:a:b:c", "line 1, column 13: 'supervisor:a:b:c': expected a resource agent: " AGENT},
    {"primitive x supervisor:a:*", "line 1, column 13: 'supervisor:a:*': expected a resource agent: " AGENT},
    {"primitive x @", "line 1, column 13: '@': expected @TEMPLATE with the id of a template"},
    {"rsc_template x @t", "line 1, column 16: '@t': expected a resource agent: " AGENT},
    {"primitive x Dummy monitr interval=3",
     "line 1, column 19: 'monitr': expected name=value, params, op, meta, utilization or operations"},
    {"primitive x Dummy \\\n\top monitor 30s",
     "line 2, column 13: '30s': expected name=value, params, op, meta, utilization or operations"},
    {"primitive x Dummy op interval=3",
     "line 1, column 22: 'interval=3': expected the name of an operation, such as monitor, start or stop"},
    {"primitive x Dummy params a=1 a=2", "line 1, column 30: 'a=2': a is given twice: expected it once"},
    {"primitive x Dummy params $id=1", "line 1, column 26: '$id=1': expected $id=ID, once"},
    {"primitive x Dummy params a=1 $id=b",
     "line 1, column 30: '$id=b': an id stands in front of all else in a set, and single attributes have none: "
     "expected name=value"},
    {"primitive x Dummy params a=1 params 0: b=1 a=1", "line 1, column 37: '0:': a is given twice: expected it once"},
    {"primitive x Dummy params @a",
     "line 1, column 26: '@a': expected name=value, params, op, meta, utilization or operations"},
    {"primitive x Dummy params rule a=1", "line 1, column 31: 'a=1': expected " ATTRIBUTE},
    {"primitive x Dummy params $id-ref=y a=1",
     "line 1, column 36: 'a=1': expected name=value, params, op, meta, utilization or operations"},
    {"primitive x Dummy operations a", "line 1, column 30: 'a': expected $id=ID, or $id-ref=ID"},
    {"primitive 中 Dummy", "line 1, column 11: '中': expected the id of the primitive: " ID_RULE},
    {"primitive x Dummy params 中=1",
     "line 1, column 26: '中=1': expected name=value with a name of printable ASCII, at most 255"},
    {"group g", "line 1: the statement ends after 'g': expected the id of a member: " ID_RULE},
    {"group g a b a", "line 1, column 13: 'a': is in the group twice: expected it once"},
    {"clone c a b", "line 1, column 11: 'b': expected params or meta, then name=value"},
    {"node a:ping", "line 1, column 6: 'a:ping': nodes of this type are not supported: expected NAME or NAME:member"},
    {"node -a", "line 1, column 6: '-a': expected a node's name: letters, digits, '_', '-', '.', at most 255 in all"},
    {"node a b", "line 1, column 8: 'b': expected attributes or utilization, then name=value"},
    {"location l x 5 test1", "line 1, column 14: '5': expected " SCORE ", and a node; or rule"},
    {"location l x foo: test1", "line 1, column 14: 'foo:': expected " SCORE ", and a node; or rule"},
    {"location l { a b 5: c", "line 1, column 18: '5:': expected the id of a resource"},
    {"location l { a b", "line 1: the statement ends after 'b': expected another resource, or '}'"},
    {"location l /a 5: c", "line 1, column 12: '/a': expected a pattern between two slashes, such as /db.*/"},
    {"location l /(a{40}){40}/ 5: c",
     "line 1, column 12: '/(a{40}){40}/': expected a pattern of at most 256 bytes and 1000 repetitions"},
    {"location l x role=Up 5: c",
     "line 1, column 14: 'role=Up': expected a role: Started, Stopped, Promoted or Unpromoted"},
    {"location l x role=Started role=Stopped 5: c",
     "line 1, column 27: 'role=Stopped': the role is given twice: expected it once"},
    {"location l x rule $role=Started $role=Stopped 5: a eq 1",
     "line 1, column 33: '$role=Stopped': the role is given twice: expected it once"},
    {"location l x rule 5: ( $id=a $id-ref=b c eq d )",
     "line 1, column 40: 'c': expected either $id= or $id-ref= of a rule"},
    {"location l x a=b 5: c",
     "line 1, column 14: 'a=b': expected role=ROLE, resource-discovery=..., SCORE: NODE, or rule"},
    {"location l x 5: c d", "line 1, column 19: 'd': expected the end of the statement"},
    {"location l x rule 5:", "line 1: the statement ends after '5:': expected " ATTRIBUTE},
    {"location l x rule 5: #uname is a", "line 1, column 29: 'is': expected " COMPARISONS},
    {"location l x rule 5: #uname eq:x a", "line 1, column 29: 'eq:x': expected " COMPARISONS},
    {"location l x rule 5: #uname real:eq a", "line 1, column 29: 'real:eq': expected " COMPARISONS},
    {"location l x rule 5: #uname eq", "line 1: the statement ends after 'eq': expected a value to compare with"},
    {"location l x rule 5: a eq b and c eq d or e eq f", "line 1, column 40: 'or': mixes and with or: expected one of "
                                                         "them throughout a rule, and parentheses around the rest"},
    {"location l x rule 5: ( a eq b", "line 1: the statement ends after 'b': expected and, or, or the closing "
                                      "parenthesis"},
    {"location l x rule 5: a eq b and )", "line 1, column 33: ')': expected " ATTRIBUTE},
    {"location l x rule 5: date", "line 1: the statement ends after 'date': expected gt DATE, lt DATE, in start=... "
                                  "end=..., or spec hours=9-16 ..."},
    {"location l x rule 5: date in a=b", "line 1, column 30: 'a=b': expected start=DATE end=DATE, one of them, or "
                                         "start=DATE and a duration such as days=3"},
    {"location l x rule 5: date in start=2026-01-01 end=2026-02-01 days=3",
     "line 1: the statement ends after 'days=3': expected start=DATE end=DATE, one of them, or start=DATE and a "
     "duration such as days=3"},
    {"location l x rule 5: date spec", "line 1: the statement ends after 'spec': expected one or more of seconds=, "
                                       "minutes=, hours=, monthdays=, weekdays=, yeardays=, months=, weeks=, years=, "
                                       "weekyears= or moon="},
    {"location l x rule 5: rsc_type Dummy",
     "line 1, column 31: 'Dummy': expected CLASS:PROVIDER:TYPE, where what may be any is left out"},
    {"location l x rule 5: op_type monitor:x",
     "line 1, column 30: 'monitor:x': expected the name of an operation, or NAME:INTERVAL such as monitor:10s"},
    {"location l x rule $id-ref=a b", "line 1, column 29: 'b': expected and, or, or another rule"},
    {"location l x rule a eq b c", "line 1, column 26: 'c': expected and, or, or another rule"},
    {"colocation c a b", "line 1, column 14: 'a': expected " SCORE},
    {"colocation c inf: a b:Up",
     "line 1, column 21: 'b:Up': expected a role: Started, Stopped, Promoted or Unpromoted"},
    {"colocation c inf: a", "line 1: the statement ends after 'a': expected another resource"},
    {"colocation c inf: ( )", "line 1, column 21: ')': expected resources in the brackets, or $id-ref=ID"},
    {"colocation c inf: ( a b", "line 1: the statement ends after 'b': expected another resource, or ')'"},
    {"colocation c inf: ( a:Promoted b ) c", "line 1, column 32: 'b': expected one role for all in the brackets"},
    {"colocation c inf: ( a b sequential=maybe ) c", "line 1, column 25: 'sequential=maybe': expected true or false"},
    {"colocation c inf: ( a b x=y ) c",
     "line 1, column 25: 'x=y': expected sequential=, require-all=, role=, action=, score= or kind= of the set"},
    {"colocation c inf: ( a:Started b role=Promoted ) c",
     "line 1, column 31: 'b': expected one role for all in the brackets"},
    {"colocation c inf: ( a:Started role=Promoted ) c",
     "line 1, column 31: 'role=Promoted': expected one role for all in the brackets"},
    {"colocation c inf: ( a action=start ) c", "line 1, column 23: 'action=start': expected sequential=, require-all=, "
                                               "role=, action=, score= or kind= of the set"},
    {"order o ( a b action=jump ) c",
     "line 1, column 15: 'action=jump': expected an action: start, stop, promote or demote"},
    {"order o ( a action=start b action=stop ) c",
     "line 1, column 28: 'action=stop': expected one action for all in the brackets"},
    {"order o ( a b kind=Never ) c", "line 1, column 15: 'kind=Never': expected kind=Mandatory, Optional or Serialize"},
    {"colocation c inf: ( a b ordering=up ) c", "line 1, column 25: 'ordering=up': expected ordering=group or listed"},
    {"order o [ a:start b:stop ] c", "line 1, column 19: 'b:stop': expected one action for all in the brackets"},
    {"rsc_ticket r a b", "line 1, column 14: 'a': expected the name of a ticket with a colon, such as site-A:"},
    {"rsc_ticket r a: b loss-policy=run",
     "line 1, column 19: 'loss-policy=run': expected loss-policy=stop, demote, freeze or fence"},
    {"rsc_ticket r a: b c=d", "line 1, column 19: 'c=d': expected another resource, or loss-policy="},
    {"tag t", "line 1: the statement ends after 't': expected the id of an object: " ID_RULE},
    {"tag t: a a", "line 1, column 10: 'a': has the tag twice: expected it once"},
    {"fencing_topology a: b c:", "line 1: the statement ends after 'c:': expected the devices of the target"},
    {"fencing_topology a: b,,c", "line 1, column 21: 'b,,c': expected " LEVELS},
    {"fencing_topology a b c d e f g h i j", "line 1, column 36: 'j': expected at most 9 attempts for one target"},
    {"order o Maybe: a b",
     "line 1, column 9: 'Maybe:': expected Mandatory:, Optional:, Serialize:, or a score with a colon"},
    {"order o a:up b", "line 1, column 9: 'a:up': expected an action: start, stop, promote or demote"},
    {"order o a b symmetrical=maybe",
     "line 1, column 13: 'symmetrical=maybe': expected symmetrical=true or symmetrical=false, once"},
    {"property a", "line 1, column 10: 'a': expected name=value"},
    {"property a=\"b", "line 1, column 12: this quote has no end on its line: expected a closing one"},
    {"property a=b\001", "line 1, column 13: control character 0x01: expected text"},
    {"node a\nproperty a=\xff", "line 2, column 12: byte 0xff is not UTF-8: expected text"},
    {"property a=\xed\xa0\x80", "line 1, column 12: byte 0xed is not UTF-8: expected text"},
    {"property a=\r", "line 1, column 12: control character 0x0d: expected text"},
};

START_TEST(errors_say_where_what_and_what_else)
{
    struct hy_cib *cib = hy_cib_new();
    struct hy_err err = {{0}};
    const char *text = wrong[_i].text;
    ck_assert_int_eq(hy_cib_parse(cib, text, strlen(text), &err), -EINVAL);
    ck_assert_str_eq(err.text, wrong[_i].error);
    ck_assert_int_eq(hy_cib_parse(cib, text, strlen(text), NULL), -EINVAL);
    ck_assert_uint_eq(cib->objects.count, 0);
    hy_cib_free(&cib);
}
END_TEST

START_TEST(an_error_leaves_the_cib_as_it_was)
{
    struct hy_cib *cib = cib_of("primitive a Dummy\nproperty x: a=1\n");
    char *before = saved(cib);
    struct hy_err err = {{0}};
    const char *text = "property x: a=2\nprimitive b Dummy\nprimitive a Dummy\n";
    ck_assert_int_eq(hy_cib_parse(cib, text, strlen(text), &err), -EEXIST);
    ck_assert_str_eq(err.text, "line 3: there is a primitive 'a' already: expected an id that is not taken");
    text = "group b a\nclone b a\n";
    ck_assert_int_eq(hy_cib_parse(cib, text, strlen(text), &err), -EEXIST);
    ck_assert_str_eq(err.text, "line 2: there is a group 'b' already: expected an id that is not taken");
    text = "rsc_defaults x: a=1";
    ck_assert_int_eq(hy_cib_parse(cib, text, strlen(text), &err), -EEXIST);
    ck_assert_str_eq(err.text, "line 1: there is a property 'x' already: expected an id that is not taken");
    ck_assert_int_eq(hy_cib_parse(cib, "node a\0b", 8, &err), -EINVAL);
    ck_assert_str_eq(err.text, "line 1, column 7: control character 0x00: expected text");
    char *after = saved(cib);
    ck_assert_str_eq(after, before);
    free(before);
    free(after);
    hy_cib_free(&cib);
}
END_TEST

START_TEST(limits_hold)
{
    struct hy_err err = {{0}};
    struct hy_object *object = NULL;
    struct hy_buf text = {0};
    hy_buf_adds(&text, "primitive ");
    for (int i = 0; i < HY_ID_MAX; i++)
        hy_buf_addc(&text, 'a');
    hy_buf_adds(&text, " Dummy");
    ck_assert_int_eq(hy_object_parse(hy_buf_text(&text), text.size, &object, &err), 0);
    ck_assert_uint_eq(strlen(object->id), HY_ID_MAX);
    hy_object_free(&object);
    hy_buf_clear(&text);
    hy_buf_adds(&text, "primitive a");
    for (int i = 0; i < HY_ID_MAX; i++)
        hy_buf_addc(&text, 'a');
    hy_buf_adds(&text, " Dummy");
    ck_assert_int_eq(hy_object_parse(hy_buf_text(&text), text.size, &object, &err), -EINVAL);
    ck_assert_str_eq(err.text,
                     "line 1, column 11: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...': "
                     "expected the id of the primitive: " ID_RULE);
    hy_buf_clear(&text);
    hy_buf_adds(&text, "property a=");
    for (int i = 0; i < HY_VALUE_MAX; i++)
        hy_buf_addc(&text, 'a');
    ck_assert_int_eq(hy_object_parse(hy_buf_text(&text), text.size, &object, &err), -EINVAL);
    ck_assert_str_eq(err.text, "line 1, column 10: a word of 65538 bytes: expected at most 65536");
    ck_assert_ptr_null(object);
    hy_buf_clear(&text);
    for (int i = 0; i <= HY_OBJECTS_MAX; i++)
        hy_buf_addf(&text, "node n%d\n", i);
    struct hy_cib *cib = hy_cib_new();
    ck_assert_int_eq(hy_cib_parse(cib, hy_buf_text(&text), text.size, &err), -EINVAL);
    ck_assert_str_eq(err.text, "line 20001: expected at most 20000 objects");
    ck_assert_uint_eq(cib->objects.count, 0);
    hy_cib_free(&cib);
    hy_buf_free(&text);
}
END_TEST

/* Lists are looked through one by one: what has no end would take for ever. */
START_TEST(lists_have_an_end)
{
    static const struct {
        const char *begin, *before, *behind;
        int most;
        const char *reason;
    } lists[] = {
        {"primitive p Dummy params", " n", "=1", HY_ATTRS_MAX,
         "'n1000=1': is one too many: expected at most 1000 in one set"},
        {"property x=1", " n", "=1", HY_ATTRS_MAX - 1, "'n999=1': is one too many: expected at most 1000 in one set"},
        {"primitive p Dummy", " params 0: n", "=1", HY_ATTRS_MAX,
         "'0:': is one too many: expected at most 1000 in one set"},
        {"group g", " m", "", HY_OBJECTS_MAX, "'m20000': is one too many: expected at most 20000 members"},
        {"tag t", " m", "", HY_OBJECTS_MAX, "'m20000': is one too many: expected at most 20000 members"},
        {"fencing_topology", " n", ": d", HY_TOPOLOGY_MAX,
         "'d': is one too many: expected at most 2304 attempts in all"},
    };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        struct hy_buf text = {0};
        struct hy_err err = {{0}};
        struct hy_object *object = NULL;
        hy_buf_adds(&text, lists[i].begin);
        for (int n = 0; n < lists[i].most; n++)
            hy_buf_addf(&text, "%s%d%s", lists[i].before, n, lists[i].behind);
        if (lists[i].most < HY_OBJECTS_MAX) {
            ck_assert_msg(hy_object_parse(hy_buf_text(&text), text.size, &object, &err) == 0, "%s", err.text);
            hy_object_free(&object);
        }
        hy_buf_addf(&text, "%s%d%s", lists[i].before, lists[i].most, lists[i].behind);
        ck_assert_int_eq(hy_object_parse(hy_buf_text(&text), text.size, &object, &err), -EINVAL);
        ck_assert_msg(strstr(err.text, lists[i].reason) != NULL, "%s", err.text);
        hy_buf_free(&text);
    }
    struct hy_buf text = {0};
    struct hy_err err = {{0}};
    struct hy_cib *cib = hy_cib_new();
    for (int n = 0; n <= HY_ATTRS_MAX; n++)
        hy_buf_addf(&text, "property n%d=1\n", n);
    ck_assert_int_eq(hy_cib_parse(cib, hy_buf_text(&text), text.size, &err), -EINVAL);
    ck_assert_str_eq(err.text, "line 1001: property cib-bootstrap-options: expected at most 1000 values in one set");
    hy_buf_free(&text);
    hy_cib_free(&cib);
}
END_TEST

START_TEST(one_statement_is_one)
{
    struct hy_err err = {{0}};
    struct hy_object *object = NULL;
    const char *two = "node a\n\nnode b\n";
    ck_assert_int_eq(hy_object_parse(NULL, 0, &object, &err), -EINVAL);
    ck_assert_int_eq(hy_object_parse("# only this\n", 12, &object, &err), -EINVAL);
    ck_assert_str_eq(err.text, "nothing was given: expected a statement, such as 'primitive ID TYPE'");
    ck_assert_int_eq(hy_object_parse(two, strlen(two), &object, &err), -EINVAL);
    ck_assert_str_eq(err.text, "line 3: a second statement begins with 'node': expected one statement");
    ck_assert_int_eq(hy_object_parse(two, 7, &object, &err), 0);
    struct hy_object *copy = hy_object_copy(object);
    struct hy_buf text = {0};
    hy_object_print(copy, &text);
    ck_assert_str_eq(hy_buf_text(&text), "node a\n");
    hy_buf_free(&text);
    hy_object_free(&copy);
    hy_object_free(&object);
    hy_object_free(&object);
}
END_TEST

static void word_prints(const char *word, const char *wanted)
{
    struct hy_buf text = {0};
    hy_word_print(word, &text);
    ck_assert_str_eq(hy_buf_text(&text), wanted);
    hy_buf_free(&text);
}

START_TEST(words_are_quoted_when_they_must_be)
{
    word_prints("root@test3", "root@test3");
    word_prints("eth0:0", "eth0:0");
    word_prints("", "\"\"");
    word_prints("a b", "\"a b\"");
    word_prints("#uname", "#uname");
    word_prints("#x", "\"#x\"");
    word_prints("say \"no\"", "\"say \\\"no\\\"\"");
    word_prints("a\\", "\"a\\\\\"");
    word_prints("a\\b", "\"a\\b\"");
    word_prints("two\nlines", "\"two lines\"");
    word_prints("bad\xff", "\"bad?\"");
}
END_TEST

START_TEST(scores_are_pacemakers)
{
    char text[16];
    int score = 7;
    ck_assert_int_eq(hy_score_add(1, 2), 3);
    ck_assert_int_eq(hy_score_add(HY_INFINITY, -5), HY_INFINITY);
    ck_assert_int_eq(hy_score_add(HY_INFINITY, -HY_INFINITY), -HY_INFINITY);
    ck_assert_int_eq(hy_score_add(999999, 999999), HY_INFINITY);
    ck_assert_int_eq(hy_score_add(-999999, -2), -HY_INFINITY);
    ck_assert(hy_score_parse("+INFINITY", &score) && score == HY_INFINITY);
    ck_assert(hy_score_parse("-Inf", &score) && score == -HY_INFINITY);
    ck_assert(hy_score_parse("-99999999999999999999", &score) && score == -HY_INFINITY);
    ck_assert(hy_score_parse("-5", &score) && score == -5);
    ck_assert(!hy_score_parse("", &score) && !hy_score_parse("-", &score) && !hy_score_parse("5x", &score));
    ck_assert_int_eq(score, -5);
    ck_assert_str_eq(hy_score_text(-HY_INFINITY, text), "-INFINITY");
    ck_assert_str_eq(hy_score_text(HY_INFINITY, text), "INFINITY");
    ck_assert_str_eq(hy_score_text(-100, text), "-100");
}
END_TEST

START_TEST(values_are_pacemakers)
{
    hy_time time = 7;
    bool flag = false;
    enum hy_role role;
    ck_assert(hy_parse_duration("30", &time) && time == 30 * HY_SECOND);
    ck_assert(hy_parse_duration("381ms", &time) && time == 381 * HY_MS);
    ck_assert(hy_parse_duration("2min", &time) && time == 120 * HY_SECOND);
    ck_assert(hy_parse_duration("1h", &time) && time == 3600 * HY_SECOND);
    ck_assert(hy_parse_duration("5us", &time) && time == 5);
    ck_assert(!hy_parse_duration("-5", &time) && !hy_parse_duration("", &time) && !hy_parse_duration("5x", &time) &&
              !hy_parse_duration("99999999999999999999h", &time));
    ck_assert_int_eq(time, 5);
    ck_assert(hy_parse_bool("Yes", &flag) && flag);
    ck_assert(hy_parse_bool("off", &flag) && !flag);
    ck_assert(!hy_parse_bool("maybe", &flag));
    ck_assert(hy_role_parse("Master", &role) && role == HY_ROLE_PROMOTED);
    ck_assert_str_eq(hy_role_word(role), "Promoted");
    ck_assert_ptr_null(hy_role_word(HY_ROLE_ANY));
    ck_assert(!hy_role_parse("Any", &role));
    ck_assert_str_eq(hy_exec_word(HY_EXEC_TIMEOUT), "Timed Out");
    for (int kind = 0; kind < HY_KIND_COUNT; kind++)
        ck_assert_str_ne(hy_kind_word((enum hy_kind)kind), "?");
}
END_TEST

START_TEST(attributes_keep_their_order)
{
    struct hy_attrs attrs = {0};
    hy_attrs_set(&attrs, "a", "1");
    hy_attrs_set(&attrs, "b", "2");
    hy_attrs_set(&attrs, "c", "3");
    hy_attrs_set(&attrs, "a", hy_attrs_get(&attrs, "c"));
    ck_assert_str_eq(attrs.list.items[0].value, "3");
    ck_assert(hy_attrs_remove(&attrs, "b"));
    ck_assert(!hy_attrs_remove(&attrs, "b"));
    ck_assert_str_eq(attrs.list.items[1].name, "c");
    hy_attrs_free(&attrs);
    ck_assert_uint_eq(attrs.list.count, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cib: grammar");
    TCase *tcase = tcase_create("grammar");
    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, what_is_printed_comes_back);
    tcase_add_test(tcase, what_is_typed_is_understood);
    tcase_add_test(tcase, names_that_look_like_words_come_back);
    tcase_add_test(tcase, objects_hold_what_was_written);
    tcase_add_loop_test(tcase, errors_say_where_what_and_what_else, 0, (int)(sizeof wrong / sizeof *wrong));
    tcase_add_test(tcase, an_error_leaves_the_cib_as_it_was);
    tcase_add_test(tcase, limits_hold);
    tcase_add_test(tcase, lists_have_an_end);
    tcase_add_test(tcase, one_statement_is_one);
    tcase_add_test(tcase, words_are_quoted_when_they_must_be);
    tcase_add_test(tcase, scores_are_pacemakers);
    tcase_add_test(tcase, values_are_pacemakers);
    tcase_add_test(tcase, attributes_keep_their_order);
    return run_suite(suite);
}
