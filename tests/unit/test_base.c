/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/format.h"
#include "base/log.h"
#include "base/map.h"
#include "base/vec.h"
#include "base/wire.h"
#include "lib/run.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

START_TEST(buf_grows_and_stays_a_string)
{
    struct hy_buf buf = {0};
    ck_assert_str_eq(hy_buf_text(&buf), "");
    for (int i = 0; i < 1000; i++)
        hy_buf_addf(&buf, "%d,", i);
    ck_assert_uint_eq(buf.size, strlen(buf.data));
    ck_assert_int_eq(strncmp(buf.data, "0,1,2,", 6), 0);
    hy_buf_truncate(&buf, 3);
    ck_assert_str_eq(buf.data, "0,1");
    char *text = hy_buf_take(&buf);
    ck_assert_str_eq(text, "0,1");
    ck_assert_ptr_null(buf.data);
    free(text);
    hy_buf_free(&buf);
}
END_TEST

START_TEST(buf_writes_numbers)
{
    struct hy_buf buf = {0};
    hy_buf_addu(&buf, 0);
    hy_buf_addc(&buf, ' ');
    hy_buf_addu(&buf, UINT64_MAX);
    hy_buf_addc(&buf, ' ');
    hy_buf_addi(&buf, INT64_MIN);
    hy_buf_addc(&buf, ' ');
    hy_buf_addi(&buf, -7);
    hy_buf_addc(&buf, ' ');
    hy_buf_addi(&buf, INT64_MAX);
    ck_assert_str_eq(hy_buf_text(&buf), "0 18446744073709551615 -9223372036854775808 -7 9223372036854775807");
    hy_buf_free(&buf);
}
END_TEST

