/* SPDX-License-Identifier: Apache-2.0 */
#include "cib/wish.h"

#include "cib/fields.h"
#include "cib/grammar.h"
#include "cib/words.h"

#include <string.h>

void hy_wish_free(struct hy_wish *wish)
{
    free(wish->of);
    *wish = (struct hy_wish){0};
}

struct hy_wish hy_wish_copy(const struct hy_wish *wish)
{
    struct hy_wish copy = *wish;
    copy.of = hy_strdup(wish->of);
    return copy;
}

int hy_wish_read(struct hy_cursor *cursor, uint32_t *epoch, struct hy_wish *wish)
{
    const char *of = NULL, *by = NULL;
    uint32_t ignored = 0;
    *wish = (struct hy_wish){0};
    const struct hy_field fields[] = {{"dead-after", HY_FIELD_DURATION, &wish->dead_after, true},
                                      {"gap", HY_FIELD_DURATION, &wish->gap, false},
                                      {"of", HY_FIELD_TEXT, &of, false},
                                      {"by", HY_FIELD_TEXT, &by, false},
                                      {"epoch", HY_FIELD_U32, epoch ? epoch : &ignored, epoch != NULL}};
    int rc = hy_fields_read(cursor, fields, sizeof fields / sizeof *fields - !epoch);
    if (rc)
        return rc;
    wish->promises = by && strcmp(by, "promises") == 0;
    if (by && !wish->promises && strcmp(by, "heartbeats") != 0)
        return hy_word_fail(cursor, NULL, "expected by=heartbeats or by=promises");
    if (!wish->dead_after)
        *wish = (struct hy_wish){0};
    else
        wish->of = (char *)(uintptr_t)of;
    return 0;
}

void hy_wish_print(const struct hy_wish *wish, struct hy_buf *out)
{
    hy_buf_adds(out, " dead-after=");
    hy_duration_print(wish->dead_after, out);
    if (!wish->dead_after)
        return;
    hy_buf_adds(out, " gap=");
    hy_duration_print(wish->gap, out);
    if (wish->of) {
        hy_buf_adds(out, " of=");
        hy_word_print(wish->of, out);
    }
    hy_buf_addf(out, " by=%s", wish->promises ? "promises" : "heartbeats");
}

const struct hy_node_status *hy_cib_wisher(const struct hy_cib *cib)
{
    const struct hy_node_status *most = NULL;
    for (size_t i = 0; i < cib->nodes.count; i++) {
        const struct hy_node_status *status = cib->nodes.items[i];
        if (status->state == HY_MEMBER_IN && status->wish.dead_after > (most ? most->wish.dead_after : 0))
            most = status;
    }
    return most;
}
