# SPDX-License-Identifier: Apache-2.0
"""Makes the cases: files NAME.xml, and NAME.json beside them with the time to ask for, what happened, and the peer's answer."""

import hashlib
import json
import pathlib
import random
import shutil
import tempfile

from peer import ask
from peer.draw import Draw
from peer.history import BEGIN, Events, iso, retime
from peer.xmlcib import Cib

MOST_STEPS = 4
FAILABLE = {"start": "start", "stop": "stop", "move": "stop", "restart": "start", "recover": "start", "promote": "promote",
            "demote": "demote",
            "migrate": "migrate_to"}


def generator_mark():
    """Changes when what makes the cases does: files of another generator are made anew."""
    folder, mark = pathlib.Path(__file__).parent, hashlib.sha256()
    for name in ("ask.py", "draw.py", "history.py", "make.py", "xmlcib.py"):
        mark.update((folder / name).read_bytes())
    return mark.hexdigest()[:12]


def failures_on_the_way(rng, answer):
    """Some of the time, one of the actions that come next goes wrong."""
    actions = [a for a in answer["actions"] if a["action"] in FAILABLE and not a.get("blocked")]
    if not actions or rng.random() > 0.3:
        return ()
    action = rng.choice(actions)
    word = FAILABLE[action["action"]]
    if action["action"] == "migrate" and rng.random() < 0.5:
        word = "migrate_from"
    where = action["from"] if word in ("stop", "demote", "migrate_to") else action["to"]
    rc = rng.choice((1, 1, 1, 5))
    names = {action["resource"], action["resource"].rpartition(":")[0] or action["resource"]}
    return tuple(f"{name}_{word}_0@{where}={rc}" for name in sorted(names))


class Story:
    """One cluster from its configuration on: each question is a case."""

    def __init__(self, seed, index, folder):
        self.seed, self.index, self.folder = seed, index, folder
        self.rng = random.Random(f"{seed}/{index}")
        self.draw = Draw(self.rng)
        self.events = Events(self.draw, self.rng)
        self.made = []

    def tell(self, most):
        steps = self.rng.choice((2, 3, 3, MOST_STEPS))
        cib, happened = self.draw.configuration(), ["begins"]
        for step in range(steps):
            if step:
                happened = [e for e in (self.events.happen(cib) for _ in range(self.rng.choice((1, 1, 1, 2, 3)))) if e]
            ask_it = (step or self.rng.random() < 0.35) and len(self.made) < most
            cib = self.question(cib, happened, ask_it, last=step == steps - 1)
            if cib is None:
                break
        return self.made

    def question(self, cib, happened, ask_it, last):
        """Asks, and goes on to what comes of it; None: the peer has no answer, and the story ends."""
        name = f"{self.index:05d}-{len(self.made)}"
        path, result = self.folder / f"{name}.xml", self.folder / f"{name}.next"
        cib.write(path)
        when = iso(self.events.now)
        try:
            answer = ask.ask_peer(path, when, self.folder, None if last else result)
            if ask_it:
                self.made.append(name)
                (self.folder / f"{name}.json").write_text(json.dumps({"time": when, "happened": happened, "answer": answer}))
            elif path.exists():
                path.unlink()
            if last:
                return None
            failures = failures_on_the_way(self.rng, answer)
            if failures:
                path = self.folder / f"{name}.again"
                cib.write(path)
                ask.ask_peer(path, when, self.folder, result, failures)
                path.unlink()
        except ask.NoAnswer:
            for left in (path, result):
                left.unlink(missing_ok=True)
            return None
        after = Cib.read(result)
        result.unlink()
        retime(after, self.events.now)
        self.events.now += self.rng.randrange(30, 600)
        return after


def tell(job):
    seed, index, folder, most = job
    with tempfile.TemporaryDirectory(prefix="peer-") as work:
        story = Story(seed, index, pathlib.Path(work))
        names = story.tell(most)
        for name in names:
            for ending in (".xml", ".json"):
                shutil.move(story.folder / f"{name}{ending}", folder / f"{name}{ending}")
    return names


def make(seed, count, folder, pool, say):
    """-> the names of `count` cases in `folder`, made now or there already."""
    mark = folder / "complete"
    wanted = f"{seed} {count} {generator_mark()} {ask.peer_version()}\n"
    if mark.exists() and mark.read_text() == wanted:
        return sorted(p.stem for p in folder.glob("*.json"))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    names, index = [], 0
    while len(names) < count:
        batch = max(1, min(200, (count - len(names)) // 2))
        for told in pool.map(tell, [(seed, index + i, folder, MOST_STEPS) for i in range(batch)], chunksize=4):
            names += told
        index += batch
        say(f"{min(len(names), count)} of {count} cases made")
    for name in names[count:]:
        for ending in (".xml", ".json"):
            (folder / f"{name}{ending}").unlink()
    mark.write_text(wanted)
    return names[:count]
