# SPDX-License-Identifier: Apache-2.0
"""Fresh seeds for hours and days: which, and what is counted. What was done is known at any time, however it ends."""

import json
import os
import pathlib
import re
import secrets
import signal
import subprocess
import threading
import time

RESULT = re.compile(r"^seed (\d+): (\d+) nodes, (\w+), (\d+) faults, (\d+) s in ([\d.]+) s .* hash ([0-9a-f]{16})$", re.M)
VIOLATION = re.compile(r"^VIOLATION (?:seed \d+, )?([\w-]+) at ([\d.]+) s: (.*)$", re.M)
SAVED = re.compile(r"^saved: halyard-sim --schedule (.*)$", re.M)
MIX = {3: 42, 5: 34, 7: 10, 4: 6, 6: 6, 2: 2}  # nodes: of a hundred processes
RUNS = 8  # of one process: starting it costs as much as a second of virtual time
NOISE = 10  # of a hundred processes: nothing but noise within the bounds
LATE = 3600  # seconds; no process takes that long, with all its shrinking
SAY = 60  # seconds from one line of the tally to the next


class Count:
    """Runs, virtual seconds by number of nodes and profile, violations."""

    def __init__(self):
        self.runs = self.faults = 0
        self.seconds = {}
        self.violations = []
        self.first = self.last = None

    def take(self, text):
        """What one process has said: each run that ended, whether good or not."""
        for seed, nodes, profile, faults, seconds, _, _ in RESULT.findall(text):
            self.runs += 1
            self.faults += int(faults)
            kind = f"{nodes} {profile}"
            self.seconds[kind] = self.seconds.get(kind, 0) + int(seconds)
            self.first = min(self.first or int(seed), int(seed))
            self.last = max(self.last or 0, int(seed))

    def fail(self, name, seed, nodes, words, schedule):
        self.violations.append({"what": name, "seed": seed, "nodes": nodes, "words": words, "schedule": schedule})

    def add(self, line):
        """A line of the tally."""
        self.runs += line["runs"]
        self.faults += line["faults"]
        for kind, seconds in line["seconds"].items():
            self.seconds[kind] = self.seconds.get(kind, 0) + seconds
        self.violations += line["violations"]
        if line["runs"]:
            self.first = min(self.first or line["first"], line["first"])
            self.last = max(self.last or 0, line["last"])

    def line(self):
        return {"runs": self.runs, "faults": self.faults, "first": self.first, "last": self.last,
                "node_hours": round(self.node_hours, 2), "seconds": self.seconds, "violations": self.violations}

    @property
    def hours(self):
        return sum(self.seconds.values()) / 3600

    @property
    def node_hours(self):
        return sum(int(kind.split()[0]) * seconds for kind, seconds in self.seconds.items()) / 3600

    def brief(self):
        return (f"{self.node_hours:.0f} node-hours ({self.hours:.1f} hours, {self.runs} runs, {self.faults} faults), "
                f"{len(self.violations)} violations")

    def print(self, what):
        print(f"{what}: {self.brief()}, seeds {self.first} to {self.last}")
        for kind, seconds in sorted(self.seconds.items(), key=lambda item: (int(item[0].split()[0]), item[0])):
            nodes, profile = kind.split()
            print(f"  {nodes} nodes, {profile}: {int(nodes) * seconds / 3600:10.1f} node-hours")
        for found in self.violations:
            again = found["schedule"] or f"not saved: --seed {found['seed']} --nodes {found['nodes']} --witnesses seed"
            print(f"  VIOLATION {found['what']}, seed {found['seed']}: {found['words']} ({again})")
        print(end="", flush=True)


def read_tally(path):
    count = Count()
    for text in pathlib.Path(path).read_text().splitlines():
        count.add(json.loads(text))
    return count


class Long:
    def __init__(self, sim, hours, jobs, tally=None, say=SAY, mix=None):
        self.sim, self.hours, self.jobs, self.path, self.say, self.mix = sim, float(hours), jobs, tally, say, mix or MIX
        self.all, self.lately = Count(), Count()
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self.children = set()

    def stop(self, *_):
        """From a signal: whoever runs is ended, and what it has said until then counts."""
        self.stopping.set()
        for child in list(self.children):
            try:
                os.killpg(child.pid, signal.SIGTERM)
            except ProcessLookupError:
                pass

    def start(self, words):
        """None: it is over. A child that is started while all are being ended would be missed."""
        with self.lock:
            if self.stopping.is_set():
                return None
            child = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                     text=True, errors="replace", start_new_session=True)
            self.children.add(child)
        if self.stopping.is_set():
            self.stop()
        return child

    def run(self):
        seed = secrets.randbelow(1 << 48)
        nodes = secrets.SystemRandom().choices(list(self.mix), self.mix.values())[0]
        words = [str(word) for word in [self.sim, "--seed", seed, "--nodes", nodes, "--runs", RUNS,
                                    "--witnesses", "seed"]]
        if secrets.randbelow(100) < NOISE:
            words.append("--noise")
        child = self.start(words)
        if not child:
            return
        late = ""
        try:
            text, _ = child.communicate(timeout=LATE)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            text, late = child.communicate()[0], f"it was not done after {LATE} s"
        self.ended(words, seed, child, text, late)

    def ended(self, words, seed, child, text, late):
        with self.lock:
            self.children.discard(child)
            for count in (self.all, self.lately):
                count.take(text)
            found, saved = VIOLATION.search(text), SAVED.search(text)
            if not found and (child.returncode == 0 or self.stopping.is_set()):
                return
            name, why = (found.group(1), found.group(3)) if found else ("no-end", late or f"status {child.returncode}")
            results = RESULT.findall(text)
            last = results[-1][:2] if results else (seed, words[4])
            schedule = str(pathlib.Path(saved.group(1)).resolve()) if saved else None
            for count in (self.all, self.lately):
                count.fail(name, int(last[0]), int(last[1]), why, schedule)
            print(" ".join(words), text.rstrip()[-12000:], sep="\n", flush=True)

    def write(self):
        with self.lock:
            count, self.lately = self.lately, Count()
        if self.path and (count.runs or count.violations):
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(json.dumps(count.line()) + "\n")

    def work(self):
        while not self.stopping.is_set() and self.all.hours < self.hours:
            self.run()

    def go(self):
        """True: no violation."""
        before = {number: signal.signal(number, self.stop) for number in (signal.SIGINT, signal.SIGTERM)}
        began = said = time.monotonic()
        workers = [threading.Thread(target=self.work) for _ in range(self.jobs)]
        for worker in workers:
            worker.start()
        while any(worker.is_alive() for worker in workers):
            time.sleep(0.2)
            if time.monotonic() - said >= self.say:
                said = time.monotonic()
                self.write()
                print(self.all.brief(), flush=True)
        self.write()
        for number, handler in before.items():
            signal.signal(number, handler)
        used = os.times()
        seconds = time.monotonic() - began, used.children_user + used.children_system
        self.all.print("stopped" if self.stopping.is_set() else "done")
        for per, of in (("hour", seconds[0]), ("core-hour", seconds[1])):
            print(f"  {self.all.node_hours / max(of / 3600, 1e-6):.0f} node-hours in one {per}")
        if self.path:
            read_tally(self.path).print(f"all of {self.path}")
        return not self.all.violations
