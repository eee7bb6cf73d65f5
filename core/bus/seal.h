/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealing of datagrams (heartbeats): XChaCha20-Poly1305 (libsodium), random nonce, under a key derived from the
 * cluster's. Layout: magic "HYHB", version, 3 zero bytes, sender id (u32), nonce (24), ciphertext + tag. The head is
 * authenticated too. Replays open well: the protocol inside has incarnation and number, and ignores what is old.
 */
#ifndef HY_BUS_SEAL_H
#define HY_BUS_SEAL_H

#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

enum { HY_KEY_SIZE = 32, HY_SEAL_OVERHEAD = 4 + 1 + 3 + 4 + 24 + 16 };

struct hy_seal {
    uint8_t key[HY_KEY_SIZE];
};

/* Derives the sealing key from the cluster key and name. -ENOSYS when libsodium cannot be initialised. */
int hy_seal_init(struct hy_seal *seal, const uint8_t cluster_key[HY_KEY_SIZE], const char *cluster, struct hy_err *err);
void hy_seal_close(const struct hy_seal *seal, uint32_t from, const void *data, size_t size, struct hy_buf *out);
/* Opens; appends the content to `out`. -EBADMSG: not ours, cut, forged, or other wire version (the text says which). */
int hy_seal_open(const struct hy_seal *seal, const void *data, size_t size, uint32_t *from, struct hy_buf *out,
                 struct hy_err *err);

/* Reads the shared key file: 64 hex digits, nothing else but white space; mode 0640 at most. -ENOENT, -EPERM,
 * -EINVAL; on an error the key is zeros. */
int hy_key_read(const char *path, uint8_t key[HY_KEY_SIZE], struct hy_err *err);
/* A fresh random key as 64 hex digits and a newline. */
void hy_key_generate(struct hy_buf *out);

#endif
