# SPDX-License-Identifier: Apache-2.0
"""What the stacks have in common whose operator's tool takes crm's commands."""

from .stack import OPERATOR, VICTIM, Stack

# All read these texts as they are. The monitors and timeouts are those an operator of such a cluster has set.
CONFIGURATION = """property stonith-enabled=false
primitive ClusterIP ocf:heartbeat:IPaddr2 params ip=172.100.102.110 nic="eth0:0" cidr_netmask=24 \\
    op monitor interval=30s meta target-role=Started
primitive MaxScale lsb:maxscale op monitor interval={monitor} timeout=15s \\
    op start interval=0 timeout=15s on-fail=standby op stop interval=0 timeout=30s meta migration-threshold={threshold}
clone clone_max MaxScale
location clusterIP-preffer ClusterIP inf: test3
"""

BESIDE = """colocation clusterIP-with-service inf: ClusterIP clone_max
"""


class CrmStack(Stack):
    # Each stack says how it does these.

    def status(self, host):
        """The text of the status as a host tells it; "" when it does not answer."""
        raise NotImplementedError

    def tool(self):
        """The operator's tool, as the beginning of a command line; all take crm's commands."""
        raise NotImplementedError

    def move_away(self):
        """The command that moves the address from where it is, wherever to."""
        return ["resource", "move", "ClusterIP"]

    def quick_status(self):
        """The quickest command that shows the status."""
        return [*self.tool(), "status"]

    def quick_change(self, name, value):
        """The quickest command that changes a property of the cluster."""
        return [*self.tool(), "configure", "property", f"{name}={value}"]

    def start_daemons(self):
        raise NotImplementedError

    # The same for all.

    def start_all(self):
        self.start_daemons()
        self._wait_all(["Online: [ test1 test3 test5 ]"], "all hosts are members")

    def command(self, *arguments):
        """A command of the operator's tool, which must succeed."""
        return self.testbed[OPERATOR].run([*self.tool(), *arguments], timeout=90)

    def load(self, text):
        self.testbed[OPERATOR].run([*self.tool(), "configure", "load", "update", "-"], input=text)

    def configure(self):
        """The address, and a service beside it that is checked each second."""
        self.load(CONFIGURATION.format(monitor="1s", threshold=3))
        self.wait_whole()

    def protect(self):
        self.load(CONFIGURATION.format(monitor="30s", threshold=1) + BESIDE)
        self.wait_whole()

    def standby(self):
        self.command("node", "standby", VICTIM)

    def online(self):
        self.command("node", "online", VICTIM)

    def move(self):
        self.command(*self.move_away())

    def unmove(self):
        self.command("resource", "unmove", "ClusterIP")

    def clean_up(self):
        self.command("resource", "cleanup", "clone_max")

    def dc(self):
        for line in self.status(OPERATOR).splitlines():
            if "Current DC:" in line:
                return line.split("Current DC:", 1)[1].split()[0]
        return None

    def _wait_all(self, wanted, what):
        def seen():
            texts = [self.status(host.name) for host in self.testbed.hosts]
            return all(line in text for line in wanted for text in texts)

        self.testbed.wait_until(seen, 120, f"{self.title}: {what}")

    def wait_whole(self):
        wanted = ["Online: [ test1 test3 test5 ]", "Started: [ test1 test3 test5 ]"]
        self._wait_all(wanted, "all hosts are members and run the service")
        self.wait_pinned()
