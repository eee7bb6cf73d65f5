# SPDX-License-Identifier: Apache-2.0
"""Capacities on the hosts: nobody starts where he has no room yet."""

from .aware import OPERATIONS, AwareCase

CONFIGURATION = f"""node test1 utilization memory=4
node test3 utilization memory=4
node test5 utilization memory=4
primitive old ocf:test:aware params pause=700ms utilization memory=4 {OPERATIONS}
primitive new ocf:test:aware utilization memory=4 {OPERATIONS}
location old-place old inf: test1
location new-place new inf: test5
property cib-bootstrap-options: stonith-enabled=false placement-strategy=utilization
"""


class Room(AwareCase):
    configuration = CONFIGURATION

    def test_who_starts_waits_for_those_who_leave(self):
        self.wait_active("old", ["test1"])
        self.wait_active("new", ["test5"])
        self.begin_record()
        self.cluster.configure("test1", "location old-place old inf: test3\nlocation new-place new inf: test1\n")
        self.wait_active("new", ["test1"])
        self.wait_active("old", ["test3"])
        gone, started = self.when("test1", "gone", "old"), self.when("test1", "start", "new")
        self.assertGreaterEqual(started, gone, "it starts when the room is there")
        self.assertLess(self.when("test5", "stop", "new"), gone, "it stops at once, where it was")
