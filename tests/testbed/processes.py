# SPDX-License-Identifier: Apache-2.0
"""The processes of a host, seen from outside: found, killed, stopped and continued without asking the host."""

import os
import signal
from dataclasses import dataclass

from . import spaces


@dataclass(frozen=True)
class Process:
    pid: int  # inside the host
    outer: int  # on the machine
    parent: int  # inside the host; 0 for one which was started from outside
    name: str  # the kernel's name of the process, at most 15 characters
    argv: tuple

    def matches(self, what):
        """By pid, by the name of the process, or by that of its program or script."""
        if isinstance(what, int):
            return self.pid == what
        if self.pid == 1:
            return False  # it belongs to the testbed: nobody who asks for "sleep" means it
        return self.name == what[:15] or any(os.path.basename(arg) == what for arg in self.argv[:1])

    def is_alive(self):
        return spaces.is_alive(self.outer)

    def state(self):
        """One letter, as in proc(5): T is stopped, R and S run and sleep. None: there is no such process."""
        fields = spaces.stat_fields(self.outer)
        return fields[0] if fields else None

    def kill(self, number=signal.SIGKILL):
        return spaces.kill(self.outer, number)


def _describe(outer, inner_of):
    try:
        with open(f"/proc/{outer}/comm") as file:
            name = file.read().rstrip("\n")
        with open(f"/proc/{outer}/cmdline") as file:
            argv = tuple(file.read().split("\0")[:-1])
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = spaces.stat_fields(outer)
    if fields is None or fields[0] in "ZX" or inner_of[outer] is None:
        return None
    return Process(inner_of[outer], outer, inner_of.get(int(fields[1])) or 0, name, argv)


def list_processes(init_pid):
    outers = spaces.members(init_pid)
    inner_of = {outer: spaces.inner_pid(outer) for outer in outers}
    found = (_describe(outer, inner_of) for outer in outers)
    return sorted((process for process in found if process), key=lambda process: process.pid)
