# SPDX-License-Identifier: Apache-2.0
"""The daemon's processes are killed and frozen, on the host that holds the VIP."""

import signal

from testbed.halyard import LOG

from .test_power import VipCase


class Killed(VipCase):
    def killed_core(self, on_dc):
        holder, *_ = self.place(on_dc)
        before = [process.pid for process in self.cluster.cores(holder)]
        self.assertEqual(len(before), 1)
        with self.one_answers():
            self.cluster.cores(holder)[0].kill()
            self.wait(
                lambda: [p.pid for p in self.cluster.cores(holder)] not in ([], before), "the executor starts the core again"
            )
            self.wait_holder(holder)
            self.wait_whole()

    def test_core(self):
        self.killed_core(on_dc=False)

    def test_core_of_the_dc(self):
        self.killed_core(on_dc=True)

    def test_cores_of_all(self):
        """All forget what they promised, at once."""
        holder, *_ = self.place(on_dc=False)
        with self.one_answers():
            for name in self.names:
                self.cluster.cores(name)[0].kill()
            self.wait_holder(holder)
            self.wait_whole()

    def test_executor(self):
        holder, second, _ = self.place(on_dc=False)
        with self.one_answers() as who:
            for process in self.cluster.executors(holder):
                process.kill()
            self.wait_holder(second)
            who.wait_holders([second])
            self.wait(lambda: not self.cluster.cores(holder), "no core is left without its executor")
            self.wait(lambda: not self.testbed[holder].find("halyardd"), "the guard ends when it is done")
            self.cluster.start(holder)
            self.wait_holder(holder)
        self.wait_whole()

    def test_all_daemons_at_once(self):
        """Nobody is left who could let go of the address: the kernel does, see test_guard.py."""
        holder, second, _ = self.place(on_dc=False)
        with self.one_answers() as who:
            for process in self.cluster.daemons(holder):
                process.kill(signal.SIGSTOP)
            for process in self.cluster.daemons(holder):
                process.kill(signal.SIGKILL)
            self.wait_holder(second, timeout=120)
            who.wait_holders([second])
            self.cluster.start(holder)
            self.wait_holder(holder)
        self.wait_whole()


class Log(VipCase):
    def test_rotation(self):
        """On SIGHUP both write to a new file; what runs does not notice."""
        host = self.testbed[self.names[0]]
        host.run(["mv", LOG, LOG + ".1"])
        host.run(["sh", "-c", "kill -HUP $(cat /run/halyard/halyardd.pid)"])
        for program in ("executor", "core"):
            self.wait(lambda: f"{program} notice: log file opened anew" in host.tail(LOG), f"the {program} writes to a new file")
        self.assertNotIn("opened anew", host.tail(LOG + ".1"))
        self.wait_whole()


class Frozen(VipCase):
    def frozen_core(self, on_dc):
        holder, second, _ = self.place(on_dc)
        with self.one_answers() as who:
            (core,) = self.cluster.cores(holder)
            core.kill(signal.SIGSTOP)
            self.wait_holder(second)
            who.wait_holders([second])
            if core.is_alive():  # the executor may have lost patience with it, and started another
                core.kill(signal.SIGCONT)
            self.wait_holder(holder)
        self.wait_whole()

    def test_core(self):
        self.frozen_core(on_dc=False)

    def test_core_of_the_dc(self):
        self.frozen_core(on_dc=True)

    def test_all_processes(self):
        """Then nobody there can let go, but for the kernel, see test_guard.py. Here: all is well once they go on."""
        holder, second, third = self.place(on_dc=False)
        self.testbed[holder].freeze(["halyardd", "halyard-core"])
        self.wait_seen_gone(holder, second)
        self.wait_status(
            lambda status: status.quorum and holder not in status.active("ClusterIP"), "the others do not count on it", second
        )
        self.testbed[holder].thaw(["halyardd", "halyard-core"])
        self.wait_holder(holder)
        with self.one_answers():
            self.wait_whole()
