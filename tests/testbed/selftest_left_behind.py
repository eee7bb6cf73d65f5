# SPDX-License-Identifier: Apache-2.0
"""What the self test starts as a process of its own, to see what remains when it ends: in the way its argument says."""

import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from testbed import Testbed, spaces  # noqa: E402


def describe(testbed):
    """Everything whose end can be seen: the folder, the processes, and the namespaces they are in."""
    pids, networks = [], set()
    for host in [*testbed.hosts, testbed.client]:
        pids += [process.outer for process in host.processes()]
        networks.add(os.stat(f"/proc/{host.pid}/ns/net").st_ino)
    pids += spaces.members(testbed.pid) + spaces.marked(testbed.directory) + [testbed._keeper.pid]
    networks.add(os.stat(f"/proc/{testbed.pid}/ns/net").st_ino)
    identities = [[pid, spaces.start_time(pid)] for pid in sorted(set(pids))]
    return {"directory": testbed.directory, "processes": identities, "networks": sorted(networks)}


def main():
    way = sys.argv[1]
    with Testbed() as testbed:
        testbed["test1"].spawn(["sleep", "1000"])
        testbed["test3"].popen(["sleep", "1000"])
        ping = testbed.ping("172.100.102.155").start()
        ping.wait_answered()
        if way == "frozen":
            testbed["test1"].freeze()
            testbed["test3"].freeze("sleep")
        print(json.dumps(describe(testbed)), flush=True)
        if way == "exception":
            raise RuntimeError("this is how it was to end")
        if way != "normal":
            time.sleep(1000)  # until it is killed


if __name__ == "__main__":
    main()
