# SPDX-License-Identifier: Apache-2.0
"""The testbed tests itself: its faults do what they say and nothing else, and its probes tell the truth.

python3 tests/testbed/selftest.py [-k PATTERN]      as root, or as a user who may have user namespaces
"""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True


def main():
    from testbed import selftest_disk, selftest_end, selftest_hosts, selftest_network, selftest_probe, selftest_stack

    modules = [selftest_network, selftest_hosts, selftest_disk, selftest_probe, selftest_stack, selftest_end]
    loader = unittest.TestLoader()
    if len(sys.argv) == 3 and sys.argv[1] == "-k":
        loader.testNamePatterns = [f"*{sys.argv[2]}*"]
    elif len(sys.argv) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    suite = unittest.TestSuite(loader.loadTestsFromModule(module) for module in modules)
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    return 1 if failed or not result.testsRun else 0


if __name__ == "__main__":
    sys.exit(main())
