/* SPDX-License-Identifier: Apache-2.0 */
#include "base/wire.h"
#include "journal/items.h"
#include "journal/sectors.h"

#include <errno.h>
#include <inttypes.h>

enum { FRAME_TARGET = 1024 * 1024 }; /* bytes of one frame, when the log is written anew */

struct span {
    size_t start; /* in memory */
    uint64_t at;  /* in the file */
};

struct spans {
    HY_VEC(struct span) list;
};

/* --- writing ---------------------------------------------------------------------------------------------------- */

/* All of `image` as items, and where the frames begin in them. */
static void collect(const struct hy_journal_image *image, struct hy_buf *items, struct spans *spans)
{
    hy_vec_push(&spans->list, ((struct span){0}));
    hy_journal_item_incarnation(items, image->incarnation);
    hy_journal_item_state(items, image->term, image->vote);
    if (image->base)
        hy_journal_item_base(items, image->base);
    if (image->servers.count)
        hy_journal_item_servers(items, &image->servers);
    for (size_t i = 0; i < image->entries.count; i++) {
        if (items->size - spans->list.items[spans->list.count - 1].start >= FRAME_TARGET)
            hy_vec_push(&spans->list, ((struct span){.start = items->size}));
        hy_journal_item_entry(items, &image->entries.items[i]);
    }
}

static size_t span_size(const struct spans *spans, size_t i, size_t whole)
{
    size_t end = i + 1 < spans->list.count ? spans->list.items[i + 1].start : whole;
    return end - spans->list.items[i].start;
}

static void zeros_up_to(struct hy_buf *file, uint64_t size)
{
    static const char zeros[4096];
    while (file->size < size) {
        size_t lacks = (size_t)size - file->size;
        hy_buf_add(file, zeros, lacks < sizeof zeros ? lacks : sizeof zeros);
    }
}

void hy_journal_log_write(const struct hy_journal_owner *owner, uint64_t created, uint64_t room,
                          struct hy_journal_image *image, struct hy_buf *file)
{
    struct hy_buf items = {0};
    struct spans spans = {0};
    collect(image, &items, &spans);
    uint64_t end = HY_JOURNAL_SECTOR;
    for (size_t i = 0; i < spans.list.count; i++)
        end += hy_journal_frame_size(span_size(&spans, i, items.size));
    /* One sector at least stays free: see hy_journal_log_lacks(). */
    uint64_t size = end + (room / HY_JOURNAL_SECTOR + 1) * HY_JOURNAL_SECTOR;
    struct hy_journal_header header = {.disk = image->disk, .created = created, .length = size};
    struct hy_journal_tail tail = {.seed = hy_journal_header_write(owner, hy_journal_log_magic, &header, file)};
    for (size_t i = 0; i < spans.list.count; i++)
        hy_journal_frame_write(tail.seed, file->size, items.data + spans.list.items[i].start,
                               span_size(&spans, i, items.size), file);
    tail.end = file->size;
    tail.size = tail.said = size;
    zeros_up_to(file, size);
    image->tail = tail;
    image->torn = 0;
    hy_vec_free(&spans.list);
    hy_buf_free(&items);
}

/* A free sector stays behind every frame, so that the first frame after the file has grown begins before its old end,
 * and that frame says how large the file is now. So a file that was cut anywhere shows it. */
uint64_t hy_journal_log_lacks(const struct hy_journal_tail *tail, size_t items)
{
    uint64_t needed = tail->end + hy_journal_frame_size(items + HY_JOURNAL_LENGTH_ITEM) + HY_JOURNAL_SECTOR;
    return needed <= tail->size ? 0 : needed;
}

void hy_journal_frame(struct hy_journal_tail *tail, const struct hy_buf *items, struct hy_buf *out)
{
    struct hy_buf payload = {0};
    if (tail->size > tail->said) {
        hy_journal_item_length(&payload, tail->size);
        tail->said = tail->size;
    }
    hy_buf_add(&payload, items->data, items->size);
    hy_journal_frame_write(tail->seed, tail->end, payload.data, payload.size, out);
    tail->end += hy_journal_frame_size(payload.size);
    hy_buf_free(&payload);
}

/* --- reading ---------------------------------------------------------------------------------------------------- */

static int read_frames(const struct hy_journal_file *file, struct hy_journal_image *image, struct spans *spans,
                       struct hy_err *err)
{
    for (;;) {
        struct span span = {.start = image->memory.size, .at = image->tail.end};
        int rc = hy_journal_frame_read(file, image->tail.seed, &image->tail.end, &image->memory, err);
        if (rc == -ENODATA)
            return hy_journal_tail_read(file, image->tail.seed, image->tail.end, &image->torn, err);
        if (rc < 0)
            return rc;
        hy_vec_push(&spans->list, span);
    }
}

static int apply_frames(const struct hy_journal_file *file, struct hy_journal_image *image, const struct spans *spans,
                        struct hy_err *err)
{
    for (size_t i = 0; i < spans->list.count; i++) {
        const struct span *span = &spans->list.items[i];
        const char *wrong =
            hy_journal_items_apply(image, image->memory.data + span->start, span_size(spans, i, image->memory.size));
        if (wrong)
            return hy_journal_damaged(file, span->at, err, "the record holds %s", wrong);
    }
    if (file->bytes->size < image->tail.said)
        return hy_journal_damaged(file, file->bytes->size, err, "it ends there, it was %" PRIu64 " bytes long",
                                  image->tail.said);
    return 0;
}

int hy_journal_log_read(const struct hy_journal_owner *owner, const struct hy_buf *bytes,
                        struct hy_journal_image *image, struct hy_err *err)
{
    const struct hy_journal_file file = {.owner = owner, .name = "log", .bytes = bytes};
    struct hy_journal_header header;
    struct spans spans = {0};
    *image = (struct hy_journal_image){.tail.end = HY_JOURNAL_SECTOR};
    int rc = hy_journal_header_read(&file, hy_journal_log_magic, &header, &image->tail.seed, err);
    if (rc < 0)
        return rc;
    image->disk = header.disk;
    image->tail.said = header.length;
    image->tail.size = bytes->size;
    rc = read_frames(&file, image, &spans, err);
    if (rc == 0)
        rc = apply_frames(&file, image, &spans, err);
    hy_vec_free(&spans.list);
    return rc;
}

void hy_journal_image_free(struct hy_journal_image *image)
{
    hy_vec_free(&image->entries);
    hy_buf_free(&image->memory);
    *image = (struct hy_journal_image){0};
}

void hy_journal_image_prune(struct hy_journal_image *image, uint64_t index, uint64_t term, uint64_t first_kept)
{
    size_t count = image->entries.count;
    image->base = index;
    if (count == 0)
        return;
    uint64_t first = image->entries.items[0].index;
    bool leads_there = first == index + 1;
    if (first <= index && index - first < count)
        leads_there = image->entries.items[index - first].term == term;
    if (!leads_there) {
        image->entries.count = 0;
        return;
    }
    size_t gone = first_kept > first ? (size_t)(first_kept - first) : 0;
    if (gone > count)
        gone = count;
    memmove(image->entries.items, image->entries.items + gone, (count - gone) * sizeof *image->entries.items);
    image->entries.count -= gone;
}
