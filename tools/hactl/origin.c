/* SPDX-License-Identifier: Apache-2.0 */
/* Where a simulation begins: the running cluster, a saved state, or a Pacemaker CIB. */
#include "hactl/simulate.h"

#include "cib/grammar.h"
#include "cib/refs.h"
#include "hactl/files.h"
#include "hactl/import.h"

#include <stdlib.h>
#include <time.h>

static hy_wall wall_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (hy_wall)now.tv_sec * HY_SECOND + now.tv_nsec / 1000;
}

static int from_xml(const struct hactl_simulate_options *options, struct hactl_origin *origin)
{
    struct hactl_import import = {.with_status = true, .at = options->at, .clock = origin->now};
    int status = hactl_import_file(&import, options->xml_file);
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

static void note_structure(void *context, const struct hy_ref_problem *problem)
{
    struct hy_buf *line = context;
    if (!line->size && (problem->fault == HY_REF_BAD_MEMBER || problem->fault == HY_REF_BAD_CHILD))
        hy_ref_problem_print(problem, line);
}

/* No cluster makes such a state, but a file may hold it: what is in itself has no outermost resource, and looking for that
 * would not end. */
static int check_structure(const char *file, const struct hy_cib *cib)
{
    struct hy_buf line = {0};
    hy_refs_check(cib, note_structure, &line);
    int status = line.size ? hactl_fail("%s: %s", file, hy_buf_text(&line)) : HACTL_OK;
    hy_buf_free(&line);
    return status;
}

static int from_state(const char *file, struct hactl_origin *origin)
{
    struct hy_buf text = {0};
    struct hy_err err = {{0}};
    int status = hactl_read_file(file, HY_SAVED_MAX, &text);
    origin->cib = hy_cib_new();
    origin->quorum = true;
    if (!status && hy_cib_restore(origin->cib, hy_buf_text(&text), text.size, &err))
        status = hactl_fail("%s: %s", file, err.text);
    if (!status)
        status = check_structure(file, origin->cib);
    hy_buf_free(&text);
    return status;
}

static int from_cluster(struct hactl *h, struct hactl_origin *origin)
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

int hactl_origin_read(struct hactl *h, const struct hactl_simulate_options *options, struct hactl_origin *origin)
{
    *origin = (struct hactl_origin){.now = wall_now(), .given = options->xml_file || options->state_file};
    if (options->xml_file)
        return from_xml(options, origin);
    return options->state_file ? from_state(options->state_file, origin) : from_cluster(h, origin);
}

void hactl_origin_free(struct hactl_origin *origin)
{
    hy_cib_free(&origin->cib);
    free(origin->dc);
    hactl_state_free(&origin->live);
}

/* ---------------------------------------------------------------- what is made of it */

void hactl_decide(struct hactl_state *state, struct hy_cib *cib, const struct hactl_setting *setting,
                  const struct hactl_state *live, bool explain)
{
    const struct hy_sched_input input = {.cib = cib,
                                         .now = setting->now,
                                         .quorum = setting->quorum,
                                         .blotted = setting->blotted,
                                         .dc = setting->dc,
                                         .inflight = live ? live->inflight.items : NULL,
                                         .inflight_count = live ? live->inflight.count : 0,
                                         .explain = explain};
    state->cib = cib;
    state->report = json_object();
    json_object_set_new(state->report, "quorum", json_true()); /* who is a member is known */
    state->decision = hy_schedule(&input);
}

bool hactl_has_fencing(const struct hy_cib *cib)
{
    bool on = false;
    const char *text = hy_cib_property(cib, "fencing-enabled");
    if (!text)
        text = hy_cib_property(cib, "stonith-enabled");
    return text && hy_parse_bool(text, &on) && on;
}
