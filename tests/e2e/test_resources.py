# SPDX-License-Identifier: Apache-2.0
"""What operators do with resources and nodes from day to day, and what failures do to them."""

import contextlib
import signal

from testbed import maxscale
from testbed.halyard import LOG

from .case import ClusterCase

CONFIGURATION = """primitive ClusterIP IPaddr2 params ip=172.100.102.110 cidr_netmask=24 op monitor interval=1s
primitive Proxy lsb:maxscale \\
    op monitor interval=1s timeout=15s op start interval=0 timeout=15s op stop interval=0 timeout=15s \\
    meta migration-threshold=2
location proxy-prefers Proxy 100: test3
location ip-prefers ClusterIP 100: test1
property cib-bootstrap-options: stonith-enabled=false cluster-recheck-interval=5s
"""


class ProxyCase(ClusterCase):
    configuration = CONFIGURATION
    whole = True

    def setUp(self):
        super().setUp()
        self.wait_active("Proxy", ["test3"])
        self.wait_active("ClusterIP", ["test1"])

    def proxy_pid(self, name):
        return [process.pid for process in self.testbed[name].find("maxscale")]

    def kill_proxy(self, name):
        self.testbed[name].kill("maxscale")


class Resources(ProxyCase):
    def test_standby_and_online(self):
        self.check("test5", "node", "standby", "test3")
        self.wait_active("ClusterIP", ["test1"])
        self.wait_status(lambda status: status.active("Proxy") in (["test1"], ["test5"]), "Proxy leaves")
        self.assertIn("Node test3: standby\n", self.check("test1", "status"))
        self.assertEqual(self.testbed["test3"].service("maxscale", "status").status, 3)
        self.check("test5", "node", "online", "test3")
        self.wait_active("Proxy", ["test3"])

    def test_maintenance(self):
        """What runs there is left alone, whatever happens to it."""
        self.check("test1", "node", "maintenance", "test3")
        self.wait_status(lambda status: status.node("test3")["maintenance"], "test3 is in maintenance", "test3")
        self.assertIn("Node test3: maintenance\n", self.check("test1", "status"))
        self.wait_status(lambda status: not status.in_flight, "nothing is under way")
        self.kill_proxy("test3")
        self.check("test1", "node", "standby", "test5")  # a decision was made since
        self.wait_status(lambda status: status.node("test5")["standby"] and not status.in_flight, "it has been decided")
        self.assertEqual(self.proxy_pid("test3"), [])
        self.assertEqual([self.proxy_pid("test1"), self.proxy_pid("test5")], [[], []])
        self.check("test1", "node", "online", "test5")
        self.check("test1", "node", "ready", "test3")
        self.wait(lambda: self.proxy_pid("test3"), "it is taken care of again")
        self.check("test1", "resource", "cleanup", "Proxy")

    def test_unmanaged(self):
        self.check("test1", "resource", "unmanage", "Proxy")
        self.assertIn("(unmanaged)", self.check("test1", "status"))
        self.check("test1", "resource", "stop", "Proxy")
        self.wait_status(lambda status: not status.in_flight, "nothing is under way")
        self.assertNotEqual(self.proxy_pid("test3"), [])
        self.check("test1", "resource", "start", "Proxy")
        self.check("test1", "resource", "manage", "Proxy")
        self.wait_active("Proxy", ["test3"])

    def test_stop_start_restart(self):
        before = self.proxy_pid("test3")
        self.check("test5", "resource", "restart", "Proxy")
        self.wait(lambda: self.proxy_pid("test3") not in ([], before), "it is another process")
        self.check("test5", "resource", "stop", "Proxy")
        self.wait_active("Proxy", [])
        self.assertIn("Stopped (disabled)", self.check("test1", "status"))
        self.check("test5", "resource", "start", "Proxy")
        self.wait_active("Proxy", ["test3"])

    def test_ban_and_clear(self):
        self.check("test5", "resource", "ban", "Proxy", "test3")
        self.wait_status(lambda status: status.active("Proxy") in (["test1"], ["test5"]), "Proxy leaves")
        self.assertIn("cli-ban-Proxy", self.check("test1", "configure", "show"))
        self.check("test5", "resource", "clear", "Proxy")
        self.wait_active("Proxy", ["test3"])
        self.assertNotIn("cli-ban", self.check("test1", "configure", "show"))

    def test_recovered_in_place(self):
        """A first failure is below the threshold: it is started again where it was, and counted."""
        before = self.proxy_pid("test3")
        self.kill_proxy("test3")
        self.wait(lambda: self.proxy_pid("test3") not in ([], before), "it is started again on test3")
        self.wait_active("Proxy", ["test3"])
        self.assertRegex(self.check("test1", "resource", "failcount", "Proxy", "show", "test3"), r"\b1\b")
        self.assertIn("* Proxy_monitor_1000 on test3", self.check("test1", "status"))
        self.check("test1", "resource", "failcount", "Proxy", "delete", "test3")
        self.assertRegex(self.check("test1", "resource", "failcount", "Proxy", "show", "test3"), r"\b0\b")
        self.check("test1", "resource", "cleanup", "Proxy")

    def test_migration_threshold(self):
        """The second failure moves it; a cleanup lets it come back."""
        for count in (1, 2):
            before = self.proxy_pid("test3")
            self.kill_proxy("test3")
            self.wait_status(lambda status: status.failcount("Proxy", "test3") == count, f"failure {count} is counted")
            if count == 1:
                self.wait(lambda: self.proxy_pid("test3") not in ([], before), "it is started again on test3")
                self.wait_active("Proxy", ["test3"])
        self.wait_status(lambda status: status.active("Proxy") in (["test1"], ["test5"]), "Proxy moves")
        self.check("test1", "resource", "cleanup", "Proxy")
        self.wait_active("Proxy", ["test3"])

    def test_failed_start_elsewhere(self):
        """It cannot start here any more: it goes where it can."""
        maxscale.damage(self.testbed["test3"])
        self.wait_status(lambda status: status.active("Proxy") in (["test1"], ["test5"]), "Proxy moves")
        self.assertIn("* Proxy_start_0 on test3 ", self.check("test1", "status"))
        self.assertEqual(self.status().active("ClusterIP"), ["test1"], "the other one is not disturbed")
        maxscale.repair(self.testbed["test3"])
        self.check("test1", "resource", "cleanup", "Proxy")
        self.wait_active("Proxy", ["test3"])

    def test_address_taken_away(self):
        """Somebody removes the address by hand: it comes back."""
        with self.one_answers() as who:
            self.testbed["test1"].run(["ip", "addr", "del", "172.100.102.110/24", "dev", "eth0"])
            self.wait(lambda: self.testbed["test1"].has_address("172.100.102.110"), "it is back")
            who.wait_holders(["test1"])
        self.wait_active("ClusterIP", ["test1"])
        self.check("test1", "resource", "cleanup", "ClusterIP")


