# SPDX-License-Identifier: Apache-2.0
"""Differences that are meant: where this version of the peer decides otherwise than its successors, or its documentation.

Each has a reason, and is as narrow as can be: `applies` looks at what is different, and then `without` changes the question so
that what is meant plays no part any more; of that both must decide alike. A difference that remains is not this one."""

import collections

from peer.xmlcib import set_pairs

Known = collections.namedtuple("Known", "name reason applies without")


# ---- instances of a clone change places


def by_clone(difference, side):
    """Clone's primitive -> how many instances are on which node."""
    counts = collections.defaultdict(collections.Counter)
    for label, name, *nodes in difference.places:
        if label == "after":
            counts[difference.names.base(name)].update(nodes[side])
    return counts


def only_instances_change_places(difference):
    """The same nodes run the clone, with other instances; what is done beside that is restarting what comes after it."""
    names = difference.names
    if any(label == "promoted" or names.base(name) not in names.clone_of for label, name, *_ in difference.places):
        return False
    if by_clone(difference, 0) != by_clone(difference, 1):
        return False
    return all(names.base(action.name) in names.clone_of and action.word in ("stop", "start", "move", "restart")
               or action.word == "restart" for action in difference.missing + difference.surplus)


def with_sticky_clones(cib):
    clones = cib.part("resources").findall("clone")
    for clone in clones:
        ident = f"{clone.get('id')}-meta"
        block = set_pairs(clone, "meta_attributes", ident, {"resource-stickiness": "INFINITY"})
        clone.remove(block)
        clone.insert(0, block)
        for primitive in clone.iter("primitive"):
            for own in primitive.findall("meta_attributes"):
                for pair in list(own):
                    if pair.get("name") == "resource-stickiness":
                        own.remove(pair)
    return cib if clones else None


KNOWN = [
    Known("instances change places",
          "2.1.5 stops and starts instances of a clone so that others of the same clone may have their places; later versions "
          "leave them where they are", only_instances_change_places, with_sticky_clones),
]
