# SPDX-License-Identifier: Apache-2.0
"""A configuration that was written for another stack loads as it is, on hosts of other names and interfaces."""

import os
import shlex

from testbed import maxscale

from .case import ClusterCase

FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "production.conf")
HOSTS = {"BJ-MariaDB-01": "192.10.30.99", "BJ-MariaDB-02": "192.10.30.98", "BJ-MariaDB-03": "192.10.30.97"}
VIP = "192.10.30.110"


def statements(text):
    """Each statement as its words; by its first two words."""
    lines = text.replace("\\\n", " ").splitlines()
    words = [shlex.split(line) for line in lines if line.strip()]
    return {tuple(line[:2]): line for line in words}


class Production(ClusterCase):
    options = {"hosts": HOSTS, "client": "192.10.30.1", "interface": "bond0", "vip": VIP}

    def test_it_loads_and_runs(self):
        with open(FILE) as file:
            text = file.read()
        first = self.testbed["BJ-MariaDB-01"]
        first.write_file("/root/crm_configure_show.conf", text)
        self.check(first.name, "configure", "load", "update", "/root/crm_configure_show.conf")
        self.wait_active("ClusterIP", ["BJ-MariaDB-01"])
        self.wait_active("MaxScale", list(HOSTS))
        self.wait_whole()
        self.assertIn("bond0:0", first.run(["ip", "addr", "show", "dev", "bond0"]))
        self.assertEqual(maxscale.answer(self.testbed.client, VIP), "BJ-MariaDB-01")

        given = statements(text)
        shown = statements(self.check("BJ-MariaDB-02", "configure", "show"))
        self.assertEqual(set(given), set(shown))
        for key, words in given.items():
            if key[0] == "property":
                # More may be set, and their order says nothing.
                self.assertLessEqual(set(words), set(shown[key]))
            elif key[0] == "node":
                self.assertEqual(words, shown[key][:2])
            else:
                self.assertEqual(words, shown[key])

        # What is shown loads again, and changes nothing.
        self.shell(first.name, "hactl configure show >/root/shown && hactl configure load replace /root/shown")
        self.assertEqual(shown, statements(self.check("BJ-MariaDB-02", "configure", "show")))

        with self.one_answers():
            first.power_off()
            self.wait_holder("BJ-MariaDB-02", "BJ-MariaDB-03")
            first.power_on()
            self.wait_holder("BJ-MariaDB-01")
        self.wait_whole()
