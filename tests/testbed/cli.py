# SPDX-License-Identifier: Apache-2.0
"""The commands of halyard-testbed."""

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time

from . import cluster, disk, maxscale, wait
from .cluster import Testbed
from .probe import find_probe

FAULTS = """faults (HOST may be a list with commas; "client" is one too):
  fault power-off HOST           everything ends at once; its disk stays
  fault power-on HOST
  fault pull HOST | plug HOST    the network cable
  fault cut A,B C                nothing passes between the sets, carriers stay; without C: all other hosts
  fault cut-one-way A B          what A sends does not reach B
  fault isolate HOST             nothing passes to or from HOST
  fault loss HOST PERCENT        of what it sends, and of what is sent to it
  fault kill HOST WHAT           kill -9 of processes, by name or pid inside the host
  fault freeze HOST [WHAT]       stop processes, or all of the host
  fault thaw HOST [WHAT]
  fault break-maxscale HOST | repair-maxscale HOST
  fault wipe-state HOST          empties its /var/lib/halyard; for these the daemon must not run there
  fault set-aside HOST LABEL | bring-back HOST LABEL     its /var/lib/halyard
  fault copy-state HOST OTHER    the other host gets its /var/lib/halyard
  fault flip-byte HOST FILE [OFFSET]   of a file in /var/lib/halyard; without OFFSET in the middle
  fault heal                     everything as at the start, but for what was done to disks
"""


def default_directory(name):
    return os.path.join(tempfile.gettempdir(), f"halyard-testbed-{os.getuid()}-{name}")


def _attach(arguments):
    directory = default_directory(arguments.name)
    if not os.path.isdir(directory):
        raise RuntimeError(f"there is no testbed {arguments.name}: start one with halyard-testbed up --keep")
    if os.stat(directory).st_uid != os.getuid():
        raise RuntimeError(f"{directory} belongs to somebody else")
    return Testbed.attach(directory)


def _pairs(words):
    for word in words:
        if word.count("=") != 1:
            raise RuntimeError(f"a host is given as NAME=ADDRESS, not {word}")
    return dict(word.split("=") for word in words)


def up(arguments):
    directory = default_directory(arguments.name)
    try:
        os.mkdir(directory, 0o700)
    except FileExistsError:
        raise RuntimeError(f"{directory} is there: halyard-testbed down ends the testbed {arguments.name}") from None
    testbed = Testbed(
        _pairs(arguments.hosts) or None,
        client=arguments.client,
        interface=arguments.interface,
        vip=arguments.vip,
        layers=arguments.layer,
        shares=arguments.share,
        path=arguments.path,
        storage=arguments.storage,
        second=arguments.second,
        keep=arguments.keep,
        directory=directory,
    )
    testbed.up()
    try:
        find_probe(testbed)
        if arguments.maxscale:
            for host in testbed.hosts:
                maxscale.install(host)
                host.run(["/etc/init.d/maxscale", "start"])
        show(testbed)
        if arguments.keep:
            return 0
        print("Runs until it is interrupted (Ctrl-C); halyard-testbed shell HOST in another terminal enters it.", flush=True)
        while True:
            signal.pause()
    except BaseException:
        testbed.down()
        raise


def show(testbed):
    for host in [*testbed.hosts, testbed.client]:
        state = "on" if host.is_on else "off"
        print(f"{host.name:15} {host.address:15} {host.interface} {host.mac} {state}{'' if host.plugged else ', cable pulled'}")
    for rule in testbed.switch.rules():
        print(f"switch: {rule}")
    sys.stdout.flush()


def add(arguments):
    testbed = _attach(arguments)
    for name, address in _pairs(arguments.hosts).items():
        testbed.add_host(name, address)
    show(testbed)
    return 0


def down(arguments):
    directory = default_directory(arguments.name)
    try:
        _attach(arguments).down()
    except RuntimeError:
        if os.path.exists(os.path.join(directory, "state.json")):
            print(f"the testbed had ended without its keeper; removing {directory}", file=sys.stderr)
            shutil.rmtree(directory)
            return 0
        raise
    wait.wait_until(lambda: not os.path.exists(directory), 60, f"{directory} is removed")
    return 0


def _become(host, argv):
    command = host.enter_command(argv)
    os.execvpe(command[0], command, host.testbed.environment())


def execute(arguments):
    host = _attach(arguments).host(arguments.host)
    _become(host, arguments.command or ["true"])


def shell(arguments):
    host = _attach(arguments).host(arguments.host)
    _become(host, [f"PS1=[root@{host.name} \\W]# ", "bash", "--norc", "-i"])


def status(arguments):
    testbed = _attach(arguments)
    print(testbed.report(lines=20)) if arguments.long else show(testbed)
    return 0


def probe(arguments):
    testbed = _attach(arguments)
    address = arguments.address or testbed.vip
    with testbed.ping(address) if arguments.kind == "ping" else testbed.who_has(address) as running:
        try:
            end = time.monotonic() + arguments.seconds if arguments.seconds else None
            while end is None or time.monotonic() < end:
                time.sleep(min(1, max(0, end - time.monotonic())) if end else 1)
        except KeyboardInterrupt:
            pass
        print(json.dumps(running.stop(), indent=1))
    return 0


