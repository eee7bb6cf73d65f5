# SPDX-License-Identifier: Apache-2.0
"""One fault, and what is seen of it from outside: by a client, and by a witness whom no cut concerns."""

import contextlib
import datetime
import os
import subprocess
import sys
import threading
import time

from testbed import maxscale, spaces
from testbed.probe import Ping, WhoHas, find_probe, monotonic_ms
from testbed.probe import _Probe as Probe
from testbed.wait import WaitTimeout

from . import machine
from .faults import make_dc
from .stack import VICTIM

SETTLE = 1.5  # seconds of peace before each fault, and after the address has come back
MISSED = 1.0  # seconds; a service that is not missed by then was back before anybody could see it
TWO_HOLDERS = 5.0  # seconds; so long are two hosts watched that both answer, before that is said to be without end
LIMIT = 60
PING_MS = 1
ARP_MS = 5
SERVICE_MS = 5
WITNESS = "172.100.102.2"
CLIENT_PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "service_client.py")


class ServiceClient(Probe):
    """Asks the service at the address; who answered, the longest time without an answer, connections that failed."""

    def __init__(self, testbed):
        arguments = [CLIENT_PROGRAM, testbed.vip, str(maxscale.PORT), str(SERVICE_MS)]
        super().__init__(testbed.client, ["-IS", *arguments], sys.executable)


class Removal:
    """When the victim's own kernel took the address away: for faults after which no frame can tell."""

    def __init__(self, host, address):
        self.moments = []
        self._address = address
        command = ["ip", "-ts", "-o", "monitor", "address"]
        self._process = host.popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        """[2026-11-23T05:11:02.786538] Deleted 2: eth0    inet 172.100.102.110/24 ..."""
        for line in self._process.stdout:
            if "Deleted" in line and f" {self._address}/" in line:
                stamp = datetime.datetime.fromisoformat(line[1 : line.index("]")]).timestamp()
                self.moments.append(monotonic_ms() - (time.time() - stamp) * 1000)

    def stop(self):
        """To stop again changes nothing."""
        if self._process.poll() is None:
            spaces.end_command(self._process.pid)
            self._process.wait()
        self._reader.join(5)
        return self.moments


def equip(stack):
    """Once for each cluster: the witness, and the probe's program."""
    find_probe(stack.testbed)
    stack.testbed.add_bystander("witness", WITNESS)


def _others(who):
    return set(who.peek()["now"]) - {VICTIM}


def _steady(ping):
    seen = ping.peek()
    gaps = seen["gaps"]
    quiet = not gaps or seen["to_ms"] - gaps[-1]["start_ms"] - gaps[-1]["length_ms"] >= SETTLE * 1000
    return quiet and seen["open_gap_ms"] < 50


def wait_peace(stack, who, ping):
    """Until the victim alone has answered for a while: what its kernel has is not all that the network sees."""
    until = time.monotonic() + LIMIT
    ping.wait_answered()
    while time.monotonic() < until:
        who.wait_holders([VICTIM], LIMIT)
        who.lap()
        time.sleep(SETTLE)
        seen = who.peek()
        if not seen["several"]["requests"] and seen["now"] == [VICTIM] and _steady(ping):
            return
        ping.lap()
    raise WaitTimeout(f"waited {LIMIT} s in vain: {VICTIM} alone answers for {SETTLE} s without a pause (last: {seen['now']})")


def _wait_effect(stack, fault, who, ping, service):
    """Until it is decided what becomes of it: another host answers, or the old one still does and nothing happens."""
    wait = stack.testbed.wait_until
    if fault.service:
        until = time.monotonic() + MISSED
        wait(lambda: service.peek()["open_gap_ms"] > 200 or _others(who) or time.monotonic() > until, LIMIT, "the service is missed")
        wait(lambda: service.peek()["open_gap_ms"] < 50, LIMIT, "the service answers at the address again")
    else:
        until = time.monotonic() + stack.notices
        wait(lambda: _others(who) or time.monotonic() > until, LIMIT, "another host answers for the address")
    wait(lambda: ping.peek()["open_gap_ms"] < 50, LIMIT, "the client's pings are answered")
    time.sleep(SETTLE)
    wait(lambda: _steady(ping), LIMIT, "the client's pings are answered without a pause")
    until = time.monotonic() + TWO_HOLDERS
    wait(lambda: len(who.peek()["now"]) < 2 or time.monotonic() > until, LIMIT, "one host answers")


