#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The interfaces of plug-ins are what they were: compares them, by libabigail's abidiff, with those of earlier versions.

usage: check.py                      compares include/halyard with each *.abi beside this file, and proves that a change would be
                                     found
       check.py --write [INCLUDE]    writes agent-MAJOR.MINOR.abi and transport-MAJOR.MINOR.abi as they are now: for a release

Closes with the line "N passed, N failed".
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
INCLUDE = HERE.parent.parent / "include"
INTERFACES = ("agent", "transport")
# What no plug-in built before would survive: file, what stands there, and what it is made.
BREAKS = [
    ("agent", "    const char *cls;\n", "    const char *tribe;\n    const char *cls;\n", "a member in the middle"),
    ("agent", "    uint32_t start_ms,", "    uint64_t start_ms,", "a member of another type"),
    ("agent", "HALYARD_NOT_RUNNING = 7,", "HALYARD_NOT_RUNNING = 77,", "an exit code of another number"),
    ("agent", "HALYARD_SECRET = 1u << 2,", "HALYARD_SECRET = 1u << 6,", "a flag of another number"),
    ("agent", "    int64_t (*lease_ms)(const struct halyard_op *op);\n", "", "a call that is gone"),
    ("transport", "    uint32_t size;", "    uint64_t size;", "a member of another type"),
]

# What abidiff says when structs have grown at their ends, and types have come. A struct that grew says so in its `size`.
GROWTH = [
    r".*[Ss]ummary: .*",
    r" *\d+ (?:added|changed) types? unreachable from any public interface:",
    r" *\d+ Changed variables?:",
    r" *(?:\[C\] )?'(?:const )?(?:struct )?\w+(?: \w+)?' (?:was )?changed:",
    r" *type of variable changed:",
    r" *details were reported earlier",
    r" *\[A\] '.*'",
    r" *\d+ data member insertions?:",
    r"",
]


def run(*words):
    """From this folder, so that no path of this machine gets into what is kept."""
    done = subprocess.run([str(word) for word in words], cwd=HERE, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout + done.stderr


def build(name, include, folder):
    """The interface as debugging information: of all types, used or not."""
    made = folder / f"{name}.so"
    status, text = run("gcc", "-g", "-O0", "-fPIC", "-shared", "-fno-eliminate-unused-debug-types", "-I", include,
                       "-o", made, f"{name}.c")
    if status:
        raise SystemExit(f"check.py: {HERE / f'{name}.c'} does not compile:\n{text}")
    return made


def version(name, include=INCLUDE):
    text = (include / "halyard" / f"{name}.h").read_text()
    return ".".join(re.search(rf"_{part} UINT32_C\((\d+)\)", text).group(1) for part in ("MAJOR", "MINOR"))


def compare(old, made):
    """What makes `made` useless to whoever was built for `old`: the lines of abidiff's report that tell more than growth."""
    status, text = run("abidiff", "--no-show-locs", "--leaf-changes-only", "--non-reachable-types", old, made)
    if status & 3 or "summary: " not in text:
        return [f"abidiff has failed ({status}): {text}"]
    size, more = 0, []
    for line in text.splitlines():
        grown = re.fullmatch(r" *(?:type size|size of symbol) changed from (\d+) to \d+(?: \(in bits\))?", line)
        added = re.fullmatch(r" *'.*', at offset (\d+) \(in bits\).*", line)
        if grown:
            size = int(grown.group(1))
        elif added and int(added.group(1)) < size or not added and not any(re.fullmatch(good, line) for good in GROWTH):
            more.append(line)
    return more


class Tally:
    passed = failed = 0

    def one(self, name, good, text=""):
        print(f"{'ok    ' if good else 'FAILED'} {name}")
        if not good:
            print(text.rstrip())
        self.passed += int(good)
        self.failed += int(not good)

    def close(self):
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed or not self.passed else 0


def check_present(tally, folder):
    for name in INTERFACES:
        made = build(name, INCLUDE, folder)
        olds = sorted(HERE.glob(f"{name}-*.abi"))
        tally.one(f"there is an interface of {name}s to compare with", bool(olds))
        for old in olds:
            broken = compare(old, made)
            tally.one(f"what was built for {old.stem} can be used with {name} {version(name)}", not broken, "\n".join(broken))


def check_breaks(tally, folder):
    for name, before, after, what in BREAKS:
        changed = folder / "include"
        shutil.copytree(INCLUDE, changed)
        header = changed / "halyard" / f"{name}.h"
        text = header.read_text()
        header.write_text(text.replace(before, after, 1))
        broken = compare(folder / f"{name}.so", build(name, changed, changed))
        tally.one(f"it would be found: {name}, {what}", before in text and broken and "failed" not in broken[0])
        shutil.rmtree(changed)


def write(folder, include):
    for name in INTERFACES:
        path = HERE / f"{name}-{version(name, include)}.abi"
        status, text = run("abidw", "--no-corpus-path", "--no-comp-dir-path", "--no-show-locs", "--load-all-types",
                           "--out-file", path, build(name, include, folder))
        if status:
            raise SystemExit(f"check.py: abidw: {text}")
        print(path)
    return 0


def main():
    words = sys.argv[1:]
    if words and (words[0] != "--write" or len(words) > 2):
        raise SystemExit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        if words:
            return write(folder, pathlib.Path(words[1]).resolve() if len(words) > 1 else INCLUDE)
        tally = Tally()
        check_present(tally, folder)
        check_breaks(tally, folder)
        return tally.close()


sys.exit(main())
