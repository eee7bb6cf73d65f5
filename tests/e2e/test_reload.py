# SPDX-License-Identifier: Apache-2.0
"""Changed parameters of what runs on the hosts: taken over while it runs where the agent can, else by a restart."""

from .aware import OPERATIONS, AwareCase


def primitive(params):
    return f"primitive db ocf:test:aware params {params} {OPERATIONS} op reload interval=0 timeout=10s\n"


CONFIGURATION = f"""{primitive("speed=1 place=x")}primitive web ocf:test:aware {OPERATIONS}
group g db web
property cib-bootstrap-options: stonith-enabled=false
"""


class Reload(AwareCase):
    configuration = CONFIGURATION

    def setUp(self):
        super().setUp()
        self.wait_status(lambda status: status.active("web") and not status.in_flight, "all runs")
        self.change("speed=1 place=x")
        self.begin_record()

    def holder(self):
        (name,) = self.status().active("db")
        return name

    def asked(self, rsc="db"):
        return [line.words for line in self.recorded(self.holder(), rsc)]

    def change(self, params):
        self.cluster.configure(self.a_host_on(), primitive(params))
        self.wait_whole()

    def wait_asked(self, words):
        self.wait(lambda: words in self.asked(), lambda: f"it is asked for {words}: {self.asked()}")
        self.wait_whole()

    def test_what_can_be_is_reloaded(self):
        self.change("speed=2 place=x")
        self.wait_asked("reload speed=2")
        self.change("speed=3 place=x password=secret")
        self.wait_asked("reload speed=3")
        self.change("speed=3 place=x password=other")
        self.wait(lambda: self.asked().count("reload speed=3") == 2, lambda: f"for a secret, too: {self.asked()}")
        self.assertEqual(self.asked(), ["reload speed=2", "reload speed=3", "reload speed=3"])
        self.assertEqual(self.asked("web"), [])
        self.assertIn("nothing", self.check(self.a_host_on(), "simulate"))

    def test_what_cannot_be_restarts(self):
        self.change("speed=2 place=y")
        self.wait_asked("start speed=2 place=y")
        self.assertEqual(self.asked(), ["stop speed=1", "start speed=2 place=y"])
        self.assertEqual(self.asked("web"), ["stop speed=1", "start speed=1 place=here"])

    def test_after_the_restart_of_a_core(self):
        """Of what it runs only a probe tells then, and that is enough; or, where that took too long for the lease, a start."""
        self.cluster.cores(self.holder())[0].kill()
        self.wait_whole()
        self.wait_status(lambda status: status.active("web") and not status.in_flight, "all runs")
        self.begin_record()
        self.change("speed=5 place=x")
        self.wait_asked("reload speed=5")
        self.assertEqual(self.asked(), ["reload speed=5"])

    def test_what_fails_to_reload_restarts(self):
        holder = self.holder()
        self.shell(holder, "touch /run/aware.stubborn")
        self.addCleanup(self.hactl, self.a_host_on(), "resource", "cleanup", "db")
        self.addCleanup(self.shell, holder, "rm -f /run/aware.stubborn")
        self.cluster.configure(self.a_host_on(), primitive("speed=4 place=x"))
        self.wait_status(
            lambda status: status.active("web") and not status.in_flight and any(f[0] == "db" for f in status.failed),
            "it has failed and runs again",
        )
        seen = [line.words for name in self.names for line in self.recorded(name)]
        self.assertEqual(sorted(seen), ["reload speed=4", "start speed=4 place=x", "stop speed=4"])
        self.assertEqual([f[0] for f in self.status().failed], ["db"])
