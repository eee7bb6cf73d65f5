/* SPDX-License-Identifier: Apache-2.0 */
/* The way to this node's core. */
#include "cib/grammar.h"
#include "crm/crm.h"
#include "daemon/ipc.h"
#include "hactl/wait.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Short: a script waits for it, and has a deadline of its own. A core that was killed is back within the first. */
enum { NOBODY_MS = 2000, STATE_MS = 3000, COMMAND_MS = 8000, PAUSE_MS = 20 };

int crm_fail(int status, const char *format, ...)
{
    va_list args;
    fflush(stdout);
    fprintf(stderr, "%s: ", program_invocation_short_name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return status;
}

/* ---- one question */

static int connect_to_core(struct crm *crm)
{
    char *path = hy_config_socket(crm->config);
    int64_t until = hactl_now_ms() + NOBODY_MS;
    int rc = 0;
    while (!crm->dealer.socket && (rc = dealer_open(&crm->dealer, path, NOBODY_MS)) && hactl_now_ms() < until)
        hactl_pause_ms(PAUSE_MS);
    free(path);
    return rc;
}

/* Hello, code, text; what stands behind them stays in the answer. */
static int read_head(zmsg_t *answer, int *code, struct hy_err *text)
{
    char *hello = zmsg_popstr(answer), *number = zmsg_popstr(answer), *words = zmsg_popstr(answer);
    bool good = hello && number && words && strcmp(hello, HY_IPC_HELLO) == 0;
    if (good) {
        *code = atoi(number);
        hy_fail(text, 0, "%s", words);
    }
    zstr_free(&hello);
    zstr_free(&number);
    zstr_free(&words);
    return good ? 0 : -EPROTO;
}

static int ask(struct crm *crm, zmsg_t *question, int patience_ms, zmsg_t **answer, int *code, struct hy_err *text)
{
    int rc = connect_to_core(crm);
    if (rc)
        zmsg_destroy(&question);
    else
        rc = dealer_send(&crm->dealer, &question);
    if (!rc)
        rc = dealer_await(&crm->dealer, answer, patience_ms);
    if (!rc)
        rc = read_head(*answer, code, text);
    if (rc)
        dealer_close(&crm->dealer); /* a late answer is not taken for that of the next question */
    if (rc == -ETIMEDOUT)
        return crm_fail(CRM_TIMED_OUT, "no answer from this node's core in %g s", patience_ms / 1000.0);
    if (rc)
        return crm_fail(CRM_DISCONNECTED, "no connection to this node's core: %s", strerror(-rc));
    return CRM_OK;
}

static zmsg_t *question_of(const char *verb)
{
    zmsg_t *question = zmsg_new();
    zmsg_addstr(question, HY_IPC_HELLO);
    zmsg_addstr(question, verb);
    return question;
}

/* ---- the state */

static int take_state(struct crm *crm, zmsg_t *answer)
{
    zframe_t *report = zmsg_pop(answer), *text = zmsg_pop(answer);
    struct hy_err err = {{0}};
    int status = CRM_OK;
    json_decref(crm->report);
    hy_cib_free(&crm->cib);
    crm->cib = hy_cib_new();
    crm->report = report ? json_loadb((const char *)zframe_data(report), zframe_size(report), 0, NULL) : NULL;
    if (!crm->report || !text)
        status = crm_fail(CRM_FAILED, "the core's answer cannot be read");
    else if (hy_cib_restore(crm->cib, (const char *)zframe_data(text), zframe_size(text), &err))
        status = crm_fail(CRM_FAILED, "the cluster's state cannot be read: %s", err.text);
    zframe_destroy(&report);
    zframe_destroy(&text);
    return status;
}

int crm_refresh(struct crm *crm)
{
    zmsg_t *answer = NULL;
    struct hy_err text = {{0}};
    int code = 0;
    int status = ask(crm, question_of("state"), STATE_MS, &answer, &code, &text);
    if (!status)
        status = code ? crm_fail(CRM_FAILED, "%s", text.text) : take_state(crm, answer);
    zmsg_destroy(&answer);
    return status;
}

int crm_open(struct crm *crm)
{
    const char *file = getenv("HALYARD_CONFIG");
    struct hy_err err = {{0}};
    *crm = (struct crm){.config = NULL};
    if (hy_config_read(file && *file ? file : HY_CONFIG_FILE, &crm->config, &err))
        return crm_fail(CRM_FAILED, "%s", err.text);
    crm->node = crm->config->node;
    return crm_refresh(crm);
}

void crm_close(struct crm *crm)
{
    dealer_close(&crm->dealer);
    hy_cib_free(&crm->cib);
    json_decref(crm->report);
    hy_config_free(&crm->config);
    zsys_shutdown();
}

bool crm_has_quorum(const struct crm *crm)
{
    return json_is_true(json_object_get(crm->report, "quorum"));
}

/* ---- changes */

int crm_send(struct crm *crm, const struct hy_buf *statements, int *code, struct hy_err *refusal)
{
    zmsg_t *question = question_of("command"), *answer = NULL;
    zmsg_addmem(question, hy_buf_text(statements), statements->size);
    zmsg_addstrf(question, "root@%s", crm->node);
    zmsg_addstr(question, program_invocation_short_name);
    int status = ask(crm, question, COMMAND_MS, &answer, code, refusal);
    zmsg_destroy(&answer);
    return status;
}
