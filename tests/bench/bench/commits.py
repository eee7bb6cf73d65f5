# SPDX-License-Identifier: Apache-2.0
"""Commits: what an edit takes, how many a second, and how long nobody takes any when the DC dies. README.md tells more."""

import argparse
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from . import machine
from .halyard import HalyardStack
from .pacemaker import PacemakerStack
from .stack import Missing

CLIENTS = (1, 32, 256)
BYTES = 1024
SYNCS = 1000
LONG_LIFE = 11  # seconds
EDITS = "/usr/local/bin/bench-edits"
SOCKET = "var/run/halyard/core/halyard.sock"
STATE = "var/lib/halyard"

# N loops side by side on the host itself, each one command after the other, for some seconds.
LOOPS = """
import json, subprocess, sys, threading, time
commands, loops, seconds = json.loads(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
end, times, failures = time.monotonic() + seconds, [], []
def loop(number):
    turn = 0
    while time.monotonic() < end:
        began = time.perf_counter()
        command = [word.replace("LOOP", str(number)) for word in commands[turn % len(commands)]]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True)
        (failures if done.returncode else times).append((time.perf_counter() - began) * 1000)
        turn += 1
began = time.monotonic()
threads = [threading.Thread(target=loop, args=(number,)) for number in range(loops)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(json.dumps({"times": times, "failures": len(failures), "seconds": time.monotonic() - began}))
"""

# What the new DC's log says, with the time of day to the millisecond.
STAMP = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\.(\d{3}) \S+ core \w+: (.*)$")
DETECTED = re.compile(r"stands for election|is gone|candidate in term")
LEADS = re.compile(r"this node leads in term")


def _say(text):
    print(text, file=sys.stderr, flush=True)


def _arguments():
    parser = argparse.ArgumentParser(prog="run", description="Measures commits, beside Pacemaker, in one run.")
    parser.add_argument("build", help="the build folder")
    parser.add_argument("--seconds", type=float, default=5, help="how long each load lasts (5)")
    parser.add_argument("--kills", type=int, default=5, metavar="N", help="how often each death of the DC happens (5)")
    parser.add_argument("--no-peer", action="store_true", help="Halyard only")
    parser.add_argument("--storage", choices=("disk", "memory"), default="disk", help="the hosts' disks (disk)")
    parser.add_argument("--json", metavar="FILE", help="write all samples there")
    return parser.parse_args()


def _quantile(values, part):
    return sorted(values)[int((len(values) - 1) * part)]


def _path(host, name):
    """A path of an installation, whatever its prefix is: as the host sees it."""
    for prefix in ("/", "/usr/local", "/usr"):
        path = os.path.join(prefix, name)
        if host.call(["test", "-e", path]).status == 0:
            return path
    raise RuntimeError(f"{host.name}: there is no {name}")


def _json_of(host, argv, timeout):
    return json.loads(host.run(argv, timeout=timeout))


def _loops(host, commands, loops, seconds):
    argv = ["/usr/bin/python3", "-ISc", LOOPS, json.dumps(commands), str(loops), str(seconds)]
    found = _json_of(host, argv, seconds + 120)
    if found["failures"] or not found["times"]:
        raise RuntimeError(f"{commands[0][0]}: {found['failures']} failed, {len(found['times'])} did not")
    return {
        "p50_ms": _quantile(found["times"], 0.5),
        "p99_ms": _quantile(found["times"], 0.99),
        "per_second": len(found["times"]) / found["seconds"],
        "count": len(found["times"]),
    }


