# SPDX-License-Identifier: Apache-2.0
"""What the measures need of a cluster stack. Each has a file beside this one; nothing else knows which one runs."""

import re

from testbed import maxscale
from testbed.cluster import Testbed

VICTIM = "test3"  # the address is pinned to it, so every fault happens here
OPERATOR = "test1"  # commands are typed here: it outlives every fault
SERVICE = "maxscale"


class Missing(Exception):
    """The stack cannot run on this machine; the text says why."""


class Stack:
    """with stack.up(): ... three hosts, which have the service's program, and on which the stack's daemons run."""

    title = "the column's heading"
    layers = ()
    path = ()
    has_dc = True
    # Seconds; a fault is watched so long that moves nothing: longer than the stack takes to miss a host, whatever happens to it.
    notices = 6.0

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
        """Give every host its configuration, start the daemons, and let them start again at boot; wait for them."""
        raise NotImplementedError

    def daemons(self, host):
        """All processes of the stack on a host, those it has started for itself included."""
        raise NotImplementedError

    def deciders(self, host):
        """The process that decides and talks to the others, apart from what watches over it."""
        raise NotImplementedError

    def dc(self):
        """The host that decides for all; None: there is none."""
        return None

    def protect(self):
        """The address, on VICTIM as long as the service runs there; else on another host. wait_whole() comes true."""
        raise NotImplementedError

    def wait_whole(self):
        """Everybody there, the address where it is pinned to, the service on all: as before any fault."""
        raise NotImplementedError

    def standby(self):
        """VICTIM gives up all it has, as planned by an operator."""
        raise NotImplementedError

    def online(self):
        raise NotImplementedError

    def move(self):
        """Only the address goes elsewhere, as planned by an operator."""
        raise NotImplementedError

    def unmove(self):
        raise NotImplementedError

    def clean_up(self):
        """The service was killed on VICTIM: let it be started there again."""
        raise NotImplementedError

    def lost(self):
        """How often a host was taken for lost so far, as the logs tell."""
        raise NotImplementedError

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
        except BaseException:
            self.testbed.down()
            raise
        return self

    def __exit__(self, *_):
        self.testbed.down()

    @property
    def victim(self):
        return self.testbed[VICTIM]

    def said(self, log, pattern):
        """What matches in this log, for each host that has one."""
        return [re.findall(pattern, host.read_file(log)) for host in self.testbed.hosts if host.is_on and host.exists(log)]

    def wait_pinned(self):
        self.testbed.wait_until(lambda: self.testbed.holders() == [VICTIM], 60, f"only {VICTIM} has the address")

    def family(self, host, names):
        """The processes of these names on a host, and all that descends from them."""
        everybody = self.testbed[host].processes()
        family = {process.pid for process in everybody if process.name in names}
        while True:
            more = {process.pid for process in everybody if process.parent in family} - family
            if not more:
                return [process for process in everybody if process.pid in family]
            family |= more
