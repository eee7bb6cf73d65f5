/* SPDX-License-Identifier: Apache-2.0 */
#include "bus/seal.h"

#include "base/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SEAL_VERSION = 2,          /* since a link header stands in front of the content */
    HEAD_SIZE = 4 + 1 + 3 + 4, /* magic, version, zeros, sender: authenticated, not encrypted */
    NONCE_SIZE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_SIZE = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    KEY_FILE_LIMIT = 4096
};

_Static_assert(HEAD_SIZE + NONCE_SIZE + TAG_SIZE == HY_SEAL_OVERHEAD, "the layout in seal.h");
_Static_assert(HY_KEY_SIZE == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "a key is a key");

static const char seal_magic[4] = {'H', 'Y', 'H', 'B'};
static const uint8_t seal_zeros[3];

int hy_seal_init(struct hy_seal *seal, const uint8_t cluster_key[HY_KEY_SIZE], const char *cluster, struct hy_err *err)
{
    /* The purpose, and the NUL behind it, keep this key apart from every other that is derived from the cluster's. */
    static const char purpose[] = "halyard heartbeat seal 1";
    crypto_generichash_state state;
    if (sodium_init() < 0)
        return hy_fail(err, ENOSYS, "libsodium cannot be initialised: no source of random numbers");
    crypto_generichash_init(&state, cluster_key, HY_KEY_SIZE, sizeof seal->key);
    crypto_generichash_update(&state, (const uint8_t *)purpose, sizeof purpose);
    crypto_generichash_update(&state, (const uint8_t *)cluster, strlen(cluster));
    crypto_generichash_final(&state, seal->key, sizeof seal->key);
    sodium_memzero(&state, sizeof state);
    return 0;
}

void hy_seal_close(const struct hy_seal *seal, uint32_t from, const void *data, size_t size, struct hy_buf *out)
{
    uint8_t nonce[NONCE_SIZE];
    size_t start = out->size;
    randombytes_buf(nonce, sizeof nonce);
    hy_buf_add(out, seal_magic, sizeof seal_magic);
    hy_wr_u8(out, SEAL_VERSION);
    hy_buf_add(out, seal_zeros, sizeof seal_zeros);
    hy_wr_u32(out, from);
    hy_buf_add(out, nonce, sizeof nonce);
    /* The content and room for the tag; libsodium encrypts in place. */
    hy_buf_add(out, data, size);
    hy_buf_add(out, (const uint8_t[TAG_SIZE]){0}, TAG_SIZE);
    uint8_t *head = (uint8_t *)out->data + start;
    uint8_t *content = head + HEAD_SIZE + NONCE_SIZE;
    crypto_aead_xchacha20poly1305_ietf_encrypt(content, NULL, content, size, head, HEAD_SIZE, NULL, nonce, seal->key);
}

int hy_seal_open(const struct hy_seal *seal, const void *data, size_t size, uint32_t *from, struct hy_buf *out,
                 struct hy_err *err)
{
    const uint8_t *head = data;
    if (size < sizeof seal_magic || memcmp(head, seal_magic, sizeof seal_magic) != 0)
        return hy_fail(err, EBADMSG, "not a sealed datagram: it does not start with \"HYHB\"");
    if (size < HY_SEAL_OVERHEAD)
        return hy_fail(err, EBADMSG, "cut: %zu bytes, and the seal alone takes %d", size, HY_SEAL_OVERHEAD);
    if (head[4] != SEAL_VERSION)
        return hy_fail(err, EBADMSG, "sealed by wire version %u, this node speaks version %d", head[4], SEAL_VERSION);
    if (memcmp(head + 5, seal_zeros, sizeof seal_zeros) != 0)
        return hy_fail(err, EBADMSG, "the reserved bytes of its head are not zero");
    const uint8_t *nonce = head + HEAD_SIZE, *content = nonce + NONCE_SIZE;
    size_t content_size = size - HEAD_SIZE - NONCE_SIZE;
    size_t start = out->size;
    hy_buf_add(out, content, content_size - TAG_SIZE); /* room; overwritten */
    uint8_t *clear = (uint8_t *)out->data + start;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(clear, NULL, NULL, content, content_size, head, HEAD_SIZE, nonce,
                                                   seal->key)) {
        hy_buf_truncate(out, start);
        return hy_fail(err, EBADMSG, "forged or damaged, or sealed with the key or the name of another cluster");
    }
    struct hy_rd rd = hy_rd_from(head + 8, 4);
    *from = hy_rd_u32(&rd);
    return 0;
}

