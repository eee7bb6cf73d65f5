# SPDX-License-Identifier: Apache-2.0
"""Halyard, from a build folder."""

import os

from testbed import halyard

from .crm import CrmStack
from .stack import OPERATOR, Missing


class HalyardStack(CrmStack):
    title = "Halyard"

    def __init__(self, storage, build, folder, profile="lan", transport="udpu"):
        super().__init__(storage)
        self.build = build
        self.folder = folder
        self.profile = profile
        self.transport = transport
        self._cluster = None

    def require(self):
        if not os.path.exists(os.path.join(self.build, "halyardd")):
            raise Missing(f"{self.build} holds no build: there is no halyardd")
        # Several contestants are of the same build: it is staged once.
        layer = self.folder if os.path.isdir(self.folder) else halyard.stage(self.build, self.folder)
        self.layers, self.path = [layer], halyard.search_path(layer)
        plugin = f"{self.transport}.so"
        if not any(plugin in names for _, _, names in os.walk(layer)):
            raise Missing(f"transport {self.transport}: not built")

    def version(self):
        for line in self.status(OPERATOR).splitlines():
            if "(version " in line:
                return "halyard " + line.split("(version ", 1)[1].split(")")[0]
        return "halyard"

    def start_daemons(self):
        self._cluster = halyard.Halyard(self.testbed)
        self._cluster.init(["--profile", self.profile, "--transport", self.transport])
        self._cluster.start_at_boot()
        self._cluster.start()

    def start_one(self, host):
        self._cluster.start([host])

    def status(self, host):
        return self.testbed[host].call(["hactl", "status"]).stdout

    def daemons(self, host):
        return self._cluster.daemons(host)

    def deciders(self, host):
        return self._cluster.cores(host)

    def lost(self):
        # Each host says it, and again when it reads its disk: a verdict is told by its epoch.
        found = self.said(halyard.LOG, r"(\S+) is gone: .*\(epoch (\d+)\)")
        return len({verdict for verdicts in found for verdict in verdicts})

    def tool(self):
        return ["hactl"]
