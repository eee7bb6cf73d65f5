# SPDX-License-Identifier: Apache-2.0
"""Nodes come and go: the first start, nodes that are added and removed, disks that are lost, a witness."""

import re
import subprocess
import tempfile

from testbed import disk, maxscale
from testbed.halyard import CONFIGURATION as FILE
from testbed.halyard import LOG

from .case import ClusterCase, printed
from .test_power import CONFIGURATION

OUT = "this node was taken out of the cluster"

# Edits without end; what became of each is printed.
WRITER = """i=0
while :; do
    i=$((i + 1))
    hactl configure property "cluster-delay=$((i % 50 + 10))s" && echo made || echo refused
done
"""


class FreshCase(ClusterCase):
    """Each test has a cluster of its own."""

    configuration = CONFIGURATION

    @classmethod
    def setUpClass(cls):
        cls.testbed = None

    def setUp(self):
        type(self).start_afresh()
        self.addCleanup(self.testbed.down)

    def others(self, *names):
        return [name for name in self.names if name not in names]

    def log(self, name):
        return self.testbed[name].read_file(LOG)

    def wait_logged(self, name, words, times=1):
        self.wait(lambda: self.log(name).count(words) >= times, f"{name} logs {times} times: {words}")

    def wait_parts(self, host=None, **parts):
        """Until exactly these nodes are in the cluster, with these parts."""
        self.wait_status(lambda status: status.parts() == parts, f"the parts are {parts}", host)

    def all_voters(self):
        return {name: "voter" for name in self.names}

    def new_host(self, name="test4", address="172.100.102.154"):
        host = self.testbed.add_host(name, address)
        maxscale.install(host)
        return host

    def add(self, name, via, *options):
        """Enrolled, with its files, and started."""
        said = self.cluster.add(name, via, options)
        self.assertIn(f"scp -p /root/cluster-add/{name}/halyard.conf", said)
        self.cluster.start_at_boot(name)
        self.cluster.start(name)

    def place(self, on_dc=False):
        dc = self.cluster.wait_dc()
        rest = self.others(dc)
        order = [dc, *rest] if on_dc else [*rest, dc]
        self.place_vip(*order)
        return order

    def start_writer(self, name):
        said = tempfile.TemporaryFile()
        self.addCleanup(said.close)
        self.testbed[name].popen(
            ["sh", "-c", WRITER], stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.DEVNULL
        )

        def words():
            return printed(said).split()

        return words


class FirstStart(FreshCase):
    @classmethod
    def bring_up(cls):
        """Up to where the daemons would be started."""
        cls.make_cluster()

    def start_two(self):
        self.cluster.start(["test1", "test3"])
        waiting = "test1 has no cluster yet: a new cluster begins when all of its nodes are there; missing: test5\n"
        self.wait(lambda: waiting in self.hactl("test1", "status").stdout, "test1 says whom it waits for")
        text = self.check("test1", "status")
        self.assertIn("Heard: [ test1 test3 ]\nNot heard: [ test5 ]\n", text)
        self.wait_logged("test3", "missing: test5")

    def test_waits_for_all(self):
        self.start_two()
        self.refused(1, "test1 has no cluster yet", "test1", "configure", "property", "cluster-delay=7s")
        self.refused(1, "test1 has no cluster yet", "test1", "cluster", "add", "test9=172.100.102.159")
        self.assertTrue(self.status("test1").told["blank"])
        self.cluster.start("test5")
        self.wait_whole()
        self.wait_parts(test1="voter", test3="voter", test5="voter")
        self.refused(1, "has a cluster already", "test1", "cluster", "found")

    def test_after_a_restart_of_those_that_wait(self):
        self.start_two()
        self.cluster.stop("test1")
        self.testbed["test3"].power_off()
        self.testbed["test3"].power_on()
        self.cluster.start()
        self.wait_whole()

    def test_found(self):
        self.start_two()
        self.refused(1, "not heard: test5", "test1", "cluster", "found")
        self.assertTrue(self.status("test1").told["blank"], "nothing has come of it")
        self.assertIn("INFO: founded by test1, test3", self.check("test1", "cluster", "found", "--force"))
        self.wait_parts(test1="voter", test3="voter", test5="not in yet")
        self.wait_status(lambda status: status.online() == ["test1", "test3"], "both are online")
        self.check("test3", "configure", "property", "cluster-delay=11s")
        self.cluster.start("test5")
        self.wait_whole()
        self.wait_parts(test1="voter", test3="voter", test5="voter")
        self.assertIn("cluster-delay=11s", self.check("test5", "configure", "show"))


