# SPDX-License-Identifier: Apache-2.0
"""How long a silence is borne: it follows what is seen, all agree on it, and it is shown. Cores that are stopped for moments stand
for a host or network that stutters: to the others the two look alike."""

import datetime
import json
import re
import signal
import time

from testbed.halyard import CONFIGURATION, LOG

from .test_power import VipCase

MOST = 240
TOO_LONG = 0.150  # of a stop: what the longest dead-after does not bear, with the release margin and two heartbeats
STAMP = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) ")


def stamp(line):
    return datetime.datetime.fromisoformat(STAMP.match(line)[1])


class DetectionCase(VipCase):
    def detection(self, host):
        return json.loads(self.check(host, "status", "--json"))["detection"]

    def epochs(self):
        told = json.loads(self.check(self.names[0], "cluster", "status", "--json"))
        return {node["name"]: node["epoch"] for node in told["nodes"]}

    def log(self, host, after=0):
        return self.testbed[host].read_file(LOG)[after:].splitlines()

    def log_sizes(self):
        return {name: len(self.testbed[name].read_file(LOG)) for name in self.names}

    def stutter(self, host, seconds):
        """The core of a host stands still for a moment; how long it really was."""
        (core,) = self.cluster.cores(host)
        began = time.monotonic()
        core.kill(signal.SIGSTOP)
        try:
            time.sleep(seconds)
        finally:
            core.kill(signal.SIGCONT)
        return time.monotonic() - began

    def raise_by_stutter(self, host):
        """Until all bear as long as the profile allows."""

        def raised():
            self.stutter(host, 0.100)
            return all(self.detection(name)["dead_after_ms"] == MOST for name in self.names)

        self.wait(raised, lambda: f"dead-after is {MOST} ms everywhere; it is {[self.detection(name) for name in self.names]}")


class Adapts(DetectionCase):
    def test_it_follows_what_is_seen_and_then_nothing_moves(self):
        holder, second, third = self.place(on_dc=False)
        before = self.detection(holder)
        self.assertTrue(before["adapts"])
        self.assertEqual((before["profile"], before["least_ms"], before["most_ms"]), ("lan", 120, MOST))
        self.assertAlmostEqual(before["worst_case_ms"], before["dead_after_ms"] + 25, delta=1)
        self.raise_by_stutter(third)
        self.wait_whole()
        for name in self.names:
            now = self.detection(name)
            self.assertEqual(now["worst_case_ms"], 265)
            self.assertIn(now["wish"]["node"], self.names)
            self.assertGreater(now["wish"]["gap_ms"], 72)
            shown = self.check(name, "status")
            self.assertRegex(shown, r"\nFailure detection: profile lan, dead after 240 ms, raised from 120 ms \(")
            self.assertIn("; worst case 265 ms ", shown)
            self.assertIn("Detection: profile lan, dead after 240 ms, ", self.check(name, "cluster", "status"))
            self.assertTrue([line for line in self.log(name) if re.search(r"dead-after is raised from \d+ to 240 ms: ", line)])
        self.wait_holder(holder)
        with self.one_answers() as who:
            self.bears_stutter(holder, who)

    def bears_stutter(self, holder, who):
        """Each stop would have ended the holder's lease with 120 ms, of which at most 90 are left when it begins."""
        for _ in range(10):
            sizes, epochs, longest = self.log_sizes(), self.epochs(), 0
            for _ in range(5):
                longest = max(longest, self.stutter(holder, 0.105))
                time.sleep(0.2)
            late = [int(n) for name in self.names for n in re.findall(r"was late by (\d+) ms", "\n".join(self.log(name, sizes[name])))]
            if max(longest, *(n / 1000 for n in late or [0])) > TOO_LONG:
                continue  # this machine has made it longer than it was to be: that proves nothing
            self.assertEqual(self.epochs(), epochs, "a node was declared gone")
            self.assertEqual([line for line in self.log(holder, sizes[holder]) if "the lease had ended" in line], [])
            self.stays_on(holder, who)
            return
        self.fail(f"stops of 105 ms took more than {TOO_LONG * 1000} ms, ten times")

    def test_power_is_lost_while_it_is_raised(self):
        holder, second, third = self.place(on_dc=False)
        self.raise_by_stutter(third)
        self.wait_whole()
        self.wait_holder(holder)
        with self.one_answers() as who:
            self.testbed[holder].power_off()
            self.wait_holder(second)
            who.wait_holders([second])
            self.testbed[holder].power_on()
            self.wait_holder(holder)
        self.wait_whole()

    def test_carrier_is_lost(self):
        """The holder has let go before the others have so much as accused it."""
        holder, second, third = self.place(on_dc=False)
        sizes = self.log_sizes()
        with self.one_answers() as who:
            self.testbed[holder].pull()
            self.wait_holder(second)
            who.wait_holders([second])
            self.testbed[holder].plug()
            self.wait_holder(holder)
        self.wait_whole()
        lines = self.log(holder, sizes[holder])
        given_up = next(line for line in lines if "no link is left: this node's lease is given up at once" in line)
        released = next(line for line in lines if "the lease had ended: ClusterIP" in line)
        accused = next(line for line in self.log(second, sizes[second]) if f"{holder} is silent" in line)
        self.assertLess(stamp(given_up), stamp(accused))
        self.assertLess(stamp(released), stamp(accused))


class Settings(DetectionCase):
    @classmethod
    def set_detection(cls, text, names):
        for name in names:
            host = cls.testbed[name]
            old = host.read_file(CONFIGURATION)
            new, count = re.subn(r"^detection = \{.*\};$", f"detection = {{ {text} }};", old, flags=re.M)
            if count != 1:
                raise RuntimeError(f"no detection in the configuration of {name}:\n{old}")
            host.write_file(CONFIGURATION, new, mode=0o640)

    @classmethod
    def make_cluster(cls):
        super().make_cluster()
        cls.set_detection('profile = "lan"; dead_after_ms = 200;', cls.names)

    def test_what_is_written_is_fixed(self):
        *_, third = self.names
        for _ in range(5):
            self.stutter(third, 0.130)
            time.sleep(0.2)
        for name in self.names:
            now = self.detection(name)
            self.assertFalse(now["adapts"])
            self.assertEqual(now["dead_after_ms"], 200)
            self.assertIsNone(now["wish"])
            self.assertIn("dead after 200 ms, fixed by this node's file; worst case 225 ms ", self.check(name, "status"))

    def test_another_profile_is_told(self):
        first, second, third = self.names
        sizes = self.log_sizes()
        self.cluster.stop(third)
        self.set_detection('profile = "wan";', [third])
        self.cluster.start(third)

        def told():
            words = f"{third} has dead-after-max 3000 ms, this node 400 ms: the detection settings"
            return all(any(words in line for line in self.log(name, sizes[name])) for name in (first, second))

        self.wait(told, f"{first} and {second} say that {third} goes by other settings")
        self.cluster.stop(third)
        self.set_detection('profile = "lan"; dead_after_ms = 200;', [third])
        self.cluster.start(third)
        self.wait_whole()