static void both_ways(size_t room, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void both_ways(size_t room, const char *format, ...)
{
    char found[64], expected[64];
    memset(found, '#', sizeof found);
    memset(expected, '#', sizeof expected);
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    ck_assert_int_eq(hy_vformat(found, room, format, args), vsnprintf(expected, room, format, again));
    va_end(again);
    va_end(args);
    ck_assert_mem_eq(found, expected, sizeof found);
}

START_TEST(formats_as_the_c_library_does)
{
    for (size_t room = 0; room <= 64; room++) {
        both_ways(room, "nothing to put in");
        both_ways(room, "%s|%s|", "", "a word");
        both_ways(room, "%.*s|%.*s|%.*s", 0, "none", 2, "two", 9, "three");
        both_ways(room, "%d %d %d", 0, INT_MIN, INT_MAX);
        both_ways(room, "%u %x", UINT_MAX, UINT_MAX);
        both_ways(room, "%" PRId64 ",%" PRIu64, INT64_MIN, UINT64_MAX);
        both_ways(room, "%lld %llu %llx", LLONG_MIN, ULLONG_MAX, ULLONG_MAX);
        both_ways(room, "%ld %lu %zu", LONG_MIN, ULONG_MAX, SIZE_MAX);
        both_ways(room, "%s and %5d%% of %-4s|%016llx", "some", 17, "it", 255ull);
        both_ways(room, "%c%i%.2f", 'c', -4, 1.5);
        both_ways(room, "%d then %zd", -1, (ssize_t)-2);
    }
}
END_TEST

/* What is formatted just fits, or does not, whatever room there was. */
START_TEST(buf_formats_beyond_its_room)
{
    char word[200];
    for (int length = 0; length < 199; length++) {
        struct hy_buf buf = {0};
        memset(word, 'x', sizeof word);
        word[length] = '\0';
        hy_buf_reserve(&buf, 50);
        hy_buf_addf(&buf, "%s", word);
        ck_assert_uint_eq(buf.size, (size_t)length);
        ck_assert_str_eq(hy_buf_text(&buf), word);
        hy_buf_addf(&buf, "%s", word);
        ck_assert_uint_eq(strlen(buf.data), 2 * (size_t)length);
        hy_buf_free(&buf);
    }
}
END_TEST

START_TEST(map_finds_removes_and_keeps_order)
{
    struct hy_map map = {0};
    int values[500];
    char key[16];
    for (int i = 0; i < 500; i++) {
        snprintf(key, sizeof key, "k%d", i);
        ck_assert_ptr_null(hy_map_put(&map, key, &values[i]));
    }
    for (int i = 0; i < 500; i += 2) {
        snprintf(key, sizeof key, "k%d", i);
        ck_assert_ptr_eq(hy_map_remove(&map, key), &values[i]);
        ck_assert_ptr_null(hy_map_remove(&map, key));
    }
    ck_assert_uint_eq(map.count, 250);
    for (int i = 0; i < 500; i++) {
        snprintf(key, sizeof key, "k%d", i);
        ck_assert_ptr_eq(hy_map_get(&map, key), i % 2 ? &values[i] : NULL);
    }
    /* Comings and goings neither lose a key nor fill the slots with the dead. */
    for (int i = 0; i < 5000; i++) {
        ck_assert_ptr_null(hy_map_put(&map, "again", &values[0]));
        ck_assert_ptr_eq(hy_map_remove(&map, "again"), &values[0]);
    }
    size_t at = 0;
    int expected = 1;
    const char *found;
    void *value;
    while (hy_map_next(&map, &at, &found, &value)) {
        snprintf(key, sizeof key, "k%d", expected);
        ck_assert_str_eq(found, key);
        ck_assert_ptr_eq(value, &values[expected]);
        expected += 2;
    }
    ck_assert_int_eq(expected, 501);
    ck_assert_ptr_eq(hy_map_put(&map, "k1", &values[2]), &values[1]);
    hy_map_free(&map);
    ck_assert_ptr_null(hy_map_get(&map, "k1"));
}
END_TEST

START_TEST(wire_reads_what_it_wrote)
{
    struct hy_buf buf = {0};
    hy_wr_u8(&buf, 0xab);
    hy_wr_u16(&buf, 0xbeef);
    hy_wr_u32(&buf, 0xdeadbeef);
    hy_wr_u64(&buf, UINT64_MAX - 1);
    hy_wr_i64(&buf, -5);
    hy_wr_bytes(&buf, "halyard", 7);
    struct hy_rd rd = hy_rd_from(buf.data, buf.size);
    ck_assert_uint_eq(hy_rd_u8(&rd), 0xab);
    ck_assert_uint_eq(hy_rd_u16(&rd), 0xbeef);
    ck_assert_uint_eq(hy_rd_u32(&rd), 0xdeadbeef);
    ck_assert_uint_eq(hy_rd_u64(&rd), UINT64_MAX - 1);
    ck_assert_int_eq(hy_rd_i64(&rd), -5);
    size_t size;
    const void *bytes = hy_rd_bytes(&rd, &size);
    ck_assert_uint_eq(size, 7);
    ck_assert_mem_eq(bytes, "halyard", 7);
    ck_assert(hy_rd_done(&rd));
    hy_buf_free(&buf);
}
END_TEST

START_TEST(wire_never_runs_past_the_end)
{
    struct hy_buf buf = {0};
    hy_wr_u32(&buf, 100); /* claims 100 bytes that are not there */
    hy_buf_adds(&buf, "abc");
    struct hy_rd rd = hy_rd_from(buf.data, buf.size);
    size_t size = 1;
    ck_assert_ptr_nonnull(hy_rd_bytes(&rd, &size));
    ck_assert_uint_eq(size, 0);
    ck_assert(rd.bad);
    ck_assert_uint_eq(hy_rd_u8(&rd), 0);
    ck_assert(!hy_rd_done(&rd));
    rd = hy_rd_from(buf.data, buf.size);
    ck_assert_uint_eq(hy_rd_u32(&rd), 100);
    ck_assert(!hy_rd_done(&rd)); /* something is left over */
    hy_buf_free(&buf);
}
END_TEST

START_TEST(arena_keeps_all_apart)
{
    struct hy_arena arena = {0};
    char *texts[200];
    for (int i = 0; i < 200; i++)
        texts[i] = hy_arena_printf(&arena, "%d %0*d", i, i * 20, i);
    for (int i = 0; i < 200; i++)
        ck_assert_int_eq(atoi(texts[i]), i);
    ck_assert_uint_ge(arena.used, 200u * 199u / 2u * 20u);
    hy_arena_free(&arena);
    ck_assert_ptr_null(arena.blocks);
}
END_TEST

START_TEST(err_adds_where)
{
    struct hy_err err = {{0}};
    ck_assert_int_eq(hy_fail(&err, EINVAL, "'%s' is no number", "x"), -EINVAL);
    ck_assert_int_eq(hy_fail_in(&err, -EINVAL, "%s:%d", "halyard.conf", 3), -EINVAL);
    ck_assert_str_eq(err.text, "halyard.conf:3: 'x' is no number");
    char line[1000];
    memset(line, 'a', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    ck_assert_int_eq(hy_fail(&err, EIO, "%s", line), -EIO);
    ck_assert_uint_eq(strlen(err.text), sizeof err.text - 1);
    ck_assert_int_eq(hy_fail_in(&err, -EIO, "where"), -EIO);
    ck_assert_int_eq(strncmp(err.text, "where: aaa", 10), 0);
    ck_assert_int_eq(hy_fail(NULL, EIO, "nobody wants it"), -EIO);
}
END_TEST

static void keep_line(void *context, enum hy_log_level level, const char *line)
{
    hy_buf_addf(context, "%d:%s\n", (int)level, line);
}

START_TEST(log_drops_what_is_above_its_level)
{
    struct hy_buf lines = {0};
    struct hy_log log = {.write = keep_line, .context = &lines, .level = HY_LOG_INFO};
    hy_info(&log, "%s is alive", "test3");
    hy_debug(&log, "not this");
    hy_error(&log, "this");
    hy_info(NULL, "no log at all");
    ck_assert_str_eq(hy_buf_text(&lines), "6:test3 is alive\n3:this\n");
    hy_buf_free(&lines);
}
END_TEST

START_TEST(vec_grows_and_removes_in_order)
{
    HY_VEC(int) numbers = {0};
    for (int i = 0; i < 100; i++)
        hy_vec_push(&numbers, i);
    hy_vec_remove(&numbers, 0);
    hy_vec_remove(&numbers, 98);
    ck_assert_uint_eq(numbers.count, 98);
    ck_assert_int_eq(numbers.items[0], 1);
    ck_assert_int_eq(numbers.items[97], 98);
    hy_vec_free(&numbers);
    ck_assert_ptr_null(numbers.items);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base");
    TCase *tcase = tcase_create("base");
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, buf_grows_and_stays_a_string);
    tcase_add_test(tcase, buf_writes_numbers);
    tcase_add_test(tcase, formats_as_the_c_library_does);
    tcase_add_test(tcase, buf_formats_beyond_its_room);
    tcase_add_test(tcase, map_finds_removes_and_keeps_order);
    tcase_add_test(tcase, wire_reads_what_it_wrote);
    tcase_add_test(tcase, wire_never_runs_past_the_end);
    tcase_add_test(tcase, arena_keeps_all_apart);
    tcase_add_test(tcase, err_adds_where);
    tcase_add_test(tcase, log_drops_what_is_above_its_level);
    tcase_add_test(tcase, vec_grows_and_removes_in_order);
    return run_suite(suite);
}
