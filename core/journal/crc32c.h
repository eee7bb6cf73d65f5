/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-32C (Castagnoli; RFC 3720, appendix B.4). */
#ifndef HY_JOURNAL_CRC32C_H
#define HY_JOURNAL_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Continues `crc` (0 at the beginning) over more bytes. */
uint32_t hy_crc32c(uint32_t crc, const void *data, size_t size);

/* The same without an instruction of the processor's, where that has one. */
uint32_t hy_crc32c_plain(uint32_t crc, const void *data, size_t size);

#endif
