# SPDX-License-Identifier: Apache-2.0
"""CIBs of odd shapes, each much of one thing: what costs more than it should in one of them is a quadratic step somewhere.

A shape is a function of a number (how much of it) that fills a Cib; `every` lists them. Each has the states of cibs.py that
say something of it."""

from cibs import DIGEST_MONITOR, DIGEST_PLAIN, UUID

NODES = 16
STATES = ("fresh", "steady", "failover")


class Cib:
    def __init__(self, state, nodes=NODES):
        self.state = state
        self.nodes = [f"host{i:02d}" for i in range(1, nodes + 1)]
        self.options = {"stonith-enabled": "false"}
        self.resources, self.constraints, self.tags = [], [], []
        self.capacity = None
        self.runs = {}            # instance -> numbers of nodes
        self.gone = []            # in the history, and not configured
        self.attributes = {}      # transient, of all nodes
        self.probe_rc = 7
        self.monitors = 1         # recurring ones of each resource
        self.failures = False     # what has failed is in the history, too
        self.count = 0

    # ---- configuration

    def primitive(self, name, node=0, indent="      ", extra="", kind="Dummy"):
        ops = "".join(f'<op id="{name}-m{i}" name="monitor" interval="{10 + i}s" timeout="20s"/>' for i in range(self.monitors))
        self.resources.append(f'{indent}<primitive id="{name}" class="ocf" provider="pacemaker" type="{kind}">{extra}'
                              f'<operations>{ops}</operations></primitive>')
        if node is not None:
            self.runs[name] = [node % len(self.nodes)]

    def primitives(self, count, prefix="p", spread=True):
        names = [f"{prefix}{i}" for i in range(count)]
        for i, name in enumerate(names):
            self.primitive(name, i if spread else 0)
        return names

    def group(self, name, count, node=0):
        self.resources.append(f'      <group id="{name}">')
        for i in range(count):
            self.primitive(f"{name}-{i}", node, "        ")
        self.resources.append("      </group>")

    @staticmethod
    def meta(name, **values):
        pairs = "".join(f'<nvpair id="{name}-{k}" name="{k.replace("_", "-")}" value="{v}"/>' for k, v in values.items())
        return f'<meta_attributes id="{name}-meta">{pairs}</meta_attributes>'

    def clone(self, name, members=1, kind="Dummy", **meta):
        """An anonymous one; with several members, of a group."""
        self.resources.append(f'      <clone id="{name}-all">{self.meta(name, **meta)}')
        if members > 1:
            self.group(name, members, None)
        else:
            self.primitive(name, None, "        ", kind=kind)
        self.resources.append("      </clone>")
        for i in range(members):
            self.runs[f"{name}-{i}" if members > 1 else name] = list(range(len(self.nodes)))

    def unique_clone(self, name, count, kind="Dummy", **meta):
        self.resources.append(f'      <clone id="{name}-all">' + self.meta(
            name, globally_unique="true", clone_max=count, clone_node_max=-(-count // (len(self.nodes) - 1)), **meta))
        self.primitive(name, None, "        ", kind=kind)
        self.resources.append("      </clone>")
        for i in range(count):
            self.runs[f"{name}:{i}"] = [i % len(self.nodes)]

    def constraint(self, kind, words, inside=""):
        tag = f'      <rsc_{kind} id="constraint{len(self.constraints)}" {words}'
        self.constraints.append(f"{tag}>{inside}</rsc_{kind}>" if inside else f"{tag}/>")

    def order(self, first, then, words=""):
        self.constraint("order", f'first="{first}" then="{then}" {words}')

    def colocate(self, rsc, other, score="INFINITY", words=""):
        self.constraint("colocation", f'rsc="{rsc}" with-rsc="{other}" score="{score}" {words}')

    def sets(self, kind, words, *sets):
        inside = ""
        for names, options in sets:
            self.count += 1
            inside += f'<resource_set id="s{self.count}" {options}>' + "".join(
                f'<resource_ref id="{name}"/>' for name in names) + "</resource_set>"
        self.constraint(kind, words, inside)

    # ---- all of it

    def write(self, out):
        out.write('<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="1" num_updates="0" admin_epoch="0" '
                  'have-quorum="1" dc-uuid="1">\n  <configuration>\n    <crm_config><cluster_property_set id="options">\n')
        for name, value in self.options.items():
            out.write(f'      <nvpair id="o-{name}" name="{name}" value="{value}"/>\n')
        out.write("    </cluster_property_set></crm_config>\n    <nodes>\n")
        for i, name in enumerate(self.nodes, 1):
            room = "" if self.capacity is None else (f'<utilization id="u{i}"><nvpair id="u{i}-m" name="memory" '
                                                     f'value="{self.capacity}"/></utilization>')
            out.write(f'      <node id="{i}" uname="{name}">{room}</node>\n')
        out.write("    </nodes>\n    <resources>\n" + "\n".join(self.resources) + "\n    </resources>\n    <constraints>\n")
        out.write("\n".join(self.constraints) + "\n    </constraints>\n")
        if self.tags:
            out.write("    <tags>" + "\n".join(self.tags) + "</tags>\n")
        out.write("  </configuration>\n  <status>\n")
        for number, name in enumerate(self.nodes):
            self.write_node(number, name, out)
        out.write("  </status>\n</cib>\n")

    def write_node(self, number, name, out):
        if self.state == "failover" and number == len(self.nodes) - 1:
            out.write(f'    <node_state id="{number + 1}" uname="{name}" in_ccm="false" crmd="offline" join="down" expected="down"/>\n')
            return
        out.write(f'    <node_state id="{number + 1}" uname="{name}" in_ccm="true" crmd="online" join="member" '
                  f'expected="member">\n      <lrm id="{number + 1}"><lrm_resources>\n')
        for rsc, places in self.runs.items():
            if self.state != "fresh":
                self.history(rsc, name, number in places, out)
        for rsc in self.gone:
            self.history(rsc, name, number == 0, out)
        out.write("      </lrm_resources></lrm>\n")
        if self.attributes:
            out.write(f'      <transient_attributes id="{number + 1}"><instance_attributes id="t{number + 1}">\n')
            for i, (key, value) in enumerate(self.attributes.items()):
                out.write(f'        <nvpair id="t{number + 1}-{i}" name="{key}" value="{value}"/>\n')
            out.write("      </instance_attributes></transient_attributes>\n")
        out.write("    </node_state>\n")

    def history(self, rsc, node, here, out):
        def operation(entry, task, interval, rc, call, digest):
            out.write(f'          <lrm_rsc_op id="{rsc}_{entry}" operation_key="{rsc}_{task}_{interval}" operation="{task}" '
                      f'crm_feature_set="3.16.1" transition-key="{call}:1:{rc}:{UUID}" transition-magic="0:{rc};{call}:1:{rc}:{UUID}" '
                      f'on_node="{node}" call-id="{call}" rc-code="{rc}" op-status="0" interval="{interval}" '
                      f'last-rc-change="1700000000" exec-time="10" queue-time="0" op-digest="{digest}"/>\n')

        out.write(f'        <lrm_resource id="{rsc}" class="ocf" provider="pacemaker" type="Dummy">\n')
        if not here:
            operation("last_0", "monitor", 0, self.probe_rc, 1, DIGEST_PLAIN)
        else:
            operation("last_0", "start", 0, 0, 2, DIGEST_PLAIN)
            for i in range(self.monitors):
                operation(f"monitor_{10000 + 1000 * i}", "monitor", 10000 + 1000 * i, 0, 3 + i, DIGEST_MONITOR)
            if self.failures:
                for i in range(self.monitors):
                    interval = 10000 + 1000 * i
                    out.write(f'          <lrm_rsc_op id="{rsc}_last_failure_{i}" operation_key="{rsc}_monitor_{interval}" '
                              f'operation="monitor" crm_feature_set="3.16.1" transition-key="9:1:0:{UUID}" '
                              f'transition-magic="0:1;{3 + i}:1:0:{UUID}" on_node="{node}" call-id="{3 + i}" rc-code="1" '
                              f'op-status="0" interval="{interval}" last-rc-change="1690000000" exec-time="10" queue-time="0" '
                              f'op-digest="{DIGEST_MONITOR}"/>\n')
        out.write("        </lrm_resource>\n")


# ---------------------------------------------------------------- the shapes

def plain(cib, count):
    """what the others are measured by: nothing but primitives"""
    cib.primitives(count)


def one_group(cib, count):
    """all in one group"""
    cib.group("g", count, len(cib.nodes) - 1)


def one_clone(cib, count):
    """all instances of one globally unique clone"""
    cib.unique_clone("u", count)


def one_promotable_clone(cib, count):
    """the same, promotable"""
    cib.unique_clone("u", count, "Stateful", promotable="true", promoted_max=count // 2, promoted_node_max=count)
    cib.attributes["master-u"] = "5"


def one_cloned_group(cib, count):
    """a clone of a group, with an instance on each node"""
    cib.clone("g", count // len(cib.nodes), interleave="true")


def behind_a_clone(cib, count):
    """half of them instances of a unique clone, the other half ordered behind it"""
    cib.unique_clone("u", count // 2)
    for name in cib.primitives(count // 2):
        cib.order("u-all", name)


def clone_behind_clone(cib, count):
    """two unique clones, one ordered behind the other"""
    cib.unique_clone("u", count // 2)
    cib.unique_clone("v", count // 2)
    cib.order("u-all", "v-all")


def interleaved_clones(cib, count):
    """clones with an instance on each node, each with the one before it, interleaved"""
    for i in range(count // 10):
        cib.clone(f"c{i}", interleave="true")
        if i:
            cib.order(f"c{i - 1}-all", f"c{i}-all")
            cib.colocate(f"c{i}-all", f"c{i - 1}-all")


def plain_clones(cib, count):
    """the same, not interleaved"""
    for i in range(count // 10):
        cib.clone(f"c{i}")
        if i:
            cib.order(f"c{i - 1}-all", f"c{i}-all")
            cib.colocate(f"c{i}-all", f"c{i - 1}-all")


def promotable_clones(cib, count):
    """promotable clones, and a primitive with the promoted one of each"""
    for i in range(count // 10):
        cib.clone(f"c{i}", kind="Stateful", promotable="true", interleave="true")
        cib.attributes[f"master-c{i}"] = "10"
    for i in range(count // 10):
        cib.primitive(f"p{i}", i)
        cib.colocate(f"p{i}", f"c{i}-all", words='with-rsc-role="Promoted"')
        cib.order(f"c{i}-all", f"p{i}", 'first-action="promote" then-action="start"')


def colocated_with_one(cib, count):
    """all with one"""
    for name in cib.primitives(count, spread=False)[1:]:
        cib.colocate(name, "p0")


def one_with_all(cib, count):
    """one with all others, weakly"""
    for name in cib.primitives(count)[1:]:
        cib.colocate("p0", name, 10)


def apart_from_one(cib, count):
    """all apart from one"""
    for name in cib.primitives(count)[1:]:
        cib.colocate(name, "p0", "-INFINITY")


def colocation_chain(cib, count):
    """each with the one before it"""
    names = cib.primitives(count, spread=False)
    for i in range(1, count):
        cib.colocate(names[i], names[i - 1])


def weak_chain(cib, count):
    """each with the one before it, weakly"""
    names = cib.primitives(count)
    for i in range(1, count):
        cib.colocate(names[i], names[i - 1], 100)


def colocated_groups(cib, count):
    """groups of ten, each with the one before it"""
    for i in range(count // 10):
        cib.group(f"g{i}", 10)
        if i:
            cib.colocate(f"g{i}", f"g{i - 1}")


def order_chain(cib, count):
    """each behind the one before it"""
    names = cib.primitives(count)
    for i in range(1, count):
        cib.order(names[i - 1], names[i])


def order_star(cib, count):
    """half of them behind one, which is behind the other half"""
    names = cib.primitives(count)
    for name in names[1:count // 2]:
        cib.order(name, "p0")
    for name in names[count // 2:]:
        cib.order("p0", name)


def ordered_groups(cib, count):
    """groups of ten, each behind the one before it"""
    for i in range(count // 10):
        cib.group(f"g{i}", 10, i)
        if i:
            cib.order(f"g{i - 1}", f"g{i}")


def order_circles(cib, count):
    """pairs, each behind the other"""
    names = cib.primitives(count)
    for i in range(1, count, 2):
        cib.order(names[i - 1], names[i])
        cib.order(names[i], names[i - 1])


def order_sets(cib, count):
    """one order of sets of ten, each set side by side"""
    names = cib.primitives(count)
    cib.sets("order", 'kind="Mandatory"', *((names[i:i + 10], 'sequential="false"') for i in range(0, count, 10)))


def any_of_a_set(cib, count):
    """a set of which one is enough, and what comes behind it"""
    names = cib.primitives(count)
    cib.sets("order", 'kind="Mandatory"', (names[:count // 2], 'sequential="false" require-all="false"'),
             (names[count // 2:], 'sequential="false"'))


def serialized(cib, count):
    """each not at the same time as the one before it"""
    names = cib.primitives(count)
    for i in range(1, count):
        cib.order(names[i - 1], names[i], 'kind="Serialize"')


def colocation_set(cib, count):
    """one colocation of one set"""
    cib.sets("colocation", 'score="INFINITY"', (cib.primitives(count, spread=False), 'sequential="true"'))


def colocated_tag(cib, count):
    """all with a tag's, of which there are two"""
    names = cib.primitives(count, spread=False)
    cib.tags.append('<tag id="t">' + "".join(f'<obj_ref id="{name}"/>' for name in names[2:]) + "</tag>")
    cib.colocate("t", names[0])
    cib.colocate("t", names[1])


def located_tag(cib, count):
    """a location of a tag, for each node"""
    names = cib.primitives(count)
    cib.tags.append('<tag id="t">' + "".join(f'<obj_ref id="{name}"/>' for name in names) + "</tag>")
    for node in cib.nodes:
        cib.constraint("location", f'rsc="t" node="{node}" score="10"')


def located_rules(cib, count):
    """a location with a rule for each"""
    for i, name in enumerate(cib.primitives(count)):
        cib.constraint("location", f'rsc="{name}"', f'<rule id="r{i}" score="10"><expression id="r{i}-e" attribute="#uname" '
                       f'operation="eq" value="{cib.nodes[i % len(cib.nodes)]}"/></rule>')


def located_patterns(cib, count):
    """a location by pattern for each fifty"""
    cib.primitives(count)
    for i in range(count // 50):
        cib.constraint("location", f'rsc-pattern="^p{i}.*$" node="{cib.nodes[i % len(cib.nodes)]}" score="10"')


def rules_of_one(cib, count):
    """one location with as many rules"""
    cib.primitive("p")
    cib.constraint("location", 'rsc="p"', "".join(
        f'<rule id="r{i}" score="{i % 7}"><expression id="r{i}-e" attribute="#uname" operation="ne" value="host{i}"/></rule>'
        for i in range(count)))


def utilization(cib, count):
    """all with capacities, balanced"""
    cib.options["placement-strategy"] = "balanced"
    cib.capacity = count
    for i in range(count):
        cib.primitive(f"p{i}", i, extra=f'<utilization id="p{i}-u"><nvpair id="p{i}-um" name="memory" value="{1 + i % 5}"/></utilization>')


def utilization_chain(cib, count):
    """all with capacities, each with the one before it"""
    cib.options["placement-strategy"] = "balanced"
    cib.capacity = 5 * count
    for i in range(count):
        cib.primitive(f"p{i}", 0, extra=f'<utilization id="p{i}-u"><nvpair id="p{i}-um" name="memory" value="{1 + i % 5}"/></utilization>')
        if i:
            cib.colocate(f"p{i}", f"p{i - 1}")


def ticket(cib, count):
    """all need a ticket that was lost"""
    cib.sets("ticket", 'ticket="t" loss-policy="stop"', (cib.primitives(count), 'sequential="false"'))


def removed(cib, count):
    """none is configured, all are in the history"""
    cib.primitive("p")
    cib.gone = [f"old{i}" for i in range(count)]


def many_monitors(cib, count):
    """one resource with as many recurring operations"""
    cib.monitors = count
    cib.primitive("p")


def many_failures(cib, count):
    """the same, and each has failed once"""
    cib.monitors = count
    cib.failures = True
    cib.primitive("p")


def misconfigured(cib, count):
    """each has answered everywhere that its configuration is wrong"""
    cib.probe_rc = 6
    for name in cib.primitives(count):
        cib.runs[name] = []


def clone_too_large(cib, count):
    """an anonymous clone with many more instances than nodes"""
    cib.clone("c", clone_max=count)


def no_nodes(cib, count):
    """no node is configured"""
    cib.primitives(count)
    cib.nodes = []


every = (plain, one_group, one_clone, one_promotable_clone, one_cloned_group, behind_a_clone, clone_behind_clone,
         interleaved_clones, plain_clones, promotable_clones, clone_too_large, colocated_with_one, one_with_all, apart_from_one,
         colocation_chain, weak_chain, colocated_groups, colocation_set, colocated_tag, order_chain, order_star,
         ordered_groups, order_circles, order_sets, any_of_a_set, serialized, located_tag, located_rules, located_patterns,
         rules_of_one, utilization, utilization_chain, ticket, removed, many_monitors, many_failures, misconfigured, no_nodes)


def write(shape, count, state, out):
    cib = Cib(state)
    shape(cib, count)
    cib.write(out)
