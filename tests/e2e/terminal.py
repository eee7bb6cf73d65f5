# SPDX-License-Identifier: Apache-2.0
"""A command on a host, at a terminal: what a user types, and what is on the screen then."""

import os
import pty
import select
import time

from testbed import wait


class Terminal:
    """with Terminal(host, ["hactl"]) as screen: screen.expect("# "); screen.type("status")"""

    def __init__(self, host, argv):
        self.host = host
        self.argv = argv
        self.seen = ""  # all that was ever on the screen
        self._from = 0  # where the next expect() looks

    def __enter__(self):
        self._fd, other = pty.openpty()
        self._process = self.host.popen(["env", "TERM=vt100", *self.argv], stdin=other, stdout=other, stderr=other)
        os.close(other)
        return self

    def __exit__(self, *_):
        os.close(self._fd)
        self._process.wait(30)

    def _read(self, timeout):
        if not select.select([self._fd], [], [], timeout)[0]:
            return True
        try:
            more = os.read(self._fd, 65536)
        except OSError:  # the other end is closed
            return False
        self.seen += more.decode(errors="replace").replace("\r\n", "\n")
        return True

    def expect(self, text, timeout=30):
        """Until this is on the screen, behind what was expected before; what came with it."""
        limit = time.monotonic() + timeout * wait.patience()
        while text not in self.seen[self._from :]:
            if not self._read(0.2) or time.monotonic() > limit:
                raise AssertionError(f"{self.argv}: {text!r} is not on the screen; there is: {self.seen!r}")
        end = self.seen.index(text, self._from) + len(text)
        came = self.seen[self._from : end]
        self._from = end
        return came

    def type(self, line):
        os.write(self._fd, line.encode() + b"\n")

    def wait_end(self, timeout=30):
        """Its exit status."""
        limit = time.monotonic() + timeout * wait.patience()
        while self._process.poll() is None and time.monotonic() < limit:
            self._read(0.1)
        return self._process.wait(1)
