# SPDX-License-Identifier: Apache-2.0
"""One testbed for each class of tests; every test leaves it healed."""

import unittest

from . import Testbed, wait_until

VIP = "172.100.102.110"

# Sends "tick" by UDP, to ADDRESS, again and again; says what it hears itself.
UDP = """
import socket, sys, time
own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
own.bind(("0.0.0.0", 7000))
own.settimeout(0.02)
while True:
    try:
        own.sendto(b"tick", (sys.argv[1], 7000))
    except OSError:
        pass
    try:
        own.recvfrom(100)
        print("heard", flush=True)
    except OSError:
        pass
"""


class TestbedCase(unittest.TestCase):
    options = {}

    @classmethod
    def setUpClass(cls):
        cls.testbed = Testbed(**cls.options).up()
        cls.addClassCleanup(cls.testbed.down)

    def setUp(self):
        self.addCleanup(self.testbed.heal)

    def reaches(self, one, other, tries=1):
        """Does a ping come back?"""
        one, other = self.testbed[one], self.testbed[other]
        return one.call(["ping", "-c", str(tries), "-i", "0.05", "-W", "1", other.address]).status == 0

    def wait_reaches(self, one, other):
        wait_until(lambda: self.reaches(one, other), 20, f"{one} reaches {other}", self.testbed)

    def carrier(self, host):
        return self.testbed[host].read_file("/sys/class/net/eth0/carrier").strip()

    def take(self, host, address=VIP):
        """The host gets an address and tells its neighbours."""
        self.testbed[host].run(["ip", "addr", "add", f"{address}/24", "dev", "eth0"])
        self.testbed[host].run(["arping", "-q", "-U", "-c", "1", "-w", "1", "-I", "eth0", address], check=False)

    def release(self, host, address=VIP):
        self.testbed[host].run(["ip", "addr", "del", f"{address}/24", "dev", "eth0"])
