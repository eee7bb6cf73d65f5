# SPDX-License-Identifier: Apache-2.0
"""A cluster with an agent that records what it is asked (tests/agents/aware.c)."""

import collections

from .build import Build, test_agent
from .case import ClusterCase

LOG = "/run/aware.log"
OPERATIONS = """op monitor interval=0 timeout=10s op monitor interval=10s timeout=10s \\
    op start interval=0 timeout=10s op stop interval=0 timeout=10s"""

Line = collections.namedtuple("Line", "at words")


class AwareCase(ClusterCase):
    """With an agent that records what it is asked."""

    whole = True

    @classmethod
    def prepare_hosts(cls):
        super().prepare_hosts()
        for host in cls.testbed.hosts:
            host.write_file(f"{Build.agents}/aware.so", test_agent("aware"), mode=0o755)

    def recorded(self, name, rsc="db"):
        """What has been asked of a resource on a host since begin_record()."""
        lines = [line.split(" ", 2) for line in self.shell(name, f"cat {LOG} 2>/dev/null || true").splitlines()]
        return [Line(int(at), words) for at, of, words in lines if of == rsc]

    def begin_record(self):
        for name in self.names:
            self.shell(name, f"rm -f {LOG}")

    def when(self, name, begin, rsc="db"):
        """When something was asked that begins with these words; it was asked once."""
        found = [line.at for line in self.recorded(name, rsc) if line.words.startswith(begin)]
        self.assertEqual(len(found), 1, f"{begin} on {name}: {self.recorded(name, rsc)}")
        return found[0]
