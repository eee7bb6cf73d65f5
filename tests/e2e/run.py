#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Run the end-to-end tests.

run.py --build BUILD [NAME...]      all, or those of which a NAME is a part of file.Class.test

One line for each test, with how long it took; what all hosts looked like when it failed is printed, and kept in
BUILD/e2e-reports. Ends with "N passed, N failed"; the status is 1 after a failure, and when nothing ran.
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True

from e2e import build
from testbed import wait

FILES = (
    "test_article",
    "test_production",
    "test_hactl",
    "test_clients",
    "test_resources",
    "test_supervisor",
    "test_operator",
    "test_power",
    "test_network",
    "test_links",
    "test_detection",
    "test_vip",
    "test_notify",
    "test_reload",
    "test_room",
    "test_processes",
    "test_pulse",
    "test_guard",
    "test_quorum",
    "test_durability",
    "test_nodes",
    "test_agents",
    "test_ocf",
)
LOG_LINES = 400


def short(test):
    """e2e.test_power.Power.test_x -> power.Power.test_x; what failed before a test began is named as its class."""
    return test.id().replace("e2e.test_", "")


class Result(unittest.TestResult):
    """A line for each test; a picture of all hosts while the failure is still to be seen."""

    def __init__(self):
        super().__init__()
        self.passed = 0
        self.failed = 0
        self._began = time.monotonic()
        self._bad = False

    def startTest(self, test):
        super().startTest(test)
        self._began = time.monotonic()
        self._bad = False

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1
        self._line("ok", test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._fail(test, err)

    def addError(self, test, err):
        super().addError(test, err)
        self._fail(test, err)

    def addSkip(self, test, reason):
        """Nothing is skipped here: a test that does not run has not passed."""
        super().addSkip(test, reason)
        self._line("FAILED", test)
        self.failed += 1

    def _line(self, word, test):
        print(f"{word:6} {short(test)}  {time.monotonic() - self._began:.1f} s", flush=True)

    def _fail(self, test, err):
        # A test and its clean-up may both fail: it is one failed test.
        if not self._bad:
            self.failed += 1
            self._line("FAILED", test)
        self._bad = isinstance(test, unittest.TestCase)
        if self._bad:
            type(test).needs_fresh = True
        text = self._exc_info_to_string(err, test)
        testbed = getattr(test, "testbed", None)
        if testbed is not None and testbed.pid is not None:
            text += "\n" + wait.report(testbed, LOG_LINES)
        os.makedirs(build.Build.reports, exist_ok=True)
        path = os.path.join(build.Build.reports, short(test).replace(" ", "_").replace("/", "_") + ".txt")
        with open(path, "a") as file:
            file.write(text)
        print(text)
        print(f"(kept in {path})", flush=True)


def wanted_tests(names):
    loader = unittest.TestLoader()
    suite = unittest.TestSuite()
    for file in FILES:
        for group in loader.loadTestsFromName(f"e2e.{file}"):
            chosen = [test for test in group if not names or any(name in short(test) for name in names)]
            suite.addTest(unittest.TestSuite(chosen))
    return suite


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, help="the build folder; the build is installed below a temporary one")
    parser.add_argument("--list", action="store_true", help="only say which tests there are")
    parser.add_argument("name", nargs="*")
    arguments = parser.parse_args()
    build.Build.folder = os.path.abspath(arguments.build)
    suite = wanted_tests(arguments.name)
    if arguments.list:
        print("\n".join(short(test) for group in suite for test in group))
        return 0
    # unittest takes any other exception for a test's: with this one SIGTERM, too, leaves nothing behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    layer = tempfile.mkdtemp(prefix="halyard-e2e-")
    result = Result()
    began = time.monotonic()
    try:
        build.prepare(arguments.build, os.path.join(layer, "root"))
        shutil.rmtree(build.Build.reports, ignore_errors=True)
        suite.run(result)
    finally:
        shutil.rmtree(layer)
    print(f"{time.monotonic() - began:.0f} s")
    print(f"{result.passed} passed, {result.failed} failed")
    return 1 if result.failed or not result.passed else 0


if __name__ == "__main__":
    sys.exit(main())
