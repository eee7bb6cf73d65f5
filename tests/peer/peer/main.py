# SPDX-License-Identifier: Apache-2.0
"""make check-peer: see tests/peer/README.md."""

import argparse
import collections
import concurrent.futures
import os
import pathlib
import sys

from peer import ask, golden
from peer.compare import judge
from peer.known import KNOWN
from peer.make import make
from peer.shrink import shrink


GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "golden/scheduler"


def arguments(argv):
    cli = argparse.ArgumentParser(prog="tests/peer/run",
                                  description="Random clusters, decided by Halyard and by crm_simulate.")
    cli.add_argument("--hactl", default="hactl", help="what to ask, with its words (default: %(default)s)")
    cli.add_argument("--count", type=int, default=2000)
    cli.add_argument("--seed", type=int, default=1)
    cli.add_argument("--bound", type=float, default=97, help="least percentage that must be alike (default: %(default)s)")
    cli.add_argument("--jobs", type=int, default=os.cpu_count() or 2)
    cli.add_argument("--work", type=pathlib.Path, default=pathlib.Path("peer"),
                     help="folder for the cases and what is found")
    cli.add_argument("--shrink", type=int, default=12, help="how many classes get a small example (default: %(default)s)")
    cli.add_argument("--case", action="append", default=[], help="only this case, with its differences; repeatable")
    return cli.parse_args(argv)


def say(text):
    print(text, flush=True)


def report(verdicts, opts, folder, pool):
    """Writes what is different, by class, the smallest of each class made smaller."""
    found = opts.work / "found"
    found.mkdir(exist_ok=True)
    for old in found.glob("*"):
        old.unlink()
    classes = collections.defaultdict(list)
    for verdict in verdicts:
        if verdict.kind and not verdict.known:
            classes[verdict.kind].append(verdict)
    ordered = sorted(classes.items(), key=lambda item: (-len(item[1]), item[0]))
    jobs = []
    for number, (kind, members) in enumerate(ordered[:opts.shrink], 1):
        smallest = min(members, key=lambda v: v.size)
        jobs.append((folder, smallest.name, opts.hactl.split(), kind, found / f"{number:02d}.xml"))
    small = list(pool.map(shrink, jobs))
    lines = [f"{len(ordered)} classes of differences in {len(verdicts)} cases; NN.xml: the smallest example, made smaller", ""]
    for number, (kind, members) in enumerate(ordered, 1):
        lines.append(f"{number:02d}  {len(members):4d}  {kind}")
        lines.append("          cases " + " ".join(sorted(v.name for v in members)[:8]))
        told = small[number - 1] if number <= len(small) else None
        example = told or min(members, key=lambda v: v.size).lines
        lines += [f"          {line}" for line in list(example)[:8]]
    (found / "README.txt").write_text("\n".join(lines) + "\n")
    say("\n".join(lines[:120]))


def compare_all(names, opts, folder, pool):
    verdicts = []
    for verdict in pool.map(judge, [(folder, name, opts.hactl.split()) for name in names], chunksize=8):
        verdicts.append(verdict)
        if len(verdicts) % 500 == 0:
            say(f"{len(verdicts)} of {len(names)} compared")
    return verdicts


def main(argv=None):
    opts = arguments(argv)
    version = ask.peer_version()
    if version is None:
        say(f"check-peer: {ask.PEER} is not installed: nothing to compare with (Debian: apt install pacemaker-cli-utils)")
        return 2
    words = opts.hactl.split()
    if os.sep in words[0]:
        opts.hactl = " ".join([str(pathlib.Path(words[0]).resolve()), *words[1:]])
    opts.work = opts.work.resolve()
    folder = opts.work / f"cases-{opts.seed}-{opts.count}"
    opts.work.mkdir(parents=True, exist_ok=True)
    say(f"check-peer: {ask.PEER} {version}, {opts.count} cases of seed {opts.seed}, in {folder}")
    with concurrent.futures.ProcessPoolExecutor(opts.jobs) as pool:
        names = make(opts.seed, opts.count, folder, pool, say)
        names = [name for name in names if not opts.case or name in opts.case]
        verdicts = compare_all(names, opts, folder, pool)
        if opts.case:
            for verdict in verdicts:
                say(f"{verdict.name}: {', '.join(verdict.happened)}: {verdict.kind or 'alike'} {' and '.join(verdict.known)}")
                say("".join(f"    {line}\n" for line in verdict.lines))
        else:
            report(verdicts, opts, folder, pool)
        golden_good = bool(opts.case) or golden.check(GOLDEN, pool)
    return closing(verdicts, opts) or int(not golden_good)


def closing(verdicts, opts):
    for known in KNOWN:
        count = sum(known.name in v.known for v in verdicts)
        say(f"known difference, {count} cases: {known.name}: {known.reason}")
    alike, meant = sum(not v.kind for v in verdicts), sum(bool(v.known) for v in verdicts)
    percent = 100 * alike / max(1, len(verdicts))
    say(f"check-peer: {alike} alike of {len(verdicts)} ({percent:.1f} %); with the {meant} known differences "
        f"{alike + meant} ({100 * (alike + meant) / max(1, len(verdicts)):.1f} %)")
    return 0 if verdicts and percent >= opts.bound else 1


if __name__ == "__main__":
    sys.exit(main())
