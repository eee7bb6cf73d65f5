# SPDX-License-Identifier: Apache-2.0
"""What an operator is promised while cores die: an edit is made once, and what is read misses nothing."""

import random
import subprocess
import time

from .case import ClusterCase

ROUNDS = 4  # a core that dies again and again is started later each time


class Clients(ClusterCase):
    configuration = "primitive Something ocf:heartbeat:IPaddr2 params ip=172.100.102.110 cidr_netmask=24\n"

    def begin(self, host, *arguments):
        return self.testbed[host].popen(
            ["hactl", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def edits_while_it_dies(self, host, victim, prefix):
        """A new object: a second attempt that is taken for another edit would be refused, as there is one already."""
        for number in range(ROUNDS):
            name = f"{prefix}-{number}"
            command = self.begin(host, "--timeout", "60", "configure", "location", name, "Something", "5:", host)
            time.sleep(random.uniform(0, 0.008))
            for process in self.cluster.cores(victim):
                process.kill()
            said, _ = command.communicate(timeout=120)
            self.assertEqual(command.returncode, 0, f"{name}: {said}")
            self.wait(lambda: self.cluster.cores(victim), f"the core of {victim} is started again")
            self.wait(lambda: self.hactl(host, "configure", "show").status == 0, "it answers")
            self.assertEqual(self.check(host, "configure", "show").count(f"location {name} "), 1)

    def test_cores_die(self):
        dc = self.cluster.wait_dc()
        other, own = [name for name in self.names if name != dc]
        self.edits_while_it_dies(other, dc, "dc")
        self.edits_while_it_dies(own, own, "own")

    def test_a_read_elsewhere_misses_nothing(self):
        for number in range(3 * ROUNDS):
            writer, reader = random.sample(self.names, 2)
            self.check(writer, "configure", "property", f"cluster-delay={number}s")
            self.assertIn(f"cluster-delay={number}s", self.check(reader, "configure", "show"))
