# SPDX-License-Identifier: Apache-2.0
"""Halyard on the hosts of a testbed: install a build, make a cluster, start and stop it, ask it."""

import os
import re
import signal
import subprocess

from . import disk

CONFIGURATION = "/etc/halyard/halyard.conf"
LOG = "/var/log/halyard.log"
DAEMON = "halyardd"
# The daemon's own option by which its first process (the executor) starts the core: it tells them apart.
CORE_MARK = "--executor-fd"


def stage(build, directory):
    """make install of a build folder below a directory; the result is a layer for Testbed(layers=[...])."""
    done = subprocess.run(
        ["make", "-s", "-C", build, "install", f"DESTDIR={os.path.abspath(directory)}"], capture_output=True, text=True
    )
    if done.returncode != 0:
        raise RuntimeError(f"testbed: make install of {build} failed:\n{done.stdout}{done.stderr}")
    return directory


def search_path(layer):
    """The folders of programs in a layer, as the hosts see them: whatever --prefix the build was made with."""
    found = []
    for place, folders, _ in os.walk(layer):
        for folder in ("sbin", "bin"):
            if folder in folders:
                found.append(os.path.join("/", os.path.relpath(os.path.join(place, folder), layer)))
    return sorted(found, reverse=True)


class Halyard:
    """A cluster of all hosts of the testbed, of which the build is a layer.

    layer = halyard.stage("/path/to/build", folder)
    with Testbed(layers=[layer], path=halyard.search_path(layer)) as testbed:
        cluster = Halyard(testbed)
        cluster.init()
        cluster.start()
        cluster.wait_dc()
        cluster.hactl("test1", "status").stdout
    """

    def __init__(self, testbed, name="seed"):
        self.testbed = testbed
        self.name = name

    def _hosts(self, hosts):
        chosen = self.testbed.hosts if hosts is None else hosts
        return [self.testbed.host(host) for host in ([chosen] if isinstance(chosen, str) else chosen)]

    # Configuration

    def init(self, options=()):
        """Let hactl make the configuration and the keys of all nodes, on the first host, and give each node its own."""
        first = self.testbed.hosts[0]
        out = "/root/cluster-init"
        nodes = [f"{host.name}={host.address}" for host in self.testbed.hosts]
        first.run(["rm", "-rf", out])
        first.run(["hactl", "cluster", "init", "--name", self.name, "--out", out, *options, *nodes])
        for host in self.testbed.hosts:
            self._give(first, f"{out}/{host.name}", host)
            self._put_state(host)

    def add(self, host, via, options=()):
        """Let hactl enrol one more host, on a host of the cluster, and give the new one its files; what hactl says."""
        first, host = self.testbed.host(via), self.testbed.host(host)
        out = "/root/cluster-add"
        first.run(["rm", "-rf", out])
        said = first.run(["hactl", "cluster", "add", f"{host.name}={host.address}", "--out", out, *options])
        self._give(first, f"{out}/{host.name}", host)
        return said

    @staticmethod
    def _put_state(host):
        """Wherever the build would have it: disk.py looks for it here."""
        text = host.read_file(CONFIGURATION)
        host.write_file(CONFIGURATION, f'{text}\npaths = {{ state = "{disk.STATE}"; }};\n', mode=0o640)

    def set_links(self, text):
        """What stands between the parentheses of `links = ( ... );` in the configuration of all hosts."""
        for host in self.testbed.hosts:
            old = host.read_file(CONFIGURATION)
            new, count = re.subn(r"^links = \(.*?\);$", lambda _: f"links = ( {text} );", old, flags=re.M | re.S)
            if count != 1:
                raise RuntimeError(f"testbed: no links in the configuration of {host.name}:\n{old}")
            host.write_file(CONFIGURATION, new, mode=0o640)

    def second_addresses(self):
        """The setting `addresses` for a link over the second network."""
        return "addresses = { " + " ".join(f'{host.name} = "{host.address2}";' for host in self.testbed.hosts) + " };"

    @staticmethod
    def _give(first, folder, host):
        """Copy the files of a node's folder to its /etc/halyard, with their modes."""
        source = first.path(folder)
        if not os.path.isdir(source):
            made = "\n".join(sorted(os.listdir(os.path.dirname(source))))
            raise RuntimeError(f"testbed: hactl cluster init made no folder {folder}; there are:\n{made}")
        for place, _, names in os.walk(source):
            for name in names:
                path = os.path.join(place, name)
                with open(path, "rb") as file:
                    content = file.read()
                inside = os.path.join("/etc/halyard", os.path.relpath(path, source))
                host.write_file(inside, content, mode=os.stat(path).st_mode & 0o777)

    # Life

    def start(self, hosts=None):
        for host in self._hosts(hosts):
            host.run([DAEMON, "-c", CONFIGURATION])

    def start_at_boot(self, hosts=None, services=()):
        """As chkconfig on: after a power-on services and the daemon start by themselves."""
        lines = [f"/etc/init.d/{service} start" for service in services]
        lines.append(f"{DAEMON} -c {CONFIGURATION} >>{LOG} 2>&1 </dev/null")
        for host in self._hosts(hosts):
            host.write_file("/etc/rc.local", "\n".join(["#!/bin/sh", *lines]) + "\n", mode=0o755)

    def stop(self, hosts=None, timeout=60):
        """As an operator stops it: SIGTERM to its first process, which ends the others."""
        for host in self._hosts(hosts):
            for process in self.executors(host):
                process.kill(signal.SIGTERM)
        for host in self._hosts(hosts):
            self.testbed.wait_until(lambda: not host.find(DAEMON), timeout, f"{DAEMON} ends on {host.name}")

    # Its processes

    def executors(self, host):
        """The first process of the daemon."""
        daemons = self.testbed.host(host).find(DAEMON)
        pids = {process.pid for process in daemons}
        return [process for process in daemons if process.parent not in pids]

    def cores(self, host):
        return [p for p in self.testbed.host(host).processes() if any(arg.startswith(CORE_MARK) for arg in p.argv)]

    def daemons(self, host):
        """All its processes: the executor, and whatever descends from it."""
        everybody = self.testbed.host(host).processes()
        family = {process.pid for process in self.executors(host)}
        while True:
            more = {process.pid for process in everybody if process.parent in family} - family
            if not more:
                return [process for process in everybody if process.pid in family]
            family |= more

    # Asking it

    def hactl(self, host, *arguments, input=None, timeout=60):
        """Result(status, stdout, stderr)."""
        return self.testbed.host(host).call(["hactl", *arguments], input=input, timeout=timeout)

    def check(self, host, *arguments, input=None, timeout=60):
        """hactl, which must succeed; its standard output."""
        return self.testbed.host(host).run(["hactl", *arguments], input=input, timeout=timeout)

    def configure(self, host, text):
        """Load a configuration in crm's syntax."""
        return self.check(host, "configure", "load", "update", "-", input=text)

    def dc(self, host):
        """The DC by its name, as the status of a node tells it; None: it knows none."""
        result = self.hactl(host, "status", timeout=30)
        for line in result.stdout.splitlines():
            if line.strip().startswith("Current DC:"):
                name = line.split(":", 1)[1].split()[:1]
                return name[0] if name and name[0] != "NONE" else None
        return None

    def wait_dc(self, hosts=None, timeout=60):
        """Until all hosts agree on one DC; its name."""
        chosen = self._hosts(hosts)

        def agreed():
            names = {self.dc(host) for host in chosen}
            return names.pop() if len(names) == 1 and None not in names else None

        return self.testbed.wait_until(agreed, timeout, f"{', '.join(h.name for h in chosen)} have a DC in common")

    def wait_holder(self, names=None, address=None, timeout=60):
        """Until exactly one host has the virtual address (one of the names, if given); its name."""

        def one():
            holders = self.testbed.holders(address)
            return holders[0] if len(holders) == 1 and (names is None or holders[0] in names) else None

        return self.testbed.wait_until(one, timeout, f"one of {names or 'all'} has {address or self.testbed.vip}")

