# SPDX-License-Identifier: Apache-2.0
"""Namespaces: how they are made, entered, looked into and ended."""

import os
import select
import signal
import subprocess
import tempfile
import time

MARK = "HALYARD_TESTBED"
ALL = ("mnt", "net", "pid", "uts", "ipc")


def is_root():
    return os.geteuid() == 0


def has_subordinate_ids():
    """An ordinary user with a range in /etc/subuid and /etc/subgid can have more than one user inside."""
    import pwd

    user = pwd.getpwuid(os.geteuid()).pw_name
    for path in ("/etc/subuid", "/etc/subgid"):
        try:
            with open(path) as lines:
                if not any(line.split(":")[0] in (user, str(os.geteuid())) for line in lines):
                    return False
        except OSError:
            return False
    return True


def user_namespace_options():
    """Options of unshare(1): root needs no user namespace, and without one has real-time priority and eBPF."""
    if is_root():
        return []
    options = ["--user", "--map-root-user"]
    return options + ["--map-auto"] if has_subordinate_ids() else options


def enter(pid, spaces=ALL):
    """The command line which runs what follows it in the namespaces of the process."""
    flags = {"mnt": "--mount", "net": "--net", "pid": "--pid", "uts": "--uts", "ipc": "--ipc"}
    command = ["nsenter", "--target", str(pid)]
    if not is_root():
        command += ["--user", "--preserve-credentials"]
    return command + [flags[space] for space in spaces] + ["--"]


def run(pid, spaces, argv, input=None):
    """Run a command of the testbed itself; a failure is an error of the testbed."""
    done = subprocess.run(enter(pid, spaces) + argv, input=input, text=True, capture_output=True)
    if done.returncode != 0:
        given = f" with:\n{input}" if input else ""
        raise RuntimeError(f"testbed: {' '.join(argv)} failed ({done.returncode}): {done.stderr.strip()}{given}")
    return done.stdout


def stat_fields(pid):
    """The fields of /proc/PID/stat, from the state on (field 3 of proc(5)); None if there is no such process."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def start_time(pid):
    """With the pid, the identity of a process: pids are used again."""
    fields = stat_fields(pid)
    return int(fields[19]) if fields else None


def is_alive(pid):
    fields = stat_fields(pid)
    return fields is not None and fields[0] not in "ZX"


def members(init_pid):
    """The processes (as pids of the caller) of the pid namespace whose first process is init_pid."""
    try:
        space = os.stat(f"/proc/{init_pid}/ns/pid")
    except OSError:
        return []
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            if os.stat(f"/proc/{name}/ns/pid").st_ino == space.st_ino:
                found.append(int(name))
        except OSError:
            continue  # ended, a zombie, or somebody else's
    return sorted(found)


def inner_pid(pid):
    """The pid a process has in its innermost pid namespace."""
    try:
        with open(f"/proc/{pid}/status") as file:
            for line in file:
                if line.startswith("NSpid:"):
                    return int(line.split()[-1])
    except (FileNotFoundError, ProcessLookupError):
        pass
    return None


def kill(pid, number):
    try:
        os.kill(pid, number)
        return True
    except ProcessLookupError:
        return False


def wait_gone(pid, timeout):
    """Wait for the end of any process, a child or not. False when it did not come in time."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        ready, _, _ = select.select([handle], [], [], timeout)
        return bool(ready)
    finally:
        os.close(handle)


def end_namespace(first, waiters, timeout):
    """Kill the first process of a pid namespace, and with it all others. False when they have not gone in time.

    The kernel waits until each of them is reaped; those which came in by nsenter(1) are reaped by it, and it stops itself
    when its command is stopped. So these waiters are continued, until all is over.
    """
    kill(first, signal.SIGKILL)
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        for waiter in waiters:
            kill(waiter, signal.SIGCONT)
        if wait_gone(first, 0.1):
            return True
    return False


def end_command(waiter):
    """Kill what a waiter (nsenter, the leader of a process group) waits for, so that it reaps it and ends."""
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != waiter:
            fields = stat_fields(name)
            if fields and int(fields[2]) == waiter:
                kill(int(name), signal.SIGKILL)
    kill(waiter, signal.SIGCONT)
    if not wait_gone(waiter, 10):
        kill(waiter, signal.SIGKILL)


def read_line(stream, timeout, what):
    """One line from a pipe, with a limit of time."""
    deadline = time.monotonic() + timeout
    line = b""
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([stream], [], [], max(0.0, deadline - time.monotonic()))
        byte = os.read(stream.fileno(), 1) if ready else b""
        if not byte:
            why = "ended" if ready else f"said nothing for {timeout} s"
            raise RuntimeError(f"testbed: {what} {why}: {line.decode(errors='replace')}")
        line += byte
    return line.decode().strip()


def marked(directory):
    """The processes on the machine which wait for commands of a testbed (and those which are in it)."""
    wanted = f"{MARK}={directory}".encode()
    found = []
    for name in os.listdir("/proc"):
        try:
            with open(f"/proc/{name}/environ", "rb") as file:
                if name.isdigit() and wanted in file.read().split(b"\0"):
                    found.append(int(name))
        except OSError:
            continue  # ended, or somebody else's
    return found


def start(command, what, environment=None):
    """Start a command which says one line, and stays: the process and the line."""
    # Complaints are shown when it fails to start only; unshare(1) has some at each regular end.
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            start_new_session=True,
            env=environment,
        )
        try:
            line = read_line(process.stdout, 30, what)
        except RuntimeError as error:
            process.kill()
            process.wait()
            complaints.seek(0)
            raise RuntimeError(f"{error}{complaints.read().decode(errors='replace').strip()}") from None
        finally:
            process.stdout.close()
    return process, line