class ComeAndGo(FreshCase):
    def test_a_node_more_and_less(self):
        holder, second, dc = self.place()
        with self.one_answers() as who:
            self.new_host()
            self.add("test4", second)
            self.names.append("test4")
            self.wait_whole()
            self.wait_parts(**self.all_voters())
            self.assertEqual(list(who.peek()["holders"]), [holder], "the VIP has stayed where it was")
            self.wait_logged(holder, f"the nodes in {FILE} are not the cluster's: test4 is missing in it")
            self.check(second, "resource", "move", "ClusterIP", "test4")
            self.wait_holder("test4")
            who.wait_holders(["test4"])

            said = self.check(second, "cluster", "remove", "test4")
            self.assertIn("INFO: test4 is out.", said)
            self.wait(
                lambda: re.search(r"^  test4 .* out, this node", self.hactl("test4", "cluster", "status").stdout, re.M),
                "test4 says that it is out",
            )
            self.names.remove("test4")
            who.wait_holders([self.wait_holder(*self.names)])
            self.wait_whole()
            self.wait_parts(second, **self.all_voters())
            self.wait(lambda: f"test4 is out: {OUT}" in self.check("test4", "status"), "test4 says that it is out")
            self.assertFalse(self.testbed["test4"].has_address(self.testbed.vip))
            self.wait(lambda: self.testbed["test4"].service("maxscale", "status").status == 3, "MaxScale is stopped there")
            self.refused(1, "test4 is out of the cluster", "test4", "configure", "property", "cluster-delay=7s")
            self.comes_back("test4", second)

    def comes_back(self, name, via):
        """As it was, it is told; with an empty disk and enrolled anew, it is in again."""
        self.testbed[name].power_off()
        told = self.log_off(name).count(OUT)
        self.testbed[name].power_on()
        self.wait_logged(name, OUT, told + 1)
        self.wait(lambda: f"{name} is out: {OUT}" in self.check(name, "status"), f"{name} says that it is out")
        self.assertNotIn(name, self.status(via).parts())
        self.cluster.stop(name)
        disk.wipe(self.testbed[name])
        self.add(name, via)
        self.names += [] if name in self.names else [name]
        self.wait_whole()
        self.wait_parts(**self.all_voters())

    def log_off(self, name):
        """The log of a host that is off, or on."""
        return disk.read(self.testbed[name], LOG)

    def test_a_dead_node(self):
        holder, second, _ = self.place()
        with self.one_answers() as who:
            self.testbed[holder].power_off()
            self.wait_holder(second)
            self.refused(
                1, "which is no majority", second, "cluster", "remove", next(iter(self.others(holder, second)))
            )
            self.assertIn(f"{holder} is out.", self.check(second, "cluster", "remove", holder))
            self.names.remove(holder)
            self.wait_whole()
            self.wait_parts(second, **self.all_voters())
            self.testbed[holder].power_on()
            self.comes_back(holder, second)
            self.wait_holder(holder)
            who.wait_holders([holder])

    def test_the_dc(self):
        """It gives up its resources, then the lead, then its vote."""
        dc, second, third = self.place(on_dc=True)
        with self.one_answers() as who:
            self.assertIn(f"{dc} is out.", self.check(second, "cluster", "remove", dc))
            self.names.remove(dc)
            who.wait_holders([self.wait_holder(second, third)])
            self.wait_whole()
            self.wait_parts(second, **self.all_voters())

    def test_another_address(self):
        self.cluster.stop("test5")
        self.wait_status(lambda status: "test5" not in status.online(), "test5 is gone", "test1")
        host = self.testbed["test5"]
        for change in ("del 172.100.102.160/24", "add 172.100.102.161/24"):
            host.run(["ip", "addr", *change.split(), "dev", "eth0"])
        host.address = "172.100.102.161"
        self.cluster.add("test5", "test1")
        self.cluster.start("test5")
        self.wait_whole()
        self.wait_parts(**self.all_voters())
        self.assertIn("172.100.102.161", self.check("test3", "cluster", "status"))
        self.wait_logged("test1", "test5 has address 172.100.102.160 there, and 172.100.102.161 in the cluster")

    def test_on_the_node_itself(self):
        holder, *_ = self.place()
        self.assertIn(f"{holder} is out.", self.check(holder, "cluster", "remove", holder))
        self.names.remove(holder)
        self.wait_holder(*self.names)
        self.wait_whole()

    def test_edits_go_on_while_the_dc_leaves(self):
        _, second, dc = self.place()
        words = self.start_writer(second)
        self.wait(lambda: words().count("made") >= 5, "edits are made")
        self.cluster.stop(dc)
        made = words().count("made")
        self.wait(lambda: words().count("made") >= made + 5, "edits are made without it")
        self.assertNotIn("refused", words())

    def test_words_of_crm(self):
        self.refused(1, "there is no node nobody", "test1", "cluster", "remove", "nobody")
        self.refused(1, "test5 is online: stop halyardd there first", "test1", "node", "delete", "test5")
        self.refused(1, "is in the cluster already", "test1", "cluster", "add", "test5=172.100.102.160")
        self.refused(1, "is that of node test5", "test1", "cluster", "add", "test6=172.100.102.160")
        self.cluster.stop("test5")
        self.wait_status(lambda status: "test5" not in status.online(), "test5 is gone", "test1")
        self.assertIn("test5 is out.", self.check("test1", "node", "delete", "test5"))
        self.wait_parts("test1", test1="voter", test3="voter")