class FailureTimeout(ProxyCase):
    configuration = CONFIGURATION.replace("migration-threshold=2", "migration-threshold=1 failure-timeout=8s")

    def test_forgotten_in_time(self):
        """A failure that is old enough is forgotten, without an operator."""
        self.kill_proxy("test3")
        self.wait_status(lambda status: status.active("Proxy") in (["test1"], ["test5"]), "Proxy moves")
        self.wait_status(lambda status: status.failcount("Proxy", "test3") == 0, "it is forgotten")
        self.wait_active("Proxy", ["test3"])


class Watched(ClusterCase):
    """The end of a service is seen when it happens: the monitors of this configuration would come too late by far."""

    configuration = """primitive ClusterIP IPaddr2 params ip=172.100.102.110 cidr_netmask=24 op monitor interval=1s
primitive MaxScale lsb:maxscale \\
    op monitor interval=1h timeout=15s op start interval=0 timeout=15s op stop interval=0 timeout=15s \\
    meta migration-threshold=1
clone clone_max MaxScale
colocation vip-with inf: ClusterIP clone_max
order vip-after inf: clone_max ClusterIP
location ip-prefers ClusterIP 100: test3
property cib-bootstrap-options: stonith-enabled=false
"""
    whole = True

    def setUp(self):
        super().setUp()
        self.wait_active("MaxScale", self.names)
        self.wait_active("ClusterIP", ["test3"])
        self.victim = self.testbed["test3"]
        self.wait_watched(self.pid())

    def pid(self):
        (process,) = self.victim.find("maxscale")
        return process.pid

    def wait_log(self, words):
        self.wait(lambda: words in self.victim.read_file(LOG), f"the log of test3 has: {words}")

    def wait_watched(self, pid):
        self.wait_log(f"process {pid} (maxscale), named by /run/maxscale.pid, is watched")

    @contextlib.contextmanager
    def moves(self):
        """It fails on test3: the address is answered for by another host; then as before."""
        with self.one_answers() as who:
            yield
            self.wait(lambda: who.peek()["now"] in (["test1"], ["test5"]), "the address moves")
        self.wait_status(lambda status: status.failcount("MaxScale", "test3") == 1, "the failure is counted")
        self.check("test1", "resource", "cleanup", "clone_max")
        self.wait_active("ClusterIP", ["test3"])

    def test_killed(self):
        pid = self.pid()
        with self.moves():
            self.victim.kill("maxscale")
        self.wait_log(f"MaxScale: process {pid} (maxscale), named by /run/maxscale.pid, has ended")
        self.wait_watched(self.pid())

    def test_ends_by_itself(self):
        with self.moves():
            self.victim.kill("maxscale", signal.SIGTERM)

    def test_restarted_by_somebody(self):
        """By its script: no failure, nothing moves, and the new process is watched."""
        before = self.pid()
        with self.one_answers() as who:
            self.victim.service("maxscale", "restart")
            after = self.pid()
            self.assertNotEqual(before, after)
            self.wait_log(f"process {after} (maxscale) is in its place; checking it now")
            self.wait_watched(after)
            self.wait_status(lambda status: not status.in_flight, "nothing is under way")
            self.assertEqual(who.peek()["now"], ["test3"])
        self.assertEqual(self.status().failcount("MaxScale", "test3"), 0)
        self.assertEqual(self.pid(), after)
        with self.moves():
            self.victim.kill("maxscale")

    def test_watch_dies(self):
        """It costs nothing: another takes its place, and sees what happens then."""
        pid = self.pid()
        began = self.victim.read_file(LOG).count(f"process {pid} (maxscale)")
        self.victim.kill([process.pid for process in self.victim.find("halyard-op") if self.is_of_lsb(process)])
        self.wait(lambda: self.victim.read_file(LOG).count(f"process {pid} (maxscale)") > began, "it is watched again")
        self.assertEqual(self.status().failcount("MaxScale", "test3"), 0)
        with self.moves():
            self.victim.kill("maxscale")

    def is_of_lsb(self, process):
        """A watch of this agent: nothing else has its plug-in loaded for long."""
        with open(f"/proc/{process.outer}/maps") as maps:
            return "/lsb.so" in maps.read()
