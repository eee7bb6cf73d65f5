/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations in children (core/executor/run.h), and the services that they work on. A child is forked, loads its agent
 * (the first millisecond or so), calls it, which begins to have its effect, and answers when the agent is through. Killed,
 * it leaves things as they are by then, and for a start or a stop nobody knows how.
 */
#include "sim/internal.h"

#include <errno.h>

static const hy_time ASK_AGAIN = 50 * HY_MS, CONFLICT_WAIT = 3 * HY_SECOND;

struct hy_run {
    struct hy_run_spec spec;
    struct sim_world *world;
    size_t node;
    enum { FORKED, ASKING, CALLED, ENDING } stage;
    hy_time asked; /* true time at which it began to; an answer came */
    int silent;    /* questions in a row without one */
    hy_time began; /* local */
    bool called;
    struct sim_behaviour behaviour;
    const char *killed;
    bool timed_out, terminated, refused;
    bool taken;              /* by somebody else: it fails */
    struct sim_event *event; /* its next stage */
    struct sim_run *handle;
};

/* What the agenda points to: it outlives the run. */
struct sim_run {
    struct hy_run *run; /* NULL: it is gone */
    unsigned refs;
};

/* ---- services */

unsigned sim_service_hash(const char *rsc)
{
    uint32_t hash = 2166136261u;
    for (const char *p = rsc; *p; p++)
        hash = (hash ^ (unsigned char)*p) * 16777619u;
    return (hash ^ hash >> 15) % 4;
}

struct sim_service *sim_service_get(struct sim_world *world, size_t node, const char *rsc)
{
    struct sim_host *host = &world->hosts[node];
    for (size_t i = 0; i < host->services.count; i++)
        if (strcmp(host->services.items[i].rsc, rsc) == 0)
            return &host->services.items[i];
    hy_vec_push(&host->services, ((struct sim_service){.rsc = hy_strdup(rsc)}));
    return &host->services.items[host->services.count - 1];
}

void sim_service_set(struct sim_world *world, size_t node, struct sim_service *service, enum sim_service_state state)
{
    static const char *const words[] = {"stopped", "starting", "running", "stopping"};
    if (service->state == state)
        return;
    service->state = state;
    service->since = world->now;
    if (state == SIM_STOPPED)
        service->promoted = service->lease = service->releasing = service->abandoned = false;
    sim_trace_mix(world, ((uint64_t)node << 8 | (uint64_t)state) ^ sim_service_hash(service->rsc));
    sim_note(world, "%s: %s is %s%s", world->hosts[node].name, service->rsc, words[state],
             service->releasing ? " (released)" : "");
    SIM_OBSERVE(world, service, (seer, node, service));
}

void sim_services_power_off(struct sim_world *world, size_t node)
{
    struct sim_host *host = &world->hosts[node];
    for (size_t i = 0; i < host->services.count; i++)
        sim_service_set(world, node, &host->services.items[i], SIM_STOPPED);
}

/* ---- stages */

static void next_stage(struct hy_run *run, hy_time after)
{
    run->event = sim_agenda_add(run->world, run->world->now + after, SIM_EV_RUN, run->node);
    run->event->run = run->handle;
    run->handle->refs++;
}

static bool is_op(const struct hy_run *run, const char *op)
{
    return strcmp(run->spec.operation->op, op) == 0;
}

/* What the agent does at its call, seen from outside: from now on it may be started, it may be gone. */
static void take_effect(struct hy_run *run)
{
    struct sim_world *world = run->world;
    const struct hy_operation *operation = run->spec.operation;
    struct sim_service *service = sim_service_get(world, run->node, operation->rsc);
    if (is_op(run, "start") && service->state == SIM_STOPPED &&
        (run->behaviour.has_effect || run->behaviour.rc == -1 || run->behaviour.rc == 0)) {
        service->lease = operation->lease;
        service->epoch = atomic_load(&world->hosts[run->node].executor.page.since);
        service->address = sim_kernel_is_address(operation->agent);
        sim_kernel_added(world, run->node, service);
        sim_service_set(world, run->node, service, SIM_STARTING);
    }
    if (is_op(run, "stop") && service->state != SIM_STOPPED) {
        service->releasing = operation->id == 0;
        sim_service_set(world, run->node, service, SIM_STOPPING);
    }
}

static void end(struct hy_run *run);

/* Another host answers for the address: it asks on, each 50 ms, until two questions in a row have no answer, for three seconds.
 * One that it knows to have been handed over it does not ask for. True: it is not to be called now. */
