# SPDX-License-Identifier: Apache-2.0
"""The switch: who reaches whom, in health and in each fault."""

import subprocess
import unittest

from . import Testbed, wait_until
from .selftest_case import UDP, TestbedCase


class Network(TestbedCase):
    def pairs(self):
        names = [host.name for host in [*self.testbed.hosts, self.testbed.client]]
        return [(a, b) for a in names for b in names if a != b]

    def check_reachable(self, broken):
        for a, b in self.pairs():
            expected = (a, b) not in broken and (b, a) not in broken
            self.assertEqual(self.reaches(a, b, 3), expected, f"{a} to {b}")

    def test_all_see_each_other(self):
        self.check_reachable([])
        self.assertEqual(self.testbed["test1"].call(["ping", "-c1", "-W2", "test5"]).status, 0, "by name")
        self.assertEqual(self.testbed["test1"].call(["ping", "-c1", "-W2", "current-node"]).status, 0, "its own name")

    def test_the_machine_sees_nothing(self):
        links = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True).stdout
        for host in self.testbed.hosts:
            self.assertNotIn(host.mac, links)
            self.assertNotIn(f" {host.port}@", links)
        self.assertNotIn("switch0", links)
        self.assertNotIn(self.testbed.directory, open("/proc/self/mountinfo").read())

    def test_cut_parts_two_sets_and_keeps_carriers(self):
        self.testbed.cut(["test1"], ["test3", "test5"])
        self.check_reachable([("test1", "test3"), ("test1", "test5")])
        self.assertEqual([self.carrier(host.name) for host in self.testbed.hosts], ["1", "1", "1"])
        self.testbed.heal()
        self.check_reachable([])

    def test_cut_without_a_second_set_leaves_the_client(self):
        self.testbed.cut("test5")
        self.check_reachable([("test5", "test1"), ("test5", "test3")])

    def test_isolate(self):
        self.testbed.isolate(["test1"])
        self.check_reachable([("test1", other) for other in ("test3", "test5", "client")])
        self.assertEqual(self.carrier("test1"), "1")

    def test_a_bystander_sees_both_sides(self):
        bystander = self.testbed.add_bystander("bystander", "172.100.102.2")
        self.testbed.isolate(["test1"])
        self.assertTrue(self.reaches("bystander", "test1", 3))
        self.assertTrue(self.reaches("bystander", "test3", 3))
        self.assertFalse(self.reaches("client", "test1", 3))
        self.assertIs(self.testbed.host_of_mac(bystander.mac), bystander)

    def heard(self, host, log):
        return self.testbed[host].read_file(log).count("heard")

    def test_cut_one_way_leaves_the_other_way(self):
        one, three = self.testbed["test1"], self.testbed["test3"]
        for host, peer in ((one, three), (three, one)):
            # Without ARP in the way, which needs both.
            host.run(["ip", "neigh", "replace", peer.address, "lladdr", peer.mac, "nud", "permanent", "dev", "eth0"])
            host.spawn(["python3", "-c", UDP, peer.address], log="/var/log/udp.log")
        for host in ("test1", "test3"):
            wait_until(lambda host=host: self.heard(host, "/var/log/udp.log") > 3, 20, f"{host} hears", self.testbed)
        self.testbed.cut_one_way("test1", "test3")
        began = [self.heard(host, "/var/log/udp.log") for host in ("test1", "test3")]
        wait_until(lambda: self.heard("test1", "/var/log/udp.log") > began[0] + 20, 20, "test1 hears", self.testbed)
        # One may have been on its way when the rule came.
        self.assertLessEqual(self.heard("test3", "/var/log/udp.log"), began[1] + 2)
        self.testbed.heal()
        wait_until(lambda: self.heard("test3", "/var/log/udp.log") > began[1] + 20, 20, "test3 hears", self.testbed)
        for host, peer in ((one, three), (three, one)):
            host.kill("python3")
            host.run(["ip", "neigh", "del", peer.address, "dev", "eth0"])

    def test_loss_is_what_was_asked_for(self):
        target = self.testbed["test1"]
        self.testbed.client.run(
            ["ip", "neigh", "replace", target.address, "lladdr", target.mac, "nud", "permanent", "dev", "eth0"]
        )
        target.run(
            ["ip", "neigh", "replace", self.testbed.client.address, "lladdr", self.testbed.client.mac]
            + ["nud", "permanent", "dev", "eth0"]
        )
        # Request and answer may each be lost: 0.7 * 0.7.
        for percent, least, most in ((0, 1, 1), (30, 0.40, 0.58), (100, 0, 0)):
            self.testbed.loss("test1", percent)
            with self.testbed.ping(target.address, interval_ms=1) as ping:
                wait_until(lambda: ping.peek()["sent"] >= 2000, 60, "2000 probes", self.testbed)
            seen = ping.result
            share = seen["answered"] / seen["sent"]
            self.assertTrue(least <= share <= most, f"{percent} % of loss: {share} answered")

    def test_loss_out_of_range_is_refused(self):
        with self.assertRaises(ValueError):
            self.testbed.loss("test1", 101)

    def test_cable(self):
        self.testbed["test3"].pull()
        self.assertEqual(self.carrier("test3"), "0")
        self.check_reachable([("test3", other) for other in ("test1", "test5", "client")])
        self.assertTrue(self.testbed["test3"].has_address("172.100.102.155"), "the address stays")
        self.testbed["test3"].plug()
        wait_until(lambda: self.carrier("test3") == "1", 20, "carrier", self.testbed)
        self.wait_reaches("test3", "test1")

    def test_heal_heals_everything_at_once(self):
        self.testbed["test1"].power_off()
        self.testbed["test3"].pull()
        self.testbed.loss("test5", 100)
        self.testbed.cut("test1", "test3")
        self.testbed.heal()
        for a, b in self.pairs():
            self.wait_reaches(a, b)

    def test_unknown_host_is_named(self):
        with self.assertRaisesRegex(KeyError, "test9"):
            self.testbed.cut("test9")


