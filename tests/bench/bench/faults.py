# SPDX-License-Identifier: Apache-2.0
"""The faults, all at the host that holds the address. What each is to a stack, the stack says."""

import signal
from dataclasses import dataclass
from typing import Callable

from .stack import SERVICE, VICTIM


@dataclass(frozen=True)
class Fault:
    name: str
    title: str
    aim: Callable  # stack -> what strikes: whatever takes time is done before, so that the moment is known
    mend: Callable  # stack -> None; afterwards stack.wait_whole() must come true
    planned: bool = False  # an operator's wish: who gave the address up is not a lost host
    service: bool = False  # what a client misses is the service at the address
    carrier: bool = True  # False: no frame can tell whether the lost host has let go; its kernel is asked
    dc_too: bool = False  # the host must be the DC as well: who decides has to be found anew first
    optional: bool = False  # only when it is asked for


def _reboot(stack, name=VICTIM):
    host = stack.testbed[name]
    if host.is_on:
        host.power_off()
    host.power_on()


def _heal(stack):
    stack.testbed.heal()


def _signal(find, act):
    """Until nobody is left who has not got it: a process that is hit may have forked just before."""

    def aim(stack):
        doomed = find(stack)
        if not doomed:
            raise RuntimeError("no process to strike: the fault would be none")

        def strike():
            done = set()
            left = doomed
            while left:
                for process in left:
                    act(process)
                done |= {process.outer for process in left}
                left = [process for process in find(stack) if process.outer not in done] if len(doomed) > 1 else []

        return strike

    return aim


def _kill(process):
    process.kill(signal.SIGKILL)


def _freeze(process):
    process.kill(signal.SIGSTOP)


def _core(stack):
    return stack.deciders(VICTIM)


def _all(stack):
    return stack.daemons(VICTIM)


FAULTS = [
    Fault("power", "power off", lambda s: s.victim.power_off, _reboot),
    Fault("power-dc", "power off, of the DC too", lambda s: s.victim.power_off, _reboot, dc_too=True, optional=True),
    Fault("cable", "cable pulled", lambda s: s.victim.pull, _heal, carrier=False),
    Fault("isolated", "cut off from everybody, carrier up", lambda s: lambda: s.testbed.isolate(VICTIM), _heal),
    Fault("partition", "cut off from the other hosts, not from clients", lambda s: lambda: s.testbed.cut(VICTIM), _heal),
    Fault("kill-core", "kill -9 of the core", _signal(_core, _kill), _reboot),
    Fault("kill-all", "kill -9 of all daemons", _signal(_all, _kill), _reboot),
    Fault("freeze-core", "core frozen (SIGSTOP)", _signal(_core, _freeze), _reboot),
    Fault("freeze-all", "all daemons frozen (SIGSTOP)", _signal(_all, _freeze), _reboot),
    Fault(
        "service",
        "service killed, monitored each 30 s",
        lambda s: lambda: s.victim.kill(SERVICE),
        lambda s: s.clean_up(),
        service=True,
    ),
    Fault("standby", "standby (planned)", lambda s: s.standby, lambda s: s.online(), planned=True),
    Fault("move", "move (planned)", lambda s: s.move, lambda s: s.unmove(), planned=True),
]


def named(name):
    return next(fault for fault in FAULTS if fault.name == name)


def make_dc(stack):
    """No tool of any stack appoints the DC: so DCs are rebooted until the choice falls on the right one."""
    for _ in range(12):
        dc = stack.testbed.wait_until(stack.dc, 60, "there is a DC")
        if dc == VICTIM:
            return
        _reboot(stack, dc)
        stack.wait_whole()
    raise RuntimeError(f"{VICTIM} does not become the DC")
