# SPDX-License-Identifier: Apache-2.0
"""Scripts of the OCF API as agents: one that notes what it is asked (data/noting), and some of Debian's."""

import os

from .case import ClusterCase

SCRIPT = "/usr/lib/ocf/resource.d/test/noting"
TOOLS = "/usr/libexec/halyard/ocf"
OPERATIONS = "op monitor interval=1s timeout=10s op start interval=0 timeout=10s op stop interval=0 timeout=10s"


class OcfCase(ClusterCase):
    configuration = "property cib-bootstrap-options: stonith-enabled=false\n"
    whole = True

    @classmethod
    def prepare_hosts(cls):
        super().prepare_hosts()
        with open(os.path.join(os.path.dirname(__file__), "data", "noting"), encoding="utf-8") as file:
            script = file.read()
        for host in cls.testbed.hosts:
            host.write_file(SCRIPT, script, mode=0o755)

    def setUp(self):
        super().setUp()
        for name in self.names:
            self.shell(name, "rm -rf /run/noting.*")

    def configure(self, text):
        self.cluster.configure(self.names[0], text)

    def load(self, text, *top):
        """Configure it for the time of this test; `top`: the resources that are to be removed, outermost first."""
        self.configure(text)
        self.addCleanup(self.remove, *top)

    def remove(self, *top):
        self.check(self.names[0], "resource", "stop", top[0])
        self.wait_status(
            lambda status: not status.in_flight and not any(status.instances(rsc) for rsc in top), f"{top} are stopped"
        )
        self.check(self.names[0], "configure", "delete", *top)
        self.hactl(self.names[0], "resource", "cleanup")

    def only(self, rsc):
        """The one node where it runs."""
        status = self.wait_status(lambda s: len(s.active(rsc)) == 1 and not s.in_flight, f"{rsc} runs on one node")
        return status.active(rsc)[0]

    def asked(self, name, rsc):
        return self.shell(name, f"cat /run/noting.{rsc}.log 2>/dev/null || true").splitlines()

    def env(self, name, rsc, action):
        lines = self.shell(name, f"cat /run/noting.{rsc}.env.{action}").splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def promoted(self, rsc):
        return [i["node"] for i in self.status().instances(rsc) if i["role"].lower() == "promoted"]