class OtherNames(unittest.TestCase):
    def test_names_addresses_and_interface_are_arguments(self):
        hosts = {"BJ-MariaDB-01": "192.10.30.99", "BJ-MariaDB-02": "192.10.30.98", "a-name-that-is-quite-long": "192.10.30.97"}
        with Testbed(hosts, client="192.10.30.1", interface="bond0", vip="192.10.30.110") as testbed:
            for host in testbed.hosts:
                self.assertEqual(host.run(["hostname"]).strip(), host.name)
                self.assertIn(host.address, host.addresses())
            first, _, last = testbed.hosts
            self.assertEqual(first.call(["ping", "-c1", "-W2", last.name]).status, 0)
            first.run(["ip", "addr", "add", "192.10.30.110/24", "dev", "bond0"])
            with testbed.ping() as ping:
                ping.wait_answered()


class TwoNetworks(TestbedCase):
    options = {"second": "10.20.30.0/24"}

    def reaches2(self, one, other, tries=1):
        """Over the second network."""
        one, other = self.testbed[one], self.testbed[other]
        return one.call(["ping", "-c", str(tries), "-i", "0.05", "-W", "1", other.address2]).status == 0

    def carrier2(self, host):
        return self.testbed[host].read_file("/sys/class/net/eth1/carrier").strip()

    def test_hosts_are_on_both_and_the_client_on_one(self):
        self.assertEqual(self.testbed["test3"].address2, "10.20.30.155")
        self.assertTrue(self.reaches("test1", "test3", 3) and self.reaches2("test1", "test3", 3))
        self.assertNotIn("eth1", self.testbed.client.run(["ip", "-o", "link"]))

    def test_cut_of_one_leaves_the_other(self):
        self.testbed.cut("test1", "test3", network=2)
        self.assertTrue(self.reaches("test1", "test3", 3))
        self.assertFalse(self.reaches2("test1", "test3", 3))
        self.assertTrue(self.reaches2("test1", "test5", 3))
        self.testbed.heal()
        self.testbed.cut("test1", network=1)
        self.assertFalse(self.reaches("test1", "test3", 3))
        self.assertTrue(self.reaches2("test1", "test3", 3))
        self.testbed.heal()
        self.testbed.cut("test1")
        self.assertFalse(self.reaches("test1", "test3", 3) or self.reaches2("test1", "test3", 3))

    def test_cable_of_one_leaves_the_other(self):
        self.testbed["test1"].pull(2)
        self.assertEqual((self.carrier("test1"), self.carrier2("test1")), ("1", "0"))
        self.assertFalse(self.testbed["test1"].plugged)
        self.testbed.heal()
        self.assertEqual((self.carrier("test1"), self.carrier2("test1")), ("1", "1"))
        self.assertTrue(self.testbed["test1"].plugged)

    def test_interface_goes_and_comes(self):
        host = self.testbed["test1"]
        host.remove_interface(2)
        self.assertNotIn("eth1", host.run(["ip", "-o", "link"]))
        self.assertTrue(self.reaches("test1", "test3", 3))
        host.insert_interface(2)
        host.run(["ip", "address", "add", f"{host.address2}/24", "dev", "eth1"])
        host.run(["ip", "link", "set", "eth1", "up"])
        wait_until(lambda: self.reaches2("test1", "test3"), 20, "test1 reaches test3 over the new interface", self.testbed)

    def test_power_off_takes_both_and_power_on_gives_both(self):
        self.testbed["test5"].power_off()
        self.assertFalse(self.reaches("test1", "test5") or self.reaches2("test1", "test5"))
        self.testbed["test5"].power_on()
        wait_until(lambda: self.reaches("test1", "test5") and self.reaches2("test1", "test5"), 20, "both are back", self.testbed)

    def test_another_process_finds_both(self):
        other = Testbed.attach(self.testbed.directory)
        other["test3"].pull(2)
        self.assertEqual(self.carrier2("test3"), "0")
        other["test3"].plug(2)
        self.assertEqual(other["test3"].address2, "10.20.30.155")
