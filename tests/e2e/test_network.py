# SPDX-License-Identifier: Apache-2.0
"""The network between the hosts breaks, and all keep their carrier. The client still reaches both sides: who answers is seen."""

import time

from .test_power import VipCase


class Network(VipCase):
    def test_holder_alone_on_its_side(self):
        holder, second, third = self.place(on_dc=False)
        with self.one_answers() as who:
            self.testbed.cut(holder)
            self.wait_holder(second)
            who.wait_holders([second])
            self.assertIn("partition WITHOUT quorum", self.check(holder, "status"))
            self.wait_seen_gone(holder, second)
            self.testbed.heal_network()
            self.wait_holder(holder)
            who.wait_holders([holder])
        self.wait_whole()

    def test_holder_and_dc_alone_on_its_side(self):
        holder, second, third = self.place(on_dc=True)
        with self.one_answers() as who:
            self.testbed.cut(holder)
            self.wait_holder(second)
            who.wait_holders([second])
            self.assertIn(self.cluster.wait_dc([second, third]), (second, third))
            self.testbed.heal_network()
            self.wait_holder(holder)
        self.wait_whole()

    def test_holder_on_the_larger_side(self):
        holder, second, third = self.place(on_dc=False)
        with self.one_answers() as who:
            self.testbed.cut(second)
            self.wait_seen_gone(second, holder)
            self.stays_on(holder, who)
            self.testbed.heal_network()
            self.wait_whole()
            self.stays_on(holder, who)

    def test_each_alone(self):
        """Nobody has quorum: nobody holds the VIP."""
        holder, *_ = self.place(on_dc=False)
        with self.one_answers() as who:
            for name in self.names:
                self.testbed.cut(name)
            self.wait(lambda: self.testbed.holders() == [], "nobody holds the VIP")
            who.wait_holders([])
            self.testbed.heal_network()
            self.wait_holder(holder)
        self.wait_whole()

    def test_holder_is_not_heard(self):
        holder, second, third = self.place(on_dc=False)
        with self.one_answers() as who:
            self.testbed.cut_one_way(holder, [second, third])
            self.wait_holder(second)
            who.wait_holders([second])
            self.testbed.heal_network()
            self.wait_holder(holder)
        self.wait_whole()

    def test_holder_does_not_hear(self):
        holder, second, third = self.place(on_dc=False)
        with self.one_answers() as who:
            self.testbed.cut_one_way([second, third], holder)
            self.wait_holder(second)
            who.wait_holders([second])
            self.testbed.heal_network()
            self.wait_holder(holder)
        self.wait_whole()

    def test_dc_is_not_heard(self):
        holder, second, dc = self.place(on_dc=False)
        with self.one_answers() as who:
            self.testbed.cut_one_way(dc, [holder, second])
            self.wait(lambda: self.cluster.dc(holder) in (holder, second), "one of the others is the DC")
            self.wait_status(lambda status: status.active("ClusterIP") == [holder], "the VIP stays", holder)
            self.testbed.heal_network()
            self.wait_whole()
            self.stays_on(holder, who)

    def test_dc_does_not_hear(self):
        holder, second, dc = self.place(on_dc=False)
        with self.one_answers() as who:
            self.testbed.cut_one_way([holder, second], dc)
            self.wait(lambda: self.cluster.dc(holder) in (holder, second), "one of the others is the DC")
            self.testbed.heal_network()
            self.wait_whole()
            self.stays_on(holder, who)

    def test_a_bridge(self):
        """Two do not reach each other, the third reaches both: edits work where there is quorum, and it heals."""
        holder, second, third = self.place(on_dc=False)
        with self.one_answers():
            self.testbed.cut(holder, second)
            self.wait(
                lambda: self.hactl(third, "configure", "location", "bridge", "ClusterIP", "0:", third).status == 0,
                "an edit is taken by the one whom both reach",
            )
            self.testbed.heal_network()
            self.wait_whole()
            self.check(third, "configure", "delete", "bridge")

    def test_losses(self):
        """One frame in five, in each direction of each host: it may move, there are never two, and it recovers."""
        holder, *_ = self.place(on_dc=False)
        with self.one_answers():
            self.testbed.loss(self.names, 20)
            time.sleep(6)
            self.testbed.heal_network()
            self.wait_holder(holder)
        self.wait_whole()
