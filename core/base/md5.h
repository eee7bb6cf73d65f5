/* SPDX-License-Identifier: Apache-2.0 */
/* MD5 (RFC 1321): to tell texts apart where the form is given from outside. Not for secrets. */
#ifndef HY_BASE_MD5_H
#define HY_BASE_MD5_H

#include <stddef.h>
#include <stdint.h>

enum { HY_MD5_SIZE = 16 };

struct hy_md5 {
    uint32_t state[4];
    uint64_t size; /* bytes so far */
    uint8_t block[64];
};

void hy_md5_begin(struct hy_md5 *md5);
void hy_md5_add(struct hy_md5 *md5, const void *data, size_t size);
void hy_md5_end(struct hy_md5 *md5, uint8_t digest[HY_MD5_SIZE]);

#endif
