# SPDX-License-Identifier: Apache-2.0
"""The golden cases, asked of the peer: each is decided as it decides, or says why not ("# Own rule: ...")."""

import collections
import pathlib
import re
import sys
import tempfile

from peer import ask, casefile, crm

COMPARED = {"start", "stop", "promote", "demote", "reload", "migrate_to", "migrate_from", "fence",
            "notify"}
SAME_WORD = {"reload-agent": "reload"}


def expected_lines(text):
    lines = []
    for line in text.split("\n"):
        words = line.split()
        if words and re.match("(pre|post)_notify_", words[0]):
            words[0] = "notify"
        if words and words[0] in COMPARED and words[-1] not in ("pending", "blocked"):
            lines.append(" ".join(words))
    return collections.Counter(lines)


def peer_lines(lines, expected):
    """Notifications only where they are expected at all."""
    told = re.search("^with .*notifications", expected, re.MULTILINE)
    return collections.Counter(" ".join([SAME_WORD.get(word, word) for word in line.split()]) for line in lines
                               if told or not line.startswith("notify "))


def one(path):
    """-> (word, text): same, own, stale (own rule, and yet the same), differs, not asked."""
    with tempfile.TemporaryDirectory(prefix="peer-") as work:
        try:
            case = casefile.Case(path, pathlib.Path(work))
            _, lines, _ = case.ask()
        except (casefile.Unaskable, crm.Misread, ask.NoAnswer) as why:
            return ("own", "") if "# Own rule:" in path.read_text() else ("not asked", str(why))
    wanted = expected_lines(case.expected)
    got = peer_lines(lines, case.expected)
    own = "# Own rule:" in path.read_text()
    if wanted == got:
        return ("stale", "its own rule is the peer's, too") if own else ("same", "")
    if own:
        return "own", ""
    missing, surplus = (wanted - got).elements(), (got - wanted).elements()
    return "differs", f"{case.about}\n    only here: {', '.join(missing) or '-'}\n    only the peer: {', '.join(surplus) or '-'}"


def check(folder, pool):
    """-> whether all is as it should be; says what is not."""
    paths = sorted(folder.glob("*/*.case"))
    counts = collections.Counter()
    for path, (word, text) in zip(paths, pool.map(one, paths, chunksize=4)):
        counts[word] += 1
        if word not in ("same", "own"):
            print(f"golden {path.parent.name}/{path.stem}: {word}: {text}", flush=True)
    print(f"golden cases: {counts['same']} of {len(paths)} as the peer decides, {counts['own']} by a rule of our own, "
          f"{counts['differs'] + counts['stale'] + counts['not asked']} to be looked at", flush=True)
    return len(paths) > 0 and counts["same"] + counts["own"] == len(paths)


if __name__ == "__main__":
    import concurrent.futures
    with concurrent.futures.ProcessPoolExecutor(2) as workers:
        sys.exit(not check(pathlib.Path(sys.argv[1]), workers))
