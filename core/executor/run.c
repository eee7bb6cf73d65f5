/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/run.h"

#include "base/alloc.h"
#include "base/wire.h"
#include "executor/active.h"
#include "executor/exit_reason.h"
#include "executor/op_child.h"
#include "executor/warm.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { REASON_MAX = 1024, RC_MAX = 255, NAMES_MAX = 16384 };

struct hy_run {
    struct hy_run_spec spec;
    struct hy_loop *loop;
    struct hy_child *child;
    bool warm;       /* by a child that was ready, and so perhaps in vain */
    hy_time timeout; /* as it was when it began, for the words */
    bool called;
    uint32_t caps;
    bool has_watch, can_reload;
    struct hy_buf restart_params, secret_params;
    bool answered;
    enum hy_exec exec;
    int64_t rc;
    struct hy_buf reason;
    const char *killed_why;
};

/* Agents and programs print anything; what goes on to operators and logs is lines of text. */
static void make_printable(char *text, size_t size, bool keep_lines)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c < 0x20 && !(keep_lines && (c == '\n' || c == '\t'))) || c == 0x7f)
            text[i] = ' ';
    }
}

static void take_bounded(struct hy_rd *rd, size_t most, struct hy_buf *out)
{
    size_t size;
    const char *text = hy_rd_bytes(rd, &size);
    hy_buf_clear(out);
    hy_buf_add(out, text, size < most ? size : most);
    make_printable(out->data, out->size, false);
}

static void take_text(struct hy_rd *rd, struct hy_buf *out)
{
    take_bounded(rd, REASON_MAX, out);
}

/* ---- messages of the child */

static void take_log(struct hy_run *run, struct hy_rd *rd)
{
    uint8_t level = hy_rd_u8(rd);
    struct hy_buf text = {0};
    take_text(rd, &text);
    if (hy_rd_done(rd) && level >= HY_LOG_ERROR && level <= HY_LOG_DEBUG)
        hy_log_line(run->spec.env->log, (enum hy_log_level)level, "%s %s: %s", run->spec.operation->rsc,
                    run->spec.operation->op, text.data);
    hy_buf_free(&text);
}

static void take_called(struct hy_run *run, struct hy_rd *rd)
{
    uint32_t caps = hy_rd_u32(rd);
    bool has_watch = hy_rd_u8(rd) != 0, can_reload = hy_rd_u8(rd) != 0;
    struct hy_buf restart = {0}, secret = {0};
    take_bounded(rd, NAMES_MAX, &restart);
    take_bounded(rd, NAMES_MAX, &secret);
    if (!hy_rd_done(rd) || run->called) {
        hy_buf_free(&restart);
        hy_buf_free(&secret);
        return;
    }
    run->called = true;
    run->caps = caps;
    run->can_reload = can_reload;
    run->restart_params = restart;
    run->secret_params = secret;
    run->has_watch = has_watch;
    if (run->spec.called)
        run->spec.called(run->spec.context, caps, has_watch);
}

static void take_changed(struct hy_run *run, struct hy_rd *rd)
{
    struct hy_buf why = {0};
    take_text(rd, &why);
    if (hy_rd_done(rd) && run->spec.changed)
        run->spec.changed(run->spec.context, why.data);
    hy_buf_free(&why);
}

static void take_answer(struct hy_run *run, struct hy_rd *rd)
{
    uint8_t exec = hy_rd_u8(rd);
    int64_t rc = hy_rd_i64(rd);
    struct hy_buf reason = {0};
    take_text(rd, &reason);
    if (hy_rd_done(rd) && (exec == HY_EXEC_DONE || exec == HY_EXEC_ERROR || exec == HY_EXEC_CANCELLED)) {
        run->answered = true;
        hy_child_done(run->child);
        run->exec = (enum hy_exec)exec;
        run->rc = rc;
        hy_buf_free(&run->reason);
        run->reason = reason;
        return;
    }
    hy_buf_free(&reason);
}

static void message(void *context, const void *data, size_t size)
{
    struct hy_run *run = context;
    struct hy_rd rd = hy_rd_from(data, size);
    switch (hy_rd_u8(&rd)) {
    case HY_OP_LOG:
        take_log(run, &rd);
        break;
    case HY_OP_CALLED:
        take_called(run, &rd);
        break;
    case HY_OP_CHANGED:
        take_changed(run, &rd);
        break;
    case HY_OP_ANSWER:
        take_answer(run, &rd);
        break;
    case HY_OP_STALE: /* its end follows, and then one that is not warm */
        if (run->warm && !run->called)
            hy_warm_discard(run->spec.warm, run->spec.operation->agent);
        break;
    default: /* an agent that writes to descriptors which are not its own: its answer decides */
        hy_warning(run->spec.env->log, "%s %s: wrote something of its own into the executor's pipe",
                   run->spec.operation->rsc, run->spec.operation->op);
    }
}

