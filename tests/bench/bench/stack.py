# SPDX-License-Identifier: Apache-2.0
"""What the measures need of a cluster stack. Each has a file beside this one; nothing else knows which one runs."""

from testbed import maxscale
from testbed.cluster import Testbed

VICTIM = "test3"  # the address is pinned to it, so every fault happens here
OPERATOR = "test1"  # commands are typed here: it outlives every fault
SERVICE = "maxscale"

# Both read this text as it is. The monitors and timeouts are those an operator of such a cluster has set.
CONFIGURATION = """property stonith-enabled=false
primitive ClusterIP ocf:heartbeat:IPaddr2 params ip=172.100.102.110 nic="eth0:0" cidr_netmask=24 \\
    op monitor interval=30s meta target-role=Started
primitive MaxScale lsb:maxscale op monitor interval=1s timeout=15s \\
    op start interval=0 timeout=15s on-fail=standby op stop interval=0 timeout=30s meta migration-threshold=3
clone clone_max MaxScale
location clusterIP-preffer ClusterIP inf: test3
"""


class Missing(Exception):
    """The stack cannot run on this machine; the text says why."""


class Stack:
    """with stack.up(): ... a cluster of three hosts which answers, nothing configured so far."""

    title = "the column's heading"
    layers = ()
    path = ()

    def __init__(self, storage):
        self.storage = storage
        self.testbed = None

    # Each stack says how it does these.

    def require(self):
        """Missing, when it cannot run here."""
        raise NotImplementedError

    def version(self):
        raise NotImplementedError

    def start_all(self):
        """Give every host its configuration, start the daemons, and let them start again at boot."""
        raise NotImplementedError

    def status(self, host):
        """The text of the status as a host tells it; "" when it does not answer."""
        raise NotImplementedError

    def daemons(self, host):
        """All processes of the stack on a host, those it has started for itself included."""
        raise NotImplementedError

    def deciders(self, host):
        """The process that decides and talks to the others, apart from what watches over it."""
        raise NotImplementedError

    def tool(self):
        """The operator's tool, as the beginning of a command line; both take crm's commands."""
        raise NotImplementedError

    def move_away(self):
        """The command that moves the address from where it is, wherever to."""
        raise NotImplementedError

    def quick_status(self):
        """The quickest command that shows the status."""
        return [*self.tool(), "status"]

    def quick_change(self, name, value):
        """The quickest command that changes a property of the cluster."""
        return [*self.tool(), "configure", "property", f"{name}={value}"]

    # The same for all.

    def up(self):
        self.testbed = Testbed(storage=self.storage, layers=self.layers, path=self.path)
        return self

    def __enter__(self):
        self.testbed.up()
        try:
            for host in self.testbed.hosts:
                maxscale.install(host)
            self.start_all()
            self._wait_all(["Online: [ test1 test3 test5 ]"], "all hosts are members")
        except BaseException:
            self.testbed.down()
            raise
        return self

    def __exit__(self, *_):
        self.testbed.down()

    @property
    def victim(self):
        return self.testbed[VICTIM]

    def command(self, *arguments):
        """A command of the operator's tool, which must succeed."""
        return self.testbed[OPERATOR].run([*self.tool(), *arguments], timeout=90)

    def load(self, text):
        self.testbed[OPERATOR].run([*self.tool(), "configure", "load", "update", "-"], input=text)

    def configure(self):
        self.load(CONFIGURATION)
        self.wait_whole()

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
        """Everybody there, the address where it is pinned to, the service on all: as before any fault."""
        wanted = ["Online: [ test1 test3 test5 ]", "Started: [ test1 test3 test5 ]"]
        self._wait_all(wanted, "all hosts are members and run the service")
        self.testbed.wait_until(lambda: self.testbed.holders() == [VICTIM], 60, f"only {VICTIM} has the address")