class Noting(OcfCase):
    def primitive(self, rsc="n", params="", operations=OPERATIONS):
        return f"primitive {rsc} ocf:test:noting params place=here {params} {operations}\n"

    def test_environment(self):
        self.load(self.primitive(params="speed=5 odd='a b\"c'", operations=f"{OPERATIONS} OCF_CHECK_LEVEL=10"), "n")
        node = self.only("n")
        env = self.env(node, "n", "start")
        wanted = {
            "OCF_ROOT": "/usr/lib/ocf",
            "OCF_RA_VERSION_MAJOR": "1",
            "OCF_RESOURCE_INSTANCE": "n",
            "OCF_RESOURCE_TYPE": "noting",
            "OCF_RESOURCE_PROVIDER": "test",
            "OCF_EXIT_REASON_PREFIX": "ocf-exit-reason:",
            "OCF_RESKEY_speed": "5",
            "OCF_RESKEY_odd": 'a b"c',
            "OCF_RESKEY_place": "here",
            "OCF_RESKEY_CRM_meta_name": "start",
            "OCF_RESKEY_CRM_meta_timeout": "10000",
            "OCF_RESKEY_CRM_meta_on_node": node,
            "HA_SBIN_DIR": TOOLS,
        }
        self.assertEqual({name: env.get(name) for name in wanted}, wanted)
        self.assertTrue(env["PATH"].startswith(f"{TOOLS}:"))
        self.assertNotIn("OCF_RESKEY_daemon", env, "a default is the script's own business")
        other = next(name for name in self.names if name != node)
        probe = self.env(other, "n", "monitor")
        self.assertEqual(probe["OCF_RESKEY_CRM_meta_interval"], "0")
        self.assertEqual(probe["OCF_RESKEY_CRM_meta_op_target_rc"], "7")
        self.wait(
            lambda: self.env(node, "n", "monitor").get("OCF_RESKEY_CRM_meta_interval") == "1000", "the monitor recurs"
        )

    def test_exit_reason_and_timeout(self):
        self.load(self.primitive(params="fails=start") + self.primitive("m", "hangs=start", OPERATIONS.replace("10s", "2s")), "n", "m")
        self.addCleanup(self.hactl, self.names[0], "resource", "stop", "m")
        status = self.wait_status(
            lambda s: {f[2] for f in s.failed if f[0] == "n"} == {f[2] for f in s.failed if f[0] == "m"} == set(self.names)
            and not s.in_flight,
            "both fail everywhere",
        )
        self.assertEqual(set(status.reasons("n")), {"the start of n did not please it"})
        self.assertEqual(set(status.reasons("m")), {"timed out after 2 s"})
        shown = self.check(self.names[0], "status")
        self.assertRegex(shown, r"\* n_start_0 on \w+ 'unknown error' \(1\): .*exitreason='the start of n did not please it'")
        for name in self.names:
            self.wait(lambda name=name: not self.testbed[name].find("sleep 1000"), f"what hung on {name} is gone")
        self.check(self.names[0], "resource", "stop", "m")

    def test_what_it_leaves_behind_lives_on(self):
        self.load(self.primitive(params="daemon=true"), "n")
        node = self.only("n")
        pid = int(self.shell(node, "cat /run/noting.n.pid"))
        self.wait(lambda: len([line for line in self.asked(node, "n") if line.startswith("monitor")]) > 3, "monitors")
        self.assertEqual(int(self.shell(node, "cat /run/noting.n.pid")), pid)
        self.shell(node, f"kill -0 {pid}")
        self.assertEqual(self.status().failed, [])

    def test_reload(self):
        self.load(self.primitive(params="speed=1"), "n")
        node = self.only("n")
        self.shell(node, "rm -f /run/noting.n.log")
        self.configure(self.primitive(params="speed=2"))
        self.wait(lambda: "reload-agent speed=2 place=here" in self.asked(node, "n"), "it is reloaded")
        self.assertFalse([line for line in self.asked(node, "n") if line.split()[0] in ("start", "stop")])
        self.configure(f"primitive n ocf:test:noting params place=there speed=2 {OPERATIONS}\n")
        self.wait(lambda: "start speed=2 place=there" in self.asked(node, "n"), "it is started anew")
        self.assertIn("stop speed=2 place=here", self.asked(node, "n"))

    def test_notify_and_promotion(self):
        self.load(
            self.primitive(operations="op monitor interval=5s role=Promoted op monitor interval=6s")
            + "clone c n meta promotable=true notify=true\n",
            "c",
            "n",
        )
        self.wait_active("n", self.names)
        self.assertEqual(self.promoted("n"), [], "nobody has asked to be promoted")
        first, second, third = self.names
        master = f"OCF_RESOURCE_INSTANCE=n HALYARD_CONFIG=/etc/halyard/halyard.conf {TOOLS}/crm_master"
        self.shell(second, f"{master} -l reboot -v 10")
        self.wait(lambda: self.promoted("n") == [second], lambda: f"{second} is promoted: {self.promoted('n')}")
        env = self.env(third, "n", "notify")
        self.assertEqual(env["OCF_RESKEY_CRM_meta_notify_operation"], "promote")
        self.assertEqual(env["OCF_RESKEY_CRM_meta_notify_promote_uname"], second)
        self.assertEqual(env["OCF_RESKEY_CRM_meta_notify_master_uname"], " ")
        self.assertEqual(env["OCF_RESKEY_CRM_meta_notify_slave_uname"], f"{first} {second} {third}")
        self.assertEqual(env["OCF_RESKEY_CRM_meta_notify_available_uname"], f"{first} {second} {third}")
        self.assertEqual(env["OCF_RESKEY_CRM_meta_master_max"], "1")
        self.shell(third, f"{master} -l reboot -v 20")
        self.wait(lambda: self.promoted("n") == [third], lambda: f"{third} is promoted: {self.promoted('n')}")
        self.shell(third, f"{master} -l reboot -D")
        self.wait(lambda: self.promoted("n") == [second], lambda: f"{second} is promoted: {self.promoted('n')}")

    def test_what_is_wrong_is_told(self):
        load = ("configure", "load", "update", "-")
        said = self.hactl(self.names[0], *load, input=self.primitive(params="sped=1 speed=fast"))
        self.addCleanup(self.remove, "n")
        self.assertIn("ocf:test:noting knows no parameter 'sped'", said.stdout + said.stderr)
        self.assertIn("speed", said.stdout + said.stderr)
        said = self.hactl(self.names[0], *load, input="primitive lacks ocf:test:noting\n")
        self.addCleanup(self.remove, "lacks")
        self.assertIn("must have the parameter 'place'", said.stdout + said.stderr)
        said = self.hactl(self.names[0], *load, input="primitive absent ocf:test:absent\n")
        self.addCleanup(self.remove, "absent")
        self.assertIn("there is no /usr/lib/ocf/resource.d/test/absent", said.stdout + said.stderr)


