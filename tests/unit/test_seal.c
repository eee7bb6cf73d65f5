/* SPDX-License-Identifier: Apache-2.0 */
#include "bus/seal.h"
#include "base/alloc.h"
#include "lib/run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint8_t cluster_key[HY_KEY_SIZE] = {1, 2, 3};
static const uint8_t other_key[HY_KEY_SIZE] = {1, 2, 4};

static struct hy_seal seal_of(const uint8_t key[HY_KEY_SIZE], const char *cluster)
{
    struct hy_seal seal;
    struct hy_err err = {{0}};
    ck_assert_msg(hy_seal_init(&seal, key, cluster, &err) == 0, "%s", err.text);
    return seal;
}

static void refused(const struct hy_seal *seal, const void *data, size_t size, const char *why)
{
    struct hy_buf out = {0};
    struct hy_err err = {{0}};
    uint32_t from = 77;
    hy_buf_adds(&out, "kept");
    ck_assert_int_eq(hy_seal_open(seal, data, size, &from, &out, &err), -EBADMSG);
    ck_assert_str_eq(err.text, why);
    ck_assert_str_eq(hy_buf_text(&out), "kept");
    ck_assert_uint_eq(from, 77);
    hy_buf_free(&out);
}

static const char forged[] = "forged or damaged, or sealed with the key or the name of another cluster";

START_TEST(what_is_sealed_opens)
{
    struct hy_seal seal = seal_of(cluster_key, "harbour");
    static uint8_t data[1300];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7);
    for (size_t size = 0; size <= sizeof data; size += 13) {
        struct hy_buf sealed = {0}, out = {0};
        uint32_t from = 0;
        hy_buf_adds(&sealed, "before"); /* both append */
        hy_buf_adds(&out, "before");
        hy_seal_close(&seal, 0xdeadbeef, data, size, &sealed);
        ck_assert_uint_eq(sealed.size, 6 + size + HY_SEAL_OVERHEAD);
        ck_assert_int_eq(hy_seal_open(&seal, sealed.data + 6, sealed.size - 6, &from, &out, NULL), 0);
        ck_assert_uint_eq(from, 0xdeadbeef);
        ck_assert_uint_eq(out.size, 6 + size);
        ck_assert_mem_eq(out.data, "before", 6);
        if (size)
            ck_assert_mem_eq(out.data + 6, data, size);
        hy_buf_free(&sealed);
        hy_buf_free(&out);
    }
}
END_TEST

START_TEST(the_wire_is_as_documented)
{
    struct hy_seal seal = seal_of(cluster_key, "harbour");
    struct hy_buf a = {0}, b = {0};
    hy_seal_close(&seal, 3, "content", 7, &a);
    hy_seal_close(&seal, 3, "content", 7, &b);
    ck_assert_mem_eq(a.data, "HYHB\2\0\0\0\3\0\0\0", 12);
    /* A nonce of its own each time, and nothing of the content to be seen. */
    ck_assert_mem_ne(a.data + 12, b.data + 12, 24);
    ck_assert_mem_ne(a.data + 36, b.data + 36, 7);
    ck_assert_ptr_null(memmem(a.data, a.size, "content", 7));
    hy_buf_free(&a);
    hy_buf_free(&b);
}
END_TEST

START_TEST(one_changed_bit_is_seen)
{
    struct hy_seal seal = seal_of(cluster_key, "harbour");
    struct hy_buf sealed = {0};
    hy_seal_close(&seal, 3, "content", 7, &sealed);
    for (size_t bit = 8 * 8; bit < sealed.size * 8; bit++) {
        sealed.data[bit / 8] = (char)(sealed.data[bit / 8] ^ (1 << bit % 8));
        refused(&seal, sealed.data, sealed.size, forged);
        sealed.data[bit / 8] = (char)(sealed.data[bit / 8] ^ (1 << bit % 8));
    }
    sealed.data[4] = 3;
    refused(&seal, sealed.data, sealed.size, "sealed by wire version 3, this node speaks version 2");
    sealed.data[4] = 2;
    sealed.data[6] = 1;
    refused(&seal, sealed.data, sealed.size, "the reserved bytes of its head are not zero");
    sealed.data[6] = 0;
    sealed.data[0] = 'h';
    refused(&seal, sealed.data, sealed.size, "not a sealed datagram: it does not start with \"HYHB\"");
    hy_buf_free(&sealed);
}
END_TEST

START_TEST(every_cut_is_seen)
{
    struct hy_seal seal = seal_of(cluster_key, "harbour");
    struct hy_buf sealed = {0};
    hy_seal_close(&seal, 3, "content", 7, &sealed);
    for (size_t size = 0; size < sealed.size; size++) {
        char *cut = hy_memdup(sealed.data, size); /* its own memory, so that a read past the end is seen */
        char *expected = hy_asprintf("cut: %zu bytes, and the seal alone takes 52", size);
        if (size < 4)
            refused(&seal, cut, size, "not a sealed datagram: it does not start with \"HYHB\"");
        else
            refused(&seal, cut, size, size < HY_SEAL_OVERHEAD ? expected : forged);
        free(expected);
        free(cut);
    }
    hy_buf_addc(&sealed, 'x');
    refused(&seal, sealed.data, sealed.size, forged);
    hy_buf_free(&sealed);
}
END_TEST

