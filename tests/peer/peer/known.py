# SPDX-License-Identifier: Apache-2.0
"""Differences that are meant: where this version of the peer decides otherwise than its successors, or its documentation.

Each has a reason, and is as narrow as can be: `applies` looks at what is different, and then `without` changes the question so
that what is meant plays no part any more; of that both must decide alike. A difference that remains is not this one. (Where there
is no other question to ask, `applies` says all, and `without` is None.) Each is told at length in
docs/decisions/scheduler-differences.md."""

import collections

from peer.xmlcib import set_pairs

Known = collections.namedtuple("Known", "name reason applies without")


# ---- instances of a clone change places


def instances_change_places(difference):
    """The peer stops, starts or moves instances of a clone that we do not."""
    names = difference.names
    return any(names.base(action.name) in names.clone_of and action.word in ("stop", "start", "move", "recover", "migrate")
               for action in difference.missing)


def in_vain(difference):
    """All that the peer does and we do not is to stop instances of anonymous clones that have not failed, and to start others in
    their places."""
    ended = {(action.name, action.source) for action in difference.missing if action.word == "stop"}
    begun = {(action.name, action.target) for action in difference.missing if action.word == "start"}
    return (bool(ended) and ended == begun and not ended & difference.wanted.failed
            and not difference.places and not difference.surplus
            and all(action.word in ("stop", "start") and difference.names.is_loose(action.name) for action in difference.missing))


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


# ---- a colocation of the promoted role with a clone, in whatever role that is


def ends_of(colocation):
    """-> (element, its attribute for the role, ids) of each end."""
    if colocation.get("rsc"):
        return [(colocation, "rsc-role", [colocation.get("rsc")]), (colocation, "with-rsc-role", [colocation.get("with-rsc")])]
    return [(block, "role", [reference.get("id") for reference in block]) for block in colocation.findall("resource_set")]


def without_promoted_with_clones(cib):
    """All of it must be with the other clone, not the promoted one alone."""
    found, clones = [], clone_ids(cib)
    for colocation in cib.part("constraints").findall("rsc_colocation"):
        ends = ends_of(colocation)
        plain = any(set(ids) & clones and element.get(role) != "Promoted" for element, role, ids in ends)
        if plain and colocation.get("score") in (None, "INFINITY", "+INFINITY"):
            found += [(element, role) for element, role, _ in ends if element.get(role) == "Promoted"]
    for element, role in found:
        del element.attrib[role]
    return cib if found else None


# ---- apart from clones


def clone_ids(cib):
    return {clone.get("id") for clone in cib.part("resources").iter("clone")}


def kept_apart(cib):
    """(dependents, primaries) of colocations with a negative score, by id."""
    dependents, primaries = set(), set()
    for colocation in cib.part("constraints").iter("rsc_colocation"):
        if not (colocation.get("score") or "").startswith("-"):
            continue
        members = [reference.get("id") for reference in colocation.iter("resource_ref")]
        dependents |= {colocation.get("rsc"), *members} - {None}
        primaries |= {colocation.get("with-rsc"), *members} - {None}
    return dependents, primaries


def set_meta(element, values):
    ident = f"{element.get('id')}-meta"
    block = set_pairs(element, "meta_attributes", ident, values)
    element.remove(block)
    element.insert(0, block)


def without_pairs_kept_apart(cib):
    """No instance has a partner of its own."""
    dependents, primaries = kept_apart(cib)
    clones = [clone for clone in cib.part("resources").iter("clone") if clone.get("id") in dependents]
    if not primaries & clone_ids(cib) or not clones:
        return None
    for clone in clones:
        set_meta(clone, {"interleave": "false"})
    return cib


# ---- wishes of others


def with_sticky_primaries(cib):
    """What others are to be apart from stays where it is, or has no place yet that anybody could send it from."""
    dependents, primaries = kept_apart(cib)
    # Who must be with one that is kept apart wishes through it, and then it is that one's stickiness that counts.
    between = dependents & {colocation.get("with-rsc") for colocation in cib.part("constraints").iter("rsc_colocation")}
    found = [element for element in cib.part("resources").iter()
             if element.get("id") in primaries | between and element.tag in ("primitive", "group", "clone")]
    for element in found:
        for inside in element.iter():
            if inside.tag in ("primitive", "group", "clone"):
                set_meta(inside, {"resource-stickiness": "INFINITY"})
    return cib if found else None


