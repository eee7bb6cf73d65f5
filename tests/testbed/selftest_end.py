# SPDX-License-Identifier: Apache-2.0
"""Nothing is left behind, in whatever way a testbed ends; and the command line."""

import glob
import json
import os
import signal
import subprocess
import sys
import unittest

from . import freezer, spaces, wait_until
from .host import HERE


def networks_in_use():
    found = set()
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                found.add(os.stat(f"/proc/{name}/ns/net").st_ino)
            except OSError:
                pass
    return found


class LeftBehind(unittest.TestCase):
    def start(self, way):
        process = subprocess.Popen(
            [sys.executable, "-B", os.path.join(HERE, "selftest_left_behind.py"), way],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process, json.loads(spaces.read_line(process.stdout, 60, "the testbed"))

    def left(self, seen):
        """What of it is still there."""
        found = [pid for pid, started in seen["processes"] if spaces.start_time(pid) == started and spaces.is_alive(pid)]
        found += [f"network {inode}" for inode in set(seen["networks"]) & networks_in_use()]
        found += [f"process {pid}" for pid in spaces.marked(seen["directory"])]
        name = os.path.basename(seen["directory"])
        found += glob.glob(os.path.join(freezer.ROOT, f"{freezer.PREFIX}{name}.*"))
        found += [seen["directory"]] if os.path.exists(seen["directory"]) else []
        with open("/proc/self/mountinfo") as mounts:
            found += [line for line in mounts if seen["directory"] in line]
        return found

    def check_nothing_left(self, seen):
        self.assertGreater(len(seen["processes"]), 8)
        self.assertEqual(len(seen["networks"]), 5)
        wait_until(lambda: not self.left(seen), 20, lambda: f"these are left behind: {self.left(seen)}")

    def test_normal_end(self):
        process, seen = self.start("normal")
        self.assertEqual(process.wait(60), 0, "its status")
        # At the end of "with" everything has gone, not some time later.
        self.assertEqual(self.left(seen), [])
        self.check_nothing_left(seen)

    def test_exception(self):
        process, seen = self.start("exception")
        self.assertEqual(process.wait(60), 1)
        self.check_nothing_left(seen)

    def killed(self, way, number):
        process, seen = self.start(way)
        self.assertTrue(self.left(seen), "the test can see what is there")
        process.send_signal(number)
        self.assertEqual(process.wait(60), -number)
        self.check_nothing_left(seen)

    def test_killed(self):
        self.killed("wait", signal.SIGKILL)

    def test_killed_with_frozen_hosts(self):
        self.killed("frozen", signal.SIGKILL)

    def test_terminated(self):
        self.killed("wait", signal.SIGTERM)


class CommandLine(unittest.TestCase):
    def tool(self, *arguments, status=0):
        command = [sys.executable, "-B", os.path.join(HERE, "halyard-testbed"), "--name", self.name, *arguments]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, status, f"{arguments}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def setUp(self):
        self.name = f"selftest.{os.getpid()}"

    def test_a_kept_testbed(self):
        self.assertIn("there is no testbed", self.tool("status", status=1))
        self.tool("up", "--keep", "--maxscale", "test1=172.100.102.151", "test3=172.100.102.155")
        self.addCleanup(lambda: os.path.exists(self.directory) and self.tool("down"))
        from .cli import default_directory

        self.directory = default_directory(self.name)
        self.assertIn("halyard-testbed down", self.tool("up", "--keep", status=1))
        self.assertEqual(self.tool("exec", "test1", "hostname"), "test1\n")
        self.tool("exec", "test1", "sh", "-c", "exit 7", status=7)
        self.assertIn("RUNNING", self.tool("exec", "test3", "service", "maxscale", "status"))
        self.tool("exec", "test1", "ip", "addr", "add", "172.100.102.110/24", "dev", "eth0")
        self.assertEqual(json.loads(self.tool("who", "--seconds", "0.5"))["now"], ["test1"])
        self.assertGreater(json.loads(self.tool("ping", "--seconds", "0.5"))["answered"], 10)
        self.tool("fault", "cut", "test1", "test3")
        self.assertIn("drop", self.tool("status"))
        self.tool("exec", "test1", "ping", "-c1", "-W1", "test3", status=1)
        self.tool("fault", "power-off", "test3")
        self.assertIn("off", self.tool("status"))
        self.assertIn("test3 is off", self.tool("exec", "test3", "true", status=1))
        self.tool("fault", "heal")
        self.tool("exec", "test1", "ping", "-c3", "-W2", "test3")
        self.tool("fault", "break-maxscale", "test1")
        self.tool("exec", "test1", "service", "maxscale", "start", status=1)
        self.tool("fault", "nonsense", "test1", status=2)
        self.tool("down")
        self.assertFalse(os.path.exists(self.directory))
        self.assertEqual(spaces.marked(self.directory), [])