def _processes(words):
    return [int(word) if word.isdigit() else word for word in words]


# What a fault is called, how many words follow it, and what it does with them.
HOST_FAULTS = {
    "power-off": (0, 0, lambda host: host.power_off()),
    "power-on": (0, 0, lambda host: host.power_on()),
    "pull": (0, 0, lambda host: host.pull()),
    "plug": (0, 0, lambda host: host.plug()),
    "kill": (1, 99, lambda host, *what: host.kill(_processes(what))),
    "freeze": (0, 99, lambda host, *what: host.freeze(_processes(what) or None)),
    "thaw": (0, 99, lambda host, *what: host.thaw(_processes(what) or None)),
    "break-maxscale": (0, 0, maxscale.damage),
    "repair-maxscale": (0, 0, maxscale.repair),
    "wipe-state": (0, 0, disk.wipe),
    "set-aside": (1, 1, disk.put_aside),
    "bring-back": (1, 1, disk.bring_back),
    "copy-state": (1, 1, lambda host, other: disk.copy(host, host.testbed.host(other))),
    "flip-byte": (1, 2, lambda host, *where: print(f"flipped the byte at {disk.flip_byte(host, *where)}")),
}
NETWORK_FAULTS = {
    "cut": (0, 1, lambda testbed, a, b=None: testbed.cut(a, b and b.split(","))),
    "cut-one-way": (1, 1, lambda testbed, a, b: testbed.cut_one_way(a, b.split(","))),
    "isolate": (0, 0, lambda testbed, a: testbed.isolate(a)),
    "loss": (1, 1, lambda testbed, a, percent: testbed.loss(a, float(percent))),
}


def fault(arguments):
    testbed = _attach(arguments)
    kind, words = arguments.kind, arguments.words
    if kind == "heal" and not words:
        testbed.heal()
        return 0
    least, most, act = HOST_FAULTS.get(kind) or NETWORK_FAULTS.get(kind) or (0, -1, None)
    if act is None or not words or not least <= len(words) - 1 <= most:
        print(FAULTS, file=sys.stderr, end="")
        return 2
    hosts = words[0].split(",")
    if kind in NETWORK_FAULTS:
        act(testbed, hosts, *words[1:])
    else:
        for host in hosts:
            act(testbed.host(host), *words[1:])
    return 0


def parser():
    top = argparse.ArgumentParser(
        prog="halyard-testbed",
        description="A network of small hosts on one machine.",
        epilog=FAULTS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--name", default="default", help="of the testbed; there may be several")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def command(name, act, text):
        made = commands.add_parser(name, help=text)
        made.set_defaults(act=act)
        return made

    start = command("up", up, "start a testbed")
    start.add_argument("hosts", nargs="*", metavar="NAME=ADDRESS", help="default: test1, test3 and test5")
    start.add_argument("--keep", action="store_true", help="leave it running")
    start.add_argument("--client", default=cluster.CLIENT, metavar="ADDRESS")
    start.add_argument("--vip", default=cluster.VIP, metavar="ADDRESS", help="what the probes ask for")
    start.add_argument("--interface", default="eth0", help="its name on the hosts")
    start.add_argument("--layer", action="append", default=[], metavar="FOLDER", help="as from make install DESTDIR=FOLDER")
    start.add_argument("--share", action="append", default=[], metavar="FOLDER", help="which the hosts may write to")
    start.add_argument("--path", action="append", default=[], metavar="FOLDER", help="first in the hosts' PATH")
    start.add_argument("--storage", choices=["memory", "disk"], default="memory", help="where the hosts' disks are")
    start.add_argument("--second", metavar="NETWORK", help="a second network for the hosts, such as 10.20.30.0/24")
    start.add_argument("--maxscale", action="store_true", help="install and start the stand-in for MaxScale")
    more = command("add", add, "one more host, with an empty disk, while it runs")
    more.add_argument("hosts", nargs="+", metavar="NAME=ADDRESS")
    command("down", down, "end it")
    command("status", status, "what is on, and the faults").add_argument("--long", action="store_true")
    command("shell", shell, "a shell on a host").add_argument("host")
    run = command("exec", execute, "a command on a host")
    run.add_argument("host")
    run.add_argument("command", nargs=argparse.REMAINDER)
    inject = command("fault", fault, "inject or heal a fault (below)")
    inject.add_argument("kind")
    inject.add_argument("words", nargs="*")
    for kind, text in (("ping", "ping an address from the client"), ("who", "ask who answers for an address")):
        ask = command(kind, probe, text)
        ask.set_defaults(kind=kind)
        ask.add_argument("address", nargs="?")
        ask.add_argument("--seconds", type=float)
    return top


def main():
    arguments = parser().parse_args()
    if arguments.act is up:
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler)
    try:
        return arguments.act(arguments)
    except KeyboardInterrupt:
        return 130
    except (AssertionError, KeyError, OSError, RuntimeError, ValueError) as error:
        print(f"halyard-testbed: {error.args[0] if isinstance(error, KeyError) else error}", file=sys.stderr)
        return 1