static bool is_asking(struct hy_run *run)
{
    struct sim_world *world = run->world;
    const struct hy_operation *operation = run->spec.operation;
    struct sim_service *service = sim_service_get(world, run->node, operation->rsc);
    if (!is_op(run, "start") || !sim_kernel_is_address(operation->agent) || service->state != SIM_STOPPED ||
        hy_attrs_get(&operation->meta, "handed_over"))
        return false;
    bool answered = sim_kernel_is_answered(world, run->node, service);
    run->silent = answered ? 0 : run->silent + 1;
    if (run->stage == FORKED && !answered)
        return false;
    if (run->stage == FORKED)
        run->asked = world->now;
    if (run->silent >= 2)
        return false;
    sim_note(world, "%s: %s: somebody answers for it", world->hosts[run->node].name, operation->rsc);
    run->taken = world->now - run->asked >= CONFLICT_WAIT;
    run->stage = run->taken ? ENDING : ASKING;
    next_stage(run, run->taken ? 1 : ASK_AGAIN);
    return true;
}

static void call(struct hy_run *run)
{
    struct sim_world *world = run->world;
    const struct hy_operation *operation = run->spec.operation;
    if (!hy_lease_page_allows(run->spec.env->page, operation)) {
        run->refused = true;
        end(run);
        return;
    }
    if (is_asking(run))
        return;
    run->stage = CALLED;
    run->called = true;
    if (is_op(run, "watch"))
        sim_kernel_watched(world, run->node, sim_service_get(world, run->node, operation->rsc));
    if (operation->interval && is_op(run, "monitor"))
        sim_kernel_adopted(world, run->node, sim_service_get(world, run->node, operation->rsc));
    if (is_op(run, "watch")) {
        if (run->spec.called)
            run->spec.called(run->spec.context, 0, true);
        return; /* until something changes, or it is ended */
    }
    run->behaviour = (struct sim_behaviour){
        .takes = sim_draw_time(&world->services, HY_MS, 6 * HY_MS), .exec = HY_EXEC_DONE, .rc = -1, .has_effect = true};
    if (sim_the_workload->behave)
        sim_the_workload->behave(world->workload, run->node, operation, &run->behaviour);
    sim_inject_behaviour(world, run->node, operation, &run->behaviour);
    SIM_OBSERVE(world, began, (seer, run->node, operation));
    take_effect(run);
    hy_time left = run->spec.deadline - hy_loop_now();
    if (left < run->behaviour.takes) {
        run->timed_out = true;
        next_stage(run, left > 0 ? left + 5 * HY_MS : 5 * HY_MS);
    } else {
        next_stage(run, run->behaviour.takes);
    }
    run->stage = CALLED;
}

/* ---- the end */

static int truth(struct hy_run *run, const struct sim_service *service)
{
    if (is_op(run, "monitor"))
        return service->state == SIM_STOPPED ? HALYARD_NOT_RUNNING : service->promoted ? HALYARD_RUNNING_PROMOTED : 0;
    if (is_op(run, "promote") || is_op(run, "demote"))
        return service->state == SIM_STOPPED ? HALYARD_NOT_RUNNING : 0;
    return 0;
}

static void conclude_service(struct hy_run *run, bool good)
{
    struct sim_world *world = run->world;
    struct sim_service *service = sim_service_get(world, run->node, run->spec.operation->rsc);
    bool known = good || !run->called;
    bool coin = !known && sim_draw_chance(&world->services, 500);
    if (is_op(run, "start") && service->state == SIM_STARTING)
        sim_service_set(world, run->node, service,
                        good || (run->behaviour.has_effect && coin) ? SIM_RUNNING : SIM_STOPPED);
    if (is_op(run, "stop") && service->state == SIM_STOPPING) {
        /* The lease has ended meanwhile: the executor has let this stop go on in place of one of its own. */
        if (service->lease && !sim_lease_holds(world, run->node))
            service->releasing = true;
        sim_service_set(world, run->node, service, good || coin ? SIM_STOPPED : SIM_RUNNING);
    }
    if (good && is_op(run, "promote") && service->state == SIM_RUNNING && !service->promoted) {
        service->promoted = true;
        SIM_OBSERVE(world, service, (seer, run->node, service));
    }
    if ((good || coin) && is_op(run, "demote") && service->promoted) {
        service->promoted = false;
        SIM_OBSERVE(world, service, (seer, run->node, service));
    }
}

static void forget(struct hy_run *run)
{
    struct sim_host *host = &run->world->hosts[run->node];
    for (size_t i = 0; i < host->runs.count; i++)
        if (host->runs.items[i] == run->handle) {
            hy_vec_remove(&host->runs, i);
            break;
        }
    run->handle->run = NULL;
    if (!--run->handle->refs)
        free(run->handle);
    free(run);
}

static uint32_t caps_of(const char *agent)
{
    return sim_kernel_is_address(agent) ? HALYARD_CAP_FAST_RELEASE : 0;
}

static void tell_ended(struct hy_run *run, const struct hy_run_result *result)
{
    const struct hy_operation *operation = run->spec.operation;
    const struct hy_outcome outcome = {.id = operation->id,
                                       .rsc = operation->rsc,
                                       .op = operation->op,
                                       .interval = operation->interval,
                                       .exec = result->exec,
                                       .rc = result->rc,
                                       .took = result->took};
    if (run->called && !is_op(run, "watch"))
        SIM_OBSERVE(run->world, ended, (seer, run->node, &outcome));
}

