# SPDX-License-Identifier: Apache-2.0
"""CIBs of the size and make of a production cluster's, in three states:

  fresh     all nodes are up, and nothing has been asked yet: everything is probed and started
  steady    everything runs where it should: nothing is to be done
  failover  steady, but the last node is gone: what it ran is started elsewhere

A cluster is made of stacks (a group of four: storage, database, service, address), of single services, of agents that run
everywhere (clones) and of a few replicated databases (promotable clones). Stacks and services have a node they prefer;
services come in pairs that keep apart, in trains of three that stay together in order, and some need an agent."""

import random

UUID = "00000000-0000-4000-8000-000000000000"
# MD5 of the parameters as Pacemaker writes them: none; and none with a timeout of 20 s, for monitors.
DIGEST_PLAIN, DIGEST_MONITOR = "f2317cad3d54cec5d7d7aa7d0bf35cf8", "4811cef7f7f94e3a35a70be7916cb2fd"
STACK = ("storage", "database", "service", "address")
NOW = "2023-11-14T22:15:00Z"


class Cluster:
    def __init__(self, nodes, primitives, seed=1):
        self.rng = random.Random(f"{nodes} {primitives} {seed}")
        self.nodes = [f"host{i:02d}" for i in range(1, nodes + 1)]
        self.home = {}            # primitive -> number of its node
        self.lines = []           # of resources
        self.constraints = []
        self.agents = [f"agent{i}" for i in range(max(1, primitives // 120))]
        self.replicated = [f"repl{i}" for i in range(max(1, primitives // 400))]
        left = primitives
        self.add_clones()
        stacks = primitives // 10
        for i in range(stacks):
            self.add_stack(i)
            left -= len(STACK)
        self.add_services(left)

    # ---- resources

    def primitive(self, name, kind="Dummy", indent="      ", monitors=('interval="10s"',)):
        ops = "".join(f'<op id="{name}-m{i}" name="monitor" timeout="20s" {words}/>' for i, words in enumerate(monitors))
        self.lines.append(f'{indent}<primitive id="{name}" class="ocf" provider="pacemaker" type="{kind}">'
                          f'<operations>{ops}</operations></primitive>')

    def add_clones(self):
        for name in self.agents:
            self.lines.append(f'      <clone id="{name}-all"><meta_attributes id="{name}-meta"><nvpair id="{name}-il" '
                              'name="interleave" value="true"/></meta_attributes>')
            self.primitive(name, indent="        ")
            self.lines.append("      </clone>")
        for name in self.replicated:
            self.lines.append(f'      <clone id="{name}-all"><meta_attributes id="{name}-meta"><nvpair id="{name}-pr" '
                              f'name="promotable" value="true"/><nvpair id="{name}-max" name="clone-max" value="3"/></meta_attributes>')
            self.primitive(name, "Stateful", "        ", ('interval="10s" role="Promoted"',
                                                          'interval="11s" role="Unpromoted"'))
            self.lines.append("      </clone>")

    def add_stack(self, number):
        name, node = f"stack{number}", self.pick_node(number)
        self.lines.append(f'      <group id="{name}">')
        for part in STACK:
            self.primitive(f"{name}-{part}", indent="        ")
            self.home[f"{name}-{part}"] = node
        self.lines.append("      </group>")
        self.prefer(name, node, 200)
        if number % 4 == 0:
            self.after_agent(name, number)

    def pick_node(self, number):
        return number % len(self.nodes)

    def add_services(self, count):
        for i in range(count):
            name, node = f"app{i}", self.pick_node(i * 3 + i // len(self.nodes))
            self.primitive(name)
            form = i % 12
            if form in (1, 2):         # a train of three
                node = self.home[f"app{i - 1}"]
                self.constraint("colocation", f'rsc="{name}" with-rsc="app{i - 1}" score="INFINITY"')
                self.constraint("order", f'first="app{i - 1}" then="{name}"')
            elif form == 4 and len(self.nodes) > 1:    # a pair
                if node == self.home[f"app{i - 1}"]:
                    node = (node + 1) % len(self.nodes)
                self.constraint("colocation", f'rsc="{name}" with-rsc="app{i - 1}" score="-INFINITY"')
            elif form == 6:
                self.constraint("colocation", f'rsc="{name}" with-rsc="app{i - 2}" score="{self.rng.choice((-20, 20))}"')
            elif form == 8:
                self.after_agent(name, i)
            elif form == 10 and len(self.nodes) > 2:
                self.constraint("location",
                                f'rsc="{name}" node="{self.nodes[(node + 1) % len(self.nodes)]}" score="-INFINITY"')
            self.home[name] = node
            if form in (0, 3, 5, 7):
                self.prefer(name, node, 100)

    # ---- constraints

    def constraint(self, kind, words):
        self.constraints.append(f'      <rsc_{kind} id="c{len(self.constraints)}" {words}/>')

    def prefer(self, name, node, score):
        self.constraint("location", f'rsc="{name}" node="{self.nodes[node]}" score="{score}"')

    def after_agent(self, name, number):
        agent = self.agents[number % len(self.agents)]
        self.constraint("order", f'first="{agent}-all" then="{name}"')
        self.constraint("colocation", f'rsc="{name}" with-rsc="{agent}-all" score="INFINITY"')

    # ---- all of it

    def replicas(self):
        """The three nodes of each replicated database; the first is promoted."""
        return {name: [(i * 5 + k) % len(self.nodes) for k in range(min(3, len(self.nodes)))] for i,
                name in enumerate(self.replicated)}

    def write(self, state, out):
        out.write('<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="1" num_updates="0" admin_epoch="0" '
                  'have-quorum="1" dc-uuid="1">\n  <configuration>\n    <crm_config><cluster_property_set id="options">\n')
        for name, value in (("stonith-enabled", "false"), ("no-quorum-policy", "stop")):
            out.write(f'      <nvpair id="o-{name}" name="{name}" value="{value}"/>\n')
        out.write("    </cluster_property_set></crm_config>\n    <nodes>\n")
        for i, name in enumerate(self.nodes, 1):
            out.write(f'      <node id="{i}" uname="{name}"/>\n')
        out.write("    </nodes>\n    <resources>\n" + "\n".join(self.lines) + "\n    </resources>\n    <constraints>\n")
        out.write("\n".join(self.constraints) + "\n    </constraints>\n    <rsc_defaults><meta_attributes id=\"d\"><nvpair "
                  'id="d-s" name="resource-stickiness" value="500"/></meta_attributes></rsc_defaults>\n  </configuration>\n  <status>\n')
        for number, name in enumerate(self.nodes):
            self.write_node(number, name, state, out)
        out.write("  </status>\n</cib>\n")

    def write_node(self, number, name, state, out):
        if state == "failover" and number == len(self.nodes) - 1:
            out.write(f'    <node_state id="{number + 1}" uname="{name}" in_ccm="false" crmd="offline" join="down" expected="down"/>\n')
            return
        out.write(f'    <node_state id="{number + 1}" uname="{name}" in_ccm="true" crmd="online" join="member" '
                  f'expected="member">\n      <lrm id="{number + 1}"><lrm_resources>\n')
        replicas = self.replicas()
        if state != "fresh":
            for agent in self.agents:
                self.history(agent, name, "Dummy", "started", out)
            for repl, places in replicas.items():
                role = "promoted" if places[0] == number else "started" if number in places else "stopped"
                self.history(repl, name, "Stateful", role, out)
            for primitive, home in self.home.items():
                self.history(primitive, name, "Dummy", "started" if home == number else "stopped", out)
        out.write(f'      </lrm_resources></lrm>\n      <transient_attributes id="{number + 1}"><instance_attributes id="t{number + 1}">\n')
        for repl, places in replicas.items():
            if number in places:
                score = 100 if places[0] == number else 10
                out.write(f'        <nvpair id="t{number + 1}-{repl}" name="master-{repl}" value="{score}"/>\n')
        out.write("      </instance_attributes></transient_attributes>\n    </node_state>\n")

    @staticmethod
    def history(rsc, node, kind, role, out):
        def operation(entry, task, interval, rc, call, digest):
            out.write(f'          <lrm_rsc_op id="{rsc}_{entry}" operation_key="{rsc}_{task}_{interval}" operation="{task}" '
                      f'crm_feature_set="3.16.1" transition-key="{call}:1:{rc}:{UUID}" transition-magic="0:{rc};{call}:1:{rc}:{UUID}" '
                      f'on_node="{node}" call-id="{call}" rc-code="{rc}" op-status="0" interval="{interval}" '
                      f'last-rc-change="1700000000" exec-time="10" queue-time="0" op-digest="{digest}"/>\n')

        out.write(f'        <lrm_resource id="{rsc}" class="ocf" provider="pacemaker" type="{kind}">\n')
        if role == "stopped":
            operation("last_0", "monitor", 0, 7, 1, DIGEST_PLAIN)
        else:
            operation("last_0", "promote" if role == "promoted" else "start", 0, 0, 2, DIGEST_PLAIN)
            interval = 11000 if kind == "Stateful" and role == "started" else 10000
            operation(f"monitor_{interval}", "monitor", interval, 8 if role == "promoted" else 0, 3, DIGEST_MONITOR)
        out.write("        </lrm_resource>\n")
