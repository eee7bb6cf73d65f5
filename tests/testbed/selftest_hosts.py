# SPDX-License-Identifier: Apache-2.0
"""One host: its power, its files, its processes."""

import os
import time

from . import CommandFailed, wait_until
from .selftest_case import TestbedCase

COUNT = "i=0; while :; do i=$((i+1)); echo $i >/run/count; sleep 0.01; done"


class Power(TestbedCase):
    def test_off_and_on(self):
        host = self.testbed["test1"]
        host.write_file("/var/lib/halyard/kept", "kept")
        host.write_file("/etc/halyard/kept", "kept")
        host.write_file("/run/lost", "lost")
        host.write_file("/tmp/lost", "lost")
        host.run(["ip", "addr", "add", "172.100.102.110/24", "dev", "eth0"])
        sleeper = host.spawn(["sleep", "1000"])
        host.power_off()
        self.assertFalse(host.is_on)
        self.assertFalse(sleeper.is_alive())
        self.assertFalse(self.reaches("client", "test1"))
        self.assertEqual(self.testbed.holders(), [])
        with self.assertRaisesRegex(RuntimeError, "test1 is off"):
            host.run(["true"])
        host.power_on()
        self.wait_reaches("client", "test1")
        self.assertEqual(host.read_file("/var/lib/halyard/kept"), "kept")
        self.assertEqual(host.read_file("/etc/halyard/kept"), "kept")
        self.assertFalse(host.exists("/run/lost") or host.exists("/tmp/lost"))
        self.assertNotIn("172.100.102.110", host.addresses())
        self.assertEqual([process.pid for process in host.processes()], [1], "nothing runs but its first process")
        self.assertEqual(host.read_file("/etc/hostname").strip(), "test1")

    def test_the_others_do_not_lose_a_carrier(self):
        self.testbed["test1"].power_off()
        self.assertEqual(self.carrier("test3"), "1")
        self.assertTrue(self.reaches("test3", "test5"))

    def test_boot_runs_rc_local(self):
        host = self.testbed["test5"]
        host.write_file("/etc/rc.local", "echo booted; setsid -f sleep 1000\n", mode=0o755)
        host.power_off()
        host.power_on()
        wait_until(lambda: "booted" in host.tail("/var/log/boot.log"), 20, "rc.local runs", self.testbed)
        wait_until(lambda: len(host.find("sleep")) == 1, 20, "its daemon stays", self.testbed)
        host.run(["rm", "/etc/rc.local"])

    def test_a_frozen_host_can_be_switched_off(self):
        host = self.testbed["test3"]
        host.spawn(["sleep", "1000"])
        host.freeze()
        host.power_off()
        host.power_on()
        self.wait_reaches("client", "test3")


class Files(TestbedCase):
    def test_each_host_has_its_own(self):
        one, three = self.testbed["test1"], self.testbed["test3"]
        for folder in ("/run", "/etc/halyard", "/etc/init.d", "/var/lib/halyard", "/var/log", "/tmp", "/root", "/home/new"):
            one.write_file(f"{folder}/selftest.mine", "1")
            self.assertEqual(one.run(["cat", f"{folder}/selftest.mine"]), "1")
            self.assertFalse(three.exists(f"{folder}/selftest.mine"), folder)
            self.assertFalse(os.path.exists(f"{folder}/selftest.mine"), f"on the machine: {folder}")
        self.assertIn("172.100.102.151 test1 current-node", one.read_file("/etc/hosts"))
        self.assertIn("172.100.102.155 test3 current-node", three.read_file("/etc/hosts"))

    def test_the_machine_cannot_be_written_to(self):
        self.assertNotEqual(self.testbed["test1"].call(["touch", "/selftest.mine"]).status, 0)
        self.assertFalse(os.path.exists("/selftest.mine"))

    def test_names_are_their_own(self):
        self.assertEqual([host.run(["uname", "-n"]).strip() for host in self.testbed.hosts], ["test1", "test3", "test5"])

    def test_modes_and_bytes(self):
        host = self.testbed["test1"]
        host.write_file("/etc/halyard/secret", b"\x00\xff", mode=0o600)
        self.assertEqual(host.run(["stat", "-c", "%a %s %u", "/etc/halyard/secret"]).split(), ["600", "2", "0"])


