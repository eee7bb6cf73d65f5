/* SPDX-License-Identifier: Apache-2.0 */
#include "base/md5.h"

#include <string.h>

/* RFC 1321, 3.4: floor(2^32 * |sin(i + 1)|), and by how much each step rotates. */
static const uint32_t sines[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};

static uint32_t rotate(uint32_t value, unsigned by)
{
    return value << by | value >> (32 - by);
}

static uint32_t word_at(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* a, b, c, d; the oldest is replaced. */
struct mixed {
    uint32_t a, b, c, d;
};

static inline struct mixed step(struct mixed m, uint32_t mix, unsigned number, uint32_t word, unsigned turn)
{
    return (struct mixed){m.d, m.b + rotate(m.a + mix + sines[number] + word, turn), m.b, m.c};
}

/* A loop for each round, so that nothing is left to choose within it. */
static void take_block(uint32_t state[4], const uint8_t *block)
{
    static const uint8_t turns[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
    struct mixed m = {state[0], state[1], state[2], state[3]};
    uint32_t words[16];
    for (unsigned i = 0; i < 16; i++)
        words[i] = word_at(block + 4 * i);
    for (unsigned i = 0; i < 16; i++)
        m = step(m, (m.b & m.c) | (~m.b & m.d), i, words[i], turns[0][i % 4]);
    for (unsigned i = 0; i < 16; i++)
        m = step(m, (m.b & m.d) | (m.c & ~m.d), 16 + i, words[(5 * i + 1) % 16], turns[1][i % 4]);
    for (unsigned i = 0; i < 16; i++)
        m = step(m, m.b ^ m.c ^ m.d, 32 + i, words[(3 * i + 5) % 16], turns[2][i % 4]);
    for (unsigned i = 0; i < 16; i++)
        m = step(m, m.c ^ (m.b | ~m.d), 48 + i, words[7 * i % 16], turns[3][i % 4]);
    state[0] += m.a;
    state[1] += m.b;
    state[2] += m.c;
    state[3] += m.d;
}

void hy_md5_begin(struct hy_md5 *md5)
{
    *md5 = (struct hy_md5){.state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476}};
}

void hy_md5_add(struct hy_md5 *md5, const void *data, size_t size)
{
    const uint8_t *at = data;
    size_t filled = md5->size % sizeof md5->block;
    md5->size += size;
    while (size) {
        size_t part = sizeof md5->block - filled < size ? sizeof md5->block - filled : size;
        memcpy(md5->block + filled, at, part);
        filled += part;
        at += part;
        size -= part;
        if (filled == sizeof md5->block) {
            take_block(md5->state, md5->block);
            filled = 0;
        }
    }
}

void hy_md5_end(struct hy_md5 *md5, uint8_t digest[HY_MD5_SIZE])
{
    static const uint8_t padding[64] = {0x80};
    uint64_t bits = md5->size * 8;
    size_t filled = md5->size % 64;
    hy_md5_add(md5, padding, filled < 56 ? 56 - filled : 120 - filled);
    uint8_t length[8];
    for (unsigned i = 0; i < 8; i++)
        length[i] = (uint8_t)(bits >> 8 * i);
    hy_md5_add(md5, length, sizeof length);
    for (unsigned i = 0; i < HY_MD5_SIZE; i++)
        digest[i] = (uint8_t)(md5->state[i / 4] >> 8 * (i % 4));
}
