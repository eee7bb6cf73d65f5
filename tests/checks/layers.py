#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The arrows of docs/architecture.md, proven: who includes whom, and that the pure modules neither do I/O nor ask a clock.

usage: layers.py SOURCE [BUILD]   with BUILD the undefined symbols of the pure libraries are looked at too
"""
import pathlib
import re
import subprocess
import sys

# A module may include itself and these.
MAY = {
    "base": set(),
    "cib": {"base"},
    "scheduler": {"base", "cib"},
    "consensus": {"base"},
    "membership": {"base"},
    "meter": {"base"},
    "cluster": {"base", "cib", "scheduler", "consensus", "membership"},
    "journal": {"base", "consensus"},
    "store": {"base", "consensus", "journal"},
    "plugin": {"base", "cib"},
    "loop": {"base"},
    "bus": {"base", "cib", "loop", "meter", "plugin"},
    "pulse": {"base", "cib", "consensus", "membership", "cluster", "loop", "meter", "plugin", "bus"},
    "executor": {"base", "cib", "cluster", "loop", "plugin"},
    "daemon": {"base", "cib", "scheduler", "consensus", "membership", "cluster", "journal", "store", "loop", "meter", "plugin",
               "bus", "pulse", "executor"},
}
PURE = ["base", "cib", "scheduler", "consensus", "membership", "meter", "cluster", "journal"]
# Of the system the pure modules may use memory, strings and numbers, and patterns (which are strings, too: no program sets
# a locale).
PURE_HEADERS = {"assert.h", "stdalign.h", "ctype.h", "errno.h", "inttypes.h", "limits.h", "regex.h", "stdarg.h", "stdbool.h", "stddef.h",
                "stdint.h", "stdio.h", "stdlib.h", "string.h", "strings.h"}
# base/alloc.c says its last words when memory has run out; nothing else below the line prints.
PURE_FORBIDDEN = re.compile(
    r"^(f?printf|puts|putchar|fputs|fwrite|fopen|open|read|write|close|socket|send|recv|poll|select|epoll_\w+|"
    r"time|clock|clock_gettime|gettimeofday|localtime\w*|gmtime\w*|strftime|sleep|usleep|nanosleep|pthread_\w+|"
    r"fork|exec\w*|system|popen|getenv|rand|random|srand|zmq_\w+|z[a-z]+_new|config_\w+)$")
EXCUSED = {("base", "alloc.c", "fprintf")}


def includes(path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        found = re.match(r'\s*#\s*include\s+([<"])([^>"]+)[>"]', line)
        if found:
            yield number, found.group(1), found.group(2)


def check_module(source, module, problems):
    for path in sorted((source / "core" / module).rglob("*.[ch]")):
        for number, kind, name in includes(path):
            where = f"{path.relative_to(source)}:{number}"
            if kind == '"':
                other = name.split("/")[0]
                if name.startswith("halyard/"):
                    continue
                if other != module and other not in MAY[module]:
                    problems.append(f"{where}: {module} includes {name}: it may include {', '.join(sorted(MAY[module])) or 'nothing'}")
            elif module in PURE and name not in PURE_HEADERS and not name.startswith("halyard/"):
                problems.append(f"{where}: {module} is below the line and includes <{name}>")


def check_plugins(source, problems):
    for folder in ("plugins", "transports"):
        for path in sorted((source / folder).rglob("*.[ch]")):
            own = {p.name for p in path.parent.glob("*.h")}
            own |= {p.name[:-1] + "inc" for p in path.parent.glob("*.bpf.c")}  # what the build makes of them
            for number, kind, name in includes(path):
                if kind == '"' and name not in own and not name.startswith("halyard/"):
                    problems.append(f"{path.relative_to(source)}:{number}: a plug-in includes {name}: only halyard/ and its own")


def check_symbols(build, problems):
    seen = 0
    for module in PURE:
        library = build / f"libhy_{module}.a"
        if not library.exists():
            problems.append(f"{library}: not there, so its symbols cannot be checked")
            continue
        member = "?"
        for line in subprocess.run(["nm", "-u", library], capture_output=True, text=True, check=True).stdout.splitlines():
            if line.endswith(":"):
                member = re.sub(r"^.*-", "", line[:-1]).replace(".o", ".c")
            elif line.strip():
                seen += 1
                symbol = re.sub(r"@.*|^__|_chk$", "", line.split()[-1])
                if PURE_FORBIDDEN.match(symbol) and (module, member, symbol) not in EXCUSED:
                    problems.append(f"core/{module}/{member}: uses {symbol}(), below the line")
    if not seen:
        problems.append("no symbols were seen at all: is this a build?")


def main():
    source = pathlib.Path(sys.argv[1])
    problems = []
    for module in sorted(p.name for p in (source / "core").iterdir() if p.is_dir()):
        if module not in MAY:
            problems.append(f"core/{module}: an unknown module: say in {sys.argv[0]} what it may include")
        else:
            check_module(source, module, problems)
    check_plugins(source, problems)
    if len(sys.argv) > 2:
        check_symbols(pathlib.Path(sys.argv[2]), problems)
    print("\n".join(problems) if problems else "the arrows all point down")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