class Processes(TestbedCase):
    def count(self, host):
        return int(host.read_file("/run/count").strip() or 0)

    def counting(self, host):
        """Does the counter go on?"""
        began = self.count(host)
        deadline = time.monotonic() + 1
        while time.monotonic() < deadline:
            if self.count(host) > began + 3:
                return True
            time.sleep(0.01)
        return False

    def start_counter(self, name):
        host = self.testbed[name]
        shell = host.spawn(["sh", "-c", COUNT])
        wait_until(lambda: host.exists("/run/count") and self.count(host) > 1, 20, "it counts", self.testbed)
        self.addCleanup(lambda: host.is_on and shell.kill())
        return host, shell

    def test_a_host_sees_only_its_own(self):
        host = self.testbed["test1"]
        pids = {process.pid for process in host.processes()}
        self.assertIn(1, pids)
        listed = {int(pid) for pid in host.run(["ps", "-e", "-o", "pid="]).split()}
        self.assertLess(max(listed), 100000)
        self.assertLessEqual(len(listed - pids), 1, "only ps itself is new")

    def test_status_output_and_input(self):
        host = self.testbed["test1"]
        self.assertEqual(host.run(["cat"], input="given"), "given")
        self.assertEqual(host.call(["sh", "-c", "echo out; echo err >&2; exit 3"]), (3, "out\n", "err\n"))
        with self.assertRaisesRegex(CommandFailed, "test1: false ended with status 1"):
            host.run(["false"])
        self.assertEqual(host.run(["false"], check=False), "")

    def test_what_takes_too_long_is_ended(self):
        host = self.testbed["test1"]
        with self.assertRaisesRegex(CommandFailed, "did not end within"):
            host.run(["sleep", "999"], timeout=0.5)
        wait_until(lambda: not any("999" in p.argv for p in host.processes()), 20, "the command is gone", self.testbed)

    def test_a_daemon_is_a_child_of_the_first_process(self):
        host = self.testbed["test1"]
        daemon = host.spawn(["sh", "-c", "echo said; exec sleep 1000"], log="/var/log/own.log")
        self.assertEqual(daemon.parent, 1)
        wait_until(lambda: host.tail("/var/log/own.log") == "said", 20, "its log", self.testbed)
        daemon.kill()
        wait_until(lambda: not daemon.is_alive(), 20, "its end", self.testbed)
        with self.assertRaisesRegex(CommandFailed, "ended at once"):
            host.spawn(["/nowhere/to/be/found"])

    def test_kill_by_name_and_pid(self):
        host, shell = self.start_counter("test1")
        host.kill(shell.pid)
        wait_until(lambda: not shell.is_alive(), 20, "its end", self.testbed)
        self.assertFalse(self.counting(host))
        with self.assertRaisesRegex(CommandFailed, "no process"):
            host.kill("nobody")

    def test_freeze_one_by_name(self):
        host, shell = self.start_counter("test3")
        host.freeze(shell.pid)
        wait_until(lambda: shell.state() == "T", 20, "it is stopped", self.testbed)
        self.assertFalse(self.counting(host))
        self.assertEqual(host.processes()[0].state(), "S", "the others are not")
        host.thaw(shell.pid)
        self.assertTrue(self.counting(host))

    def test_freeze_all_of_a_host(self):
        host, _ = self.start_counter("test5")
        host.freeze()
        self.assertFalse(self.counting(host))
        self.assertTrue(self.reaches("client", "test5"), "its kernel goes on")
        host.thaw()
        self.assertTrue(self.counting(host))

    def test_waiting_in_vain_shows_the_hosts(self):
        self.testbed["test1"].write_file("/var/log/some.log", "a telling line\n")
        with self.assertRaisesRegex(AssertionError, "(?s)never true.*test1: addresses.*a telling line"):
            self.testbed.wait_until(lambda: False, 0.1, "never true")