class Disks(FreshCase):
    def lose(self, name, what):
        """Power off, something happens to the disk, power on; what is shown is as before."""
        before = self.check(self.others(name)[0], "configure", "show")
        self.testbed[name].power_off()
        what(self.testbed[name])
        self.testbed[name].power_on()
        self.wait_whole()
        self.wait_parts(**self.all_voters())
        self.assertEqual(self.check(name, "configure", "show"), before)

    def test_an_empty_disk(self):
        *_, dc = order = self.place()
        with self.one_answers():
            for name in (order[1], dc, order[0]):
                self.lose(name, disk.wipe)
                self.assertIn("this node has no cluster yet", self.log(name))

    def test_an_empty_disk_and_a_clock_that_is_behind(self):
        """Nobody here can set a host's clock; so its last life is by one that was an hour ahead."""
        _, name, _ = self.place()
        later = "the others know a later life of this node: its disk is new and its clock is behind"
        with self.one_answers():
            self.lose(name, lambda host: disk.set_clock_ahead(host, 3600))
            self.assertNotIn("later life", self.log(name))
            self.lose(name, disk.wipe)
            self.assertEqual(self.log(name).count(later), 1)
            for other in self.others(name):
                self.assertNotIn("later life", self.log(other))

    def test_a_flipped_byte(self):
        holder, second, _ = self.place()
        with self.one_answers():
            self.lose(second, lambda host: disk.flip_byte(host, "log", 3000))
            self.assertRegex(self.log(second), rf"{disk.STATE}/log: damaged at byte \d+: .*{disk.STATE}/set-aside-\d+-\d+")
            aside = [name for name in disk.files(self.testbed[second]) if name.startswith("set-aside-")]
            self.assertIn("log", [name.split("/")[1] for name in aside], "nothing is thrown away")
            self.assertEqual(self.testbed.holders(), [holder])

    def test_a_disk_under_another_name(self):
        host = self.new_host()
        self.testbed["test5"].power_off()
        self.cluster.add("test4", "test1")
        disk.copy(self.testbed["test5"], host)
        result = host.call(["halyardd"])
        self.assertEqual(result.status, 78)
        self.assertIn("belongs to node 3, this is node 4: put the right disk here, or empty the folder", result.stderr)
        self.wait(lambda: not host.find(disk.DAEMONS), "halyardd does not go on with it")
        self.testbed["test5"].power_on()
        self.wait_parts("test1", test1="voter", test3="voter", test5="voter", test4="not in yet")
        disk.wipe(host)
        self.cluster.start("test4")
        self.names.append("test4")
        self.wait_whole()
        self.wait_parts(**self.all_voters())


class Witness(FreshCase):
    init_options = ("--witness", "test5")

    def wait_whole(self, timeout=90):
        """But for the witness, which may not run anything."""
        names = [name for name in self.names if name != "test5"]
        self.wait_status(lambda status: status.is_whole(names), f"{names} are whole", names[0], timeout)
        self.wait_parts(names[0], test1="voter", test3="voter", test5="witness")

    def test_two_hosts_and_a_witness(self):
        self.place_vip("test1", "test3")
        self.wait_whole()
        self.assertIn("\nNode test5: witness\n", self.check("test1", "status"))
        self.wait_active("MaxScale", ["test1", "test3"])
        with self.one_answers() as who:
            self.testbed["test5"].power_off()
            self.wait_status(lambda status: not status.node("test5")["online"], "the witness is seen to be gone", "test1")
            self.assertIn("\nNode test5: OFFLINE (witness)\n", self.check("test1", "status"))
            self.check("test3", "configure", "property", "cluster-delay=12s")
            self.assertEqual(list(who.peek()["holders"]), ["test1"], "nothing has moved")
            self.testbed["test5"].power_on()
            self.wait_whole()

            self.testbed["test1"].power_off()
            self.wait_holder("test3")
            who.wait_holders(["test3"])
            self.check("test3", "configure", "property", "cluster-delay=13s")
            self.testbed["test1"].power_on()
            self.wait_holder("test1")
            who.wait_holders(["test1"])
        self.wait_whole()

    def test_a_witness_later(self):
        """Three, of which the third becomes a witness: taken out, and added as one."""
        self.assertEqual(self.testbed["test5"].service("maxscale", "status").status, 3)
        self.check("test1", "cluster", "remove", "test5")
        self.cluster.stop("test5")
        disk.wipe(self.testbed["test5"])
        self.cluster.add("test5", "test3", ["--witness"])
        self.cluster.start("test5")
        self.wait_whole()
