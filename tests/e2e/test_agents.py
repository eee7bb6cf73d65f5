# SPDX-License-Identifier: Apache-2.0
"""Agents that crash, hang and lie on the hosts: each is told by its name, and harms nobody else."""

from .build import Build, test_agent
from .case import ClusterCase

CONFIGURATION = """primitive ClusterIP IPaddr2 params ip=172.100.102.110 cidr_netmask=24 op monitor interval=1s
primitive MaxScale lsb:maxscale op monitor interval=1s timeout=15s
clone clone_max MaxScale
property cib-bootstrap-options: stonith-enabled=false
"""

OPERATIONS = """op monitor interval=0 timeout=2s op monitor interval=10s timeout=2s \\
    op start interval=0 timeout=2s op stop interval=0 timeout=2s"""


class Nasty(ClusterCase):
    configuration = CONFIGURATION
    whole = True

    @classmethod
    def prepare_hosts(cls):
        super().prepare_hosts()
        for host in cls.testbed.hosts:
            for name in ("nasty", "good"):
                host.write_file(f"{Build.agents}/{name}.so", test_agent(name), mode=0o755)

    def setUp(self):
        super().setUp()
        self.place_vip(*self.names)
        self.daemons = {name: self.pids(name) for name in self.names}

    def pids(self, name):
        """The executor and the core: what must outlive all agents."""
        return [(core.parent, core.pid) for core in self.cluster.cores(name)]

    def fails(self, how, words):
        """A resource of this agent fails on every node, for a reason with these words; nothing else is disturbed."""
        with self.one_answers() as who, self.testbed.ping() as ping:
            ping.wait_answered()
            self.cluster.configure("test1", f"primitive bad ocf:test:nasty params how={how} {OPERATIONS}\n")
            status = self.wait_status(
                lambda status: {f[2] for f in status.failed if f[0] == "bad"} == set(self.names)
                and status.active("bad") == []
                and not status.in_flight,
                f"nasty {how} fails on all nodes",
            )
            for reason in status.reasons("bad"):
                self.assertRegex(reason, words)
            self.assertRegex(self.check("test1", "status"), rf"\* bad_\w+_\d+ on test[135] '[^']+' \(\d+\): .*exitreason='.*{words}")
            self.undisturbed(who)
            self.remove()

    def undisturbed(self, who):
        self.assertEqual(list(who.peek()["holders"]), [self.names[0]])
        status = self.status()
        self.assertEqual(status.active("ClusterIP"), self.names[:1])
        self.assertEqual(status.active("MaxScale"), self.names)
        self.assertEqual([f for f in status.failed if f[0] != "bad"], [])
        self.assertEqual({name: self.pids(name) for name in self.names}, self.daemons)

    def remove(self):
        self.check("test1", "resource", "stop", "bad")
        self.wait_active("bad", [])
        self.check("test1", "configure", "delete", "bad")
        self.hactl("test1", "resource", "cleanup")
        self.wait_status(lambda status: not [f for f in status.failed if f[0] == "bad"], "nothing is left of it")

    def test_segmentation_fault(self):
        self.fails("segv", "killed by SIGSEGV")

    def test_abort(self):
        self.fails("abort", "killed by SIGABRT")

    def test_hang(self):
        before = {host.name: len(self.cluster.daemons(host)) for host in self.testbed.hosts}
        self.fails("hang", "timed out")
        for name, count in before.items():
            self.wait(lambda: len(self.cluster.daemons(name)) <= count, f"what hung on {name} is gone")

    def test_exit_without_an_answer(self):
        self.fails("exit", "no answer")

    def test_nonsense_as_answer(self):
        self.fails("rubbish", "no answer of an agent")

    def test_flood_on_stderr(self):
        self.fails("flood", "gave no reason")

    def test_fork_away(self):
        """It says that all is well, and leaves a process behind at each operation."""
        with self.one_answers() as who:
            self.cluster.configure("test1", f"primitive bad ocf:test:nasty params how=leave pidfile=/run/left {OPERATIONS}\n")
            self.wait_status(lambda status: len(status.active("bad")) == 1 and not status.in_flight, "it is active on one")
            self.undisturbed(who)
            self.remove()

    def test_agent_that_is_not_there(self):
        """Installed nowhere: a failure that says so, and no more."""
        with self.one_answers() as who:
            self.hactl("test1", "configure", "load", "update", "-", input="primitive bad ocf:test:absent\n")
            self.wait_status(lambda status: {f[2] for f in status.failed if f[0] == "bad"} == set(self.names), "it fails")
            self.undisturbed(who)
            self.remove()
