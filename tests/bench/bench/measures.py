# SPDX-License-Identifier: Apache-2.0
"""All measures, in the order of the table."""

from dataclasses import dataclass
from typing import Callable

from . import costs, outages


@dataclass(frozen=True)
class Measure:
    name: str
    title: str
    unit: str
    take: Callable  # (stack, runs, say) -> samples: numbers, or dictionaries with "ms" (outages)
    section: str
    configured: bool = True  # False: before anything is configured

    def values(self, samples):
        return [sample["ms"] if isinstance(sample, dict) else sample for sample in samples]


def _outage(fault):
    section = "without the service" if fault.service else "without the address"
    take = lambda stack, runs, say: outages.measure(stack, fault, runs, say)  # noqa: E731
    return Measure(fault.name, fault.title, "ms", take, section)


def _memory(key):
    return lambda stack, runs, say: [sample[key] for sample in costs.memory(stack)]


def _cost(function):
    return lambda stack, runs, say: function(stack)


MEASURES = [
    Measure("idle-bare", "CPU, nothing configured", "% of a core", _cost(costs.idle), "a node", configured=False),
    Measure("monitor", "one check of an address, CPU", "ms", _cost(costs.monitor), "an operation", configured=False),
    Measure("idle", "CPU, configured", "% of a core", _cost(costs.idle), "a node"),
    Measure("pss", "memory, PSS", "MiB", _memory("pss"), "a node"),
    Measure("rss", "memory, RSS", "MiB", _memory("rss"), "a node"),
    Measure("status", "status", "ms", _cost(costs.status), "a command"),
    Measure("quick-status", "status, quickest tool", "ms", _cost(costs.quick_status), "a command"),
    Measure("change", "configure property", "ms", _cost(costs.change), "a command"),
    Measure("quick-change", "property, quickest tool", "ms", _cost(costs.quick_change), "a command"),
    *map(_outage, outages.FAULTS),
]
