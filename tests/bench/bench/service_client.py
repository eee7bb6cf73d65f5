#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks the service at an address each few ms, each time with a new TCP connection; commands as those of vip-probe.

Runs as a program on a client of the testbed: service_client.py ADDRESS PORT INTERVAL_MS
"""

import json
import os
import select
import socket
import sys
import time

PATIENCE = 0.03  # seconds; a connection that is not answered by then is one that failed


class Client:
    def __init__(self, address, port):
        self.target = (address, port)
        self.last = time.monotonic()  # of the last answer
        self.host = None
        self.begin()

    def begin(self):
        self.longest = 0.0
        self.answered = 0
        self.failed = {}
        self.hosts = {}  # who answered: the first time, and the last

    def ask(self):
        try:
            with socket.create_connection(self.target, PATIENCE) as connection:
                connection.settimeout(PATIENCE)
                said = connection.recv(99)
        except OSError as error:
            self._fail(type(error).__name__)
            return
        if not said:
            self._fail("closed without an answer")
            return
        now = time.monotonic()
        self.longest, self.last, self.answered = max(self.longest, now - self.last), now, self.answered + 1
        self.host = said.decode(errors="replace").strip()
        first, _ = self.hosts.get(self.host, (now, now))
        self.hosts[self.host] = (first, now)

    def _fail(self, how):
        self.failed[how] = self.failed.get(how, 0) + 1

    def report(self):
        opened = time.monotonic() - self.last
        found = {
            "longest_gap_ms": max(self.longest, opened) * 1000,
            "open_gap_ms": opened * 1000,
            "answered": self.answered,
            "failed": self.failed,
            "host": self.host,
            "hosts": {name: {"first_ms": a * 1000, "last_ms": b * 1000} for name, (a, b) in self.hosts.items()},
        }
        print(json.dumps(found), flush=True)


def main():
    client = Client(sys.argv[1], int(sys.argv[2]))
    interval = float(sys.argv[3]) / 1000
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except OSError:
        pass  # as vip-probe: an ordinary user may not have it
    print(json.dumps({"event": "ready"}), flush=True)
    due = time.monotonic()
    while True:
        due = max(due + interval, time.monotonic())
        while select.select([sys.stdin], [], [], max(0.0, due - time.monotonic()))[0]:
            word = sys.stdin.readline().strip()
            client.report()
            if word in ("stop", ""):
                return
            if word == "lap":
                client.begin()
        client.ask()


if __name__ == "__main__":
    main()
