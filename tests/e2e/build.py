# SPDX-License-Identifier: Apache-2.0
"""What the tests run: a build, installed once below a folder."""

import os
import subprocess

from testbed import halyard

# Built, but not installed: the instrument, and the agents that misbehave.
TEST_PROGRAMS = ("tests/testbed/vip-probe", "tests/agents/nasty.la", "tests/agents/good.la", "tests/agents/aware.la")


class Build:
    layer = None  # the folder it is installed below
    path = None  # its folders of programs, as the hosts see them
    agents = None  # its folder of agents, as the hosts see it
    folder = None  # where it was built
    reports = None  # where pictures of failures go


def prepare(folder, layer):
    folder = os.path.abspath(folder)
    if not os.path.exists(os.path.join(folder, "Makefile")):
        raise RuntimeError(f"{folder} is no build folder: it has no Makefile")
    done = subprocess.run(["make", "-s", "-C", folder, *TEST_PROGRAMS], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"make of the test programs failed:\n{done.stdout}{done.stderr}")
    Build.folder = folder
    Build.layer = halyard.stage(folder, layer)
    Build.path = halyard.search_path(layer)
    Build.agents = _folder_of("ipaddr2.so")
    Build.reports = os.path.join(folder, "e2e-reports")
    os.environ["VIP_PROBE"] = os.path.join(folder, "tests/testbed/vip-probe")


def _folder_of(name):
    for place, _, names in os.walk(Build.layer):
        if name in names:
            return os.path.join("/", os.path.relpath(place, Build.layer))
    raise RuntimeError(f"the installed build has no {name}")


def test_agent(name):
    """The shared object of an agent of tests/agents."""
    with open(os.path.join(Build.folder, "tests/agents/.libs", f"{name}.so"), "rb") as file:
        return file.read()
