/* SPDX-License-Identifier: Apache-2.0 */
/* `simulate`: the running cluster, a saved state, or a Pacemaker CIB. Nothing is changed. */
#include "hactl/simulate.h"

#include "hactl/commands.h"

#include <stdio.h>

static int simulate(const struct hactl_simulate_options *options, struct hactl_origin *origin,
                    struct hactl_simulation *simulation)
{
    hy_wall now = options->at ? options->at : origin->now;
    *simulation = (struct hactl_simulation){.now = now, .quorum = origin->quorum};
    if (options->quorum != HACTL_AS_IT_IS)
        simulation->quorum = options->quorum == HACTL_YES;
    int status = hactl_simulate_events(options, origin->cib, hactl_has_fencing(origin->cib), now);
    if (status)
        return status;
    struct hy_cib *after = hy_cib_copy(origin->cib);
    hactl_decide(&simulation->before, origin->cib, now, simulation->quorum, &origin->live, false);
    origin->cib = NULL;
    hy_foresee(after, simulation->before.decision, now);
    hactl_decide(&simulation->after, after, now, simulation->quorum, NULL, false);
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

int hactl_simulate(struct hactl *h, int argc, char **argv)
{
    struct hactl_simulate_options options = {0};
    struct hactl_simulation simulation = {0};
    struct hactl_origin origin = {0};
    int status = hactl_simulate_options(argc, argv, &options);
    if (!status)
        status = hactl_origin_read(h, &options, &origin);
    if (!status)
        status = simulate(&options, &origin, &simulation);
    if (!status)
        show(h, &simulation);
    hactl_state_free(&simulation.before);
    hactl_state_free(&simulation.after);
    hactl_origin_free(&origin);
    hactl_simulate_options_free(&options);
    return status;
}
