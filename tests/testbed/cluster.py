# SPDX-License-Identifier: Apache-2.0
"""The testbed as a whole: hosts on a switch, a client next to them, and their common end."""

import ipaddress
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

from . import spaces, wait
from .faults import NetworkFaults
from .host import HERE, Host
from .network import BRIDGE, SECOND_BRIDGE, Switch
from .probe import Ping, WhoHas, find_probe

HOSTS = {"test1": "172.100.102.151", "test3": "172.100.102.155", "test5": "172.100.102.160"}
CLIENT = "172.100.102.1"
VIP = "172.100.102.110"


class Testbed(NetworkFaults):
    """with Testbed() as testbed: testbed["test1"].run(["ping", "-c1", "test3"])

    hosts    name -> IPv4 address            client   the client's address, in the same network
    layers   folders laid over the machine's files on each host, as "make install DESTDIR=..." leaves them
    shares   folders of the machine which the hosts may write to
    path     folders which come first in the hosts' PATH
    second   a second network for the hosts, such as "10.20.30.0/24": there each has the number that it has in the first
    storage  "memory": the hosts' disks are in memory; "disk": on the machine's disk, so that fsync has its price
    """

    __test__ = False  # for pytest: the name is no test

    def __init__(self, hosts=None, client=CLIENT, interface="eth0", prefix_length=24, vip=VIP, **options):
        self.interface = interface
        self.prefix_length = prefix_length
        self.vip = vip
        self.layers = [os.path.abspath(layer) for layer in options.pop("layers", [])]
        self.shares = [os.path.abspath(share) for share in options.pop("shares", [])]
        self.path = list(options.pop("path", []))
        self.storage = options.pop("storage", "memory")
        second = options.pop("second", None)
        self.second = ipaddress.ip_network(second) if second else None
        self.keep = options.pop("keep", False)
        self.directory = options.pop("directory", None)
        if options:
            raise TypeError(f"Testbed: no such option: {', '.join(sorted(options))}")
        if self.storage not in ("memory", "disk"):
            raise ValueError(f"Testbed: storage is memory or disk, not {self.storage}")
        self.patience = wait.patience()
        self.pid = None
        self.switch = None
        self._keeper = None
        self._keeper_pid = None
        names = list((hosts or HOSTS).items())
        self.hosts = [Host(self, name, address, interface, 1 + i) for i, (name, address) in enumerate(names)]
        self.client = Host(self, "client", client, interface, 250, own_files=False)
        self.bystanders = []

    def everybody(self):
        return [*self.hosts, self.client, *self.bystanders]

    def host(self, name):
        """A host by its name; the client has one too. A host object is taken as it is."""
        if isinstance(name, Host):
            return name
        for host in self.everybody():
            if host.name == name:
                return host
        raise KeyError(f"no host {name}; there are {', '.join(h.name for h in self.everybody())}")

    def __getitem__(self, name):
        return self.host(name)

    def environment(self):
        """Marks what runs on the machine for this testbed, so that its keeper can find it."""
        return {**os.environ, spaces.MARK: self.directory}

    def host_of_mac(self, mac):
        for host in self.everybody():
            if host.mac == mac:
                return host
        return None

    # Life

    def __enter__(self):
        return self.up()

    def __exit__(self, *_):
        self.down()

    def up(self):
        if self.directory is None:
            self.directory = tempfile.mkdtemp(prefix="halyard-testbed-")
        try:
            self._start_keeper()
            self.switch = self._switch()
            self.switch.create()
            for host in [self.client, *self.hosts]:
                host.power_on()
                self._name(host)
        except BaseException:
            self.down()
            raise
        return self

    def _switch(self):
        return Switch(self.pid, (BRIDGE, SECOND_BRIDGE) if self.second else (BRIDGE,))

    def _name(self, host):
        if host.own_files:
            host.write_file("/etc/hosts", self._hosts_file(host))
            host.write_file("/etc/hostname", host.name + "\n")

    def add_host(self, name, address):
        """One more host, with an empty disk, while the others run; all get to know its name."""
        if any(name == host.name or address == host.address for host in [*self.hosts, self.client]):
            raise ValueError(f"testbed: there is a host {name}, or one with {address}, already")
        host = Host(self, name, address, self.interface, 1 + len(self.hosts))
        host.power_on()
        self.hosts.append(host)
        self.save()
        for one in self.hosts:
            if one.is_on:
                self._name(one)
        return host

    def add_bystander(self, name, address):
        """One more like the client, whom no cut touches that does not name it: it sees all sides. Not there after attach()."""
        host = Host(self, name, address, self.interface, 251 + len(self.bystanders), own_files=False)
        host.power_on()
        self.bystanders.append(host)
        return host

    def _start_keeper(self):
        command = [sys.executable, os.path.join(HERE, "keeper.py"), self.directory, self.storage]
        log = open(os.path.join(self.directory, "keeper.log"), "w") if self.keep else None
        self._keeper = subprocess.Popen(
            command + ["keep" if self.keep else "guard"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
        self._keeper_pid = self._keeper.pid
        if log:
            log.close()
        self.pid = int(spaces.read_line(self._keeper.stdout, 30, "the keeper of the testbed"))

    def _hosts_file(self, host):
        """As on the hosts of a small cluster: each also calls itself current-node."""
        lines = ["127.0.0.1 localhost", "::1 localhost ip6-localhost"]
        lines += [f"{h.address} {h.name}{' current-node' if h is host else ''}" for h in self.hosts]
        return "\n".join([*lines, f"{self.client.address} client"]) + "\n"

    def down(self):
        """End everything, and wait until nothing is left."""
        if self._keeper is not None:
            if self.keep:
                self._keeper.terminate()
            self._keeper.stdin.close()
            self._keeper.stdout.close()
            self._keeper.wait(60)
            shutil.rmtree(self.directory, ignore_errors=True)  # there only if the keeper could not even start
        elif self._keeper_pid is not None:
            spaces.kill(self._keeper_pid, signal.SIGTERM)
            spaces.wait_gone(self._keeper_pid, 60)
        elif self.directory and os.path.isdir(self.directory):
            shutil.rmtree(self.directory)  # it never came to a keeper
        self._keeper = self._keeper_pid = self.pid = None
        for host in self.everybody():
            host._reap()
            host.pid = None
        self.bystanders = []

    # What was there is in a file, so that another process can go on with it

    def save(self):
        if self.pid is None:
            return
        hosts = {
            host.name: {"address": host.address, "pid": host.pid, "pulled": sorted(host.pulled)}
            for host in [*self.hosts, self.client]
        }
        state = {
            "pid": self.pid,
            "started": spaces.start_time(self.pid),
            "keeper": self._keeper_pid,
            "hosts": hosts,
            "cuts": sorted(self.switch.cuts),
            "losses": self.switch.losses,
            "second": str(self.second) if self.second else None,
        }
        for name in ("interface", "prefix_length", "vip", "layers", "shares", "path", "storage"):
            state[name] = getattr(self, name)
        path = os.path.join(self.directory, "state.json")
        with open(path + ".new", "w") as file:
            json.dump(state, file, indent=1)
        os.rename(path + ".new", path)

    @classmethod
    def attach(cls, directory):
        """A testbed which another process has started and kept."""
        with open(os.path.join(directory, "state.json")) as file:
            state = json.load(file)
        if spaces.start_time(state["pid"]) != state["started"]:
            raise RuntimeError(f"testbed: the one of {directory} has ended")
        kept = dict(state["hosts"])
        client = kept.pop("client")
        names = ("interface", "prefix_length", "vip", "layers", "shares", "path", "storage")
        self = cls(
            {name: host["address"] for name, host in kept.items()},
            client=client["address"],
            directory=directory,
            second=state["second"],
            **{name: state[name] for name in names},
        )
        self.pid = state["pid"]
        self._keeper_pid = state["keeper"]
        self.switch = self._switch()
        self.switch.cuts = {tuple(pair) for pair in state["cuts"]}
        self.switch.losses = state["losses"]
        for host in [*self.hosts, self.client]:
            host.pid = state["hosts"][host.name]["pid"]
            host.pulled = set(state["hosts"][host.name]["pulled"])
        return self

    # Measuring and waiting

    def ping(self, address=None, **options):
        """Ask an address (the VIP) for an echo again and again, from the client: see probe.Ping."""
        return Ping(self.client, address or self.vip, find_probe(self), **options)

    def who_has(self, address=None, **options):
        """Ask by ARP again and again who answers for an address, from the client: see probe.WhoHas."""
        return WhoHas(self.client, address or self.vip, find_probe(self), **options)

    def wait_until(self, condition, timeout, what):
        return wait.wait_until(condition, timeout, what, testbed=self)

    def holders(self, address=None):
        """The names of the hosts which have an address (the VIP) on their interface."""
        return [host.name for host in self.hosts if host.has_address(address or self.vip)]

    def report(self):
        return wait.report(self)
