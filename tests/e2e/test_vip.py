# SPDX-License-Identifier: Apache-2.0
"""What happens to an address while it runs: it is removed, claimed, its interface fails. The monitors come once an hour:
whatever is seen here, the watch has seen."""

import contextlib
import re
import signal

from testbed.halyard import LOG

from .case import VIP, ClusterCase

VIP6 = "fd72:100:102::110"
TAKEN = "fd72:100:102::111"
INNER = "10.77.0.10"

CONFIGURATION = f"""primitive ClusterIP IPaddr2 params ip={VIP} nic="eth0:0" cidr_netmask=24 conflict_defend=1s \\
    routes="10.20.0.0/16" op monitor interval=1h
primitive V6 IPaddr2 params ip={VIP6} arp_refresh=1s op monitor interval=1h
primitive Taken IPaddr2 params ip={TAKEN} conflict_wait_ms=300 op monitor interval=1h meta target-role=Stopped
primitive Inner IPaddr2 params ip={INNER} nic=inner0 cidr_netmask=24 op monitor interval=1h
location v6-prefers V6 100: test3
location inner-prefers Inner 200: test1
location inner-second Inner 100: test3
property cib-bootstrap-options: stonith-enabled=false
"""

# Python, on the client: one ARP announcement of the VIP, as a host sends that was given it.
CLAIM = """
import fcntl, socket, struct, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
s.bind((sys.argv[1], 0x806))
mac, ip = s.getsockname()[4], socket.inet_aton(sys.argv[2])
s.send(b"\\xff" * 6 + mac + b"\\x08\\x06\\0\\1\\x08\\0\\6\\4\\0\\1" + mac + ip + b"\\0" * 6 + ip)
"""


