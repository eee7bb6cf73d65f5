# SPDX-License-Identifier: Apache-2.0
"""Notifications of clones on the hosts: who is called when, and what he is told."""

from .aware import OPERATIONS, AwareCase

CONFIGURATION = f"""primitive db ocf:test:aware {OPERATIONS} op notify interval=0 timeout=10s
clone c db meta notify=true
property cib-bootstrap-options: stonith-enabled=false
"""


class Notify(AwareCase):
    configuration = CONFIGURATION

    @classmethod
    def bring_up(cls):
        super().bring_up()
        cls.fresh = True

    def setUp(self):
        super().setUp()
        self.wait_active("db", self.names)
        if self.fresh:  # later the last test has waited for it
            self.wait_heard("start", self.names)
        type(self).fresh = False
        self.begin_record()

    def wait_heard(self, task, names):
        """Until all of these have been told after it."""
        self.wait(
            lambda: all(any(line.words.startswith(f"notify post {task}") for line in self.recorded(name)) for name in names),
            lambda: f"{names} have heard of the {task}: { {name: self.recorded(name) for name in names} }",
        )

    def test_stop_and_start(self):
        first, second, third = self.names
        self.cluster.configure(first, f"location ban c -inf: {third}\n")
        self.wait_active("db", [first, second])
        self.wait_heard("stop", [first, second])
        stopped = self.when(third, "stop")
        for name in self.names:
            self.assertLessEqual(self.when(name, f"notify pre stop start=[] stop=[{third}]"), stopped)
        for name in (first, second):
            self.assertGreaterEqual(self.when(name, f"notify post stop start=[] stop=[{third}]"), stopped)
        self.begin_record()
        self.check(first, "configure", "delete", "ban")
        self.wait_active("db", self.names)
        self.wait_heard("start", self.names)
        started = self.when(third, "start")
        for name in (first, second):
            before = self.when(name, f"notify pre start start=[{third}] stop=[] promote=[] demote=[] active=[{first} {second}]")
            self.assertLessEqual(before, started)
        for name in self.names:
            after = self.when(name, f"notify post start start=[{third}] stop=[] promote=[] demote=[] active=[{first} {second}]")
            self.assertGreaterEqual(after, started)

    def test_who_does_not_listen_harms_nobody(self):
        first, second, third = self.names
        self.shell(first, "touch /run/aware.deaf")
        self.addCleanup(self.shell, first, "rm -f /run/aware.deaf")
        self.cluster.configure(first, f"location ban c -inf: {third}\n")
        self.wait_active("db", [first, second])
        self.check(first, "configure", "delete", "ban")
        self.wait_active("db", self.names)
        self.wait_heard("start", self.names)
        status = self.status()
        self.assertEqual(status.failed, [])
        self.assertEqual([line.words for line in self.recorded(first) if not line.words.startswith("notify")], [])

    def test_simulation_says_who_would_be_called(self):
        first, second, third = self.names
        text = self.check(first, "simulate", "--standby", third)
        for name in self.names:
            self.assertRegex(text, rf"notify +db on {name} +before the stop of db:\d on {third}")
        for name in (first, second):
            self.assertRegex(text, rf"notify +db on {name} +after the stop of db:\d on {third}")
        self.assertEqual(self.recorded(first), [])

    def test_the_dc_dies_in_between(self):
        """A new DC goes on where the old one was: what was done is told of, once it can be."""
        dc = self.cluster.wait_dc()
        others = [name for name in self.names if name != dc]
        self.cluster.configure(others[0], f"location ban c -inf: {others[1]}\n")
        self.wait_active("db", [dc, others[0]])
        self.begin_record()
        self.check(others[0], "configure", "delete", "ban")
        self.wait(lambda: any(line.words.startswith("start") for line in self.recorded(others[1])), "it starts")
        self.cluster.cores(dc)[0].kill()
        self.wait_active("db", self.names, host=others[0])
        self.wait_heard("start", others)
