# SPDX-License-Identifier: Apache-2.0
"""Draws the configuration of a random cluster. A cluster has few of the features at once, so that a difference tells
what it comes from."""

from peer.xmlcib import Cib, element, set_pairs

FEATURES = {  # how many of a hundred clusters have it
    "location": 55, "rules": 15, "colocation": 50, "colocation-sets": 8, "order": 50, "order-sets": 8, "roles": 40,
    "stickiness": 40, "priority": 20, "thresholds": 40, "on-fail": 35, "targets": 12, "unmanaged": 8, "defaults": 30,
    "utilization": 10, "templates": 8, "tags": 8, "tickets": 8, "migration": 25, "fencing": 35, "quorum": 12,
    "properties": 12, "discovery": 6, "attributes": 25, "parameters": 25, "multiple-active": 8, "timeouts": 12,
    "health": 5, "critical": 5, "notify": 12, "no-standby": 50,
}
DUMMY, STATEFUL = ("ocf", "pacemaker", "Dummy"), ("ocf", "pacemaker", "Stateful")
FENCER = ("stonith", None, "fence_dummy")
TARGETS = ("Stopped", "Started")
TARGETS_OF_PROMOTABLE = TARGETS + ("Unpromoted", "Promoted")
ON_FAIL = {"monitor": ("restart", "ignore", "block", "stop", "standby", "fence"),
           "start": ("restart", "ignore", "block", "stop", "standby", "fence"),
           "stop": ("block", "ignore", "fence"), "promote": ("restart", "block", "stop", "demote", "ignore")}


