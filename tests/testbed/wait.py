# SPDX-License-Identifier: Apache-2.0
"""Waiting for a condition, and saying what the testbed looked like when it did not come."""

import os
import time


class WaitTimeout(AssertionError):
    """A condition did not come true in time."""


def patience():
    """HALYARD_TESTBED_PATIENCE makes all limits longer, for valgrind, sanitizers and busy machines."""
    return float(os.environ.get("HALYARD_TESTBED_PATIENCE", "1"))


def wait_until(condition, timeout, what, testbed=None, poll=0.01):
    """Ask again and again until the condition gives something true, and return that.

    what says in words what is waited for; a callable is asked for them at the end, when it knows more.
    """
    began = time.monotonic()
    limit = timeout * patience()
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() - began > limit:
            words = what() if callable(what) else what
            picture = "\n" + report(testbed) if testbed else ""
            raise WaitTimeout(f"waited {limit:g} s in vain: {words} (last answer: {value!r}){picture}")
        time.sleep(poll)
        poll = min(poll * 1.2, 0.1)


def _section(title, text):
    return f"--- {title}\n{text.rstrip()}\n" if text.strip() else ""


def _logs(host):
    folder = host.path("/var/log")
    for place, _, names in os.walk(folder):
        for name in sorted(names):
            inside = os.path.join("/var/log", os.path.relpath(os.path.join(place, name), folder))
            yield os.path.normpath(inside)


def _describe(host, lines):
    if not host.is_on:
        return _section(host.name, "is off; its disk is kept")
    text = _section(f"{host.name}: addresses", host.call(["ip", "-br", "addr"], timeout=10).stdout)
    listing = "\n".join(f"{p.pid:6} {p.parent:6} {p.state()} {' '.join(p.argv)[:150]}" for p in host.processes())
    text += _section(f"{host.name}: processes (pid, parent, state)", listing)
    if host.own_files:
        for log in _logs(host):
            text += _section(f"{host.name}: {log}", host.tail(log, lines))
    return text


def report(testbed, lines=40):
    """What each host looks like: addresses, processes, the ends of its logs."""
    text = _section("network faults", "\n".join(testbed.switch.rules()) or "none")
    for host in [*testbed.hosts, testbed.client]:
        try:
            text += _describe(host, lines)
        except (AssertionError, OSError, RuntimeError) as error:
            text += _section(host.name, f"could not be asked: {error}")
    folder = os.environ.get("HALYARD_TESTBED_REPORTS")
    if folder:
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, f"{os.path.basename(testbed.directory)}.{time.time():.0f}.txt"), "w") as file:
            file.write(text)
    return text
