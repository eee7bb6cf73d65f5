# SPDX-License-Identifier: Apache-2.0
"""Several links: a node is alive while one works. What befalls one is a line in the log, and in hactl status --links."""

import json
import subprocess
import tempfile

from testbed.halyard import CONFIGURATION, LOG

from .case import printed
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

    def check_nothing_moved(self, holder, who, epochs):
        self.stays_on(holder, who)
        self.assertEqual(self.epochs(), epochs, "a node was declared gone")

    def epochs(self):
        told = json.loads(self.check(self.names[0], "cluster", "status", "--json"))
        return {node["name"]: node["epoch"] for node in told["nodes"]}

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


# Edits until it is told to end, with what became of each: 0 is acknowledged.
WRITER = """i=0
while [ ! -e "/run/$0" ]; do
    i=$((i + 1))
    hactl configure location "$0-$i" ClusterIP 0: test1 >/dev/null 2>&1
    echo "$? $0-$i"
done
"""


class BusOverBoth(LinksCase):
    """Edits stream in on all hosts while one network after the other is cut: each is acknowledged, and made once."""

    options = {"second": "10.20.30.0/24"}
    turn = 0

    @classmethod
    def make_links(cls):
        second = cls.cluster.second_addresses()
        return f'{{ transport = "udpu"; port = 5405; }}, {{ transport = "udpu"; port = 5405; interface = "eth1"; {second} }}'

    def setUp(self):
        super().setUp()
        self.wait_all_up(2)
        self.holder, self.second, self.third = self.place(on_dc=False)
        self.dc = self.cluster.wait_dc()
        self.before = self.epochs()
        self.writers = {}

    def start_writers(self):
        self.start_writers_on(self.names)

    def start_writers_on(self, names):
        BusOverBoth.turn += 1
        for name in names:
            prefix = f"edit-{name}-{self.turn}"
            file = tempfile.TemporaryFile()
            self.addCleanup(file.close)
            process = self.testbed[name].popen(
                ["sh", "-c", WRITER, prefix], stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.DEVNULL
            )
            self.writers[name] = process, file, prefix
        self.wait_edits()

    def edits(self, name):
        """[(exit status, name)]"""
        return [line.split() for line in printed(self.writers[name][1]).split("\n")[:-1]]

    def wait_edits(self):
        """Until more are acknowledged on each host than may have been under way."""
        counts = {name: len(self.edits(name)) for name in self.writers}
        self.wait(
            lambda: all(len(self.edits(name)) >= counts[name] + 5 for name in self.writers),
            lambda: f"edits go on; there were {counts}, now there are {({n: len(self.edits(n)) for n in self.writers})}",
        )

    def check_edits(self):
        for name, (process, _, prefix) in self.writers.items():
            self.testbed[name].write_file(f"/run/{prefix}", "")
            process.wait(60)
        edits = [edit for name in self.writers for edit in self.edits(name)]
        self.assertEqual([edit for edit in edits if edit[0] != "0"], [])
        shown = self.check(self.third, "configure", "show")
        present = [line.split()[1] for line in shown.splitlines() if line.startswith("location edit-")]
        self.assertEqual(len(present), len(set(present)))
        self.assertEqual({edit[1] for edit in edits} - set(present), set())

    def cut_all(self, network):
        self.testbed.cut(self.holder, [self.second, self.third], network=network)
        self.testbed.cut(self.second, [self.third], network=network)

    def wait_all_down(self, network):
        for a in self.names:
            for b in self.others(a):
                self.wait_state(a, network, b, "down")

    def check_as_before(self, who):
        self.check_nothing_moved(self.holder, who, self.before)
        self.assertEqual(self.cluster.wait_dc(), self.dc)

    def test_one_after_the_other(self):
        with self.one_answers() as who:
            self.start_writers()
            for network in (1, 2):
                self.cut_all(network)
                self.wait_edits()
                self.wait_all_down(network)
                self.wait_edits()
                self.testbed.heal_network()
                self.wait_all_up(2)
                # The bus is over both again, before the other one is cut.
                self.wait(lambda: self.bus_is_whole(network), f"the bus is over network {network} again")
                self.wait_edits()
            self.check_edits()
            self.check_as_before(who)

    def bus_is_whole(self, network):
        """Each host has an open connection to each other one, at its address in this network."""
        for name in self.names:
            lines = self.testbed[name].run(["ss", "-Htn", "state", "established", "dport", "=", ":5406"]).splitlines()
            peers = {line.split()[-1].rsplit(":", 1)[0].strip("[]").removeprefix("::ffff:") for line in lines}
            wanted = {self.testbed[o].address if network == 1 else self.testbed[o].address2 for o in self.others(name)}
            if not wanted <= peers:
                return False
        return True

    def test_first_one_way(self):
        with self.one_answers() as who:
            self.start_writers()
            self.testbed.cut_one_way(self.dc, self.others(self.dc), network=1)
            self.wait_edits()
            for other in self.others(self.dc):
                self.wait_state(self.dc, 1, other, "unheard")
            self.wait_edits()
            self.testbed.heal_network()
            self.wait_all_up(2)
            self.wait_edits()
            self.check_edits()
            self.check_as_before(who)

    def test_dc_has_the_second_only(self):
        """Its cable is pulled, so its own carrier is lost."""
        with self.one_answers() as who:
            self.start_writers()
            self.testbed[self.dc].pull(1)
            self.wait_edits()
            for other in self.others(self.dc):
                self.wait_state(self.dc, 1, other, "down")
            self.wait_edits()
            self.testbed[self.dc].plug(1)
            self.wait_all_up(2)
            self.wait_edits()
            self.check_edits()
            self.check_as_before(who)

    def test_one_comes_back_over_the_second_only(self):
        with self.one_answers() as who:
            name = self.second if self.second != self.dc else self.third
            self.cluster.stop(name)
            self.testbed.cut(name, self.others(name), network=1)
            self.start_writers_on(self.others(name))
            self.cluster.start(name)
            self.wait_status(lambda status: name in status.online(), f"{name} is online", self.dc)
            self.start_writers_on([name])
            self.wait_edits()
            self.testbed.heal_network()
            self.wait_all_up(2)
            self.wait_edits()
            self.check_edits()
            self.stays_on(self.holder, who)


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

    def test_wrong_settings_are_told_before_a_start(self):
        """halyardd -t, while the daemon runs and has the port: one line, with the file and the setting."""
        host, path = self.testbed[self.names[0]], "/root/wrong.conf"
        good = host.read_file(CONFIGURATION)
        host.write_file(path, good, mode=0o640)
        self.assertIn(": ok: node ", host.run(["halyardd", "-t", "-c", path]))
        group = "it must be one from 224.0.0.0 to 239.255.255.255, or of ff00::/8"
        for wrong, words in (
            ('group = "10.1.1.1"', f'group = "10.1.1.1" is no group\'s address: {group}'),
            ('group = "ff15::1"', 'group = "ff15::1" and this node\'s own 172.100.102.151 are not of one kind'),
            ('group = "239.192.7.7"; ttl = 300', 'ttl = "300" is wrong: it must be a number from 1 to 255'),
            ('group = "239.192.7.7"; tos = "high"', 'tos = "high" is wrong: it must be a number from 0 to 255'),
            ('group = "239.192.7.7"; interface = "an-interface-far-too-long"', "cannot be an interface's name"),
            ('group = "239.192.7.7"; gruop = 1', "unknown setting 'gruop': multicast knows address, port, group, interface,"),
        ):
            host.write_file(path, good.replace('group = "239.192.7.7"', wrong), mode=0o640)
            result = host.call(["halyardd", "-t", "-c", path])
            self.assertEqual((result.status, len(result.stderr.splitlines())), (1, 1), result)
            self.assertTrue(result.stderr.startswith(f"halyardd: {path}: link 1 (multicast): "), result)
            self.assertIn(words, result.stderr)
        udpu = good.replace('"multicast"; group = "239.192.7.7"', '"udpu"; priority = 7')
        host.write_file(path, udpu, mode=0o640)
        self.assertIn('link 1 (udpu): priority = "7" is wrong: it must be', host.call(["halyardd", "-t", "-c", path]).stderr)

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
