/* SPDX-License-Identifier: Apache-2.0 */
#include "bus/link_header.h"

#include "base/wire.h"

#include <errno.h>

enum { HEADER_VERSION = 1 };

static const uint32_t never = UINT32_MAX; /* in place of how long ago */

static void write_report(const struct hy_link_report *report, struct hy_buf *out)
{
    const struct hy_meter_report *said = &report->report;
    hy_wr_u32(out, report->node);
    hy_wr_u8(out, report->link);
    hy_wr_u32(out, said->heard ? said->sent : 0);
    uint32_t ago = said->ago < never ? (uint32_t)said->ago : never - 1;
    hy_wr_u32(out, said->heard ? ago : never);
    hy_wr_u8(out, said->heard ? said->lost : 0);
}

void hy_link_header_write(const struct hy_link_header *header, struct hy_buf *out)
{
    hy_wr_u8(out, HEADER_VERSION);
    hy_wr_u8(out, header->link);
    hy_wr_u8(out, (uint8_t)header->report_count);
    hy_wr_u8(out, 0);
    hy_wr_u64(out, header->mark.incarnation);
    hy_wr_u32(out, header->mark.number);
    hy_wr_u32(out, header->mark.sent);
    for (size_t i = 0; i < header->report_count; i++)
        write_report(&header->reports[i], out);
}

static void read_report(struct hy_rd *rd, struct hy_link_report *report)
{
    report->node = hy_rd_u32(rd);
    report->link = hy_rd_u8(rd);
    report->report.sent = hy_rd_u32(rd);
    uint32_t ago = hy_rd_u32(rd);
    report->report.heard = ago != never;
    report->report.ago = ago;
    report->report.lost = hy_rd_u8(rd);
}

int hy_link_header_read(const void *data, size_t available, struct hy_link_header *header, size_t *size,
                        struct hy_err *err)
{
    struct hy_rd rd = hy_rd_from(data, available);
    *header = (struct hy_link_header){0};
    uint8_t version = hy_rd_u8(&rd);
    header->link = hy_rd_u8(&rd);
    header->report_count = hy_rd_u8(&rd);
    (void)hy_rd_u8(&rd);
    header->mark.incarnation = hy_rd_u64(&rd);
    header->mark.number = hy_rd_u32(&rd);
    header->mark.sent = hy_rd_u32(&rd);
    if (!rd.bad && version != HEADER_VERSION)
        return hy_fail(err, EBADMSG, "its link header is of version %u, this node speaks version %d", version,
                       HEADER_VERSION);
    if (header->report_count > HY_LINK_REPORTS_MAX)
        return hy_fail(err, EBADMSG, "its link header has %zu reports: at most %d", header->report_count,
                       HY_LINK_REPORTS_MAX);
    for (size_t i = 0; i < header->report_count; i++)
        read_report(&rd, &header->reports[i]);
    if (rd.bad)
        return hy_fail(err, EBADMSG, "its link header is cut");
    *size = HY_LINK_HEADER_SIZE + header->report_count * HY_LINK_REPORT_SIZE;
    return 0;
}