def without_wishes_to_be_near_clones(cib):
    """Nobody would merely like to be near a clone."""
    constraints, clones = cib.part("constraints"), clone_ids(cib)
    found = [colocation for colocation in constraints.findall("rsc_colocation")
             if colocation.get("with-rsc") in clones and "INFINITY" not in (colocation.get("score") or "INFINITY")]
    for colocation in found:
        constraints.remove(colocation)
    return cib if found else None


def without_wishes_from_far_away(cib):
    """Nobody would merely like to be near something (that is no clone) and has others that go with it, and wish through it."""
    constraints, clones = cib.part("constraints"), clone_ids(cib)
    members = {group.get("id"): group.findall("primitive") for group in cib.part("resources").iter("group")}
    pairs = constraints.findall("rsc_colocation")
    gone_with = {colocation.get("with-rsc") for colocation in pairs} - {None}
    found = [colocation for colocation in pairs
             if "INFINITY" not in (colocation.get("score") or "INFINITY") and colocation.get("with-rsc") not in clones
             and (colocation.get("rsc") in gone_with or len(members.get(colocation.get("rsc"), ())) > 1)]
    for colocation in found:
        constraints.remove(colocation)
    return cib if found else None


# ---- capacities


def with_one_capacity(cib):
    """Of two nodes one has more, or both have as much."""
    pairs = [(block, pair) for tag in ("nodes", "resources") for block in cib.part(tag).iter("utilization") for pair in list(block)]
    names = sorted({pair.get("name") for _, pair in pairs})
    for block, pair in pairs:
        if pair.get("name") != names[0]:
            block.remove(pair)
    return cib if len(names) > 1 else None


# ---- shutdown-lock


def without_locks(cib):
    """Without fencing only; with it the peer looks at what ran on nodes that are lost in any case."""
    pairs = [(block, pair) for block in cib.part("crm_config").iter("cluster_property_set") for pair in list(block)
             if pair.get("name") == "shutdown-lock"]
    for block, pair in pairs:
        block.remove(pair)
    return cib if pairs and cib.property_value("stonith-enabled") == "false" else None


# ---- rules, counts


def with_providers(cib):
    providers = {"Dummy": "pacemaker", "Stateful": "pacemaker", "IPaddr2": "heartbeat"}
    found = [element for element in cib.root.iter("rsc_expression")
             if not element.get("provider") and element.get("type") in providers]
    for element in found:
        element.set("provider", providers[element.get("type")])
    return cib if found else None


def failures_ignored(cib):
    """The resources of clones of which a failure may be ignored."""
    everywhere = any(pair.get("name") == "on-fail" and pair.get("value") == "ignore"
                     for defaults in cib.root.iter("op_defaults") for pair in defaults.iter("nvpair"))
    return {primitive.get("id") for clone in cib.part("resources").iter("clone") for primitive in clone.iter("primitive")
            if everywhere or any(op.get("on-fail") == "ignore" for op in primitive.iter("op"))}


def without_their_counts(cib):
    names = failures_ignored(cib)
    found = [(block, pair) for block in cib.status().iter("instance_attributes") for pair in list(block)
             if any(pair.get("name").startswith(f"fail-count-{name}#") for name in names)]
    for block, pair in found:
        block.remove(pair)
    return cib if found else None


def begun_where_banned(difference):
    """The peer stops instances of anonymous clones, or starts none; we recover or start them there."""
    names = difference.names
    begun = {(action.name, action.target) for action in difference.surplus
             if action.word == "start" or (action.word == "recover" and action.source == action.target)}
    return (bool(begun) and len(begun) == len(difference.surplus) and all(names.is_loose(name) for name, _ in begun)
            and all(action.word == "stop" and (action.name, action.source) in begun for action in difference.missing))


def without_counts_of_clones(cib):
    """But those of stops: what could not be stopped is forgotten by nobody."""
    names = {primitive.get("id") for clone in cib.part("resources").iter("clone") for primitive in clone.iter("primitive")}
    found = [(block, pair) for block in cib.status().iter("instance_attributes") for pair in list(block)
             if any(pair.get("name").startswith(f"fail-count-{name}#") for name in names) and "#stop_" not in pair.get("name")]
    for block, pair in found:
        block.remove(pair)
    return cib if found else None


