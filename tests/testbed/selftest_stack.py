# SPDX-License-Identifier: Apache-2.0
"""What is put on the hosts: layers, the stand-in for MaxScale, and the handling of Halyard (with stand-ins for its programs)."""

import os
import signal
import tempfile

from . import Testbed, maxscale, wait_until
from .halyard import Halyard, search_path
from .selftest_case import TestbedCase

HALYARDD = """#!/bin/sh
# Two processes, as the real one: a first one, and its core.
[ "$1" = -c ] && [ -r "$2" ] || exit 78
[ "$BACKGROUND" ] || { BACKGROUND=1 setsid -f "$0" "$@" </dev/null >/dev/null 2>&1; exit; }
trap 'kill $core; exit 0' TERM
sh -c 'while :; do sleep 0.1; done' core --executor-fd=3 &
core=$!
echo started
wait
"""
HACTL = """#!/bin/sh
case "$1 $2" in
"cluster init")
    shift 2
    while [ $# -gt 0 ]; do
        case $1 in
        --name) shift ;;
        --out) out=$2; shift ;;
        *=*) mkdir -p "$out/${1%%=*}" && echo "address ${1#*=}" >"$out/${1%%=*}/halyard.conf"
             (umask 077; echo secret >"$out/${1%%=*}/node.key") ;;
        esac
        shift
    done ;;
"status ") echo "Current DC: test3 (version 0) - partition with quorum" ;;
"configure load") cat >/run/loaded ;;
*) echo "hactl: no" >&2; exit 1 ;;
esac
"""


class MaxScale(TestbedCase):
    def test_as_an_operator_sees_it(self):
        host = self.testbed["test3"]
        maxscale.install(host)
        self.assertEqual(host.service("maxscale", "status").status, 3)
        self.assertEqual(host.service("maxscale", "start").status, 0)
        expected = (0, "Checking MaxScale Status...\nMaxScale is RUNNING...\n", "")
        self.assertEqual(host.call(["service", "maxscale", "status"]), expected)
        self.assertEqual(len(host.find("maxscale")), 1)
        self.assertEqual(maxscale.answer(self.testbed.client, host.address), "test3")
        self.assertEqual(host.service("maxscale", "start").status, 0, "to start what runs is no error")
        maxscale.damage(host)
        wait_until(lambda: not host.find("maxscale"), 20, "it is dead", self.testbed)
        self.assertEqual(host.service("maxscale", "status").status, 1)
        self.assertEqual(host.service("maxscale", "start").status, 1)
        self.assertIsNone(maxscale.answer(self.testbed.client, host.address))
        maxscale.repair(host)
        restarted = host.service("maxscale", "restart")
        self.assertEqual(restarted, (0, "Checking MaxScale Status...\nRestarting MaxScale...\nMaxScale Started...\n", ""))
        self.assertEqual(host.service("maxscale", "stop").status, 0)
        self.assertEqual(host.service("maxscale", "status").status, 3)
        self.assertEqual(host.service("maxscale", "stop").status, 0, "to stop what does not run is no error")
        self.assertEqual(host.service("maxscale", "nonsense").status, 2)


class Stack(TestbedCase):
    @classmethod
    def setUpClass(cls):
        cls.layer = tempfile.TemporaryDirectory(prefix="halyard-selftest-")
        cls.addClassCleanup(cls.layer.cleanup)
        for name, text in (("usr/local/sbin/halyardd", HALYARDD), ("usr/local/bin/hactl", HACTL)):
            path = os.path.join(cls.layer.name, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write(text)
            os.chmod(path, 0o755)
        os.chmod(cls.layer.name, 0o755)
        cls.options = {"layers": [cls.layer.name], "path": search_path(cls.layer.name)}
        super().setUpClass()

    def test_a_cluster(self):
        cluster = Halyard(self.testbed)
        cluster.init()
        self.assertEqual(self.testbed["test3"].read_file("/etc/halyard/halyard.conf"),
                         'address 172.100.102.155\n\npaths = { state = "/var/lib/halyard"; };\n')
        self.assertEqual(self.testbed["test3"].run(["stat", "-c%a", "/etc/halyard/node.key"]).strip(), "600")
        cluster.start()
        for host in self.testbed.hosts:
            wait_until(lambda host=host: cluster.cores(host), 20, "its core runs", self.testbed)
            self.assertEqual(len(cluster.executors(host)), 1)
            self.assertGreaterEqual(len(cluster.daemons(host)), 2)
        self.assertEqual(cluster.wait_dc(), "test3")
        cluster.configure("test5", "primitive x Dummy\n")
        self.assertEqual(self.testbed["test5"].read_file("/run/loaded"), "primitive x Dummy\n")
        self.assertEqual(cluster.hactl("test1", "nonsense"), (1, "", "hactl: no\n"))
        cluster.start_at_boot()
        self.testbed["test1"].power_off()
        self.testbed["test1"].power_on()
        wait_until(lambda: cluster.cores("test1"), 20, "it starts at boot", self.testbed)
        cluster.cores("test3")[0].kill(signal.SIGKILL)
        wait_until(lambda: not cluster.cores("test3"), 20, "the core is dead", self.testbed)
        cluster.stop()

    def test_a_host_can_change_what_a_layer_gave_it(self):
        host = self.testbed["test1"]
        host.run(["mv", "/usr/local/bin/hactl", "/usr/local/bin/hactl.1"])
        self.assertTrue(self.testbed["test3"].exists("/usr/local/bin/hactl"))
        self.assertTrue(os.path.exists(os.path.join(self.layer.name, "usr/local/bin/hactl")))
        host.run(["mv", "/usr/local/bin/hactl.1", "/usr/local/bin/hactl"])

    def test_a_share_is_one_with_the_machine(self):
        with tempfile.TemporaryDirectory(prefix="halyard-selftest-") as folder:
            with Testbed({"one": "10.0.0.1"}, client="10.0.0.9", shares=[folder], storage="disk") as testbed:
                testbed["one"].write_file(f"{folder}/hello", "from inside")
                self.assertTrue(os.path.exists(f"/proc/{testbed['one'].pid}/root{folder}/hello"))
            with open(f"{folder}/hello") as file:
                self.assertEqual(file.read(), "from inside")
