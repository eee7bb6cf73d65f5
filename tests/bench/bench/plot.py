# SPDX-License-Identifier: Apache-2.0
"""The samples of a contest as a picture: a block for each fault, a line for each contestant, on one scale of powers of ten."""

import math
import statistics
from html import escape

from .contest_table import of
from .table import number

COLUMNS = 2
WIDTH = 580  # of a block
LABEL = 150
VALUE = 185  # to the right of the scale: the median, and what else is to be said
LINE = 17
HEAD = 46
GAP = 22
TOP = 92
DECADES = (0, 5)  # 1 ms to 100 s
FAMILIES = {"keepalived": "keepalived", "pacemaker": "pacemaker"}

STYLE = """
text { font: 12px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: #24292f; }
.title { font-size: 17px; font-weight: 600; }
.fault { font-size: 13px; font-weight: 600; }
.small, .tick { font-size: 11px; fill: #57606a; }
.bad { fill: #b3261e; font-weight: 600; }
.paper { fill: #ffffff; }
.grid { stroke: #d8dee4; stroke-width: 1; }
.halyard { fill: #0b5fc1; stroke: #0b5fc1; }
.keepalived { fill: #a3590a; stroke: #a3590a; }
.pacemaker { fill: #6b46a8; stroke: #6b46a8; }
.range { stroke-width: 2.5; stroke-linecap: round; opacity: 0.55; }
.middle { stroke-width: 2; }
.hollow { fill-opacity: 0; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; }
.small, .tick { fill: #9198a1; }
.bad { fill: #ff8f87; }
.paper { fill: #0d1117; }
.grid { stroke: #2f3741; }
.halyard { fill: #5aa9ff; stroke: #5aa9ff; }
.keepalived { fill: #f0a44a; stroke: #f0a44a; }
.pacemaker { fill: #bb9af7; stroke: #bb9af7; }
}
"""


def _family(name):
    return next((family for start, family in FAMILIES.items() if name.startswith(start)), "halyard")


def _at(left, value):
    """Where a time is on the scale that begins at left."""
    least, most = DECADES
    power = min(max(math.log10(max(value, 10**least)), least), most)
    return left + LABEL + (power - least) / (most - least) * (WIDTH - LABEL - VALUE)


def _text(x, y, text, kind="", anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{escape(text)}</text>'


def _values(samples):
    """What a client missed: the service, where that was killed; else the address."""
    return [s["gap_ms"] if s["fault"] != "service" else s["service"]["longest_gap_ms"] for s in samples]


def _trouble(samples):
    if any(sample["two_at_end"] for sample in samples):
        return "two hold it, no end"
    longest = max(sample["two_ms"] for sample in samples)
    return f"two hold it: {number(longest)} ms" if longest else ""


def _line(result, name, fault, left, y):
    entry = result["contestants"][name]
    yield _text(left + LABEL - 10, y + 4, entry["title"], "", "end")
    right = left + WIDTH - VALUE + 10
    samples = of(result, name, fault)
    if not samples:
        missing = "missing" in entry or fault in entry.get("unable", {})
        yield _text(left + LABEL, y + 4, "not measured" if missing else "failed", "small")
        return
    if not all(sample["back"] for sample in samples):
        yield _text(right, y + 4, "not back", "bad")
        return
    values = _values(samples)
    middle, family, trouble = statistics.median(values), _family(name), _trouble(samples)
    ends = [_at(left, value) for value in (min(values), max(values))]
    yield f'<line class="{family} range" x1="{ends[0]:.1f}" y1="{y}" x2="{ends[1]:.1f}" y2="{y}"/>'
    kind = f"{family} middle{' hollow' if trouble else ''}"
    yield f'<circle class="{kind}" cx="{_at(left, middle):.1f}" cy="{y}" r="4"/>'
    yield _text(right, y + 4, number(middle))
    if trouble:
        yield _text(right + 44, y + 4, trouble, "bad")


def _scale(left, top, height):
    for power in range(DECADES[0], DECADES[1] + 1):
        x = _at(left, 10**power)
        yield f'<line class="grid" x1="{x:.1f}" y1="{top}" x2="{x:.1f}" y2="{top + height}"/>'
        word = f"{10**power} ms" if power < 3 else f"{10 ** (power - 3)} s"
        yield _text(x, top - 5, word, "tick", "middle")


def _block(result, fault, title, left, top):
    names = list(result["contestants"])
    yield _text(left, top + 12, title, "fault")
    yield from _scale(left, top + HEAD - 8, len(names) * LINE)
    for index, name in enumerate(names):
        yield from _line(result, name, fault, left, top + HEAD + index * LINE)


def _runs(result):
    return f"{result['runs']} run{'s' if result['runs'] > 1 else ''}"


def render(result, named):
    height = HEAD + len(result["contestants"]) * LINE + GAP
    rows = math.ceil(len(result["faults"]) / COLUMNS)
    whole = (COLUMNS * WIDTH + 3 * GAP, TOP + rows * height)
    where = result["machine"]
    about = f"Median and range of {_runs(result)}, on a scale of powers of ten; less is better. Service killed: how long that is missed."
    about2 = f"Hollow, and red: two hosts answered for it at the same time. {where['date'].split()[0]}, {where['processor']}."
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole[0]} {whole[1]}" width="{whole[0]}" height="{whole[1]}">',
        f"<style>{STYLE}</style>",
        f'<rect class="paper" width="{whole[0]}" height="{whole[1]}"/>',
        _text(GAP, 32, "How long a client misses the address", "title"),
        _text(GAP, 52, about, "small"),
        _text(GAP, 69, about2, "small"),
    ]
    for index, fault in enumerate(result["faults"]):
        left = GAP + index % COLUMNS * (WIDTH + GAP)
        parts += _block(result, fault, named(fault).title, left, TOP + index // COLUMNS * height)
    return "\n".join([*parts, "</svg>", ""])
