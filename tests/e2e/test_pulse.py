# SPDX-License-Identifier: Apache-2.0
"""The main thread of a core is held up: for a while that costs nobody anything, for long the node is taken as dead."""

import re
import time

from testbed.halyard import LOG

from .one_thread import main_thread_stopped, threads
from .test_power import VipCase

TROUBLE = re.compile(r"is silent|condemned|is gone|lease ended|was late|held up|no link is left")


class Busy(VipCase):
    """In profile `fast`, where a node is dead after 25 ms."""

    init_options = ("--profile", "fast")

    def log(self, name):
        return self.testbed[name].read_file(LOG)

    def core(self, name):
        (core,) = self.cluster.cores(name)
        return core

    def trouble_since(self, before):
        return [
            f"{name}: {line}"
            for name in self.names
            for line in self.log(name)[len(before[name]) :].splitlines()
            if TROUBLE.search(line)
        ]

    def logs(self):
        return {name: self.log(name) for name in self.names}

    def test_the_thread_is_there(self):
        for name in self.names:
            self.assertIn("halyard-pulse", threads(self.core(name)))

    def busy_for_forty_times_dead_after(self, on_dc):
        holder, *_ = self.place(on_dc=on_dc)
        with self.testbed.ping() as ping, self.one_answers() as who:
            ping.wait_answered()
            before = self.logs()
            for name in self.names:
                with main_thread_stopped(self.core(name)):
                    time.sleep(1)
                self.wait_whole()
            self.assertEqual(self.trouble_since(before), [])
            self.assertTrue(self.testbed[holder].has_address("172.100.102.110"))
            who.wait_holders([holder])

    def test_of_each_in_turn(self):
        self.busy_for_forty_times_dead_after(on_dc=False)

    def test_of_each_in_turn_when_the_dc_has_it(self):
        self.busy_for_forty_times_dead_after(on_dc=True)

    def test_of_all_at_once(self):
        holder, *_ = self.place(on_dc=False)
        with self.one_answers() as who:
            before = self.logs()
            with (
                main_thread_stopped(self.core(self.names[0])),
                main_thread_stopped(self.core(self.names[1])),
                main_thread_stopped(self.core(self.names[2])),
            ):
                time.sleep(1)
            self.wait_whole()
            self.assertEqual(self.trouble_since(before), [])
            who.wait_holders([holder])

    def test_one_that_hangs_is_taken_over(self):
        holder, second, _ = self.place(on_dc=False)
        with self.one_answers() as who:
            with main_thread_stopped(self.core(holder)):
                self.wait_holder(second)
                who.wait_holders([second])
            self.wait(lambda: "this core was held up for " in self.log(holder), "it says what it was")
        self.wait_whole()

    def test_a_dc_that_hangs_is_taken_over(self):
        holder, *_ = self.place(on_dc=True)
        others = [name for name in self.names if name != holder]
        with self.one_answers():
            with main_thread_stopped(self.core(holder)):
                self.wait_holder(*others)
        self.wait_whole()
