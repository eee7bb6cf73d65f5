# SPDX-License-Identifier: Apache-2.0
"""Differences that are meant: where this version of the peer decides otherwise than its successors, or its documentation.

Each has a reason, and is as narrow as can be: `applies` looks at what is different, and then `without` changes the question so
that what is meant plays no part any more; of that both must decide alike. A difference that remains is not this one. Each is told
at length in docs/decisions/scheduler-differences.md."""

import collections

from peer.xmlcib import set_pairs

Known = collections.namedtuple("Known", "name reason applies without")


# ---- instances of a clone change places


def instances_change_places(difference):
    """The peer stops, starts or moves instances of a clone that we do not."""
    names = difference.names
    return any(names.base(action.name) in names.clone_of and action.word in ("stop", "start", "move", "recover", "migrate")
               for action in difference.missing)


def with_sticky_clones(cib):
    """Nobody moves without need."""
    clones = cib.part("resources").findall("clone")
    for clone in clones:
        ident = f"{clone.get('id')}-meta"
        block = set_pairs(clone, "meta_attributes", ident, {"resource-stickiness": "INFINITY"})
        clone.remove(block)
        clone.insert(0, block)
        for inside in clone.iter():
            if inside.tag not in ("primitive", "group"):
                continue
            for own in inside.findall("meta_attributes"):
                for pair in list(own):
                    if pair.get("name") == "resource-stickiness":
                        own.remove(pair)
    return cib if clones else None


# ---- a colocation with a negative score, limited to a role


def anything(_):
    return True


def without_roles_kept_apart(cib):
    """They keep apart in whatever role."""
    limited = [(element, name) for colocation in cib.part("constraints").iter("rsc_colocation")
               if (colocation.get("score") or "").startswith("-")
               for element in colocation.iter() for name in ("rsc-role", "with-rsc-role", "role") if element.get(name)]
    for element, name in limited:
        del element.attrib[name]
    return cib if limited else None


KNOWN = [
    Known("instances change places",
          "2.1.5 stops and starts instances of a clone so that others of the same clone may have their places; later versions "
          "leave them where they are", instances_change_places, with_sticky_clones),
    Known("kept apart by role",
          "2.1.5 applies a colocation with a negative score that is limited to a role to all other roles; later versions, and its "
          "documentation, to that role", anything, without_roles_kept_apart),
]
