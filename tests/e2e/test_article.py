# SPDX-License-Identifier: Apache-2.0
"""A first cluster, step by step, as an operator makes it: an address, then a service under it, then a failure.

The steps build on each other, so they are one test.
"""

import re

from testbed import maxscale

from .case import VIP, ClusterCase
from .terminal import Terminal

DATE = r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}"

HEAD = (
    rf"Last updated: {DATE}\t\tLast change: {DATE}( by \S+)?( via \S+)?( on \S+)?\n"
    r"Stack: .+\n"
    r"Current DC: test[135] \(version \S+\) - partition with quorum\n"
    r"3 nodes and (\d) resources? configured, 3 expected votes\n"
    r"\n"
)

PRIMITIVE = """hactl configure primitive ClusterIP ocf:heartbeat:IPaddr2 \\
params ip=172.100.102.110 nic="eth0:0" cidr_netmask=24 \\
 op monitor interval=30s \\
meta target-role=Started
"""

SERVICE = """primitive ClusterIP IPaddr2 \\
	params ip=172.100.102.110 nic="eth0:0" cidr_netmask=24 \\
	op monitor interval=30s \\
	meta target-role=Started

primitive MaxScale lsb:maxscale \\
	op monitor interval=30s timeout=15s \\
	op start interval=0 timeout=15s on-fail=standby \\
	op stop interval=0 timeout=30s \\
	meta migration-threshold=3

location clusterIP-preffer ClusterIP  inf: test3

clone clone_max MaxScale
"""

EDITOR = """#!/bin/sh
# A user of an editor, who adds a property at the end of the list.
sed -i 's/stonith-enabled=false/stonith-enabled=false \\\\\\n        cluster-delay=5s/' "$1"
"""


