# SPDX-License-Identifier: Apache-2.0
"""Two of three hosts are gone: what is left runs nothing, says so, and takes no edit."""

from .test_power import VipCase


class Quorum(VipCase):
    def test_lost_and_regained(self):
        holder, second, third = self.place(on_dc=False)
        with self.one_answers() as who:
            self.testbed[second].power_off()
            self.testbed[third].power_off()
            self.wait(lambda: self.testbed.holders() == [], "the VIP is let go")
            who.wait_holders([])
            self.wait(lambda: self.testbed[holder].service("maxscale", "status").status == 3, "MaxScale is stopped")
            self.says_so(holder)
            self.testbed[second].power_on()
            self.wait_holder(holder)
            who.wait_holders([holder])
            self.wait_active("MaxScale", [holder, second])
            self.testbed[third].power_on()
            self.wait_whole()

    def says_so(self, host):
        text = self.check(host, "status")
        self.assertIn("Current DC: NONE - partition WITHOUT quorum\n", text)
        self.assertRegex(text.splitlines()[0], rf"^{host} has no quorum\b.*: .* \d+(\.\d+)? s ago$")
        status = self.status(host)
        self.assertFalse(status.quorum)
        self.assertGreater(status.told["age_ms"], 0)
        shown = self.hactl(host, "configure", "show")
        self.assertEqual(shown.status, 0)
        self.assertRegex(shown.stderr, rf"^hactl: warning: no quorum: {host} .*; this is what it knew \d+\.\d s ago\n$")
        before = shown.stdout
        # At once: this is not the line of an edit that waited in vain.
        line = self.refused(1, "quorum", host, "configure", "property", "cluster-delay=7s")
        self.assertNotIn("no answer", line)
        self.assertEqual(self.check(host, "configure", "show"), before)

    def test_two_left_go_on(self):
        """Two of three are enough for edits."""
        holder, second, third = self.place(on_dc=False)
        self.testbed[third].power_off()
        self.wait_seen_gone(third, holder)
        self.check(holder, "configure", "property", "cluster-delay=8s")
        self.testbed[third].power_on()
        self.wait_whole()
        self.assertIn("cluster-delay=8s", self.check(third, "configure", "show"))
