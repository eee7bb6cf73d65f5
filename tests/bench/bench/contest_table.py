# SPDX-License-Identifier: Apache-2.0
"""The samples of a contest as tables in Markdown, which a terminal shows as well."""

from .table import lines, number, spread

TABLES = [
    ("Longest time without an answer at the client, ms (planned, or service killed: see below, too)", "gap_ms"),
    ("Two hosts answered for the address, ms in all", "two_ms"),
    ("The lost host let go after, ms", "let_go_ms"),
    ("Another host answered for the first time after, ms", "elsewhere_ms"),
    ("The service at the address: longest time without an answer, ms; connections that failed", "service"),
]


def line(sample):
    """One sample, while it runs."""
    text = f"{number(sample['gap_ms'])} ms"
    if not sample["back"]:
        text += f", NOT BACK ({sample['waited_for']})"
    if sample["two_ms"]:
        text += f", two answer for {number(sample['two_ms'])} ms" + (" and on" if sample["two_at_end"] else "")
    if sample["never_let_go"]:
        text += ", the lost host has not let go"
    if sample["service"]:
        text += f", service {number(sample['service']['longest_gap_ms'])} ms"
    return text


def of(result, contestant, fault):
    return [s for s in result["samples"] if s["contestant"] == contestant and s["fault"] == fault]


def _share(count, samples):
    return f" ({count} of {len(samples)})"


def _gap(samples):
    lost = sum(not sample["back"] for sample in samples)
    if lost:
        return "**not back**" + _share(lost, samples)
    return spread([sample["gap_ms"] for sample in samples])


def _two(samples):
    ended = sum(sample["two_at_end"] for sample in samples)
    if ended:
        return "**without end**" + _share(ended, samples)
    values = [sample["two_ms"] for sample in samples]
    return f"**{spread(values)}**" if any(values) else "0"


def _let_go(samples):
    never = sum(sample["never_let_go"] for sample in samples)
    if never:
        return "**never**" + _share(never, samples)
    values = [sample["let_go_ms"] for sample in samples if sample["let_go_ms"] is not None]
    return spread(values) if values else "kept it"


def _elsewhere(samples):
    values = [sample["elsewhere_ms"] for sample in samples if sample["elsewhere_ms"] is not None]
    if not values:
        return "stayed"
    return spread(values) + ("" if len(values) == len(samples) else _share(len(values), samples))


def _service(samples):
    served = [sample["service"] for sample in samples if sample["service"]]
    if not served:
        return None
    failed = {}
    for one in served:
        for how, count in one["failed"].items():
            failed[how] = failed.get(how, 0) + count
    names = {"ConnectionRefusedError": "refused", "ConnectionResetError": "reset", "TimeoutError": "no answer"}
    words = [f"{count} {names.get(how, how)}" for how, count in sorted(failed.items())]
    return spread([one["longest_gap_ms"] for one in served]) + (f"; {', '.join(words)}" if words else "")


CELLS = {"gap_ms": _gap, "two_ms": _two, "let_go_ms": _let_go, "elsewhere_ms": _elsewhere, "service": _service}


def _cell(result, name, fault, key):
    samples = of(result, name, fault)
    entry = result["contestants"][name]
    if "missing" in entry or fault in entry.get("unable", {}):
        return "not measured"
    if not samples:
        return "**failed**" if any(f["contestant"] == name for f in result["failed"]) else "-"
    text = CELLS[key](samples)
    if text is None:
        return "-"
    return text + ("" if len(samples) == result["runs"] else f" [{len(samples)} runs]")


def _table(result, key, named):
    names = list(result["contestants"])
    yield ["median (least-most)", *(result["contestants"][name]["title"] for name in names)]
    for fault in result["faults"]:
        if key == "let_go_ms" and named(fault).planned:
            continue
        if key == "service" and not any(s["service"] for s in result["samples"] if s["fault"] == fault):
            continue
        yield [named(fault).title, *(_cell(result, name, fault, key) for name in names)]


def _remarks(result):
    where = result["machine"]
    loads = [sample["load"] for sample in result["samples"]] or [0]
    late = [sample["probe_late_ms"] for sample in result["samples"]] or [0]
    yield (
        f"{where['date']}; {where['processors']} x {where['processor']}, {where['memory_gib']} GiB; {where['system']}, "
        f"Linux {where['kernel']}. {result['runs']} run(s), {result['seconds'] / 60:.0f} minutes; load of the machine "
        f"{min(loads):.1f} to {max(loads):.1f}; a probe was late by up to {number(max(late))} ms."
    )
    if result.get("stopped"):
        yield "**It was stopped before its end.**"
    for entry in result["contestants"].values():
        if "missing" in entry:
            yield f"{entry['title']}: not measured: {entry['missing']}."
            continue
        yield f"{entry['title']}: {entry.get('version', 'of unknown version')}."
        for fault, why in entry.get("unable", {}).items():
            yield f"{entry['title']}, {fault}: not measured: {why}."
    for failed in result["failed"]:
        title = result["contestants"][failed["contestant"]]["title"]
        yield f"{title}, {failed['fault']}, run {failed['run']}: failed: {(failed['error'].splitlines() or [''])[0]}"


def render(result, named):
    parts = []
    for title, key in TABLES:
        rows = list(_table(result, key, named))
        if len(rows) > 1:
            parts += [title + ":", "", *lines(rows), ""]
    return "\n".join([*parts, *(f"* {remark}" for remark in _remarks(result))])