/* ---- the key file ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static int key_parse(const char *text, size_t size, uint8_t key[HY_KEY_SIZE], struct hy_err *err)
{
    size_t digits = 0;
    for (size_t i = 0; i < size; i++) {
        if (strchr(" \t\r\n", text[i]) && text[i])
            continue;
        int digit = hex_digit(text[i]);
        if (digit < 0)
            return hy_fail(err, EINVAL, "byte %zu is no hex digit: a key is 64 of them, and white space", i + 1);
        if (digits < 2 * HY_KEY_SIZE)
            key[digits / 2] = (uint8_t)(key[digits / 2] << 4 | digit);
        digits++;
    }
    if (digits != 2 * HY_KEY_SIZE)
        return hy_fail(err, EINVAL, "%zu hex digits: a key is %d", digits, 2 * HY_KEY_SIZE);
    return 0;
}

static int key_check_file(int fd, struct hy_err *err)
{
    struct stat status;
    if (fstat(fd, &status))
        return hy_fail(err, errno, "%s", strerror(errno));
    if (!S_ISREG(status.st_mode))
        return hy_fail(err, EINVAL, "not a regular file");
    if (status.st_mode & (S_IRWXO | S_IWGRP))
        return hy_fail(err, EPERM,
                       "mode %04o lets others at the key: at most its owner may write and its group read it, 0640",
                       (unsigned)status.st_mode & 07777u);
    return 0;
}

/* Up to `room` bytes; the count, or -errno. */
static ssize_t read_all(int fd, char *text, size_t room)
{
    size_t size = 0;
    while (size < room) {
        ssize_t got = read(fd, text + size, room - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (!got)
            break;
        size += (size_t)got;
    }
    return (ssize_t)size;
}

static int key_read_file(int fd, uint8_t key[HY_KEY_SIZE], struct hy_err *err)
{
    char text[KEY_FILE_LIMIT];
    int rc = key_check_file(fd, err);
    if (rc)
        return rc;
    ssize_t size = read_all(fd, text, sizeof text);
    if (size < 0)
        rc = hy_fail(err, (int)-size, "%s", strerror((int)-size));
    else if (size == sizeof text)
        rc = hy_fail(err, EINVAL, "%d bytes or more: a key is 64 hex digits, and white space", KEY_FILE_LIMIT);
    else
        rc = key_parse(text, (size_t)size, key, err);
    sodium_memzero(text, sizeof text);
    return rc;
}

int hy_key_read(const char *path, uint8_t key[HY_KEY_SIZE], struct hy_err *err)
{
    memset(key, 0, HY_KEY_SIZE);
    /* Non-blocking, so that a fifo in its place is refused and not waited for. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        int error = errno;
        return hy_fail(err, error == EACCES ? EPERM : error, "key file %s: %s", path, strerror(error));
    }
    int rc = key_read_file(fd, key, err);
    close(fd);
    if (rc) {
        sodium_memzero(key, HY_KEY_SIZE);
        return hy_fail_in(err, rc, "key file %s", path);
    }
    return 0;
}

void hy_key_generate(struct hy_buf *out)
{
    uint8_t key[HY_KEY_SIZE];
    char text[2 * HY_KEY_SIZE + 1];
    randombytes_buf(key, sizeof key);
    sodium_bin2hex(text, sizeof text, key, sizeof key);
    hy_buf_adds(out, text);
    hy_buf_addc(out, '\n');
    sodium_memzero(key, sizeof key);
    sodium_memzero(text, sizeof text);
}
