# SPDX-License-Identifier: Apache-2.0
"""Faults of a host's disk: one folder of it is emptied, put aside, brought back, copied to another host, or rots.

They work on a host that is off as well. The daemon must not run there: a disk is not exchanged under a running host.
"""

import os

from . import spaces

STATE = "/var/lib/halyard"
DAEMONS = ("halyardd", "halyard-core")

FLIP = """
import os, sys
path, where = sys.argv[1], sys.argv[2]
with open(path, "r+b") as file:
    size = file.seek(0, os.SEEK_END)
    at = size // 2 if where == "middle" else int(where)
    at += size if at < 0 else 0
    if not 0 <= at < size:
        sys.exit(f"{path} has {size} bytes: there is none at {where}")
    file.seek(at)
    byte = file.read(1)[0]
    file.seek(at)
    file.write(bytes([byte ^ 0xFF]))
    print(at)
"""

# A log that was written anew begins with the incarnation; what it looks like: docs/protocol.md, "On disk".
SET_CLOCK = """
import struct, sys
SECTOR, CONTENT, CRC, INCARNATION = 512, 7, 504, 4

def crc32c(data, crc=0):
    crc ^= 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF

with open(sys.argv[1], "r+b") as file:
    header = file.read(SECTOR)
    sector = bytearray(file.read(SECTOR))
    seed = struct.unpack_from("<I", header, CRC)[0]
    def checksum():
        return crc32c(bytes(sector[:CRC]), crc32c(struct.pack("<Q", SECTOR), seed))
    if seed != crc32c(header[:CRC]) or checksum() != struct.unpack_from("<I", sector, CRC)[0]:
        sys.exit(f"{sys.argv[1]}: not a log as docs/protocol.md has it")
    item, incarnation = struct.unpack_from("<BQ", sector, CONTENT)
    if item != INCARNATION:
        sys.exit(f"{sys.argv[1]} begins with item {item}, not with an incarnation")
    incarnation += int(sys.argv[2]) * 1000000
    struct.pack_into("<BQ", sector, CONTENT, item, incarnation)
    struct.pack_into("<I", sector, CRC, checksum())
    file.seek(SECTOR)
    file.write(sector)
    print(incarnation)
"""


def _place(host, folder):
    """The folder, which must be of the host's own, as whoever sees the testbed's disks finds it."""
    return os.path.join(host.disk, "own", folder.lstrip("/"))


def _run(host, argv):
    return spaces.run(host.testbed.pid, ["mnt"], argv)


def _shell(host, script, *arguments):
    return _run(host, ["sh", "-euc", script, "disk", *arguments])


def _require_rest(host):
    running = host.find(DAEMONS)
    if running:
        raise RuntimeError(f"testbed: {running[0].name} runs on {host.name}: stop it, or switch the host off, first")


def _aside(host, label):
    if not label or "/" in label:
        raise ValueError(f"'{label}' is no label")
    return os.path.join(host.disk, "aside", label)


def files(host, folder=STATE):
    """Names and sizes of its files: {"log": 4711, ...}."""
    lines = _run(host, ["find", _place(host, folder), "-type", "f", "-printf", "%P %s\\n"]).splitlines()
    return {name: int(size) for name, size in (line.rsplit(" ", 1) for line in lines)}


def read(host, path):
    """The text of a file in a folder of the host's own; also while it is off."""
    return _run(host, ["cat", _place(host, path)])


def wipe(host, folder=STATE):
    """As a new disk in an old host."""
    _require_rest(host)
    _run(host, ["find", _place(host, folder), "-mindepth", "1", "-delete"])


def put_aside(host, label, folder=STATE):
    """What is there is kept under a label, and the folder is empty."""
    _require_rest(host)
    script = 'test ! -e "$2" && mkdir -p "${2%/*}" && cp -a "$1" "$2" && find "$1" -mindepth 1 -delete'
    _shell(host, script, _place(host, folder), _aside(host, label))


def bring_back(host, label, folder=STATE):
    """What was put aside is there again, and nothing else."""
    _require_rest(host)
    script = 'test -d "$2" && find "$1" -mindepth 1 -delete && cp -a "$2/." "$1/"'
    _shell(host, script, _place(host, folder), _aside(host, label))


def copy(host, other, folder=STATE):
    """The other host gets the same, and nothing else: a disk that was cloned, or put into another host."""
    _require_rest(host)
    _require_rest(other)
    script = 'find "$2" -mindepth 1 -delete && cp -a "$1/." "$2/"'
    _shell(host, script, _place(host, folder), _place(other, folder))


def flip_byte(host, name, where="middle", folder=STATE):
    """One byte of a file becomes another. where: an offset, from the end when it is negative, or "middle". Where it was."""
    _require_rest(host)
    return int(_run(host, ["python3", "-c", FLIP, os.path.join(_place(host, folder), name), str(where)]))


def set_clock_ahead(host, seconds, folder=STATE):
    """Its last life began by a clock that was so much ahead: the clock that all hosts have is behind that from then on. The
    number of that life."""
    _require_rest(host)
    return int(_run(host, ["python3", "-c", SET_CLOCK, os.path.join(_place(host, folder), "log"), str(seconds)]))
