# SPDX-License-Identifier: Apache-2.0
"""The result as a table in Markdown, which a terminal shows as well."""

import statistics

from .measures import MEASURES


def _number(value):
    return f"{value:.0f}" if value >= 10 else f"{value:.2f}".rstrip("0").rstrip(".")


def _spread(values):
    middle, least, most = (_number(f(values)) for f in (statistics.median, min, max))
    return middle if least == most else f"{middle} ({least}-{most})"


def _two_holders(samples):
    """What no stack should ever show."""
    ended = sum(sample["two_at_end"] for sample in samples)
    longest = max(sample["two_ms"] for sample in samples)
    if ended:
        return f"; **two hosts answer without end** ({ended} of {len(samples)})"
    return f"; **two hosts answer** for up to {_number(longest)} ms" if longest else ""


def cell(measure, entry):
    """entry: {"samples": [...]} or {"error": text}; None when it was not asked for."""
    if entry is None:
        return "-"
    if "error" in entry:
        return "**FAILED**, see below"
    samples = entry["samples"]
    if not isinstance(samples[0], dict):
        return _spread(samples)
    lost = [sample for sample in samples if not sample["back"]]
    if lost:
        return f"**not back within the limit** ({len(lost)} of {len(samples)})" + _two_holders(samples)
    return _spread(measure.values(samples)) + _two_holders(samples)


def _missing(column):
    return "**MISSING**" if column.get("missing") else None


def _probe_late(column):
    """How late the probe itself was at worst; None: no outage was measured."""
    samples = [sample for entry in column["measures"].values() for sample in entry.get("samples", [])]
    return max((sample["probe_late_ms"] for sample in samples if isinstance(sample, dict)), default=None)


def _rows(result):
    """Heading and rows; the first cell of a row is what is measured."""
    columns = result["columns"]
    yield ["median (least-most)", *(column["title"] for column in columns)]
    for measure in MEASURES:
        entries = [column["measures"].get(measure.name) for column in columns]
        if not any(entries):
            continue
        cells = [_missing(column) or cell(measure, entry) for column, entry in zip(columns, entries)]
        yield [f"{measure.section}: {measure.title}, {measure.unit}", *cells]


def _lines(rows):
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows)]
    for index, row in enumerate(rows):
        yield "| " + " | ".join(text.ljust(width) for text, width in zip(row, widths)) + " |"
        if index == 0:
            yield "|" + "|".join("-" * (width + 2) for width in widths) + "|"


def _remarks(result):
    where = result["machine"]
    yield (
        f"{where['date']}; {where['processors']} x {where['processor']}, {where['memory_gib']} GiB; "
        f"{where['system']}, Linux {where['kernel']}. {result['runs']} runs of each fault, disks: {result['storage']}."
    )
    for column in result["columns"]:
        title = column["title"]
        if column.get("missing"):
            yield f"{title}: MISSING, {column['missing']}."
            continue
        least, most = min(column["loads"]), max(column["loads"])
        yield f"{title}: {column['version']}; load of the machine {least:.2f} to {most:.2f} while it was measured."
        for name, entry in column["measures"].items():
            if "error" in entry:
                yield f"{title}, {name}: FAILED, {entry['error'].splitlines()[0]}"
        late = _probe_late(column)
        if late is not None:
            yield f"{title}: the probe itself was late by up to {_number(late)} ms."


def render(result):
    return "\n".join([*_lines(_rows(result)), "", *_remarks(result)])
