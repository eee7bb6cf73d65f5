# SPDX-License-Identifier: Apache-2.0
"""What was acknowledged stays; the cluster serves while its daemons are restarted one after the other."""

import subprocess
import tempfile

from .case import ClusterCase, printed

CONFIGURATION = """primitive ClusterIP IPaddr2 params ip=172.100.102.110 cidr_netmask=24 op monitor interval=10s
property cib-bootstrap-options: stonith-enabled=false
rsc_defaults rsc-options: resource-stickiness=INFINITY
"""

# Edits without end; the name of each that was acknowledged is printed.
WRITER = """i=0
while :; do
    i=$((i + 1))
    hactl configure location "$0-$i" ClusterIP 0: test1 && echo "$0-$i"
done
"""


class Durability(ClusterCase):
    configuration = CONFIGURATION
    whole = True

    def start_writer(self, name, prefix):
        acknowledged = tempfile.TemporaryFile()
        self.addCleanup(acknowledged.close)
        self.testbed[name].popen(
            ["sh", "-c", WRITER, prefix], stdin=subprocess.DEVNULL, stdout=acknowledged, stderr=subprocess.DEVNULL
        )
        return acknowledged

    @staticmethod
    def names_in(file):
        # The last line may have been cut off: it was not acknowledged to anybody then.
        return printed(file).split("\n")[:-1]

    def test_power_of_all_during_edits(self):
        for turn in range(2):
            files = [self.start_writer(name, f"edit-{name}-{turn}") for name in self.names]
            self.wait(lambda: all(len(self.names_in(file)) >= 8 for file in files), "edits are acknowledged on all hosts")
            for host in self.testbed.hosts:
                host.power_off()
            for host in self.testbed.hosts:
                host.power_on()
            self.wait_whole()
            self.wait_holder()
            shown = self.check(self.names[turn], "configure", "show")
            present = {line.split()[1] for line in shown.splitlines() if line.startswith("location ")}
            lost = [name for file in files for name in self.names_in(file) if name not in present]
            self.assertEqual(lost, [])

    def test_rolling_restart(self):
        holder = self.wait_holder()
        order = [name for name in self.names if name != holder] + [holder]
        edits = 0
        with self.one_answers() as who:
            for name in order:
                before = self.wait_holder()
                self.cluster.stop(name)
                self.assertEqual(self.cluster.cores(name), [])
                others = [other for other in self.names if other != name]
                for other in others:
                    edits += 1
                    self.wait(
                        lambda: self.hactl(other, "configure", "property", f"cluster-delay={10 + edits}s").status == 0,
                        f"an edit on {other} while {name} is down",
                    )
                after = self.wait_holder(*([before] if before != name else others))
                who.wait_holders([after])
                self.refused(3, "halyardd does not run", name, "status")
                self.cluster.start(name)
                self.wait_whole()
                self.assertEqual(self.wait_holder(), after, "it does not move back")
                self.assertIn(f"cluster-delay={10 + edits}s", self.check(name, "configure", "show"))
        moves = [t["holders"][0] for t in who.result["transitions"] if t["holders"]]
        changes = [b for a, b in zip(moves, moves[1:]) if a != b]
        self.assertLessEqual(len(changes), 1, f"only the last one held it: {moves}")
