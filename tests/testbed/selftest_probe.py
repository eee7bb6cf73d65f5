# SPDX-License-Identifier: Apache-2.0
"""The probes: what they report is what was done to the address."""

import time

from .probe import monotonic_ms
from .selftest_case import VIP, TestbedCase


class Ping(TestbedCase):
    def test_an_address_removed_for_300_ms(self):
        self.take("test1")
        with self.testbed.ping() as ping:
            ping.wait_answered()
            # One command, so that no other delay of the testbed is in it.
            began = monotonic_ms()
            script = f"ip addr del {VIP}/24 dev eth0; sleep 0.3; ip addr add {VIP}/24 dev eth0; arping -qU -c1 -w1 -I eth0 {VIP}"
            self.testbed["test1"].call(["sh", "-c", script])
            seen = ping.wait_outage()
        self.assertEqual(seen["gap_count"], 1)
        gap = seen["gaps"][0]
        self.assertTrue(290 <= seen["longest_gap_ms"] <= 400, seen)
        self.assertEqual(gap["length_ms"], seen["longest_gap_ms"])
        self.assertTrue(began - 10 <= gap["start_ms"] <= began + 100, (began, gap))
        # Some 75 requests in that time were not answered; the others were.
        self.assertTrue(60 <= seen["sent"] - seen["answered"] <= 110, seen)
        self.assertLess(ping.result["longest_gap_ms"], 100)
        self.release("test1")

    def test_steady_answers_have_no_gap(self):
        with self.testbed.ping("172.100.102.155") as ping:
            ping.wait_answered()
            time.sleep(1)
        seen = ping.result
        self.assertGreater(seen["answered"], 150)
        self.assertLessEqual(seen["sent"] - seen["answered"], 1)
        self.assertLess(seen["rtt_ms"]["p50"], 5)
        self.assertLess(seen["longest_gap_ms"], 100, seen)

    def test_an_address_that_never_comes_back(self):
        self.take("test1")
        with self.testbed.ping() as ping:
            ping.wait_answered()
            self.testbed["test1"].power_off()
            ping.wait_silent(400)
            seen = ping.lap()
            self.assertGreaterEqual(seen["longest_gap_ms"], 400)
            self.assertEqual(seen["longest_gap_ms"], seen["open_gap_ms"])
            # A gap that goes on is counted whole in the next window.
            ping.wait_silent(800)
        self.assertGreaterEqual(ping.result["longest_gap_ms"], 800)

    def test_ipv6(self):
        with self.testbed.ping(self.testbed["test3"].address6) as ping:
            seen = ping.wait_answered()
        self.assertGreater(seen["answered"], 3)

    def test_nonsense_is_refused(self):
        with self.assertRaisesRegex(RuntimeError, "not an IPv4 or IPv6 address"):
            self.testbed.ping("nonsense").start()


class WhoHas(TestbedCase):
    def test_one_owner(self):
        self.take("test3")
        with self.testbed.who_has() as who:
            who.wait_holders(["test3"])
            who.lap()
            time.sleep(0.3)
        seen = who.result
        self.assertEqual(list(seen["holders"]), ["test3"])
        self.assertGreater(seen["holders"]["test3"]["answers"], 20)
        self.assertEqual(seen["several"]["requests"], 0)
        self.release("test3")

    def two_owners(self, **options):
        self.take("test1")
        with self.testbed.who_has(**options) as who:
            who.wait_holders(["test1"])
            who.lap()
            self.take("test5")
            who.wait_holders(["test1", "test5"])
            time.sleep(0.4)
            self.release("test1")
            who.wait_holders(["test5"])
        seen = who.result
        self.release("test5")
        self.assertEqual(sorted(seen["holders"]), ["test1", "test5"])
        self.assertGreaterEqual(seen["several"]["longest_ms"], 400)
        self.assertLess(seen["several"]["longest_ms"], 5000)
        return seen

    def test_two_owners_are_seen(self):
        seen = self.two_owners()
        self.assertEqual([sorted(t["holders"]) for t in seen["transitions"]], [["test1", "test5"], ["test5"]])
        self.assertEqual(seen["none"]["requests"], 0)
        self.assertGreaterEqual(seen["holders"]["test5"]["announcements"], 1)

    def test_two_owners_are_seen_by_a_plain_asker(self):
        self.two_owners(plain=True)

    def test_nobody_then_another(self):
        self.take("test1")
        with self.testbed.who_has() as who:
            who.wait_holders(["test1"])
            who.lap()
            self.release("test1")
            time.sleep(0.2)
            self.take("test3")
            who.wait_holders(["test3"])
        seen = who.result
        self.release("test3")
        self.assertTrue(200 <= seen["none"]["longest_ms"] <= 2000, seen["none"])
        self.assertEqual([t["holders"] for t in seen["transitions"]][-2:], [[], ["test3"]])
        self.assertEqual(seen["several"]["total_ms"], 0)

    def test_asking_teaches_the_hosts_nothing(self):
        """Made-up hardware addresses must not get into the neighbour tables, or the answers to others would be lost."""
        self.take("test1")
        with self.testbed.who_has() as who, self.testbed.ping() as ping:
            who.wait_holders(["test1"])
            ping.wait_answered()
            time.sleep(0.5)
            neighbours = self.testbed["test1"].run(["ip", "neigh"])
            self.assertNotIn("02:50:", neighbours)
        self.assertLess(ping.result["longest_gap_ms"], 100)
        self.release("test1")
