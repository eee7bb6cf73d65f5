/* SPDX-License-Identifier: Apache-2.0 */
/* No transport at all: what it is compiled to describes every type of the interface. */
#include <halyard/transport.h>

const struct halyard_transport halyard_transport_plugin = {
    .magic = HALYARD_TRANSPORT_MAGIC,
    .major = HALYARD_TRANSPORT_MAJOR,
    .minor = HALYARD_TRANSPORT_MINOR,
    .size = sizeof(struct halyard_transport),
};
