/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/settings.h"

#include <string.h>

static const struct profile {
    const char *name;
    hy_time heartbeat, dead_after, dead_after_max, release_margin, election_timeout, raft_heartbeat;
    hy_time nearest, farthest;
} profiles[] = {
    /* as in core/daemon/config.c; and two hosts of a rack, or of two cities */
    {"fast", 5 * HY_MS, 25 * HY_MS, 50 * HY_MS, 8 * HY_MS, 300 * HY_MS, 30 * HY_MS, 40, 200},
    {"lan", 25 * HY_MS, 120 * HY_MS, 240 * HY_MS, 30 * HY_MS, 600 * HY_MS, 60 * HY_MS, 40, 200},
    {"wan", 200 * HY_MS, 1500 * HY_MS, 3000 * HY_MS, 200 * HY_MS, 3000 * HY_MS, 300 * HY_MS, 5 * HY_MS, 40 * HY_MS},
};

static const struct profile *find(const char *name)
{
    for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++)
        if (strcmp(profiles[i].name, name) == 0)
            return &profiles[i];
    return &profiles[1];
}

void sim_settings_of(const struct sim_schedule *schedule, struct sim_settings *settings)
{
    const struct profile *profile = find(schedule->profile);
    *settings = (struct sim_settings){.seed = schedule->seed,
                                      .nodes = schedule->nodes,
                                      .duration = schedule->duration,
                                      .quiet = schedule->quiet,
                                      .operator_ends = schedule->operator_ends,
                                      .addresses = schedule->addresses,
                                      .noise = schedule->noise,
                                      .profile = profile->name,
                                      .heartbeat = profile->heartbeat,
                                      .dead_after = profile->dead_after,
                                      .dead_after_max = profile->dead_after_max,
                                      .release_margin = profile->release_margin,
                                      .election_timeout = profile->election_timeout,
                                      .raft_heartbeat = profile->raft_heartbeat};
}

hy_time sim_settings_nearest(const char *profile)
{
    return find(profile)->nearest;
}

hy_time sim_settings_farthest(const char *profile)
{
    return find(profile)->farthest;
}

hy_time sim_settings_longest_delay(const char *profile)
{
    return 2 * find(profile)->farthest + 60;
}
