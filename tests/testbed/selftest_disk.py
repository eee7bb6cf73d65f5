# SPDX-License-Identifier: Apache-2.0
"""Hosts that come later, and what can be done to a disk."""

import unittest

from . import Testbed, disk
from .halyard import DAEMON
from .selftest_case import TestbedCase


class Disk(TestbedCase):
    def setUp(self):
        super().setUp()
        for host in self.testbed.hosts:
            disk.wipe(host)

    def write(self, name, content, file="log"):
        host = self.testbed[name]
        host.write_file(f"{disk.STATE}/{file}", content)
        return host

    def test_wipe(self):
        host = self.write("test1", "one", "deep/er/.file")
        other = self.write("test3", "three")
        self.assertEqual(disk.files(host), {"deep/er/.file": 3})
        disk.wipe(host)
        self.assertEqual((disk.files(host), disk.files(other)), ({}, {"log": 5}))
        self.assertTrue(host.exists(disk.STATE), "the folder itself stays")

    def test_aside_and_back(self):
        host = self.write("test1", "old")
        disk.put_aside(host, "sunday")
        self.assertEqual(disk.files(host), {})
        self.write("test1", "new", "other")
        disk.bring_back(host, "sunday")
        self.assertEqual(host.read_file(f"{disk.STATE}/log"), "old")
        self.assertEqual(disk.files(host), {"log": 3}, "what came meanwhile is gone")
        with self.assertRaisesRegex(RuntimeError, "failed"):
            disk.bring_back(host, "monday")
        with self.assertRaisesRegex(RuntimeError, "failed"):
            disk.put_aside(host, "sunday")

    def test_copy(self):
        self.write("test1", "one")
        self.write("test3", "gone", "before")
        disk.copy(self.testbed["test1"], self.testbed["test3"])
        self.assertEqual(disk.files(self.testbed["test3"]), {"log": 3})
        self.assertEqual(self.testbed["test1"].read_file(f"{disk.STATE}/log"), "one")

    def test_flip(self):
        host = self.write("test1", b"01234")
        self.assertEqual(disk.flip_byte(host, "log"), 2)
        self.assertEqual(disk.flip_byte(host, "log", -1), 4)
        with open(host.path(f"{disk.STATE}/log"), "rb") as file:
            self.assertEqual(file.read(), bytes([0x30, 0x31, 0x32 ^ 0xFF, 0x33, 0x34 ^ 0xFF]))
        with self.assertRaisesRegex(RuntimeError, "has 5 bytes: there is none at 5"):
            disk.flip_byte(host, "log", 5)

    def test_of_a_host_that_is_off(self):
        host = self.write("test5", "five")
        host.power_off()
        disk.put_aside(host, "off")
        self.assertEqual(disk.files(host), {})
        host.power_on()
        self.assertFalse(host.exists(f"{disk.STATE}/log"))

    def test_not_under_a_running_daemon(self):
        host = self.write("test1", "one")
        daemon = self.stand_in(host)
        with self.assertRaisesRegex(RuntimeError, f"{DAEMON} runs on test1"):
            disk.wipe(host)
        daemon.kill()
        self.testbed.wait_until(lambda: not daemon.is_alive(), 20, "its end")
        disk.wipe(host)

    @staticmethod
    def stand_in(host):
        """Something that is called as the daemon is."""
        host.run(["cp", "/bin/sleep", f"/root/{DAEMON}"])
        return host.spawn([f"/root/{DAEMON}", "1000"])


class MoreHosts(unittest.TestCase):
    def test_a_host_more(self):
        with Testbed() as testbed:
            host = testbed.add_host("test7", "172.100.102.170")
            self.assertEqual([one.name for one in testbed.hosts], ["test1", "test3", "test5", "test7"])
            for one, other in (("test1", "test7"), ("test7", "test5"), ("client", "test7")):
                to = testbed[other].address
                testbed.wait_until(
                    lambda: testbed[one].call(["ping", "-c1", "-W1", to]).status == 0, 20, f"{one} reaches {other}"
                )
            self.assertEqual(testbed["test3"].run(["getent", "hosts", "test7"]).split()[0], "172.100.102.170")
            host.write_file(f"{disk.STATE}/kept", "kept")
            host.power_off()
            attached = Testbed.attach(testbed.directory)
            self.assertEqual(attached["test7"].mac, host.mac)
            host.power_on()
            self.assertEqual(host.read_file(f"{disk.STATE}/kept"), "kept")
            with self.assertRaisesRegex(ValueError, "already"):
                testbed.add_host("test8", "172.100.102.170")
