# SPDX-License-Identifier: Apache-2.0
"""A service that supervisord runs, on all hosts, and the address that stays where it serves."""

import signal

from testbed import maxscale, supervisor

from .case import VIP, ClusterCase

CONFIGURATION = """primitive ClusterIP IPaddr2 params ip=172.100.102.110 cidr_netmask=24 op monitor interval=30s
primitive MaxScale supervisor:maxscale params check_port=4006 patience=2s \\
    op monitor interval=30s timeout=15s \\
    op start interval=0 timeout=15s on-fail=standby \\
    op stop interval=0 timeout=30s \\
    meta migration-threshold=1
clone clone_max MaxScale
colocation ip-where-it-serves inf: ClusterIP clone_max
property cib-bootstrap-options: stonith-enabled=false
"""


class SupervisorCase(ClusterCase):
    configuration = CONFIGURATION
    whole = True

    @classmethod
    def prepare_hosts(cls):
        for host in cls.testbed.hosts:
            supervisor.install(host)
            supervisor.start(host)

    def setUp(self):
        super().setUp()
        self.wait_active("MaxScale", self.names)
        self.place_vip("test3", "test1", "test5")
        self.addCleanup(self.put_right)

    def put_right(self):
        if self.needs_fresh:
            return
        self.check("test1", "resource", "cleanup")
        self.check("test1", "node", "online", "test3")
        self.wait_active("MaxScale", self.names)

    def leaves_test3(self, words):
        """MaxScale ends on test3, for a reason with these words, and the address goes where it serves."""
        self.wait_holder("test1")
        self.wait_active("ClusterIP", ["test1"])
        status = self.wait_status(
            lambda status: status.active("MaxScale") == ["test1", "test5"] and not status.in_flight, "it ran on test3"
        )
        self.assertTrue(any(words in reason for reason in status.reasons("MaxScale")), f"{words}: {status.reasons('MaxScale')}")
        self.assertEqual(maxscale.answer(self.testbed.client, VIP), "test1")

    def proxy(self, name):
        return [process.pid for process in self.testbed[name].find("maxscale")]


class Supervisor(SupervisorCase):
    def test_killed(self):
        """Its monitor comes each 30 s; its watch tells at once."""
        with self.one_answers(), self.testbed.ping() as ping:
            ping.wait_answered()
            self.testbed["test3"].kill("maxscale")
            self.leaves_test3("it was killed by a signal")
        self.assertEqual(self.proxy("test3"), [])

    def test_broken(self):
        """Its file is gone: it is not installed there any more."""
        self.cluster.configure("test1", CONFIGURATION.replace("migration-threshold=1", "migration-threshold=3"))
        self.addCleanup(self.cluster.configure, "test1", CONFIGURATION)
        maxscale.damage(self.testbed["test3"])
        self.addCleanup(maxscale.repair, self.testbed["test3"])
        self.leaves_test3("its command is not on this host")
        self.assertIn("Node test3: standby (on-fail)", self.check("test1", "status"))

    def test_fatal(self):
        """It ends as soon as it has begun, until supervisord gives it up."""
        self.testbed["test3"].write_file("/root/good", self.testbed["test3"].read_file(maxscale.PROGRAM), mode=0o755)
        self.addCleanup(self.shell, "test3", f"cp /root/good {maxscale.PROGRAM}")
        self.check("test1", "node", "standby", "test3")
        self.wait_active("MaxScale", ["test1", "test5"])
        self.testbed["test3"].write_file(maxscale.PROGRAM, "#!/bin/sh\necho the licence has expired >&2\nexit 1\n", mode=0o755)
        self.check("test1", "node", "online", "test3")
        self.leaves_test3("the licence has expired")
        self.assertIn("FATAL", supervisor.ctl(self.testbed["test3"], "status") + str(self.status().reasons("MaxScale")))

    def test_supervisord_killed(self):
        """What it ran goes on, and so does the service; when supervisord is back it is put under it again."""
        host = self.testbed["test3"]
        before = self.proxy("test3")
        with self.one_answers():
            supervisor.kill(host)
            self.wait(
                lambda: "runs on without supervisord" in self.check("test1", "status"), "the status tells of it", timeout=60
            )
            self.assertEqual(self.testbed.holders(), ["test3"])
            self.assertEqual(self.proxy("test3"), before)
            supervisor.start(host)
            self.leaves_test3("which a supervisord before it has started, still runs")
        self.check("test1", "resource", "cleanup")
        self.wait_active("MaxScale", self.names)
        self.assertNotIn(before[0], self.proxy("test3"))
        self.assertEqual(len(self.proxy("test3")), 1)

    def test_supervisord_and_program_killed(self):
        host = self.testbed["test3"]
        with self.one_answers():
            supervisor.kill(host)
            host.kill("maxscale")
            self.leaves_test3("has ended, and supervisord")
        supervisor.start(host)

    def test_supervisord_ends(self):
        """As its init script ends it: it stops its programs."""
        host = self.testbed["test3"]
        with self.one_answers():
            supervisor.kill(host, signal.SIGTERM)
            self.leaves_test3("supervisord")
        self.wait(lambda: not supervisor.find(host), "supervisord has ended")
        supervisor.start(host)

    def test_stopped_by_hand(self):
        with self.one_answers():
            supervisor.ctl(self.testbed["test3"], "stop", "maxscale")
            self.leaves_test3("supervisord says STOPP")

    def test_does_not_serve(self):
        """It runs, and nobody accepts at its port: only its monitor can tell."""
        self.cluster.configure("test1", CONFIGURATION.replace("monitor interval=30s timeout", "monitor interval=1s timeout"))
        self.addCleanup(self.cluster.configure, "test1", CONFIGURATION)
        self.wait_status(lambda status: not status.in_flight, "it is monitored")
        process = self.testbed["test3"].find("maxscale")[0]
        self.testbed["test3"].run(["nft", "add", "table", "ip", "t"])
        self.addCleanup(self.testbed["test3"].call, ["nft", "delete", "table", "ip", "t"])
        self.shell("test3", "nft add chain ip t c '{ type filter hook input priority 0 ; }'")
        self.shell("test3", "nft add rule ip t c iif lo tcp dport 4006 reject")
        self.leaves_test3("it does not serve at 127.0.0.1 port 4006")
        self.assertNotIn(process.pid, self.proxy("test3"))
        self.testbed["test3"].run(["nft", "delete", "table", "ip", "t"])

    def test_two_owners(self):
        """supervisord starts it by itself, and starts it again: told where it is configured, and when it is started."""
        self.check("test1", "--force", "resource", "stop", "clone_max")
        self.wait_active("MaxScale", [])
        host = self.testbed["test1"]
        supervisor.configure(host)
        self.addCleanup(supervisor.configure, host, "autostart=false", "autorestart=false")
        said = self.hactl("test1", "verify", "-L")
        self.assertIn("warning: primitive MaxScale: supervisor:maxscale: supervisord", said.stdout + said.stderr)
        self.assertIn("autostart=false", said.stdout + said.stderr)
        self.assertIn("autorestart=false", said.stdout + said.stderr)
        self.check("test1", "resource", "start", "clone_max")
        self.wait_active("MaxScale", self.names)
        self.check("test1", "--force", "resource", "stop", "clone_max")
        self.wait_active("MaxScale", [])
        supervisor.configure(host, "autostart=false", "autorestart=false")
        self.assertEqual(self.check("test1", "verify", "-L"), "")
        self.check("test1", "resource", "start", "clone_max")
        self.wait_active("MaxScale", self.names)
