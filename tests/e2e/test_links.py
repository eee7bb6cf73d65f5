# SPDX-License-Identifier: Apache-2.0
"""Several links: a node is alive while one works. What befalls one is a line in the log, and in hactl status --links."""

import json

from testbed.halyard import LOG

from .test_power import VipCase


class LinksCase(VipCase):
    """Of a subclass: `make_links` gives what stands in the configuration."""

    @classmethod
    def make_cluster(cls):
        super().make_cluster()
        cls.cluster.set_links(cls.make_links())

    def links(self, host):
        """{link: {node: what is measured}}"""
        told = json.loads(self.check(host, "status", "--links", "--json"))
        self.assertEqual(told["seen_from"], host)
        return {link["link"]: {peer["node"]: peer for peer in link["peers"]} for link in told["links"]}

    def state(self, host, link, peer):
        return self.links(host)[link][peer]["state"]

    def wait_state(self, host, link, peer, state):
        self.wait(
            lambda: self.state(host, link, peer) == state,
            lambda: f"link {link} from {host} to {peer} is {state}; it is {self.links(host)[link][peer]}",
        )

    def wait_all_up(self, count):
        def states():
            return {(a, link, b): self.state(a, link, b) for a in self.names for link in range(1, count + 1) for b in self.others(a)}

        self.wait(lambda: set(states().values()) == {"up"}, lambda: f"all links are up; they are {states()}")

    def log_size(self, host):
        return len(self.testbed[host].read_file(LOG))

    def wait_line(self, host, after, *words):
        """Until the log has one line with all of these words; it."""

        def lines():
            new = self.testbed[host].read_file(LOG)[after:].splitlines()
            return [line for line in new if all(word in line for word in words)]

        self.wait(lines, lambda: f"{host} says {words}")
        found = lines()
        self.assertEqual(len(found), 1, found)
        return found[0]


class TwoCase:
    """With a second network; nothing of what befalls it moves anything."""

    def check_nothing_moved(self, holder, who, epochs):
        self.stays_on(holder, who)
        self.assertEqual(self.epochs(), epochs, "a node was declared gone")

    def epochs(self):
        told = json.loads(self.check(self.names[0], "cluster", "status", "--json"))
        return {node["name"]: node["epoch"] for node in told["nodes"]}

    def setUp(self):
        super().setUp()
        self.wait_all_up(2)

    def test_second_is_cut_and_heals(self):
        holder, second, third = self.place(on_dc=False)
        epochs = self.epochs()
        after = {name: self.log_size(name) for name in self.names}
        with self.one_answers() as who:
            self.testbed.cut(holder, [second], network=2)
            self.wait_state(holder, 2, second, "down")
            self.wait_state(second, 2, holder, "down")
            self.assertEqual(self.state(holder, 1, second), "up")
            self.assertEqual(self.state(holder, 2, third), "up")
            line = self.wait_line(second, after[second], f"to {holder} is down: nothing is heard since", "link 2")
            self.assertIn("; link 1 carries on", line)
            self.assertIn(" DOWN ", self.check(second, "status", "--links"))
            self.testbed.heal_network()
            self.wait_all_up(2)
            self.wait_line(second, after[second], f"to {holder} works again; it was down since", "link 2")
            self.check_nothing_moved(holder, who, epochs)

    def test_cable_of_the_second_is_pulled(self):
        holder, second, third = self.place(on_dc=True)
        epochs = self.epochs()
        after = self.log_size(holder)
        with self.one_answers() as who:
            self.testbed[holder].pull(2)
            for other in (second, third):
                self.wait_state(holder, 2, other, "down")
                self.wait_state(other, 2, holder, "down")
            self.wait_line(holder, after, "link 2 is down: eth1 has lost its carrier")
            self.testbed[holder].plug(2)
            self.wait_all_up(2)
            self.check_nothing_moved(holder, who, epochs)

    def test_one_way_is_shown_as_such(self):
        holder, second, _ = self.place(on_dc=False)
        epochs = self.epochs()
        after = self.log_size(holder)
        with self.one_answers() as who:
            self.testbed.cut_one_way(holder, second, network=2)
            self.wait_state(holder, 2, second, "unheard")
            self.wait_state(second, 2, holder, "deaf")
            self.assertIn("ONE WAY: does not hear us", self.check(holder, "status", "--links"))
            self.assertIn("ONE WAY: is not heard", self.check(second, "status", "--links"))
            self.assertIs(self.links(holder)[2][second]["hears_us"], False)
            self.assertIs(self.links(second)[2][holder]["hears_us"], True)
            self.wait_line(holder, after, f"works one way: {second} is heard, and does not hear this node", "link 2")
            self.testbed.heal_network()
            self.wait_all_up(2)
            self.check_nothing_moved(holder, who, epochs)

    def test_losses_make_it_bad(self):
        holder, second, _ = self.place(on_dc=False)
        epochs = self.epochs()
        with self.one_answers() as who:
            self.testbed.loss(second, 25, network=2)
            self.wait_state(holder, 2, second, "bad")
            found = self.links(holder)
            self.assertGreater(found[2][second]["loss_in_ppm"], 50000)
            self.assertEqual(found[1][second]["loss_in_ppm"], 0)
            self.testbed.heal_network()
            self.wait_all_up(2)
            self.assertGreater(self.links(holder)[2][second]["lost"], 0)
            self.check_nothing_moved(holder, who, epochs)

    def test_interface_comes_late(self):
        """The node starts without the interface of its second link, which is tried until it is there."""
        name = self.place(on_dc=False)[2]
        host = self.testbed[name]
        self.cluster.stop(name)
        host.remove_interface(2)
        after = self.log_size(name)
        self.cluster.start(name)
        self.wait_whole()
        self.wait_line(name, after, "link 2", "(yet); trying again each second")
        self.assertIn(" WAITING, ", self.check(name, "status", "--links"))
        host.insert_interface(2)
        host.run(["ip", "address", "add", f"{host.address2}/24", "dev", "eth1"])
        host.run(["ip", "link", "set", "eth1", "up"])
        self.wait_all_up(2)
        # And once more while it runs: the interface is another one then, of the same name.
        host.remove_interface(2)
        self.wait_state(name, 2, self.others(name)[0], "down")
        host.insert_interface(2)
        host.run(["ip", "address", "add", f"{host.address2}/24", "dev", "eth1"])
        host.run(["ip", "link", "set", "eth1", "up"])
        self.wait_all_up(2)


