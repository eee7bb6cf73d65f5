# SPDX-License-Identifier: Apache-2.0
"""Hosts lose their power and get it back; cables are pulled and plugged."""

from .case import ClusterCase

CONFIGURATION = """primitive ClusterIP IPaddr2 params ip=172.100.102.110 nic="eth0:0" cidr_netmask=24 op monitor interval=10s
primitive MaxScale lsb:maxscale op monitor interval=10s timeout=15s
clone clone_max MaxScale
property cib-bootstrap-options: stonith-enabled=false
"""


class VipCase(ClusterCase):
    configuration = CONFIGURATION
    whole = True

    def others(self, *names):
        return [name for name in self.names if name not in names]

    def place(self, on_dc):
        """The VIP on the DC, or on one that is not: the holder, where it would go next, and the third."""
        dc = self.cluster.wait_dc()
        rest = self.others(dc)
        order = [dc, *rest] if on_dc else [*rest, dc]
        self.place_vip(*order)
        self.assertEqual(self.cluster.wait_dc(), dc)
        return order

    def stays_on(self, holder, who):
        """Nobody else has answered for the VIP."""
        self.assertEqual(list(who.peek()["holders"]), [holder])
        self.assertEqual(self.testbed.holders(), [holder])

    def wait_seen_gone(self, name, by):
        self.wait_status(lambda status: name not in status.online() and status.quorum, f"{name} is offline", by)

    def wait_seen_back(self):
        self.wait_whole()


class Power(VipCase):
    def test_of_the_holder(self):
        holder, second, third = self.place(on_dc=False)
        with self.one_answers() as who:
            self.testbed[holder].power_off()
            self.wait_holder(second)
            who.wait_holders([second])
            self.wait_seen_gone(holder, third)
            self.wait_active("MaxScale", [second, third], third)
            self.testbed[holder].power_on()
            self.wait_holder(holder)
            who.wait_holders([holder])
        self.wait_whole()

    def test_of_the_holder_and_dc(self):
        holder, second, third = self.place(on_dc=True)
        with self.one_answers() as who:
            self.testbed[holder].power_off()
            self.wait_holder(second)
            who.wait_holders([second])
            self.assertNotEqual(self.cluster.wait_dc([second, third]), holder)
            self.testbed[holder].power_on()
            self.wait_holder(holder)
        self.wait_whole()

    def test_of_the_dc(self):
        holder, second, dc = self.place(on_dc=False)
        with self.one_answers() as who:
            self.testbed[dc].power_off()
            self.wait_seen_gone(dc, holder)
            self.assertIn(self.cluster.wait_dc([holder, second]), (holder, second))
            self.stays_on(holder, who)
            self.testbed[dc].power_on()
            self.wait_whole()
            self.stays_on(holder, who)

    def test_of_a_third(self):
        holder, third, dc = self.place(on_dc=False)
        with self.one_answers() as who:
            self.testbed[third].power_off()
            self.wait_seen_gone(third, holder)
            self.assertEqual(self.cluster.wait_dc([holder, dc]), dc)
            self.testbed[third].power_on()
            self.wait_whole()
            self.stays_on(holder, who)

    def test_of_one_after_the_other(self):
        """Each is back before the next one goes; the VIP is always somewhere in the end."""
        with self.one_answers():
            for name in self.place(on_dc=True):
                self.testbed[name].power_off()
                self.wait_holder(*self.others(name))
                self.testbed[name].power_on()
                self.wait_whole()


class Cable(VipCase):
    def test_of_the_holder(self):
        holder, second, third = self.place(on_dc=False)
        with self.one_answers() as who:
            self.testbed[holder].pull()
            # Its own kernel must have let go of it, too: it is not only the network which keeps them apart.
            self.wait_holder(second)
            who.wait_holders([second])
            self.wait_status(lambda status: not status.quorum, f"{holder} knows", holder)
            self.testbed[holder].plug()
            self.wait_holder(holder)
        self.wait_whole()

    def test_of_the_dc(self):
        holder, second, dc = self.place(on_dc=False)
        with self.one_answers() as who:
            self.testbed[dc].pull()
            self.wait_seen_gone(dc, holder)
            self.assertIn(self.cluster.wait_dc([holder, second]), (holder, second))
            self.testbed[dc].plug()
            self.wait_whole()
            self.stays_on(holder, who)
