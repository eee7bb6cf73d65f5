# SPDX-License-Identifier: Apache-2.0
"""The client's view of an address: vip-probe running on a host, and what it counted as a dictionary."""

import json
import os
import shutil
import subprocess
import time

from . import spaces
from .host import HERE

SOURCES = ("vip-probe.c", "probe-ping.c", "probe-who.c")


def find_probe(testbed):
    """The program of the build ($VIP_PROBE names it), or one compiled here and now."""
    given = os.environ.get("VIP_PROBE")
    if given:
        if not os.access(given, os.X_OK):
            raise RuntimeError(f"testbed: $VIP_PROBE is {given}, which cannot be executed")
        return os.path.abspath(given)
    program = os.path.join(testbed.directory, "vip-probe")
    if not os.path.exists(program):
        compiler = os.environ.get("CC") or shutil.which("cc")
        if not compiler:
            raise RuntimeError("testbed: no vip-probe; set VIP_PROBE to that of a build (make tests/testbed/vip-probe)")
        sources = [os.path.join(HERE, source) for source in SOURCES]
        # Under another name until it is whole: two may compile at once.
        made = f"{program}.{os.getpid()}"
        subprocess.run([*compiler.split(), "-std=c11", "-D_GNU_SOURCE", "-O2", "-o", made, *sources], check=True)
        os.rename(made, program)
    return program


class _Probe:
    """with testbed.ping() as ping: ...; ping.lap() gives the counters so far and begins anew.

    All times are in ms. Moments (…_ms of a start, a transition, a window) are on the clock of time.monotonic().
    """

    def __init__(self, host, arguments, program):
        self.host = host
        self.result = None  # the counters since the last lap, when the probe has been stopped
        self._arguments = [program, *arguments]
        self._process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def start(self):
        self._process = self.host.popen(self._arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            self._read()
        except RuntimeError as error:
            spaces.end_command(self._process.pid)
            said = self._process.communicate()[1].decode(errors="replace")
            self._process = None
            raise RuntimeError(f"testbed: {' '.join(self._arguments)}: {said.strip() or error}") from None
        return self

    def _read(self):
        return self._finish(json.loads(spaces.read_line(self._process.stdout, 30, "vip-probe")))

    def _finish(self, answer):
        return answer

    def _ask(self, word):
        self._process.stdin.write(word.encode() + b"\n")
        self._process.stdin.flush()
        return self._read()

    def lap(self):
        return self._ask("lap")

    def peek(self):
        return self._ask("peek")

    def stop(self):
        """The last counters; also in .result. To stop again changes nothing."""
        if self._process is None:
            return self.result
        try:
            self.result = self._ask("stop")
        except (OSError, RuntimeError):
            spaces.end_command(self._process.pid)
            raise
        finally:
            self._process.communicate()
            self._process = None
        return self.result

    def _wait(self, condition, timeout, what):
        return self.host.testbed.wait_until(lambda: condition(self.peek()), timeout, what)


class Ping(_Probe):
    """Echo requests each few ms: counters longest_gap_ms, gaps, open_gap_ms, sent, answered, rtt_ms, own_delay_ms."""

    def __init__(self, host, address, program, interval_ms=4, gap_ms=20):
        self.address = address
        super().__init__(host, ["ping", f"--interval-ms={interval_ms}", f"--gap-ms={gap_ms}", address], program)

    def wait_answered(self, timeout=30):
        """Until the address answers without a pause; then the counters begin anew."""
        began = self.peek()["answered"]

        def steady(seen):
            return seen["answered"] > began + 3 and seen["open_gap_ms"] < 50

        self._wait(steady, timeout, f"{self.address} answers a ping of {self.host.name}")
        return self.lap()

    def wait_silent(self, ms=100, timeout=30):
        """Until the address has not answered for so long."""
        return self._wait(lambda seen: seen["open_gap_ms"] >= ms, timeout, f"{self.address} falls silent")

    def wait_steady(self, timeout=60, answers=100):
        """Until it answers so many times more, and without a pause: the outage, long or too short to be one, is over."""
        began = self.peek()["answered"]

        def steady(seen):
            return seen["answered"] >= began + answers and seen["open_gap_ms"] < 50

        self._wait(steady, timeout, f"{self.address} answers a ping of {self.host.name} on and on")
        return self.lap()

    def wait_outage(self, timeout=60, steady=0.5):
        """After a fault: until an outage (a gap longer than gap_ms) is over, and the address answered steadily since.

        Returns the counters since the last lap: longest_gap_ms is the outage.
        """

        def over(seen):
            gaps = seen["gaps"]
            quiet = gaps and seen["to_ms"] - gaps[-1]["start_ms"] - gaps[-1]["length_ms"] >= steady * 1000
            return quiet and seen["open_gap_ms"] < 50

        self._wait(over, timeout, f"{self.address} is lost and comes back")
        return self.lap()


class WhoHas(_Probe):
    """ARP requests each few ms: counters holders, several (two or more answered the same request), none, transitions.

    Hardware addresses of the testbed are given as the names of their hosts.
    """

    def __init__(self, host, address, program, interval_ms=5, plain=False):
        self.address = address
        arguments = ["who", f"--interval-ms={interval_ms}", f"--interface={host.interface}"]
        super().__init__(host, [*arguments, *(["--plain"] if plain else []), address], program)

    def _name(self, mac):
        host = self.host.testbed.host_of_mac(mac)
        return host.name if host else mac

    def _finish(self, answer):
        if "holders" in answer:
            answer["holders"] = {self._name(mac): counted for mac, counted in answer["holders"].items()}
            answer["now"] = [self._name(mac) for mac in answer["now"]]
            for transition in answer["transitions"]:
                transition["holders"] = [self._name(mac) for mac in transition["holders"]]
        return answer

    def wait_holders(self, names, timeout=30):
        """Until exactly these hosts answer."""
        wanted = sorted(names)
        return self._wait(lambda seen: sorted(seen["now"]) == wanted, timeout, f"{wanted} answer for {self.address}")


def monotonic_ms():
    """The probes' clock."""
    return time.monotonic() * 1000
