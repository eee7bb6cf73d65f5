# SPDX-License-Identifier: Apache-2.0
"""Asks the two schedulers. Both get the same file and the same time."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET

PEER = "crm_simulate"
PATIENCE = 60


class NoAnswer(Exception):
    """A scheduler that said nothing that could be compared; the text says why."""


def peer_version():
    if shutil.which(PEER) is None:
        return None
    said = subprocess.run([PEER, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"Pacemaker (\S+)", said)
    return found.group(1) if found else "?"


def run(command, folder):
    environment = dict(os.environ, LC_ALL="C", TZ="UTC", CIB_shadow_dir=str(folder))
    try:
        done = subprocess.run([str(word) for word in command], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired as late:
        raise NoAnswer(f"{command[0]}: nothing after {PATIENCE} s") from late
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


# ---- the peer


def fence_action(element):
    operation = re.match(r"Fence \((\w+)\)", element.get("task") or "")
    if not operation:
        return None
    return {"action": "fence", "resource": element.get("node").split(" ")[0], "op": operation.group(1)}


def resource_action(element):
    source, here, target = element.get("source"), element.get("node"), element.get("dest")
    word = element.get("action").replace("-", "")
    one = {"action": word, "resource": element.get("resource"), "blocked": element.get("blocked") == "true",
           "from": source or here, "to": target or here or source}
    if element.get("next-role", element.get("role")) == "Promoted":
        one["role"] = "promoted"
    if word == "promote" and element.get("role") == "Stopped":
        one["from"] = None
    return one


def peer_places(status):
    after, promoted = {}, {}
    for element in status.iter("resource"):
        if element.get("role") == "Stopped":
            continue  # a node named here is one the resource is locked to
        nodes = [node.get("name") for node in element.findall("node")]
        after.setdefault(element.get("id"), []).extend(nodes)
        if element.get("role") == "Promoted":
            promoted.setdefault(element.get("id"), []).extend(nodes)
    return after, promoted


BRINGS_UP = ("start", "promote", "migrate_from")


def forget_made_up(root, before, after):
    """Of a recurring operation that it cancels, crm_simulate makes up a result by which the resource looks active there."""
    done = {(a.get("resource"), a.get("node"), a.get("op")) for a in root.findall("transition/rsc_action")}
    for name, node, op in sorted(done):
        if op == "cancel" and not any((name, node, word) in done for word in BRINGS_UP) and node not in before.get(name, ()):
            after[name] = [other for other in after.get(name, ()) if other != node]


def read_peer(text):
    try:
        root = ET.fromstring(text)
    except ET.ParseError as error:
        raise NoAnswer(f"{PEER}: {error}") from error
    revised = root.find("revised_cluster_status")
    actions = [fence_action(a) for a in root.findall("actions/node_action")]
    actions += [resource_action(a) for a in root.findall("actions/rsc_action")]
    if revised is None:
        raise NoAnswer(f"{PEER}: no status afterwards")
    before, _ = peer_places(root.find("cluster_status"))
    after, promoted = peer_places(revised)
    forget_made_up(root, before, after)
    actions = [action for action in actions if action]
    for action in list(actions):
        # The start that precedes a blocked promotion is not told; whether it is done, the places tell.
        if action["action"] == "promote" and action["blocked"] and action["from"] is None:
            plain = re.sub(r":\d+$", "", action["resource"])
            if any(action["to"] in after.get(n, []) and action["to"] not in before.get(n, [])
                   for n in (plain, action["resource"])):
                actions.append(dict(action, action="start", blocked=False, role=None))
    return {"actions": actions, "after": after, "promoted": promoted}


def ask_peer(path, when, folder, result=None, failures=()):
    """The peer's answer; `result`: where the CIB afterwards goes; `failures`: what is to go wrong on the way there."""
    command = [PEER, "-S", "-x", path, "--output-as=xml", "-t", when]
    if result:
        command += ["-O", result]
    for failure in failures:
        command += ["-F", failure]
    status, out, err = run(command, folder)
    if status != 0 and not (failures and result and pathlib.Path(result).exists()):
        raise NoAnswer(f"{PEER}: status {status}: {err.strip()[-300:]}")
    return read_peer(out)


# ---- Halyard


def ask_halyard(hactl, path, when, folder):
    status, out, err = run([*hactl, "simulate", "--xml", path, "--json", "--at", when], folder)
    if status < 0:
        raise NoAnswer(f"hactl: ended by signal {-status}: {err.strip()[-300:]}")
    if status != 0:
        raise NoAnswer(f"hactl: status {status}: {err.strip()[-300:]}")
    try:
        return json.loads(out)
    except ValueError as error:
        raise NoAnswer(f"hactl: not JSON: {error}") from error
