/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor:PROGRAM, supervisor:GROUP:PROGRAM: a program under supervisord (supervisord.org, 3.2 and later). */
#include "actions.h"
#include "serving.h"
#include "owner.h"
#include "unit.h"

static enum halyard_rc sv_validate(const struct halyard_host *host, const struct halyard_op *op)
{
    struct sv_unit unit;
    enum halyard_rc rc = sv_unit_open(host, op, &unit);
    return rc == HALYARD_OK ? sv_check_validate(host, op) : rc;
}

static enum halyard_rc sv_advise(const struct halyard_host *host, const struct halyard_op *op)
{
    struct sv_unit unit;
    enum halyard_rc rc = sv_unit_open(host, op, &unit);
    if (rc == HALYARD_OK)
        (void)sv_warn_of_owner(&unit);
    return rc;
}

static const struct halyard_param params[] = {
    {.name = "url",
     .type = HALYARD_STRING,
     .brief = "where supervisord listens: unix:///the/socket or http://host:port",
     .doc = "Not set: what `conf` has for supervisorctl, else unix:///var/run/supervisor.sock."},
    {.name = "username",
     .type = HALYARD_STRING,
     .brief = "for HTTP's basic authentication",
     .doc = "Not set: what `conf` has for supervisorctl, if that is the same supervisord."},
    {.name = "password", .type = HALYARD_STRING, .flags = HALYARD_SECRET, .brief = "for HTTP's basic authentication"},
    {.name = "conf",
     .type = HALYARD_STRING,
     .brief = "supervisord's configuration file, if not " SV_CONF,
     .doc = "It is read for three things: how supervisorctl reaches supervisord, what password it has, and whether "
            "supervisord starts the program again by itself, which its XML-RPC does not tell."},
    {.name = "patience",
     .type = HALYARD_DURATION,
     .def = "5s",
     .brief = "how long to wait for a supervisord that is not there, or does not answer",
     .doc = "One that is restarted is there again after a moment, and that is no failure. A program whose process has "
            "ended "
            "meanwhile is one at once. Each operation ends within its own timeout all the same."},
    {.name = "restarts",
     .type = HALYARD_INTEGER,
     .flags = HALYARD_RELOADABLE,
     .def = "0",
     .range = "0..30",
     .brief = "how many restarts of the program by supervisord are no failure",
     .doc = "0: its end is a failure, and the cluster recovers it; set autorestart=false for it. More: supervisord "
            "starts it "
            "again (autorestart=true), and it has failed when that does not help, or when there are more within "
            "restarts_within: then it flaps."},
    {.name = "restarts_within",
     .type = HALYARD_DURATION,
     .flags = HALYARD_RELOADABLE,
     .def = "10min",
     .brief = "the time in which `restarts` are counted"},
    {.name = "leftovers",
     .type = HALYARD_CHOICE,
     .def = "end",
     .range = "end|leave",
     .brief = "what a stop does with processes of the program that supervisord does not know of",
     .doc =
         "end: SIGTERM, then SIGKILL, so that it does not run in two places. leave: for programs whose children are to "
         "outlive them. What no supervisord answers for any more is ended with either."},
    {.name = "check_port",
     .type = HALYARD_INTEGER,
     .flags = HALYARD_RELOADABLE,
     .range = "1..65535",
     .brief = "the TCP port at which it must accept connections"},
    {.name = "check_host",
     .type = HALYARD_STRING,
     .flags = HALYARD_RELOADABLE,
     .def = "127.0.0.1",
     .brief = "the address of check_port"},
    {.name = "check_protocol",
     .type = HALYARD_CHOICE,
     .flags = HALYARD_RELOADABLE,
     .def = "tcp",
     .range = "tcp|mysql",
     .brief = "tcp: it accepts; mysql: it sends the greeting of the MySQL protocol, and no error"},
    {.name = "check",
     .type = HALYARD_STRING,
     .flags = HALYARD_RELOADABLE,
     .brief = "a command line for the shell that ends with 0 when it serves"},
    {.name = "check_user",
     .type = HALYARD_STRING,
     .flags = HALYARD_RELOADABLE,
     .brief = "who runs `check`, if not root"},
    {.name = "check_timeout",
     .type = HALYARD_DURATION,
     .flags = HALYARD_RELOADABLE,
     .def = "5s",
     .brief = "the time for each check"},
    {.name = NULL},
};

/* Nothing of it is held by the program: the next monitor, and a new watch, have the new values. */
static enum halyard_rc sv_reload(const struct halyard_host *host, const struct halyard_op *op)
{
    return sv_validate(host, op);
}

const struct halyard_agent halyard_agent_plugin = {
    .magic = HALYARD_AGENT_MAGIC,
    .major = HALYARD_AGENT_MAJOR,
    .minor = HALYARD_AGENT_MINOR,
    .size = sizeof(struct halyard_agent),
    .param_size = sizeof(struct halyard_param),
    .cls = "supervisor",
    .type = "*",
    .version = "1.0",
    .brief = "a program under supervisord: supervisor:PROGRAM or supervisor:GROUP:PROGRAM",
    .doc = "Talks to supervisord by XML-RPC. It runs when supervisord says RUNNING, its process is there, is the one "
           "that the "
           "cluster has started, and the checks that are configured find that it serves. STARTING, BACKOFF and "
           "STOPPING are "
           "failures, STOPPED, EXITED and FATAL mean not running. When supervisord is not there and the program runs "
           "on, it is "
           "degraded. A stop is done when supervisord and the kernel both say so; without supervisord the program's "
           "processes are found by what supervisord has put into their environment, and ended. The process and its "
           "supervisord are watched: the end of one of them is followed by a monitor at once. Let supervisord not own "
           "it as "
           "well: autostart=false, autorestart=false.",
    .params = params,
    .start_ms = 15000,
    .stop_ms = 15000,
    .monitor_ms = 10000,
    .interval_ms = 10000,
    .start = sv_do_start,
    .stop = sv_do_stop,
    .monitor = sv_do_monitor,
    .probe = sv_do_probe,
    .validate = sv_validate,
    .reload = sv_reload,
    .watch = sv_do_watch,
    .advise = sv_advise,
};
