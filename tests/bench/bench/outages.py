# SPDX-License-Identifier: Apache-2.0
"""Faults at the host that holds the address, and what a client sees of them."""

import contextlib
import json
import subprocess
import time
from dataclasses import dataclass
from typing import Callable

from testbed import maxscale, spaces
from testbed.wait import WaitTimeout

from .stack import SERVICE, VICTIM

SETTLE = 2.0  # seconds of peace before each fault, and after the address has come back
UNMOVED = 12.0  # how long a fault is watched that need not move anything: longer than the peer takes to miss a host
LIMIT = 60


@dataclass(frozen=True)
class Fault:
    name: str
    title: str
    strike: Callable  # stack -> None
    mend: Callable  # stack -> None; afterwards stack.wait_whole() must come true
    moves: bool = True  # another host is expected to take the address
    dc_too: bool = False  # the host is the DC as well: who decides has to be found anew first
    service: bool = False  # what is measured is the service at the address, not the address


def _reboot(stack, name=VICTIM):
    host = stack.testbed[name]
    if host.is_on:
        host.power_off()
    host.power_on()


def _kill(processes):
    if not processes:
        raise RuntimeError("nothing to kill: the fault would be none")
    for process in processes:
        process.kill()


def _command(*arguments):
    return lambda stack: stack.command(*arguments)


def _repair(stack):
    maxscale.repair(stack.victim)
    _clean_up(stack)


def _freeze(stack):
    stack.victim.freeze([process.pid for process in stack.daemons(VICTIM)])


def _heal(stack):
    stack.testbed.heal()


_clean_up = _command("resource", "cleanup", "clone_max")
_unmove = _command("resource", "unmove", "ClusterIP")

FAULTS = [
    Fault("power", "power off", lambda s: s.victim.power_off(), _reboot),
    Fault("power-dc", "power off, of the DC too", lambda s: s.victim.power_off(), _reboot, dc_too=True),
    Fault("cable", "cable pulled", lambda s: s.victim.pull(), _heal),
    Fault("isolated", "cut off from everybody, carrier up", lambda s: s.testbed.isolate(VICTIM), _heal),
    Fault("partition", "cut off from the other hosts, not from clients", lambda s: s.testbed.cut(VICTIM), _heal),
    Fault("kill-all", "kill -9 of all daemons", lambda s: _kill(s.daemons(VICTIM)), _reboot),
    Fault("freeze-all", "all daemons frozen (SIGSTOP)", _freeze, _reboot),
    Fault("kill-core", "kill -9 of the deciding daemon", lambda s: _kill(s.deciders(VICTIM)), _reboot, moves=False),
    Fault("standby", "node standby (planned)", _command("node", "standby", VICTIM), _command("node", "online", VICTIM)),
    Fault("move", "resource move (planned)", lambda s: s.command(*s.move_away()), _unmove),
    Fault("unmove", "resource unmove: back to its place", _unmove, lambda s: None),
    Fault(
        "service-kill",
        "service killed, monitored each 1 s",
        lambda s: s.victim.kill(SERVICE),
        _clean_up,
        moves=False,
        service=True,
    ),
    Fault("service-break", "service broken for good", lambda s: maxscale.damage(s.victim), _repair, service=True),
]

# Asks the service at the address each 10 ms; what it says at the end is the longest time between two answers.
CLIENT = """
import json, select, socket, sys, time
address, port = sys.argv[1], int(sys.argv[2])
last, longest, answered = time.monotonic(), 0.0, 0
print("ready", flush=True)
while not select.select([sys.stdin], [], [], 0.01)[0]:
    try:
        with socket.create_connection((address, port), 0.1) as connection:
            connection.settimeout(0.1)
            alive = bool(connection.recv(99))
    except OSError:
        alive = False
    if alive:
        now = time.monotonic()
        longest, last, answered = max(longest, now - last), now, answered + 1
longest = max(longest, time.monotonic() - last)
print(json.dumps({"longest_ms": longest * 1000, "answered": answered}), flush=True)
"""