/* ---- what it amounts to */

static bool is_answer(int64_t rc)
{
    switch (rc) {
    case HALYARD_OK:
    case HALYARD_ERR_GENERIC:
    case HALYARD_ERR_ARGS:
    case HALYARD_ERR_UNIMPLEMENTED:
    case HALYARD_ERR_PERM:
    case HALYARD_ERR_INSTALLED:
    case HALYARD_ERR_CONFIGURED:
    case HALYARD_NOT_RUNNING:
    case HALYARD_RUNNING_PROMOTED:
    case HALYARD_FAILED_PROMOTED:
    case HALYARD_DEGRADED:
    case HALYARD_DEGRADED_PROMOTED:
        return true;
    default:
        return false;
    }
}

static void say(struct hy_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct hy_run *run, const char *format, ...)
{
    hy_buf_clear(&run->reason);
    va_list args;
    va_start(args, format);
    hy_buf_vaddf(&run->reason, format, args);
    va_end(args);
}

static void judge_end_without_answer(struct hy_run *run, int status)
{
    run->exec = HY_EXEC_DIED;
    run->rc = HALYARD_ERR_GENERIC;
    if (!WIFSIGNALED(status)) {
        say(run, "ended with exit status %d and no answer", WEXITSTATUS(status));
        return;
    }
    const char *name = sigabbrev_np(WTERMSIG(status));
    if (name)
        say(run, "killed by SIG%s", name);
    else
        say(run, "killed by signal %d", WTERMSIG(status));
}

static void judge_answer(struct hy_run *run)
{
    if (run->exec == HY_EXEC_DONE && !is_answer(run->rc)) {
        say(run, "answered %lld, which is no answer of an agent", (long long)run->rc);
        run->rc = HALYARD_ERR_GENERIC;
    }
    if (run->rc < 0 || run->rc > RC_MAX)
        run->rc = HALYARD_ERR_GENERIC;
    if (!run->reason.size && run->rc != HALYARD_OK && run->rc != HALYARD_NOT_RUNNING &&
        run->rc != HALYARD_RUNNING_PROMOTED)
        say(run, "answered %lld and gave no reason", (long long)run->rc);
}

/* What a script has said of it, when its plug-in has nothing to say. */
static void take_exit_reason(struct hy_run *run, const struct hy_child_end *end)
{
    if (!(run->caps & HALYARD_CAP_SCRIPT) || run->reason.size || run->exec != HY_EXEC_DONE || run->rc == HALYARD_OK ||
        run->rc == HALYARD_RUNNING_PROMOTED)
        return;
    size_t size;
    const char *text = hy_exit_reason(end->output, end->output_size, &size);
    hy_buf_add(&run->reason, text, size < REASON_MAX ? size : REASON_MAX);
    make_printable(run->reason.data, run->reason.size, false);
}

static void judge(struct hy_run *run, const struct hy_child_end *end)
{
    if (run->answered) { /* also when it came at the last moment: what was done is done */
        take_exit_reason(run, end);
        judge_answer(run);
    } else if (run->killed_why) {
        run->exec = HY_EXEC_CANCELLED; /* by us, not by a fault of its own */
        run->rc = HALYARD_ERR_GENERIC;
        say(run, "killed: %s", run->killed_why);
    } else if (end->timed_out) {
        run->exec = HY_EXEC_TIMEOUT;
        run->rc = HALYARD_ERR_GENERIC;
        say(run, "timed out after %g s", (double)run->timeout / (double)HY_SECOND);
    } else {
        judge_end_without_answer(run, end->status);
    }
}

static bool is_success(const struct hy_run *run)
{
    if (run->exec != HY_EXEC_DONE)
        return false;
    return run->rc == HALYARD_OK || run->rc == HALYARD_NOT_RUNNING || run->rc == HALYARD_RUNNING_PROMOTED;
}

/* The last lines: the first one, cut at its front by what is kept, is left out when there are others. */
static char *last_lines(const struct hy_child_end *end)
{
    const char *from = end->output;
    size_t size = end->output_size;
    while (size && (from[size - 1] == '\n' || from[size - 1] == ' '))
        size--;
    const char *line = size >= HY_CHILD_OUTPUT_KEPT - 1 ? memchr(from, '\n', size) : NULL;
    if (line) {
        size -= (size_t)(line + 1 - from);
        from = line + 1;
    }
    if (!size)
        return NULL;
    char *text = hy_alloc(size + 1);
    memcpy(text, from, size);
    make_printable(text, size, true);
    return text;
}

