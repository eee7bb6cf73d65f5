# SPDX-License-Identifier: Apache-2.0
"""What an operator sees of the scheduler: locks, tickets, what failed and is forgotten, what would happen, a Pacemaker CIB."""

import os

from testbed.halyard import LOG

from .case import ClusterCase

CONFIGURATION = """primitive ClusterIP IPaddr2 params ip=172.100.102.110 cidr_netmask=24 op monitor interval=1s \\
    meta migration-threshold=1 failure-timeout=5s
primitive MaxScale lsb:maxscale op monitor interval=1s timeout=15s op start interval=0 timeout=15s op stop interval=0 timeout=30s
clone clone_max MaxScale
location clusterIP-prefer ClusterIP inf: test1
property cib-bootstrap-options: stonith-enabled=false
"""


class Seen(ClusterCase):
    configuration = CONFIGURATION

    def setUp(self):
        super().setUp()
        self.wait_whole()
        self.wait_active("ClusterIP", ["test1"])

    def log(self, name):
        return self.testbed[name].read_file(LOG)

    def test_a_vip_waits_for_its_node(self):
        """shutdown-lock: a host is shut down, and what ran there is not taken over until it is back."""
        self.check("test3", "configure", "property", "shutdown-lock=true")
        self.cluster.stop("test1")
        status = self.wait_status(lambda s: "test1" not in s.online(), "test1 is gone", "test3")
        text = self.check("test3", "status")
        self.assertIn("ClusterIP\t(ocf::heartbeat:IPaddr2):\tStopped test1 (LOCKED)", text, status)
        self.assertEqual(self.testbed.holders(), [])
        why = self.check("test5", "why", "ClusterIP")
        self.assertIn("it waits for test1, where it ran when that was shut down (shutdown-lock)", why)
        self.assertIn("its lock to test1, which was shut down, forbids test3", why)
        dc = self.cluster.dc("test3")
        self.assertIn("ClusterIP is locked to test1", self.log("test3") + self.log("test5") + self.log("test1"), dc)
        self.cluster.start("test1")
        self.wait_active("ClusterIP", ["test1"], "test3")
        self.wait_whole()

        self.cluster.stop("test1")
        self.check("test3", "resource", "cleanup", "ClusterIP")
        self.wait_holder("test3", "test5")
        self.check("test3", "configure", "property", "shutdown-lock=false")
        self.cluster.start("test1")
        self.wait_active("ClusterIP", ["test1"], "test3")

    def test_a_ticket(self):
        self.check("test1", "site", "ticket", "grant", "siteA")
        self.check("test3", "configure", "rsc_ticket", "needs", "siteA:", "ClusterIP", "loss-policy=stop")
        self.assertRegex(self.check("test5", "status"), r"\nTickets:\n\* siteA:\tgranted\tlast-granted='.+'\n")
        self.check("test3", "site", "ticket", "standby", "siteA")
        self.wait_active("ClusterIP", [])
        self.assertIn("ticket siteA, which is standby,", self.check("test1", "why", "ClusterIP"))
        self.check("test3", "site", "ticket", "activate", "siteA")
        self.wait_active("ClusterIP", ["test1"])
        self.check("test3", "site", "ticket", "revoke", "siteA")
        self.wait_active("ClusterIP", [])
        self.assertRegex(self.check("test5", "status"), r"\n\* siteA:\trevoked\tlast-granted=")
        self.check("test5", "configure", "delete", "needs")
        self.check("test5", "ticket", "delete", "siteA")
        self.wait_active("ClusterIP", ["test1"])
        self.assertNotIn("Tickets", self.check("test1", "status"))

    def test_a_failure_is_told_and_forgotten(self):
        """The interface of an address is taken out of a host, and is put back."""
        dc = self.cluster.dc("test3")
        put_in = ["sh", "-c", "ip link add vip0 type veth peer name vip1 && ip link set vip1 up && ip link set vip0 up"]
        for host in self.testbed.hosts:
            host.run(put_in)
        self.cluster.configure(
            "test1",
            "primitive SecondIP IPaddr2 params ip=172.100.102.111 cidr_netmask=24 nic=vip0 op monitor interval=1s \\\n"
            "    meta migration-threshold=1 failure-timeout=5s\nlocation second-prefer SecondIP inf: test1\n",
        )
        self.wait_active("SecondIP", ["test1"])
        self.testbed["test1"].run(["ip", "link", "del", "vip0"])
        self.wait_status(
            lambda status: status.active("SecondIP") in (["test3"], ["test5"]), "another host has taken it over", "test3"
        )
        why = self.check("test5", "why", "SecondIP")
        self.assertIn("`hactl resource cleanup SecondIP` allows it there again; it is forgotten at ", why)
        self.testbed["test1"].run(put_in)
        self.wait_active("SecondIP", ["test1"])
        self.assertIn("what failed of SecondIP on test1 is forgotten", self.log(dc))
        self.check("test1", "resource", "stop", "SecondIP")
        self.wait_active("SecondIP", [])
        self.check("test1", "configure", "delete", "SecondIP")
        for host in self.testbed.hosts:
            host.run(["ip", "link", "del", "vip0"])
        self.wait_whole()

    def test_who_changed_what(self):
        dc = self.cluster.dc("test3")
        self.check("test3", "configure", "location", "other", "ClusterIP", "5:", "test3")
        self.assertIn("by root@test3: location other made", self.log(dc))
        self.check("test5", "configure", "delete", "other")
        self.assertIn("by root@test5: other removed", self.log(dc))

    def test_what_if_without_quorum(self):
        self.testbed["test1"].power_off()
        self.wait_holder("test3", "test5")
        result = self.hactl("test3", "what-if", "any-node-down")
        self.assertEqual(result.status, 4, result)
        self.assertIn("WITHOUT quorum then", result.stdout)
        self.assertIn("WITHOUT quorum:", self.check("test3", "simulate", "--node-down", "test5"))
        self.testbed["test5"].power_off()
        self.wait(lambda: "WITHOUT quorum" in self.check("test3", "status"), "test3 is alone")
        result = self.hactl("test3", "what-if", "any-node-down")
        self.assertEqual(result.status, 4, result)
        self.assertIn("There is no quorum as it is", result.stdout)
        self.assertNotIn("survived", result.stdout)
        self.testbed["test1"].power_on()
        self.testbed["test5"].power_on()
        self.wait_whole()


class Imported(ClusterCase):
    """A Pacemaker CIB, as crmsh and cibadmin write it, into a running cluster."""

    def test_the_whole_of_it(self):
        here = os.path.join(os.path.dirname(__file__), "data", "pacemaker.xml")
        with open(here, encoding="utf-8") as file:
            self.testbed["test3"].write_file("/root/cib.xml", file.read())
        said = self.hactl("test3", "import", "--commit", "/root/cib.xml")
        self.assertEqual(said.status, 0, said)
        self.assertIn("last-lrm-refresh='1484018902' has no use here", said.stderr)
        self.wait_active("ClusterIP", ["test1"])
        self.wait_active("MaxScale", self.names)
        shown = self.check("test5", "configure", "show")
        self.assertIn("order behind Mandatory: clone_max ClusterIP\n", shown)
        self.assertIn("colocation with inf: ClusterIP clone_max\n", shown)
        self.assertEqual(self.hactl("test1", "configure", "verify").stderr, "")
