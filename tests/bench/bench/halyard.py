# SPDX-License-Identifier: Apache-2.0
"""Halyard, from a build folder."""

import os

from testbed import halyard

from .stack import OPERATOR, Missing, Stack


class HalyardStack(Stack):
    title = "Halyard"

    def __init__(self, storage, build, folder):
        super().__init__(storage)
        self.build = build
        self.folder = folder
        self._cluster = None

    def require(self):
        if not os.path.exists(os.path.join(self.build, "halyardd")):
            raise Missing(f"{self.build} holds no build: there is no halyardd")
        layer = halyard.stage(self.build, self.folder)
        self.layers, self.path = [layer], halyard.search_path(layer)

    def version(self):
        for line in self.status(OPERATOR).splitlines():
            if "(version " in line:
                return "halyard " + line.split("(version ", 1)[1].split(")")[0]
        return "halyard"

    def start_all(self):
        self._cluster = halyard.Halyard(self.testbed)
        self._cluster.init()
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

    def tool(self):
        return ["hactl"]

    def move_away(self):
        return ["resource", "move", "ClusterIP"]
