/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/fake_core.h"

#include "bus/quiet.h"
#include "cib/command.h"
#include "cib/grammar.h"
#include "daemon/ipc.h"
#include "scheduler/scheduler.h"

#include <errno.h>
#include <check.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOW (INT64_C(1484047510) * HY_SECOND)
enum { MOST_ACTIONS = 500 };

struct world {
    const char *folder;
    struct hy_loop *loop;
    struct hy_timer revival;
    struct hy_cib *cib;
    struct hy_ipc *ipc;
    struct hy_map running; /* "MaxScale test3" -> anything */
    uint64_t call;
    bool has_quorum;
};

static bool is_steered(const struct world *world, const char *file)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", world->folder, file);
    return access(path, F_OK) == 0;
}

static void steer(const char *folder, const char *file, int on)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, file);
    if (on) {
        FILE *made = fopen(path, "we");
        ck_assert_ptr_nonnull(made);
        fclose(made);
    } else {
        ck_assert_int_eq(unlink(path), 0);
    }
}

/* ---------------------------------------------------------------- the state */

static struct hy_answer apply_with(struct world *world, const struct hy_command_head *head, const char *statements,
                                   size_t size)
{
    struct hy_buf command = {0};
    struct hy_answer answer = {0};
    hy_command_begin(&command, head);
    hy_buf_add(&command, statements, size);
    hy_cib_apply(world->cib, world->cib->index + 1, hy_buf_text(&command), command.size, &answer);
    hy_buf_free(&command);
    return answer;
}

static struct hy_answer apply(struct world *world, const char *statements, size_t size, const char *by, const char *via)
{
    const struct hy_command_head head = {.at = NOW, .by = by, .via = via};
    return apply_with(world, &head, statements, size);
}

static void must_apply(struct world *world, const struct hy_buf *statements)
{
    struct hy_answer answer = apply(world, hy_buf_text(statements), statements->size, NULL, NULL);
    if (answer.code) {
        fprintf(stderr, "fake core: %s: %s\n", hy_buf_text(statements), answer.err.text);
        abort();
    }
}

static void build(struct world *world)
{
    static const char *const nodes[] = {"test1", "test3", "test5"};
    struct hy_buf text = {0};
    world->cib = hy_cib_new();
    for (unsigned i = 0; i < 3; i++) {
        char address[32];
        snprintf(address, sizeof address, "172.100.102.%u", 151 + i);
        const struct hy_enrolment enrolled = {.address = address};
        hy_command_enrol(&text, nodes[i], i + 1, &enrolled);
        hy_command_member(&text, nodes[i], i + 1, HY_MEMBER_IN, 1, 1);
        hy_command_synced(&text, nodes[i], 1);
    }
    must_apply(world, &text);
    hy_buf_free(&text);
}

/* ---------------------------------------------------------------- pretending */

static bool is_of_notifying_clone(const struct hy_action *action)
{
    for (size_t i = 0; i < action->meta_count; i++)
        if (strcmp(action->meta[i].name, "notify") == 0)
            return true;
    return false;
}

static void record(struct world *world, const struct hy_action *action, int rc)
{
    bool notify = is_of_notifying_clone(action);
    struct hy_buf text = {0};
    const struct hy_result result = {.rsc = (char *)action->rsc,
                                     .op = (char *)action->op,
                                     .interval = action->interval,
                                     .rc = rc,
                                     .exec = HY_EXEC_DONE,
                                     .call = ++world->call,
                                     .at = NOW - 14 * HY_SECOND,
                                     .took = 381 * HY_MS,
                                     .reason = rc == 1 ? (char *)"maxscale: No such file" : NULL,
                                     .agent = (char *)action->agent,
                                     .digest = (char *)action->digest,
                                     .notify = notify,
                                     .order = notify ? world->call : 0};
    hy_command_result(&text, action->node, 1, &result);
    must_apply(world, &text);
    hy_buf_free(&text);
}

static bool is_broken(const struct world *world, const struct hy_action *action)
{
    char file[64];
    snprintf(file, sizeof file, "broken-%s", action->node);
    return strcmp(action->primitive, "MaxScale") == 0 && is_steered(world, file);
}

static void carry_out(struct world *world, const struct hy_action *action)
{
    char key[128];
    snprintf(key, sizeof key, "%s %s", action->rsc, action->node);
    bool runs = hy_map_get(&world->running, key) && !is_broken(world, action);
    if (action->kind == HY_ACT_CANCEL) {
        struct hy_buf text = {0};
        hy_command_forget(&text, action->node, action->rsc, action->op, action->interval);
        must_apply(world, &text);
        hy_buf_free(&text);
        return;
    }
    int rc = 0;
    if (action->kind == HY_ACT_PROBE || action->kind == HY_ACT_MONITOR)
        rc = runs ? 0 : 7;
    else if (action->kind == HY_ACT_STOP)
        hy_map_remove(&world->running, key);
    else if (is_broken(world, action))
        rc = 1;
    else
        hy_map_put(&world->running, key, world);
    record(world, action, rc);
}