class Halyard:
    def __init__(self, stack, arguments):
        self.stack = stack
        self.arguments = arguments
        self.rows = []
        self.killed = {}  # host -> when last

    def _row(self, title, sample):
        sample["load"] = machine.load()
        self.rows.append((title, sample))
        _say(f"Halyard: {title}: {json.dumps(sample)}")

    def _disk(self, host, when):
        file = os.path.join(_path(host, STATE), "bench")
        sample = _json_of(host, [EDITS, "disk", file, str(SYNCS), str(BYTES)], 120)
        self._row(f"the disk itself, {when}: append {BYTES} bytes, fdatasync", sample)

    def _edits(self, host, where):
        socket = _path(host, SOCKET)
        for clients in CLIENTS:
            seconds = str(self.arguments.seconds)
            sample = _json_of(host, [EDITS, "edit", socket, str(clients), seconds, str(BYTES)], 120)
            self._row(f"edits, {clients} client{'s' if clients > 1 else ''} at {where}", sample)

    def _kill(self, title, victims):
        """From the death of the DC to the first edit that its successor acknowledges to a client elsewhere."""
        samples = []
        for _ in range(self.arguments.kills):
            self.stack.testbed.wait_until(self.stack.dc, 60, "there is a DC")
            dc = self.stack.dc()
            self._rest(dc)
            other = next(host for host in self.stack.testbed.hosts if host.name != dc)
            argv = [EDITS, "until", _path(other, SOCKET), "3"]
            client = other.popen(argv, stdout=subprocess.PIPE, text=True)
            time.sleep(1)
            doomed = victims(dc)
            died = self.killed[dc] = time.time()
            for process in doomed:
                process.kill(signal.SIGKILL)
            lines, _ = client.communicate(timeout=60)
            samples.append({**self._outage(dc, died, [float(line) for line in lines.split()]), "dc": dc})
            self._revive(dc)
        self._row(title, {"samples": samples})

    def _outage(self, dc, died, acknowledged):
        """Times of day, ms, become times since the death."""
        boot = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
        after = [at / 1000 + boot - died for at in acknowledged]
        gap, first = max((b - a, b) for a, b in zip(after, after[1:]) if b > 0)
        detected, leads = self._log_times(dc, died)
        return {
            "first_ack_ms": first * 1000,
            "longest_gap_ms": gap * 1000,
            "detected_ms": (detected - died) * 1000 if detected else None,
            "leads_ms": (leads - died) * 1000 if leads else None,
        }

    def _log_times(self, dc, died):
        detected = leads = None
        for host in self.stack.testbed.hosts:
            seen = None
            if host.name == dc:
                continue
            for line in host.run(["cat", "/var/log/halyard.log"]).splitlines():
                match = STAMP.match(line)
                if not match:
                    continue
                day, ms, text = match.groups()
                at = time.mktime(time.strptime(day, "%Y-%m-%d %H:%M:%S")) + int(ms) / 1000
                if at + 0.001 < died:
                    continue
                if DETECTED.search(text):
                    seen = seen or at
                if LEADS.search(text) and (leads is None or at < leads):
                    leads, detected = at, seen
        return detected, leads

    def _rest(self, host):
        """A core that dies again within ten seconds is started later on purpose."""
        time.sleep(max(0, self.killed.get(host, 0) + LONG_LIFE - time.time()))

    def _revive(self, dc):
        host = self.stack.testbed[dc]
        if not self.stack.daemons(dc):
            self.stack.start_one(host)
        everybody = "Online: [ test1 test3 test5 ]"
        self.stack.testbed.wait_until(
            lambda: all(everybody in self.stack.status(h.name) for h in self.stack.testbed.hosts), 60, "all are back"
        )
        time.sleep(1)

    def measure(self):
        with open(os.path.join(self.arguments.build, "tests/bench/consensus/edits"), "rb") as file:
            program = file.read()
        for host in self.stack.testbed.hosts:
            host.write_file(EDITS, program, mode=0o755)
        dc = self.stack.testbed[self.stack.dc()]
        other = next(host for host in self.stack.testbed.hosts if host is not dc)
        self._disk(dc, "before")
        self._edits(dc, "the DC")
        self._edits(other, "another node")
        self._disk(dc, "after")
        commands = [["hactl", "configure", "property", f"cluster-delay={value}"] for value in ("61s", "62s")]
        sample = _loops(other, commands, 1, self.arguments.seconds)
        self._row("hactl configure property, one after the other", sample)
        self._kill("kill -9 of the DC's core", self.stack.deciders)
        self._kill("kill -9 of all daemons of the DC", self.stack.daemons)


def _measure_peer(stack, arguments):
    rows = []
    commands = [stack.quick_change("bench-LOOP", value * BYTES) for value in ("x", "y")]
    for loops in (1, 32):
        sample = {**_loops(stack.testbed["test1"], commands, loops, arguments.seconds), "load": machine.load()}
        rows.append((f"crm_attribute, {loops} loop{'s' if loops > 1 else ''}", sample))
        _say(f"{stack.title}: {rows[-1][0]}: {json.dumps(sample)}")
    return rows


def _cells(sample):
    if "samples" in sample:
        columns = []
        for key in ("first_ack_ms", "detected_ms", "leads_ms"):
            values = [one[key] for one in sample["samples"] if one[key] is not None]
            spread = f"{statistics.median(values):.1f} ({min(values):.1f}-{max(values):.1f})" if values else "?"
            columns.append(spread)
        return f"first edit acknowledged after {columns[0]} ms; detected {columns[1]}, elected {columns[2]}"
    rate = f"{sample['per_second']:.0f}" if "per_second" in sample else ""
    return f"{sample['p50_ms']:.2f} | {sample['p99_ms']:.2f} | {rate}"


def _render(result):
    yield f"{result['machine']}, storage {result['storage']}, edits of {BYTES} bytes"
    yield ""
    yield "| what | p50 ms | p99 ms | a second | load |"
    yield "|---|---|---|---|---|"
    for column in result["columns"]:
        if "error" in column:
            yield f"| {column['title']} | **{column['error']}** | | | |"
        for title, sample in column["rows"]:
            cells = _cells(sample)
            yield f"| {title} | {cells}{' | |' if 'samples' in sample else ''} | {sample['load']:.1f} |"


def _columns(arguments, folder):
    halyard = HalyardStack(arguments.storage, arguments.build, os.path.join(folder, "layer"))
    yield halyard, lambda: Halyard(halyard, arguments)
    if not arguments.no_peer:
        yield PacemakerStack(arguments.storage), None


def _take(stack, make, arguments):
    column = {"title": stack.title, "rows": []}
    bench = make() if make else None
    try:
        stack.require()
        with stack.up():
            if bench:
                bench.measure()
            else:
                column["rows"] = _measure_peer(stack, arguments)
    except Missing as reason:
        column["error"] = f"MISSING: {reason}"
    except (AssertionError, RuntimeError, OSError, ValueError) as error:
        column["error"] = f"FAILED: {error}"
    if bench:
        column["rows"] = bench.rows
    return column


def main():
    arguments = _arguments()
    result = {"machine": machine.describe(), "storage": arguments.storage, "columns": []}
    folder = tempfile.mkdtemp(prefix="halyard-bench-")
    try:
        for stack, make in _columns(arguments, folder):
            result["columns"].append(_take(stack, make, arguments))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if arguments.json:
            with open(arguments.json, "w") as file:
                json.dump(result, file, indent=1)
    print("\n".join(_render(result)))
    return 1 if any("error" in column for column in result["columns"]) else 0
