/* SPDX-License-Identifier: Apache-2.0 */
/* `simulate`: the running cluster, a saved state, or a Pacemaker CIB. Nothing is changed. */
#include "hactl/simulate.h"

#include "cib/grammar.h"
#include "hactl/commands.h"
#include "hactl/files.h"

#include <stdio.h>

static int save(const char *file, const struct hy_cib *cib)
{
    struct hy_buf text = {0};
    hy_cib_save_to_show(cib, &text);
    int status = hactl_write_file(file, &text);
    hy_buf_free(&text);
    return status;
}

static int simulate(const struct hactl_simulate_options *options, struct hactl_origin *origin,
                    struct hactl_simulation *simulation)
{
    hy_wall now = options->at ? options->at : origin->now;
    struct hactl_setting setting = {.now = now, .quorum = origin->quorum, .blotted = origin->given, .dc = origin->dc};
    int status = hactl_simulate_events(options, origin->cib, hactl_has_fencing(origin->cib), now);
    if (options->quorum != HACTL_AS_IT_IS || options->down.count)
        setting.quorum = hactl_quorum_left(options, origin->cib, origin->quorum);
    *simulation = (struct hactl_simulation){.now = now, .quorum = setting.quorum};
    if (status)
        return status;
    struct hy_cib *after = hy_cib_copy(origin->cib);
    hactl_decide(&simulation->before, origin->cib, &setting, &origin->live, false);
    origin->cib = NULL;
    hy_foresee(after, simulation->before.decision, now);
    hactl_decide(&simulation->after, after, &setting, NULL, false);
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

static int run(const struct hactl *h, const struct hactl_simulate_options *options, struct hactl_origin *origin)
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
    struct hactl_origin origin = {0};
    int status = hactl_simulate_options(argc, argv, &options);
    if (!status)
        status = hactl_origin_read(h, &options, &origin);
    if (!status && options.save_file)
        status = save(options.save_file, origin.cib);
    else if (!status)
        status = run(h, &options, &origin);
    hactl_origin_free(&origin);
    hactl_simulate_options_free(&options);
    return status;
}
