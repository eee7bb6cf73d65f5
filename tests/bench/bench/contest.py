# SPDX-License-Identifier: Apache-2.0
"""Failover, side by side: all contestants, all faults, run after run; README.md says how to read the result."""

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
import time

from . import contest_table, machine, outage, plot
from .contestants import CONTESTANTS, add_arguments, check, keep_logs
from .faults import FAULTS, named
from .stack import Missing

TROUBLE = (AssertionError, RuntimeError, OSError)


def _say(text):
    print(text, file=sys.stderr, flush=True)


def _arguments():
    description = "Measures how long an address is lost at each fault: Halyard, keepalived, and Corosync + Pacemaker, in one run."
    parser = argparse.ArgumentParser(prog="run", description=description)
    add_arguments(parser, "all")
    parser.add_argument("--fault", action="append", metavar="NAME", help="may be given again (all but optional ones)")
    parser.add_argument("--runs", type=int, default=10, metavar="N", help="how often each fault is made (10)")
    parser.add_argument("--seed", type=int, default=1, help="of the order of the contestants (1)")
    parser.add_argument("--svg", metavar="FILE", help="write the plot there")
    parser.add_argument("--from", dest="given", metavar="FILE", help="measure nothing: show what --json has written")
    arguments = parser.parse_args()
    check(parser, arguments.contestant, list(CONTESTANTS), "--contestant")
    check(parser, arguments.fault, [fault.name for fault in FAULTS], "--fault")
    if not (arguments.build or arguments.given or arguments.list):
        parser.error("a build folder is wanted")
    if arguments.runs < 1:
        parser.error("--runs: at least 1")
    return arguments


class Contest:
    def __init__(self, arguments, folder):
        self.arguments = arguments
        self.faults = [f for f in FAULTS if (f.name in arguments.fault if arguments.fault else not f.optional)]
        self.stacks = {name: CONTESTANTS[name](arguments, folder) for name in arguments.contestant or CONTESTANTS}
        self.began = time.monotonic()
        self.result = {
            "machine": machine.describe(),
            "runs": arguments.runs,
            "seed": arguments.seed,
            "faults": [fault.name for fault in self.faults],
            "contestants": {name: {"title": stack.title} for name, stack in self.stacks.items()},
            "order": [],
            "samples": [],
            "failed": [],
        }

    def _save(self):
        self.result["seconds"] = time.monotonic() - self.began
        if self.arguments.json:
            with open(self.arguments.json + ".new", "w") as file:
                json.dump(self.result, file, indent=1)
            os.rename(self.arguments.json + ".new", self.arguments.json)

    def _look(self):
        """Who can take part, and in what; the rest is named in the result."""
        for name, stack in self.stacks.items():
            entry = self.result["contestants"][name]
            entry["unable"] = {fault.name: "it has no DC" for fault in self.faults if fault.dc_too and not stack.has_dc}
            try:
                stack.require()
            except Missing as reason:
                entry["missing"] = str(reason)
                _say(f"{stack.title}: not measured: {reason}")

    def _strike(self, name, stack, fault, run):
        sample = {"run": run, "contestant": name, "fault": fault.name, **outage.once(stack, fault)}
        self.result["samples"].append(sample)
        _say(f"  {run} {name} {fault.name}: {contest_table.line(sample)}")
        fault.mend(stack)
        stack.wait_whole()

    def _until_failure(self, name, stack, left, run):
        """One cluster; takes the faults that are done off the list, and the one that fails."""
        fault = None
        try:
            with stack.up():
                try:
                    outage.equip(stack)
                    stack.protect()
                    self.result["contestants"][name]["version"] = stack.version()
                    while left:
                        fault = left.pop(0)
                        self._strike(name, stack, fault, run)
                finally:
                    keep_logs(stack, self.arguments.logs, f"{run}-{name}-until-{fault.name if fault else 'start'}")
        except TROUBLE as error:
            lines = str(error).splitlines()
            what = fault.name if fault else "start"
            self.result["failed"].append({"run": run, "contestant": name, "fault": what, "error": "\n".join(lines)})
            _say(f"  {run} {name} {what} FAILED: {lines[0] if lines else type(error).__name__}")
            if not fault:
                left.clear()

    def _one(self, name, run):
        stack = self.stacks[name]
        entry = self.result["contestants"][name]
        left = [fault for fault in self.faults if fault.name not in entry["unable"]]
        began = time.monotonic()
        while left:
            self._until_failure(name, stack, left, run)
            self._save()
        _say(f"{run} {stack.title}: {time.monotonic() - began:.0f} s")

    def measure(self):
        self._look()
        chance = random.Random(self.arguments.seed)
        able = [name for name, entry in self.result["contestants"].items() if "missing" not in entry]
        for run in range(1, self.arguments.runs + 1):
            order = chance.sample(able, len(able))
            self.result["order"].append(order)
            for name in order:
                self._one(name, run)
        self._save()
        return self.result


def _measure(arguments):
    folder = tempfile.mkdtemp(prefix="halyard-bench-")
    contest = Contest(arguments, folder)
    try:
        contest.measure()
    except KeyboardInterrupt:
        contest.result["stopped"] = True
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        contest._save()
    return contest.result


def _list():
    print("contestants:", ", ".join(CONTESTANTS))
    for fault in FAULTS:
        print(f"{fault.name:12} {fault.title}{' (optional)' if fault.optional else ''}")


def main():
    arguments = _arguments()
    if arguments.list:
        _list()
        return 0
    if arguments.given:
        with open(arguments.given) as file:
            result = json.load(file)
    else:
        result = _measure(arguments)
    print(contest_table.render(result, named))
    if arguments.svg:
        with open(arguments.svg, "w") as file:
            file.write(plot.render(result, named))
    whole = not result["failed"] and not result.get("stopped")
    return 0 if whole and not any("missing" in entry for entry in result["contestants"].values()) else 1