class TwoUdpu(TwoCase, LinksCase):
    options = {"second": "10.20.30.0/24"}

    @classmethod
    def make_links(cls):
        second = cls.cluster.second_addresses()
        return f'{{ transport = "udpu"; port = 5405; }}, {{ transport = "udpu"; port = 5405; interface = "eth1"; {second} }}'

    def test_first_is_cut(self):
        """The bus goes over the first network alone: heartbeats over the second keep all alive, and nothing moves."""
        holder, second, third = self.place(on_dc=False)
        epochs = self.epochs()
        with self.one_answers() as who:
            self.testbed.cut(third, [holder, second], network=1)
            self.wait_state(holder, 1, third, "down")
            self.assertEqual(self.state(holder, 2, third), "up")
            self.testbed.heal_network()
            self.wait_all_up(2)
            self.check_nothing_moved(holder, who, epochs)

    def test_node_that_left_keeps_its_figures(self):
        holder, second, third = self.place(on_dc=False)
        self.cluster.stop(third)
        for link in (1, 2):
            self.wait_state(holder, link, third, "down")
            self.assertGreater(self.links(holder)[link][third]["received"], 100)
        self.check(holder, "cluster", "remove", third, "--force")
        self.wait(lambda: self.links(holder)[2][third]["left"], f"{third} is no peer any more")
        self.assertRegex(self.check(holder, "status", "--links"), rf"(?m)^  {third} +left ")
        self.__class__.needs_fresh = True


class UdpuAndMulticast(TwoCase, LinksCase):
    options = {"second": "10.20.30.0/24"}

    @classmethod
    def make_links(cls):
        return f'{{ transport = "udpu"; port = 5405; }}, {{ transport = "multicast"; {cls.cluster.second_addresses()} }}'


class Multicast(LinksCase):
    """No unicast link at all."""

    @classmethod
    def make_links(cls):
        return '{ transport = "multicast"; group = "239.192.7.7"; port = 5409; }'

    def test_three_nodes(self):
        holder, second, third = self.place(on_dc=False)
        self.wait_all_up(1)
        with self.one_answers() as who:
            self.testbed[holder].power_off()
            self.wait_holder(second)
            who.wait_holders([second])
            self.wait_state(third, 1, holder, "down")
            self.testbed[holder].power_on()
            self.wait_holder(holder)
            self.wait_all_up(1)
        self.wait_whole()

    def test_what_is_sent_is_sent_once(self):
        """What a host sends to all is one frame, and the kernel does not give it back."""
        holder, *_ = self.place(on_dc=False)
        told = json.loads(self.check(holder, "status", "--links", "--json"))["links"][0]
        self.assertEqual(told["refused"], 0, "its own datagrams would be refused")
        self.assertEqual({peer["lost"] for peer in told["peers"]}, {0})

    def test_cable_is_pulled(self):
        holder, second, _ = self.place(on_dc=False)
        with self.one_answers() as who:
            self.testbed[holder].pull()
            self.wait_holder(second)
            who.wait_holders([second])
            self.testbed[holder].plug()
            self.wait_holder(holder)
        self.wait_whole()
