# SPDX-License-Identifier: Apache-2.0
"""The result as a table in Markdown, which a terminal shows as well."""

import statistics

from .measures import MEASURES


def number(value):
    return f"{value:.0f}" if value >= 10 else f"{value:.2f}".rstrip("0").rstrip(".")


def spread(values):
    middle, least, most = (number(f(values)) for f in (statistics.median, min, max))
    return middle if least == most else f"{middle} ({least}-{most})"


def cell(entry):
    """entry: {"samples": [...]} or {"error": text}; None when it was not asked for."""
    if entry is None:
        return "-"
    if "error" in entry:
        return "**FAILED**, see below"
    return spread(entry["samples"])


def _missing(column):
    return "**MISSING**" if column.get("missing") else None


def _rows(result):
    """Heading and rows; the first cell of a row is what is measured."""
    columns = result["columns"]
    yield ["median (least-most)", *(column["title"] for column in columns)]
    for measure in MEASURES:
        entries = [column["measures"].get(measure.name) for column in columns]
        if not any(entries):
            continue
        cells = [_missing(column) or cell(entry) for column, entry in zip(columns, entries)]
        yield [f"{measure.section}: {measure.title}, {measure.unit}", *cells]


def lines(rows):
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
        f"{where['system']}, Linux {where['kernel']}. Disks: {result['storage']}."
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


def render(result):
    return "\n".join([*lines(_rows(result)), "", *_remarks(result)])
