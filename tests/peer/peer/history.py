# SPDX-License-Identifier: Apache-2.0
"""What happens to a cluster: the peer itself carries out its decisions, and between them nodes fail, operations fail, and
somebody edits the configuration. So each status section could really have come about."""

import datetime
import re

from peer.draw import fresh_state, transient
from peer.xmlcib import element, set_pairs

BEGIN = 1700000000
CLOCK_BEGAN = 1750000000  # a time of the real clock, which the peer has put in, is later than this
UUID = "12345678-1234-1234-1234-123456789012"
ROLE_OF_RC = {0: "Started", 8: "Promoted"}


def iso(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def retime(cib, now):
    """What the peer has made carries the clock's time: the history is to be the same whenever it is made."""
    for operation in cib.status().iter("lrm_rsc_op"):
        for name in ("last-rc-change", "last-run"):
            if int(operation.get(name) or 0) > CLOCK_BEGAN:
                operation.set(name, str(now))
    for pair in cib.status().iter("nvpair"):
        value = pair.get("value", "")
        if pair.get("name", "").startswith("last-failure-") and value.isdigit() and int(value) > CLOCK_BEGAN:
            pair.set("value", str(now))
    for state in cib.states().values():
        for name in ("in_ccm", "crmd", "join"):
            if state.get(name, "").isdigit() and int(state.get(name)) > CLOCK_BEGAN:
                state.set(name, str(now))
    for ticket in cib.status().iter("ticket_state"):
        if int(ticket.get("last-granted") or 0) > CLOCK_BEGAN:
            ticket.set("last-granted", str(now))
    cib.root.attrib.pop("execution-date", None)


def set_outcome(operation, rc, status):
    operation.set("rc-code", str(rc))
    operation.set("op-status", str(status))
    operation.set("transition-magic", f"{status}:{rc};{operation.get('transition-key')}")


class Operations:
    """The history of one resource on one node, as the cluster keeps it."""

    def __init__(self, cib, state, history):
        self.cib, self.state, self.history = cib, state, history

    @property
    def rsc(self):
        return self.history.get("id")

    def all(self):
        return self.history.findall("lrm_rsc_op")

    def last(self):
        return next((o for o in self.all() if o.get("id") == f"{self.rsc}_last_0"), None)

    def recurring(self):
        return [o for o in self.all() if o.get("operation") == "monitor" and o.get("interval") not in ("0", None)
                and "_last_failure" not in o.get("id")]

    def role(self):
        """Started, Promoted or None, by what succeeded last."""
        last = self.last()
        if last is None or last.get("op-status") != "0":
            return None
        task, rc = last.get("operation"), int(last.get("rc-code"))
        if task == "monitor":
            return ROLE_OF_RC.get(rc)
        if rc != 0:
            return None
        return {"start": "Started", "promote": "Promoted", "demote": "Started", "migrate_from": "Started",
                "reload": "Started", "reload-agent": "Started"}.get(task)

    def next_call(self):
        calls = [int(o.get("call-id") or 0) for o in self.state.iter("lrm_rsc_op")]
        return max(calls, default=0) + 1

    def put(self, entry, task, interval, expected, rc, status, now, digests=None):
        """Writes the entry `entry` (last_0, last_failure_0, monitor_10000 ...) anew."""
        ident, call = f"{self.rsc}_{entry}", self.next_call()
        for old in [o for o in self.all() if o.get("id") == ident]:
            self.history.remove(old)
        operation = element(self.history, "lrm_rsc_op", id=ident, operation_key=f"{self.rsc}_{task}_{interval}",
                            operation=task, crm_feature_set="3.16.1", transition__key=f"{call}:1:{expected}:{UUID}",
                            on_node=self.state.get("uname"), call__id=call, interval=interval, last__rc__change=now, exec__time=1, queue__time=0)
        for name, value in (digests or {}).items():
            if value:
                operation.set(name, value)
        set_outcome(operation, rc, status)
        return operation

    def digests(self):
        last = self.last()
        names = ("op-digest", "op-restart-digest", "op-force-restart", "op-secure-digest", "op-secure-params")
        return {} if last is None else {name: last.get(name) for name in names}


def count_failure(cib, node, rsc, operation, count, now):
    present = re.sub(r":\d+$", "", rsc)
    values = {}
    state = cib.state(node)
    for pair in state.iter("nvpair"):
        if pair.get("name") == f"fail-count-{present}#{operation}" and pair.get("value").isdigit():
            count += int(pair.get("value"))
    values[f"fail-count-{present}#{operation}"] = count
    values[f"last-failure-{present}#{operation}"] = now
    transient(cib, node, values)


HOW_OFTEN = {
    "monitor_fails": 26, "operation_fails": 8, "fail_count": 5, "failed_probe": 4, "stopped_by_itself": 3,
    "node_lost": 8, "node_left": 7, "node_returns": 10, "node_pending": 2, "shutdown": 5, "standby": 9, "node_maintenance": 4,
    "node_attribute": 4, "promotion_scores": 12,
    "edit_parameter": 5, "edit_target": 6, "edit_location": 6, "edit_meta": 6, "edit_remove": 4, "edit_constraint_gone": 4,
    "edit_property": 5, "quorum": 3, "ticket": 6,
    "cleanup": 5, "found_running": 5, "under_way": 6, "migration_half": 10, "time_passes": 4,
}


class Events:
    """Each event changes the CIB and says so, or says None: it could not happen here."""

    def __init__(self, draw, rng):
        self.draw, self.rng, self.now = draw, rng, BEGIN

    def happen(self, cib):
        for _ in range(20):
            name = self.rng.choices(list(HOW_OFTEN), list(HOW_OFTEN.values()))[0]
            if getattr(self, name)(cib):
                return name
        return None

    # ---- choosing

    def chance(self, percent):
        return self.rng.random() * 100 < percent

    def histories(self, cib, active=None):
        found = [Operations(cib, state, history) for state, history in cib.histories()
                 if state.get("crmd") == "online" and cib.find(re.sub(r":\d+$", "", history.get("id"))) is not None]
        return [o for o in found if active is None or (o.role() is not None) == active]

    def pick(self, things):
        return self.rng.choice(things) if things else None

    def online(self, cib):
        return [name for name, state in cib.states().items() if state.get("crmd") == "online"]

    # ---- failures

    def monitor_fails(self, cib):
        chosen = self.pick([o for o in self.histories(cib, active=True) if o.recurring()])
        if chosen is None:
            return False
        monitor = self.rng.choice(chosen.recurring())
        expected, now = int(monitor.get("rc-code")), self.now - self.rng.randrange(1, 50)
        rc, status = self.rng.choice(((7, 0), (7, 0), (1, 0), (1, 0), (1, 0), (5, 0), (2, 0), (6, 0), (9, 0), (1, 2),
                                      (198, 2)))
        if rc == 9 and expected != 8:
            rc = 8 if expected == 0 and chosen.history.get("type") == "Stateful" else 1
        interval = monitor.get("interval")
        chosen.put("last_failure_0", "monitor", interval, expected, rc, 4 if status == 0 and rc not in (7,) else status,
                   now, {"op-digest": monitor.get("op-digest")})
        count_failure(cib, chosen.state.get("uname"), chosen.rsc, f"monitor_{interval}", self.rng.choice((1, 1, 1, 2, 3)),
                      now)
        return True

    def operation_fails(self, cib):
        """A stop, start, promotion or demotion that has just failed."""
        chosen = self.pick(self.histories(cib, active=True))
        if chosen is None or chosen.history.get("class") == "stonith":
            return False
        tasks = ["stop", "stop", "start", "start"] + (["promote", "demote"] if chosen.history.get("type") == "Stateful"
                                                      else [])
        task, now = self.rng.choice(tasks), self.now - self.rng.randrange(1, 50)
        if task in ("stop", "start"):
            for monitor in chosen.recurring():
                chosen.history.remove(monitor)
        digests = chosen.digests()
        rc, status = self.rng.choice(((1, 4), (1, 4), (1, 2), (5, 4)) if task != "stop" else ((1, 4), (1, 2)))
        chosen.put("last_failure_0", task, 0, 0, rc, status, now, digests)
        chosen.put("last_0", task, 0, 0, rc, status, now, digests)
        count = "INFINITY" if task in ("start", "stop") and cib.property_value("start-failure-is-fatal") != "false" else 1
        if count == "INFINITY":
            transient(cib, chosen.state.get("uname"), {f"fail-count-{plain(chosen.rsc)}#{task}_0": "INFINITY",
                                                       f"last-failure-{plain(chosen.rsc)}#{task}_0": now})
        else:
            count_failure(cib, chosen.state.get("uname"), chosen.rsc, f"{task}_0", count, now)
        return True

    def failed_probe(self, cib):
        chosen = self.pick([o for o in self.histories(cib, active=False) if o.last() is not None
                            and o.last().get("operation") == "monitor"])
        if chosen is None:
            return False
        rc = self.rng.choice((1, 5, 2, 4, 3))
        for entry in ("last_failure_0", "last_0"):
            chosen.put(entry, "monitor", 0, 7, rc, 4, self.now - 20, chosen.digests())
        return True

    def stopped_by_itself(self, cib):
        """Somebody cleaned up, and the probe has found it stopped where it ran."""
        chosen = self.pick(self.histories(cib, active=True))
        if chosen is None:
            return False
        digests = chosen.digests()
        for operation in chosen.all():
            chosen.history.remove(operation)
        chosen.put("last_0", "monitor", 0, 7, 7, 0, self.now - 10, digests)
        return True

    def fail_count(self, cib):
        chosen = self.pick(self.histories(cib))
        if chosen is None or chosen.history.get("class") == "stonith":
            return False
        count_failure(cib, chosen.state.get("uname"), chosen.rsc, "monitor_10000", self.rng.choice((1, 2, 3)),
                      self.now - 100)
        return True

    # ---- nodes

    def node_lost(self, cib):
        node = self.pick(self.online(cib))
        if node is None or len(self.online(cib)) < 2:
            return False
        state = cib.state(node)
        state.set("in_ccm", "false"), state.set("crmd", "offline")
        state.set("join", self.rng.choice(("member", "down")))
        return True

    def node_left(self, cib):
        node = self.pick(self.online(cib))
        if node is None or len(self.online(cib)) < 2:
            return False
        number = cib.state(node).get("id")
        cib.status().remove(cib.state(node))
        element(cib.status(), "node_state", id=number, uname=node, in_ccm="false", crmd="offline", join="down",
                expected="down",
                crm__debug__origin="do_update_resource")
        return True

    def node_returns(self, cib):
        gone = [name for name, state in cib.states().items() if state.get("crmd") != "online"]
        node = self.pick(gone)
        if node is None:
            return False
        number = cib.state(node).get("id")
        fresh_state(cib, number, node)
        for rsc in self.draw.promotable:
            if self.chance(70):
                self.draw.promotion_score(rsc, node)
        return True

    def node_pending(self, cib):
        node = self.pick(self.online(cib))
        if node is None or len(self.online(cib)) < 2:
            return False
        state = cib.state(node)
        state.set("join", "pending")
        return True

    def shutdown(self, cib):
        node = self.pick(self.online(cib))
        if node is None:
            return False
        transient(cib, node, {"shutdown": self.now - 5})
        return True

    def node_attribute_set(self, cib, node, pairs):
        found = next(n for n in cib.part("nodes") if n.get("uname") == node)
        set_pairs(found, "instance_attributes", f"{node}-attr", pairs)

    def standby(self, cib):
        node = self.pick(cib.node_names())
        self.node_attribute_set(cib, node, {"standby": self.rng.choice(("on", "on", "on", "off"))})
        return True

    def node_maintenance(self, cib):
        value = self.rng.choice(("true", "true", "false"))
        self.node_attribute_set(cib, self.pick(cib.node_names()), {"maintenance": value})
        return True

    def node_attribute(self, cib):
        pairs = {"site": self.rng.choice("ab")} if self.chance(60) else {"memory": self.rng.choice((4, 16, 100))}
        if self.draw.has("health"):
            pairs = {"#health-disk": self.rng.choice(("red", "yellow", "green"))}
        self.node_attribute_set(cib, self.pick(cib.node_names()), pairs)
        return True

    def promotion_scores(self, cib):
        rsc, node = self.pick(self.draw.promotable), self.pick(self.online(cib))
        if rsc is None or node is None or cib.find(rsc) is None:
            return False
        self.draw.promotion_score(rsc, node)
        return True

    # ---- edits

    def edit_parameter(self, cib):
        primitive = self.pick([p for p in cib.primitives() if p.get("type") == "Dummy"])
        if primitive is None:
            return False
        set_pairs(primitive, "instance_attributes", f"{primitive.get('id')}-params", {"fake": self.rng.choice("uvw")})
        return True

    def edit_meta_of(self, cib, elements, pairs):
        chosen = self.pick(elements)
        if chosen is None:
            return False
        block = f"{chosen.get('id')}-meta"
        set_pairs(chosen, "meta_attributes", block, pairs)
        # The schema wants a clone's and a group's attributes before what is in it.
        if chosen.tag in ("clone", "group"):
            found = next(b for b in chosen.findall("meta_attributes") if b.get("id") == block)
            chosen.remove(found)
            chosen.insert(0, found)
        return True

    def tops(self, cib, *tags):
        return [e for e in cib.part("resources") if e.tag in tags and e.get("class") != "stonith"]

    def edit_target(self, cib):
        return self.edit_meta_of(cib, self.tops(cib, "primitive", "group", "clone"),
                                 {"target-role": self.rng.choice(("Stopped", "Stopped", "Started", "Unpromoted"))})

    def edit_meta(self, cib):
        kinds = ({"is-managed": "false"}, {"maintenance": "true"}, {"priority": 50}, {"resource-stickiness": 200},
                 {"resource-stickiness": 0}, {"migration-threshold": 1}, {"allow-migrate": "true"}, {"clone-max": 1},
                 {"clone-max": 2}, {"promoted-max": 2}, {"interleave": "true"})
        pairs = self.rng.choice(kinds)
        only = ("clone",) if set(pairs) & {"clone-max", "promoted-max", "interleave"} else ("primitive", "group", "clone")
        return self.edit_meta_of(cib, self.tops(cib, *only), pairs)

    def edit_location(self, cib):
        top = self.pick(self.tops(cib, "primitive", "group", "clone"))
        if top is None:
            return False
        element(cib.part("constraints"), "rsc_location", id=self.draw.number("late"), rsc=top.get("id"),
                node=self.pick(cib.node_names()),
                score=self.rng.choice(("INFINITY", "-INFINITY", "-INFINITY", 500)))
        return True

    def edit_remove(self, cib):
        top = self.pick(self.tops(cib, "primitive", "group", "clone"))
        if top is None or len(self.tops(cib, "primitive", "group", "clone")) < 2:
            return False
        gone = {e.get("id") for e in top.iter() if e.tag in ("primitive", "group", "clone")}
        cib.part("resources").remove(top)
        for parent in (cib.part("constraints"), cib.part("tags")):
            for constraint in list(parent):
                names = {constraint.get(word) for word in ("rsc", "with-rsc", "first", "then")}
                names |= {r.get("id") for r in constraint.iter() if r.tag in ("resource_ref", "obj_ref")}
                if names & gone:
                    parent.remove(constraint)
        return True

    def edit_constraint_gone(self, cib):
        constraint = self.pick(list(cib.part("constraints")))
        if constraint is None:
            return False
        cib.part("constraints").remove(constraint)
        return True

    def edit_property(self, cib):
        name, value = self.rng.choice((("maintenance-mode", "true"), ("stop-all-resources", "true"),
                                       ("symmetric-cluster", "false"), ("no-quorum-policy", "freeze")))
        cib.property(name, value)
        return True

    def quorum(self, cib):
        cib.root.set("have-quorum", "0")
        return True

    def ticket(self, cib):
        state = cib.status().find("tickets/ticket_state")
        if state is None:
            return False
        name, value = self.rng.choice((("granted", "true"), ("granted", "false"), ("granted", "false"), ("standby", "true"),
                                       ("standby", "false")))
        state.set(name, value)
        if name == "granted" and value == "false":
            state.set("last-granted", str(self.now - 1000))
        return True

    # ---- histories

    def cleanup(self, cib):
        chosen = self.pick(self.histories(cib))
        if chosen is None:
            return False
        for lrm in chosen.state.iter("lrm_resources"):
            if chosen.history in list(lrm):
                lrm.remove(chosen.history)
        for block in chosen.state.iter("instance_attributes"):
            for pair in list(block):
                if pair.get("name").startswith((f"fail-count-{plain(chosen.rsc)}#", f"last-failure-{plain(chosen.rsc)}#")):
                    block.remove(pair)
        return True

    def found_running(self, cib):
        """A probe has found it running where nobody started it."""
        chosen = self.pick([o for o in self.histories(cib, active=False) if o.last() is not None
                            and o.last().get("operation") == "monitor"
                            and o.last().get("rc-code") == "7"])
        if chosen is None:
            return False
        rc = 8 if chosen.history.get("type") == "Stateful" and self.chance(30) else 0
        for entry in ("last_failure_0", "last_0") if self.chance(70) else ("last_0",):
            chosen.put(entry, "monitor", 0, 7, rc, 0, self.now - 20, chosen.digests())
        return True

    def under_way(self, cib):
        """Ordered, and not answered yet."""
        active = self.chance(50)
        chosen = self.pick(self.histories(cib, active=active))
        if chosen is None:
            return False
        if active:
            tasks = ["stop"] + (["promote", "demote"] if chosen.history.get("type") == "Stateful" else [])
            task = self.rng.choice(tasks)
        else:
            task = self.rng.choice(("start", "start", "monitor"))
        if task in ("stop", "start"):
            for monitor in chosen.recurring():
                chosen.history.remove(monitor)
        chosen.put("last_0", task, 0, 7 if task == "monitor" else 0, 193, -1, self.now - 2, chosen.digests())
        return True

    def migration_half(self, cib):
        """A live migration has left, and has not arrived, or has failed on the way."""
        able = [o for o in self.histories(cib, active=True) if migrates(cib, o.rsc)]
        chosen, others = self.pick(able), None
        if chosen is not None:
            others = [o for o in self.histories(cib, active=False) if o.rsc == chosen.rsc]
        if not others:
            return False
        target = self.rng.choice(others)
        source_name, target_name = chosen.state.get("uname"), target.state.get("uname")
        for monitor in chosen.recurring():
            chosen.history.remove(monitor)
        form, digests = self.rng.randrange(4), chosen.digests()
        to_outcome = (193, -1) if form == 0 else (1, 4) if form == 1 else (0, 0)
        entries = [chosen.put("last_0", "migrate_to", 0, 0, *to_outcome, self.now - 30, digests)]
        if form == 1:
            entries.append(chosen.put("last_failure_0", "migrate_to", 0, 0, 1, 4, self.now - 30, digests))
        if form == 3:
            entries.append(target.put("last_failure_0", "migrate_from", 0, 0, 1, 4, self.now - 20, digests))
            entries.append(target.put("last_0", "migrate_from", 0, 0, 1, 4, self.now - 20, digests))
        for entry in entries:
            entry.set("migrate_source", source_name)
            entry.set("migrate_target", target_name)
        return True

    def time_passes(self, cib):
        self.now += self.rng.choice((60, 900, 10000))
        return True


def plain(rsc):
    return re.sub(r":\d+$", "", rsc)


def migrates(cib, rsc):
    """Instances of clones do not migrate."""
    if any(plain(rsc) == p.get("id") for clone in cib.part("resources").findall("clone") for p in clone.iter("primitive")):
        return False
    primitive = cib.find(plain(rsc))
    return primitive is not None and any(p.get("name") == "allow-migrate" and p.get("value") == "true" for p in primitive.iter("nvpair"))
