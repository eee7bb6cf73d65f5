# SPDX-License-Identifier: Apache-2.0
"""Makes a case as small as it can be while the two still differ in the way they did."""

import json
import pathlib
import re
import tempfile
import time
import xml.etree.ElementTree as ET

from peer import ask
from peer.compare import differ
from peer.xmlcib import Cib

PATIENCE = 120  # seconds for one case
KEPT = {"cib", "configuration", "crm_config", "nodes", "resources", "constraints", "status", "node_state", "lrm",
        "lrm_resources"}
NEEDED = {"id", "uname", "name", "value", "rsc", "node", "score", "first", "then", "with-rsc", "ticket", "class", "type",
          "provider", "operation", "operation_key", "interval", "rc-code", "op-status", "transition-key", "transition-magic", "call-id",
          "crmd", "in_ccm", "join", "expected", "crm_feature_set", "validate-with", "have-quorum", "dc-uuid", "boolean-op",
          "attribute", "granted", "template", "migrate_source", "migrate_target", "last-rc-change", "op-digest"}


def plain(name):
    return re.sub(r":\d+$", "", name or "")


def without_resource(cib, ident):
    """The resource (with what is in it), its constraints and its history."""
    for parent in cib.part("resources").iter():
        for child in list(parent):
            if child.get("id") == ident and child.tag in ("primitive", "group", "clone", "template"):
                gone = {e.get("id") for e in child.iter() if e.tag in ("primitive", "group", "clone")}
                parent.remove(child)
                forget(cib, gone)
                return True
    return False


def forget(cib, gone):
    for parent in [cib.part("constraints"), cib.part("tags")]:
        for constraint in list(parent if parent is not None else ()):
            if {constraint.get(word) for word in ("rsc", "with-rsc", "first", "then")} & gone:
                parent.remove(constraint)
            for block in list(constraint):
                for reference in list(block):
                    if reference.tag == "resource_ref" and reference.get("id") in gone:
                        block.remove(reference)
    for resources in cib.status().iter("lrm_resources"):
        for history in list(resources):
            if plain(history.get("id")) in gone:
                resources.remove(history)
    for block in cib.status().iter("instance_attributes"):
        for pair in list(block):
            if any(re.search(rf"-{re.escape(name)}(#|$)", pair.get("name")) for name in gone):
                block.remove(pair)


def without_node(cib, name):
    for node in list(cib.part("nodes")):
        if node.get("uname") == name:
            cib.part("nodes").remove(node)
    state = cib.state(name)
    if state is not None:
        cib.status().remove(state)
    for constraint in list(cib.part("constraints")):
        if constraint.get("node") == name:
            cib.part("constraints").remove(constraint)
    return True


def at_path(root, path):
    for step in path:
        if step >= len(root):
            return None
        root = root[step]
    return root


def paths(root, path=()):
    yield path
    for i, child in enumerate(root):
        yield from paths(child, path + (i,))


class Shrinker:
    def __init__(self, path, when, hactl, kind, folder):
        self.when, self.hactl, self.folder = when, hactl, pathlib.Path(folder)
        self.cib, self.kind = Cib.read(path), set(kind.split())
        self.end = time.monotonic() + PATIENCE
        self.lines = []

    def still(self, cib):
        """Whether `cib` still shows the difference, or a part of it."""
        path = self.folder / "try.xml"
        cib.write(path)
        try:
            outcome = differ(path, self.when, self.hactl, self.folder)
        except (ask.NoAnswer, ET.ParseError):
            return False
        if not outcome.kind or not set(outcome.kind.split()) & self.kind:
            return False
        self.lines = outcome.lines
        return True

    def attempt(self, change):
        if time.monotonic() > self.end:
            return False
        cib = self.cib.copy()
        if not change(cib) or not self.still(cib):
            return False
        self.cib = cib
        return True

    def run(self):
        if not self.still(self.cib):
            return False
        changed = True
        while changed and time.monotonic() < self.end:
            changed = self.fewer_things() | self.fewer_elements()
        self.fewer_attributes()
        self.still(self.cib)
        return True

    def fewer_things(self):
        any_gone = False
        for element in list(self.cib.part("resources").iter()):
            if element.tag in ("primitive", "group", "clone", "template"):
                any_gone |= self.attempt(lambda cib, ident=element.get("id"): without_resource(cib, ident))
        for name in self.cib.node_names():
            any_gone |= self.attempt(lambda cib, name=name: without_node(cib, name))
        return any_gone

    def fewer_elements(self):
        any_gone = False
        # From behind, so that the paths before stay what they are.
        for path in sorted(paths(self.cib.root), reverse=True):
            any_gone |= self.attempt(lambda cib, path=path: self.remove(cib, path))
        return any_gone

    @staticmethod
    def remove(cib, path):
        if not path:
            return False
        parent, child = at_path(cib.root, path[:-1]), at_path(cib.root, path)
        if child is None or child.tag in KEPT or child.tag in ("primitive", "group", "clone", "node"):
            return False
        parent.remove(child)
        return True

    def fewer_attributes(self):
        for path in list(paths(self.cib.root)):
            for name in list(at_path(self.cib.root, path).attrib):
                if name not in NEEDED:
                    self.attempt(lambda cib, path=path, name=name: at_path(cib.root, path).attrib.pop(name, None) is not None)


def shrink(job):
    """job: (folder, name, hactl, kind, where the small one goes). -> what the small one shows, or None."""
    folder, name, hactl, kind, target = job
    when = json.loads((folder / f"{name}.json").read_text())["time"]
    with tempfile.TemporaryDirectory(prefix="peer-") as work:
        shrinker = Shrinker(folder / f"{name}.xml", when, hactl, kind, work)
        if not shrinker.run():
            return None
    head = "".join(f"    {line.replace('--', '- -')}\n" for line in shrinker.lines)
    target.write_text(f"<!-- {name}, asked with the time {when}\n{head}-->\n{shrinker.cib.text()}\n")
    return shrinker.lines