/* Recurring monitors notice what is broken. */
static void look(struct world *world)
{
    for (size_t n = 0; n < world->cib->nodes.count; n++) {
        const struct hy_node_status *status = world->cib->nodes.items[n];
        for (size_t i = 0; i < status->results.count; i++) {
            const struct hy_result *result = &status->results.items[i];
            const struct hy_action action = {.rsc = result->rsc,
                                             .primitive = result->rsc,
                                             .node = status->node,
                                             .op = result->op,
                                             .interval = result->interval,
                                             .agent = result->agent,
                                             .digest = result->digest};
            if (result->interval && result->rc == 0 && is_broken(world, &action)) {
                record(world, &action, 7);
                break; /* the list has changed */
            }
        }
    }
}

static bool act_once(struct world *world)
{
    const struct hy_sched_input input = {.cib = world->cib, .now = NOW, .quorum = true};
    struct hy_decision *decision = hy_schedule(&input);
    bool acted = false;
    for (size_t i = 0; i < decision->action_count && !acted; i++) {
        if (decision->actions[i].blocked)
            continue;
        carry_out(world, &decision->actions[i]);
        acted = true;
    }
    hy_decision_free(&decision);
    return acted;
}

/* Nodes that are to be taken out go at once. */
static void strike_out(struct world *world)
{
    for (size_t i = 0; i < world->cib->nodes.count; i++) {
        const struct hy_node_status *status = world->cib->nodes.items[i];
        if (!status->enrolled.striking)
            continue;
        struct hy_buf text = {0};
        if (status->state == HY_MEMBER_IN)
            hy_command_member(&text, status->node, status->id, HY_MEMBER_GONE, status->epoch + 1, status->incarnation);
        hy_command_struck(&text, status->node);
        must_apply(world, &text);
        hy_buf_free(&text);
        break; /* the list has changed */
    }
}

static void live_on(struct world *world)
{
    world->has_quorum = !is_steered(world, "no-quorum");
    if (!world->has_quorum || is_steered(world, "idle"))
        return;
    look(world);
    strike_out(world);
    int most = is_steered(world, "slow") ? 1 : MOST_ACTIONS;
    while (most-- > 0 && act_once(world))
        continue;
}

/* ---------------------------------------------------------------- the socket */

static void report_node(const struct world *world, const struct hy_node_status *node, struct hy_buf *report)
{
    bool self = node->id == 1;
    bool heard = self || (world->has_quorum && node->state == HY_MEMBER_IN);
    hy_buf_addf(report,
                "%s{\"name\":\"%s\",\"id\":%u,\"address\":\"%s\",\"part\":\"%s\",\"witness\":%s,\"blank\":false,"
                "\"heard\":%s,\"admitted\":%s,\"epoch\":1,\"last_heard_ms\":%s,\"round_trip_us\":%s}",
                self ? "" : ",", node->node, (unsigned)node->id, node->enrolled.address,
                node->state == HY_MEMBER_NEVER ? "none" : "voter", node->enrolled.witness ? "true" : "false",
                heard ? "true" : "false", node->state == HY_MEMBER_IN ? "true" : "false",
                heard && !self ? "12" : "null", heard && !self ? "210" : "null");
}

static void answer_state(void *context, struct hy_buf *report, struct hy_buf *cib)
{
    struct world *world = context;
    live_on(world);
    hy_buf_addf(
        report,
        "{\"version\":1,\"halyard\":\"0.1.0\",\"cluster\":\"seed\",\"node\":\"test1\",\"wall_us\":%lld,\"dc\":%s,"
        "\"is_dc\":false,\"quorum\":%s,\"acting\":false,\"waiting\":null,\"lease_ms\":%d,\"age_ms\":%d,\"term\":3,"
        "\"commit\":%llu,\"applied\":%llu,\"profile\":\"lan\",\"worst_case_ms\":345,\"in_flight\":[],\"nodes\":[",
        (long long)NOW, world->has_quorum ? "\"test5\"" : "null", world->has_quorum ? "true" : "false",
        world->has_quorum ? 120 : 0, world->has_quorum ? 20 : 12345, (unsigned long long)world->cib->index,
        (unsigned long long)world->cib->index);
    for (size_t i = 0; i < world->cib->nodes.count; i++)
        report_node(world, world->cib->nodes.items[i], report);
    hy_buf_adds(report, "]}");
    hy_cib_save_to_show(world->cib, cib);
}

static bool is_steered_once(const struct world *world, const char *file)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", world->folder, file);
    return unlink(path) == 0;
}

static int open_socket(struct world *world, struct hy_err *err);

static void revive(void *context)
{
    struct world *world = context;
    struct hy_err err;
    hy_ipc_close(&world->ipc);
    if (open_socket(world, &err)) {
        fprintf(stderr, "fake core: %s\n", err.text);
        abort();
    }
}

