# SPDX-License-Identifier: Apache-2.0
"""The switch: one bridge in a network namespace of its own, a port for each host, and the faults of a network."""

import ipaddress

from . import spaces

BRIDGE = "switch0"
PREFIX6 = ipaddress.ip_network("fd72:100:102::/64")


def mac_of(index):
    """The same after each power-on, as that of a real network card. 02: locally administered."""
    return f"02:48:59:00:00:{index:02x}"


def address6_of(index):
    return str(PREFIX6[index])


def port_name(name, index):
    """The port carries the name of its host where the kernel allows that (15 characters)."""
    return name if len(name) <= 15 and "/" not in name and name not in (BRIDGE, "lo") else f"port{index}"


class Switch:
    """State and rules of the bridge. Every fault is a drop rule there, so that hosts keep their carrier."""

    def __init__(self, pid):
        self.pid = pid  # the first process of the testbed: its network namespace is the switch
        self.cuts = set()  # (from port, to port)
        self.losses = {}  # port -> per cent
        self.dark = set()  # ports of which nothing passes, while a host is switched off

    def create(self):
        self._ip([f"link add {BRIDGE} type bridge stp_state 0 forward_delay 0 mcast_snooping 0", f"link set {BRIDGE} up"])
        self.apply()

    def _ip(self, lines):
        spaces.run(self.pid, ["net"], ["ip", "-batch", "-"], "\n".join(lines) + "\n")

    def connect(self, host, prefix_length):
        """Give a host (which is a set of namespaces, without any interface so far) its interface and its addresses."""
        self._ip(
            [
                f"link add {host.port} type veth peer name {host.interface} address {host.mac} netns {host.pid}",
                f"link set {host.port} master {BRIDGE}",
                f"link set {host.port} up",
            ]
        )
        lines = [
            "link set lo up",
            f"addr add {host.address}/{prefix_length} broadcast + dev {host.interface}",
            f"addr add {host.address6}/{PREFIX6.prefixlen} dev {host.interface} nodad",
            f"link set {host.interface} up",
        ]
        spaces.run(host.pid, ["net"], ["ip", "-batch", "-"], "\n".join(lines) + "\n")

    def disconnect(self, host):
        """Remove the port; its other end, the host's interface, goes with it. It may have gone already."""
        if host.port in self._ports():
            try:
                self._ip([f"link del {host.port}"])
            except RuntimeError:
                if host.port in self._ports():
                    raise

    def _ports(self):
        lines = spaces.run(self.pid, ["net"], ["ip", "-o", "link", "show"]).splitlines()
        return {line.split(": ")[1].split("@")[0] for line in lines}

    def set_carrier(self, host, plugged):
        self._ip([f"link set {host.port} {'up' if plugged else 'down'}"])

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
