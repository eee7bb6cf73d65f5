/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors that must be refused, each compiled with one of the macros below. */
#include <halyard/agent.h>
#include <halyard/transport.h>

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#if defined(CRASH) || defined(HANG) || defined(EXIT)
__attribute__((constructor)) static void constructor(void)
{
#if defined(CRASH)
    signal(SIGSEGV, SIG_DFL); /* sanitizers have a handler of their own */
    setrlimit(RLIMIT_CORE, &(struct rlimit){0});
    raise(SIGSEGV);
#elif defined(HANG)
    for (;;)
        pause();
#else
    _exit(3);
#endif
}
#endif

#ifndef MAGIC
#define MAGIC HALYARD_AGENT_MAGIC
#endif
#ifndef MAJOR
#define MAJOR HALYARD_AGENT_MAJOR
#endif
#ifndef MINOR
#define MINOR HALYARD_AGENT_MINOR
#endif
#ifndef SIZE
#define SIZE sizeof(struct halyard_agent)
#endif
#ifndef PARAM_SIZE
#define PARAM_SIZE sizeof(struct halyard_param)
#endif
#ifndef CLS
#define CLS "ocf"
#endif
#ifndef TYPE
#define TYPE "bad"
#endif
#ifndef STOP
#define STOP nothing
#endif
#ifndef NAME
#define NAME "n"
#endif
#ifndef PARAM_TYPE
#define PARAM_TYPE HALYARD_INTEGER
#endif
#ifndef DEFAULT
#define DEFAULT "1"
#endif
#ifndef RANGE
#define RANGE "1..5"
#endif

#if defined(NO_DESCRIPTOR)
extern const int halyard_nothing;
const int halyard_nothing = 0;
#elif defined(TRANSPORT)
const struct halyard_transport halyard_transport_plugin = {.magic = MAGIC};
#else
static const struct halyard_param params[] = {
    {"m", HALYARD_STRING, 0, NULL, NULL, NULL, NULL},
    {NAME, PARAM_TYPE, 0, DEFAULT, RANGE, NULL, NULL},
    {0},
};
#ifndef PARAMS
#define PARAMS params
#endif

static enum halyard_rc nothing(const struct halyard_host *host, const struct halyard_op *op)
{
    (void)host;
    (void)op;
    return HALYARD_OK;
}

const struct halyard_agent halyard_agent_plugin = {
    .magic = MAGIC,
    .major = MAJOR,
    .minor = MINOR,
    .size = SIZE,
    .param_size = PARAM_SIZE,
    .cls = CLS,
    .provider = "test",
    .type = TYPE,
    .params = PARAMS,
    .start = nothing,
    .stop = STOP,
    .monitor = nothing,
};
#endif
