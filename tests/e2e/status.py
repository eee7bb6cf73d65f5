# SPDX-License-Identifier: Apache-2.0
"""The status of the cluster as one node tells it (hactl status --json)."""

import json


class Status:
    def __init__(self, told):
        self.told = told

    @classmethod
    def of(cls, cluster, host):
        """None: the node does not answer now."""
        result = cluster.hactl(host, "status", "--json")
        return cls(json.loads(result.stdout)) if result.status == 0 else None

    def __str__(self):
        return json.dumps(self.told)

    @property
    def dc(self):
        return self.told["dc"]

    @property
    def quorum(self):
        return self.told["quorum"]

    @property
    def in_flight(self):
        """Operations under way, but for the recurring ones."""
        return [operation for operation in self.told["in_flight"] if not operation["interval_ms"]]

    @property
    def failed(self):
        """[(resource, operation, node)] of the failed actions."""
        return [(f["resource"], f["operation"], f["node"]) for f in self.told["failed_actions"]]

    def reasons(self, resource):
        """The reasons of its failed actions."""
        return [f["reason"] or "" for f in self.told["failed_actions"] if f["resource"].split(":")[0] == resource]

    def node(self, name):
        return next(node for node in self.told["nodes"] if node["name"] == name)

    def online(self):
        """Names of the nodes that are there, and may run resources."""
        return sorted(node["name"] for node in self.told["nodes"] if node["online"] and node["usable"])

    def parts(self):
        """{node: "voter", ...}"""
        return {node["name"]: node["part"] for node in self.told["nodes"]}

    def failcount(self, resource, node):
        counts = [c["count"] for c in self.node(node)["failcounts"] if c["resource"] == resource]
        return sum(counts)

    def _primitives(self, entries=None):
        for entry in self.told["resources"] if entries is None else entries:
            if entry["kind"] == "primitive":
                yield entry
            else:
                yield from self._primitives(entry["members"])

    def instances(self, primitive):
        return [i for entry in self._primitives() if entry["id"] == primitive for i in entry["active"]]

    def active(self, primitive):
        """The nodes where it runs and nothing is wrong with it."""
        good = [i for i in self.instances(primitive) if not (i["failed"] or i["doing"] or i["blocked"] or i["orphan"])]
        return sorted(i["node"] for i in good)

    def settled(self):
        """Everything is where it is wanted."""
        for entry in self._primitives():
            wanted = sorted(w["node"] for w in entry["wanted"] if w["node"])
            if wanted != self.active(entry["id"]) or wanted != sorted(i["node"] for i in entry["active"]):
                return False
        return not self.in_flight

    def is_whole(self, names):
        everybody = self.online() == sorted(names)
        return bool(everybody and self.quorum and self.dc and not self.failed and self.settled())
