/* SPDX-License-Identifier: Apache-2.0 */
#include "cib/clients.h"
#include "base/mutant.h"

#include "cib/fields.h"
#include "cib/words.h"

#include <errno.h>
#include <inttypes.h>

enum { NOT_THERE = HY_CLIENTS_MAX };

/* Whoever asks again has mostly asked lately: from the newest on. */
static size_t find(const struct hy_cib *cib, uint64_t session)
{
    for (size_t i = cib->clients.count; i-- > 0;)
        if (cib->clients.items[i].session == session)
            return i;
    return NOT_THERE;
}

static void answer_unknown(struct hy_answer *answer, const char *why)
{
    answer->repeated = true;
    answer->code = hy_fail(&answer->err, ENODATA, "the request was taken before, or not: %s", why);
}

bool hy_clients_answered(const struct hy_cib *cib, const struct hy_command_head *head, struct hy_answer *answer)
{
    if (!head->client)
        return false;
    size_t at = find(cib, head->client);
    if (at == NOT_THERE) {
        if (!head->repeat || cib->clients_forgotten <= head->repeat)
            return false;
        answer_unknown(answer, "too much has happened since, and its answer is not kept any more");
        return true;
    }
    const struct hy_client *client = &cib->clients.items[at];
    if (head->request > client->request || HY_MUTANT(REQUEST_TWICE))
        return false;
    answer->repeated = true;
    if (head->request < client->request) {
        answer_unknown(answer, "its client has gone on to another one since");
    } else {
        answer->code = client->code;
        if (client->text)
            (void)hy_fail(&answer->err, EALREADY, "%s", client->text);
    }
    return true;
}

/* What can be printed and read back: cut between two characters, and on one line. */
static char *kept_text(const char *text)
{
    size_t size = strlen(text);
    if (size > HY_CLIENT_TEXT_MAX) {
        size = HY_CLIENT_TEXT_MAX;
        while (size && ((unsigned char)text[size] & 0xC0) == 0x80)
            size--;
    }
    char *kept = hy_strndup(text, size);
    for (char *c = kept; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            *c = ' ';
    return kept;
}

static void forget(struct hy_cib *cib, size_t at)
{
    free(cib->clients.items[at].text);
    hy_vec_remove(&cib->clients, at);
}

void hy_clients_keep(struct hy_cib *cib, uint64_t index, const struct hy_command_head *head,
                     const struct hy_answer *answer)
{
    if (!head->client)
        return;
    size_t at = find(cib, head->client);
    if (at == NOT_THERE && cib->clients.count == HY_CLIENTS_MAX) {
        at = 0;
        cib->clients_forgotten = cib->clients.items[0].index;
    }
    if (at != NOT_THERE)
        forget(cib, at);
    const struct hy_client client = {.session = head->client,
                                     .request = head->request,
                                     .index = index,
                                     .code = answer->code,
                                     .text = answer->code ? kept_text(answer->err.text) : NULL};
    hy_vec_push(&cib->clients, client);
}

void hy_clients_copy(struct hy_cib *to, const struct hy_cib *from)
{
    for (size_t i = 0; i < from->clients.count; i++) {
        struct hy_client client = from->clients.items[i];
        client.text = hy_strdup(client.text);
        hy_vec_push(&to->clients, client);
    }
    to->clients_forgotten = from->clients_forgotten;
}

void hy_clients_free(struct hy_cib *cib)
{
    for (size_t i = 0; i < cib->clients.count; i++)
        free(cib->clients.items[i].text);
    hy_vec_free(&cib->clients);
}

void hy_clients_save(const struct hy_cib *cib, struct hy_buf *out)
{
    if (cib->clients_forgotten)
        hy_buf_addf(out, "forgotten index=%" PRIu64 "\n", cib->clients_forgotten);
    for (size_t i = 0; i < cib->clients.count; i++) {
        const struct hy_client *client = &cib->clients.items[i];
        hy_buf_addf(out, "client session=%016" PRIx64 " request=%" PRIu64 " index=%" PRIu64 " code=%d", client->session,
                    client->request, client->index, client->code);
        if (client->text)
            hy_attr_print("text", client->text, out);
        hy_buf_addc(out, '\n');
    }
}

int hy_clients_restore_one(struct hy_cib *cib, struct hy_cursor *cursor)
{
    struct hy_client client = {0};
    const char *text = NULL;
    const struct hy_field fields[] = {{"session", HY_FIELD_HEX, &client.session, true},
                                      {"request", HY_FIELD_U64, &client.request, true},
                                      {"index", HY_FIELD_U64, &client.index, true},
                                      {"code", HY_FIELD_INT, &client.code, true},
                                      {"text", HY_FIELD_TEXT, &text, false}};
    int rc = hy_fields_read(cursor, fields, sizeof fields / sizeof *fields);
    if (rc)
        return rc;
    uint64_t before = cib->clients.count ? cib->clients.items[cib->clients.count - 1].index : cib->clients_forgotten;
    if (client.index <= before || cib->clients.count == HY_CLIENTS_MAX || find(cib, client.session) != NOT_THERE)
        return hy_word_fail(cursor, NULL, "expected at most %d sessions of clients, each once, in order of index",
                            HY_CLIENTS_MAX);
    client.text = hy_strdup(text);
    hy_vec_push(&cib->clients, client);
    return 0;
}

int hy_clients_restore_forgotten(struct hy_cib *cib, struct hy_cursor *cursor)
{
    const struct hy_field fields[] = {{"index", HY_FIELD_U64, &cib->clients_forgotten, true}};
    return hy_fields_read(cursor, fields, 1);
}
