# SPDX-License-Identifier: Apache-2.0
"""The command: which stacks, which measures, one after the other, and the table."""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time

from . import machine, table
from .halyard import HalyardStack
from .measures import MEASURES
from .pacemaker import PacemakerStack
from .stack import Missing


def _say(text):
    print(text, file=sys.stderr, flush=True)


def _arguments():
    description = "Measures what Halyard costs, beside Corosync + Pacemaker, in one run."
    parser = argparse.ArgumentParser(prog="run", description=description)
    parser.add_argument("build", help="the build folder")
    parser.add_argument("--only", action="append", metavar="NAME", help="this measure; may be given again")
    parser.add_argument("--no-peer", action="store_true", help="Halyard only")
    parser.add_argument("--storage", choices=("disk", "memory"), default="disk", help="the hosts' disks (disk)")
    parser.add_argument("--json", metavar="FILE", help="write all samples there")
    parser.add_argument("--list", action="store_true", help="name the measures")
    arguments = parser.parse_args()
    names = [measure.name for measure in MEASURES]
    for name in arguments.only or []:
        if name not in names:
            parser.error(f"--only {name}: there is {', '.join(names)}")
    return arguments


def _take(stack, measure, column):
    _say(f"{stack.title}: {measure.section}: {measure.title}")
    column["loads"].append(machine.load())
    column["measures"][measure.name] = {"samples": measure.take(stack)}


def _take_until_failure(stack, left, column):
    """Take measures off the list; the one that fails is taken off too, and says so."""
    measure = left[0]
    try:
        while left:
            measure = left.pop(0)
            _take(stack, measure, column)
    except (AssertionError, RuntimeError, OSError) as error:
        _say(f"{stack.title}: {measure.name} FAILED: {error}")
        column["measures"][measure.name] = {"error": str(error)}


def _measure_all(stack, chosen, column):
    """After a failure the next measure has a new cluster: it could not tell what the last one has left behind."""
    for configured in (False, True):
        left = [measure for measure in chosen if measure.configured == configured]
        while left:
            try:
                with stack.up():
                    column["version"] = stack.version()
                    if configured:
                        stack.configure()
                    _take_until_failure(stack, left, column)
            except (AssertionError, RuntimeError, OSError) as error:
                _say(f"{stack.title}: it does not come up: {error}")
                column["measures"].update({m.name: {"error": f"it did not come up: {error}"} for m in left})
                left = []


def _measure(stack, chosen):
    column = {"title": stack.title, "version": "", "measures": {}, "loads": []}
    try:
        stack.require()
    except Missing as reason:
        _say(f"{stack.title}: MISSING, {reason}")
        return {**column, "missing": str(reason)}
    _measure_all(stack, chosen, column)
    column["loads"].append(machine.load())
    return column


def _stacks(arguments, folder):
    yield HalyardStack(arguments.storage, arguments.build, os.path.join(folder, "layer"))
    if not arguments.no_peer:
        yield PacemakerStack(arguments.storage)


def _whole(column):
    return not column.get("missing") and all("error" not in entry for entry in column["measures"].values())


def main():
    arguments = _arguments()
    if arguments.list:
        print("\n".join(f"{measure.name:16} {measure.section}: {measure.title}" for measure in MEASURES))
        return 0
    chosen = [measure for measure in MEASURES if not arguments.only or measure.name in arguments.only]
    result = {"machine": machine.describe(), "storage": arguments.storage, "columns": []}
    began = time.monotonic()
    folder = tempfile.mkdtemp(prefix="halyard-bench-")
    try:
        for stack in _stacks(arguments, folder):
            result["columns"].append(_measure(stack, chosen))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        result["seconds"] = time.monotonic() - began
        if arguments.json:
            with open(arguments.json, "w") as file:
                json.dump(result, file, indent=1)
    print(table.render(result))
    return 0 if all(map(_whole, result["columns"])) else 1
