/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc.h"

#include "xmlrpc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- one call */

static enum sv_end read_fault(const struct sv_answer *answer, const struct sv_server *server,
                              struct sv_failure *failure)
{
    char words[200];
    const char *text = sv_member_text(answer->value, "faultString");
    if (!sv_member(answer->value, "faultCode"))
        return sv_fail(failure, SV_GARBAGE, "what listens at %s answers with a fault without a code", server->url);
    int code = (int)sv_member_number(answer->value, "faultCode");
    sv_one_line(text, strlen(text), words, sizeof words, 0);
    sv_fail(failure, SV_FAULT, "supervisord says: %s (fault %d)", words, code);
    failure->fault = code;
    return SV_FAULT;
}

/* Ends the call, and gives what is answered to the caller to free when it is SV_OK. */
static enum sv_end ask(const struct sv_server *server, struct sv_text *call, int64_t until, struct sv_answer *answer,
                       struct sv_failure *failure)
{
    char why[128];
    struct sv_text bytes = {0};
    sv_call_end(call);
    enum sv_end end = sv_http_post(server, call->data, call->size, until, &bytes, failure);
    sv_text_free(call);
    if (end == SV_OK && !sv_answer_read(bytes.data, bytes.size, answer, why, sizeof why))
        end = sv_fail(failure, SV_GARBAGE, "what listens at %s gives no answer in XML-RPC: %s", server->url, why);
    sv_text_free(&bytes);
    if (end == SV_OK && answer->fault) {
        end = read_fault(answer, server, failure);
        sv_answer_free(answer);
    }
    return end;
}

/* What is not of the kind that the API has. */
static enum sv_end expect(struct sv_answer *answer, enum sv_kind kind, const char *method,
                          const struct sv_server *server, struct sv_failure *failure)
{
    if (answer->value->kind == kind)
        return SV_OK;
    sv_answer_free(answer);
    return sv_fail(failure, SV_GARBAGE, "what listens at %s answers %s with something else than supervisord does",
                   server->url, method);
}

static enum sv_end order(const struct sv_server *server, struct sv_text *call, int64_t until,
                         struct sv_failure *failure)
{
    struct sv_answer answer;
    enum sv_end end = ask(server, call, until, &answer, failure);
    if (end == SV_OK)
        sv_answer_free(&answer);
    return end;
}

/* ---- its state */

static void copy_words(char *line, size_t room, const char *text)
{
    sv_one_line(text, strlen(text), line, room, 0);
}

enum sv_end sv_get_info(const struct sv_server *server, const char *name, int64_t until, struct sv_info *info,
                        struct sv_failure *failure)
{
    struct sv_text call = {0};
    struct sv_answer answer;
    *info = (struct sv_info){.state = SV_UNKNOWN};
    sv_call_begin(&call, "supervisor.getProcessInfo");
    sv_call_string(&call, name);
    enum sv_end end = ask(server, &call, until, &answer, failure);
    if (end == SV_OK)
        end = expect(&answer, SV_STRUCT, "getProcessInfo", server, failure);
    if (end)
        return end;
    const struct sv_value *state = sv_member(answer.value, "state"), *pid = sv_member(answer.value, "pid");
    if (!state || state->kind != SV_INT || !pid || pid->kind != SV_INT || pid->number < 0 || pid->number > INT32_MAX ||
        state->number < 0 || state->number > INT32_MAX) {
        sv_answer_free(&answer);
        return sv_fail(failure, SV_GARBAGE, "what listens at %s answers getProcessInfo without a state and a pid",
                       server->url);
    }
    info->state = (int)state->number;
    info->pid = (pid_t)pid->number;
    info->started = sv_member_number(answer.value, "start");
    info->now = sv_member_number(answer.value, "now");
    info->exit_status = (int)sv_member_number(answer.value, "exitstatus");
    copy_words(info->state_name, sizeof info->state_name, sv_member_text(answer.value, "statename"));
    copy_words(info->spawn_error, sizeof info->spawn_error, sv_member_text(answer.value, "spawnerr"));
    copy_words(info->description, sizeof info->description, sv_member_text(answer.value, "description"));
    sv_answer_free(&answer);
    return SV_OK;
}

/* ---- orders */

enum sv_end sv_start(const struct sv_server *server, const char *name, int64_t until, struct sv_failure *failure)
{
    struct sv_text call = {0};
    sv_call_begin(&call, "supervisor.startProcess");
    sv_call_string(&call, name);
    sv_call_bool(&call, false);
    return order(server, &call, until, failure);
}

enum sv_end sv_stop(const struct sv_server *server, const char *name, int64_t until, struct sv_failure *failure)
{
    struct sv_text call = {0};
    sv_call_begin(&call, "supervisor.stopProcess");
    sv_call_string(&call, name);
    sv_call_bool(&call, false);
    return order(server, &call, until, failure);
}

