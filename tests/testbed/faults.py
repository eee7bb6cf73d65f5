# SPDX-License-Identifier: Apache-2.0
"""Faults of the network between hosts. Faults of one host (power, cable, processes) are in host.py."""


def _as_list(names):
    return [names] if isinstance(names, str) or not hasattr(names, "__iter__") else list(names)


class NetworkFaults:
    """Mixed into Testbed. Hosts are given by name or as objects, the client included; all keep their carrier.

    Where there are two networks, `network` (1 or 2) names the one that is broken; None: all of them.
    """

    def _ports(self, hosts, network):
        found = [plug for host in _as_list(hosts) for plug in self.host(host).plugs]
        return [plug.port for plug in found if network in (None, plug.network)]

    def cut(self, one_side, other_side=None, network=None):
        """Nothing passes between two sets of hosts, in either way. Without a second set: all others but the client."""
        ours = self._ports(one_side, network)
        chosen = [self.host(host) for host in _as_list(one_side)]
        others = [host for host in self.hosts if host not in chosen] if other_side is None else other_side
        theirs = self._ports(others, network)
        for a in ours:
            for b in theirs:
                self.switch.cuts |= {(a, b), (b, a)}
        self._network_changed()

    def cut_one_way(self, sources, destinations, network=None):
        """What the first send does not reach the second; the other way stays open."""
        self.switch.cuts |= {(a, b) for a in self._ports(sources, network) for b in self._ports(destinations, network)}
        self._network_changed()

    def isolate(self, hosts):
        """Each of the hosts loses sight of everybody, the client included."""
        everybody = self._ports([*self.hosts, self.client], None)
        for a in self._ports(hosts, None):
            self.switch.cuts |= {pair for b in everybody if b != a for pair in ((a, b), (b, a))}
        self._network_changed()

    def loss(self, hosts, percent, network=None):
        """So many per cent of the frames from, and as many of those to, the hosts are lost. 0 ends it."""
        if not 0 <= percent <= 100:
            raise ValueError(f"loss is given in per cent, from 0 to 100, not {percent}")
        for port in self._ports(hosts, network):
            if percent:
                self.switch.losses[port] = percent
            else:
                self.switch.losses.pop(port, None)
        self._network_changed()

    def heal_network(self):
        """No cut and no loss any more; cables and power stay as they are."""
        self.switch.cuts.clear()
        self.switch.losses.clear()
        self._network_changed()

    def heal(self):
        """Everything as at the start: network, cables, frozen processes, power."""
        self.heal_network()
        for host in self.hosts:
            if not host.is_on:
                host.power_on()
            if not host.plugged:
                host.plug()
            host.thaw()

    def _network_changed(self):
        self.switch.apply()
        self.save()
