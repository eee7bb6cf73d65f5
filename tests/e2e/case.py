# SPDX-License-Identifier: Apache-2.0
"""One cluster for each class of tests: three hosts, the daemons run, a configuration is loaded."""

import contextlib
import os
import unittest

from testbed import Testbed, maxscale
from testbed.halyard import CONFIGURATION, Halyard

from .build import Build
from .status import Status

VIP = "172.100.102.110"


def printed(file):
    """What a process has printed to this file so far. Read by itself: the process' own place in the file stays where it is."""
    with open(f"/proc/self/fd/{file.fileno()}", "rb") as again:
        return again.read().decode()


class ClusterCase(unittest.TestCase):
    maxDiff = None
    options = {}  # of Testbed
    services = ()  # started at boot, as an operator's init would
    configuration = None  # loaded when the cluster stands
    init_options = ()  # of hactl cluster init
    whole = False  # each test begins and ends with a whole cluster: all faults healed, no failed action

    needs_fresh = False  # a test of this class has failed: the next one gets a fresh cluster

    @classmethod
    def setUpClass(cls):
        cls.addClassCleanup(lambda: cls.testbed.down())
        cls.start_afresh()

    @classmethod
    def start_afresh(cls):
        cls.testbed = Testbed(layers=[Build.layer], path=Build.path, **cls.options).up()
        cls.needs_fresh = False
        try:
            cls.bring_up()
        except Exception as error:
            error.add_note(cls.testbed.report())
            raise

    @classmethod
    def make_cluster(cls):
        """All but the start of the daemons."""
        cls.cluster = Halyard(cls.testbed)
        cls.names = [host.name for host in cls.testbed.hosts]
        cls.prepare_hosts()
        cls.cluster.init(cls.init_options)
        cls.set_log_level(os.environ.get("HALYARD_E2E_LOG"))

    @classmethod
    def bring_up(cls):
        cls.make_cluster()
        cls.cluster.start_at_boot(services=cls.services)
        cls.cluster.start()
        cls.cluster.wait_dc()
        if cls.configuration:
            cls.cluster.configure(cls.names[0], cls.configuration)

    @classmethod
    def set_log_level(cls, level):
        """HALYARD_E2E_LOG=debug: to see more of a failure."""
        for host in cls.testbed.hosts if level else ():
            text = host.read_file(CONFIGURATION)
            host.write_file(CONFIGURATION, text.replace('level = "info"', f'level = "{level}"'), mode=0o640)

    @classmethod
    def prepare_hosts(cls):
        """Before the daemons start."""
        for host in cls.testbed.hosts:
            maxscale.install(host)

    def setUp(self):
        if self.needs_fresh:
            self.testbed.down()
            self.start_afresh()
        if self.whole:
            self.wait_whole()
            self.addCleanup(self.wait_whole_again)

    def wait_whole_again(self):
        if not self.needs_fresh:
            self.testbed.heal()
            self.wait_whole()

    # Asking

    def hactl(self, host, *arguments, **options):
        """Result(status, stdout, stderr)."""
        return self.cluster.hactl(host, *arguments, **options)

    def check(self, host, *arguments, **options):
        """hactl, which must succeed; its output."""
        return self.cluster.check(host, *arguments, **options)

    def refused(self, status, words, host, *arguments, **options):
        """hactl, which must fail with this status and one line that has these words; the line."""
        result = self.hactl(host, *arguments, **options)
        self.assertEqual(result.status, status, f"hactl {' '.join(arguments)}: {result}")
        self.assertEqual(len(result.stderr.splitlines()), 1, f"hactl {' '.join(arguments)}: {result}")
        self.assertEqual(result.stdout, "")
        self.assertIn(words, result.stderr)
        return result.stderr

    def shell(self, host, line):
        """A line as it is typed at a host's prompt; it must succeed."""
        return self.testbed[host].run(["sh", "-c", line])

    def status(self, host=None):
        return Status.of(self.cluster, host or self.a_host_on())

    def a_host_on(self):
        return next(host.name for host in self.testbed.hosts if host.is_on)

    # Waiting

    def wait(self, condition, what, timeout=60):
        return self.testbed.wait_until(condition, timeout, what)

    def wait_status(self, condition, what, host=None, timeout=60):
        """Until a condition holds for the status of a host; that Status."""
        seen = []

        def ask():
            status = self.status(host)
            seen[:] = [status]
            return status if status and condition(status) else None

        return self.wait(ask, lambda: f"{what}; the last status:\n{seen[0] if seen else 'none'}", timeout)

    def wait_active(self, resource, nodes, host=None, timeout=60):
        """Until a resource is active on exactly these nodes, with nothing under way."""
        wanted = sorted(nodes)
        return self.wait_status(
            lambda status: status.active(resource) == wanted and not status.in_flight,
            f"{resource} is active on {wanted}",
            host,
            timeout,
        )

    def wait_holder(self, *names, timeout=60):
        """Until exactly one host (one of these) has the VIP on its interface; its name."""
        return self.cluster.wait_holder(names or None, timeout=timeout)

    def wait_whole(self, timeout=90):
        """All hosts see all nodes online, agree on the DC, and have nothing to do and nothing to complain of."""

        def whole():
            seen = [self.status(name) for name in self.names]
            return all(status and status.is_whole(self.names) for status in seen) and len({s.dc for s in seen}) == 1

        def picture():
            return "the cluster is whole; the statuses:\n" + "\n".join(str(self.status(name)) for name in self.names)

        self.wait(whole, picture, timeout)
        shown = {self.check(name, "configure", "show") for name in self.names}
        self.wait(
            lambda: len({self.check(name, "configure", "show") for name in self.names}) == 1,
            f"all hosts show the same configuration: {shown}",
        )
        self.assertEqual(self.check(self.names[0], "verify", "-L"), "")

    # Who answers for the VIP

    @contextlib.contextmanager
    def one_answers(self):
        """While this lasts, no ARP request for the VIP has two answers."""
        with self.testbed.who_has() as who:
            yield who
        doubles = who.result["several"]
        self.assertEqual(doubles["requests"], 0, f"two hosts answered for the VIP: {doubles}, {who.result['transitions']}")

    def place_vip(self, *preference):
        """Let ClusterIP prefer the first of these nodes, then the next; wait until it is there."""
        lines = [f"location prefer-{n} ClusterIP {100 * (3 - i)}: {n}\n" for i, n in enumerate(preference)]
        self.cluster.configure(self.names[0], "".join(lines))
        self.wait_active("ClusterIP", preference[:1])
        self.wait_holder(preference[0])