enum sv_end sv_signal(const struct sv_server *server, const char *name, const char *signal, int64_t until,
                      struct sv_failure *failure)
{
    struct sv_text call = {0};
    sv_call_begin(&call, "supervisor.signalProcess");
    sv_call_string(&call, name);
    sv_call_string(&call, signal);
    return order(server, &call, until, failure);
}

/* ---- supervisord itself */

enum sv_end sv_get_pid(const struct sv_server *server, int64_t until, pid_t *pid, struct sv_failure *failure)
{
    struct sv_text call = {0};
    struct sv_answer answer;
    sv_call_begin(&call, "supervisor.getPID");
    enum sv_end end = ask(server, &call, until, &answer, failure);
    if (end == SV_OK)
        end = expect(&answer, SV_INT, "getPID", server, failure);
    if (end)
        return end;
    *pid = answer.value->number > 0 && answer.value->number <= INT32_MAX ? (pid_t)answer.value->number : 0;
    sv_answer_free(&answer);
    return SV_OK;
}

static const struct sv_value *find_program(const struct sv_value *list, const char *name)
{
    for (const struct sv_value *at = list->first; at; at = at->next) {
        char full[520];
        snprintf(full, sizeof full, "%s:%s", sv_member_text(at, "group"), sv_member_text(at, "name"));
        if (strcmp(full, name) == 0)
            return at;
    }
    return NULL;
}

enum sv_end sv_get_program(const struct sv_server *server, const char *name, int64_t until, struct sv_program *program,
                           struct sv_failure *failure)
{
    struct sv_text call = {0};
    struct sv_answer answer;
    sv_call_begin(&call, "supervisor.getAllConfigInfo");
    enum sv_end end = ask(server, &call, until, &answer, failure);
    if (end == SV_OK)
        end = expect(&answer, SV_ARRAY, "getAllConfigInfo", server, failure);
    if (end)
        return end;
    const struct sv_value *found = find_program(answer.value, name);
    if (found) {
        *program = (struct sv_program){.autostart = sv_member_number(found, "autostart") != 0,
                                       .redirects_stderr = sv_member_number(found, "redirect_stderr") != 0,
                                       .start_secs = sv_member_number(found, "startsecs"),
                                       .stop_secs = sv_member_number(found, "stopwaitsecs")};
    } else {
        end = sv_fail(failure, SV_FAULT, "supervisord has read no configuration of %s", name);
        failure->fault = SV_BAD_NAME;
    }
    sv_answer_free(&answer);
    return end;
}

/* ---- words */

static void get_tail(const struct sv_server *server, const char *method, const char *name, int64_t until, char *line,
                     size_t room)
{
    enum { LAST_BYTES = 1024 };
    struct sv_text call = {0};
    struct sv_answer answer;
    struct sv_failure failure;
    line[0] = '\0';
    sv_call_begin(&call, method);
    sv_call_string(&call, name);
    sv_call_int(&call, 0);
    sv_call_int(&call, LAST_BYTES);
    if (ask(server, &call, until, &answer, &failure) != SV_OK)
        return;
    const struct sv_value *text = answer.value->kind == SV_ARRAY ? answer.value->first : NULL;
    if (text && text->text)
        sv_one_line(text->text, strlen(text->text), line, room, 1);
    sv_answer_free(&answer);
}

void sv_get_last_words(const struct sv_server *server, const char *name, int64_t until, char *line, size_t room)
{
    get_tail(server, "supervisor.tailProcessStderrLog", name, until, line, room);
    if (!line[0])
        get_tail(server, "supervisor.tailProcessStdoutLog", name, until, line, room);
}

void sv_find_namesakes(const struct sv_server *server, const char *process, int64_t until, char *line, size_t room)
{
    struct sv_text call = {0}, found = {0};
    struct sv_answer answer;
    struct sv_failure failure;
    line[0] = '\0';
    sv_call_begin(&call, "supervisor.getAllProcessInfo");
    if (ask(server, &call, until, &answer, &failure) != SV_OK)
        return;
    size_t length = strlen(process);
    for (const struct sv_value *at = answer.value->kind == SV_ARRAY ? answer.value->first : NULL; at; at = at->next) {
        const char *name = sv_member_text(at, "name"), *group = sv_member_text(at, "group");
        bool numbered = strncmp(name, process, length) == 0 && (name[length] == '_' || !name[length]);
        if (numbered || strcmp(group, process) == 0)
            sv_text_addf(&found, "%s%s:%s", found.size ? ", " : "", group, name);
    }
    if (found.size)
        sv_one_line(found.data, found.size, line, room, 0);
    sv_text_free(&found);
    sv_answer_free(&answer);
}
