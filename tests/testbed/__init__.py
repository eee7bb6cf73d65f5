# SPDX-License-Identifier: Apache-2.0
"""A network of small hosts on one machine: see README.md."""

from .cluster import Testbed
from .host import CommandFailed, Host
from .wait import WaitTimeout, wait_until

__all__ = ["CommandFailed", "Host", "Testbed", "WaitTimeout", "wait_until"]
