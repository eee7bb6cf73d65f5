# SPDX-License-Identifier: Apache-2.0
"""The process which guards a testbed, and removes it when whoever asked for it is gone.

Started by cluster.py as a program of its own. It holds one end of a pipe; the other end is in the orchestrator and is
closed by the kernel whatever becomes of it, kill -9 included. All processes of the testbed are in one pid namespace, so
the end of its first process ends them all, and with them go the networks and the mounts.
"""

import glob
import os
import select
import shutil
import signal
import subprocess
import sys

# Run as a program, it finds its package next to it.
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from testbed import freezer, spaces  # noqa: E402

# The first process of the testbed. Its own pid is read before anything is mounted: the pid of the machine is what the
# orchestrator needs. With SIGCHLD ignored the kernel reaps the orphans (dash cannot ignore it).
FIRST = """
read -r pid rest </proc/self/stat
if [ "$2" = memory ]; then mount -t tmpfs -o mode=755 disks "$1" || exit 1; fi
ip link set lo up || exit 1
echo "$pid"
exec env --ignore-signal=CHLD sleep infinity </dev/null >/dev/null 2>&1
"""


def start(directory, storage):
    command = ["setpriv", "--pdeathsig", "KILL", "unshare", *spaces.user_namespace_options()]
    command += ["--mount", "--net", "--pid", "--uts", "--ipc", "--fork", "--kill-child"]
    command += ["sh", "-c", FIRST, "testbed", os.path.join(directory, "hosts"), storage]
    child, line = spaces.start(command, "the first process of the testbed")
    return child, int(line)


def guard(child, watched):
    """Until the orchestrator is gone, somebody asks for the end, or the testbed ends by itself."""
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    handle = os.pidfd_open(child.pid)
    select.select([wake, handle] + watched, [], [])
    os.close(handle)


def remove(directory):
    for group in glob.glob(os.path.join(freezer.ROOT, freezer.PREFIX + os.path.basename(directory) + ".*")):
        try:
            os.rmdir(group)
        except OSError as error:
            print(f"testbed: {group} stays behind: {error}", file=sys.stderr)
    if not spaces.is_root():
        # Files may belong to subordinate users: only the root of a user namespace may remove these.
        hosts = os.path.join(directory, "hosts")
        subprocess.run(["unshare", *spaces.user_namespace_options(), "rm", "-rf", "--", hosts])
    shutil.rmtree(directory)


def main():
    directory, storage, keep = sys.argv[1], sys.argv[2], sys.argv[3] == "keep"
    child = first = None
    try:
        os.mkdir(os.path.join(directory, "hosts"))
        child, first = start(directory, storage)
        print(first, flush=True)
        if keep:
            devnull = os.open(os.devnull, os.O_RDWR)
            os.dup2(devnull, 0)
            os.dup2(devnull, 1)
        guard(child, [] if keep else [0])
    except (RuntimeError, OSError, ValueError) as error:
        print(f"testbed: cannot start: {error}", file=sys.stderr)
        return 1
    finally:
        if child is not None:
            spaces.end_namespace(first, spaces.marked(directory), 60)
            child.wait()
        for waiter in spaces.marked(directory):
            spaces.end_command(waiter)
        remove(directory)
    return 0


if __name__ == "__main__":
    sys.exit(main())
