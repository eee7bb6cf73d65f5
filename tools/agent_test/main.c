/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ha-agent-test: tries one agent as a cluster would use it and misuse it, through the executor of production.
 */
#include "agent_test/handover.h"
#include "agent_test/session.h"
#include "base/alloc.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { GOOD = 0, FAILED = 1, USAGE = 2 };

static const char usage_text[] =
    "usage: ha-agent-test [OPTION]... FILE.so [NAME=VALUE]...\n"
    "\n"
    "Starts, stops, monitors, kills and cuts off what the agent in FILE.so manages, with the parameters given, ON THIS "
    "HOST, and\n"
    "says what a cluster could not rely on. As root, or as whoever may do what the agent does.\n"
    "\n"
    "  --type WORD           of an agent that serves any type: the last word of its name, as maxscale in lsb:maxscale\n"
    "  --second NAME=VALUE   a parameter that a second instance beside it has otherwise (may be given several times)\n"
    "  --tap                 the report for machines, as TAP\n"
    "  --describe            what the agent says of itself, and nothing else\n"
    "  --verbose             the executor's log on stderr\n"
    "  --help, --version\n"
    "\n"
    "Exit status: 0 all was good, 1 something failed, 2 it could not be tried.\n";

struct arguments {
    const char *file;
    const char *type;
    struct hy_attrs params, second;
    bool tap, describe, verbose;
    bool done; /* all that was wanted has been printed */
};

static int usage(void)
{
    fputs(usage_text, stderr);
    return USAGE;
}

static int refuse(const char *what)
{
    fprintf(stderr, "ha-agent-test: %s\n", what);
    return USAGE;
}

static bool take_param(struct hy_attrs *attrs, const char *word)
{
    const char *equals = strchr(word, '=');
    if (!equals || equals == word) {
        fprintf(stderr, "ha-agent-test: '%s': expected NAME=VALUE\n", word);
        return false;
    }
    char *name = hy_strndup(word, (size_t)(equals - word));
    hy_attrs_set(attrs, name, equals + 1);
    free(name);
    return true;
}

static int parse(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {
        {"type", required_argument, NULL, 't'}, {"second", required_argument, NULL, '2'},
        {"tap", no_argument, NULL, 'T'},        {"describe", no_argument, NULL, 'd'},
        {"verbose", no_argument, NULL, 'v'},    {"version", no_argument, NULL, 'V'},

        {"help", no_argument, NULL, 'h'},       {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 't':
            arguments->type = optarg;
            break;
        case '2':
            if (!take_param(&arguments->second, optarg))
                return USAGE;
            break;
        case 'T':
            arguments->tap = true;
            break;
        case 'd':
            arguments->describe = true;
            break;
        case 'v':
            arguments->verbose = true;
            break;
        case 'h':
            fputs(usage_text, stdout);
            arguments->done = true;
            return GOOD;
        case 'V':
            puts("ha-agent-test " HY_VERSION " (halyard)");
            arguments->done = true;
            return GOOD;
        default:
            return usage();
        }
    }
    if (optind == argc)
        return usage();
    arguments->file = argv[optind];
    for (int i = optind + 1; i < argc; i++)
        if (!take_param(&arguments->params, argv[i]))
            return USAGE;
    return GOOD;
}

/* ---------------------------------------------------------------- what it is */

static int describe(struct session *session, const struct arguments *arguments, struct hy_err *err)
{
    int rc = hy_agent_describe_file(arguments->file, true, &session->description, err);
    if (rc)
        return rc;
    char *name = session_described(session, "name");
    size_t length = strlen(name);
    bool any = length > 2 && strcmp(name + length - 2, ":*") == 0;
    if (any && !arguments->type)
        rc = hy_fail(err, EINVAL, "%s serves any type: say which, with --type WORD", name);
    else if (!any && arguments->type && strcmp(name + length - strlen(arguments->type), arguments->type) != 0)
        rc = hy_fail(err, EINVAL, "%s serves one type: leave --type out", name);
    else
        session->rig.agent = any ? hy_asprintf("%.*s%s", (int)(length - 1), name, arguments->type) : hy_strdup(name);
    free(name);
    return rc;
}

/* A second instance has all that the first has, but for what was said. */
static void make_second(struct session *session, const struct arguments *arguments)
{
    for (size_t i = 0; arguments->second.list.count && i < arguments->params.list.count; i++)
        hy_attrs_set(&session->second, arguments->params.list.items[i].name, arguments->params.list.items[i].value);
    for (size_t i = 0; i < arguments->second.list.count; i++)
        hy_attrs_set(&session->second, arguments->second.list.items[i].name, arguments->second.list.items[i].value);
}

/* ---------------------------------------------------------------- all of it */

static void run_parts(struct session *session)
{
    static const struct {
        const char *title;
        void (*run)(struct session *session);
    } parts[] = {{"What it says of itself", part_description},
                 {"Before it was ever started", part_stopped},
                 {"Start, monitor, stop", part_life},
                 {"Roles and notifications", part_roles},
                 {"Reload", part_reload},
                 {"Watch", part_watch},
                 {"Several at once", part_at_once},
                 {"Operations that are cut off", part_timeout},
                 {"Operations that are killed", part_killed},
                 {"The lease and the executor", part_lease},
                 {"What remains", part_left}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts && !session->stop_trying; i++) {
        report_part(&session->report, parts[i].title);
        parts[i].run(session);
    }
    if (session->stop_trying)
        report_note(&session->report, "nothing more was tried");
}

static int try_agent(const struct arguments *arguments)
{
    struct session session = {.report.tap = arguments->tap};
    struct hy_err err = {{0}};
    int rc = rig_open(&session.rig, arguments->file, arguments->verbose, &err);
    if (!rc)
        rc = describe(&session, arguments, &err);
    if (!rc && arguments->describe) {
        fputs(hy_buf_text(&session.description), stdout);
    } else if (!rc) {
        session.params = arguments->params;
        make_second(&session, arguments);
        rc = rig_start(&session.rig, &err);
    }
    int status = rc ? refuse(err.text) : GOOD;
    if (!rc && !arguments->describe) {
        if (arguments->tap)
            puts("TAP version 13");
        else
            printf("%s: %s\n\n", arguments->file, session.rig.agent);
        run_parts(&session);
        status = report_close(&session.report) ? GOOD : FAILED;
    }
    rig_close(&session.rig);
    hy_buf_free(&session.description);
    hy_attrs_free(&session.second);
    return status;
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "--as-core") == 0)
        return handover_core_main(argc, argv);
    struct arguments arguments = {0};
    int status = parse(argc, argv, &arguments);
    signal(SIGPIPE, SIG_IGN);
    if (!status && !arguments.done)
        status = try_agent(&arguments);
    hy_attrs_free(&arguments.params);
    hy_attrs_free(&arguments.second);
    return status;
}
