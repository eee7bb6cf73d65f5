/* SPDX-License-Identifier: Apache-2.0 */
/* What a loaded plug-in says of itself: the guards, and copies that this host can rely on. Inside of core/plugin. */
#ifndef HY_PLUGIN_DESCRIPTOR_H
#define HY_PLUGIN_DESCRIPTOR_H

#include "base/err.h"
#include "base/vec.h"
#include "halyard/agent.h"
#include "halyard/transport.h"

#include <stddef.h>
#include <stdint.h>

/* How both kinds of descriptor begin. */
struct hy_guard {
    uint32_t magic, major, minor, size;
};

struct hy_descriptor_kind {
    const char *symbol;
    const char *article; /* "an agent" */
    uint32_t magic, major, minor;
    size_t size_1_0;
    const struct hy_descriptor_kind *other;
};

extern const struct hy_descriptor_kind hy_agent_kind;
extern const struct hy_descriptor_kind hy_transport_kind;

/* The parameter table in this host's stride. */
struct hy_params {
    HY_VEC(struct halyard_param) agent;
    HY_VEC(struct halyard_tp_param) transport;
};
void hy_params_free(struct hy_params *params);

/* `symbol_size`: the bytes there are, 0 when not known. -EBADMSG. */
int hy_descriptor_check_guard(const char *path, const struct hy_descriptor_kind *kind, const struct hy_guard *guard,
                              size_t symbol_size, struct hy_err *err);

/* Behind the guards: -EBADMSG. */
int hy_descriptor_copy_agent(const char *path, const struct hy_guard *guard, struct halyard_agent *agent,
                             struct hy_params *params, struct hy_err *err);
int hy_descriptor_copy_transport(const char *path, const struct hy_guard *guard, struct halyard_transport *transport,
                                 struct hy_params *params, struct hy_err *err);

#endif
