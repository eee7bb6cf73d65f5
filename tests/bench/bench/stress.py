# SPDX-License-Identifier: Apache-2.0
"""A cluster beside stress-ng: nothing fails, so whatever moves has moved for nothing. README.md says how to read the result."""

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from testbed.probe import Ping, WhoHas, find_probe

from . import machine, outage
from .contestants import CONTESTANTS, add_arguments, check, keep_logs
from .stack import Missing
from .table import lines, number

WORKERS = 2  # of each kind for each processor
KINDS = ("cpu", "vm", "io")
SHARE = 4  # the workers of memory have together a quarter of it
LAP = 20  # seconds; a probe lists so many events and no more
DEFAULT = ("lan", "fast")
TROUBLE = (AssertionError, RuntimeError, OSError)


def _say(text):
    print(text, file=sys.stderr, flush=True)


def _arguments():
    parser = argparse.ArgumentParser(prog="stress", description="Counts takeovers that should not have been, beside stress-ng.")
    add_arguments(parser, ", ".join(DEFAULT))
    parser.add_argument("--minutes", type=float, default=30, metavar="N", help="how long, for each contestant (30)")
    arguments = parser.parse_args()
    check(parser, arguments.contestant, list(CONTESTANTS), "--contestant")
    if not (arguments.build or arguments.list):
        parser.error("a build folder is wanted")
    return arguments


@contextlib.contextmanager
def _stress():
    """stress-ng on the machine itself, where all hosts have their processors and disks from."""
    workers = WORKERS * len(os.sched_getaffinity(0))
    bytes_each = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // SHARE // workers
    command = ["stress-ng", "--quiet", "--vm-bytes", str(bytes_each)]
    command += [word for kind in KINDS for word in (f"--{kind}", str(workers))]
    # It complains about being ended; what it says matters only if it ends by itself.
    with tempfile.TemporaryDirectory(prefix="halyard-stress-") as folder, tempfile.TemporaryFile("w+") as said:
        command += ["--temp-path", folder]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True)

        def check_alive():
            if process.poll() is not None:
                said.seek(0)
                raise RuntimeError(f"stress-ng ended by itself with status {process.returncode}: {said.read().strip()}")

        try:
            yield check_alive
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
            process.wait()


class Count:
    """What the probes saw, lap for lap."""

    def __init__(self, holders):
        self.holders = set(holders)  # the last that answered
        self.takeovers = []
        self.several_ms = self.longest_gap_ms = self.late_ms = 0.0
        self.gaps = {}

    def add(self, asked, seen):
        for transition in asked["transitions"]:
            now = set(transition["holders"])
            if now - self.holders:
                self.takeovers.append({"at_ms": transition["at_ms"], "from": sorted(self.holders), "to": sorted(now)})
            self.holders = now or self.holders
        self.several_ms += asked["several"]["total_ms"]
        self.longest_gap_ms = max(self.longest_gap_ms, seen["longest_gap_ms"])
        self.late_ms = max(self.late_ms, seen["own_delay_ms"], asked["own_delay_ms"])
        for size, count in seen["gap_classes"].items():
            self.gaps[size] = self.gaps.get(size, 0) + count


def _watch(stack, minutes):
    testbed = stack.testbed
    program = find_probe(testbed)
    with contextlib.ExitStack() as probes:
        who = probes.enter_context(WhoHas(testbed["witness"], testbed.vip, program))
        ping = probes.enter_context(Ping(testbed.client, testbed.vip, program))
        outage.wait_peace(stack, who, ping)
        removals = [outage.Removal(host, testbed.vip) for host in testbed.hosts]
        for removal in removals:
            probes.callback(removal.stop)
        count = Count(who.lap()["now"])
        ping.lap()
        before, began, loads = stack.lost(), time.monotonic(), []
        with _stress() as check_alive:
            while time.monotonic() - began < minutes * 60:
                time.sleep(min(LAP, max(0.1, began + minutes * 60 - time.monotonic())))
                count.add(who.lap(), ping.lap())
                loads.append(machine.load())
                check_alive()
        lost = stack.lost() - before
        removed = sum(len(removal.stop()) for removal in removals)
    return {
        "minutes": (time.monotonic() - began) / 60,
        "takeovers": count.takeovers,
        "removed": removed,
        "lost": lost,
        "two_ms": count.several_ms,
        "gap_ms": count.longest_gap_ms,
        "gap_classes": count.gaps,
        "probe_late_ms": count.late_ms,
        "load": max(loads),
    }


def _one(stack, name, arguments):
    try:
        stack.require()
        if not shutil.which("stress-ng"):
            raise Missing("not installed: stress-ng")
        with stack.up():
            try:
                outage.equip(stack)
                stack.protect()
                return {"title": stack.title, "version": stack.version(), **_watch(stack, arguments.minutes)}
            finally:
                keep_logs(stack, arguments.logs, f"stress-{name}")
    except Missing as reason:
        return {"title": stack.title, "missing": str(reason)}
    except TROUBLE as error:
        return {"title": stack.title, "error": str(error)}


def _rows(result):
    yield ["", "minutes", "takeovers", "address removed", "hosts taken for lost", "two answer, ms", "longest gap at the client, ms", "load"]
    for found in result["contestants"].values():
        why = f"not measured: {found['missing']}" if "missing" in found else None
        if "error" in found:
            why = f"**failed**: {(found['error'].splitlines() or [''])[0]}"
        if why:
            yield [found["title"], why, "", "", "", "", "", ""]
            continue
        numbers = [found["minutes"], len(found["takeovers"]), found["removed"], found["lost"]]
        numbers += [found["two_ms"], found["gap_ms"], found["load"]]
        yield [found["title"], *map(number, numbers)]


def _render(result):
    where = result["machine"]
    yield from lines(_rows(result))
    yield ""
    kinds = ", ".join(f"--{kind} {WORKERS * where['processors']}" for kind in KINDS)
    yield f"* {where['date']}; {where['processors']} x {where['processor']}, Linux {where['kernel']}; stress-ng {kinds}."
    for found in result["contestants"].values():
        if "probe_late_ms" in found:
            yield f"* {found['title']}: {found['version']}; the probe itself was late by up to {number(found['probe_late_ms'])} ms."


def main():
    arguments = _arguments()
    if arguments.list:
        print("contestants:", ", ".join(CONTESTANTS))
        return 0
    result = {"machine": machine.describe(), "contestants": {}}
    folder = tempfile.mkdtemp(prefix="halyard-bench-")
    try:
        for name in arguments.contestant or DEFAULT:
            found = _one(CONTESTANTS[name](arguments, folder), name, arguments)
            result["contestants"][name] = found
            _say(f"{name}: {json.dumps({key: value for key, value in found.items() if key != 'gap_classes'})[:500]}")
            if arguments.json:
                with open(arguments.json, "w") as file:
                    json.dump(result, file, indent=1)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print("\n".join(_render(result)))
    return 0 if all("takeovers" in found for found in result["contestants"].values()) else 1