class Draw:
    def __init__(self, rng):
        self.rng = rng
        self.cib = Cib()
        self.features = {name for name, percent in FEATURES.items() if self.chance(percent)}
        self.nodes = [f"n{i + 1}" for i in range(rng.choice((1, 2, 2, 2, 3, 3, 3, 3, 4, 5, 6)))]
        self.tops = []          # what constraints may name: (id, kind)
        self.promotable = []
        self.numbers = {}

    def chance(self, percent):
        return self.rng.random() * 100 < percent

    def has(self, feature):
        return feature in self.features

    def number(self, letter):
        self.numbers[letter] = self.numbers.get(letter, 0) + 1
        return f"{letter}{self.numbers[letter]}"

    def configuration(self):
        self.draw_nodes()
        self.draw_resources()
        self.draw_constraints()
        self.draw_properties()
        self.draw_states()
        return self.cib

    # ---- nodes and options

    def draw_nodes(self):
        for i, name in enumerate(self.nodes):
            node = element(self.cib.part("nodes"), "node", id=i + 1, uname=name)
            pairs = {}
            if self.has("attributes"):
                pairs["site"] = self.rng.choice("ab")
                if self.chance(50):
                    pairs["memory"] = self.rng.choice((4, 16, 100))
            if not self.has("no-standby") and self.chance(8):
                pairs["standby"] = "on"
            if not self.has("no-standby") and self.chance(5):
                pairs["maintenance"] = "true"
            if self.has("health") and self.chance(40):
                pairs["#health-disk"] = self.rng.choice(("red", "yellow", "green"))
            if pairs:
                set_pairs(node, "instance_attributes", f"{name}-attr", pairs)
            if self.has("utilization"):
                room = {"cpu": self.rng.choice((2, 4, 8)), "ram": self.rng.choice((10, 20))}
                set_pairs(node, "utilization", f"{name}-util", room)

    def draw_properties(self):
        put = self.cib.property
        put("stonith-enabled", "true" if self.has("fencing") else "false")
        if self.has("quorum"):
            policies = ["stop", "freeze", "ignore", "demote"] + (["suicide"] if self.has("fencing") else [])
            put("no-quorum-policy", self.rng.choice(policies))
            if self.chance(60):
                self.cib.root.set("have-quorum", "0")
        if self.has("utilization"):
            put("placement-strategy", self.rng.choice(("utilization", "minimal", "balanced", "default")))
        if self.has("health"):
            put("node-health-strategy", self.rng.choice(("migrate-on-red", "only-green", "progressive", "custom")))
        if self.has("properties"):
            for name, values in (("symmetric-cluster", ("false",)), ("start-failure-is-fatal", ("false",)),
                                 ("maintenance-mode", ("true",)), ("stop-all-resources", ("true",)),
                                 ("stop-orphan-resources", ("false",)), ("startup-fencing", ("false",)),
                                 ("stonith-action", ("off",)), ("enable-startup-probes", ("false",)),
                                 ("shutdown-lock", ("true",)), ("remove-after-stop", ("false",))):
                if self.chance(18):
                    put(name, self.rng.choice(values))
        if self.has("defaults"):
            pairs = {}
            if self.chance(60):
                pairs["resource-stickiness"] = self.rng.choice((0, 1, 50, 100, 1000, "INFINITY"))
            if self.chance(40):
                pairs["migration-threshold"] = self.rng.choice((1, 2, 3, 5, 1000))
            if pairs:
                set_pairs(self.cib.part("rsc_defaults"), "meta_attributes", "rsc-defaults", pairs)
            if self.chance(30):
                self.add_ruled_defaults("rsc_defaults", {"resource-stickiness": 300}, "rsc_expression")
            if self.has("on-fail") and self.chance(50):
                self.add_ruled_defaults("op_defaults", {"on-fail": self.rng.choice(("block", "ignore", "standby"))},
                                        "op_expression")

    def add_ruled_defaults(self, part, pairs, expression):
        """Defaults for some only: those of a type, or of an operation, or from a day on."""
        ident = f"{part}-ruled"
        block = element(self.cib.part(part), "meta_attributes", id=ident)
        rule = element(block, "rule", id=f"{ident}-rule", boolean__op="and")
        if self.chance(60):
            if expression == "rsc_expression":
                words = {"class_": "ocf", "type": self.rng.choice(("Dummy", "Stateful", "IPaddr2"))}
            else:
                words = {"name": self.rng.choice(("monitor", "start", "stop"))}
            element(rule, expression, id=f"{ident}-what", **words)
        else:
            element(rule, "date_expression", id=f"{ident}-when", operation="gt",
                    start=self.rng.choice(("2023-11-01", "2023-12-01")))
        for name, value in pairs.items():
            element(block, "nvpair", id=f"{ident}-{name}", name=name, value=value)

    def draw_states(self):
        """Nodes as they are before anything is known of them."""
        for i, name in enumerate(self.nodes):
            if self.chance(6) and len(self.nodes) > 1:
                element(self.cib.status(), "node_state", id=i + 1, uname=name, in_ccm="false", crmd="offline", join="down",
                        expected="down", crm__debug__origin="do_update_resource")
                continue
            fresh_state(self.cib, i + 1, name)
        for clone in self.promotable:
            for name in self.nodes:
                if self.chance(75):
                    self.promotion_score(clone, name)

    def promotion_score(self, primitive, node):
        transient(self.cib, node, {f"master-{primitive}": self.rng.choice((1, 5, 5, 10, 100, 100, -1, "INFINITY"))})

    # ---- resources

    def draw_resources(self):
        if self.has("fencing"):
            self.add_primitive(self.cib.part("resources"), "Fencing", FENCER, plain=True)
        if self.has("templates"):
            template = element(self.cib.part("resources"), "template", id="base", class_="ocf", provider="pacemaker",
                               type="Dummy")
            self.add_operations(template, "base", DUMMY)
            if self.chance(50):
                set_pairs(template, "meta_attributes", "base-meta", {"resource-stickiness": self.rng.choice((10, 100))})
        for _ in range(self.rng.choice((1, 2, 2, 3, 3, 4, 4, 5, 6, 8))):
            form = self.rng.choices(("primitive", "group", "clone", "clone of a group", "promotable", "promotable group"),
                                    (46, 19, 16, 4, 15, 2))[0]
            self.add_top(form)
        if self.has("tags") and len(self.tops) > 1:
            tag = element(self.cib.part("tags"), "tag", id="all")
            for ident, _ in self.rng.sample(self.tops, 2):
                element(tag, "obj_ref", id=ident)

    def add_top(self, form):
        if form == "primitive":
            ident = self.number("p")
            self.add_primitive(self.cib.part("resources"), ident)
            self.tops.append((ident, "primitive"))
        elif form == "group":
            self.tops.append((self.add_group_element(self.cib.part("resources")), "group"))
        elif form in ("clone", "clone of a group"):
            self.add_clone(form == "clone of a group")
        else:
            self.add_promotable(form == "promotable group")

    def add_primitive(self, parent, ident, agent=DUMMY, plain=False):
        if not plain and agent == DUMMY:
            agent = self.rng.choices((DUMMY, ("ocf", "heartbeat", "IPaddr2"), ("lsb", None, "service"),
                                      ("systemd", None, "service")), (80, 10, 5, 5))[0]
        if self.has("templates") and agent == DUMMY and self.chance(50):
            primitive = element(parent, "primitive", id=ident, template="base")
        else:
            primitive = element(parent, "primitive", id=ident, class_=agent[0], provider=agent[1], type=agent[2])
            self.add_operations(primitive, ident, agent)
        if plain:
            return primitive
        if self.has("parameters") and self.chance(60):
            set_pairs(primitive, "instance_attributes", f"{ident}-params", {"fake": self.rng.choice("xyz"), "state": ident})
        meta = self.meta_attributes(agent)
        if meta:
            set_pairs(primitive, "meta_attributes", f"{ident}-meta", meta)
        if self.has("rules") and self.chance(12):
            self.add_ruled_meta(primitive, ident)
        if self.has("utilization") and self.chance(70):
            uses = {"cpu": self.rng.choice((1, 2, 3)), "ram": self.rng.choice((2, 5, 9))}
            set_pairs(primitive, "utilization", f"{ident}-util", uses)
        return primitive

    def add_ruled_meta(self, primitive, ident):
        """Another stickiness in working hours, as the documentation has it."""
        block = element(primitive, "meta_attributes", id=f"{ident}-hours", score=self.rng.choice((None, 2)))
        rule = element(block, "rule", id=f"{ident}-hours-rule", score=0)
        self.add_date(rule, f"{ident}-hours-date")
        element(block, "nvpair", id=f"{ident}-hours-stickiness", name="resource-stickiness",
                value=self.rng.choice((0, 5, "INFINITY")))

    def meta_attributes(self, agent):
        meta, rng = {}, self.rng
        if self.has("stickiness") and self.chance(40):
            meta["resource-stickiness"] = rng.choice((0, 1, 10, 100, 1000, "INFINITY"))
        if self.has("priority") and self.chance(50):
            meta["priority"] = rng.choice((1, 5, 10, 100, -5))
        if self.has("thresholds") and self.chance(40):
            meta["migration-threshold"] = rng.choice((1, 1, 2, 3, 10))
        if self.has("timeouts") and self.chance(50):
            meta["failure-timeout"] = rng.choice(("30s", "10min", "2h"))
        if self.has("targets") and self.chance(30):
            meta["target-role"] = rng.choice(TARGETS_OF_PROMOTABLE if agent == STATEFUL else TARGETS)
        if self.has("unmanaged") and self.chance(35):
            meta[rng.choice(("is-managed", "is-managed", "maintenance"))] = "false"
            if "maintenance" in meta:
                meta["maintenance"] = "true"
        if self.has("multiple-active") and self.chance(50):
            meta["multiple-active"] = rng.choice(("block", "stop_only", "stop_start", "stop_unexpected"))
        if self.has("migration") and agent[0] == "ocf" and self.chance(60):
            meta["allow-migrate"] = "true"
        if self.has("critical") and self.chance(40):
            meta["critical"] = "false"
        return meta

    def add_operations(self, parent, ident, agent):
        operations = element(parent, "operations")
        wanted = []
        if agent == FENCER:
            if self.chance(60):
                wanted.append({"name": "monitor", "interval": "60s"})
        elif agent == STATEFUL:
            if self.chance(85):
                wanted += [{"name": "monitor", "interval": "10s", "role": "Promoted"},
                           {"name": "monitor", "interval": "11s"}]
        elif self.chance(90):
            wanted.append({"name": "monitor", "interval": "10s"})
            if self.chance(6):
                wanted.append({"name": "monitor", "interval": "30s"})
            if self.chance(3):
                wanted.append({"name": "monitor", "interval": "20s", "role": "Stopped"})
        for operation in wanted:
            if self.has("on-fail") and self.chance(35):
                operation["on-fail"] = self.on_fail("monitor", operation.get("role") == "Promoted")
            if self.chance(2):
                operation["enabled"] = "false"
        for name in ("start", "stop") + (("promote",) if agent == STATEFUL else ()):
            if self.has("on-fail") and self.chance(25):
                wanted.append({"name": name, "interval": "0s", "on-fail": self.on_fail(name, False)})
            elif self.chance(15):
                wanted.append({"name": name, "interval": "0s", "timeout": "30s"})
        for operation in wanted:
            name = f"{ident}-{operation['name']}-{operation['interval']}"
            element(operations, "op", id=name, **{key.replace("-", "__"): value for key, value in operation.items()})
        if not wanted:
            parent.remove(operations)

    def on_fail(self, operation, promoted):
        choices = [w for w in ON_FAIL[operation] if w != "fence" or self.has("fencing")]
        if promoted:
            choices += ["demote", "demote"]
        return self.rng.choice(choices)

    def add_members(self, parent, least=2, agent=DUMMY):
        names = [self.number("m") for _ in range(self.rng.choice((least, 2, 3, 3, 4)))]
        for name in names:
            self.add_primitive(parent, name, agent)
        return names

    def add_group_element(self, parent, agent=DUMMY):
        ident = self.number("g")
        group = element(parent, "group", id=ident)
        meta = {}
        if self.has("targets") and self.chance(15):
            meta["target-role"] = self.rng.choice(("Stopped", "Started"))
        if self.has("stickiness") and self.chance(20):
            meta["resource-stickiness"] = self.rng.choice((0, 100, "INFINITY"))
        if self.has("priority") and self.chance(20):
            meta["priority"] = self.rng.choice((3, 30))
        if self.chance(2):
            meta["ordered"] = "false"
        if self.chance(2):
            meta["colocated"] = "false"
        if meta:
            set_pairs(group, "meta_attributes", f"{ident}-meta", meta)
        self.add_members(group, agent=agent)
        return ident

    def add_clone_element(self, promotable=False):
        ident = self.number("c")
        clone = element(self.cib.part("resources"), "clone", id=ident)
        meta, rng = {}, self.rng
        if self.chance(50):
            meta["interleave"] = rng.choice(("true", "true", "false"))
        if self.chance(12):
            meta["ordered"] = "true"
        if self.chance(25):
            meta["clone-max"] = rng.choice((0, 1, 1, 2, 2, 3, 4))
        if self.chance(9):
            meta["globally-unique"] = "true"
            if self.chance(60):
                meta["clone-node-max"] = rng.choice((1, 2, 3))
        if self.chance(8):
            meta["clone-min"] = rng.choice((1, 2, 3))
        if self.has("notify") and self.chance(60):
            meta["notify"] = "true"
        if self.has("targets") and self.chance(15):
            meta["target-role"] = rng.choice(TARGETS_OF_PROMOTABLE if promotable else TARGETS)
        if self.has("stickiness") and self.chance(20):
            meta["resource-stickiness"] = rng.choice((0, 1, 100))
        if promotable:
            meta["promotable"] = "true"
            if self.chance(25):
                meta["promoted-max"] = rng.choice((1, 2, 2, 3))
            if self.chance(3):
                meta["promoted-node-max"] = 2
        if meta:
            set_pairs(clone, "meta_attributes", f"{ident}-meta", meta)
        return clone, ident, meta

    def add_clone(self, of_group):
        clone, ident, _ = self.add_clone_element()
        if of_group:
            self.add_group_element(clone)
        else:
            self.add_primitive(clone, self.number("i"))
        self.tops.append((ident, "clone"))

    def add_promotable(self, of_group):
        clone, ident, meta = self.add_clone_element(promotable=True)
        if of_group:
            self.add_group_element(clone, agent=STATEFUL)
        else:
            self.add_primitive(clone, self.number("s"), STATEFUL)
        if meta.get("globally-unique") != "true":
            self.promotable.extend(p.get("id") for p in clone.iter("primitive"))
        self.tops.append((ident, "promotable"))

    # ---- constraints

    def draw_constraints(self):
        if not self.tops:
            return
        for ident, kind in list(self.tops):
            if self.has("location") and self.chance(55):
                self.add_location(ident, kind)
            if self.has("location") and self.chance(15):
                self.add_location(ident, kind)
        for i in range(1, len(self.tops)):
            if self.has("colocation") and self.chance(45):
                self.add_colocation(self.tops[i], self.rng.choice(self.tops[:i]))
            if self.has("order") and self.chance(45):
                pair = [self.rng.choice(self.tops[:i]), self.tops[i]]
                if self.chance(8):
                    pair.reverse()
                self.add_order(*pair)
        if self.has("colocation-sets") and len(self.tops) > 2:
            self.add_set("rsc_colocation")
        if self.has("order-sets") and len(self.tops) > 2:
            self.add_set("rsc_order")
        if self.has("tickets"):
            for ident, kind in self.rng.sample(self.tops, min(2, len(self.tops))):
                self.add_ticket(ident, kind)
            tickets = element(self.cib.status(), "tickets")
            if self.chance(85):
                element(tickets, "ticket_state", id="T", granted=self.rng.choice(("true", "true", "false")),
                        standby=self.rng.choice((None, None, "true", "false")))

    def score(self):
        return self.rng.choice(("INFINITY", "INFINITY", "-INFINITY", "-INFINITY", 1000, 100, 100, 50, 10, 1, -10, -100, 500))

    def add_location(self, ident, kind):
        name, constraints = self.number("loc"), self.cib.part("constraints")
        discovery = self.rng.choice(("never", "exclusive")) if self.has("discovery") and self.chance(40) else None
        words = {"id": name, "rsc": ident, "resource__discovery": discovery}
        if self.has("tags") and self.chance(10):
            words["rsc"] = "all"
        elif self.chance(2):
            words["rsc__pattern"], words["rsc"] = f"^{ident[0]}", None
        if not (self.has("rules") and self.chance(45)):
            role = None
            if kind == "promotable" and self.has("roles") and self.chance(40):
                role = self.rng.choice(("Promoted", "Promoted", "Started", "Unpromoted"))
            element(constraints, "rsc_location", node=self.rng.choice(self.nodes), score=self.score(), role=role, **words)
            return
        location = element(constraints, "rsc_location", **words)
        rule = element(location, "rule", id=f"{name}-rule", score=self.score(),
                       boolean__op=self.rng.choice((None, "and", "or")))
        if kind == "promotable" and self.has("roles") and self.chance(30):
            rule.set("role", "Promoted")
        for i in range(self.rng.choice((1, 1, 2))):
            self.add_expression(rule, f"{name}-e{i}")
        if self.chance(8):
            del rule.attrib["score"]
            rule.set("score-attribute", "memory")

    def add_expression(self, rule, ident):
        kind = self.rng.randrange(6)
        if kind == 0:
            element(rule, "expression", id=ident, attribute="#uname", operation=self.rng.choice(("eq", "ne")),
                    value=self.rng.choice(self.nodes))
        elif kind == 1:
            element(rule, "expression", id=ident, attribute="site", operation=self.rng.choice(("eq", "ne")),
                    value=self.rng.choice("ab"))
        elif kind == 2:
            element(rule, "expression", id=ident, attribute="memory", operation=self.rng.choice(("lt", "gt", "lte", "gte")),
                    value=16, type=self.rng.choice((None, "number", "integer", "string")))
        elif kind == 3:
            element(rule, "expression", id=ident, attribute=self.rng.choice(("site", "memory", "absent")),
                    operation=self.rng.choice(("defined", "not_defined")))
        else:
            self.add_date(rule, ident)

    def add_date(self, rule, ident):
        if self.chance(50):
            operation, bound = self.rng.choice((("gt", "start"), ("lt", "end")))
            element(rule, "date_expression", id=ident, operation=operation, **{bound: "2023-11-15"})
        else:
            date = element(rule, "date_expression", id=ident, operation="date_spec")
            specification = self.rng.choice(({"hours": "9-16"}, {"weekdays": "1-5"}, {"months": "11"}, {"years": "2023"}))
            element(date, "date_spec", id=f"{ident}-spec", **specification)

    def role_for(self, kind, percent=55):
        if kind == "promotable" and self.has("roles") and self.chance(percent):
            return self.rng.choice(("Promoted", "Promoted", "Promoted", "Started", "Unpromoted"))
        return None

    def add_colocation(self, dependent, primary):
        influence = self.rng.choice(("true", "false")) if self.chance(6) else None
        attribute = "site" if self.has("attributes") and self.chance(8) else None
        element(self.cib.part("constraints"), "rsc_colocation", id=self.number("col"), rsc=dependent[0],
                with__rsc=primary[0],
                score=self.rng.choice(("INFINITY", "INFINITY", "INFINITY", "-INFINITY", "-INFINITY", 100, 10, -10, -100,
                                       1000)),
                rsc__role=self.role_for(dependent[1], 40), with__rsc__role=self.role_for(primary[1]), influence=influence,
                node__attribute=attribute)

    def add_order(self, first, then):
        actions = ("start", "start", "start", "stop")
        words = {"first__action": None, "then__action": None}
        if first[1] == "promotable" and self.has("roles") and self.chance(55):
            words["first__action"] = self.rng.choice(("promote", "promote", "demote"))
            words["then__action"] = "start" if self.chance(60) else None
        elif self.chance(8):
            words["first__action"] = self.rng.choice(actions)
            words["then__action"] = self.rng.choice(actions)
        if then[1] == "promotable" and self.has("roles") and self.chance(35):
            words["then__action"] = self.rng.choice(("promote", "promote", "demote"))
        element(self.cib.part("constraints"), "rsc_order", id=self.number("ord"), first=first[0], then=then[0],
                kind=self.rng.choice((None, None, "Mandatory", "Mandatory", "Optional", "Serialize")),
                symmetrical=self.rng.choice((None, None, None, "true", "false")) if self.chance(40) else None, **words)

    def add_set(self, tag):
        names = self.rng.sample(self.tops, self.rng.choice((2, 3, 3)) if len(self.tops) > 2 else 2)
        names.sort(key=self.tops.index)
        ident = self.number("set")
        words = {"score": self.rng.choice(("INFINITY", "INFINITY", 100, "-INFINITY"))} if tag == "rsc_colocation" else \
            {"kind": self.rng.choice(("Mandatory", "Mandatory", "Optional", "Serialize"))}
        parent = element(self.cib.part("constraints"), tag, id=ident, **words)
        cut = self.rng.choice((0, 0, 1, len(names) - 1))
        for i, part in enumerate(p for p in (names[:cut], names[cut:]) if p):
            sequential = self.rng.choice((None, "true", "false", "false"))
            all_of = "false" if tag == "rsc_order" and sequential == "false" and self.chance(40) else None
            block = element(parent, "resource_set", id=f"{ident}-{i}", sequential=sequential, require__all=all_of)
            if all(kind == "promotable" for _, kind in part) and self.chance(60):
                block.set(*(("role", "Promoted") if tag == "rsc_colocation" else ("action", "promote")))
            for name, _ in part:
                element(block, "resource_ref", id=name)

    def add_ticket(self, ident, kind):
        role = self.rng.choice(("Promoted", "Promoted", None)) if kind == "promotable" else None
        policies = ["stop", "demote", "freeze"] + (["fence"] if self.has("fencing") else [])
        element(self.cib.part("constraints"), "rsc_ticket", id=self.number("tic"), rsc=ident, rsc__role=role, ticket="T",
                loss__policy=self.rng.choice(policies) if self.chance(80) else None)


# ---- status


def fresh_state(cib, number, name):
    old = cib.state(name)
    if old is not None:
        cib.status().remove(old)
    state = element(cib.status(), "node_state", id=number, uname=name, in_ccm="true", crmd="online", join="member",
                    expected="member", crm__debug__origin="do_state_transition")
    element(element(state, "lrm", id=number), "lrm_resources")
    return state


def transient(cib, node, pairs):
    state = cib.state(node)
    if state is None:
        return
    block = state.find("transient_attributes")
    if block is None:
        block = element(state, "transient_attributes", id=state.get("id"))
    present = block.find("instance_attributes")
    set_pairs(block, "instance_attributes", f"status-{state.get('id')}" if present is None else present.get("id"), pairs)
