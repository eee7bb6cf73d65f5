/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does an init script do what a cluster must rely on? It is started and stopped for that. What is asked is the "Linux Standard
 * Base Core Specification", chapter "Init Script Actions", as far as "Pacemaker Administration" names it in "LSB Resource
 * Agents": the exit statuses of start, stop and status, each also where there is nothing left to do.
 */
#include "hactl/commands.h"
#include "hactl/connection.h"
#include "hactl/script.h"
#include "hactl/state.h"

#include "base/alloc.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RUNNING = 0, STOPPED = 3, NOT_ZERO = -1 };

struct step {
    const char *action;
    int expected; /* exit status; NOT_ZERO: any other than 0 */
    const char *when;
    const char *otherwise; /* what the cluster would make of it */
};

/* In this order; the service is stopped before the first. */
static const struct step steps[] = {
    {"status", STOPPED, "of the stopped service",
     "the cluster would find it running, or broken, where it was never started"},
    {"stop", 0, "when it is stopped already", "a stop that fails blocks the resource"},
    {"start", 0, "", "no start would count"},
    {"status", RUNNING, "of the running service", "the cluster would call it failed as soon as it has started"},
    {"start", 0, "when it runs already", "a start that is repeated would count as a failure"},
    {"status", RUNNING, "after a second start", "a start that is repeated would stop or break it"},
    {"frobnicate", NOT_ZERO, "which is no action", "what the script does not know it would seem to have done"},
    {"stop", 0, "", "a stop that fails blocks the resource"},
    {"status", STOPPED, "of the service, stopped again", "the cluster would go on believing that it runs here"},
    {"stop", 0, "a second time", "a stop that fails blocks the resource"},
};

struct check {
    const char *name;
    char *path;
    int timeout_ms;
    int failed;
};

static void call(const struct check *check, const char *action, struct hactl_script_run *run)
{
    const char *const argv[] = {check->path, action, NULL};
    hactl_script_run(argv, check->timeout_ms, run);
}

static void print_output(const struct hy_buf *output)
{
    for (const char *line = hy_buf_text(output); *line; line += strcspn(line, "\n") + (strchr(line, '\n') != NULL))
        printf("         | %.*s\n", (int)strcspn(line, "\n"), line);
}

static void print_wrong(const struct step *step, const struct hactl_script_run *run)
{
    if (run->rc == -ETIMEDOUT)
        printf("it did not end in %d s, and was killed", (run->ms + 500) / 1000);
    else if (run->rc == -EINTR)
        printf("it was killed by a signal");
    else if (run->rc < 0)
        printf("it could not be run (%s)", strerror(-run->rc));
    else if (step->expected == NOT_ZERO)
        printf("it exits with 0, and must not");
    else
        printf("it exits with %d, and must with %d", run->rc, step->expected);
}

static void take_step(struct check *check, const struct step *step)
{
    struct hactl_script_run run;
    call(check, step->action, &run);
    bool good = step->expected == NOT_ZERO ? run.rc > 0 : run.rc == step->expected;
    const char *gap = *step->when ? " " : "";
    if (good) {
        printf("ok       %s%s%s (%d ms)\n", step->action, gap, step->when, run.ms);
    } else {
        printf("FAILED   %s%s%s: ", step->action, gap, step->when);
        print_wrong(step, &run);
        printf(": %s\n", step->otherwise);
        print_output(&run.output);
        check->failed++;
    }
    fflush(stdout);
    hy_buf_free(&run.output);
}

/* ---------------------------------------------------------------- may it be tried */

static int check_file(const struct check *check)
{
    struct stat info;
    if (strchr(check->name, '/') || !*check->name || check->name[0] == '.')
        return hactl_fail("'%s': expected the name of a script, as in lsb:NAME", check->name);
    if (stat(check->path, &info))
        return hactl_fail("%s: %s", check->path, strerror(errno));
    if (!S_ISREG(info.st_mode) || access(check->path, X_OK))
        return hactl_fail("%s: %s", check->path,
                          S_ISREG(info.st_mode) ? "not executable: `chmod +x` makes it so" : "not a file");
    return HACTL_OK;
}

/* The cluster would take what is done here for a failure. */
static int check_unused(struct hactl *h, const struct check *check)
{
    struct hactl_state state;
    if (!hactl_is_reachable(h))
        return HACTL_OK;
    int status = hactl_state_glance(h, &state);
    if (status)
        return status;
    for (size_t i = 0; i < state.cib->objects.count && !status; i++) {
        const struct hy_object *object = state.cib->objects.items[i];
        const struct hy_primitive *agent =
            object->kind == HY_PRIMITIVE ? hy_cib_agent(state.cib, &object->u.primitive) : NULL;
        if (agent && strcmp(agent->cls, "lsb") == 0 && strcmp(agent->type, check->name) == 0)
            status = hactl_fail("%s is resource %s of the cluster, which would see it fail: stop that first, or "
                                "`hactl node maintenance`; --force does it all the same",
                                check->name, object->id);
    }
    hactl_state_free(&state);
    return status;
}

/* ---------------------------------------------------------------- all of it */

static int try_it(struct hactl *h, struct check *check)
{
    struct hactl_script_run first;
    call(check, "status", &first);
    bool ran = first.rc == RUNNING;
    hy_buf_free(&first.output);
    if (ran && !h->force)
        return hactl_fail(
            "%s says that it runs, and would be stopped and started: stop it first; --force does it all the "
            "same, and starts it again at the end",
            check->name);
    if (ran)
        take_step(check, &(struct step){"stop", 0, "of what ran", "a stop that fails blocks the resource"});
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        take_step(check, &steps[i]);
    if (ran)
        take_step(check, &(struct step){"start", 0, "of what ran", "it is left stopped"});
    if (check->failed)
        printf("%s: %d of these %s: with lsb:%s in a cluster this will show when it is least wanted.\n", check->path,
               check->failed, check->failed == 1 ? "is wrong" : "are wrong", check->name);
    else
        printf("%s does what the cluster relies on.\n", check->path);
    return check->failed ? HACTL_FAILED : HACTL_OK;
}

int hactl_lsb_check(struct hactl *h, int argc, char **argv)
{
    (void)argc;
    bool has_config = access(h->config_file, F_OK) == 0; /* scripts are tried before there is a cluster, too */
    const struct hy_config *config = has_config ? hactl_config(h) : NULL;
    if (has_config && !config)
        return HACTL_FAILED;
    struct check check = {.name = argv[1], .timeout_ms = h->patience_ms};
    check.path = hy_asprintf("%s/%s", config ? config->paths.lsb : HY_LSB_FOLDER, check.name);
    int status = check_file(&check);
    if (!status && !h->force && config)
        status = check_unused(h, &check);
    hactl_hang_up(h); /* it forks */
    if (!status)
        status = try_it(h, &check);
    free(check.path);
    return status;
}
