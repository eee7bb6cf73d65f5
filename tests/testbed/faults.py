# SPDX-License-Identifier: Apache-2.0
"""Faults of the network between hosts. Faults of one host (power, cable, processes) are in host.py."""


def _as_list(names):
    return [names] if isinstance(names, str) or not hasattr(names, "__iter__") else list(names)


class NetworkFaults:
    """Mixed into Testbed. Hosts are given by name or as objects, the client included; all keep their carrier."""

    def _ports(self, hosts):
        return [self.host(host).port for host in _as_list(hosts)]

    def cut(self, one_side, other_side=None):
        """Nothing passes between two sets of hosts, in either way. Without a second set: all others but the client."""
        ours = self._ports(one_side)
        theirs = self._ports([h for h in self.hosts if h.port not in ours] if other_side is None else other_side)
        for a in ours:
            for b in theirs:
                self.switch.cuts |= {(a, b), (b, a)}
        self._network_changed()

    def cut_one_way(self, sources, destinations):
        """What the first send does not reach the second; the other way stays open."""
        self.switch.cuts |= {(a, b) for a in self._ports(sources) for b in self._ports(destinations)}
        self._network_changed()

    def isolate(self, hosts):
        """Each of the hosts loses sight of everybody, the client included."""
        everybody = [h.port for h in self.hosts] + [self.client.port]
        for a in self._ports(hosts):
            self.switch.cuts |= {pair for b in everybody if b != a for pair in ((a, b), (b, a))}
        self._network_changed()

    def loss(self, hosts, percent):
        """So many per cent of the frames from, and as many of those to, the hosts are lost. 0 ends it."""
        if not 0 <= percent <= 100:
            raise ValueError(f"loss is given in per cent, from 0 to 100, not {percent}")
        for port in self._ports(hosts):
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
