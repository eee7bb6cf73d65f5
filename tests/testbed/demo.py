#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The main job, shown: three hosts, one virtual address pinned to test3, a service cloned on all of them; then things break.

usage: demo.py --build BUILD [--keep]
"""

import argparse
import os
import shlex
import shutil
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from testbed import cli, halyard, maxscale  # noqa: E402
from testbed.cluster import Testbed  # noqa: E402
from testbed.halyard import Halyard  # noqa: E402

BOLD, DIM, GREEN, RED, PLAIN = ("\033[1m", "\033[2m", "\033[32m", "\033[31m", "\033[0m")
if not sys.stdout.isatty():
    BOLD = DIM = GREEN = RED = PLAIN = ""

COMMANDS = [
    "configure property 'stonith-enabled'='false'",
    'configure primitive ClusterIP ocf:heartbeat:IPaddr2 params ip=172.100.102.110 nic="eth0:0" cidr_netmask=24 '
    "op monitor interval=30s meta target-role=Started",
    "configure primitive MaxScale lsb:maxscale op monitor interval=1s timeout=15s "
    "op start interval=0 timeout=15s on-fail=standby op stop interval=0 timeout=30s meta migration-threshold=3",
    "configure clone clone_max MaxScale",
    "configure location clusterIP-preffer ClusterIP inf: test3",
]


def say(text):
    print(f"\n{BOLD}== {text}{PLAIN}", flush=True)


class Demo:
    def __init__(self, testbed):
        self.testbed = testbed
        self.cluster = Halyard(testbed)
        self.outages = []
        self.two_holders_ms = 0

    def type(self, host, command):
        """An operator's line, and what it prints."""
        print(f"{DIM}[root@{host} ~]#{PLAIN} hactl {command}", flush=True)
        print(self.cluster.check(host, *shlex.split(command)), end="", flush=True)

    def status(self, host):
        self.type(host, "status")

    def build_cluster(self):
        say("Three hosts: " + ", ".join(f"{h.name} {h.address}" for h in self.testbed.hosts))
        nodes = " ".join(f"{h.name}={h.address}" for h in self.testbed.hosts)
        print(f"{DIM}[root@test1 ~]#{PLAIN} hactl cluster init --name seed {nodes}")
        self.cluster.init()
        for host in self.testbed.hosts:
            maxscale.install(host)
        self.cluster.start_at_boot()
        for host in self.testbed.hosts:
            print(f"{DIM}[root@{host.name} ~]#{PLAIN} halyardd")
        self.cluster.start()
        self.cluster.wait_dc()
        say("The article's commands")
        for command in COMMANDS:
            self.type("test1", command)
        self.everywhere()
        self.status("test1")

    def everywhere(self):
        """The address at test3, the service on all three."""
        self.cluster.wait_holder(["test3"])

        def cloned():
            return "Started: [ test1 test3 test5 ]" in self.cluster.hactl("test1", "status").stdout

        self.testbed.wait_until(cloned, 30, "MaxScale runs on all three hosts")

    def scene(self, title, break_it, holder, show):
        """One fault, watched by a client that pings the address every 4 ms and asks by ARP who answers for it."""
        say(title)
        with self.testbed.who_has() as who, self.testbed.ping() as ping:
            ping.wait_answered()
            break_it()
            self.cluster.wait_holder([holder])
            seen = ping.wait_steady()
            doubles = who.stop()["several"]
        outage = seen["longest_gap_ms"]
        self.two_holders_ms = max(self.two_holders_ms, doubles["longest_ms"])
        self.outages.append((title, outage))
        self.status(show)
        print(f"{GREEN}the client was without 172.100.102.110 for {outage:.0f} ms; it is on {holder} now{PLAIN}", flush=True)

    def play(self):
        test1, test3, test5 = (self.testbed[name] for name in ("test1", "test3", "test5"))

        def damage():
            print(f"{DIM}[root@test3 bin]#{PLAIN} mv maxscale maxscale.1; kill `pidof maxscale`")
            maxscale.damage(test3)

        def mend():
            print(f"{DIM}[root@test3 bin]#{PLAIN} mv maxscale.1 maxscale; service maxscale restart")
            maxscale.repair(test3)
            test3.service("maxscale", "restart")
            self.type("test1", "resource cleanup clone_max")

        self.scene("The proxy on test3 breaks: test3 goes standby, the address leaves", damage, "test1", "test1")
        self.scene("It is repaired and cleaned up: the address comes back", mend, "test3", "test1")
        self.everywhere()
        self.scene("test3 loses its power", test3.power_off, "test1", "test1")
        self.scene("test3 has power again", test3.power_on, "test3", "test1")
        self.everywhere()
        self.scene(
            "test3 is cut off from the two others, its cable in place",
            lambda: self.testbed.cut([test3], [test1, test5]),
            "test1",
            "test1",
        )
        say("What the host that was cut off shows")
        self.status("test3")
        self.scene("The cut is healed", self.testbed.heal, "test3", "test1")
        self.everywhere()

    def summary(self):
        say("What the client saw")
        for title, outage in self.outages:
            print(f"{outage:7.0f} ms  {title}")
        colour = RED if self.two_holders_ms else GREEN
        print(f"{colour}two hosts answered for the address at once: {self.two_holders_ms:.0f} ms{PLAIN}", flush=True)


def keep_running():
    tool = os.path.relpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "halyard-testbed"))
    print("\nThe hosts go on running.")
    print(f"  to type into one:   {tool} --name demo shell test3")
    print(f"  to break something: {tool} --name demo fault --help")
    print(f"  to end them:        {tool} --name demo down")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, help="the build folder")
    parser.add_argument("--keep", action="store_true", help="leave the hosts running at the end")
    arguments = parser.parse_args()
    began = time.monotonic()
    folder = cli.default_directory("demo") if arguments.keep else tempfile.mkdtemp(prefix="halyard-demo-")
    if arguments.keep:
        try:
            os.mkdir(folder, 0o700)
        except FileExistsError:
            sys.exit(f"{folder} is there: a demo goes on running; `halyard-testbed --name demo down` ends it")
    try:
        layer = halyard.stage(arguments.build, os.path.join(folder, "layer"))
        options = {"keep": True, "directory": folder} if arguments.keep else {}
        testbed = Testbed(layers=[layer], path=halyard.search_path(layer), **options)
        testbed.up()
        try:
            demo = Demo(testbed)
            demo.build_cluster()
            demo.play()
            demo.summary()
        except BaseException:
            testbed.down()
            raise
        if arguments.keep:
            testbed.save()
            keep_running()
        else:
            testbed.down()
    finally:
        if not arguments.keep:
            shutil.rmtree(folder, ignore_errors=True)
    print(f"\nAll of it took {time.monotonic() - began:.0f} s.")
    return 1 if demo.two_holders_ms else 0


if __name__ == "__main__":
    sys.exit(main())