def _first_other(asked, began):
    """ms after the fault: another host than the victim answers for the first time."""
    found = [t["at_ms"] for t in asked["transitions"] if t["at_ms"] >= began and set(t["holders"]) - {VICTIM}]
    return min(found) - began if found else None


def _dark(transitions):
    """When the victim fell silent for another host to answer alone; None: that never came."""
    since = None
    for transition in transitions:
        if VICTIM in transition["holders"]:
            since = None
            continue
        since = transition["at_ms"] if since is None else since
        if transition["holders"]:
            return since
    return None


def _let_go(fault, asked, removals, began):
    """ms after the fault: the victim answers no more, or, without a carrier, its kernel has the address no more.

    None: nobody else had it, so there was nothing to let go. inf: it still answers.
    """
    after = [t for t in asked["transitions"] if t["at_ms"] >= began]
    if not any(set(t["holders"]) - {VICTIM} for t in after):
        return None
    silent = _dark(after) if fault.carrier else min((m for m in removals if m >= began), default=None)
    return float("inf") if silent is None else silent - began


def _sample(fault, began, took, seen, asked, removals, served):
    let_go = _let_go(fault, asked, removals, began)
    return {
        "gap_ms": seen["longest_gap_ms"],
        "two_ms": asked["several"]["total_ms"],
        "two_longest_ms": asked["several"]["longest_ms"],
        "two_at_end": len(asked["now"]) > 1,
        "holders_at_end": asked["now"],
        "let_go_ms": None if let_go == float("inf") else let_go,
        "never_let_go": let_go == float("inf"),
        "elsewhere_ms": _first_other(asked, began),
        "removed_ms": [moment - began for moment in removals],
        "strike_ms": took,
        "probe_late_ms": max(seen["own_delay_ms"], asked["own_delay_ms"]),
        "gaps": seen["gaps"],
        "transitions": [{**t, "at_ms": t["at_ms"] - began} for t in asked["transitions"]],
        "service": served,
    }


def _prepare(stack, fault):
    stack.wait_whole()
    if fault.dc_too:
        make_dc(stack)
    # The daemons start at boot, and not all at once.
    time.sleep(SETTLE)


def once(stack, fault):
    """One fault: a sample. The stack is not mended yet."""
    _prepare(stack, fault)
    testbed = stack.testbed
    sample = {"at": time.strftime("%Y-%m-%d %H:%M:%S"), "load": machine.load(), "dc_hit": stack.dc() == VICTIM}
    with contextlib.ExitStack() as probes:
        program = find_probe(testbed)
        who = probes.enter_context(WhoHas(testbed["witness"], testbed.vip, program, interval_ms=ARP_MS))
        ping = probes.enter_context(Ping(testbed.client, testbed.vip, program, interval_ms=PING_MS))
        # Only where it tells something: it is a load for the machine.
        service = probes.enter_context(ServiceClient(testbed)) if fault.service or fault.planned else None
        watch = Removal(stack.victim, testbed.vip)
        probes.callback(watch.stop)
        wait_peace(stack, who, ping)
        strike = fault.aim(stack)
        for probe in (ping, who, service):
            if probe:
                probe.lap()
        sample["struck_at"] = time.time()
        began = monotonic_ms()
        strike()
        took = monotonic_ms() - began
        try:
            _wait_effect(stack, fault, who, ping, service)
            sample["back"] = True
        except WaitTimeout as error:
            sample["back"], sample["waited_for"] = False, str(error).splitlines()[0]
        seen, asked = ping.stop(), who.stop()
        served = service.stop() if service else None
        removals = watch.stop()
    return {**sample, **_sample(fault, began, took, seen, asked, removals, served)}