# ---- what is behind a clone


def only_restarts(missing, surplus):
    return not surplus and bool(missing) and all(action.word == "restart" for action in missing)


def restarted_behind_a_recovery(difference):
    """All that we do and the peer does not is restarting, and the peer recovers an instance."""
    names = difference.names
    return not difference.places and only_restarts(difference.surplus, difference.missing) and any(
        action.word == "recover" and names.base(action.name) in names.clone_of for action in difference.wanted.actions)


def restarted_behind_nothing(difference):
    """All that the peer does and we do not is restarting, and no more instances can start of a clone."""
    names = difference.names
    return not difference.places and only_restarts(difference.missing, difference.surplus) and any(
        action.word == "start" and names.base(action.name) in names.clone_of for action in difference.blocked[1])


def without_enough(cib):
    """No clone of groups, nor in an order of sets, says how many of its instances it takes."""
    in_sets = {reference.get("id") for order in cib.part("constraints").iter("rsc_order") for reference in order.iter("resource_ref")}
    clones = [clone for clone in cib.part("resources").findall("clone")
              if clone.find("group") is not None or clone.get("id") in in_sets]
    found = [(block, pair) for clone in clones for block in clone.findall("meta_attributes")
             for pair in list(block) if pair.get("name") == "clone-min"]
    for block, pair in found:
        block.remove(pair)
    return cib if found else None


def without_serializing(cib):
    constraints = cib.part("constraints")
    found = [order for order in constraints.findall("rsc_order") if order.get("kind") == "Serialize"]
    for order in found:
        constraints.remove(order)
    return cib if found else None


# ---- what is not managed is not pulled from under


def only_stops_missing(difference):
    return (not difference.surplus and bool(difference.missing)
            and all(action.word in ("stop", "demote") for action in difference.missing))


def without_orders(cib):
    constraints = cib.part("constraints")
    orders = constraints.findall("rsc_order")
    for order in orders:
        constraints.remove(order)
    return cib if orders else None


def held_back(difference):
    """We do less, and say of what the peer does that it is blocked."""
    blocked = {action.name for action in difference.blocked[1] if action.blocked}
    return not difference.surplus and any(action.name in blocked for action in difference.missing)


# ---- what goes with a group


def without_wishes_through_groups(cib):
    """What goes with a group goes with the member that stands for it, and says so."""
    groups = {group.get("id"): [primitive.get("id") for primitive in group.findall("primitive")]
              for group in cib.part("resources").findall("group")}
    found = [colocation for colocation in cib.part("constraints").findall("rsc_colocation")
             if groups.get(colocation.get("with-rsc"))]
    for colocation in found:
        whole = "INFINITY" in colocation.get("score", "") and not colocation.get("score").startswith("-")
        colocation.set("with-rsc", groups[colocation.get("with-rsc")][-1 if whole else 0])
    return cib if found else None


# ---- instances of clones that migrate


def instances_migrate(difference):
    names = difference.names
    return any(action.word == "migrate" and names.is_loose(action.name) for action in difference.missing)


def without_migrating_instances(cib):
    pairs = [(block, pair) for clone in cib.part("resources").iter("clone") for block in clone.iter("meta_attributes")
             for pair in list(block) if pair.get("name") == "allow-migrate"]
    for block, pair in pairs:
        block.remove(pair)
    return cib if pairs else None


# ---- failures that have expired


def without_expiry(cib):
    """Nothing is forgotten by time."""
    pairs = [(block, pair) for block in cib.root.iter("meta_attributes") for pair in list(block)
             if pair.get("name") == "failure-timeout"]
    for block, pair in pairs:
        block.remove(pair)
    return cib if pairs else None


# ---- exclusive, for a role


def without_exclusive_roles(cib):
    found = [location for location in cib.part("constraints").findall("rsc_location")
             if location.get("role") and location.get("resource-discovery") == "exclusive"]
    for location in found:
        del location.attrib["resource-discovery"]
    return cib if found else None


# ---- under way


