# SPDX-License-Identifier: Apache-2.0
"""One thread of a process stands still, while the others go on: as a debugger does it (ptrace), for no signal can."""

import contextlib
import ctypes
import os

SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17
WALL = 0x40000000  # waitpid() for any thread


def _ptrace(request, thread):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    libc.ptrace.restype = ctypes.c_long
    if libc.ptrace(request, thread, None, None) < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"ptrace of {thread}: {os.strerror(error)}")


@contextlib.contextmanager
def main_thread_stopped(process):
    """The thread with the number of its process: its main thread. From one thread of the caller."""
    thread = process.outer
    _ptrace(SEIZE, thread)
    try:
        _ptrace(INTERRUPT, thread)
        _, status = os.waitpid(thread, WALL)
        if not os.WIFSTOPPED(status):
            raise OSError(f"thread {thread} has ended")
        yield
    finally:
        _ptrace(DETACH, thread)


def threads(process):
    """Their names."""
    folder = f"/proc/{process.outer}/task"
    names = []
    for thread in os.listdir(folder):
        with open(f"{folder}/{thread}/comm", encoding="ascii") as comm:
            names.append(comm.read().strip())
    return sorted(names)
