#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What longrun.py counts, with a program in place of the simulator that says what it is told to."""

import contextlib
import io
import json
import os
import pathlib
import signal
import sys
import tempfile
import threading
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import longrun  # noqa: E402

FAKE = """#!/bin/sh
nodes=$4
line() { echo "seed $1: $nodes nodes, $2, 7 faults, $3 s in 0.10 s (9 x), 5 steps, hash 0123456789abcdef"; }
"""
GOOD = 'line "$2" lan 3600; line $(($2 + 1)) wan 1800\n'
BAD = """line "$2" lan 3600; line $(($2 + 1)) lan 100
echo "VIOLATION seed $(($2 + 1)), two-active at 12.500000 s: db runs twice"
echo "VIOLATION two-active at 11.500000 s: db runs twice"
echo "saved: halyard-sim --schedule ./two-active-1.sim"
exit 1
"""
STUCK = 'line "$2" lan 3600\ntouch "$0.said.$$"\nsleep 600 & wait\n'
DEAD = 'line "$2" lan 3600\nkill -9 $$\n'


class LongRun(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.tally = os.path.join(self.folder.name, "tally")

    def go(self, script, hours, mix, jobs=2, during=None):
        path = pathlib.Path(self.folder.name, "sim")
        path.write_text(FAKE + script)
        path.chmod(0o755)
        run = longrun.Long(str(path), hours, jobs, self.tally, mix=mix)
        if during:
            threading.Thread(target=during, args=(run,)).start()
        with contextlib.redirect_stdout(io.StringIO()) as said:
            good = run.go()
        return run, good, said.getvalue()

    def test_counts_node_hours(self):
        run, good, said = self.go(GOOD, 3, {5: 1}, jobs=1)
        self.assertTrue(good)
        self.assertEqual(run.all.seconds, {"5 lan": 7200, "5 wan": 3600})
        self.assertEqual((run.all.runs, run.all.faults), (4, 28))
        self.assertEqual(run.all.node_hours, 15)
        self.assertIn("done: 15 node-hours (3.0 hours, 4 runs, 28 faults), 0 violations", said)

    def test_goes_on_after_violations(self):
        run, good, said = self.go(BAD, 3, {3: 1}, jobs=1)
        self.assertFalse(good)
        self.assertEqual(len(run.all.violations), 3)
        self.assertEqual(run.all.seconds, {"3 lan": 3 * 3700})
        found = run.all.violations[0]
        self.assertEqual((found["what"], found["words"]), ("two-active", "db runs twice"))
        self.assertTrue(found["schedule"].endswith("/two-active-1.sim"))
        self.assertIn(f"VIOLATION two-active, seed {found['seed']}", said)

    def test_a_process_that_dies_is_a_violation(self):
        run, good, _ = self.go(DEAD, 1, {3: 1}, jobs=1)
        self.assertFalse(good)
        self.assertEqual([(found["what"], found["words"]) for found in run.all.violations], [("no-end", "status -9")])

    def test_tells_what_was_done_when_it_is_stopped(self):
        def stop(run):
            while len(list(pathlib.Path(self.folder.name).glob("sim.said.*"))) < 2:
                time.sleep(0.01)
            os.kill(os.getpid(), signal.SIGTERM)

        run, good, said = self.go(STUCK, 1000, {4: 1}, during=stop)
        self.assertTrue(good)
        self.assertFalse(run.children)
        self.assertRegex(said, r"stopped: 8 node-hours")

    def test_the_tally_goes_on(self):
        self.go(GOOD, 1, {3: 1}, jobs=1)
        self.go(BAD, 1, {5: 1}, jobs=1)
        with open(self.tally, encoding="utf-8") as file:
            self.assertEqual(len([json.loads(line) for line in file]), 2)
        both = longrun.read_tally(self.tally)
        self.assertEqual(both.seconds, {"3 lan": 3600, "3 wan": 1800, "5 lan": 3700})
        self.assertEqual((both.runs, len(both.violations)), (4, 1))


if __name__ == "__main__":
    unittest.main()
