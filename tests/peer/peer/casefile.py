# SPDX-License-Identifier: Apache-2.0
"""A golden case (tests/golden/scheduler) as a CIB of the peer's, and what the peer would do about it."""

import hashlib
import re
import shlex
import xml.etree.ElementTree as ET

from peer import ask, crm
from peer.answer import Names
from peer.draw import fresh_state, transient
from peer.history import BEGIN, Operations, count_failure, iso, plain, retime
from peer.xmlcib import Cib, element

UNITS = {"ms": 0.001, "s": 1, "": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
EXECUTED = {"done": 0, "timeout": 2, "died": 4, "error": 4, "cancelled": 1, "pending": -1}
NOT_EXPECTED = ("monitor", "cancel", "delete")


class Unaskable(Exception):
    """The case speaks of something that the peer does not know."""


def seconds(text):
    found = re.fullmatch(r"(\d+)([a-z]*)", text)
    if not found or found.group(2) not in UNITS:
        raise Unaskable(f"not a duration: {text}")
    return int(found.group(1)) * UNITS[found.group(2)]


def sections(text):
    parts, name = {"": []}, ""
    for line in text.split("\n"):
        if line.startswith("--- "):
            name = line[4:].strip()
            parts[name] = []
        else:
            parts[name].append(line)
    return {name: "\n".join(lines) + "\n" for name, lines in parts.items()}


def digest(parameters):
    words = "".join(f' {name}="{value}"' for name, value in sorted(parameters.items()))
    return hashlib.md5(f" <parameters{words}/>\n".encode()).hexdigest()


class Case:
    def __init__(self, path, folder):
        parts = sections(path.read_text())
        self.about = parts[""].strip().lstrip("# ")
        self.folder, self.now, self.expected = folder, BEGIN, parts["expect"]
        self.cib = self.configuration(parts["configuration"])
        for i, name in enumerate(self.cib.node_names()):
            element(self.cib.status(), "node_state", id=i + 1, uname=name, in_ccm="false", crmd="offline", join="down",
                    expected="down")
        for line in parts["state"].split("\n"):
            words = shlex.split(line, comments=True)
            if words:
                self.state_line(words)
        if "changed configuration" in parts:
            self.change(parts["changed configuration"])

    @staticmethod
    def configuration(text):
        cib = crm.read(text)
        if cib.property_value("stonith-enabled") is None:
            cib.property("stonith-enabled", cib.property_value("fencing-enabled") or "false")
        return cib

    def change(self, text):
        changed = self.configuration(text)
        status = self.cib.status()
        changed.root.remove(changed.status())
        changed.root.append(status)
        changed.root.set("have-quorum", self.cib.root.get("have-quorum"))
        self.cib = changed

    # ---- histories

    def operations(self, node, rsc):
        state = self.cib.state(node)
        if state is None:
            raise Unaskable(f"no node {node}")
        for history in state.iter("lrm_resource"):
            if history.get("id") == rsc:
                return Operations(self.cib, state, history)
        primitive = self.cib.find(plain(rsc))
        if primitive is None:
            words = {"class": "ocf", "provider": "pacemaker", "type": "Dummy"}
        else:
            source = self.cib.find(primitive.get("template")) if primitive.get("template") else primitive
            words = {name: source.get(name) for name in ("class", "provider", "type") if source.get(name)}
        resources = state.find("lrm/lrm_resources")
        if resources is None:
            raise Unaskable(f"{node} is not there, and yet something happens on it")
        history = ET.SubElement(resources, "lrm_resource", {"id": rsc, **words})
        return Operations(self.cib, state, history)

    def digests(self, rsc, task, interval):
        primitive = self.cib.find(plain(rsc))
        if primitive is None:
            return {"op-digest": digest({})}
        parameters = {p.get("name"): p.get("value") for p in primitive.findall("instance_attributes/nvpair")}
        if interval:
            for op in primitive.iter("op"):
                if op.get("name") == task and seconds(op.get("interval")) * 1000 == interval:
                    parameters["CRM_meta_timeout"] = str(int(seconds(op.get("timeout") or "20s") * 1000))
            parameters.setdefault("CRM_meta_timeout", "20000")
        return {"op-digest": digest(parameters)}

    def result(self, node, rsc, task, interval, rc, status=0, digests=None):
        operations = self.operations(node, rsc)
        digests = digests or self.digests(rsc, task, interval)
        promoted = operations.role() == "Promoted"
        expected = 0 if task != "monitor" else (8 if promoted else 0) if interval else 7
        entry = f"{task}_{interval}" if interval else "last_0"
        failed = status not in (0, -1) or (status == 0 and rc != expected
                                           and not (task == "monitor" and not interval and rc in (0, 8)))
        written = 4 if failed and status == 0 and rc != 7 else status
        if failed and (task != "monitor" or interval):
            self.count_failure(node, rsc, task, interval)
        if failed:
            operations.put("last_failure_0", task, interval, expected, rc, written, self.now, digests)
        if not (failed and interval):
            operations.put(entry, task, interval, expected, rc, written, self.now, digests)
        if task in ("stop", "start") or (task == "monitor" and not interval):
            for monitor in operations.recurring():
                operations.history.remove(monitor)

    def count_failure(self, node, rsc, task, interval):
        """As the peer's controller counts: a start that is fatal, and a stop, count for all that is allowed."""
        fatal = task == "stop" or (task == "start" and self.cib.property_value("start-failure-is-fatal") != "false")
        if fatal:
            name = f"{plain(rsc)}#{task}_{interval}"
            transient(self.cib, node, {f"fail-count-{name}": "INFINITY", f"last-failure-{name}": self.now})
        else:
            count_failure(self.cib, node, rsc, f"{task}_{interval}", 1, self.now)

    # ---- state

    def state_line(self, words):
        word, rest = words[0], words[1:]
        handler = getattr(self, "do_" + word.replace("-", "_"), None)
        if handler is None:
            raise Unaskable(f"what is {word}?")
        handler(rest)

    def number(self, node):
        return self.cib.state(node).get("id")

    def do_online(self, nodes):
        for node in nodes:
            fresh_state(self.cib, self.number(node), node)

    def do_pending(self, nodes):
        for node in nodes:
            fresh_state(self.cib, self.number(node), node).set("join", "pending")

    def do_offline(self, nodes):
        for node in nodes:
            number = self.number(node)
            self.cib.status().remove(self.cib.state(node))
            element(self.cib.status(), "node_state", id=number, uname=node, in_ccm="false", crmd="offline", join="down",
                    expected="down")

    def do_unclean(self, nodes):
        for node in nodes:
            state = self.cib.state(node)
            state.set("in_ccm", "false"), state.set("crmd", "offline")
            state.set("join", "down"), state.set("expected", "member")

    def do_shutdown(self, nodes):
        for node in nodes:
            transient(self.cib, node, {"shutdown": self.now})

    def do_noquorum(self, _):
        self.cib.root.set("have-quorum", "0")

    def do_pass(self, words):
        self.now += int(seconds(words[0]))

    def do_stopped(self, words):
        for node in words[1:]:
            self.result(node, words[0], "monitor", 0, 7)

    def do_found(self, words):
        for node in words[1:]:
            self.result(node, words[0], "monitor", 0, 0)

    def do_started(self, words):
        for node in words[1:]:
            self.result(node, words[0], "start", 0, 0)

    def do_promoted(self, words):
        for node in words[1:]:
            self.result(node, words[0], "promote", 0, 0)

    def do_monitored(self, words):
        interval = int(seconds(words[1]) * 1000)
        for node in words[2:]:
            promoted = self.operations(node, words[0]).role() == "Promoted"
            self.result(node, words[0], "monitor", interval, 8 if promoted else 0)

    def do_result(self, words):
        node, rsc, task = words[:3]
        task, _, interval = task.partition("/")
        values = dict(word.split("=", 1) for word in words[3:])
        status = EXECUTED[values.get("exec", "done")]
        digests = {"op-digest": values["digest"]} if "digest" in values else None
        if "restart-digest" in values:
            digests.update({"op-restart-digest": values["restart-digest"], "op-force-restart": f" {values['restart-params']} "})
        rc = int(values.get("rc", 193 if status == -1 else 198 if status else 0))
        self.result(node, rsc, task, int(seconds(interval) * 1000) if interval else 0, rc, status, digests)
        operations = self.operations(node, rsc)
        for entry in operations.all():
            if entry.get("operation") == task and task.startswith("migrate"):
                entry.set("migrate_source", values.get("from", node))
                entry.set("migrate_target", values.get("to", node))

    def do_fails(self, words):
        node, rsc, count = words[:3]
        name = f"{plain(rsc)}#monitor_30000"
        transient(self.cib, node, {f"fail-count-{name}": count, f"last-failure-{name}": self.now})

    def do_transient(self, words):
        for word in words[1:]:
            transient(self.cib, words[0], dict([word.split("=", 1)]))

    def do_inflight(self, words):
        node, rsc, task = words
        task, _, interval = task.partition("/")
        self.result(node, rsc, task, int(seconds(interval) * 1000) if interval else 0, 193, -1)

    def do_ticket(self, words):
        tickets = self.cib.status().find("tickets")
        if tickets is None:
            tickets = element(self.cib.status(), "tickets")
        values = dict(word.split("=", 1) for word in words[1:])
        for old in list(tickets):
            if old.get("id") == words[0]:
                tickets.remove(old)
        element(tickets, "ticket_state", id=words[0], **{name.replace("-", "__"): value for name, value in values.items()})

    def do_cleanup(self, words):
        """Where it has failed, all that is known of it goes."""
        counts = re.compile(rf"(fail-count|last-failure)-{re.escape(words[0])}#")
        for state, history in list(self.cib.histories()):
            pairs = [(block, pair) for block in state.iter("instance_attributes") for pair in block
                     if counts.match(pair.get("name"))]
            failed = any("_last_failure_" in operation.get("id") for operation in history)
            if plain(history.get("id")) == words[0] and (pairs or failed):
                state.find("lrm/lrm_resources").remove(history)
                for block, pair in pairs:
                    block.remove(pair)

    def do_probed(self, _):
        # Each node has been asked about each primitive, and it was not there.
        for node in [n for n, s in self.cib.states().items() if s.get("crmd") == "online"]:
            for primitive in self.cib.primitives():
                if not any(plain(h.get("id")) == primitive.get("id") for _, h in self.cib.histories(node=node)):
                    self.result(node, primitive.get("id"), "monitor", 0, 7)

    def do_settled(self, _):
        for _ in range(3):
            path, result = self.folder / "settle.xml", self.folder / "settled.xml"
            self.cib.write(path)
            ask.ask_peer(path, iso(self.now), self.folder, result)
            self.cib = Cib.read(result)
            retime(self.cib, self.now)

    # ---- the question

    def ask(self):
        """-> the peer's answer, and its actions as lines of a golden case."""
        path = self.folder / "case.xml"
        self.cib.write(path)
        status, out, err = ask.run([ask.PEER, "-S", "-x", path, "--output-as=xml", "-t", iso(self.now)], self.folder)
        if status:
            raise Unaskable(f"the peer: {err[-300:]}")
        root, lines, names = ET.fromstring(out), [], Names(self.cib.root)
        for action in root.findall("transition/rsc_action"):
            if action.get("op") not in NOT_EXPECTED:
                lines.append(f"{action.get('op')} {names.key(action.get('resource'))} {action.get('node')}")
        for action in root.findall("transition/node_action"):
            lines.append(f"fence {action.get('task')} {action.get('node')}")
        for action in root.findall("transition/fencing_action"):
            lines.append(f"fence {action.get('op')} {action.get('target')}")
        return ask.read_peer(out), lines, root