class Vip(ClusterCase):
    configuration = CONFIGURATION
    whole = True

    @classmethod
    def prepare_hosts(cls):
        super().prepare_hosts()
        for number, host in enumerate(cls.testbed.hosts, start=1):
            host.run(["ip", "route", "add", "10.20.0.0/16", "via", "172.100.102.1", "metric", "10"])
            cls.add_inner(host, number)

    @staticmethod
    def add_inner(host, number):
        """An interface without anything of the cluster's, whose carrier is inner1."""
        host.run(["ip", "link", "add", "inner0", "type", "veth", "peer", "name", "inner1"])
        host.run(["ip", "address", "add", f"10.77.0.{number}/24", "dev", "inner0"])
        for name in ("inner1", "inner0"):
            host.run(["ip", "link", "set", name, "up"])

    def setUp(self):
        super().setUp()
        self.place_vip("test1", "test3")
        self.wait_active("Inner", ["test1"])
        self.wait_active("V6", ["test3"])

    def log(self, name):
        return self.testbed[name].read_file(LOG)

    @contextlib.contextmanager
    def logs(self, name, words):
        """What happens in here is told in the log of that host."""
        before = len(self.log(name))
        yield
        self.wait(lambda: re.search(words, self.log(name)[before:]), f"the log of {name} has: {words}")

    def nothing_failed(self):
        status = self.wait_status(lambda status: not status.in_flight, "nothing is under way")
        self.assertEqual(status.failed, [])
        for name in self.names:
            self.assertEqual([status.failcount(r, name) for r in ("ClusterIP", "V6", "Inner")], [0, 0, 0])

    def routes(self, name):
        return self.testbed[name].run(["ip", "route", "show", "proto", "72"]).split("\n")

    def kill_everything(self, name):
        """At once: nobody of them sees another one die."""
        daemons = self.cluster.daemons(name)
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for process in daemons:
                process.kill(number)

    # Removed

    def test_removed_by_somebody(self):
        with self.one_answers() as who, self.testbed.ping() as ping:
            ping.wait_answered()
            for _ in range(5):
                with self.logs("test1", rf"{VIP} was removed from eth0, not by the cluster: it was put back"):
                    self.shell("test1", f"ip address del {VIP}/24 dev eth0")
                self.assertTrue(self.testbed["test1"].has_address(VIP))
            self.assertEqual(self.status().active("ClusterIP"), ["test1"])
            self.assertEqual(list(who.peek()["holders"]), ["test1"])
        self.nothing_failed()

    def stays_away(self, ping):
        """For longer than a watch takes that defends it, by a factor of thousands."""
        self.shell("test1", f"ip address del {VIP}/24 dev eth0")
        ping.wait_silent(700)
        self.assertFalse(self.testbed["test1"].has_address(VIP))

    def test_removed_in_maintenance(self):
        """The operator said: hands off. At the end of maintenance the cluster looks after it again."""
        with self.testbed.ping() as ping:
            ping.wait_answered()
            with self.logs("test1", "ClusterIP is not managed: "):
                self.check("test3", "configure", "property", "maintenance-mode=true")
            self.stays_away(ping)
            with self.logs("test1", "ClusterIP is managed again: "):
                self.check("test3", "configure", "property", "maintenance-mode=false")
            self.wait_holder("test1")
            ping.wait_answered()
        self.wait_whole()

    def test_ipv6_removed_by_somebody(self):
        with self.logs("test3", rf"{VIP6} was removed from eth0, not by the cluster: it was put back"):
            self.shell("test3", f"ip address del {VIP6}/64 dev eth0")
        self.assertTrue(self.testbed["test3"].has_address(VIP6))
        self.assertEqual(self.status().active("V6"), ["test3"])
        self.nothing_failed()

    def test_all_addresses_removed(self):
        """As a network manager that begins anew: the host's own one as well, and given again."""
        host = self.testbed["test1"]
        inner = "ip address del 10.77.0.1/24 dev inner0 && ip address add 10.77.0.1/24 dev inner0"
        with self.logs("test1", rf"{INNER} was removed from inner0, not by the cluster: it was put back"):
            self.shell("test1", f"{inner} && ip address del {INNER}/24 dev inner0")
        self.wait(lambda: INNER in host.run(["ip", "-o", "address", "show", "dev", "inner0"]), "it is there")
        self.nothing_failed()

    # The interface

    def fails_at_once(self, breaks, mends, words):
        """The resource goes where the interface is well, long before any monitor would come."""
        self.shell("test1", breaks)
        self.wait_active("Inner", ["test3"], timeout=20)
        status = self.wait_status(lambda status: status.reasons("Inner"), "it is told as failed")
        self.assertEqual({f[0] for f in status.failed}, {"Inner"})
        self.assertRegex(status.reasons("Inner")[0], words)
        self.shell("test1", mends)
        self.check("test1", "resource", "cleanup", "Inner")
        self.wait_active("Inner", ["test1"])

    def test_interface_set_down(self):
        self.fails_at_once("ip link set inner0 down", "ip link set inner0 up", "inner0 is down")

    def test_carrier_lost(self):
        self.fails_at_once("ip link set inner1 down", "ip link set inner1 up", "inner0 has no carrier")

    def test_interface_deleted(self):
        self.shell("test1", "ip link del inner0")
        self.wait_active("Inner", ["test3"], timeout=20)
        self.assertRegex(self.status().reasons("Inner")[0], "there is no interface inner0")
        self.add_inner(self.testbed["test1"], 1)
        self.check("test1", "resource", "cleanup", "Inner")
        self.wait_active("Inner", ["test1"])

    # Claimed

    def test_claimed_by_another_host(self):
        """Those who have believed the other host are told better; the resource stays what and where it is."""
        client, holder, third = self.testbed.client, self.testbed["test1"], self.testbed["test3"]
        third.run(["ping", "-c", "1", "-W", "5", VIP])
        with self.logs("test1", rf"{VIP} is claimed by {client.mac} on eth0 too"):
            client.run(["python3", "-c", CLAIM, client.interface, VIP])
        self.wait(
            lambda: holder.mac in third.run(["ip", "neigh", "show", VIP]).lower(),
            "the neighbours know the right one",
        )
        self.assertEqual(self.status().active("ClusterIP"), ["test1"])
        self.nothing_failed()

    def test_ipv6_silent_owner(self):
        """Somebody was given the address, and says nothing: he answers when we ask, with each refresh."""
        client = self.testbed.client
        with self.logs("test3", rf"{VIP6} is claimed by {client.mac} on eth0 too"):
            client.run(["ip", "address", "add", f"{VIP6}/64", "dev", client.interface, "nodad"])
        client.run(["ip", "address", "del", f"{VIP6}/64", "dev", client.interface])
        self.assertEqual(self.status().active("V6"), ["test3"])
        self.nothing_failed()

    def test_ipv6_in_use_elsewhere(self):
        """Start refuses, on every node, and says who has it; when that has ended a cleanup is all it takes."""
        client = self.testbed.client
        client.run(["ip", "address", "add", f"{TAKEN}/64", "dev", client.interface, "nodad"])
        self.hactl("test1", "resource", "start", "Taken")
        status = self.wait_status(
            lambda status: {f[2] for f in status.failed if f[0] == "Taken"} == set(self.names), "it starts nowhere"
        )
        for reason in status.reasons("Taken"):
            self.assertRegex(reason, rf"{TAKEN} is in use by {client.mac} on eth0")
        client.run(["ip", "address", "del", f"{TAKEN}/64", "dev", client.interface])
        self.check("test1", "resource", "cleanup", "Taken")
        self.wait_status(lambda status: len(status.active("Taken")) == 1, "it starts")
        self.check("test1", "resource", "stop", "Taken")
        self.wait_active("Taken", [])

    # Moved

    def test_ipv6_moves(self):
        client = self.testbed.client
        client.run(["ping", "-6", "-c", "1", "-W", "5", VIP6])
        self.check("test1", "resource", "move", "V6", "test5")
        self.wait_active("V6", ["test5"])
        self.assertEqual([h.name for h in self.testbed.hosts if h.has_address(VIP6)], ["test5"])
        self.wait(
            lambda: self.testbed["test5"].mac in client.run(["ip", "-6", "neigh", "show", VIP6]).lower(),
            "the client's neighbour entry follows the advertisement",
        )
        client.run(["ping", "-6", "-c", "1", "-W", "5", VIP6])
        self.check("test1", "resource", "unmove", "V6")
        self.wait_active("V6", ["test3"])

    def test_routes_move_along(self):
        self.assertIn(f"src {VIP} metric 9", "".join(self.routes("test1")))
        self.assertEqual(self.routes("test3"), [""])
        self.check("test1", "resource", "move", "ClusterIP", "test3")
        self.wait_active("ClusterIP", ["test3"])
        self.assertIn(f"src {VIP} metric 9", "".join(self.routes("test3")))
        self.assertEqual(self.routes("test1"), [""])
        self.assertIn("via 172.100.102.1", self.testbed["test1"].run(["ip", "route", "show", "10.20.0.0/16"]))
        self.check("test1", "resource", "unmove", "ClusterIP")
        self.wait_active("ClusterIP", ["test1"])

    def test_routes_go_with_everything_killed(self):
        """Nobody is left to remove them: the kernel does, with the address."""
        self.kill_everything("test1")
        self.wait_holder("test3")
        self.wait(lambda: self.routes("test1") == [""], "no route prefers the address")
        self.cluster.start("test1")
        self.wait_active("ClusterIP", ["test1"])
        self.check("test1", "resource", "cleanup")