class Article(ClusterCase):
    def matches(self, pattern, host="test3"):
        text = self.check(host, "status")
        self.assertRegex(text, re.compile(pattern, re.DOTALL))
        return text

    def test_from_top_to_bottom(self):
        steps = (
            self.the_cluster_stands,
            self.an_address,
            self.moved_by_hand,
            self.nodes_to_standby_and_back,
            self.preferred_place,
            self.deleted,
            self.edited,
            self.a_service,
            self.the_service_breaks,
            self.repaired,
        )
        for step in steps:
            step()

    def the_cluster_stands(self):
        self.wait_status(lambda status: status.online() == self.names, "all are online", "test3")
        self.matches(HEAD.replace(r"Last change: " + DATE, rf"Last change: ({DATE}|none yet)") + r"Online: \[ test1 test3 test5 \]\n")
        self.shell("test3", "hactl configure property 'stonith-enabled'='false'")
        self.assertIn("stonith-enabled=false", self.check("test1", "configure", "show"))

    def an_address(self):
        self.shell("test1", PRIMITIVE)
        self.wait_holder()
        self.wait_status(lambda status: len(status.active("ClusterIP")) == 1, "ClusterIP runs", "test1")
        self.assertEqual(self.hactl("test1", "verify", "-L"), (0, "", ""))
        shown = self.check("test1", "configure", "show")
        self.assertIn(
            "primitive ClusterIP IPaddr2 \\\n"
            '\tparams ip=172.100.102.110 nic="eth0:0" cidr_netmask=24 \\\n'
            "\top monitor interval=30s \\\n"
            "\tmeta target-role=Started\n",
            shown,
        )
        for name in self.names:
            self.assertRegex(shown, rf"(?m)^node {name}\b")
        self.assertRegex(shown, r"(?m)^property cib-bootstrap-options: ")
        holder = self.wait_holder()
        self.assertIn("eth0:0", self.testbed[holder].run(["ip", "addr", "show", "dev", "eth0"]))
        self.matches(
            HEAD + r"Online: \[ test1 test3 test5 \]\n\nFull list of resources:\n\n"
            rf" ClusterIP\t\(ocf::heartbeat:IPaddr2\):\tStarted {holder}\n"
        )
        with self.testbed.ping() as ping:
            ping.wait_answered()

    def moved_by_hand(self):
        with Terminal(self.testbed["test3"], ["hactl"]) as screen:
            screen.expect("# ")
            screen.type("resource")
            screen.expect("resource# ")
            screen.type("move ClusterIP test3")
            screen.expect("INFO: Move constraint created for ClusterIP to test3\n")
            screen.type("status")
            screen.expect(" ClusterIP")
            screen.expect("(ocf::heartbeat:IPaddr2):")
            screen.type("exit")
            screen.expect("bye\n")
            self.assertEqual(screen.wait_end(), 0, screen.seen)
        self.wait_holder("test3")
        self.wait_active("ClusterIP", ["test3"])
        self.matches(r"\tStarted test3\n")
        self.assertRegex(self.check("test1", "configure", "show"), r"(?m)^location cli-prefer-ClusterIP ClusterIP .*inf: test3$")
        self.check("test3", "resource", "unmove", "ClusterIP")
        self.assertNotIn("cli-prefer", self.check("test1", "configure", "show"))

    def nodes_to_standby_and_back(self):
        holder = self.wait_holder()
        self.check("test1", "node", "standby", holder)
        other = self.wait_holder(*[name for name in self.names if name != holder])
        self.wait_active("ClusterIP", [other])
        others = " ".join(name for name in self.names if name != holder)
        self.matches(rf"Node {holder}: standby\nOnline: \[ {others} \]\n")
        self.check("test1", input=f"node\nonline {holder}\nexit\n")
        self.wait_status(lambda status: status.online() == self.names, f"{holder} is online")
        self.assertRegex(self.check("test1", "configure", "show"), rf"(?m)^node {holder} \\\n\s+attributes standby=off$")

    def preferred_place(self):
        self.shell("test5", "hactl configure location ClusterIP-prefer ClusterIP inf: test3")
        self.wait_holder("test3")
        self.wait_active("ClusterIP", ["test3"])
        self.assertIn("location ClusterIP-prefer ClusterIP inf: test3\n", self.check("test3", "configure", "show"))

    def deleted(self):
        self.check("test3", "resource", "stop", "ClusterIP")
        self.wait_active("ClusterIP", [])
        self.assertEqual(self.testbed.holders(), [])
        self.matches(r" ClusterIP\t\(ocf::heartbeat:IPaddr2\):\tStopped")
        self.check("test3", "configure", "delete", "ClusterIP")
        shown = self.check("test3", "configure", "show")
        self.assertNotIn("ClusterIP", shown)
        self.matches(r"3 nodes and 0 resources configured")

    def edited(self):
        self.testbed["test3"].write_file("/root/editor", EDITOR, mode=0o755)
        self.shell("test3", "EDITOR=/root/editor hactl configure edit")
        self.check("test3", "configure", "commit")
        self.assertEqual(self.hactl("test3", "verify", "-L"), (0, "", ""))
        self.assertIn("cluster-delay=5s", self.check("test1", "configure", "show"))

    def a_service(self):
        for name in self.names:
            self.assertEqual(self.testbed[name].service("maxscale", "status").status, 3)
        self.cluster.configure("test3", SERVICE)
        self.wait_active("MaxScale", self.names)
        self.wait_active("ClusterIP", ["test3"])
        self.all_is_well()

    def all_is_well(self):
        text = self.matches(
            HEAD + r"Online: \[ test1 test3 test5 \]\n\nFull list of resources:\n\n"
            r" ClusterIP\t\(ocf::heartbeat:IPaddr2\):\tStarted test3\n"
            r" Clone Set: clone_max \[MaxScale\]\n"
            r"     Started: \[ test1 test3 test5 \]\n"
        )
        self.assertIn("3 nodes and 4 resources configured", text)
        self.assertNotIn("Failed Actions", text)
        for name in self.names:
            self.assertEqual(self.testbed[name].service("maxscale", "status").status, 0)
        self.assertEqual(maxscale.answer(self.testbed.client, VIP), "test3")

    def the_service_breaks(self):
        with self.one_answers():
            maxscale.damage(self.testbed["test3"])
            # The monitor comes every 30 s.
            self.wait_holder("test1", timeout=90)
        self.wait_status(lambda status: status.active("MaxScale") == ["test1", "test5"] and not status.in_flight, "two run")
        self.broken()
        self.assertEqual(maxscale.answer(self.testbed.client, VIP), "test1")

    def broken(self):
        self.matches(
            HEAD + r"Node test3: standby \(on-fail\)\nOnline: \[ test1 test5 \]\n\nFull list of resources:\n\n"
            r" ClusterIP\t\(ocf::heartbeat:IPaddr2\):\tStarted test1\n"
            r" Clone Set: clone_max \[MaxScale\]\n"
            r"     Started: \[ test1 test5 \]\n"
            r"     Stopped: \[ test3 \]\n"
            r"\nFailed Actions:\n"
            r"(\* .*)?\* MaxScale_start_0 on test3 'unknown error' \(1\): call=\d+, status=complete, exitreason='[^\n]*',\n"
            rf"    last-rc-change='{DATE}', queued=\d+ms, exec=\d+ms\n"
        )

    def repaired(self):
        host = self.testbed["test3"]
        maxscale.repair(host)
        self.assertEqual(host.service("maxscale", "restart").status, 0)
        self.assertEqual(host.service("maxscale", "status").status, 0)
        self.broken()  # until the operator says so
        with self.one_answers():
            self.check("test3", "resource", "cleanup", "clone_max")
            self.wait_holder("test3")
        self.wait_active("MaxScale", self.names)
        self.wait_active("ClusterIP", ["test3"])
        self.all_is_well()
