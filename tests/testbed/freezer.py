# SPDX-License-Identifier: Apache-2.0
"""Stopping a whole host as a paused virtual machine stops: all at once, and nobody inside is told."""

import os
import signal
import time

from . import spaces

PREFIX = "halyard-testbed."


def _find_root():
    """The root of the cgroup v2 hierarchy: its freezer, unlike that of v1, lets a frozen process be killed."""
    for path in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified"):
        if os.path.exists(os.path.join(path, "cgroup.controllers")):
            return path
    return "/sys/fs/cgroup"


ROOT = _find_root()


def _write(path, text):
    with open(path, "w") as file:
        file.write(text)


def _usable():
    return spaces.is_root() and os.path.exists(os.path.join(ROOT, "cgroup.controllers")) and os.access(ROOT, os.W_OK)


def _until_stable(init_pid, act):
    """A process may fork while the others are dealt with: go on until nobody new is there."""
    done = set()
    while True:
        new = [pid for pid in spaces.members(init_pid) if pid not in done]
        if not new:
            return
        for pid in new:
            act(pid)
            done.add(pid)


def freeze(init_pid, group_name):
    """Freeze every process of a pid namespace; says by which means."""
    if not _usable():
        _until_stable(init_pid, lambda pid: spaces.kill(pid, signal.SIGSTOP))
        return "signals"
    group = os.path.join(ROOT, PREFIX + group_name)
    os.makedirs(group, exist_ok=True)

    def move(pid):
        try:
            _write(os.path.join(group, "cgroup.procs"), str(pid))
        except ProcessLookupError:
            pass  # it ended

    _until_stable(init_pid, move)
    _write(os.path.join(group, "cgroup.freeze"), "1")
    for _ in range(2000):
        with open(os.path.join(group, "cgroup.events")) as file:
            if "frozen 1" in file.read():
                return "cgroup"
        time.sleep(0.001)
    raise RuntimeError(f"testbed: {group} did not freeze within 2 s")


def thaw(init_pid, group_name):
    group = os.path.join(ROOT, PREFIX + group_name)
    if os.path.exists(os.path.join(group, "cgroup.freeze")):
        _write(os.path.join(group, "cgroup.freeze"), "0")
    # Also after the cgroup: single processes may have been stopped before.
    _until_stable(init_pid, lambda pid: spaces.kill(pid, signal.SIGCONT))


def discard(group_name):
    """Remove the group of a host which is off."""
    group = os.path.join(ROOT, PREFIX + group_name)
    if os.path.isdir(group):
        os.rmdir(group)