/* As when the core is killed and started again. */
static void die(struct world *world)
{
    if (is_steered_once(world, "alone-after"))
        steer(world->folder, "no-quorum", 1);
    if (is_steered_once(world, "forgets")) {
        world->cib->clients.count = 0;
        world->cib->clients_forgotten = world->cib->index;
    }
    hy_loop_at(world->loop, &world->revival, hy_loop_now(), revive, world);
}

static void answer_command(void *context, uint64_t client, const struct hy_ipc_command *command)
{
    struct world *world = context;
    const struct hy_command_head head = {.at = NOW,
                                         .by = command->by,
                                         .via = command->via,
                                         .client = command->session,
                                         .request = command->number,
                                         .repeat = command->repeat};
    if (is_steered_once(world, "dies-before")) {
        die(world);
        return;
    }
    if (command->repeat && is_steered(world, "no-quorum")) {
        hy_ipc_answer(world->ipc, client, -EHOSTUNREACH, "no quorum");
        return;
    }
    struct hy_answer answer = apply_with(world, &head, command->statements, command->size);
    if (is_steered_once(world, "dies-after"))
        die(world);
    else if (!is_steered(world, "mute"))
        hy_ipc_answer(world->ipc, client, answer.code, answer.err.text);
}

static void answer_read(void *context, uint64_t client)
{
    struct world *world = context;
    world->has_quorum = !is_steered(world, "no-quorum");
    hy_ipc_answer(world->ipc, client, world->has_quorum ? 0 : -EHOSTUNREACH,
                  "no quorum: test1 does not hear a majority of the nodes");
}

static void answer_found(void *context, uint64_t client)
{
    struct world *world = context;
    hy_ipc_answer(world->ipc, client, -EEXIST, "there is a cluster");
}

static int open_socket(struct world *world, struct hy_err *err)
{
    const struct hy_ipc_handlers handlers = {
        .context = world, .state = answer_state, .command = answer_command, .read = answer_read, .found = answer_found};
    const struct hy_log log = {0};
    char path[128];
    snprintf(path, sizeof path, "%s/core/halyard.sock", world->folder);
    return hy_ipc_open(path, &handlers, world->loop, &log, &world->ipc, err);
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info;
    (void)kind;
    (void)where;
    return remove(path);
}

static void end_loop(void *context)
{
    hy_loop_stop(context);
}

/* As a descriptor: a handler's flag, set just before the loop begins to wait, would be seen by nobody. */
static int terminations(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

static void be_core(const char *folder, int ready)
{
    struct hy_watched end;
    struct world world = {.folder = folder, .has_quorum = true};
    struct hy_err err = {{0}};
    hy_czmq_quiet();
    char path[128];
    build(&world);
    snprintf(path, sizeof path, "%s/core", folder);
    mkdir(path, 0700);
    if (hy_loop_new(&world.loop, &err) || hy_loop_watch(world.loop, &end, terminations(), end_loop, world.loop) ||
        open_socket(&world, &err)) {
        fprintf(stderr, "fake core: %s\n", err.text);
        _exit(1);
    }
    if (write(ready, "!", 1) != 1)
        _exit(1);
    close(ready);
    hy_loop_run(world.loop, &err); /* until SIGTERM: of the test, or because the test has died */
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    _exit(0);
}

/* ---------------------------------------------------------------- for the test */

static void write_config(const char *folder)
{
    char path[128];
    snprintf(path, sizeof path, "%s/halyard.conf", folder);
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    fprintf(file,
            "cluster = \"seed\";\nnode = \"test1\";\n"
            "nodes = ( { name = \"test1\"; id = 1; address = \"172.100.102.151\"; },\n"
            "          { name = \"test3\"; id = 2; address = \"172.100.102.155\"; },\n"
            "          { name = \"test5\"; id = 3; address = \"172.100.102.160\"; } );\n"
            "links = ( { transport = \"udpu\"; } );\npaths = { run = \"%s\"; agents = \"%s/agents\"; "
            "lsb = \"%s/init.d\"; };\n",
            folder, folder, folder);
    ck_assert_int_eq(fclose(file), 0);
}

void fake_core_start(struct fake_core *core)
{
    int ready[2];
    char byte;
    snprintf(core->folder, sizeof core->folder, "/tmp/hactl-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(core->folder));
    write_config(core->folder);
    ck_assert_int_eq(pipe(ready), 0);
    core->process = fork();
    ck_assert_int_ge(core->process, 0);
    if (core->process == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        close(ready[0]);
        be_core(core->folder, ready[1]);
    }
    close(ready[1]);
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    close(ready[0]);
}

void fake_core_steer(const struct fake_core *core, const char *file, int on)
{
    steer(core->folder, file, on);
}

void fake_core_stop(struct fake_core *core)
{
    kill(core->process, SIGTERM);
    ck_assert_int_eq(waitpid(core->process, NULL, 0), core->process);
    ck_assert_int_ne(access(core->folder, F_OK), 0);
}
