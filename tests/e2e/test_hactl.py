# SPDX-License-Identifier: Apache-2.0
"""hactl as its users and their scripts meet it: statuses and one-line errors, and answers under load."""

import json
import subprocess

from .case import ClusterCase

CONFIGURATION = """primitive ClusterIP IPaddr2 params ip=172.100.102.110 cidr_netmask=24 op monitor interval=1s
property cib-bootstrap-options: stonith-enabled=false
"""


class Errors(ClusterCase):
    configuration = CONFIGURATION
    whole = True

    def test_no_daemon(self):
        self.cluster.stop("test5")
        for words in (["status"], ["configure", "show"], ["resource", "stop", "ClusterIP"], ["node", "standby", "test1"]):
            self.refused(3, "halyardd does not run", "test5", *words)
        self.cluster.start("test5")
        self.wait_whole()

    def test_no_configuration(self):
        self.assertEqual(self.hactl("test1", "-c", "/root/none.conf", "status").status, 1)
        self.assertIn("/root/none.conf", self.hactl("test1", "-c", "/root/none.conf", "status").stderr)

    def test_wrong_words(self):
        self.refused(2, "did you mean 'status'?", "test1", "statsu")
        self.refused(2, "did you mean 'resource'?", "test1", "resorce", "stop", "ClusterIP")
        self.refused(2, "did you mean 'cleanup'?", "test1", "resource", "cleenup")
        self.refused(2, "'frobnicate'", "test1", "configure", "frobnicate")
        self.refused(2, "usage: hactl resource move", "test1", "resource", "move")
        self.refused(2, "usage: hactl status", "test1", "status", "now")
        self.refused(2, "--timeout", "test1", "--timeout", "soon", "status")

    def test_refused_edits(self):
        before = self.check("test1", "configure", "show")
        for words in (
            ["configure", "primitive", "ClusterIP", "IPaddr2", "params", "ip=172.100.102.111"],  # there is one
            ["configure", "primitive", "x"],  # what agent?
            ["configure", "primitive", "x", "IPaddr2", "op"],
            ["configure", "location", "l", "nothing", "inf:", "test1"],
            ["configure", "location", "l", "ClusterIP", "much:", "test1"],
            ["configure", "clone", "c", "nothing"],
            ["configure", "delete", "nothing"],
            ["configure", "show", "nothing"],
            ["configure", "load", "update", "/root/nothing"],
            ["resource", "stop", "nothing"],
            ["resource", "move", "ClusterIP", "test9"],
            ["node", "standby", "test9"],
        ):
            result = self.hactl("test1", *words)
            self.assertEqual((result.status, result.stdout), (1, ""), f"{words}: {result}")
            self.assertEqual(len(result.stderr.splitlines()), 1, f"{words}: {result}")
        self.assertEqual(self.check("test1", "configure", "show"), before)

    def test_all_of_a_file_or_nothing(self):
        before = self.check("test1", "configure", "show")
        text = "primitive good IPaddr2 params ip=172.100.102.112 cidr_netmask=24\nlocation bad nothing inf: test1\n"
        result = self.hactl("test1", "configure", "load", "update", "-", input=text)
        self.assertEqual(result.status, 1, result)
        self.assertIn("nothing", result.stderr)
        self.assertEqual(self.check("test1", "configure", "show"), before)

    def test_a_line_of_a_file_is_named(self):
        text = 'primitive ok IPaddr2 params ip=172.100.102.112\nprimitive broken IPaddr2 params "ip\n'
        self.refused(1, "line 2", "test1", "configure", "load", "update", "-", input=text)

    def test_help_and_version(self):
        self.assertIn("resource", self.check("test1", "--help"))
        self.assertIn("usage: hactl resource move", self.check("test1", "resource", "move", "--help"))
        self.assertRegex(self.check("test1", "--version"), r"^hactl \S+ \(halyard\)\n$")

    def test_every_host_answers(self):
        """Edits can be made everywhere, and are seen everywhere."""
        for number, name in enumerate(self.names):
            self.check(name, "configure", "property", f"cluster-delay={20 + number}s")
            for other in self.names:
                self.wait(
                    lambda: f"cluster-delay={20 + number}s" in self.check(other, "configure", "show"),
                    f"{other} shows what {name} has set",
                )