static int start_cold(struct hy_run *run, struct hy_err *err);

/* A warm child that came to nothing before the agent was called: nothing has happened, so another one does it. */
static bool is_begun_again(struct hy_run *run, const struct hy_child_end *end)
{
    struct hy_err err;
    if (!run->warm || run->called || run->answered || run->killed_why || end->killed || end->timed_out)
        return false;
    run->warm = false;
    if (start_cold(run, &err))
        return false;
    if (run->spec.begun_again)
        run->spec.begun_again(run->spec.context, hy_child_pid(run->child));
    return true;
}

static void ended(void *context, const struct hy_child_end *end)
{
    struct hy_run *run = context;
    if (is_begun_again(run, end))
        return;
    judge(run, end);
    char *output = is_success(run) ? NULL : last_lines(end);
    struct hy_run_result result = {.exec = run->exec,
                                   .rc = (int)run->rc,
                                   .took = end->took,
                                   .called = run->called,
                                   .caps = run->caps,
                                   .has_watch = run->has_watch,
                                   .restart_params = run->can_reload ? hy_buf_text(&run->restart_params) : NULL,
                                   .secret_params = run->called ? hy_buf_text(&run->secret_params) : NULL,
                                   .reason = run->reason.size ? run->reason.data : NULL,
                                   .output = output};
    run->spec.ended(run->spec.context, &result);
    free(output);
    hy_buf_free(&run->reason);
    hy_buf_free(&run->restart_params);
    hy_buf_free(&run->secret_params);
    free(run);
}

/* ---- starting and ending it */

static bool lends_map(const struct hy_run_spec *spec)
{
    return spec->operation->lease && spec->env->lease_map > 0;
}

/* What lets go in a moment takes hold in a moment: others are waiting for it, and it does not wait for its turn. */
static bool is_urgent(const struct hy_run_spec *spec)
{
    uint32_t caps = 0;
    return spec->realtime || (hy_changes_state(spec->operation->op) && spec->env->agents &&
                              hy_agent_table_find(spec->env->agents, spec->operation->agent, &caps, NULL) &&
                              caps & HALYARD_CAP_FAST_RELEASE);
}

static struct hy_op_request request_of(const struct hy_run *run)
{
    return (struct hy_op_request){.env = run->spec.env,
                                  .operation = run->spec.operation,
                                  .probe = run->spec.probe,
                                  .deadline = run->spec.deadline};
}

static struct hy_child_spec child_of(struct hy_run *run, const struct hy_op_request *request, bool urgent)
{
    return (struct hy_child_spec){.origin = &run->spec.env->origin,
                                  .body = hy_op_child_body,
                                  .argument = request,
                                  .lent_fd = lends_map(&run->spec) ? run->spec.env->lease_map : 0,
                                  .deadline = run->spec.deadline,
                                  .realtime = urgent,
                                  .message = message,
                                  .ended = ended,
                                  .context = run};
}

static int start_cold(struct hy_run *run, struct hy_err *err)
{
    struct hy_op_request request = request_of(run);
    struct hy_child_spec child = child_of(run, &request, is_urgent(&run->spec));
    return hy_child_start(run->loop, &child, &run->child, err);
}

static bool start_warm(struct hy_run *run)
{
    struct hy_op_request request = request_of(run);
    struct hy_child_spec child = child_of(run, &request, true);
    return run->spec.warm && is_urgent(&run->spec) && hy_warm_take(run->spec.warm, &request, &child, &run->child);
}

int hy_run_start(struct hy_loop *loop, const struct hy_run_spec *spec, struct hy_run **run, struct hy_err *err)
{
    struct hy_run *made = hy_alloc(sizeof *made);
    made->spec = *spec;
    made->loop = loop;
    made->timeout = spec->operation->timeout;
    if (spec->warm)
        hy_warm_expect(spec->warm, spec->operation);
    made->warm = start_warm(made);
    int rc = made->warm ? 0 : start_cold(made, err);
    if (rc) {
        free(made);
        return rc;
    }
    *run = made;
    return 0;
}

pid_t hy_run_pid(const struct hy_run *run)
{
    return hy_child_pid(run->child);
}

void hy_run_terminate(struct hy_run *run, hy_time grace)
{
    hy_child_terminate(run->child, grace);
}

void hy_run_kill(struct hy_run *run, const char *why)
{
    run->killed_why = why;
    hy_child_kill(run->child);
}
