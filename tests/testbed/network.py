# SPDX-License-Identifier: Apache-2.0
"""The switch: one bridge in a network namespace of its own, a port for each host, and the faults of a network."""

import ipaddress
from collections import namedtuple

from . import spaces

BRIDGE = "switch0"
SECOND_BRIDGE = "switch1"  # of the second network, where there is one
SECOND_INTERFACE = "eth1"
PREFIX6 = ipaddress.ip_network("fd72:100:102::/64")


# Where a host is connected to a network, the first (1) or the second (2).
Plug = namedtuple("Plug", "network bridge port interface mac address prefix_length")


def mac_of(index, network=1):
    """The same after each power-on, as that of a real network card. 02: locally administered."""
    return f"02:48:59:00:{network - 1:02x}:{index:02x}"


def second_address_of(network, address):
    """In the second network each host has the number that it has in the first."""
    return str(network[int(address.rsplit(".", 1)[1])])


def address6_of(index):
    return str(PREFIX6[index])


def port_name(name, index):
    """The port carries the name of its host where the kernel allows that (15 characters)."""
    return name if len(name) <= 15 and "/" not in name and name not in (BRIDGE, SECOND_BRIDGE, "lo") else f"port{index}"


class Switch:
    """State and rules of the bridges. Every fault is a drop rule there, so that hosts keep their carrier."""

    def __init__(self, pid, bridges=(BRIDGE,)):
        self.pid = pid  # the first process of the testbed: its network namespace is the switch
        self.bridges = bridges
        self.cuts = set()  # (from port, to port)
        self.losses = {}  # port -> per cent
        self.dark = set()  # ports of which nothing passes, while a host is switched off

    def create(self):
        for bridge in self.bridges:
            settings = "stp_state 0 forward_delay 0 mcast_snooping 0"
            self._ip([f"link add {bridge} type bridge {settings}", f"link set {bridge} up"])
        self.apply()

    def _ip(self, lines):
        spaces.run(self.pid, ["net"], ["ip", "-batch", "-"], "\n".join(lines) + "\n")

    def connect(self, host):
        """Give a host (which is a set of namespaces, without any interface so far) its interfaces and its addresses."""
        lines = ["link set lo up"]
        for plug in host.plugs:
            self.add_port(host, plug)
            lines.append(f"addr add {plug.address}/{plug.prefix_length} broadcast + dev {plug.interface}")
            if plug.network == 1:
                lines.append(f"addr add {host.address6}/{PREFIX6.prefixlen} dev {plug.interface} nodad")
            lines.append(f"link set {plug.interface} up")
        spaces.run(host.pid, ["net"], ["ip", "-batch", "-"], "\n".join(lines) + "\n")

    def add_port(self, host, plug):
        self._ip(
            [
                f"link add {plug.port} type veth peer name {plug.interface} address {plug.mac} netns {host.pid}",
                f"link set {plug.port} master {plug.bridge}",
                f"link set {plug.port} up",
            ]
        )

    def disconnect(self, host):
        for plug in host.plugs:
            self.remove_port(plug)

    def remove_port(self, plug):
        """Its other end, the host's interface, goes with it. It may have gone already."""
        if plug.port in self._ports():
            try:
                self._ip([f"link del {plug.port}"])
            except RuntimeError:
                if plug.port in self._ports():
                    raise

    def _ports(self):
        lines = spaces.run(self.pid, ["net"], ["ip", "-o", "link", "show"]).splitlines()
        return {line.split(": ")[1].split("@")[0] for line in lines}

    def set_carrier(self, plug, plugged):
        self._ip([f"link set {plug.port} {'up' if plugged else 'down'}"])

    def rules(self):
        lines = [f'iifname "{p}" drop' for p in sorted(self.dark)] + [f'oifname "{p}" drop' for p in sorted(self.dark)]
        lines += [f'iifname "{a}" oifname "{b}" drop' for a, b in sorted(self.cuts)]
        for port, percent in sorted(self.losses.items()):
            chance = "" if percent == 100 else f"numgen random mod 10000 < {round(percent * 100)} "
            lines += [f'{way} "{port}" {chance}drop' for way in ("iifname", "oifname")]
        return lines

    def apply(self):
        """One transaction: no packet sees half of a change."""
        script = "table bridge testbed\ndelete table bridge testbed\ntable bridge testbed {\n chain forward {\n"
        script += "  type filter hook forward priority 0; policy accept;\n"
        script += "".join(f"  {rule}\n" for rule in self.rules()) + " }\n}\n"
        spaces.run(self.pid, ["net"], ["nft", "-f", "-"], script)
