/* SPDX-License-Identifier: Apache-2.0 */
/* core/journal/crc32c.h eight bytes at a time, for disks that are read and written thousands of times as fast as real ones
 * (Kounavis, Berry, "Novel Table Lookup-Based Algorithms for High-Performance CRC Generation", 2008). */
#include "journal/crc32c.h"

static uint32_t table[8][256];

static void fill(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0x82f63b78u : crc >> 1;
        table[0][i] = crc;
    }
    for (uint32_t i = 0; i < 256; i++)
        for (int k = 1; k < 8; k++)
            table[k][i] = table[k - 1][i] >> 8 ^ table[0][table[k - 1][i] & 255];
}

uint32_t hy_crc32c(uint32_t crc, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    if (!table[0][1])
        fill();
    crc = ~crc;
    for (; size >= 8; size -= 8, bytes += 8) {
        uint32_t low =
            crc ^ ((uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24);
        crc = table[7][low & 255] ^ table[6][low >> 8 & 255] ^ table[5][low >> 16 & 255] ^ table[4][low >> 24] ^
              table[3][bytes[4]] ^ table[2][bytes[5]] ^ table[1][bytes[6]] ^ table[0][bytes[7]];
    }
    for (; size; size--, bytes++)
        crc = crc >> 8 ^ table[0][(crc ^ *bytes) & 255];
    return ~crc;
}
