# SPDX-License-Identifier: Apache-2.0
"""A stand-in for MaxScale: a small TCP server, and the LSB script /etc/init.d/maxscale which starts and stops it.

Its program is a file of the host, /home/qfpay/maxscale/bin/maxscale, so that it can be broken as an operator would break it:
mv maxscale maxscale.1, and kill the process.
"""

PROGRAM = "/home/qfpay/maxscale/bin/maxscale"
CONFIGURATION = "/home/qfpay/maxscale/etc/maxscale.cnf"
PORT = 4006

# Whoever connects is told which host answers: that shows where a virtual address leads.
SERVER = """#!/usr/bin/python3 -IS
import os, socket, sys
with open(sys.argv[sys.argv.index("-f") + 1]) as configuration:
    port = int(configuration.readline())
listener = socket.create_server(("0.0.0.0", port))
while True:
    connection, _ = listener.accept()
    try:
        connection.sendall(os.uname().nodename.encode() + b"\\n")
    except OSError:
        pass
    connection.close()
"""

SCRIPT = f"""#!/bin/sh
### BEGIN INIT INFO
# Provides:          maxscale
# Required-Start:    $network
# Required-Stop:     $network
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: database proxy (a stand-in)
### END INIT INFO
# Status as in the LSB: 0 runs, 1 is dead but its pid file is there, 3 does not run.

program={PROGRAM}
configuration={CONFIGURATION}
pidfile=/run/maxscale.pid
log=/var/log/maxscale.log

# Shell only, no other program: this is called again and again.
running() {{
    [ -r "$pidfile" ] && read -r pid <"$pidfile" && [ -e "/proc/$pid/exe" ] || return 1
    # A process which is ending still has a name, but no program any more.
    read -r name <"/proc/$pid/comm" && [ "$name" = maxscale ] && [ -e "/proc/$pid/exe" ]
}}

listening() {{
    read -r port <"$configuration"
    hex=$(printf ':%04X' "$port")
    while read -r _ local _ state _; do
        [ "$state" = 0A ] && [ "${{local#*:}}" = "${{hex#:}}" ] && return 0
    done </proc/net/tcp
    return 1
}}

launch() {{
    running && return 0
    [ -x "$program" ] || return 1
    setsid "$program" -f "$configuration" -d </dev/null >>"$log" 2>&1 &
    echo $! >"$pidfile"
    tries=0
    while [ $tries -lt 200 ]; do
        listening && running && return 0
        sleep 0.02
        tries=$((tries + 1))
    done
    return 1
}}

terminate() {{
    running || {{ rm -f "$pidfile"; return 0; }}
    kill "$pid"
    tries=0
    while running; do
        [ $tries -lt 200 ] || kill -9 "$pid"
        sleep 0.02
        tries=$((tries + 1))
    done
    rm -f "$pidfile"
}}

case $1 in
start)
    echo "Checking MaxScale Status..."
    echo "Starting MaxScale..."
    launch && echo "MaxScale Started..." || {{ echo "MaxScale FAILED to start: cannot run $program"; exit 1; }}
    ;;
stop)
    echo "Checking MaxScale Status..."
    echo "Stopping MaxScale..."
    terminate && echo "MaxScale Stopped..." || {{ echo "MaxScale FAILED to stop"; exit 1; }}
    ;;
restart | force-reload)
    echo "Checking MaxScale Status..."
    echo "Restarting MaxScale..."
    terminate && launch && echo "MaxScale Started..." || {{ echo "MaxScale FAILED to restart: cannot run $program"; exit 1; }}
    ;;
status)
    echo "Checking MaxScale Status..."
    if running; then
        echo "MaxScale is RUNNING..."
    else
        echo "MaxScale is NOT RUNNING..."
        [ -e "$pidfile" ] && exit 1
        exit 3
    fi
    ;;
*)
    echo "usage: $0 start|stop|restart|force-reload|status" >&2
    exit 2
    ;;
esac
"""


def install(host):
    host.write_file(PROGRAM, SERVER, mode=0o755)
    host.write_file(CONFIGURATION, f"{PORT}\n")
    host.write_file("/etc/init.d/maxscale", SCRIPT, mode=0o755)


def damage(host):
    """As in an operator's test: the program is renamed, its process is killed; a start will fail."""
    host.run(["mv", PROGRAM, PROGRAM + ".1"])
    host.kill("maxscale")


def repair(host):
    host.run(["mv", PROGRAM + ".1", PROGRAM])


def answer(client, address, timeout=5):
    """The name of the host which answers at the address on MaxScale's port; None: nobody."""
    ask = f"import socket; print(socket.create_connection(('{address}', {PORT}), 2).recv(99).decode().strip())"
    result = client.call(["/usr/bin/python3", "-ISc", ask], timeout=timeout)
    return result.stdout.strip() if result.status == 0 and result.stdout.strip() else None