def without_what_is_under_way(cib):
    """What is under way was never ordered."""
    found = [(history, operation) for history in cib.status().iter("lrm_resource") for operation in list(history)
             if operation.get("op-status") == "-1"]
    for history, operation in found:
        history.remove(operation)
    return cib if found else None


# ---- left alone on a node that is lost


def not_shown(difference):
    """Nothing is done otherwise; the peer only does not show where something is."""
    return not difference.missing and not difference.surplus and all(
        label == "after" and set(wanted) < set(got) for label, _, wanted, got in difference.places)


def without_maintenance(cib):
    pairs = [(block, pair) for tag in ("crm_config", "resources", "rsc_defaults") for block in cib.part(tag).iter()
             for pair in list(block) if pair.get("name") in ("maintenance-mode", "maintenance", "is-managed")]
    for block, pair in pairs:
        block.remove(pair)
    return cib if pairs else None


# ---- an optional colocation of the promoted role


def roles_differ(difference):
    return any(label == "promoted" for label, *_ in difference.places)


def without_optional_promoted_dependents(cib):
    """Nobody would merely like to be promoted near something."""
    constraints, gone = cib.part("constraints"), []
    for colocation in constraints.findall("rsc_colocation"):
        roles = {colocation.get("rsc-role")} | {block.get("role") for block in colocation.findall("resource_set")}
        if "Promoted" in roles and "INFINITY" not in (colocation.get("score") or "0"):
            gone.append(colocation)
    for colocation in gone:
        constraints.remove(colocation)
    return cib if gone else None


# ---- restarted while promoted


def promoted_later(difference):
    """All is done alike, and what the peer does not promote at once it restarts."""
    names = difference.names
    again = {(names.top(action.name), action.target) for action in difference.wanted.carried_out() if action.word == "restart"}
    return not difference.missing and not difference.surplus and all(
        label == "promoted" and set(wanted) < set(got) and all((name, node) in again for node in set(got) - set(wanted))
        for label, name, wanted, got in difference.places)


# ---- one node, two instances


def begins_where_none_can_be(difference):
    """All that the peer does and we do not is starting (and promoting) instances of anonymous clones where one is, or starts,
    already."""
    names, blocked = difference.names, {(a.name, a.target) for a in difference.blocked[1] if a.blocked}
    after, begun = difference.after(1), difference.begun()
    promoted = {(names.top(action.name), action.target) for action in difference.missing if action.word == "promote"}
    return not difference.surplus and all(
        label == "promoted" and set(got) < set(wanted) and all((name, node) in promoted for node in set(wanted) - set(got))
        for label, name, wanted, got in difference.places) and all(
        action.word in ("start", "promote") and names.is_loose(action.name) and action.target in after.get(action.name, ()) and
        ((action.name, action.target) in blocked or (action.name, action.target) in begun)
        for action in difference.missing)


def brings_where_one_stays(difference):
    """We do nothing to a clone of which the peer brings an instance to a node where another one is, and stays; nothing else
    differs."""
    names = difference.names
    stopped = {(action.name, action.source) for action in difference.missing if action.word == "stop"}
    doubled = {names.top(action.name) for action in difference.missing
               if action.word in ("start", "migrate") and names.is_loose(action.name)
               and action.target in difference.after(1).get(action.name, ()) and (action.name, action.target) not in stopped}
    concerned = {names.top(action.name) for action in difference.missing} | {names.top(name) for _, name, *_ in difference.places}
    busy = {names.top(action.name) for action in difference.got.carried_out()}
    return bool(doubled) and concerned == doubled and not difference.surplus and not doubled & busy


def two_on_one_node(difference):
    return begins_where_none_can_be(difference) or brings_where_one_stays(difference)