START_TEST(another_key_or_cluster_is_refused)
{
    struct hy_seal seal = seal_of(cluster_key, "harbour");
    struct hy_seal key = seal_of(other_key, "harbour"), name = seal_of(cluster_key, "harbour2");
    struct hy_buf sealed = {0};
    hy_seal_close(&seal, 3, "content", 7, &sealed);
    refused(&key, sealed.data, sealed.size, forged);
    refused(&name, sealed.data, sealed.size, forged);
    hy_buf_free(&sealed);
}
END_TEST

/* ---- key files ---- */

static char folder[64];
static char key_path[sizeof folder + 16];

static void make_folder(void)
{
    strcpy(folder, "/tmp/halyard-test-seal-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(key_path, sizeof key_path, "%s/key", folder);
}

static void remove_folder(void)
{
    unlink(key_path);
    rmdir(key_path);
    ck_assert_int_eq(rmdir(folder), 0);
}

static void write_key(const char *text, size_t size, mode_t mode)
{
    unlink(key_path);
    int fd = open(key_path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, size), (ssize_t)size);
    ck_assert_int_eq(fchmod(fd, mode), 0);
    close(fd);
}

static void key_refused(int code, const char *why)
{
    uint8_t key[HY_KEY_SIZE], zeros[HY_KEY_SIZE] = {0};
    struct hy_err err = {{0}};
    memset(key, 0xff, sizeof key);
    ck_assert_int_eq(hy_key_read(key_path, key, &err), code);
    char *expected = hy_asprintf("key file %s: %s", key_path, why);
    ck_assert_str_eq(err.text, expected);
    ck_assert_mem_eq(key, zeros, sizeof key);
    free(expected);
}

static void text_refused(const char *text, const char *why)
{
    write_key(text, strlen(text), 0600);
    key_refused(-EINVAL, why);
}

#define DIGITS_60 "0123456789abcdefABCDEF0123456789000000000000000000000000000f"

START_TEST(a_generated_key_reads_back)
{
    struct hy_seal seal = seal_of(cluster_key, "x"); /* initialises libsodium */
    struct hy_buf text = {0}, second = {0};
    uint8_t key[HY_KEY_SIZE];
    struct hy_err err = {{0}};
    (void)seal;
    hy_key_generate(&text);
    hy_key_generate(&second);
    ck_assert_uint_eq(text.size, 65);
    ck_assert_str_ne(text.data, second.data);
    write_key(text.data, text.size, 0640);
    ck_assert_msg(hy_key_read(key_path, key, &err) == 0, "%s", err.text);
    char hex[2 * HY_KEY_SIZE + 2];
    for (size_t i = 0; i < sizeof key; i++)
        snprintf(hex + 2 * i, 4, "%02x\n", key[i]);
    ck_assert_str_eq(hex, text.data);
    hy_buf_free(&text);
    hy_buf_free(&second);
}
END_TEST

START_TEST(white_space_and_case_do_not_matter)
{
    uint8_t key[HY_KEY_SIZE];
    struct hy_err err = {{0}};
    const char *text = "  " DIGITS_60 "\r\n\tAbCd\n\n";
    write_key(text, strlen(text), 0400);
    ck_assert_msg(hy_key_read(key_path, key, &err) == 0, "%s", err.text);
    ck_assert_mem_eq(key, "\x01\x23\x45\x67\x89\xab\xcd\xef\xab\xcd\xef", 11);
    ck_assert_mem_eq(key + 29, "\x0f\xab\xcd", 3);
}
END_TEST

START_TEST(bad_key_files_are_explained)
{
    key_refused(-ENOENT, "No such file or directory");
    text_refused("", "0 hex digits: a key is 64");
    text_refused(DIGITS_60 "123\n", "63 hex digits: a key is 64");
    text_refused(DIGITS_60 "12345\n", "65 hex digits: a key is 64");
    text_refused("0x12\n", "byte 2 is no hex digit: a key is 64 of them, and white space");
    write_key("00\0", 3, 0600);
    key_refused(-EINVAL, "byte 3 is no hex digit: a key is 64 of them, and white space");
    char *large = hy_alloc(5000);
    memset(large, ' ', 5000);
    write_key(large, 5000, 0600);
    key_refused(-EINVAL, "4096 bytes or more: a key is 64 hex digits, and white space");
    free(large);
    write_key(DIGITS_60 "1234\n", 65, 0644);
    key_refused(-EPERM, "mode 0644 lets others at the key: at most its owner may write and its group read it, 0640");
    write_key(DIGITS_60 "1234\n", 65, 0660);
    key_refused(-EPERM, "mode 0660 lets others at the key: at most its owner may write and its group read it, 0640");
    unlink(key_path);
    ck_assert_int_eq(mkdir(key_path, 0700), 0);
    key_refused(-EINVAL, "not a regular file");
    ck_assert_int_eq(rmdir(key_path), 0);
    ck_assert_int_eq(mkfifo(key_path, 0600), 0);
    key_refused(-EINVAL, "not a regular file");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("seal");
    TCase *tcase = tcase_create("seal");
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, what_is_sealed_opens);
    tcase_add_test(tcase, the_wire_is_as_documented);
    tcase_add_test(tcase, one_changed_bit_is_seen);
    tcase_add_test(tcase, every_cut_is_seen);
    tcase_add_test(tcase, another_key_or_cluster_is_refused);
    tcase = tcase_create("key file");
    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(tcase, make_folder, remove_folder);
    tcase_add_test(tcase, a_generated_key_reads_back);
    tcase_add_test(tcase, white_space_and_case_do_not_matter);
    tcase_add_test(tcase, bad_key_files_are_explained);
    return run_suite(suite);
}