class Load(ClusterCase):
    configuration = CONFIGURATION
    whole = True

    def test_status_under_load(self):
        """Many ask at once while others edit: everybody is answered."""
        ask = "for i in 1 2 3 4 5 6 7 8 9 10; do hactl status >/dev/null || exit 1; done"
        edit = 'for i in 1 2 3 4 5 6 7 8 9 10; do hactl configure location "$0-$i" ClusterIP 0: test1 || exit 1; done'
        running = []
        with self.one_answers():
            for host in self.testbed.hosts:
                lines = [["sh", "-c", ask]] * 4 + [["sh", "-c", edit, f"load-{host.name}"]]
                running += [host.popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for line in lines]
            for process in running:
                said = process.communicate(timeout=120)[1].decode()
                self.assertEqual((process.returncode, said), (0, ""))
        shown = self.check("test1", "configure", "show")
        self.assertEqual(shown.count("location load-"), 30)
        self.assertEqual(self.status().active("ClusterIP"), [self.wait_holder()])

    def test_one_wins(self):
        """Two edits of the same object from the same version: one of them is refused, or comes after the other."""
        line = 'for i in 1 2 3 4 5; do hactl configure property cluster-delay="$0"s && echo "$0"; done; true'
        runs = [
            host.popen(["sh", "-c", line, str(30 + n)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for n, host in enumerate(self.testbed.hosts)
        ]
        said = [run.communicate(timeout=120) for run in runs]
        taken = [word for out, _ in said for word in out.decode().split()]
        self.assertTrue(taken, said)
        shown = self.check("test1", "configure", "show")
        self.assertTrue(any(f"cluster-delay={word}s" in shown for word in taken), shown)


class Asking(ClusterCase):
    """why, resource scores, what-if; and what is refused because it would stop something."""

    configuration = CONFIGURATION
    whole = True

    def setUp(self):
        super().setUp()
        self.place_vip("test3")
        self.wait_active("ClusterIP", ["test3"])

    def what_if(self, *words):
        result = self.hactl("test1", "what-if", *words, "--json")
        return result.status, json.loads(result.stdout)

    def test_why_it_is_there(self):
        said = self.check("test5", "why", "ClusterIP")
        self.assertIn("ClusterIP runs on test3, and stays there\n", said)
        self.assertIn("\n  test3  here     score 300 (location prefer-test3 300)\n", said)
        self.assertIn("\n  test1  less     score 0; less than test3's 300\n", said)
        answer = json.loads(self.check("test1", "why", "ClusterIP", "--json"))
        self.assertEqual([entry["runs_on"] for entry in answer["instances"]], ["test3"])
        self.refused(1, "there is no resource nothing", "test1", "why", "nothing")

    def test_why_it_does_not_run(self):
        self.check("test1", "resource", "stop", "ClusterIP", "--wait")
        said = self.check("test5", "why", "ClusterIP")
        self.assertIn("ClusterIP does not run\n", said)
        self.assertIn("`hactl resource start ClusterIP` lets it run", said)
        self.check("test1", "resource", "start", "ClusterIP", "--wait")

    def test_scores_add_up(self):
        scores = json.loads(self.check("test1", "resource", "scores", "--json"))["scores"]
        self.assertEqual({score["node"] for score in scores}, {"test1", "test3", "test5"})
        for score in scores:
            parts = [part["score"] for part in score["parts"]]
            whole = -1000000 if min(parts, default=0) <= -1000000 else min(1000000, sum(parts))
            self.assertEqual(whole, score["score"], score)

    def test_what_if(self):
        """What it says, and what happens then."""
        status, answer = self.what_if("any-node-down")
        self.assertEqual((status, answer["survived"], answer["of"]), (0, 3, 3))
        moved = [case["effects"][0] for case in answer["cases"] if case["node"] == "test3"]
        self.assertEqual([effect["effect"] for effect in moved], ["moved"])
        self.testbed["test3"].power_off()
        self.wait_active("ClusterIP", [moved[0]["to"]], host="test1")

    def test_losses(self):
        for node in ("test1", "test5"):
            self.check("test1", "configure", "location", f"far-{node}", "ClusterIP", "-inf:", node)
        status, answer = self.what_if("node-down", "test3")
        self.assertEqual(status, 4)
        self.assertEqual([effect["effect"] for effect in answer["cases"][0]["effects"]], ["lost"])
        before = self.check("test1", "configure", "show")
        result = self.hactl("test5", "node", "standby", "test3")
        self.assertEqual((result.status, result.stdout), (1, ""), result)
        self.assertIn("\n  ClusterIP would not run; it has a place on test3: ", result.stderr)
        self.assertEqual(self.check("test1", "configure", "show"), before)
        self.check("test5", "node", "standby", "test3", "--force", "--wait")
        self.wait_active("ClusterIP", [])
        self.assertIn("test3 is standby", self.check("test1", "why", "ClusterIP"))
        self.check("test5", "node", "online", "test3", "--wait")
        self.wait_active("ClusterIP", ["test3"])
        self.check("test1", "configure", "delete", "far-test1", "far-test5")

    def test_a_move_in_vain(self):
        self.check("test1", "configure", "location", "stay", "ClusterIP", "inf:", "test3")
        said = self.check("test1", "resource", "move", "ClusterIP", "test5")
        self.assertIn("nothing moves: ClusterIP is to be on test3: ", said)
        self.assertIn("`hactl resource unmove ClusterIP` takes the new one back", said)
        self.check("test1", "resource", "unmove", "ClusterIP")
        self.check("test1", "configure", "delete", "stay")