KNOWN = [
    Known("instances change places",
          "2.1.5 stops and starts instances of a clone so that others of the same clone may have their places; later versions "
          "leave them where they are", instances_change_places, with_sticky_clones),
    Known("changed places in vain",
          "the same, and afterwards all is as it was before", in_vain, None),
    Known("kept apart by role",
          "2.1.5 applies a colocation with a negative score that is limited to a role to all other roles; later versions, and its "
          "documentation, to that role", anything, without_roles_kept_apart),
    Known("interleaved and apart",
          "2.1.5 keeps each instance of an interleaved clone apart from one instance of the other clone, and leaves it beside "
          "another one; then and later it does not come to rest", anything, without_pairs_kept_apart),
    Known("no other node left",
          "what can run on one node only, and must be apart from others, makes these move on: later versions ask for that, 2.1.5 "
          "does not", anything, with_sticky_primaries),
    Known("class and type",
          "an rsc_expression without a provider is about any provider; 2.1.5 takes it for: without one", anything,
          with_providers),
    Known("ignored failures of clones",
          "a failure that is ignored counts for nothing; the peer counts it, and bans the clone, if another instance than the first "
          "is looked at", anything, without_their_counts),
    Known("changed definitions of clones",
          "a failure of a definition that is no more counts no more; the peer bans the clone all the same, if another instance than "
          "the one that failed is looked at", begun_where_banned, without_counts_of_clones),
    Known("wishes from far away",
          "a wish through several colocations is weighed by all of them; 2.1.5 weighs it by the last one alone", anything,
          without_wishes_from_far_away),
    Known("mandatory ones first",
          "colocations that must be are heard before those that would be nice: later versions do so; 2.1.5 subtracts the score for "
          "each instance of a clone that runs nowhere, and then hears no more", anything, without_wishes_to_be_near_clones),
    Known("promoted, and recovered",
          "what is behind a clone is restarted with its last instance; the peer leaves it when that instance was promoted and is "
          "not to be any more", restarted_behind_a_recovery, without_orders),
    Known("behind nothing that starts",
          "the peer restarts what is behind a clone of which an instance is to start and cannot, in each decision again",
          restarted_behind_nothing, without_orders),
    Known("clone-min of groups",
          "an instance counts for clone-min when it can be up; of a clone of groups the peer counts it whatever its members do, and in "
          "an order of sets it does not count", anything, without_enough),
    Known("mandatory behind serialized",
          "a mandatory order holds; the peer does not hear it behind a serializing one of the same two", anything,
          without_serializing),
    Known("promoted with a clone",
          "what must be promoted with a clone is promoted where that has an instance, and runs anywhere; the peer promotes it anywhere, "
          "or starts it nowhere else", anything, without_promoted_with_clones),
    Known("promoted later",
          "what is promoted, and restarted, is promoted again at once; the peer does so in its next decision", promoted_later, None),
    Known("not shown",
          "the peer does not show a group that is not managed and whose node is lost", not_shown, without_maintenance),
    Known("left alone, and carried",
          "what is not managed, and runs, is not pulled from under: what it was started behind is not stopped",
          lambda difference: only_stops_missing(difference) or held_back(difference), without_orders),
    Known("wishes through a group",
          "what goes with a group, and where it would like to be, is heard by what the group goes with; 2.1.5 asks for it when it goes "
          "with a member only", anything, without_wishes_through_groups),
    Known("neither has more",
          "of nodes of which none has more of all capacities the peer takes one by a hash, Halyard the first one", anything,
          with_one_capacity),
    Known("lost, with shutdown-lock",
          "a lock is for nodes that were shut down; with shutdown-lock the peer waits for nodes that are lost, or join, too",
          anything, without_locks),
    Known("instances do not migrate",
          "our own rule: instances of anonymous clones are stopped and started, as their history could not tell them apart",
          instances_migrate, without_migrating_instances),
    Known("expired failures",
          "a failure that is forgotten does not make running what was found stopped, nor what nobody can tell; the peer takes it "
          "for what it was before", anything, without_expiry),
    Known("exclusive for a role",
          "the peer does not count a place that a location names for the promoted role only, and finds none left",
          anything, without_exclusive_roles),
    Known("under way",
          "an operation under way is waited for; the peer undoes it, or takes it for done", anything, without_what_is_under_way),
    Known("promoted near something",
          "2.1.5 weighs an optional colocation of the promoted role with the other's own preferences, sometimes twice; later "
          "versions add its score, once", roles_differ, without_optional_promoted_dependents),
    Known("two on one node",
          "2.1.5 starts a second instance of an anonymous clone on a node, beside one that is blocked there, or that it starts there, "
          "too; our own rule: nothing starts beside what is stuck", two_on_one_node, None),
]