class Debian(OcfCase):
    """Those of the packages resource-agents and pacemaker-resource-agents."""

    def test_promotion_fails_over(self):
        self.load(
            "primitive st ocf:pacemaker:Stateful op monitor interval=5s role=Promoted op monitor interval=6s\n"
            "clone ms st meta promotable=true notify=true\n",
            "ms",
            "st",
        )
        self.wait(lambda: len(self.promoted("st")) == 1, lambda: f"one is promoted: {self.promoted('st')}")
        (old,) = self.promoted("st")
        self.testbed[old].power_off()
        other = next(name for name in self.names if name != old)
        self.wait(
            lambda: [i["node"] for i in self.status(other).instances("st") if i["role"].lower() == "promoted"] not in ([], [old]),
            "another is promoted",
        )
        self.testbed[old].power_on()
        self.wait_active("st", self.names)

    def test_address_by_its_script(self):
        self.load(
            "primitive ip ocf-script:heartbeat:IPaddr2 params ip=172.100.102.110 cidr_netmask=24 op monitor interval=2s\n", "ip"
        )
        node = self.only("ip")
        self.wait_holder(node)
        self.check(self.names[0], "node", "standby", node)
        self.addCleanup(self.check, self.names[0], "node", "online", node)
        self.wait_holder(*(name for name in self.names if name != node))

    def test_group_of_them(self):
        """They start in order, move with their node, and stop."""
        for name in self.names:
            self.shell(name, "mkdir -p /srv/fs")
        self.load(
            "primitive dummy ocf:heartbeat:Dummy params fake=1 op monitor interval=2s\n"
            "primitive delay ocf:heartbeat:Delay params startdelay=1 stopdelay=1 mondelay=0 op monitor interval=2s\n"
            "primitive any ocf:heartbeat:anything params binfile=/bin/sleep cmdline_options=1000 pidfile=/run/any.pid "
            "op monitor interval=2s\n"
            "primitive fs ocf:heartbeat:Filesystem params device=tmpfs directory=/srv/fs fstype=tmpfs op monitor interval=2s\n"
            "group g dummy delay any fs\n",
            "g",
            "dummy",
            "delay",
            "any",
            "fs",
        )
        node = self.only("fs")
        self.assertIn(" /srv/fs tmpfs ", self.shell(node, "cat /proc/mounts"))
        self.shell(node, "kill -0 $(cat /run/any.pid)")
        self.configure("primitive dummy ocf:heartbeat:Dummy params fake=2 op monitor interval=2s\n")
        self.wait_status(lambda s: s.settled(), "the change is taken over")
        self.check(self.names[0], "node", "standby", node)
        self.addCleanup(self.check, self.names[0], "node", "online", node)
        self.wait_status(lambda s: len(s.active("fs")) == 1 and s.active("fs") != [node] and not s.in_flight, "it moves")
        self.assertNotIn(" /srv/fs tmpfs ", self.shell(node, "cat /proc/mounts"))
        self.assertEqual(self.status().failed, [])

    def test_killed_program_is_started_again(self):
        self.load(
            "primitive any ocf:heartbeat:anything params binfile=/bin/sleep cmdline_options=2000 pidfile=/run/any.pid "
            "op monitor interval=1s\n",
            "any",
        )
        node = self.only("any")
        self.shell(node, "kill $(cat /run/any.pid)")
        self.wait_status(lambda s: s.failcount("any", node) == 1 and s.active("any") and not s.in_flight, "it recovers")
        self.hactl(self.names[0], "resource", "cleanup", "any")


