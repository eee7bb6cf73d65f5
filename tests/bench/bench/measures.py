# SPDX-License-Identifier: Apache-2.0
"""What a stack costs: all measures, in the order of the table."""

from dataclasses import dataclass
from typing import Callable

from . import costs


@dataclass(frozen=True)
class Measure:
    name: str
    title: str
    unit: str
    take: Callable  # stack -> samples
    section: str
    configured: bool = True  # False: before anything is configured


def _memory(key):
    return lambda stack: [sample[key] for sample in costs.memory(stack)]


MEASURES = [
    Measure("idle-bare", "CPU, nothing configured", "% of a core", costs.idle, "a node", configured=False),
    Measure("monitor", "one check of an address, CPU", "ms", costs.monitor, "an operation", configured=False),
    Measure("script-monitor", "one check by an OCF script, CPU", "ms", costs.script_monitor, "an operation", configured=False),
    Measure("idle", "CPU, configured", "% of a core", costs.idle, "a node"),
    Measure("pss", "memory, PSS", "MiB", _memory("pss"), "a node"),
    Measure("rss", "memory, RSS", "MiB", _memory("rss"), "a node"),
    Measure("status", "status", "ms", costs.status, "a command"),
    Measure("quick-status", "status, quickest tool", "ms", costs.quick_status, "a command"),
    Measure("change", "configure property", "ms", costs.change, "a command"),
    Measure("quick-change", "property, quickest tool", "ms", costs.quick_change, "a command"),
]
