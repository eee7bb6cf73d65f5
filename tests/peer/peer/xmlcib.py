# SPDX-License-Identifier: Apache-2.0
"""A CIB as a tree of XML: making its elements, finding its parts, writing it so that one can read it."""

import xml.etree.ElementTree as ET

FEATURE_SET = "3.16.1"
SCHEMA = "pacemaker-3.9"


def element(parent, tag, **attributes):
    words = {name.rstrip("_").replace("__", "-"): str(value) for name, value in attributes.items() if value is not None}
    return ET.SubElement(parent, tag, words)


def set_pairs(parent, tag, ident, pairs):
    """Adds `pairs` to the plain set `tag` of `parent`, which is made if need be."""
    block = next((b for b in parent.findall(tag) if b.get("id") == ident), None)
    if block is None:
        block = element(parent, tag, id=ident)
    for name, value in pairs.items():
        pair = next((p for p in block.findall("nvpair") if p.get("name") == name), None)
        if pair is None:
            element(block, "nvpair", id=f"{ident}-{name.replace('#', '_')}", name=name, value=value)
        else:
            pair.set("value", str(value))
    return block


class Cib:
    def __init__(self, root=None):
        if root is not None:
            self.root = root
            return
        self.root = ET.Element("cib", {"crm_feature_set": FEATURE_SET, "validate-with": SCHEMA, "epoch": "1",
                                       "num_updates": "0", "admin_epoch": "0", "have-quorum": "1", "dc-uuid": "1",
                                       "cib-last-written": "Tue Nov 14 22:13:20 2023"})
        configuration = element(self.root, "configuration")
        for tag in ("crm_config", "nodes", "resources", "constraints", "tags", "rsc_defaults", "op_defaults"):
            element(configuration, tag)
        element(self.root, "status")

    @classmethod
    def read(cls, path):
        return cls(ET.parse(path).getroot())

    def part(self, tag):
        return self.root.find(f"configuration/{tag}")

    def status(self):
        return self.root.find("status")

    def states(self):
        return {state.get("uname"): state for state in self.status().findall("node_state")}

    def state(self, node):
        return self.states().get(node)

    def node_names(self):
        return [node.get("uname") for node in self.part("nodes")]

    def property(self, name, value):
        set_pairs(self.part("crm_config"), "cluster_property_set", "options", {name: value})

    def property_value(self, name):
        for pair in self.part("crm_config").iter("nvpair"):
            if pair.get("name") == name:
                return pair.get("value")
        return None

    def primitives(self):
        return list(self.part("resources").iter("primitive"))

    def find(self, ident):
        return next((e for e in self.part("resources").iter() if e.get("id") == ident), None)

    def histories(self, rsc=None, node=None):
        """(state, lrm_resource) of all that match."""
        for name, state in self.states().items():
            for history in state.iter("lrm_resource"):
                if node in (None, name) and rsc in (None, history.get("id")):
                    yield state, history

    def write(self, path):
        ET.indent(self.root, "  ")
        ET.ElementTree(self.root).write(path, encoding="utf-8")

    def text(self):
        for empty in self.root.iter():
            if len(empty) == 0:
                empty.text = None
        ET.indent(self.root, "  ")
        return ET.tostring(self.root, encoding="unicode")

    def copy(self):
        return Cib(ET.fromstring(ET.tostring(self.root)))
