# SPDX-License-Identifier: Apache-2.0
"""Who takes part in the comparison of failovers."""

import os
import shutil

from .halyard import HalyardStack
from .keepalived import KeepalivedStack
from .pacemaker import PacemakerStack

PEER_TOKEN = 300  # ms
STORAGE = "disk"


def _halyard(profile, transport):
    def make(arguments, folder):
        stack = HalyardStack(STORAGE, arguments.build, os.path.join(folder, "layer"), profile, transport)
        stack.title = f"Halyard {profile}, {transport}"
        return stack

    return make


def _pacemaker(tight):
    def make(arguments, folder):
        stack = PacemakerStack(STORAGE, arguments.peer_token if tight else None)
        stack.title = f"Pacemaker, {f'token {arguments.peer_token}' if tight else 'defaults'}"
        return stack

    return make


def _keepalived(interval_ms):
    return lambda arguments, folder: KeepalivedStack(STORAGE, interval_ms)


CONTESTANTS = {
    "lan": _halyard("lan", "udpu"),
    "fast": _halyard("fast", "udpu"),
    "lan-multicast": _halyard("lan", "multicast"),
    "fast-multicast": _halyard("fast", "multicast"),
    "keepalived-1s": _keepalived(1000),
    "keepalived-100ms": _keepalived(100),
    "keepalived-10ms": _keepalived(10),
    "pacemaker": _pacemaker(False),
    "pacemaker-tight": _pacemaker(True),
}


def add_arguments(parser, default):
    """What both programs take."""
    parser.add_argument("build", nargs="?", help="the build folder")
    parser.add_argument("--contestant", action="append", metavar="NAME", help=f"may be given again ({default})")
    parser.add_argument("--peer-token", type=int, default=PEER_TOKEN, metavar="MS", help=f"of pacemaker-tight ({PEER_TOKEN})")
    parser.add_argument("--json", metavar="FILE", help="write all samples there, also while it runs")
    parser.add_argument("--logs", metavar="FOLDER", help="keep /var/log of all hosts there")
    parser.add_argument("--list", action="store_true", help="name the contestants (and the faults), and end")


def check(parser, given, known, option):
    for name in given or []:
        if name not in known:
            parser.error(f"{option} {name}: there is {', '.join(known)}")


def keep_logs(stack, folder, name):
    """/var/log of all hosts that are on, as folders of the machine; without a folder nothing is kept."""
    for host in stack.testbed.hosts if folder else ():
        if host.is_on:
            target = os.path.join(folder, name, host.name)
            shutil.copytree(host.path("/var/log"), target, dirs_exist_ok=True, ignore_dangling_symlinks=True)
