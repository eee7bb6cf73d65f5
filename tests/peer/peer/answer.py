# SPDX-License-Identifier: Apache-2.0
"""What a scheduler answers, in a form in which two answers can be compared: names without instance numbers where those
mean nothing, actions as a multiset, places as sets."""

import collections

TRUE = {"true", "yes", "on", "y", "1"}
TELLS_INSTANCES_APART = ("ocf", "stonith")
IN_PLACE = ("restart", "recover", "reload", "repromote", "demote")
NOT_COMPARED = ("leave", "none", "shutdown", "nothing")

Action = collections.namedtuple("Action", "word name source target blocked")


def meta_of(element, name):
    for pair in element.findall("meta_attributes/nvpair"):
        if pair.get("name") == name:
            return pair.get("value")
    return None


class Names:
    """Which clone a primitive is in, and whether the instances of that clone are told apart."""

    def __init__(self, cib):
        self.clone_of, self.unique = {}, {}
        self.configured = {primitive.get("id") for primitive in cib.findall("configuration/resources//primitive")}
        classes = {t.get("id"): t.get("class") for t in cib.iter("template")}
        for clone in cib.findall("configuration/resources/clone") + cib.findall("configuration/resources/master"):
            unique = self.is_unique(clone)
            for primitive in clone.iter("primitive"):
                self.clone_of[primitive.get("id")] = clone.get("id")
                if (primitive.get("class") or classes.get(primitive.get("template"))) not in TELLS_INSTANCES_APART:
                    unique = False
            self.unique[clone.get("id")] = unique

    @staticmethod
    def is_unique(clone):
        said = meta_of(clone, "globally-unique")
        if said is not None:
            return said.lower() in TRUE
        most = meta_of(clone, "clone-node-max") or "1"
        return most.isdigit() and int(most) > 1

    def has_one_role(self, name, nodes):
        """To the peer, what was removed is one resource, with one role for all the nodes where it runs."""
        return len(nodes) > 1 and self.base(name) not in self.configured

    def base(self, name):
        stem, colon, number = name.rpartition(":")
        return stem if colon and number.isdigit() and stem in self.clone_of else name

    def is_loose(self, name):
        clone = self.clone_of.get(self.base(name))
        return clone is not None and not self.unique[clone]

    def key(self, name):
        return self.base(name) if self.is_loose(name) else name

    def top(self, name):
        return self.clone_of.get(self.base(name), name)


def canonical_actions(raw, names):
    """raw: dictionaries with action, resource, from, to, blocked, role, op."""
    actions = collections.Counter()
    for one in raw:
        word = str(one.get("action", "")).lower().replace("-", "")
        if word in NOT_COMPARED:
            continue
        source, target, blocked = one.get("from"), one.get("to"), bool(one.get("blocked"))
        if word == "fence":
            actions[Action("fence", one["resource"], one.get("op") or "reboot", None, blocked)] += 1
            continue
        if word == "start":
            source = None
        elif word == "stop":
            target = None
        elif word in IN_PLACE:
            source, target = source or target, target or source
        name = names.key(one["resource"])
        if names.is_loose(one["resource"]) and word in ("move", "recover") and source and target and source != target:
            # Which of the instances went has no meaning: one ends here, one begins there.
            begins = "promote" if str(one.get("role", "")).lower() in ("promoted", "master") else "start"
            actions[Action("stop", name, source, None, blocked)] += 1
            actions[Action(begins, name, None, target, blocked)] += 1
        else:
            actions[Action(word, name, source, target, blocked)] += 1
    return actions


def gather(places, key):
    found = collections.defaultdict(set)
    for name, nodes in places.items():
        for node in [nodes] if isinstance(nodes, str) else nodes or []:
            found[key(name)].add(node)
    return {name: tuple(sorted(nodes)) for name, nodes in found.items()}


class Answer:
    def __init__(self, raw, names):
        self.after = gather(raw.get("after") or {}, names.key)
        self.promoted = gather({name: nodes for name, nodes in (raw.get("promoted") or {}).items()
                                if not names.has_one_role(name, self.after.get(names.key(name), ()))}, names.top)
        self.actions = canonical_actions(raw.get("actions") or [], names)
        # Canonical actions do not tell an instance that failed from one that moves.
        self.failed = {(names.key(one["resource"]), one.get("from")) for one in raw.get("actions") or []
                       if str(one.get("action", "")).lower() == "recover"}

    def carried_out(self):
        return collections.Counter({action: count for action, count in self.actions.items() if not action.blocked})


class Difference:
    """What two answers say differently. `wanted` and `got` are answers; blocked actions are told, but do not count."""

    def __init__(self, wanted, got, names):
        self.names, self.wanted, self.got = names, wanted, got
        self.places = [(label, name, a.get(name, ()), b.get(name, ()))
                       for label, a, b in (("after", wanted.after, got.after), ("promoted", wanted.promoted, got.promoted))
                       for name in sorted(set(a) | set(b)) if a.get(name, ()) != b.get(name, ())]
        self.missing = sorted((wanted.carried_out() - got.carried_out()).elements(), key=str)
        self.surplus = sorted((got.carried_out() - wanted.carried_out()).elements(), key=str)
        self.blocked = sorted((wanted.actions - got.actions).elements(), key=str), \
            sorted((got.actions - wanted.actions).elements(), key=str)

    def __bool__(self):
        return bool(self.places or self.missing or self.surplus)

    def after(self, side):
        return (self.wanted, self.got)[side].after

    def begun(self):
        """What we start, promote or move, with the node it comes to."""
        return {(a.name, a.target) for a in self.got.carried_out() if a.target and a.word != "fence"}

    def lines(self):
        for label, name, wanted, got in self.places:
            yield f"{label} {name}: wanted {' '.join(wanted) or 'nowhere'}, got {' '.join(got) or 'nowhere'}"
        for title, actions in (("missing", self.missing), ("surplus", self.surplus)):
            for action in actions:
                yield f"{title}: {in_words(action)}"
        for title, actions in (("missing", self.blocked[0]), ("surplus", self.blocked[1])):
            for action in actions:
                if action.blocked:
                    yield f"{title}, does not count: {in_words(action)}"

    def kind(self):
        """A class of differences: the words and kinds of resource that differ, without names and numbers."""
        parts = {f"{label}:{self.sort_of(name)}" for label, name, _, _ in self.places}
        parts |= {f"-{action.word}:{self.sort_of(action.name)}" for action in self.missing}
        parts |= {f"+{action.word}:{self.sort_of(action.name)}" for action in self.surplus}
        return " ".join(sorted(parts))

    def sort_of(self, name):
        clone = self.names.clone_of.get(self.names.base(name))
        if clone is not None:
            return "unique" if self.names.unique[clone] else "clone"
        return "clone" if name in self.names.unique else "rsc"


def in_words(action):
    blocked = " (blocked)" if action.blocked else ""
    if action.word == "fence":
        return f"fence {action.name} ({action.source}){blocked}"
    return f"{action.word} {action.name} {action.source or '-'} -> {action.target or '-'}{blocked}"
