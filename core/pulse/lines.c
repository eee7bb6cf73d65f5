/* SPDX-License-Identifier: Apache-2.0 */
#include "pulse/lines.h"

#include "base/alloc.h"
#include "base/vec.h"
#include "pulse/lock.h"

#include <stdbool.h>
#include <stdlib.h>

enum { MOST = 1000 };

struct line {
    enum hy_log_level level;
    char *text;
};

typedef HY_VEC(struct line) line_list;

struct hy_lines {
    struct hy_log log; /* what is written to it is kept */
    const struct hy_log *to;
    void (*added)(void *context);
    void *context;
    pthread_mutex_t lock; /* for what follows */
    line_list kept;
    size_t left_out;
};

static void keep(void *context, enum hy_log_level level, const char *text)
{
    struct hy_lines *lines = context;
    struct line line = {level, hy_strdup(text)};
    hy_lock(&lines->lock);
    bool room = lines->kept.count < MOST;
    if (room)
        hy_vec_push(&lines->kept, line);
    else
        lines->left_out++;
    hy_unlock(&lines->lock);
    if (!room)
        free(line.text);
    lines->added(lines->context);
}

struct hy_lines *hy_lines_new(const struct hy_log *to, void (*added)(void *context), void *context)
{
    struct hy_lines *lines = hy_alloc(sizeof *lines);
    *lines = (struct hy_lines){.to = to, .added = added, .context = context};
    lines->log = (struct hy_log){.write = keep, .context = lines, .level = to->level};
    hy_lock_init(&lines->lock);
    return lines;
}

const struct hy_log *hy_lines_log(const struct hy_lines *lines)
{
    return &lines->log;
}

void hy_lines_flush(struct hy_lines *lines)
{
    hy_lock(&lines->lock);
    line_list taken = lines->kept;
    size_t left_out = lines->left_out;
    lines->kept = (line_list){0};
    lines->left_out = 0;
    hy_unlock(&lines->lock);
    for (size_t i = 0; i < taken.count; i++) {
        hy_log_line(lines->to, taken.items[i].level, "%s", taken.items[i].text);
        free(taken.items[i].text);
    }
    hy_vec_free(&taken);
    if (left_out)
        hy_warning(lines->to, "%zu more lines of the links were left out", left_out);
}

void hy_lines_free(struct hy_lines **lines)
{
    if (!*lines)
        return;
    hy_lines_flush(*lines);
    pthread_mutex_destroy(&(*lines)->lock);
    free(*lines);
    *lines = NULL;
}
