/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in front of each datagram's content, under its seal: what links are measured by (docs/protocol.md). */
#ifndef HY_BUS_LINK_HEADER_H
#define HY_BUS_LINK_HEADER_H

#include "base/buf.h"
#include "base/err.h"
#include "meter/meter.h"

enum { HY_LINK_HEADER_SIZE = 4 + 8 + 4 + 4, HY_LINK_REPORT_SIZE = 4 + 1 + 4 + 4 + 1, HY_LINK_REPORTS_MAX = 8 };

/* What the sender hears of a node over one of its links. */
struct hy_link_report {
    uint32_t node;
    uint8_t link; /* from 1 */
    struct hy_meter_report report;
};

struct hy_link_header {
    uint8_t link; /* the sender's number of the link it goes over */
    struct hy_meter_mark mark;
    size_t report_count;
    struct hy_link_report reports[HY_LINK_REPORTS_MAX];
};

void hy_link_header_write(const struct hy_link_header *header, struct hy_buf *out);
/* *size: how much of the data it is. -EBADMSG: cut, or of another version (the text says which). */
int hy_link_header_read(const void *data, size_t available, struct hy_link_header *header, size_t *size,
                        struct hy_err *err);

#endif
