# SPDX-License-Identifier: Apache-2.0
"""What a stack costs: memory, processor time, and how long an operator waits for a command."""

import json
import os
import time

from testbed import spaces

from .stack import OPERATOR

IDLE = 30  # seconds
SETTLE = 5
COMMANDS = 20
PROPERTY = "cluster-delay"
CHECKED = 10  # resources, each every second

# Runs on the host itself, so that the way into its namespaces is not counted.
TIMER = """
import json, subprocess, sys, time
commands, times = json.loads(sys.argv[1]), []
for turn in range(int(sys.argv[2])):
    began = time.perf_counter()
    done = subprocess.run(commands[turn % len(commands)], stdin=subprocess.DEVNULL, capture_output=True)
    times.append((time.perf_counter() - began) * 1000)
    if done.returncode != 0:
        sys.exit(f"{commands[turn % len(commands)]} failed: {(done.stdout + done.stderr).decode(errors='replace')}")
print(json.dumps(times))
"""


def memory(stack):
    """MiB of each host's daemons: [{"pss", "rss", "processes"}]. Of a page three hosts share, pss has a third."""
    samples = []
    for host in stack.testbed.hosts:
        sums = {"Pss:": 0, "Rss:": 0}
        processes = stack.daemons(host.name)
        if not processes:
            raise RuntimeError(f"{host.name} runs no daemon of {stack.title}")
        for process in processes:
            try:
                with open(f"/proc/{process.outer}/smaps_rollup") as lines:
                    for words in map(str.split, lines):
                        if words[0] in sums:
                            sums[words[0]] += int(words[1])
            except (FileNotFoundError, ProcessLookupError):
                continue  # an operation that has ended since
        samples.append({"pss": sums["Pss:"] / 1024, "rss": sums["Rss:"] / 1024, "processes": len(processes)})
    return samples


def _ticks(stack, host):
    """Time used by the daemons now there, and by their children that have ended. Fields 14 to 17 of proc(5)."""
    total = 0
    for process in stack.daemons(host.name):
        fields = spaces.stat_fields(process.outer)
        if fields:
            total += sum(int(field) for field in fields[11:15])
    return total


def idle(stack):
    """Per cent of one core, a host each, while nothing happens but what the stack does by itself."""
    time.sleep(SETTLE)
    before = [_ticks(stack, host) for host in stack.testbed.hosts]
    began = time.monotonic()
    time.sleep(IDLE)
    after = [_ticks(stack, host) for host in stack.testbed.hosts]
    hundredth = os.sysconf("SC_CLK_TCK") * (time.monotonic() - began) / 100
    return [(late - early) / hundredth for early, late in zip(before, after)]


def _a_check(stack, lines, there):
    """Processor time, in ms, of one check: all that ten resources, each checked every second, add to an idle cluster."""
    before = sum(idle(stack))
    stack.load("property stonith-enabled=false\n" + "".join(lines))
    for number in range(CHECKED):
        stack.testbed.wait_until(lambda number=number: there(number), 60, f"resource {number} runs on a host")
    return [(sum(idle(stack)) - before) / 100 * 1000 / CHECKED]


def monitor(stack):
    """Of an address."""
    addresses = [f"{stack.testbed.vip.rpartition('.')[0]}.{200 + number}" for number in range(CHECKED)]
    lines = [
        f"primitive Address{number} ocf:heartbeat:IPaddr2 params ip={address} cidr_netmask=24 op monitor interval=1s\n"
        for number, address in enumerate(addresses)
    ]
    return _a_check(stack, lines, lambda number: stack.testbed.holders(addresses[number]))


def script_monitor(stack):
    """Of what is next to nothing, by a script."""
    lines = [f"primitive Dummy{number} ocf:heartbeat:Dummy op monitor interval=1s\n" for number in range(CHECKED)]

    def there(number):
        states = [host.path(f"/run/resource-agents/Dummy-Dummy{number}.state") for host in stack.testbed.hosts]
        return any(os.path.exists(state) for state in states)

    return _a_check(stack, lines, there)


def _timed(stack, commands, turns):
    host = stack.testbed[OPERATOR]
    return json.loads(host.run(["/usr/bin/python3", "-ISc", TIMER, json.dumps(commands), str(turns)], timeout=120))


def status(stack):
    return _timed(stack, [[*stack.tool(), "status"]], COMMANDS)


def quick_status(stack):
    return _timed(stack, [stack.quick_status()], COMMANDS)


def change(stack):
    """Each turn changes the value, so that each has something to commit."""
    commands = [[*stack.tool(), "configure", "property", f"{PROPERTY}={value}"] for value in ("61s", "62s")]
    return _timed(stack, commands, COMMANDS)


def quick_change(stack):
    return _timed(stack, [stack.quick_change(PROPERTY, value) for value in ("63s", "64s")], COMMANDS)
