#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs of the simulator, several at once.

usage: run.py SIM check [REGRESSIONS]   the fixed seeds, the regressions, the same hash twice, a few fresh seeds
       run.py SIM long HOURS [--tally FILE]   fresh seeds for so many hours of virtual time, whatever fails; when it is
                                        stopped it says what was done. FILE: gets a line for each minute, and is summed up
       run.py SIM mutants [NAME...]     each mutant until a check finds it; fails if one is not found
       run.py SIM hash [OTHER...]       a few seeds by each of these builds (one: twice): all must do the same

SIM: the program. JOBS in the environment: how many at once. What fails is saved as a schedule, in the present folder.
"""

import argparse
import concurrent.futures
import os
import pathlib
import secrets
import subprocess
import sys
import time

import longrun

JOBS = int(os.environ.get("JOBS", os.cpu_count() or 2))
MINUTES = 10
# (first seed, how many, nodes, witnesses, more words): some 40 hours of virtual time with ten minutes each.
FIXED = [(1, 90, 3, 0), (1001, 60, 5, 0), (2001, 10, 4, 0), (3001, 10, 7, 0), (4001, 5, 1, 0), (5001, 5, 2, 0),
         (6001, 10, 3, 1), (7001, 10, 5, 2),
         (8001, 20, 3, 0, "--noise"), (8101, 10, 3, 0, "--noise", "--links", 2), (8201, 5, 5, 0, "--noise"),
         (8301, 5, 2, 0, "--noise"), (8401, 5, 3, 1, "--noise")]
FRESH = 6
MUTANT_SECONDS = 240
# Mutants that show in some worlds only.
FROZEN = ["--faults", "freeze-host,partition", "--guards", "yes", "--links", 1]
NEEDS = {"WITNESS_RUNS": ["--witnesses", 1], "WITNESS_FORGOTTEN": ["--witnesses", 1],
         "DEAD_AFTER_SHORTER": ["--noise"], "PROMISE_TOLD_SHORTER": ["--noise"],
         "HEARTBEATS_ON_ONE_LINK": ["--noise", "--links", 2],
         "FILTER_LETS_PASS": FROZEN, "FILTER_CLOCK_STOPS": FROZEN, "FILTER_WITHOUT_SINCE": FROZEN,
         "FOUND_IS_WATCHED": ["--faults", "kill-all,freeze-host", "--guards", "yes"],
         "CONFLICT_NOT_ASKED": ["--faults", "kill-all,freeze-host,operator", "--guards", "no"]}
# A mutant, and an invariant that must hold all the same: a net below the one that was taken away.
HOLDS = [("LEASE_NOT_WATCHED", "answers-twice", ["--guards", "yes"])]
HOLD_SEEDS = 12


class Run:
    """One process of the simulator, ended, and what it said."""

    def __init__(self, words, timeout=1800):
        self.words = [str(word) for word in words]
        began = time.monotonic()
        try:
            done = subprocess.run(self.words, capture_output=True, text=True, errors="replace", timeout=timeout,
                                  stdin=subprocess.DEVNULL)
            self.status, self.text = done.returncode, done.stdout + done.stderr
        except subprocess.TimeoutExpired as late:
            self.status, self.text = 124, f"{late.stdout or ''}\nnot done after {timeout} s"
        self.seconds = time.monotonic() - began
        self.results = longrun.RESULT.findall(self.text)
        self.simulated = sum(int(result[4]) for result in self.results)
        found = longrun.VIOLATION.search(self.text)
        self.invariant = found.group(1) if found else None

    @property
    def good(self):
        return self.status == 0 and bool(self.results)

    def command(self):
        return " ".join(self.words)


class Tally:
    def __init__(self):
        self.passed = self.failed = 0

    def one(self, name, good, text=""):
        print(f"{'ok    ' if good else 'FAILED'} {name}", flush=True)
        if not good:
            print(text.rstrip()[-12000:], flush=True)
        self.passed += int(good)
        self.failed += int(not good)
        return good

    def close(self):
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed or not self.passed else 0


def together(jobs):
    """Runs thunks side by side, and gives what they give as it comes."""
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        for done in concurrent.futures.as_completed([pool.submit(job) for job in jobs]):
            yield done.result()


def seed_words(sim, seed, nodes, *more):
    return [sim, "--seed", seed, "--nodes", nodes, "--minutes", MINUTES, *more]


def hash_of(run):
    return run.results[-1][6] if run.results else None


# ---- check


def same_hash(sims, tally, seeds=((11, 3), (12, 5))):
    sims = sims * 2 if len(sims) == 1 else sims
    for seed, nodes in seeds:
        runs = list(together([lambda sim=sim: Run(seed_words(sim, seed, nodes, "--no-shrink")) for sim in sims]))
        hashes = {hash_of(run) for run in runs}
        tally.one(f"seed {seed}, {nodes} nodes: {len(runs)} processes come to the same hash",
                  len(hashes) == 1 and None not in hashes, "\n".join(f"{run.command()}\n{run.text}" for run in runs))


def check(sim, tally, regressions=None):
    jobs, names = [], []
    for path in sorted(pathlib.Path(regressions).glob("*.sim")) if regressions else []:
        jobs.append(lambda path=path: (f"regression {path.name}", Run([sim, "--schedule", path])))
    for first, count, nodes, witnesses, *other in FIXED:
        for seed in range(first, first + count, 5):  # several to a process: starting one costs little, counting them more
            runs = min(5, first + count - seed)
            more = ["--runs", runs, "--witnesses", witnesses, *other]
            name = f"seeds {seed} to {seed + runs - 1}, {nodes} nodes, {witnesses} of them witnesses {' '.join(map(str, other))}"
            jobs.append(lambda seed=seed, nodes=nodes, name=name, more=more: (
                name.rstrip(),
                Run(seed_words(sim, seed, nodes, *more))))
    for _ in range(FRESH):
        seed, nodes = secrets.randbelow(1 << 48), secrets.choice([3, 5])
        jobs.append(lambda seed=seed, nodes=nodes: (f"fresh seed {seed}, {nodes} nodes",
                                                    Run(seed_words(sim, seed, nodes, "--witnesses", "seed"))))
    simulated, began = 0, time.monotonic()
    for name, run in together(jobs):
        simulated += run.simulated
        names.append(name)
        tally.one(name, run.good, f"{run.command()}\n{run.text}")
    seconds = time.monotonic() - began
    print(f"{simulated / 3600:.1f} hours of virtual time in {seconds:.0f} s: {simulated / seconds:.0f} times as fast")
    same_hash([sim], tally)


def long(sim, tally, words):
    parser = argparse.ArgumentParser(prog="run.py SIM long")
    parser.add_argument("hours", type=float, nargs="?", default=1)
    parser.add_argument("--tally", metavar="FILE")
    given = parser.parse_args(words)
    run = longrun.Long(sim, given.hours, JOBS, given.tally)
    tally.one(f"{given.hours:.0f} hours of fresh seeds", run.go(), "see the violations above")


# ---- mutants


def hunt(sim, name):
    """A seed that fails without the mutant too has found something else."""
    began, tried = time.monotonic(), 0
    while time.monotonic() - began < MUTANT_SECONDS:
        words = seed_words(sim, 9000 + tried, 5 if tried % 3 == 2 else 3, "--no-shrink", *NEEDS.get(name, []))
        run = Run([*words, "--mutant", name])
        tried += 1
        if run.invariant and Run(words).good:
            return name, run.invariant, tried, time.monotonic() - began
    return name, None, tried, time.monotonic() - began


def hold(sim, name, invariant, words):
    run = Run(seed_words(sim, 9000, 3, "--runs", HOLD_SEEDS, "--no-shrink", "--mutant", name, "--only", invariant, *words))
    return name, invariant, run


def mutants(sim, tally, wanted):
    listed = subprocess.run([sim, "--mutants"], capture_output=True, text=True, check=True).stdout.splitlines()
    words = dict(line.split(" ", 1) for line in listed)
    names = wanted or list(words)
    print(f"{'mutant':30} {'caught by':26} {'seeds':>5} {'seconds':>8}  what is wrong", flush=True)
    for name, invariant, tried, seconds in together([lambda name=name: hunt(sim, name) for name in names]):
        print(f"{name:30} {invariant or 'NOT CAUGHT':26} {tried:5} {seconds:8.1f}  {words.get(name, '?')}", flush=True)
        tally.passed += invariant is not None
        tally.failed += invariant is None
    jobs = [lambda one=one: hold(sim, *one) for one in HOLDS if not wanted or one[0] in wanted]
    for name, invariant, run in together(jobs):
        tally.one(f"with {name}, {invariant} holds in {HOLD_SEEDS} seeds", run.good, run.text)


def main():
    if len(sys.argv) < 3 or sys.argv[2] not in ("check", "long", "mutants", "hash"):
        sys.exit(__doc__)
    sim, step, words, tally = sys.argv[1], sys.argv[2], sys.argv[3:], Tally()
    if step == "check":
        check(sim, tally, *words[:1])
    elif step == "long":
        long(sim, tally, words)
    elif step == "hash":
        same_hash([sim, *words], tally, ((21, 3), (22, 5), (23, 3)))
    else:
        mutants(sim, tally, words)
    return tally.close()


if __name__ == "__main__":
    sys.exit(main())
