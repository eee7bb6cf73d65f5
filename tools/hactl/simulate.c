/* SPDX-License-Identifier: Apache-2.0 */
/* `simulate`: the running cluster, a saved state, or a Pacemaker CIB. Nothing is changed. */
#include "hactl/simulate.h"

#include "cib/grammar.h"
#include "hactl/commands.h"
#include "hactl/import.h"
#include "hactl/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Where it begins. */
struct origin {
    struct hy_cib *cib;
    hy_wall now;
    bool quorum;
    char *dc;                /* NULL: not known */
    struct hactl_state live; /* of the running cluster; its CIB is taken out */
};

static hy_wall wall_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (hy_wall)now.tv_sec * HY_SECOND + now.tv_nsec / 1000;
}

/* ---------------------------------------------------------------- where it begins */

static int from_xml(const char *file, struct origin *origin)
{
    struct hactl_import import = {.with_status = true};
    int status = hactl_import_file(&import, file);
    if (!status) {
        origin->cib = import.cib;
        import.cib = NULL;
        origin->quorum = import.quorum;
        origin->dc = import.dc ? hy_strdup(hy_map_get(&import.names, import.dc)) : NULL;
        if (import.execution)
            origin->now = import.execution;
    }
    hactl_import_free(&import);
    return status;
}

static int from_state(const char *file, struct origin *origin)
{
    struct hy_buf text = {0};
    struct hy_err err = {{0}};
    int status = hactl_read_file(file, HY_TEXT_MAX, &text);
    origin->cib = hy_cib_new();
    origin->quorum = true;
    if (!status && hy_cib_restore(origin->cib, hy_buf_text(&text), text.size, &err))
        status = hactl_fail("%s: %s", file, err.text);
    hy_buf_free(&text);
    return status;
}

static int from_cluster(struct hactl *h, struct origin *origin)
{
    int status = hactl_state_show(h, &origin->live);
    if (status)
        return status;
    origin->cib = origin->live.cib;
    origin->live.cib = NULL;
    origin->now = hactl_state_number(&origin->live, "wall_us");
    origin->quorum = hactl_state_flag(&origin->live, "quorum");
    return HACTL_OK;
}

static int begin(struct hactl *h, const struct hactl_simulate_options *options, struct origin *origin)
{
    *origin = (struct origin){.now = wall_now()};
    if (options->xml_file)
        return from_xml(options->xml_file, origin);
    return options->state_file ? from_state(options->state_file, origin) : from_cluster(h, origin);
}

static int save(const char *file, const struct hy_cib *cib)
{
    struct hy_buf text = {0};
    hy_cib_save_to_show(cib, &text);
    int status = hactl_write_file(file, &text);
    hy_buf_free(&text);
    return status;
}

static void end(struct origin *origin)
{
    hy_cib_free(&origin->cib);
    free(origin->dc);
    hactl_state_free(&origin->live);
}

/* ---------------------------------------------------------------- the simulation */

static void decide(struct hactl_state *state, struct hy_cib *cib, const struct hactl_simulation *simulation,
                   const char *dc, const struct hactl_state *live)
{
    const struct hy_sched_input input = {.cib = cib,
                                         .now = simulation->now,
                                         .quorum = simulation->quorum,
                                         .at_once = true,
                                         .dc = dc,
                                         .inflight = live ? live->inflight.items : NULL,
                                         .inflight_count = live ? live->inflight.count : 0};
    state->cib = cib;
    state->report = json_object();
    json_object_set_new(state->report, "quorum", json_true()); /* who is a member is known */
    state->decision = hy_schedule(&input);
}

static bool has_fencing(const struct hy_cib *cib)
{
    bool on = false;
    const char *text = hy_cib_property(cib, "fencing-enabled");
    if (!text)
        text = hy_cib_property(cib, "stonith-enabled");
    return text && hy_parse_bool(text, &on) && on;
}

static int simulate(const struct hactl_simulate_options *options, struct origin *origin,
                    struct hactl_simulation *simulation)
{
    hy_wall now = options->at ? options->at : origin->now;
    *simulation = (struct hactl_simulation){.now = now, .quorum = origin->quorum};
    if (options->quorum != HACTL_AS_IT_IS)
        simulation->quorum = options->quorum == HACTL_YES;
    int status = hactl_simulate_events(options, origin->cib, has_fencing(origin->cib), now);
    if (status)
        return status;
    struct hy_cib *after = hy_cib_copy(origin->cib);
    decide(&simulation->before, origin->cib, simulation, origin->dc, &origin->live);
    origin->cib = NULL;
    hy_foresee(after, simulation->before.decision, now);
    decide(&simulation->after, after, simulation, origin->dc, NULL);
    return HACTL_OK;
}

static void show(const struct hactl *h, const struct hactl_simulation *simulation)
{
    if (h->json) {
        hactl_print_json(hactl_simulate_json(simulation));
        return;
    }
    struct hy_buf out = {0};
    hactl_simulate_print(simulation, &out);
    fputs(hy_buf_text(&out), stdout);
    hy_buf_free(&out);
}

static int run(const struct hactl *h, const struct hactl_simulate_options *options, struct origin *origin)
{
    struct hactl_simulation simulation;
    int status = simulate(options, origin, &simulation);
    if (!status)
        show(h, &simulation);
    hactl_state_free(&simulation.before);
    hactl_state_free(&simulation.after);
    return status;
}

int hactl_simulate(struct hactl *h, int argc, char **argv)
{
    struct hactl_simulate_options options = {0};
    struct origin origin = {0};
    int status = hactl_simulate_options(argc, argv, &options);
    if (!status)
        status = begin(h, &options, &origin);
    if (!status && options.save_file)
        status = save(options.save_file, origin.cib);
    else if (!status)
        status = run(h, &options, &origin);
    end(&origin);
    hactl_simulate_options_free(&options);
    return status;
}
