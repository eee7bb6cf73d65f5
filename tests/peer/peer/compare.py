# SPDX-License-Identifier: Apache-2.0
"""One case: both answers, and what they say differently."""

import dataclasses
import json
import pathlib
import tempfile
import xml.etree.ElementTree as ET

from peer import ask
from peer.answer import Answer, Difference, Names
from peer.known import KNOWN
from peer.xmlcib import Cib


@dataclasses.dataclass
class Verdict:
    name: str
    kind: str = ""          # class of the difference; "" when both decide alike
    known: tuple = ()       # names of the known differences that explain it
    lines: tuple = ()
    size: int = 0           # of the case, in elements
    happened: tuple = ()


@dataclasses.dataclass
class Outcome:
    kind: str = ""          # class of the difference; "": none
    lines: tuple = ()
    difference: Difference = None


def differ(path, when, hactl, folder, peer_raw=None):
    """Asks both. Raises NoAnswer when the peer has none."""
    names = Names(ET.parse(path).getroot())
    wanted = Answer(peer_raw or ask.ask_peer(path, when, folder), names)
    try:
        got = Answer(ask.ask_halyard(hactl, path, when, folder), names)
    except ask.NoAnswer as why:
        return Outcome("no answer", (str(why),))
    difference = Difference(wanted, got, names)
    return Outcome(difference.kind() or "?", tuple(difference.lines()), difference) if difference else Outcome()


def known_difference(path, when, hactl, folder, difference):
    """The names of the known differences that together explain it; none: ()."""
    if not difference:
        return ()
    candidates = [known for known in KNOWN if known.applies(difference)]
    for known in candidates:
        if known.without is None:
            return (known.name,)
    for choice in [[known] for known in candidates] + [candidates]:
        cib, names = Cib.read(path), []
        for known in choice:
            changed = known.without(cib.copy())
            if changed is not None:
                cib, names = changed, [*names, known.name]
        again = pathlib.Path(folder) / "known.xml"
        cib.write(again)
        try:
            if names and differ(again, when, hactl, folder).kind == "":
                return tuple(names)
        except ask.NoAnswer:
            continue
    return ()


def judge(job):
    """job: (folder of cases, name, hactl as a list of words)."""
    folder, name, hactl = job
    told = json.loads((folder / f"{name}.json").read_text())
    path = folder / f"{name}.xml"
    with tempfile.TemporaryDirectory(prefix="peer-") as work:
        outcome = differ(path, told["time"], hactl, pathlib.Path(work), told["answer"])
        known = known_difference(path, told["time"], hactl, work, outcome.difference)
    return Verdict(name, outcome.kind, known, outcome.lines, sum(1 for _ in ET.parse(path).iter()), tuple(told["happened"]))