class Tools(OcfCase):
    """The programs that scripts call, as a script would."""

    def tool(self, host, *words, **environment):
        settings = {"HALYARD_CONFIG": "/etc/halyard/halyard.conf", "HALYARD_NODE": host, **environment}
        return self.testbed[host].call(["env", *(f"{n}={v}" for n, v in settings.items()), f"{TOOLS}/{words[0]}", *words[1:]])

    def says(self, host, line, *words, status=0, **environment):
        result = self.tool(host, *words, **environment)
        self.assertEqual((result.status, result.stdout.strip()), (status, line), f"{words}: {result}")
        return result

    def test_transient_attributes(self):
        first, second, _ = self.names
        self.says(first, "", "crm_attribute", "-N", second, "-l", "reboot", "--name", "colour", "-v", "deep blue")
        self.says(second, "scope=status  name=colour value=deep blue", "crm_attribute", "-l", "reboot", "-n", "colour", "--query")
        self.says(second, "deep blue", "crm_attribute", "-l", "reboot", "-n", "colour", "-G", "-q")
        self.says(first, f'name="colour" host="{second}" value="deep blue"', "attrd_updater", "-n", "colour", "-Q", "-N", second)
        self.says(second, "", "attrd_updater", "-n", "colour", "-U", "red", "-d", "5s")
        self.says(first, f'name="colour" host="{second}" value="red"', "attrd_updater", "-n", "colour", "-Q", "-A")
        self.says(second, "", "attrd_updater", "-D", "-n", "colour")
        gone = self.says(second, "", "attrd_updater", "-Q", "-n", "colour", status=105)
        self.assertEqual(gone.stderr, "attrd_updater: Could not query value of colour: attribute does not exist\n")
        self.says(second, "none", "crm_attribute", "-l", "reboot", "-n", "colour", "-G", "-q", "-d", "none")

    def test_attributes_that_stay(self):
        first, second, _ = self.names
        self.says(first, "", "crm_attribute", "--node", second, "--lifetime=forever", "--name=site", "--update=west")
        self.says(second, "west", "crm_attribute", "-l", "forever", "-n", "site", "-Gq")
        self.says(first, "", "crm_attribute", "-t", "nodes", "--node", second, "-z", "-n", "cpu", "-v", "4")
        self.assertIn("attributes site=west", self.check(first, "configure", "show", second))
        self.assertIn("utilization cpu=4", self.check(first, "configure", "show", second))
        self.says(first, "", "crm_attribute", "--node", second, "-l", "forever", "-n", "site", "-D")
        self.says(first, "", "crm_attribute", "-t", "nodes", "--node", second, "-z", "-n", "cpu", "-D")
        self.says(first, "", "crm_attribute", "--type", "crm_config", "-s", "replication", "--name", "at", "-v", "file.1|2")
        self.says(second, "file.1|2", "crm_attribute", "--type", "crm_config", "-s", "replication", "--name", "at", "-Gq")
        self.check(first, "configure", "delete", "replication")
        self.says(first, "scope=crm_config  name=stonith-enabled value=false", "crm_attribute", "-n", "stonith-enabled", "-G")

    def test_promotion_scores(self):
        first = self.names[0]
        self.says(first, "", "crm_master", "-l", "reboot", "-v", "7", OCF_RESOURCE_INSTANCE="db")
        self.says(first, "7", "crm_attribute", "--promotion=db", "-Gq")
        self.says(first, "7", "crm_attribute", "-l", "reboot", "-n", "master-db", "-Gq")
        self.says(first, "", "crm_attribute", "--promotion", "-D", OCF_RESOURCE_INSTANCE="db")
        self.says(first, "", "crm_attribute", "-p", "db", "-G", status=105)
        self.says(first, "", "crm_master", "-v", "1", status=64)

    def test_nodes(self):
        first, second, third = self.names
        self.says(second, second, "crm_node", "-n")
        self.says(first, f"1 {first} member\n2 {second} member\n3 {third} member", "crm_node", "-l")
        self.says(first, f"{first} {second} {third}", "crm_node", "-p")
        self.says(first, "1", "crm_node", "-q")
        self.says(second, "2", "crm_node", "-i")
        self.says(first, third, "crm_node", "-N", "3")
        self.assertTrue(self.tool(first, "pacemakerd", "-$").stdout.startswith("Pacemaker 2."))

    def test_what_runs_where(self):
        first = self.names[0]
        self.load("primitive n ocf:test:noting params place=here meta resource-stickiness=1\n", "n")
        node = self.only("n")
        self.says(first, f"resource n is running on: {node}", "crm_resource", "-r", "n", "--locate")
        self.says(first, "here", "crm_resource", "-Q", "-r", "n", "-g", "place")
        self.says(first, "1", "crm_resource", "-r", "n", "--meta", "--get-parameter=resource-stickiness")
        self.says(first, "", "crm_resource", "-r", "n", "-z", "-p", "cpu", "-v", "1")
        self.says(first, "1", "crm_resource", "-r", "n", "-z", "-g", "cpu")
        shown = self.tool(first, "crm_mon", "-1", "--output-as=xml").stdout
        self.assertRegex(shown, rf'<node name="{first}" .* online="true"')
        self.assertRegex(shown, rf'<resource id="n" role="Started" [^>]*>\s*<node name="{node}"')

    def test_what_they_do_not_know(self):
        for words in (["crm_attribute", "--nonsense"], ["crm_node", "-R", "x"], ["crm_resource", "-r", "n", "--ban"], ["crm_mon", "-1"]):
            result = self.tool(self.names[0], *words)
            self.assertEqual((result.status, result.stdout), (3, ""), words)
            self.assertRegex(result.stderr, rf"^{words[0]}: .*\n$", words)
        self.says(self.names[0], "", "crm_attribute", "-l", "reboot", "-N", "nobody", "-n", "a", "-v", "1", status=105)

    def test_nobody_waits_without_a_quorum(self):
        first, *others = self.names
        words = ("crm_attribute", "-l", "reboot", "-n", "a", "-v", "1")
        result = self.says(first, "", *words, status=102, HALYARD_LEASE="ended")
        self.assertEqual(result.stderr, "crm_attribute: a is not changed: this node has no quorum\n")
        for name in others:
            self.testbed[name].power_off()
        self.wait(lambda: self.tool(first, "crm_node", "-q").stdout == "0\n", "there is no quorum")
        self.says(first, "", *words, status=102)
        for name in others:
            self.testbed[name].power_on()
        self.wait_whole()
        self.says(first, "", *words)
        self.says(first, "", "crm_attribute", "-l", "reboot", "-n", "a", "-D")