static void end(struct hy_run *run)
{
    struct hy_run_result result = {.exec = HY_EXEC_DONE, .called = run->called, .has_watch = false};
    const char *agent = run->spec.operation->agent ? run->spec.operation->agent : "";
    const struct sim_service *service = sim_service_get(run->world, run->node, run->spec.operation->rsc);
    result.took = hy_loop_now() - run->began;
    result.caps = caps_of(agent);
    result.has_watch = sim_kernel_is_address(agent);
    if (run->killed) {
        result.exec = HY_EXEC_CANCELLED;
        result.rc = HALYARD_ERR_GENERIC;
        result.reason = "killed";
    } else if (run->refused) {
        result.exec = HY_EXEC_CANCELLED;
        result.rc = HALYARD_ERR_GENERIC;
        result.reason = "this node's lease has ended";
    } else if (run->taken) {
        result.rc = HALYARD_ERR_GENERIC;
        result.reason = "another host answers for the address";
    } else if (run->terminated) {
        result.exec = HY_EXEC_DIED;
        result.rc = HALYARD_ERR_GENERIC;
        result.reason = "killed by SIGTERM";
    } else if (run->timed_out) {
        result.exec = HY_EXEC_TIMEOUT;
        result.rc = HALYARD_ERR_GENERIC;
        result.reason = "timed out";
    } else if (run->behaviour.exec != HY_EXEC_DONE) {
        result.exec = HY_EXEC_DIED;
        result.rc = HALYARD_ERR_GENERIC;
        result.reason = "killed by SIGSEGV";
    } else {
        result.rc = run->behaviour.rc == -1 ? truth(run, service) : run->behaviour.rc;
        result.reason = result.rc && result.rc != HALYARD_NOT_RUNNING ? "it says so" : NULL;
    }
    bool good = result.exec == HY_EXEC_DONE && result.rc == HALYARD_OK;
    conclude_service(run, good);
    tell_ended(run, &result);
    run->spec.ended(run->spec.context, &result);
    forget(run);
}

void sim_run_event(struct sim_world *world, struct sim_run *handle)
{
    struct hy_run *run = handle->run;
    unsigned left = --handle->refs;
    if (!left)
        free(handle);
    if (!run || run->event != world->present)
        return;
    run->event = NULL;
    if ((run->stage == FORKED || run->stage == ASKING) && !run->killed && !run->terminated)
        call(run);
    else
        end(run);
}

/* ---- core/executor/run.h */

int hy_run_start(struct hy_loop *loop, const struct hy_run_spec *spec, struct hy_run **run, struct hy_err *err)
{
    (void)err;
    struct sim_world *world = loop->world;
    struct hy_run *made = hy_alloc(sizeof *made);
    *made = (struct hy_run){.spec = *spec, .world = world, .node = loop->node, .began = hy_loop_now()};
    made->handle = hy_alloc(sizeof *made->handle);
    *made->handle = (struct sim_run){.run = made, .refs = 1};
    hy_vec_push(&world->hosts[loop->node].runs, made->handle);
    next_stage(made, sim_draw_time(&world->services, 500, 2 * HY_MS));
    *run = made;
    return 0;
}

pid_t hy_run_pid(const struct hy_run *run)
{
    (void)run;
    return 4711; /* nobody looks for it: the guard is ours */
}

void hy_run_kill(struct hy_run *run, const char *why)
{
    run->killed = why;
    run->stage = ENDING;
    next_stage(run, sim_draw_time(&run->world->services, 100, 500));
}

void hy_run_terminate(struct hy_run *run, hy_time grace)
{
    if (run->killed || run->terminated)
        return;
    run->terminated = true;
    run->stage = ENDING;
    next_stage(run, grace < 3 * HY_MS ? grace : 3 * HY_MS);
}

void sim_runs_drop(struct sim_world *world, size_t node)
{
    struct sim_host *host = &world->hosts[node];
    while (host->runs.count) {
        struct hy_run *run = host->runs.items[host->runs.count - 1]->run;
        if (world->hosts[node].powered)
            conclude_service(run, false);
        forget(run);
    }
}

/* What the watch sees at once. */
void sim_run_watch_sees(struct sim_world *world, size_t node, const char *rsc)
{
    struct sim_host *host = &world->hosts[node];
    for (size_t i = 0; i < host->runs.count; i++) {
        struct hy_run *run = host->runs.items[i]->run;
        if (run->called && is_op(run, "watch") && strcmp(run->spec.operation->rsc, rsc) == 0 && run->spec.changed) {
            run->spec.changed(run->spec.context, "it is gone");
            return;
        }
    }
}