class ServiceClient:
    """with ServiceClient(testbed) as client: ...; client.result["longest_ms"]"""

    def __init__(self, testbed):
        self.testbed = testbed
        self.result = None
        self._process = None

    def __enter__(self):
        command = ["/usr/bin/python3", "-ISc", CLIENT, self.testbed.vip, str(maxscale.PORT)]
        self._process = self.testbed.client.popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        spaces.read_line(self._process.stdout, 30, "the client of the service")
        return self

    def stop(self):
        if self.result is None:
            said, _ = self._process.communicate(b"\n", timeout=30)
            self.result = json.loads(said)
            if not self.result["answered"]:
                raise RuntimeError("the service never answered: nothing was measured")
        return self.result

    def __exit__(self, *_):
        if self.result is None:
            self._process.communicate(b"\n", timeout=30)


def _answering(stack):
    return maxscale.answer(stack.testbed.client, stack.testbed.vip)


def _wait_effect(stack, fault, who):
    """Until the fault has had the effect it is expected to have."""
    wait = stack.testbed.wait_until
    if fault.service and fault.moves:
        wait(lambda: (_answering(stack) or VICTIM) != VICTIM, LIMIT, "another host's service answers at the address")
    elif fault.service:
        wait(lambda: _answering(stack), LIMIT, "the service answers at the address again")
    elif fault.name == "unmove":
        who.wait_holders([VICTIM], LIMIT)
    elif fault.moves:
        wait(lambda: set(who.peek()["now"]) - {VICTIM}, LIMIT, "another host answers for the address")
    else:
        time.sleep(UNMOVED)


def _wait_peace(stack, ping):
    """Until the client has had its answers without a pause for a while."""

    def steady():
        seen = ping.peek()
        gaps = seen["gaps"]
        quiet = not gaps or seen["to_ms"] - gaps[-1]["start_ms"] - gaps[-1]["length_ms"] >= SETTLE * 1000
        return quiet and seen["open_gap_ms"] < 50

    time.sleep(SETTLE)
    stack.testbed.wait_until(steady, LIMIT, "the client's pings are answered without a pause")


def _once(stack, fault):
    """One fault: what the client saw, in ms."""
    dc = stack.dc()
    with contextlib.ExitStack() as probes:
        who = probes.enter_context(stack.testbed.who_has())
        ping = probes.enter_context(stack.testbed.ping())
        # Only where it is what is measured: it is a load for the machine.
        client = probes.enter_context(ServiceClient(stack.testbed)) if fault.service else None
        ping.wait_answered()
        time.sleep(SETTLE)
        ping.lap()
        who.lap()
        fault.strike(stack)
        try:
            _wait_effect(stack, fault, who)
            _wait_peace(stack, ping)
            back = True
        except WaitTimeout:
            back = False
        holders = who.peek()["now"]
        seen, asked = ping.stop(), who.stop()
        served = client.stop() if client else None
    return {
        "ms": served["longest_ms"] if served else seen["longest_gap_ms"],
        "back": back,
        "address_ms": seen["longest_gap_ms"],
        "two_ms": asked["several"]["longest_ms"],
        "two_at_end": len(holders) > 1,
        "holders_at_end": holders,
        "dc_hit": dc == VICTIM,
        "probe_late_ms": seen["own_delay_ms"],
    }


def _make_dc(stack):
    """No tool of either stack appoints the DC: so DCs are rebooted until the choice falls on the right one."""
    for _ in range(12):
        dc = stack.testbed.wait_until(stack.dc, LIMIT, "there is a DC")
        if dc == VICTIM:
            return
        _reboot(stack, dc)
        stack.wait_whole()
    raise RuntimeError(f"{VICTIM} does not become the DC")


def _prepare(stack, fault):
    stack.wait_whole()
    if fault.dc_too:
        _make_dc(stack)
    if fault.name == "unmove":
        stack.command(*stack.move_away())
        moved = lambda: stack.testbed.holders() not in ([], [VICTIM])  # noqa: E731
        stack.testbed.wait_until(moved, LIMIT, "the address has moved away")
    time.sleep(SETTLE)


def measure(stack, fault, runs, say):
    samples = []
    for run in range(runs):
        _prepare(stack, fault)
        sample = _once(stack, fault)
        samples.append(sample)
        say(f"  {fault.name} {run + 1}/{runs}: {sample['ms']:.0f} ms" + ("" if sample["back"] else ", NOT BACK"))
        fault.mend(stack)
    stack.wait_whole()
    return samples
