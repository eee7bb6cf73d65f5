# SPDX-License-Identifier: Apache-2.0
"""A supervisord on a host, as Debian's package has it, with the stand-in for MaxScale as a program of its own."""

import signal

from . import maxscale

CONFIGURATION = "/etc/supervisor/supervisord.conf"
PROGRAM = "/etc/supervisor/conf.d/maxscale.conf"
SOCKET = "/var/run/supervisor.sock"

DAEMON = f"""[unix_http_server]
file={SOCKET}
chmod=0700

[supervisord]
logfile=/var/log/supervisord.log
pidfile=/run/supervisord.pid
childlogdir=/var/log

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://{SOCKET}

[include]
files = /etc/supervisor/conf.d/*.conf
"""


def program(settings=("autostart=false", "autorestart=false")):
    command = f"command={maxscale.PROGRAM} -f {maxscale.CONFIGURATION} -d"
    return "\n".join(["[program:maxscale]", command, "startsecs=1", *settings]) + "\n"


def install(host):
    maxscale.install(host)
    host.run(["rm", "-f", "/etc/init.d/maxscale"])
    host.write_file(CONFIGURATION, DAEMON)
    host.write_file(PROGRAM, program())


def configure(host, *settings):
    """Other settings than autostart=false and autorestart=false; supervisord takes them over."""
    host.write_file(PROGRAM, program(settings))
    host.run(["supervisorctl", "update"])


def start(host):
    host.run(["/usr/bin/supervisord", "-c", CONFIGURATION])


def find(host):
    """Its process; None: there is none."""
    found = [process for process in host.processes() if any(word.endswith("/supervisord") for word in process.argv)]
    return found[0] if found else None


def kill(host, number=signal.SIGKILL):
    find(host).kill(number)


def ctl(host, *words):
    """supervisorctl; what it prints."""
    return host.call(["supervisorctl", *words]).stdout
